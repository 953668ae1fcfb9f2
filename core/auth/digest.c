/* SPDX-License-Identifier: MIT */
/* Digest (RFC 7616), with the form of RFC 2069 for servers without qop. */
#include "digest.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/text.h"

/* ---- what a challenge asks for (RFC 7616 section 3.3) ---- */

static const struct a407_digest_algorithm algorithms[] = {
    {"MD5", &nettle_md5, false, 1},
    {"MD5-sess", &nettle_md5, true, 1},
    {"SHA-256", &nettle_sha256, false, 2},
    {"SHA-256-sess", &nettle_sha256, true, 2},
    {"SHA-512-256", &nettle_sha512_256, false, 3},
    {"SHA-512-256-sess", &nettle_sha512_256, true, 3},
};

static bool read_algorithm(const struct a407_challenge *ch,
                           struct a407_digest_offer *out)
{
    const struct a407_param *p = a407_param_find(ch, "algorithm");
    out->algorithm_text = p ? p->value : a407_span(NULL, 0);
    struct a407_span name = p ? p->value : a407_span_str("MD5");
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (a407_span_ieq(name, algorithms[i].name)) {
            out->algorithm = &algorithms[i];
            return true;
        }
    return false;
}

/*
 * `auth` before `auth-int`, which needs the body, and protects what passes the
 * proxy in the clear anyway. RFC 2069 servers have been seen to send an empty
 * list. False: only unknown ones.
 */
static bool read_qop(const struct a407_challenge *ch, enum a407_digest_qop *out)
{
    const struct a407_param *p = a407_param_find(ch, "qop");
    bool unknown = false;
    *out = A407_QOP_NONE;
    struct a407_span left = p ? p->value : a407_span(NULL, 0);
    struct a407_span item;
    while (a407_span_cut(&left, ',', &item)) {
        item = a407_span_trim(item);
        if (a407_span_ieq(item, "auth")) {
            *out = A407_QOP_AUTH;
            return true;
        }
        if (a407_span_ieq(item, "auth-int"))
            *out = A407_QOP_AUTH_INT;
        else if (item.n)
            unknown = true;
    }
    return *out != A407_QOP_NONE || !unknown;
}

/* Whether p can be echoed as a quoted-string: not too long, no control byte but
   TAB, no quote or escape that would end it early. */
static bool is_echoable(const struct a407_param *p)
{
    bool escaped = false;
    if (p->value.n > A407_DIGEST_VALUE_MAX)
        return false;
    for (size_t i = 0; i < p->value.n; i++) {
        char c = p->value.p[i];
        if (a407_is_ctl(c) && c != '\t')
            return false;
        if (escaped)
            escaped = false;
        else if (c == '"' || (c == '\\' && !p->quoted))
            return false;
        else
            escaped = c == '\\';
    }
    return !escaped;
}

/* False: the parameter is there, but can't go back. */
static bool read_echo(const struct a407_challenge *ch, const char *name,
                      struct a407_span *out)
{
    const struct a407_param *p = a407_param_find(ch, name);
    *out = p ? p->value : a407_span(NULL, 0);
    return !p || is_echoable(p);
}

bool a407_digest_read(const struct a407_challenge *ch,
                      struct a407_digest_offer *out, enum a407_cause *why)
{
    *out = (struct a407_digest_offer){0};
    *why = A407_CAUSE_UNSUPPORTED;
    if (!read_algorithm(ch, out) || !read_qop(ch, &out->qop))
        return false;
    *why = A407_CAUSE_PROTOCOL;
    if (!read_echo(ch, "nonce", &out->nonce) || !out->nonce.p ||
        !read_echo(ch, "realm", &out->realm) ||
        !read_echo(ch, "opaque", &out->opaque))
        return false;
    /* The realm is required, but a missing one has an obvious reading. */
    if (!out->realm.p)
        out->realm = a407_span_str("");
    out->userhash = a407_param_is(ch, "userhash", "true");
    out->utf8 = a407_param_is(ch, "charset", "UTF-8");
    *why = A407_CAUSE_NONE;
    return true;
}

/* ---- the response ---- */

/*
 * Realm, nonce and opaque are echoed byte for byte as they came, while the hash
 * is over their unquoted form: RFC 7616 section 3.4 asks for both, and curl
 * (since 7.84), Chromium and Apache do the same. Some servers hash the escaped
 * form; only a realm with '"' or '\' in it tells the difference.
 */

/* H() of RFC 7616 over n parts, with a colon between them. */
static void hash(const struct a407_digest_state *s,
                 const struct a407_span *parts, size_t n,
                 char out[A407_DIGEST_HEX])
{
    uint8_t sum[A407_HASH_MAX];
    a407_hash(s->algorithm->hash, ":", parts, n, sum);
    a407_hex(out, sum, s->algorithm->hash->digest_size);
    a407_wipe(sum, sizeof sum);
}

