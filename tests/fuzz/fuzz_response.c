/* SPDX-License-Identifier: MIT */
/* Response heads: what the proxy sends. */
#include "fuzz.h"

#include "core/http/http.h"

static void sniff_prefixes(const char *p, size_t n)
{
    enum a407_sniff was = A407_SNIFF_MAYBE;
    for (size_t i = 0; i <= n && i < 64; i++) {
        char *prefix = exact(p, i);
        enum a407_sniff is = a407_sniff_407(prefix, i);
        free(prefix);
        must(was == A407_SNIFF_MAYBE || is == was);
        was = is;
    }
}

static void parse(const char *p, size_t n, bool is_head, bool is_connect)
{
    struct a407_response r;
    if (!a407_response_parse(p, n, is_head, is_connect, &r))
        return;
    must(r.status >= 100 && r.status <= 999 && r.minor >= 0 && r.minor <= 9);
    bool none = is_head || r.status < 200 || r.status == 204 ||
                r.status == 304 || (is_connect && r.status / 100 == 2);
    must(!none || r.body == A407_BODY_NONE);
    must(!r.keep_alive || r.body != A407_BODY_CLOSE);
    enum a407_sniff is = a407_sniff_407(p, n);
    must((is == A407_SNIFF_YES) == (r.status == 407));
    must((is == A407_SNIFF_INTERIM) == (r.status < 200 && r.status != 101));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *p = exact(data, n);
    size_t from = 0, end = a407_head_end(p, n, &from);
    sniff_prefixes(p, n);
    for (unsigned how = 0; end && how < 4; how++)
        parse(p, end, how & 1, how & 2);
    free(p);
    return 0;
}
