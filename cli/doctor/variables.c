/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "configuration.h"
#include "core/base/buf.h"

/* Of each: its two spellings, and who reads which of them first. */
static const struct pair {
    const char *lower, *upper, *by_lower, *by_upper;
} pairs[] = {
    {"http_proxy", "HTTP_PROXY", "curl, wget, Python", "Go"},
    {"https_proxy", "HTTPS_PROXY", "curl, wget, Python", "Go"},
    {"ftp_proxy", "FTP_PROXY", "curl, wget, Python", "few"},
    {"all_proxy", "ALL_PROXY", "curl, Python", "few"},
    {"no_proxy", "NO_PROXY", "curl, wget, Python", "Go"},
};
enum { PAIRS = sizeof pairs / sizeof *pairs, NO = PAIRS - 1 };

static void check_value(struct a407_doctor *d, const char *name)
{
    struct a407_written w = {.what = name, .value = getenv(name), .after = ""};
    char before[40];

    if (!w.value || strcmp(d->proxy_from, name) == 0)
        return;
    if (!*w.value) {
        a407_row_good(&d->rows, A407_IN_CONFIGURATION, name, "empty")->status =
            A407_NOTE;
        return;
    }
    snprintf(before, sizeof before, "export %s=", name);
    w.before = before;
    a407_written_check(d, &w);
}

/* Only programs that read the one are met by what is wrong with the other. */
static void check_pair(struct a407_doctor *d, const struct pair *p,
                       const char *chosen)
{
    const char *a = getenv(p->lower), *b = getenv(p->upper);
    char in_a[150] = "nothing", in_b[150] = "nothing";
    bool no = p == &pairs[NO], same;
    struct a407_row *row;

    if (!a || !b)
        return;
    same = no ? strcmp(a, b) == 0 : a407_written_same(a, b, false);
    if (same && (no || a407_written_same(a, b, true)))
        return;
    if (no) {
        snprintf(in_a, sizeof in_a, "%.140s", *a ? a : "nothing");
        snprintf(in_b, sizeof in_b, "%.140s", *b ? b : "nothing");
    } else {
        if (*a)
            a407_written_show(a, in_a, sizeof in_a);
        if (*b)
            a407_written_show(b, in_b, sizeof in_b);
    }
    row = a407_row_found(&d->rows, A407_FOUND_VARIABLES_DISAGREE, p->lower,
                         "%s (%s); %s: %s (%s)%s", in_a, p->by_lower, p->upper,
                         in_b, p->by_upper, same ? ", with another login" : "");
    a407_row_sentence(row, "%s and %s disagree.", p->lower, p->upper);
    a407_row_remedy(row, "export %s=\"$%s\"", *a ? p->upper : p->lower,
                    *a ? p->lower : p->upper);
    if (!chosen ||
        (strcmp(chosen, p->lower) != 0 && strcmp(chosen, p->upper) != 0))
        row->status = A407_WARNING;
}

static void add_readers(struct a407_buf *b, unsigned who)
{
    static const char *const names[] = {"curl", "wget", "Python", "Go"};
    unsigned i;

    for (i = 0; i < 4; i++)
        if (who & 1u << i)
            a407_buf_fmt(b, "%s%s",
                         !b->n            ? ""
                         : who >> (i + 1) ? ", "
                                          : " and ",
                         names[i]);
}

static void check_no_proxy(struct a407_doctor *d, const char *name,
                           bool environment)
{
    const char *list = getenv(name), *host = d->o.target.at.host;
    struct a407_buf rest, yes, no;
    struct a407_row *row;
    unsigned by;

    a407_buf_init(&rest, 300);
    a407_buf_init(&yes, 64);
    a407_buf_init(&no, 64);
    by = list ? a407_no_proxy_covers(list, &d->o.target.at, &rest) : 0;
    add_readers(&yes, by);
    add_readers(&no, A407_READERS & ~by);
    if (by == A407_READERS)
        row = a407_row_found(&d->rows, A407_FOUND_NO_PROXY_COVERS, name,
                             "%.100s covers %s", list, host);
    else if (by)
        row = a407_row_found(&d->rows, A407_FOUND_NO_PROXY_DIFFERS, name,
                             "%.100s covers %s for %.*s, not for %.*s", list,
                             host, (int)yes.n, yes.p, (int)no.n, no.p);
    if (by == A407_READERS)
        a407_row_sentence(row, "%s covers %s: programs go there directly.",
                          name, host);
    if (by) {
        a407_row_remedy(row, rest.n ? "export %s=%.*s" : "unset %s", name,
                        (int)rest.n, rest.n ? rest.p : "");
        if (!environment)
            row->status = A407_WARNING;
    } else if (list && *list) {
        a407_row_good(&d->rows, A407_IN_CONFIGURATION, name,
                      "%.100s does not cover %s", list, host);
    }
    a407_buf_free(&rest);
    a407_buf_free(&yes);
    a407_buf_free(&no);
}

void a407_doctor_variables(struct a407_doctor *d, const char *chosen)
{
    const char *no = getenv("no_proxy"), *upper = getenv("NO_PROXY");
    size_t i;

    for (i = 0; i < PAIRS; i++) {
        check_pair(d, &pairs[i], chosen);
        if (i == NO)
            break;
        check_value(d, pairs[i].lower);
        if (!a407_same_text(getenv(pairs[i].lower), getenv(pairs[i].upper)))
            check_value(d, pairs[i].upper);
    }
    check_no_proxy(d, "no_proxy", chosen != NULL);
    if (!a407_same_text(no, upper))
        check_no_proxy(d, "NO_PROXY", chosen != NULL);
    if (getenv("REQUEST_METHOD") && getenv("HTTP_PROXY"))
        a407_row_found(&d->rows, A407_FOUND_VARIABLE_CGI, "HTTP_PROXY",
                       "REQUEST_METHOD is set, as for a CGI program");
}
