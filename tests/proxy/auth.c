/* SPDX-License-Identifier: MIT */
#include "auth.h"

#include <ctype.h>
#include <err.h>
#include <nettle/base64.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void random_bytes(void *p, size_t n)
{
    if (getrandom(p, n, 0) != (ssize_t)n)
        err(1, "getrandom");
}

void auth_init(struct auth *a)
{
    unsigned char raw[16];
    random_bytes(raw, sizeof raw);
    for (size_t i = 0; i < sizeof raw; i++)
        snprintf(a->opaque + 2 * i, 3, "%02x", raw[i]);
    pthread_mutex_init(&a->lock, NULL);
}

bool auth_needed(const struct auth *a)
{
    return a->basic || a->digest || a->bearer || a->ntlm || a->negotiate ||
           a->n_extra;
}

void auth_fresh_nonce(struct auth *a, char out[40])
{
    /* Base64, so that "=", "+" and "/" are met, as in Apache's nonces. */
    uint8_t raw[16];
    char coded[BASE64_ENCODE_RAW_LENGTH(sizeof raw) + 1] = {0};
    random_bytes(raw, sizeof raw);
    base64_encode_raw(coded, sizeof raw, raw);
    snprintf(out, 40, "%s", coded);

    pthread_mutex_lock(&a->lock);
    a->nonces = realloc(a->nonces, (a->n_nonces + 1) * sizeof *a->nonces);
    if (!a->nonces)
        err(1, "no memory");
    struct nonce *n = &a->nonces[a->n_nonces++];
    memset(n, 0, sizeof *n);
    snprintf(n->text, sizeof n->text, "%s", out);
    pthread_mutex_unlock(&a->lock);
}

static struct text *add(struct challenges *c)
{
    if (c->n == CHALLENGES_MAX)
        errx(1, "more than %d challenges", CHALLENGES_MAX);
    return &c->item[c->n++];
}

static void add_digest(struct auth *a, const struct digest_algorithm *alg,
                       bool stale, struct challenges *out)
{
    char nonce[40];
    struct text *t = add(out);
    auth_fresh_nonce(a, nonce);
    text_fmt(t, "Digest realm=\"%s\", nonce=\"%s\", opaque=\"%s\"", a->realm,
             nonce, a->opaque);
    if (a->qop[0])
        text_fmt(t, ", qop=\"%s\"", a->qop);
    text_fmt(t, ", algorithm=%s", alg->token);
    if (a->userhash)
        text_str(t, ", userhash=true");
    if (a->charset)
        text_str(t, ", charset=UTF-8");
    if (stale)
        text_str(t, ", stale=true");
}

void auth_challenges(struct auth *a, bool stale, struct challenges *out)
{
    *out = (struct challenges){0};
    for (size_t i = 0; i < a->n_extra; i++)
        text_str(add(out), a->extra[i]);
    if (a->negotiate)
        text_str(add(out), "Negotiate");
    if (a->ntlm)
        text_str(add(out), "NTLM");
    for (size_t i = 0; a->digest && i < a->n_algorithms; i++)
        add_digest(a, a->algorithms[i], stale, out);
    if (a->bearer)
        text_fmt(add(out), "Bearer realm=\"%s\"", a->realm);
    if (a->basic)
        text_fmt(add(out), "Basic realm=\"%s\"%s", a->realm,
                 a->charset ? ", charset=\"UTF-8\"" : "");
}

void challenges_free(struct challenges *c)
{
    for (size_t i = 0; i < c->n; i++)
        text_free(&c->item[i]);
    c->n = 0;
}

static void rule(struct ruling *out, enum verdict v, const char *reason)
{
    out->verdict = v;
    out->reason = reason;
}

/* A name for the log: blanks and control bytes would break its line. */
static void note_user(struct ruling *out, const char *user)
{
    snprintf(out->user, sizeof out->user, "%.100s", *user ? user : "-");
    for (char *p = out->user; *p; p++)
        if (isspace((unsigned char)*p) || iscntrl((unsigned char)*p))
            *p = '_';
}

static void judge_basic(struct auth *a, const char *value, struct ruling *out)
{
    struct base64_decode_ctx ctx;
    size_t room = BASE64_DECODE_LENGTH(strlen(value)), n = room;
    char *plain = calloc(1, room + 1);
    if (!plain)
        err(1, "no memory");
    base64_decode_init(&ctx);
    bool fine = base64_decode_update(&ctx, &n, (uint8_t *)plain, strlen(value),
                                     value) &&
                base64_decode_final(&ctx);
    plain[fine ? n : 0] = 0;
    char *colon = strchr(plain, ':');
    if (colon)
        *colon = 0;
    note_user(out, plain);
    if (!fine || !colon || strlen(plain) + strlen(colon + 1) + 1 != n)
        rule(out, AUTH_WRONG, "not-base64-of-user:password");
    else if (strcmp(plain, a->user) || strcmp(colon + 1, a->password))
        rule(out, AUTH_WRONG, "wrong-credential");
    else
        rule(out, AUTH_OK, "ok");
    free(plain);
}

