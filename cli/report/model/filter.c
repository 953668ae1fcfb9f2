/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <fnmatch.h>

#include "cli/report/report.h"
#include "core/base/text.h"

bool a407_filter_time(const struct a407_filter *f, int64_t us)
{
    return us >= f->since_us && us <= f->until_us;
}

/* Whether one of the patterns fits the text. */
static bool fits(const struct a407_report_list *patterns, struct a407_span s)
{
    char text[A407_REPORT_KEY_MAX + 1];
    size_t i;

    a407_put(text, sizeof text, s);
    /* the report's own keys may hold brackets: [::1]:3128 */
    for (i = 0; s.p && i < patterns->n; i++)
        if (strcmp(patterns->p[i], text) == 0 ||
            fnmatch(patterns->p[i], text, 0) == 0)
            return true;
    return false;
}

bool a407_filter_match(const struct a407_filter *f,
                       const struct a407_report_record *l)
{
    char binary[A407_REPORT_KEY_MAX + 1] = "";
    char proxy[A407_REPORT_KEY_MAX + 1] = "";
    size_t kind, i;

    if (f->run && !a407_span_eq(l->run, f->run))
        return false;
    if (f->patterns[A407_FILTER_BINARY].n)
        a407_report_key(l, A407_REPORT_BINARY, binary);
    if (f->patterns[A407_FILTER_PROXY].n)
        a407_report_key(l, A407_REPORT_PROXY, proxy);
    const struct a407_span texts[A407_FILTER_KINDS][4] = {
        {a407_span_str(binary), l->executable, a407_report_base(l->executable),
         a407_report_script(l)},
        {a407_span_str(proxy), l->proxy_address},
        {l->cause},
        {a407_span_str(a407_outcome_name(l->outcome))}};
    for (kind = 0; kind < A407_FILTER_KINDS; kind++) {
        for (i = 0; i < 4 && f->patterns[kind].n; i++)
            if (fits(&f->patterns[kind], texts[kind][i]))
                break;
        if (i == 4)
            return false;
    }
    return true;
}

static void append(char *out, size_t cap, const char *a, const char *b)
{
    size_t n = strlen(out);

    snprintf(out + n, cap - n, "%s%s%s", n ? ", " : "", a, b);
}

void a407_filter_words(const struct a407_filter *f, char *out, size_t cap)
{
    static const char *const names[] = {"binary ", "proxy ", "cause ",
                                        "outcome "};
    char since[32], until[32];
    size_t kind, i;

    out[0] = '\0';
    a407_report_time_show(false, f->since_us, since);
    a407_report_time_show(false, f->until_us, until);
    if (f->since_us != A407_TIME_FIRST)
        append(out, cap, "since ", since);
    if (f->until_us != A407_TIME_LAST)
        append(out, cap, "until ", until);
    for (kind = 0; kind < A407_FILTER_KINDS; kind++)
        for (i = 0; i < f->patterns[kind].n; i++)
            append(out, cap, names[kind], f->patterns[kind].p[i]);
}
