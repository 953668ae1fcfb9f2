/* SPDX-License-Identifier: MIT */
#include "ntlm.h"

#include <err.h>
#include <nettle/base64.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

/* What this proxy can do, besides what is asked of it; NTLM 0x200,
   ALWAYS_SIGN 0x8000, VERSION, 128, 56, and a target that is a domain. */
#define CAN       0xe2888215u
#define IS_DOMAIN 0x00010000u

static const char name[] = "C\0O\0R\0P\0";

uint32_t ntlm_get16(const char *p)
{
    return (uint32_t)((unsigned char)p[0] | (unsigned char)p[1] << 8);
}

uint32_t ntlm_get32(const char *p)
{
    return ntlm_get16(p) | ntlm_get16(p + 2) << 16;
}

void ntlm_put16(struct text *t, uint32_t v)
{
    char two[] = {(char)v, (char)(v >> 8)};
    text_add(t, two, 2);
}

void ntlm_put32(struct text *t, uint32_t v)
{
    ntlm_put16(t, v);
    ntlm_put16(t, v >> 16);
}

static void put_pair(struct text *t, unsigned id, const void *p, size_t n)
{
    ntlm_put16(t, id);
    ntlm_put16(t, (uint32_t)n);
    text_add(t, p, n);
}

static void put_target_info(struct text *t, bool timed)
{
    uint64_t ticks = ((uint64_t)time(NULL) + 11644473600u) * 10000000u;
    put_pair(t, 2, name, 8); /* MsvAvNbDomainName, MsvAvNbComputerName */
    put_pair(t, 1, name, 8);
    if (timed) {
        struct text now = {0};
        ntlm_put32(&now, (uint32_t)ticks);
        ntlm_put32(&now, (uint32_t)(ticks >> 32));
        put_pair(t, 7, now.p, now.n); /* MsvAvTimestamp */
        text_free(&now);
    }
    put_pair(t, 0, "", 0);
}