/* RFC 6750 section 2.1 */
static void judge_bearer(struct auth *a, const char *value, struct ruling *out)
{
    if (strcmp(value, a->password) == 0)
        rule(out, AUTH_OK, "ok");
    else
        rule(out, AUTH_WRONG, "wrong-credential");
}

/* So that a test can change the password while the proxy runs. */
void auth_read_password(struct auth *a)
{
    FILE *f = a->password_file ? fopen(a->password_file, "re") : NULL;
    if (!f)
        return;
    if (!fgets(a->current, sizeof a->current, f))
        a->current[0] = 0;
    fclose(f);
    a->current[strcspn(a->current, "\n")] = 0;
    a->password = a->current;
}

/* RFC 7616 section 3.4: which parameters are quoted and which must not be. */
static const char *bad_quoting(const struct params *p)
{
    static const char *const with[] = {"username", "realm",  "nonce", "uri",
                                       "response", "cnonce", "opaque"};
    static const char *const without[] = {"algorithm", "qop", "nc", "userhash",
                                          "username*"};
    bool quoted;
    for (size_t i = 0; i < sizeof with / sizeof *with; i++)
        if (params_get(p, with[i], &quoted) && !quoted)
            return with[i];
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (params_get(p, without[i], &quoted) && quoted)
            return without[i];
    return NULL;
}

/* Whether one of the comma-separated tokens of `offered` is `token`. */
static bool offers(const char *offered, const char *token)
{
    size_t n = token ? strlen(token) : 0;
    for (const char *p = offered; n && *p;) {
        p += strspn(p, ", ");
        size_t k = strcspn(p, ", ");
        if (k && k == n && strncmp(p, token, n) == 0)
            return true;
        p += k;
    }
    return false;
}

static bool user_matches(const struct auth *a, const struct params *p,
                         const struct digest_algorithm *alg, struct ruling *out)
{
    char name[1024], hex[DIGEST_HEX_MAX];
    const char *plain = params_get(p, "username", NULL);
    const char *ext = params_get(p, "username*", NULL);
    const char *hashed = params_get(p, "userhash", NULL);
    if (!plain == !ext) /* exactly one of the two: RFC 7616 section 3.4 */
        return false;
    if (ext && (!params_decode_ext(ext, name, sizeof name) || hashed))
        return false;
    note_user(out, ext ? name : plain);
    if (!hashed || strcmp(hashed, "true") != 0)
        return strcmp(ext ? name : plain, a->user) == 0;
    struct text t = {0};
    text_fmt(&t, "%s:%s", a->user, a->realm);
    digest_hex(alg, t.p, t.n, hex);
    text_free(&t);
    return a->userhash && strcmp(plain, hex) == 0;
}

/*
 * curl gives a proxy the path alone, where RFC 7616 section 3.4 has the request
 * target. Real proxies accept that, so it is let in, but under a name of its
 * own, for the tests to see.
 */
static bool is_path_of(const char *uri, const char *target)
{
    const char *host = strstr(target, "://");
    const char *path = host ? strchr(host + 3, '/') : NULL;
    return path && strcmp(uri, path) == 0;
}

/* The parameters by themselves, before any hash. NULL: fine. */
static const char *check_params(const struct auth *a, const struct msg *rq,
                                const struct params *p,
                                const struct digest_algorithm **alg)
{
    const char *token = params_get(p, "algorithm", NULL);
    const char *qop = params_get(p, "qop", NULL);
    const char *nc = params_get(p, "nc", NULL);
    const char *uri = params_get(p, "uri", NULL);
    const char *realm = params_get(p, "realm", NULL);
    const char *opaque = params_get(p, "opaque", NULL);
    *alg = NULL;
    for (size_t i = 0; i < a->n_algorithms; i++)
        if (strcasecmp(a->algorithms[i]->token, token ? token : "MD5") == 0)
            *alg = a->algorithms[i];
    if (bad_quoting(p))
        return "quoting";
    if (!*alg)
        return "algorithm-not-offered";
    if (!realm || strcmp(realm, a->realm))
        return "realm";
    if (!uri || (strcmp(uri, rq->word[1]) && !is_path_of(uri, rq->word[1])))
        return "uri";
    if (!opaque || strcmp(opaque, a->opaque))
        return "opaque";
    if (a->qop[0] ? !qop || !offers(a->qop, qop) : qop != NULL)
        return "qop";
    if (qop && (!nc || strlen(nc) != 8 || strspn(nc, "0123456789abcdef") != 8))
        return "nc-form";
    if ((qop || (*alg)->sess) && !params_get(p, "cnonce", NULL))
        return "cnonce";
    if (!params_get(p, "nonce", NULL) || !params_get(p, "response", NULL))
        return "nonce-or-response-missing";
    return NULL;
}

