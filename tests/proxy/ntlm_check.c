/* SPDX-License-Identifier: MIT */
/* A Type 3: its shape, its proof of the password, its MIC. */
#include <ctype.h>
#include <nettle/arcfour.h>
#include <nettle/des.h>
#include <nettle/hmac.h>
#include <nettle/md4.h>
#include <nettle/md5.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ntlm.h"

#define HEAD     72 /* with the Version; a MIC of 16 bytes may follow */
#define OLD_HEAD 64 /* curl leaves the Version out */

struct part {
    const char *p;
    size_t n;
};

struct type3 {
    struct part lm, nt, domain, user, workstation, key;
    uint32_t flags;
    size_t size; /* without what follows it in an envelope */
};

static void hmac(const uint8_t key[16], struct part one, struct part two,
                 uint8_t out[16])
{
    struct hmac_md5_ctx ctx;
    hmac_md5_set_key(&ctx, 16, key);
    hmac_md5_update(&ctx, one.n, (const uint8_t *)one.p);
    if (two.n)
        hmac_md5_update(&ctx, two.n, (const uint8_t *)two.p);
    hmac_md5_digest(&ctx, 16, out);
}

static bool take_field(const struct text *m, size_t at, struct type3 *t,
                       struct part *out)
{
    uint32_t n = ntlm_get16(m->p + at), from = ntlm_get32(m->p + at + 4);
    if (!n) {
        *out = (struct part){"", 0}; /* then the place says nothing */
        return true;
    }
    if (ntlm_get16(m->p + at + 2) != n || from < OLD_HEAD || from > m->n ||
        n > m->n - from)
        return false;
    *out = (struct part){m->p + from, n};
    if (from + n > t->size)
        t->size = from + n;
    return true;
}

static bool take_apart(const struct text *m, struct type3 *t)
{
    *t = (struct type3){.size = OLD_HEAD};
    if (m->n < OLD_HEAD || ntlm_get32(m->p + 8) != 3)
        return false;
    t->flags = ntlm_get32(m->p + 60);
    return take_field(m, 12, t, &t->lm) && take_field(m, 20, t, &t->nt) &&
           take_field(m, 28, t, &t->domain) && take_field(m, 36, t, &t->user) &&
           take_field(m, 44, t, &t->workstation) &&
           take_field(m, 52, t, &t->key);
}

/* A name as a string, if it is ASCII in the character set of the message. */
static bool narrow(struct part s, bool unicode, char out[128])
{
    size_t step = unicode ? 2 : 1, n = s.n / step;
    if (s.n % step || n >= 128)
        return false;
    for (size_t i = 0; i < n; i++) {
        out[i] = s.p[i * step];
        if ((unsigned char)out[i] > 0x7f || !out[i] ||
            (unicode && s.p[i * 2 + 1]))
            return false;
    }
    out[n] = 0;
    return true;
}

static void widen(const char *z, bool upper, struct text *out)
{
    for (; *z; z++) {
        char pair[2] = {upper ? (char)toupper((unsigned char)*z) : *z, 0};
        text_add(out, pair, 2);
    }
}

static void hash_password(const char *password, uint8_t out[16])
{
    struct md4_ctx ctx;
    struct text wide = {0};
    widen(password, false, &wide);
    md4_init(&ctx);
    md4_update(&ctx, wide.n, (const uint8_t *)(wide.p ? wide.p : ""));
    md4_digest(&ctx, 16, out);
    text_free(&wide);
}

static struct part nonce_of(const struct ntlm *n)
{
    return (struct part){n->type2.p + 24, 8};
}

/* One pair of a list; p NULL: it is not there. */
static struct part find_pair(struct part list, unsigned id)
{
    while (list.n >= 4) {
        size_t n = ntlm_get16(list.p + 2);
        if (n > list.n - 4 || (!ntlm_get16(list.p) && id))
            break;
        if (ntlm_get16(list.p) == id)
            return (struct part){list.p + 4, n};
        list = (struct part){list.p + 4 + n, list.n - 4 - n};
    }
    return (struct part){NULL, 0};
}

/* What we offered in the Type 2; p NULL: nothing. */
static struct part offered_info(const struct ntlm *n)
{
    size_t len = ntlm_get16(n->type2.p + 40);
    return (struct part){len ? n->type2.p + ntlm_get32(n->type2.p + 44) : NULL,
                         len};
}

/* All three messages, with zeros in place of the MIC. */
static const char *check_mic(const struct ntlm *n, const struct text *m,
                             const struct type3 *t, const uint8_t base[16])
{
    uint8_t key[16], mic[16];
    struct text all = {0};
    memcpy(key, base, sizeof key);
    if (t->flags & NTLM_KEY_EXCH) {
        struct arcfour_ctx ctx;
        if (t->key.n != sizeof key)
            return "session-key";
        arcfour_set_key(&ctx, 16, base);
        arcfour_crypt(&ctx, 16, key, (const uint8_t *)t->key.p);
    }
    if (t->size < HEAD + 16)
        return "mic-missing";
    text_add(&all, n->type1.p, n->type1.n);
    text_add(&all, n->type2.p, n->type2.n);
    size_t from = all.n;
    text_add(&all, m->p, t->size);
    memset(all.p + from + HEAD, 0, 16);
    hmac(key, (struct part){all.p, all.n}, (struct part){NULL, 0}, mic);
    text_free(&all);
    return memcmp(mic, m->p + HEAD, 16) == 0 ? NULL : "mic-wrong";
}

