/* SPDX-License-Identifier: MIT */
#include "filter.h"

#include <fnmatch.h>

#include "cli/report/read/keys.h"
#include "cli/report/time.h"
#include "script.h"

void a407_filter_init(struct a407_filter *f)
{
    memset(f, 0, sizeof *f);
    f->since_us = A407_TIME_FIRST;
    f->until_us = A407_TIME_LAST;
}

bool a407_filter_add(struct a407_filter *f, enum a407_filter_kind kind,
                     const char *pattern)
{
    if (f->n[kind] == A407_FILTER_MAX)
        return false;
    f->patterns[kind][f->n[kind]++] = pattern;
    return true;
}

bool a407_filter_time(const struct a407_filter *f, int64_t us)
{
    return us >= f->since_us && us <= f->until_us;
}

static bool fits(const struct a407_filter *f, enum a407_filter_kind kind,
                 struct a407_span s)
{
    char text[A407_REPORT_KEY_MAX + 1];
    size_t i, n = s.n < sizeof text ? s.n : sizeof text - 1;

    if (n)
        memcpy(text, s.p, n);
    text[n] = '\0';
    /* the report's own keys may hold brackets: [::1]:3128 */
    for (i = 0; i < f->n[kind]; i++)
        if (strcmp(f->patterns[kind][i], text) == 0 ||
            fnmatch(f->patterns[kind][i], text, 0) == 0)
            return true;
    return false;
}

static bool fits_binary(const struct a407_filter *f,
                        const struct a407_report_record *l)
{
    struct a407_span script = a407_report_script(l);
    char key[A407_REPORT_KEY_MAX + 1];

    a407_report_binary_key(l, key);
    return fits(f, A407_FILTER_BINARY, a407_span_str(key)) ||
           fits(f, A407_FILTER_BINARY, l->executable) ||
           fits(f, A407_FILTER_BINARY, a407_report_base(l->executable)) ||
           (script.p && fits(f, A407_FILTER_BINARY, script));
}

static bool fits_proxy(const struct a407_filter *f,
                       const struct a407_report_record *l)
{
    char key[A407_REPORT_KEY_MAX + 1];

    a407_report_proxy_key(l, key);
    return fits(f, A407_FILTER_PROXY, a407_span_str(key)) ||
           fits(f, A407_FILTER_PROXY, l->proxy_address);
}

bool a407_filter_match(const struct a407_filter *f,
                       const struct a407_report_record *l)
{
    struct a407_span outcome = a407_span_str(a407_outcome_name(l->outcome));

    return (!f->n[A407_FILTER_BINARY] || fits_binary(f, l)) &&
           (!f->n[A407_FILTER_PROXY] || fits_proxy(f, l)) &&
           (!f->n[A407_FILTER_CAUSE] || fits(f, A407_FILTER_CAUSE, l->cause)) &&
           (!f->n[A407_FILTER_OUTCOME] ||
            fits(f, A407_FILTER_OUTCOME, outcome));
}

/* Appends, as far as there is room. */
static void append(char *out, size_t cap, const char *a, const char *b)
{
    size_t n = strlen(out);

    snprintf(out + n, cap - n, "%s%s%s", n ? ", " : "", a, b);
}

void a407_filter_words(const struct a407_filter *f, char *out, size_t cap)
{
    static const char *const names[] = {"binary ", "proxy ", "cause ",
                                        "outcome "};
    char stamp[32];
    size_t kind, i;

    out[0] = '\0';
    if (f->since_us != A407_TIME_FIRST) {
        a407_report_time_local(f->since_us, stamp);
        append(out, cap, "since ", stamp);
    }
    if (f->until_us != A407_TIME_LAST) {
        a407_report_time_local(f->until_us, stamp);
        append(out, cap, "until ", stamp);
    }
    for (kind = 0; kind < A407_FILTER_KINDS; kind++)
        for (i = 0; i < f->n[kind]; i++)
            append(out, cap, names[kind], f->patterns[kind][i]);
}
