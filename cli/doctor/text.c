/* SPDX-License-Identifier: MIT */
#include <string.h>

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

static void write_row(const struct a407_row *row, const struct a407_term *t)
{
    char line[600];

    fprintf(t->f, "  %-8s", marks[row->status]);
    snprintf(line, sizeof line, "%s: %s", row->what, row->seen);
    a407_term_wrap(t, line, 10, 10);
    if (row->status >= A407_WARNING && *row->remedy)
        a407_term_say(t, 10, 14, "do: %s", row->remedy);
}

bool a407_doctor_write_text(const struct a407_doctor *d,
                            const struct a407_term *t)
{
    const struct a407_row *verdict = a407_rows_verdict(&d->rows);
    char proxy[300] = "";
    size_t i;
    int in;

    if (d->proxy.port)
        snprintf(proxy, sizeof proxy,
                 strchr(d->proxy.host, ':') ? "[%s]:%u: " : "%s:%u: ",
                 d->proxy.host, d->proxy.port);
    a407_term_say(t, 0, 2, "%s%s%s", proxy,
                  verdict    ? verdict->sentence
                  : d->works ? "works: "
                             : "It can't be told whether it works.",
                  !verdict && d->works ? d->how : "");
    if (verdict && *verdict->remedy)
        a407_term_say(t, 0, 4, "do: %s", verdict->remedy);
    for (in = 0; in < A407_SECTIONS; in++) {
        bool titled = false;

        for (i = 0; i < d->rows.n; i++) {
            if ((int)d->rows.row[i].section != in)
                continue;
            if (!titled)
                a407_term_heading(t, sections[in]);
            titled = true;
            write_row(&d->rows.row[i], t);
        }
    }
    return fflush(t->f) == 0 && !ferror(t->f);
}
