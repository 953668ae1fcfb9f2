/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/msg.h"

/* Where text says nothing of --top. */
#define TOP_OF_TEXT 10
#define TOP_OF_HTML 25
#define TOP_MAX     1000000

/* A pattern without a wildcard must be a known word, or it is misspelt. A cause
   that looks like no slip may be a later version's, and is only warned of. */
static bool known(enum a407_option_id id, const char *pattern)
{
    const char *words[A407_CAUSE_COUNT];
    bool cause = id == A407_OPT_REPORT_CAUSE;
    size_t n = cause ? A407_CAUSE_COUNT : A407_REPORT_OUTCOMES, i;

    if ((!cause && id != A407_OPT_REPORT_OUTCOME) || strpbrk(pattern, "*?["))
        return true;
    for (i = 0; i < n; i++)
        words[i] = cause ? a407_cause_info((enum a407_cause)i)->code
                         : a407_outcome_name((enum a407_outcome)i);
    if (!cause || a407_suggest(pattern, words, n))
        return a407_option_choose(id, pattern, words, n) >= 0;
    if (a407_cause_from_code(pattern, strlen(pattern)) == A407_CAUSE_COUNT)
        a407_warning("`--cause %s` is unknown to this version", pattern);
    return true;
}

static bool take_time(const char *option, const char *text, int64_t now_us,
                      bool until, int64_t *us)
{
    if (a407_report_time_parse(text, now_us, until, us))
        return true;
    a407_error("`--%s %s` is no time: write 2h, 3d, today, 2026-11-21, "
               "\"2026-11-21 14:30\" or 2026-11-21T14:30:00Z",
               option, text);
    return false;
}

static bool take_top(const char *text, size_t *top)
{
    uint64_t v = 0;

    a407_span_number(a407_span_str(text), TOP_MAX, &v);
    if (v == 0)
        a407_error("`--top %s` is no number from 1 to %d", text, TOP_MAX);
    *top = v;
    return v != 0;
}

/* A number of seconds, maybe with a point, up to an hour. */
static bool take_tolerance(const char *text, int64_t *us)
{
    char *end;
    double v = strtod(text, &end);

    if (*text < '0' || *text > '9' || *end || !(v <= 3600)) {
        a407_error("`--tolerance %s` is no number of seconds up to 3600", text);
        return false;
    }
    *us = (int64_t)(v * 1e6);
    return true;
}

static bool add(struct a407_report_list *list, const char *text)
{
    if (list->n == A407_REPORT_LIST_MAX) {
        a407_error("more than %d patterns or files of one kind",
                   A407_REPORT_LIST_MAX);
        return false;
    }
    list->p[list->n++] = text;
    return true;
}

/* One option; `text` is its value. */
static bool take(struct a407_report_options *out, enum a407_option_id id,
                 const char *text, int64_t now_us)
{
    static const char *const formats[] = {"text", "json", "csv", "html"};
    static const char *const colors[] = {"auto", "always", "never"};
    struct a407_filter *f = &out->filter;
    const char *name = a407_options[id].name;

    switch (id) {
    case A407_OPT_REPORT_SINCE:
        return take_time(name, text, now_us, false, &f->since_us);
    case A407_OPT_REPORT_UNTIL:
        return take_time(name, text, now_us, true, &f->until_us);
    case A407_OPT_REPORT_LAST:
    case A407_OPT_REPORT_ALL_RUNS:
        out->last = id == A407_OPT_REPORT_LAST;
        out->all_runs = id == A407_OPT_REPORT_ALL_RUNS;
        return true;
    case A407_OPT_REPORT_TABLES:
        out->tables = true;
        return true;
    case A407_OPT_REPORT_BINARY:
    case A407_OPT_REPORT_PROXY:
    case A407_OPT_REPORT_CAUSE:
    case A407_OPT_REPORT_OUTCOME: /* in the order of the kinds */
        return known(id, text) &&
               add(&f->patterns[id - A407_OPT_REPORT_BINARY], text);
    case A407_OPT_REPORT_FORMAT:
        out->format = a407_option_choose(id, text, formats, 4);
        return out->format >= 0;
    case A407_OPT_REPORT_ACCESS_LOG:
        return add(&out->access.files, text);
    case A407_OPT_REPORT_TOLERANCE:
        return take_tolerance(text, &out->access.tolerance_us);
    case A407_OPT_REPORT_COLOR:
        out->color = a407_option_choose(id, text, colors, 3);
        return out->color >= 0;
    case A407_OPT_REPORT_TOP:
        return take_top(text, &out->top);
    case A407_OPT_REPORT_ALL:
        out->top = 0;
        return true;
    case A407_OPT_REPORT_FOLLOW:
        out->follow = true;
        return true;
    default:
        out->help = true;
        return true;
    }
}