/* Writes the Type 2 into n->type2. */
static void make_type2(struct ntlm *n, struct faults *f)
{
    char nonce[8];
    struct text info = {0}, *t = &n->type2;
    uint32_t asked = ntlm_get32(n->type1.p + 12);
    bool oem = fault_take(f, FAULT_NTLM_OEM) || !(asked & NTLM_UNICODE);
    if (getrandom(nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce)
        err(1, "getrandom");
    n->flags = (asked & CAN) | IS_DOMAIN;
    if (oem)
        n->flags = (n->flags & ~NTLM_UNICODE) | NTLM_OEM;
    if (!fault_take(f, FAULT_NTLM_NO_INFO)) {
        n->flags |= NTLM_TARGET_INFO;
        put_target_info(&info, !fault_take(f, FAULT_NTLM_NO_TIME));
    }
    text_free(t);
    text_add(t, "NTLMSSP\0\2\0\0\0", 12);
    ntlm_put16(t, oem ? 4 : 8);
    ntlm_put16(t, oem ? 4 : 8);
    ntlm_put32(t, 56);
    ntlm_put32(t, n->flags);
    text_add(t, nonce, sizeof nonce);
    text_add(t, "\0\0\0\0\0\0\0", 8);
    ntlm_put16(t, (uint32_t)info.n);
    ntlm_put16(t, (uint32_t)info.n);
    ntlm_put32(t, oem ? 60 : 64);
    text_add(t, "\6\1\xb1\x1d\0\0\0\x0f", 8);
    text_add(t, oem ? "CORP" : name, oem ? 4 : 8);
    text_add(t, info.p ? info.p : "", info.n);
    text_free(&info);
    if (fault_take(f, FAULT_NTLM_GARBLED))
        t->p[8] = 9; /* no such type */
}

/* The head of a DER element; nothing here is longer than 64 KiB. */
static void put_head(struct text *t, unsigned char tag, size_t n)
{
    unsigned char head[4] = {tag, 0x82, (unsigned char)(n >> 8),
                             (unsigned char)n};
    text_add(t, head, sizeof head);
}

/* NegTokenResp (RFC 4178 section 4.2.2): accept-incomplete, NTLM, the token. */
static void wrap(struct text *out, const struct text *token)
{
    static const char start[] = "\xa0\3\x0a\1\1\xa1\x0c\6\x0a\x2b\6\1\4\1\x82"
                                "\x37\2\2\x0a";
    size_t n = sizeof start - 1;
    put_head(out, 0xa1, n + token->n + 12);
    put_head(out, 0x30, n + token->n + 8);
    text_add(out, start, n);
    put_head(out, 0xa2, token->n + 4);
    put_head(out, 0x04, token->n);
    text_add(out, token->p, token->n);
}

static void ask(struct ntlm *n, struct faults *f, const char *scheme,
                size_t scheme_n)
{
    struct text token = {0};
    make_type2(n, f);
    if (n->wrapped && !fault_take(f, FAULT_NTLM_UNWRAPPED))
        wrap(&token, &n->type2);
    else
        text_add(&token, n->type2.p, n->type2.n);
    text_free(&n->challenge);
    text_add(&n->challenge, scheme, scheme_n);
    text_str(&n->challenge, " ");
    for (size_t at = 0; at < token.n; at += 3) {
        char four[4];
        size_t left = token.n - at;
        base64_encode_raw(four, left < 3 ? left : 3,
                          (const uint8_t *)token.p + at);
        text_add(&n->challenge, four, sizeof four);
    }
    text_free(&token);
    n->phase = NTLM_ASKED;
}

/*
 * The NTLM message in a token: SPNEGO's envelope lies before it, and behind it
 * no more than a mechListMIC. False: there is none.
 */
static bool find_message(const char *coded, struct text *out, bool *wrapped)
{
    struct base64_decode_ctx ctx;
    size_t n = BASE64_DECODE_LENGTH(strlen(coded));
    struct text plain = {0};
    for (size_t i = 0; i <= n; i++)
        text_add(&plain, "", 1);
    base64_decode_init(&ctx);
    bool fine = base64_decode_update(&ctx, &n, (uint8_t *)plain.p,
                                     strlen(coded), coded) &&
                base64_decode_final(&ctx);
    char *at = fine ? memmem(plain.p, n, "NTLMSSP", 8) : NULL;
    size_t left = at ? n - (size_t)(at - plain.p) : 0;
    *wrapped = at != plain.p;
    if (left >= 20)
        text_add(out, at, left);
    text_free(&plain);
    return left >= 20;
}

static void rule(struct ruling *out, enum verdict v, const char *reason)
{
    out->verdict = v;
    out->reason = reason;
}

static void judge_type3(struct ntlm *n, struct auth *a, struct faults *f,
                        const struct text *m, struct ruling *out)
{
    bool v1 = fault_on(f, FAULT_NTLM_V1);
    const char *word =
        n->phase == NTLM_ASKED ? ntlm_check(n, a, v1, m, out) : "type3-unasked";
    n->phase = NTLM_NOTHING;
    if (strncmp(word, "ok", 2) != 0)
        rule(out, AUTH_WRONG, word);
    else if (a->valid_for && ++a->accepted > a->valid_for)
        rule(out, AUTH_WRONG, "revoked");
    else {
        rule(out, AUTH_OK, word);
        if (!fault_take(f, FAULT_NTLM_EACH))
            n->phase = NTLM_IN;
    }
}

static void judge_type1(struct ntlm *n, struct faults *f, const char *scheme,
                        size_t scheme_n, struct ruling *out)
{
    rule(out, AUTH_MISSING, "type1");
    n->phase = NTLM_NOTHING;
    if (n->type1.n < 32)
        rule(out, AUTH_WRONG, "type1-short");
    else if (fault_take(f, FAULT_NTLM_TYPE1)) {
        rule(out, AUTH_OK, "type1");
        n->phase = NTLM_IN;
    } else if (!fault_take(f, FAULT_NTLM_AGAIN))
        ask(n, f, scheme, scheme_n);
}

bool ntlm_judge(struct ntlm *n, struct auth *a, struct faults *f,
                const struct msg *rq, struct ruling *out)
{
    const char *value = msg_field(rq, "Proxy-Authorization");
    size_t k = value ? strcspn(value, " ") : 0;
    bool own = a->ntlm && k == 4 && strncasecmp(value, "NTLM", k) == 0;
    bool inside =
        a->negotiate && k == 9 && strncasecmp(value, "Negotiate", k) == 0;
    struct text m = {0};
    *out = (struct ruling){AUTH_OK, "bound", "none", "-"};
    text_free(&n->challenge);
    if (!value && n->phase == NTLM_IN)
        return true;
    if (!(own || inside) || msg_count(rq, "Proxy-Authorization") != 1)
        return false;
    memcpy(out->scheme, own ? "ntlm" : "negotiate", own ? 5 : 10);
    if (!value[k] || !find_message(value + k + 1, &m, &n->wrapped) ||
        (own && n->wrapped)) {
        rule(out, AUTH_WRONG, "syntax");
    } else if (ntlm_get32(m.p + 8) == 1) {
        text_free(&n->type1);
        /* behind a Type 1 in SPNEGO there is nothing */
        text_add(&n->type1, m.p, m.n);
        judge_type1(n, f, value, k, out);
    } else {
        pthread_mutex_lock(&a->lock);
        auth_read_password(a);
        judge_type3(n, a, f, &m, out);
        pthread_mutex_unlock(&a->lock);
    }
    text_free(&m);
    return true;
}

bool ntlm_begins(const struct msg *rq)
{
    const char *value = msg_field(rq, "Proxy-Authorization");
    const char *coded = value ? strchr(value, ' ') : NULL;
    struct text m = {0};
    bool wrapped, first = coded && find_message(coded + 1, &m, &wrapped) &&
                          ntlm_get32(m.p + 8) == 1;
    text_free(&m);
    return first;
}

void ntlm_free(struct ntlm *n)
{
    text_free(&n->type1);
    text_free(&n->type2);
    text_free(&n->challenge);
}