/* H(A1), RFC 7616 section 3.4.2. */
static void hash_a1(const struct a407_digest_state *s,
                    const struct a407_credential *cred, const char *cnonce,
                    char out[A407_DIGEST_HEX])
{
    struct a407_span parts[] = {a407_span_str(cred->username),
                                a407_span_str(s->realm_text),
                                a407_span_str(cred->password)};
    hash(s, parts, 3, out);
    struct a407_span session[] = {a407_span_str(out),
                                  a407_span_str(s->nonce_text),
                                  a407_span_str(cnonce)};
    if (s->algorithm->session)
        hash(s, session, 3, out);
}

/* H(A2), RFC 7616 section 3.4.3. */
static void hash_a2(const struct a407_digest_state *s,
                    const struct a407_auth_request *rq,
                    char out[A407_DIGEST_HEX])
{
    char body[A407_DIGEST_HEX];
    struct a407_span parts[3] = {rq->method, rq->target};
    bool with_body = s->qop == A407_QOP_AUTH_INT;
    if (with_body) {
        hash(s, &rq->body, 1, body);
        parts[2] = a407_span_str(body);
    }
    hash(s, parts, with_body ? 3 : 2, out);
}

static const char *qop_name(enum a407_digest_qop qop)
{
    return qop == A407_QOP_AUTH_INT ? "auth-int" : "auth";
}

void a407_digest_response(const struct a407_digest_state *s,
                          const struct a407_credential *cred,
                          const struct a407_auth_request *rq,
                          const char *cnonce, uint32_t nc,
                          char out[A407_DIGEST_HEX])
{
    char a1[A407_DIGEST_HEX], a2[A407_DIGEST_HEX], count[9];
    hash_a1(s, cred, cnonce, a1);
    hash_a2(s, rq, a2);
    snprintf(count, sizeof count, "%08x", (unsigned)nc);
    struct a407_span parts[] = {a407_span_str(a1),
                                a407_span_str(s->nonce_text),
                                a407_span_str(count),
                                a407_span_str(cnonce),
                                a407_span_str(qop_name(s->qop)),
                                a407_span_str(a2)};
    bool old = s->qop == A407_QOP_NONE;
    if (old)
        parts[2] = parts[5];
    hash(s, parts, old ? 3 : 6, out);
    a407_wipe(a1, sizeof a1);
}

/* Whether the name can be sent, for which UTF-8 counts as in Basic. The
   password may be anything: only its hash travels. */
static enum a407_cause sendable(const struct a407_credential *cred, bool utf8)
{
    if (!cred->username)
        return A407_CAUSE_UNMET;
    bool good = !a407_text_has_control(a407_span_str(cred->username)) &&
                (!utf8 || a407_credential_is_utf8(cred));
    return good ? A407_CAUSE_NONE : A407_CAUSE_MALFORMED;
}

static unsigned digest_rank(const struct a407_challenge *ch,
                            const struct a407_credential *cred,
                            enum a407_cause *why)
{
    struct a407_digest_offer offer;
    if (!a407_digest_read(ch, &offer, why))
        return 0;
    *why = sendable(cred, offer.utf8);
    return *why == A407_CAUSE_NONE ? offer.algorithm->rank : 0;
}

static void free_strings(struct a407_digest_state *s)
{
    a407_free_secret(s->realm);
    a407_free_secret(s->realm_text);
    a407_free_secret(s->nonce);
    a407_free_secret(s->nonce_text);
    a407_free_secret(s->opaque);
}

/* What a quoted-string means: unq() of RFC 7616 section 3.4. NULL: no memory.
   (What is no quoted-string has no backslash: is_echoable.) */
static char *unquoted(struct a407_span s)
{
    struct a407_param p = {.value = s, .quoted = true};
    char *z = a407_secret_alloc(s.n + 1);
    if (z)
        a407_param_text(&p, z, s.n + 1);
    return z;
}

static bool set_nonce(struct a407_digest_state *s, struct a407_span nonce)
{
    s->nonce = a407_strdup_span(nonce);
    s->nonce_text = unquoted(nonce);
    return s->nonce && s->nonce_text;
}

/* A nonce's count goes on when a second challenge repeats the nonce (Apache's
   is the same within one clock tick): else its server would see a replay. */
