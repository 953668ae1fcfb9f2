/* SPDX-License-Identifier: MIT */
/* DER and SPNEGO: what a hostile proxy sends, and what we write ourselves. */
#include "fuzz.h"

#include "core/auth/spnego.h"

/* Every element, and those within the constructed ones, to some depth. */
static void walk(struct a407_span in, const char *p, size_t n, unsigned depth)
{
    struct a407_span content;
    unsigned char tag;
    size_t before = in.n;
    while (a407_der_take(&in, &tag, &content)) {
        must(within(content, p, n));
        must(in.n + content.n + 2 <= before);
        before = in.n;
        if ((tag & 0x20) && depth)
            walk(content, p, n, depth - 1);
    }
    must(in.n == before); /* nothing is taken by halves */
}

/* Two parts of the input, written as token and MIC, come back the same. */
static void both_ways(struct input in)
{
    const uint8_t *first;
    size_t n = take_bytes(&in, take_byte(&in) * 8u, &first);
    struct a407_span token = a407_span((const char *)first, n);
    struct a407_span mic = a407_span((const char *)in.p, in.n);
    struct a407_spnego_response r;
    struct a407_buf out;
    a407_buf_init(&out, 1 << 20);
    must(a407_spnego_write_response(&out, token, mic));
    must(a407_spnego_read_response(a407_span(out.p, out.n), &r));
    must(r.token.n == token.n && memcmp(r.token.p, token.p, token.n) == 0);
    must(r.mic.n == mic.n && memcmp(r.mic.p, mic.p, mic.n) == 0);
    a407_buf_clear(&out);
    must(a407_spnego_write_init(&out, token));
    struct a407_span all = a407_span(out.p, out.n), content;
    must(a407_der_expect(&all, 0x60, &content) && all.n == 0);
    a407_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct input in = {data, n};
    struct a407_spnego_response r;
    if (!n)
        return 0;
    char *p = exact(data, n);
    walk(a407_span(p, n), p, n, 8);
    if (a407_spnego_read_response(a407_span(p, n), &r)) {
        must(within(r.mech, p, n) && within(r.token, p, n) &&
             within(r.mic, p, n));
        must(r.state >= A407_SPNEGO_UNSAID &&
             r.state <= A407_SPNEGO_REQUEST_MIC);
    }
    both_ways(in);
    free(p);
    return 0;
}