/* The list that came back: ours, in its order; and whether a MIC is said to be
   there. */
static const char *check_info(struct part ours, struct part theirs, bool *mic)
{
    bool timed = find_pair(ours, 7).p;
    struct part flags = find_pair(theirs, 6);
    *mic = false;
    if (!ours.p)
        return NULL;
    if (theirs.n < ours.n || memcmp(theirs.p, ours.p, ours.n - 4) != 0)
        return "target-info";
    *mic = timed && flags.n == 4 && flags.p[0] & 2;
    return NULL;
}

static const char *check_v2(const struct ntlm *n, const struct auth *a,
                            const struct text *m, const struct type3 *t,
                            const char *domain)
{
    static const char zeros[24];
    uint8_t key[16], proof[16], base[16];
    struct text who = {0};
    struct part blob = {t->nt.p + 16, t->nt.n - 16}, none = {NULL, 0};
    struct part ours = offered_info(n);
    if (t->nt.n < 48 || memcmp(blob.p, "\1\1\0\0\0\0\0", 8) != 0)
        return "response-form";
    widen(a->user, true, &who);
    widen(domain, false, &who);
    hash_password(a->password, key);
    hmac(key, (struct part){who.p, who.n}, none, key);
    text_free(&who);
    hmac(key, nonce_of(n), blob, proof);
    if (memcmp(proof, t->nt.p, 16) != 0)
        return "wrong-credential";
    bool mic;
    const char *bad =
        check_info(ours, (struct part){blob.p + 28, blob.n - 28}, &mic);
    if (bad)
        return bad;
    hmac(key, (struct part){(char *)proof, 16}, none, base);
    if (mic && (t->lm.n != 24 || memcmp(t->lm.p, zeros, 24)))
        return "lm-not-empty";
    if (mic)
        return check_mic(n, m, t, base);
    /* Where there could be one: real servers take that, from curl for one. */
    if (find_pair(ours, 7).p)
        return "ok-no-mic";
    if (t->lm.n != 24)
        return "lm-response";
    hmac(key, nonce_of(n), (struct part){t->lm.p + 16, 8}, proof);
    return memcmp(proof, t->lm.p, 16) == 0 ? NULL : "lm-response";
}

static void des_part(const uint8_t *seven, const uint8_t in[8], char out[8])
{
    struct des_ctx ctx;
    uint8_t key[8];
    uint64_t bits = 0;
    for (unsigned i = 0; i < 7; i++)
        bits = bits << 8 | seven[i];
    for (unsigned i = 0; i < 8; i++)
        key[i] = (uint8_t)(bits >> (49 - 7 * i) << 1);
    des_set_key(&ctx, key);
    des_encrypt(&ctx, 8, (uint8_t *)out, in);
}

/* With session security, as all clients have it (MS-NLMP section 3.3.1). */
static const char *check_v1(const struct ntlm *n, const struct auth *a,
                            const struct type3 *t)
{
    static const char zeros[16];
    struct md5_ctx md5;
    uint8_t key[21] = {0}, sum[16];
    char want[24];
    if (t->nt.n != 24)
        return "not-version-1";
    if (t->lm.n != 24 || memcmp(t->lm.p + 8, zeros, 16) ||
        !(t->flags & NTLM_ESS))
        return "lm-response";
    md5_init(&md5);
    md5_update(&md5, 8, (const uint8_t *)nonce_of(n).p);
    md5_update(&md5, 8, (const uint8_t *)t->lm.p);
    md5_digest(&md5, 16, sum);
    hash_password(a->password, key);
    for (unsigned i = 0; i < 3; i++)
        des_part(key + 7 * i, sum, want + 8 * i);
    return memcmp(want, t->nt.p, 24) == 0 ? NULL : "wrong-credential";
}

static const char *check_flags(const struct ntlm *n, const struct type3 *t)
{
    uint32_t sets = NTLM_UNICODE | NTLM_OEM;
    if (t->flags & ~n->flags || (t->flags & sets) != (n->flags & sets))
        return "type3-flags";
    if (!(t->flags & NTLM_KEY_EXCH) != !t->key.n)
        return "session-key";
    return NULL;
}

const char *ntlm_check(const struct ntlm *n, const struct auth *a, bool v1,
                       const struct text *m, struct ruling *out)
{
    char user[128], domain[128], station[128];
    struct type3 t;
    if (!take_apart(m, &t) || (!n->wrapped && t.size != m->n))
        return "type3-syntax";
    const char *word = check_flags(n, &t);
    if (word)
        return word;
    bool unicode = t.flags & NTLM_UNICODE;
    if (!narrow(t.user, unicode, user) || !narrow(t.domain, unicode, domain) ||
        !narrow(t.workstation, unicode, station))
        return "names";
    snprintf(out->user, sizeof out->user, "%.60s%s%.60s", domain,
             *domain ? "\\" : "", user);
    for (char *p = out->user; *p; p++)
        if (isspace((unsigned char)*p) || iscntrl((unsigned char)*p))
            *p = '_';
    if (a->domain && strcmp(a->domain, domain) != 0)
        return "domain";
    if (strcasecmp(user, a->user) != 0)
        return "user";
    word = v1 ? check_v1(n, a, &t) : check_v2(n, a, m, &t, domain);
    return word ? word : "ok";
}
