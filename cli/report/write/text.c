/* SPDX-License-Identifier: MIT */
#include "cli/report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "cli/last_run.h"
#include "write.h"

typedef const struct a407_term term;

#define PLACES 3 /* of one program, where a list is not whole */

/* A list was cut. */
static void more(term *t, size_t n)
{
    if (n)
        fprintf(t->f, "  and %zu more: --all shows them\n", n);
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* "2026-11-21 09:00:00 to 2026-11-21 14:03:05" */
static void range(const struct a407_report_tally *tally, char *out, size_t cap)
{
    char first[32], last[32];
    bool one = tally->last_us / 1000000 == tally->first_us / 1000000;

    a407_report_time_show(false, tally->first_us, first);
    a407_report_time_show(false, tally->last_us, last);
    snprintf(out, cap, "%s%s%s", first, one ? "" : " to ", one ? "" : last);
}

static void head_numbers(const struct a407_report_view *v, term *t)
{
    const struct a407_report_tally *all = &v->report->all;
    char text[96], bad[48];

    snprintf(text, sizeof text, "%" PRIu64 " exchange%s with a 407", all->total,
             plural(all->total));
    snprintf(bad, sizeof bad, "%" PRIu64 " still failing", all->unresolved);
    a407_term_styled(t, A407_BOLD, text);
    if (all->total == 0) {
        fputc('\n', t->f);
        return;
    }
    fputs(strlen(text) + 2 + strlen(bad) > t->width ? ",\n  " : ", ", t->f);
    a407_term_styled(t, all->unresolved ? A407_RED : A407_GREEN, bad);
    fputc('\n', t->f);
    range(all, text, sizeof text);
    if (!v->last)
        a407_term_say(t, 0, 2, "%s, local time", text);
}

/* One thing that was read and is not counted; nothing for 0. */
static void note(term *t, uint64_t n, const char *one, const char *many)
{
    if (n)
        a407_term_say(t, 0, 2, "%" PRIu64 " %s", n, n == 1 ? one : many);
}

static void head_input(const struct a407_report_view *v, term *t)
{
    const struct a407_report_input *in = &v->report->input;

    a407_term_say(t, 0, 2,
                  "%" PRIu64 " line%s of %" PRIu64 " file%s %s read%s%s",
                  in->lines, plural(in->lines), in->files, plural(in->files),
                  in->lines == 1 ? "was" : "were",
                  *v->filters ? "; shown: " : "", v->filters);
    note(t, in->filtered, "407 is left out by these filters",
         "407s are left out by these filters");
    note(t, in->without_407, "request met no 407", "requests met no 407");
    note(t, in->torn, "line is torn, or no JSON", "lines are torn, or no JSON");
    note(t, in->foreign - in->newer - in->unknown,
         "line is JSON, but none of auth407's",
         "lines are JSON, but none of auth407's");
    note(t, in->newer, "line is " A407_REPORT_NEWER_LINE,
         "lines are " A407_REPORT_NEWER_LINE);
    note(t, in->unknown, "line is " A407_REPORT_UNKNOWN_LINE,
         "lines are " A407_REPORT_UNKNOWN_LINE);
    note(t, in->not_covered, "program was started that is not covered",
         "programs were started that are not covered");
    note(t, in->lost, "line could not be written by the programs, says the log",
         "lines could not be written by the programs, says the log");
}

/* "3 resolved, 2 observed" */
static void outcomes(const struct a407_report_tally *tally, char *out,
                     size_t cap)
{
    size_t i, at = 0;

    out[0] = '\0';
    for (i = 0; i < A407_REPORT_OUTCOMES; i++) {
        const char *name = a407_outcome_name((enum a407_outcome)i);

        if (!tally->outcome[i] || at >= cap)
            continue;
        at += (size_t)snprintf(out + at, cap - at, "%s%" PRIu64 " %s",
                               at ? ", " : "", tally->outcome[i],
                               i == A407_NOT_RETRIED ? "not retried" : name);
    }
}

/* "     in libcurl.so.4, by proxy proxy.example:3128" and what came of it */
static void put_place(term *t, const struct a407_report_row *f)
{
    char text[128];

    a407_term_say(t, 4, 6, "in %s, at proxy %s",
                  *f->module ? f->module : "an unknown module", f->proxy);
    outcomes(&f->tally, text, sizeof text);
    a407_term_say(t, 6, 8, "%" PRIu64 " time%s: %s", f->tally.total,
                  plural(f->tally.total), text);
    range(&f->tally, text, sizeof text);
    a407_term_say(t, 6, 8, "%s", text);
    if (f->after_sending)
        a407_term_say(t, 6, 8,
                      "%" PRIu64 " of them after it had sent a header before: "
                      "dropped on the way",
                      f->after_sending);
    if (*f->detail)
        a407_term_say(t, 6, 8, "evidence: %s", f->detail);
}

/* Never cut or folded: it is there to be copied. */
static void put_line(term *t, const char *line, size_t indent)
{
    fprintf(t->f, "%*s", (int)indent, "");
    a407_term_style(t, A407_GREEN);
    a407_term_put(t, line);
    a407_term_style(t, A407_PLAIN);
    fputc('\n', t->f);
}

static void put_lines(term *t, const char *lines)
{
    while (*lines) {
        char line[1024];
        size_t n = strcspn(lines, "\n");

        snprintf(line, sizeof line, "%.*s", (int)n, lines);
        put_line(t, line, 8);
        lines += n + (lines[n] == '\n');
    }
}

/* Behind a colon in that column; on a line of its own where that is full. */
static void put_command(term *t, const char *command, size_t column)
{
    if (column + strlen(command) < t->width) {
        fprintf(t->f, " %s\n", command);
        return;
    }
    fputc('\n', t->f);
    put_lines(t, command);
}

/* "Type" for "", "Add to FILE" and the like: `where` in words. */
static void put_where(term *t, const char *where)
{
    static const char *const words[][2] = {
        {"", "Type"},
        {"environment", "Put into the environment"},
        {"program", "Write in the program"},
        {"command line", "Add to its command line"}};
    char text[128];
    size_t i;

    snprintf(text, sizeof text, "Add to %s:", where);
    for (i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(where, words[i][0]) == 0)
            snprintf(text, sizeof text, "%s:", words[i][1]);
    a407_term_wrap(t, text, 9, 6);
}

static void put_advice(term *t, const struct a407_report_row *f)
{
    struct a407_report_advice a;

    a407_report_advise(f, &a);
    fputs("    ", t->f);
    a407_term_styled(t, A407_BOLD, "Fix: ");
    if (*a.line) {
        put_where(t, a.where);
        put_lines(t, a.line);
        if (*a.text)
            a407_term_say(t, 6, 6, "%s", a.text);
        if (*a.command) {
            fputs("      Or change nothing, and run:", t->f);
            put_command(t, a.command, 34);
        }
        return;
    }
    if (*a.command) {
        fputs("run:", t->f);
        put_command(t, a.command, 13);
        if (*a.text)
            fputs("      ", t->f);
    }
    if (*a.text)
        a407_term_wrap(t, a.text, *a.command ? 6 : 9, 6);
}

static bool same_advice(const struct a407_report_row *f,
                        const struct a407_report_row *g)
{
    struct a407_report_advice a, b;

    a407_report_advise(f, &a);
    a407_report_advise(g, &b);
    return memcmp(&a, &b, sizeof a) == 0; /* all of it is set */
}

/* All n of one program under one cause: its name, its modules, the advice. */
static void put_program(const struct a407_report_view *v, term *t,
                        const struct a407_report_row *f, size_t n)
{
    size_t most = v->top && n > PLACES ? PLACES : n, i;
    uint64_t bad = 0;
    char numbers[64];

    for (i = 0; i < n; i++)
        bad += f[i].tally.unresolved;
    snprintf(numbers, sizeof numbers, "%" PRIu64 ", %" PRIu64 " still failing",
             f->weight, bad);
    fputs("  ", t->f);
    a407_term_style(t, A407_BOLD);
    a407_term_cell(t, f->binary, t->width - 4 - strlen(numbers), true);
    a407_term_style(t, A407_PLAIN);
    fputs("  ", t->f);
    a407_term_styled(t, bad ? A407_RED : A407_GREEN, numbers);
    fputc('\n', t->f);
    for (i = 0; i < most; i++) {
        put_place(t, &f[i]);
        if (!a407_report_is_fine(f->cause_id) &&
            (i + 1 == most || !same_advice(&f[i], &f[i + 1])))
            put_advice(t, &f[i]);
    }
    if (most < n)
        fprintf(t->f, "    and %zu more places: --all shows them\n", n - most);
}

static void put_cause(term *t, const struct a407_report_row *f)
{
    fputs("\n", t->f);
    a407_term_say(t, 0, 2, "%.100s: %s", f->cause,
                  f->cause_id == A407_CAUSE_COUNT
                      ? "unknown to this version"
                      : a407_cause_info(f->cause_id)->meaning);
}

static void put_group(const struct a407_report_view *v, term *t,
                      enum a407_report_group group, const char *title)
{
    const struct a407_report_table *table =
        &v->report->tables[A407_REPORT_FINDING];
    const struct a407_report_row *f = table->rows, *end = f + table->n, *next;
    size_t programs = v->report->programs[group];
    const char *cause = "";

    if (programs || group == A407_REPORT_DROPPED)
        a407_term_heading(t, title);
    if (!programs && group == A407_REPORT_DROPPED)
        fputs("  none\n", t->f);
    for (; f < end; f = next) {
        for (next = f + 1; next < end && next->program == f->program &&
                           strcmp(next->cause, f->cause) == 0;)
            next++;
        if (a407_report_group(f) != group || (v->top && f->program > v->top))
            continue;
        if (strcmp(cause, f->cause) != 0)
            put_cause(t, f);
        put_program(v, t, f, (size_t)(next - f));
        cause = f->cause;
    }
    if (v->top && programs > v->top)
        more(t, programs - v->top);
}

static void put_findings(const struct a407_report_view *v, term *t)
{
    const struct a407_report_tally *others =
        &v->report->tables[A407_REPORT_FINDING].others;

    put_group(v, t, A407_REPORT_DROPPED, "Dropped the header");
    put_group(v, t, A407_REPORT_NEVER_SENT, "Sent none at first");
    put_group(v, t, A407_REPORT_OTHER, "Other causes");
    if (others->total)
        a407_term_say(t, 0, 2,
                      "%" PRIu64 " more 407%s not in these lists, which keep "
                      "%d combinations, dropped headers before others",
                      others->total, others->total == 1 ? " is" : "s are",
                      A407_REPORT_FINDINGS);
}

/* Columns of a table, by the room that there is. */
struct layout {
    size_t key, stamp; /* 0: no times */
};

#define NUMBERS 18 /* "    407s    failing" */
#define FULL    19 /* "2026-11-21 14:03:05" */
#define DAY     10 /* "2026-11-21", if another year is in the report */
#define SHORT   11 /* "11-21 14:03" */

static struct layout lay_out(const struct a407_report_view *v, term *t)
{
    const struct a407_report_tally *all = &v->report->all;
    char first[32], last[32];
    size_t stamp;

    a407_report_time_show(false, all->first_us, first);
    a407_report_time_show(false, all->last_us, last);
    stamp = t->width >= 110                ? FULL
            : t->width < 70                ? 0
            : strncmp(first, last, 4) == 0 ? SHORT
                                           : DAY;
    return (struct layout){t->width - 3 - NUMBERS -
                               (stamp == FULL ? 42
                                : stamp       ? 26
                                              : 0),
                           stamp};
}

static void put_row(term *t, const struct layout *l, const char *key,
                    const struct a407_report_tally *tally)
{
    const int64_t times[] = {tally->first_us, tally->last_us};
    char text[32];
    size_t i;

    fputs("  ", t->f);
    a407_term_cell(t, key, l->key, true);
    fprintf(t->f, "%7" PRIu64, tally->total);
    snprintf(text, sizeof text, "%11" PRIu64, tally->unresolved);
    if (tally->unresolved)
        a407_term_styled(t, A407_RED, text);
    else
        fputs(text, t->f);
    for (i = 0; l->stamp && i < 2; i++) {
        a407_report_time_show(false, times[i], text);
        fprintf(t->f, "  %.*s", (int)l->stamp,
                text + (l->stamp == SHORT ? 5 : 0));
    }
    fputc('\n', t->f);
}

static size_t shown(const struct a407_report_view *v,
                    const struct a407_report_table *table)
{
    return v->top && v->top < table->n ? v->top : table->n;
}

static void put_table(const struct a407_report_view *v, term *t,
                      const struct a407_report_table *table)
{
    struct layout l = lay_out(v, t);
    size_t i, n = shown(v, table);
    char text[120];

    snprintf(text, sizeof text, "By %s", table->name);
    a407_term_heading(t, text);
    a407_term_style(t, A407_DIM);
    fprintf(t->f, "  %*s   407s    failing", (int)l.key, "");
    if (l.stamp)
        fprintf(t->f, "  %-*s  %s", (int)l.stamp, "first", "last");
    a407_term_style(t, A407_PLAIN);
    fputc('\n', t->f);
    for (i = 0; i < n; i++)
        put_row(t, &l, table->rows[i].key, &table->rows[i].tally);
    more(t, table->n - n);
    if (table->others.total) {
        snprintf(text, sizeof text, "(others, beyond the first %d)",
                 A407_REPORT_KEYS);
        put_row(t, &l, text, &table->others);
    }
}

/* What each cause means and asks for, below its table. */
static void put_remedies(const struct a407_report_view *v, term *t)
{
    const struct a407_report_table *table =
        &v->report->tables[A407_REPORT_CAUSE];
    size_t i, n = shown(v, table);

    for (i = 0; i < n; i++) {
        const char *key = table->rows[i].key;
        enum a407_cause id = a407_cause_from_code(key, strlen(key));

        if (id != A407_CAUSE_COUNT)
            a407_term_say(t, 2, 4, "%s: %s %s", key,
                          a407_cause_info(id)->meaning,
                          a407_cause_info(id)->remedy);
    }
}

/* What is known of it is its text, and how often it was noted. */
static void put_list(const struct a407_report_view *v, term *t,
                     enum a407_report_table_id id, const char *title)
{
    const struct a407_report_table *table = &v->report->tables[id];
    size_t i, n = shown(v, table);

    if (table->n == 0)
        return;
    a407_term_heading(t, title);
    for (i = 0; i < n; i++) {
        const struct a407_report_row *row = &table->rows[i];

        a407_term_say(t, 2, 4, "%s (%" PRIu64 " time%s)", row->key,
                      row->tally.total, plural(row->tally.total));
    }
    more(t, table->n - n);
}

/* ---- without tables: what is to be done, on a screen ---- */

#define SCREEN 20 /* lines */
#define FRAME  4  /* of them at its ends, besides problems */

/* A line for a shell, with the client's command in it. */
static void put_shortest(term *t, const struct a407_report_row *f,
                         const char *line)
{
    char text[A407_REPORT_KEY_MAX + A407_ADVICE_LINE];
    bool whole = f->whole && a407_term_shows(f->command);

    a407_report_typed(line, whole ? f->command : "", text, sizeof text);
    put_line(t, text, 4);
    if (!whole && strstr(line, "COMMAND"))
        a407_term_say(t, 4, 4,
                      "COMMAND: as it was typed; the log has it only in part.");
}

/* What mends it: the shortest way. */
static void put_mend(term *t, const struct a407_report_row *f)
{
    struct a407_report_advice a;
    const char *shortest;

    a407_report_advise(f, &a);
    shortest = *a.command ? a.command : *a.where ? "" : a.line;
    if (*shortest) {
        if (*f->credential && !*a.line) /* refused: where that one stands */
            a407_term_say(t, 4, 4, "%s", a.text);
        put_shortest(t, f, shortest);
    } else if (*a.line) {
        fputs("    ", t->f);
        put_where(t, a.where);
        put_lines(t, a.line);
    } else {
        a407_term_say(t, 4, 4, "%s", a.text);
    }
}

static void put_finding(term *t, const struct a407_report_row *f)
{
    const char *what = f->cause_id == A407_CAUSE_COUNT
                           ? f->cause
                           : a407_cause_info(f->cause_id)->meaning;

    fputc('\n', t->f);
    a407_term_style(t, A407_BOLD);
    a407_term_cell(t, *f->command ? f->command : f->binary, t->width - 1,
                   false);
    a407_term_style(t, A407_PLAIN);
    fputc('\n', t->f);
    a407_term_say(t, 2, 2, "%s, %" PRIu64 " time%s: %s%s%s", f->proxy,
                  f->tally.unresolved, plural(f->tally.unresolved), what,
                  *f->detail ? " " : "", f->detail);
    put_mend(t, f);
}

/* Its lines; 0: no memory. It is written if there are at most `room`. */
static size_t put_if_fits(term *t, const struct a407_report_row *f, size_t room)
{
    struct a407_term memory = *t;
    size_t size, lines = 0, i;
    char *text = NULL;

    memory.f = open_memstream(&text, &size);
    if (!memory.f)
        return 0;
    put_finding(&memory, f);
    if (fclose(memory.f) == 0) {
        for (i = 0; i < size; i++)
            lines += text[i] == '\n';
        if (lines <= room)
            fwrite(text, 1, size, t->f);
    }
    free(text);
    return lines;
}

static void put_last(const struct a407_report_view *v, term *t)
{
    char time[32];

    a407_report_time_show(false, v->last->time_us, time);
    fputs("Last run: ", t->f);
    a407_term_cell(t, v->last->command, t->width - 11, false);
    fprintf(t->f, "\n%s, local time\n", time);
}

/* Those that still fail, as many as a screen has room for. Returns how many it
   has not; *fine: those that need nothing. */
static size_t put_failing(const struct a407_report_view *v, term *t,
                          size_t *fine)
{
    const struct a407_report_table *table =
        &v->report->tables[A407_REPORT_FINDING];
    size_t beyond = v->report->tables[A407_REPORT_NOT_COVERED].n ? 2 : 0;
    size_t room = v->top ? SCREEN - FRAME - beyond : SIZE_MAX, left = 0, i,
           lines;

    *fine = 0;
    for (i = 0; i < table->n; i++) {
        const struct a407_report_row *f = &table->rows[i];

        if (!f->tally.unresolved || a407_report_is_fine(f->cause_id)) {
            ++*fine;
            continue;
        }
        lines = left ? SIZE_MAX : put_if_fits(t, f, room);
        if (lines > room)
            left++;
        else
            room -= lines;
    }
    return left;
}

static void put_not_covered(term *t, const struct a407_report_table *table)
{
    if (table->n == 1)
        a407_term_say(t, 0, 2, "Not covered: %s: its 407s stay as they are",
                      table->rows->key);
    else if (table->n)
        a407_term_say(t, 0, 2, "Not covered: %s and %zu more: --tables",
                      table->rows->key, table->n - 1);
}

void a407_report_brief(const struct a407_report_view *v,
                       const struct a407_term *t)
{
    size_t fine, left;

    if (v->last)
        put_last(v, t);
    head_numbers(v, t);
    left = put_failing(v, t, &fine);
    if (left || fine)
        fputc('\n', t->f);
    if (left)
        fprintf(t->f, "%zu more still fail%s: --all\n", left,
                left == 1 ? "s" : "");
    if (fine)
        fprintf(t->f, "%zu got through, or need%s nothing: --tables\n", fine,
                fine == 1 ? "s" : "");
    put_not_covered(t, &v->report->tables[A407_REPORT_NOT_COVERED]);
    put_list(v, t, A407_REPORT_MESSAGE, "Problems of auth407 itself");
    if (v->last && !v->report->all.total)
        a407_term_say(t, 0, 2, "Earlier runs: auth407 report --all-runs");
}

void a407_report_text(const struct a407_report_view *v,
                      const struct a407_term *t)
{
    size_t i;

    head_numbers(v, t);
    head_input(v, t);
    if (v->report->all.total) {
        put_findings(v, t);
        for (i = 0; i < A407_REPORT_KEYED; i++) {
            put_table(v, t, &v->report->tables[i]);
            if (i == A407_REPORT_CAUSE)
                put_remedies(v, t);
        }
    }
    if (v->access)
        a407_report_access_text(v->access, t);
    put_list(v, t, A407_REPORT_NOT_COVERED,
             "Not covered: their 407s stay as they are");
    put_list(v, t, A407_REPORT_MESSAGE, "Problems of auth407 itself");
}