/* Files may stand among the options. */
static bool take_all(char **argv, int64_t now_us,
                     struct a407_report_options *out)
{
    struct a407_option_reader r = {A407_CMD_REPORT, .argv = argv + 1};
    int id;

    out->files = argv;
    while (!out->help && (id = a407_option_next(&r)) >= 0)
        if (id == A407_OPTION_WORD)
            out->files[out->n_files++] = r.argv[-1];
        else if (!take(out, (enum a407_option_id)id, r.value, now_us))
            return false;
    return out->help || id != A407_OPTION_WRONG;
}

/* Standard input has one end: it is either a log, or the proxy's. */
static bool stdin_clashes(struct a407_report_options *out)
{
    size_t i, n = 0;

    for (i = 0; i < out->access.files.n; i++)
        n += strcmp(out->access.files.p[i], "-") == 0;
    out->stdin_is_access_log = n != 0;
    for (i = 0; n && i < out->n_files; i++)
        n += strcmp(out->files[i], "-") == 0;
    return n > 1;
}

/* Somebody at a terminal means what was just run. */
static bool is_last(const struct a407_report_options *o, bool given,
                    bool all_runs)
{
    size_t patterns = 0, kind;

    for (kind = 0; kind < A407_FILTER_KINDS; kind++)
        patterns += o->filter.patterns[kind].n;
    return given ||
           (!all_runs && !patterns && !o->n_files && !o->follow &&
            !o->access.files.n && o->filter.since_us == A407_TIME_FIRST &&
            o->filter.until_us == A407_TIME_LAST &&
            o->format == A407_FORMAT_TEXT && isatty(STDOUT_FILENO) == 1);
}

bool a407_report_options_parse(char **argv, int64_t now_us,
                               struct a407_report_options *out)
{
    const size_t not_given = TOP_MAX + 1;
    const char *wrong = NULL;

    *out = (struct a407_report_options){
        .filter = {.since_us = A407_TIME_FIRST, .until_us = A407_TIME_LAST},
        .access = {.tolerance_us = A407_REPORT_TOLERANCE_US},
        .top = not_given};
    if (!take_all(argv, now_us, out))
        return a407_option_hint(A407_CMD_REPORT);
    if (out->top == not_given)
        out->top = out->format == A407_FORMAT_TEXT   ? TOP_OF_TEXT
                   : out->format == A407_FORMAT_HTML ? TOP_OF_HTML
                                                     : 0;
    out->tables |= out->access.files.n > 0;
    out->last = is_last(out, out->last, out->all_runs);
    out->access.since_us = out->filter.since_us;
    out->access.until_us = out->filter.until_us;
    if (out->filter.since_us > out->filter.until_us)
        wrong = "`--until` is before `--since`";
    else if (out->follow && out->format != A407_FORMAT_TEXT &&
             out->format != A407_FORMAT_JSON)
        wrong = "`--follow` prints text or json";
    else if (out->last && (out->n_files || out->follow))
        wrong = "`--last` is about the log of the settings: name no file, and "
                "not `--follow`";
    else if (out->follow && out->access.files.n)
        wrong = "`--follow` reads no proxy's log";
    else if (stdin_clashes(out))
        wrong = "`--access-log -`: standard input can be read only once";
    if (wrong)
        a407_error("%s", wrong);
    return !wrong || a407_option_hint(A407_CMD_REPORT);
}
