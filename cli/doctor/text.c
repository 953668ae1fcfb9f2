/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/text.h"
#include "doctor.h"

static const char *const sections[A407_SECTIONS] = {
    [A407_IN_CONFIGURATION] = "Configuration",
    [A407_IN_CREDENTIAL] = "Credential",
    [A407_IN_ENDPOINT] = "Endpoint",
    [A407_IN_CHALLENGE] = "Challenge",
    [A407_IN_TRIAL] = "Trial",
    [A407_IN_COMMAND] = "Command"};

static const char *const marks[] = {[A407_GOOD] = "ok",
                                    [A407_NOTE] = "-",
                                    [A407_WARNING] = "warning",
                                    [A407_FAILURE] = "FAILED"};

/* Bytes of the next character, 1 where it is none, and whether a terminal would
   obey it. */
static size_t next(struct a407_span s, bool *bad)
{
    unsigned c = (unsigned char)*s.p;
    size_t n = a407_utf8_next(s, &c);

    *bad = !n || a407_is_control(c);
    return n ? n : 1;
}

/* Writes text from column `at` on, and folds it between words behind `indent`
   columns. A word that is longer than a line stays whole, as it may be copied.
 */
static void fold(FILE *f, const char *text, int at, int indent, int width)
{
    struct a407_span s = a407_span_str(text), word;
    bool first = true, bad;

    while (a407_span_cut(&s, ' ', &word)) {
        int columns = 0;
        size_t i, n;

        for (i = 0; i < word.n; i += next(a407_span_skip(word, i), &bad))
            columns++;
        if (!first && at + 1 + columns > width) {
            fprintf(f, "\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            putc(' ', f);
            at++;
        }
        for (i = 0; i < word.n; i += n) {
            n = next(a407_span_skip(word, i), &bad);
            if (bad)
                putc('?', f);
            else
                fwrite(word.p + i, 1, n, f);
        }
        at += columns;
        first = false;
    }
    putc('\n', f);
}

static void write_row(const struct a407_row *row, FILE *f, int width)
{
    int at = fprintf(f, "  %-8s", marks[row->status]);
    char line[600];

    snprintf(line, sizeof line, "%s: %s", row->what, row->seen);
    fold(f, line, at, at, width);
    if (row->status >= A407_WARNING && *row->remedy) {
        fprintf(f, "%*s", at, "");
        snprintf(line, sizeof line, "do: %s", row->remedy);
        fold(f, line, at, at + 4, width);
    }
}

bool a407_doctor_write_text(const struct a407_doctor *d, FILE *f, int width)
{
    const struct a407_row *verdict = a407_rows_verdict(&d->rows);
    char line[600], proxy[300] = "";
    size_t i;
    int in;

    if (d->proxy.port)
        snprintf(proxy, sizeof proxy,
                 strchr(d->proxy.host, ':') ? "[%s]:%u: " : "%s:%u: ",
                 d->proxy.host, d->proxy.port);
    snprintf(line, sizeof line, "%s%s%s%s", proxy,
             verdict    ? verdict->sentence
             : d->works ? "works"
                        : "It can't be told whether it works.",
             !verdict && d->works ? ": " : "",
             !verdict && d->works ? d->how : "");
    fold(f, line, 0, 2, width);
    if (verdict && *verdict->remedy) {
        snprintf(line, sizeof line, "do: %s", verdict->remedy);
        fold(f, line, 0, 4, width);
    }
    for (in = 0; in < A407_SECTIONS; in++) {
        bool titled = false;

        for (i = 0; i < d->rows.n; i++) {
            if ((int)d->rows.row[i].section != in)
                continue;
            if (!titled)
                fprintf(f, "\n%s\n", sections[in]);
            titled = true;
            write_row(&d->rows.row[i], f, width);
        }
    }
    return fflush(f) == 0 && !ferror(f);
}