static bool digest_init(void *state, const struct a407_challenge *ch)
{
    struct a407_digest_state *old = state, s = {0};
    struct a407_digest_offer o;
    enum a407_cause ignored;
    if (!a407_digest_read(ch, &o, &ignored))
        return false;
    s.algorithm = o.algorithm;
    if (o.algorithm_text.p)
        memcpy(s.algorithm_text, o.algorithm_text.p, o.algorithm_text.n);
    s.qop = o.qop;
    s.userhash = o.userhash;
    s.utf8 = o.utf8;
    s.realm = a407_strdup_span(o.realm);
    s.realm_text = unquoted(o.realm);
    s.opaque = o.opaque.p ? a407_strdup_span(o.opaque) : NULL;
    if (!set_nonce(&s, o.nonce) || !s.realm || !s.realm_text ||
        (o.opaque.p && !s.opaque)) {
        free_strings(&s);
        return false;
    }
    if (old->nonce && strcmp(old->nonce, s.nonce) == 0)
        s.nc = old->nc;
    free_strings(old);
    *old = s;
    return true;
}

static void make_cnonce(const struct a407_auth_request *rq,
                        char out[A407_DIGEST_CNONCE])
{
    unsigned char raw[(A407_DIGEST_CNONCE - 1) / 2];
    rq->random(rq->random_ctx, raw, sizeof raw);
    a407_hex(out, raw, sizeof raw);
}

/*
 * With -sess, A1 holds the cnonce of the nonce's first request. RFC 7616
 * section 3.4.2 lets later requests carry another one, but most servers compute
 * A1 from what the request carries: one cnonce for the nonce's whole life
 * satisfies all. Without -sess each request has its own.
 */
static void choose_cnonce(struct a407_digest_state *s,
                          const struct a407_auth_request *rq,
                          char out[A407_DIGEST_CNONCE])
{
    if (!s->algorithm->session) {
        make_cnonce(rq, out);
        return;
    }
    if (!s->session_cnonce[0])
        make_cnonce(rq, s->session_cnonce);
    memcpy(out, s->session_cnonce, A407_DIGEST_CNONCE);
}

/* RFC 7616 section 3.4: username* only if the name needs it and the challenge
   says that UTF-8 is understood. Older servers expect the bytes as they are. */
static void write_username(const struct a407_digest_state *s,
                           const struct a407_credential *cred,
                           struct a407_buf *out)
{
    struct a407_span name = a407_span_str(cred->username);
    if (s->userhash) {
        char hex[A407_DIGEST_HEX];
        struct a407_span parts[] = {name, a407_span_str(s->realm_text)};
        hash(s, parts, 2, hex); /* section 3.4.4 */
        a407_buf_fmt(out, "username=\"%s\"", hex);
    } else if (s->utf8 && !a407_text_is_ascii(name)) {
        a407_buf_str(out, "username*=");
        a407_text_ext_value(out, name);
    } else {
        a407_buf_str(out, "username=");
        a407_text_quote(out, name);
    }
}

/* A value as it came from the challenge. */
static void write_echo(struct a407_buf *out, const char *name, const char *raw)
{
    a407_buf_str(out, ", ");
    a407_buf_str(out, name);
    a407_buf_str(out, "=\"");
    a407_buf_str(out, raw);
    a407_buf_str(out, "\"");
}

/* nc and cnonce go with qop. -sess without qop is outside the RFCs, but A1 then
   can't be computed without a cnonce, so it is sent. */
static void write_count(const struct a407_digest_state *s, const char *cnonce,
                        uint32_t nc, struct a407_buf *out)
{
    if (s->qop != A407_QOP_NONE || s->algorithm->session)
        write_echo(out, "cnonce", cnonce);
    if (s->qop != A407_QOP_NONE)
        a407_buf_fmt(out, ", nc=%08x, qop=%s", (unsigned)nc, qop_name(s->qop));
}

/* The order of the parameters is that of curl, since servers were tested with
   it. What is quoted and what not is told by RFC 7616 section 3.4. */
static bool write_value(const struct a407_digest_state *s,
                        const struct a407_credential *cred,
                        const struct a407_auth_request *rq, const char *cnonce,
                        uint32_t nc, struct a407_buf *out)
{
    char response[A407_DIGEST_HEX];
    a407_digest_response(s, cred, rq, cnonce, nc, response);
    a407_buf_str(out, "Digest ");
    write_username(s, cred, out);
    write_echo(out, "realm", s->realm);
    write_echo(out, "nonce", s->nonce);
    a407_buf_str(out, ", uri=");
    a407_text_quote(out, rq->target);
    write_count(s, cnonce, nc, out);
    write_echo(out, "response", response);
    if (s->opaque)
        write_echo(out, "opaque", s->opaque);
    if (s->algorithm_text[0])
        a407_buf_fmt(out, ", algorithm=%s", s->algorithm_text);
    if (s->userhash)
        a407_buf_str(out, ", userhash=true");
    return !out->failed;
}

