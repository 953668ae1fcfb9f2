/* SPDX-License-Identifier: MIT */
/* Request heads: what the program writes. */
#include "fuzz.h"

#include "core/http/http.h"

/* A verdict about a prefix holds for all that begins with it. */
static void sniff_prefixes(const char *p, size_t n)
{
    enum a407_sniff was = A407_SNIFF_MAYBE;
    for (size_t i = 0; i <= n && i < 400; i++) {
        char *prefix = exact(p, i);
        enum a407_sniff is = a407_sniff_proxy_request(prefix, i);
        free(prefix);
        must(is != A407_SNIFF_INTERIM);
        must(was == A407_SNIFF_MAYBE || is == was);
        was = is;
    }
}

/* The end of a head does not depend on how it arrives. */
static size_t head_end(const char *p, size_t n)
{
    size_t from = 0, step = 0, whole = a407_head_end(p, n, &from);
    for (size_t i = 0; i <= n; i++) {
        size_t end = a407_head_end(p, i, &step);
        must(end == (whole && i >= whole ? whole : 0));
        if (end)
            break;
    }
    return whole;
}

static void fields(const char *p, size_t n)
{
    struct a407_field f;
    size_t at = 0, last = 0;
    while (a407_field_next(p, n, &at, &f)) {
        must(at > last && at <= n);
        must(within(f.name, p, n) && within(f.value, p, n));
        must(within(f.line, p, n) && f.line.p[f.line.n - 1] == '\n');
        last = at;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct a407_request rq;
    char *p = exact(data, n);
    sniff_prefixes(p, n);
    size_t end = head_end(p, n);
    if (end) {
        fields(p, end);
        bool ok = a407_request_parse(p, end, &rq);
        if (ok) {
            must(within(rq.method, p, end) && within(rq.target, p, end));
            must(within(rq.proxy_authorization, p, end));
            must(rq.minor >= 0 && rq.minor <= 9);
            must(rq.body != A407_BODY_CLOSE);
            must(!rq.proxy_authorization.p == !rq.n_proxy_authorization);
            /* Only what looks like a proxy's from its first bytes is one. */
            must((rq.form != A407_FORM_OTHER) ==
                 (a407_sniff_proxy_request(p, end) == A407_SNIFF_YES));
        }
    }
    free(p);
    return 0;
}
