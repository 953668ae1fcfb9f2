/* SPDX-License-Identifier: MIT */
#include "digest.h"

#include <ctype.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

const struct digest_algorithm *digest_algorithm(const char *token)
{
    static const struct digest_algorithm all[] = {
        {"MD5", &nettle_md5, false},
        {"MD5-sess", &nettle_md5, true},
        {"SHA-256", &nettle_sha256, false},
        {"SHA-256-sess", &nettle_sha256, true},
        {"SHA-512-256", &nettle_sha512_256, false},
        {"SHA-512-256-sess", &nettle_sha512_256, true}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcasecmp(all[i].token, token) == 0)
            return &all[i];
    return NULL;
}

void digest_hex(const struct digest_algorithm *a, const void *p, size_t n,
                char out[DIGEST_HEX_MAX])
{
    union {
        struct md5_ctx md5;
        struct sha256_ctx sha256;
        struct sha512_ctx sha512;
    } ctx;
    uint8_t sum[64];
    a->hash->init(&ctx);
    a->hash->update(&ctx, n, p);
    a->hash->digest(&ctx, a->hash->digest_size, sum);
    for (size_t i = 0; i < a->hash->digest_size; i++)
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

/* The hash of some strings with colons between them; ends with NULL. */
static void hash_joined(const struct digest_algorithm *a, char *out,
                        const char *const *parts)
{
    struct text t = {0};
    for (size_t i = 0; parts[i]; i++)
        text_fmt(&t, "%s%s", i ? ":" : "", parts[i]);
    digest_hex(a, t.p, t.n, out);
    text_free(&t);
}

void digest_response(const struct digest_input *in, char out[DIGEST_HEX_MAX])
{
    const struct digest_algorithm *a = in->algorithm;
    char a1[DIGEST_HEX_MAX], a2[DIGEST_HEX_MAX], body[DIGEST_HEX_MAX];

    hash_joined(a, a1,
                (const char *[]){in->username, in->realm, in->password, NULL});
    if (a->sess)
        hash_joined(a, a1,
                    (const char *[]){a1, in->nonce, in->sess_cnonce, NULL});

    digest_hex(a, in->body ? in->body : "", in->body_len, body);
    bool whole = strcmp(in->qop, "auth-int") == 0;
    hash_joined(
        a, a2,
        (const char *[]){in->method, in->uri, whole ? body : NULL, NULL});

    if (in->qop[0])
        hash_joined(a, out,
                    (const char *[]){a1, in->nonce, in->nc, in->cnonce, in->qop,
                                     a2, NULL});
    else
        hash_joined(a, out, (const char *[]){a1, in->nonce, a2, NULL});
}

static const char *skip_blanks(const char *z)
{
    return z + strspn(z, " \t");
}

/* Reads one value at z into out. Returns what follows it, or NULL. */
static const char *read_value(const char *z, char *out, size_t cap,
                              bool *quoted)
{
    size_t n = 0;
    *quoted = *z == '"';
    if (!*quoted) {
        n = strcspn(z, ", \t\"");
        if (!n || n >= cap)
            return NULL;
        memcpy(out, z, n);
        out[n] = 0;
        return z + n;
    }
    for (z++; *z && *z != '"'; z++) {
        if (*z == '\\' && z[1])
            z++;
        if (n + 1 >= cap)
            return NULL;
        out[n++] = *z;
    }
    out[n] = 0;
    return *z == '"' ? z + 1 : NULL;
}

bool params_parse(const char *z, struct params *out)
{
    out->n = 0;
    for (z = skip_blanks(z); *z;) {
        size_t n = strcspn(z, "=, \t\"");
        if (!n || n >= sizeof out->item[0].name || z[n] != '=' ||
            out->n == PARAMS_MAX)
            return false;
        memcpy(out->item[out->n].name, z, n);
        out->item[out->n].name[n] = 0;
        if (params_get(out, out->item[out->n].name, NULL))
            return false;
        z = read_value(z + n + 1, out->item[out->n].value,
                       sizeof out->item[0].value, &out->item[out->n].quoted);
        if (!z)
            return false;
        out->n++;
        z = skip_blanks(z);
        if (*z && *z++ != ',')
            return false;
        z = skip_blanks(z);
    }
    return true;
}

const char *params_get(const struct params *p, const char *name, bool *quoted)
{
    for (size_t i = 0; i < p->n; i++) {
        if (strcasecmp(p->item[i].name, name) != 0)
            continue;
        if (quoted)
            *quoted = p->item[i].quoted;
        return p->item[i].value;
    }
    return NULL;
}

bool params_decode_ext(const char *value, char *out, size_t cap)
{
    if (strncasecmp(value, "UTF-8'", 6) != 0)
        return false;
    value = strchr(value + 6, '\'');
    if (!value)
        return false;
    size_t n = 0;
    for (value++; *value && n + 1 < cap; value++) {
        if (*value != '%') {
            out[n++] = *value;
            continue;
        }
        if (!isxdigit((unsigned char)value[1]) ||
            !isxdigit((unsigned char)value[2]))
            return false;
        out[n++] = (char)strtoul((char[]){value[1], value[2], 0}, NULL, 16);
        value += 2;
    }
    out[n] = 0;
    return !*value;
}