static struct nonce *find_nonce(struct auth *a, const char *text)
{
    for (size_t i = a->n_nonces; i--;)
        if (strcmp(a->nonces[i].text, text) == 0)
            return &a->nonces[i];
    return NULL;
}

/* Counts one use of a nonce. Each nc may come once, in any order. */
static void use_nonce(struct auth *a, struct nonce *n, const char *nc,
                      struct ruling *out)
{
    unsigned long count = nc ? strtoul(nc, NULL, 16) : 0;
    if (nc && (count == 0 || count >= NC_MAX))
        rule(out, AUTH_WRONG, "nc-range");
    else if (nc && n->seen[count / 8] & (1u << count % 8))
        rule(out, AUTH_WRONG, "nc-repeated");
    else if (a->nonce_count && n->uses >= a->nonce_count)
        rule(out, AUTH_STALE, "stale");
    else
        rule(out, AUTH_OK, "ok");
    if (nc && out->verdict != AUTH_WRONG)
        n->seen[count / 8] |= (unsigned char)(1u << count % 8);
    n->uses += out->verdict == AUTH_OK;
}

static void judge_digest(struct auth *a, const struct msg *rq,
                         const char *value, struct ruling *out)
{
    struct params p;
    const struct digest_algorithm *alg;
    if (!params_parse(value, &p)) {
        rule(out, AUTH_WRONG, "syntax");
        return;
    }
    const char *bad = check_params(a, rq, &p, &alg);
    if (bad || !user_matches(a, &p, alg, out)) {
        rule(out, AUTH_WRONG, bad ? bad : "user");
        return;
    }

    const char *cnonce = params_get(&p, "cnonce", NULL);
    const char *qop = params_get(&p, "qop", NULL);
    struct digest_input in = {.algorithm = alg,
                              .username = a->user,
                              .realm = a->realm,
                              .password = a->password,
                              .nonce = params_get(&p, "nonce", NULL),
                              .cnonce = cnonce,
                              .nc = params_get(&p, "nc", NULL),
                              .qop = qop ? qop : "",
                              .method = rq->word[0],
                              .uri = params_get(&p, "uri", NULL),
                              .sess_cnonce = cnonce,
                              .body = rq->body.p,
                              .body_len = rq->body.n};
    struct nonce *n = find_nonce(a, in.nonce);
    if (n && cnonce && !n->first_cnonce[0])
        snprintf(n->first_cnonce, sizeof n->first_cnonce, "%s", cnonce);
    if (n && a->sess_first)
        in.sess_cnonce = n->first_cnonce;

    char want[DIGEST_HEX_MAX];
    digest_response(&in, want);
    if (strcmp(want, params_get(&p, "response", NULL)) != 0)
        rule(out, AUTH_WRONG, "wrong-credential");
    else if (!n) /* RFC 7616 section 3.3: right password, unknown nonce */
        rule(out, AUTH_STALE, "unknown-nonce");
    else
        use_nonce(a, n, in.nc, out);
    if (out->verdict == AUTH_OK && strcmp(in.uri, rq->word[1]) != 0)
        out->reason = "ok-path-uri";
}

bool auth_wants_body(const struct msg *rq)
{
    const char *value = msg_field(rq, "Proxy-Authorization");
    return value && strcasestr(value, "qop=auth-int");
}

static void note_scheme(struct ruling *out, const char *value, size_t n)
{
    size_t k = 0;
    for (; k < n && k + 1 < sizeof out->scheme; k++)
        out->scheme[k] = (char)tolower((unsigned char)value[k]);
    out->scheme[k] = 0;
}

void auth_judge(struct auth *a, const struct msg *rq, struct ruling *out)
{
    const char *value = msg_field(rq, "Proxy-Authorization");
    *out = (struct ruling){AUTH_MISSING, "missing", "none", "-"};
    if (!value) {
        if (!auth_needed(a))
            rule(out, AUTH_OK, "open");
        return;
    }
    size_t n = strcspn(value, " ");
    note_scheme(out, value, n);
    pthread_mutex_lock(&a->lock);
    auth_read_password(a);
    if (!auth_needed(a))
        rule(out, AUTH_OK, "open");
    else if (msg_count(rq, "Proxy-Authorization") != 1)
        rule(out, AUTH_WRONG, "two-fields");
    else if (a->basic && strcmp(out->scheme, "basic") == 0 && value[n])
        judge_basic(a, value + n + 1, out);
    else if (a->bearer && strcmp(out->scheme, "bearer") == 0 && value[n])
        judge_bearer(a, value + n + 1, out);
    else if (a->digest && strcmp(out->scheme, "digest") == 0 && value[n])
        judge_digest(a, rq, value + n + 1, out);
    else
        rule(out, AUTH_WRONG, "scheme-not-offered");
    if (out->verdict == AUTH_OK && a->valid_for && ++a->accepted > a->valid_for)
        rule(out, AUTH_WRONG, "revoked");
    pthread_mutex_unlock(&a->lock);
}