static enum a407_step digest_step(void *state,
                                  const struct a407_credential *cred,
                                  const struct a407_auth_request *rq,
                                  struct a407_buf *out, enum a407_cause *why)
{
    struct a407_digest_state *s = state;
    char cnonce[A407_DIGEST_CNONCE];
    *why = s->algorithm ? sendable(cred, s->utf8) : A407_CAUSE_PROTOCOL;
    if (*why == A407_CAUSE_NONE &&
        (!rq->target.n || a407_text_has_control(rq->target)))
        *why = A407_CAUSE_PROTOCOL;
    /* The nonce is used up: a count that wraps would be a replay. */
    if (*why == A407_CAUSE_NONE && s->nc == UINT32_MAX)
        *why = A407_CAUSE_STALE;
    if (*why != A407_CAUSE_NONE)
        return A407_STEP_FAIL;
    if (s->qop == A407_QOP_AUTH_INT && !rq->body.p)
        return A407_STEP_NEED_BODY;
    choose_cnonce(s, rq, cnonce);
    if (!write_value(s, cred, rq, cnonce, s->nc + 1, out))
        return A407_STEP_FAIL;
    s->nc++;
    return A407_STEP_DONE;
}

/*
 * A server that has forgotten a nonce may send a new one without stale=true
 * (squid does), so that is enough where ours came from an earlier exchange. Who
 * says stale for ever is stopped by the caller's count of attempts.
 */
static enum a407_reply digest_reply(const void *state,
                                    const struct a407_challenge *ch, bool fresh)
{
    const struct a407_digest_state *s = state;
    if (a407_param_is(ch, "stale", "true"))
        return A407_REPLY_STALE;
    const struct a407_param *nonce = a407_param_find(ch, "nonce");
    if (!fresh && nonce && s->nonce && !a407_span_eq(nonce->value, s->nonce))
        return A407_REPLY_STALE;
    return A407_REPLY_REJECTED;
}

/*
 * RFC 7616 section 3.5: the next request is to use nextnonce. The count of the
 * same nonce has to go on. With -sess a new one starts a new A1; a server that
 * kept the old A1 answers with a new challenge, which is met as a stale one.
 */
static void digest_info(void *state, const struct a407_challenge *info)
{
    struct a407_digest_state *s = state;
    const struct a407_param *p = a407_param_find(info, "nextnonce");
    if (!s->nonce || !p || !p->value.n || !is_echoable(p) ||
        a407_span_eq(p->value, s->nonce))
        return;
    struct a407_digest_state next = {0};
    if (!set_nonce(&next, p->value)) {
        free_strings(&next);
        return; /* the old one is still good for a stale=true */
    }
    a407_free_secret(s->nonce);
    a407_free_secret(s->nonce_text);
    s->nonce = next.nonce;
    s->nonce_text = next.nonce_text;
    s->nc = 0;
    a407_wipe(s->session_cnonce, sizeof s->session_cnonce);
}

/* With the count, which a challenge does not have. */
static bool digest_save(const void *state, struct a407_buf *out)
{
    const struct a407_digest_state *s = state;
    a407_buf_fmt(out, "Digest nc=%08x", (unsigned)s->nc);
    write_echo(out, "realm", s->realm);
    write_echo(out, "nonce", s->nonce);
    if (s->opaque)
        write_echo(out, "opaque", s->opaque);
    if (s->qop != A407_QOP_NONE)
        write_echo(out, "qop", qop_name(s->qop));
    if (s->algorithm_text[0])
        write_echo(out, "algorithm", s->algorithm_text);
    if (s->userhash)
        a407_buf_str(out, ", userhash=true");
    if (s->utf8)
        a407_buf_str(out, ", charset=UTF-8");
    if (s->session_cnonce[0])
        write_echo(out, "cnonce", s->session_cnonce);
    return !out->failed;
}

static bool digest_resume(void *state, const struct a407_challenge *saved)
{
    struct a407_digest_state *s = state;
    const struct a407_param *nc = a407_param_find(saved, "nc");
    char text[A407_DIGEST_CNONCE];
    if (!nc || a407_param_text(nc, text, sizeof text) != 8 ||
        strspn(text, "0123456789abcdef") != 8 || !digest_init(state, saved))
        return false;
    s->nc = (uint32_t)strtoul(text, NULL, 16);
    const struct a407_param *cnonce = a407_param_find(saved, "cnonce");
    int n = cnonce ? a407_param_text(cnonce, text, sizeof text) : 0;
    if (n == sizeof text - 1 && strspn(text, "0123456789abcdef") == (size_t)n)
        memcpy(s->session_cnonce, text, sizeof text);
    return true;
}

static void digest_wipe(void *state)
{
    free_strings(state);
}

const struct a407_scheme a407_digest = {
    .id = A407_DIGEST,
    .token = "Digest",
    .secret = A407_SECRET_PASSWORD,
    .expires = true,
    .state_size = sizeof(struct a407_digest_state),
    .rank = digest_rank,
    .init = digest_init,
    .step = digest_step,
    .reply = digest_reply,
    .info = digest_info,
    .save = digest_save,
    .resume = digest_resume,
    .wipe = digest_wipe,
};
