/* SPDX-License-Identifier: MIT */
#include "spnego.h"

bool a407_der_take(struct a407_span *in, unsigned char *tag,
                   struct a407_span *content)
{
    const unsigned char *p = (const unsigned char *)in->p;
    size_t at = 2, n;
    if (in->n < 2 || (p[0] & 0x1f) == 0x1f)
        return false;
    n = p[1];
    if (n >= 0x80) {
        size_t digits = n & 0x7f;
        if (!digits || digits > 4 || in->n - at < digits)
            return false;
        for (n = 0; digits; digits--)
            n = n << 8 | p[at++];
    }
    if (n > in->n - at)
        return false;
    *tag = p[0];
    *content = a407_span(in->p + at, n);
    *in = a407_span(in->p + at + n, in->n - at - n);
    return true;
}

bool a407_der_expect(struct a407_span *in, unsigned char tag,
                     struct a407_span *content)
{
    struct a407_span rest = *in;
    unsigned char found;
    if (!a407_der_take(&rest, &found, content) || found != tag)
        return false;
    *in = rest;
    return true;
}

bool a407_der_wrap(struct a407_buf *out, size_t from, unsigned char tag)
{
    size_t n = out->n - from, size = 2;
    unsigned char head[2 + sizeof n] = {tag, (unsigned char)n};
    if (n >= 0x80) {
        for (size_t left = n; left; left >>= 8)
            size++;
        head[1] = (unsigned char)(0x80 | (size - 2));
        for (size_t i = size, left = n; i-- > 2; left >>= 8)
            head[i] = (unsigned char)left;
    }
    if (!a407_buf_add(out, head, size))
        return false;
    memmove(out->p + from + size, out->p + from, n);
    memcpy(out->p + from, head, size);
    return true;
}

/* ---- tokens ---- */

enum {
    OCTETS = 0x04,
    OID = 0x06,
    ENUMERATED = 0x0a,
    SEQUENCE = 0x30,
    GSS_TOKEN = 0x60 /* [APPLICATION 0]: RFC 2743 section 3.1 */
};
/* [n]; a NegotiationToken is a choice of two of them. */
#define CONTEXT(n) ((unsigned char)(0xa0 | (n)))

/* 1.3.6.1.5.5.2, with its head */
static const char spnego_oid[] = "\x06\x06\x2b\x06\x01\x05\x05\x02";

/* A MechTypeList with 1.3.6.1.4.1.311.2.2.10 in it */
static const char mechs[] =
    "\x30\x0c\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
#define OID_AT 4

struct a407_span a407_spnego_mechs(void)
{
    return a407_span(mechs, sizeof mechs - 1);
}

bool a407_spnego_is_ntlm(struct a407_span oid)
{
    return oid.n == sizeof mechs - 1 - OID_AT &&
           memcmp(oid.p, mechs + OID_AT, oid.n) == 0;
}

/* [n] OCTET STRING, which is how both kinds of token carry their bytes. */
static void add_octets(struct a407_buf *out, unsigned n, struct a407_span s)
{
    size_t from = out->n;
    a407_buf_span(out, s);
    a407_der_wrap(out, from, OCTETS);
    a407_der_wrap(out, from, CONTEXT(n));
}

bool a407_spnego_write_init(struct a407_buf *out, struct a407_span token)
{
    size_t start = out->n;
    a407_buf_add(out, spnego_oid, sizeof spnego_oid - 1);
    size_t sequence = out->n;
    a407_buf_add(out, mechs, sizeof mechs - 1);
    a407_der_wrap(out, sequence, CONTEXT(0));
    add_octets(out, 2, token);
    a407_der_wrap(out, sequence, SEQUENCE);
    a407_der_wrap(out, sequence, CONTEXT(0));
    return a407_der_wrap(out, start, GSS_TOKEN);
}

bool a407_spnego_write_response(struct a407_buf *out, struct a407_span token,
                                struct a407_span mic)
{
    static const char state[] = {ENUMERATED, 1, A407_SPNEGO_INCOMPLETE};
    size_t start = out->n;
    a407_buf_add(out, state, sizeof state);
    a407_der_wrap(out, start, CONTEXT(0));
    add_octets(out, 2, token);
    if (mic.p)
        add_octets(out, 3, mic);
    a407_der_wrap(out, start, SEQUENCE);
    return a407_der_wrap(out, start, CONTEXT(1));
}

/* One element of the sequence: [n] with something of one type in it. */
static bool read_element(unsigned char tag, struct a407_span in,
                         struct a407_spnego_response *out)
{
    struct a407_span *where = tag == CONTEXT(1)   ? &out->mech
                              : tag == CONTEXT(2) ? &out->token
                                                  : &out->mic;
    struct a407_span v;
    if (tag == CONTEXT(0)) {
        if (!a407_der_expect(&in, ENUMERATED, &v) || v.n != 1 ||
            (unsigned char)v.p[0] > A407_SPNEGO_REQUEST_MIC)
            return false;
        out->state = (enum a407_spnego_state)v.p[0];
        return true;
    }
    if (tag > CONTEXT(3))
        return true;
    return a407_der_expect(&in, tag == CONTEXT(1) ? OID : OCTETS, where);
}

bool a407_spnego_read_response(struct a407_span in,
                               struct a407_spnego_response *out)
{
    struct a407_span token, list, element;
    unsigned char tag;
    *out = (struct a407_spnego_response){.state = A407_SPNEGO_UNSAID};
    if (!a407_der_expect(&in, CONTEXT(1), &token) ||
        !a407_der_expect(&token, SEQUENCE, &list))
        return false;
    while (list.n)
        if (!a407_der_take(&list, &tag, &element) || tag < CONTEXT(0) ||
            tag > CONTEXT(30) || !read_element(tag, element, out))
            return false;
    return true;
}
