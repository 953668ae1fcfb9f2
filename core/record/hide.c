/* SPDX-License-Identifier: MIT */
#include "hide.h"

#include "core/base/base64.h"
#include "core/base/buf.h"
#include "core/base/text.h"

#define SECRET_MIN 4
#define IN_PLACE   "***"

/* The byte that two hexadecimal digits are; -1: these are none. */
static int hex_byte(const char *z)
{
    int high = a407_hex_value(z[0]), low = high < 0 ? -1 : a407_hex_value(z[1]);
    return low < 0 ? -1 : high * 16 + low;
}

static size_t plain(const char *z, char c)
{
    return *z == c;
}

/* How much of z spells the byte, as in a text, a URL, JSON or a program's
   string; 0: it does not. */
static size_t escaped(const char *z, char c)
{
    int byte = (unsigned char)c;
    if (*z == '%' && hex_byte(z + 1) == byte)
        return 3;
    if (*z == '\\') {
        if (z[1] == 'x' && hex_byte(z + 2) == byte)
            return 4;
        if (strncmp(z + 1, "u00", 3) == 0 && hex_byte(z + 4) == byte)
            return 6;
        if (z[1] && z[1] == c)
            return 2;
    }
    return *z == c || (*z == '+' && c == ' ');
}

/* ... as digits, with something between them or nothing. */
static size_t digits(const char *z, char c)
{
    size_t between = *z == ' ' || *z == ':';
    return hex_byte(z + between) == (unsigned char)c ? between + 2 : 0;
}

/* How much of z spells the secret; 0: it does not. `cut`: where the text ends,
   the secret may go on. */
static size_t spelled(const char *z, struct a407_span secret, bool cut,
                      size_t (*spells)(const char *, char))
{
    size_t i = 0, at = 0, n = 1;
    while (n && i < secret.n && z[at]) {
        n = spells(z + at, secret.p[i]);
        at += n;
        i += n > 0;
    }
    if (i == secret.n)
        return at;
    size_t left = strlen(z + at);
    bool within = !left || (left < 6 && strchr("%\\: ", z[at]));
    return cut && i >= SECRET_MIN && within ? at + left : 0;
}

/* In place: what takes its room is never longer than it is. */
void a407_text_hide(char *z, size_t cap, struct a407_span secret)
{
    bool cut = strlen(z) + 4 >= cap;
    for (; secret.n >= SECRET_MIN && *z; z++) {
        size_t n =
            spelled(z, secret, cut, plain) ?: spelled(z, secret, cut, escaped);
        if (!n && a407_hex_value(*z) == (unsigned char)secret.p[0] >> 4)
            n = spelled(z, secret, cut, digits);
        if (!n)
            continue;
        memcpy(z, IN_PLACE, sizeof IN_PLACE - 1);
        memmove(z + sizeof IN_PLACE - 1, z + n, strlen(z + n) + 1);
        z += sizeof IN_PLACE - 2;
    }
}

/* Its padding may be left out where it is shown. */
void a407_hide_base64(const struct a407_hider *h, struct a407_span coded)
{
    h->hide(h->text, coded);
    while (a407_span_ends(coded, "="))
        coded.n--;
    h->hide(h->text, coded);
}

void a407_hide_secret(const struct a407_hider *h, struct a407_span secret)
{
    struct a407_buf coded;
    h->hide(h->text, secret);
    if (secret.n < SECRET_MIN)
        return;
    a407_buf_init(&coded, A407_BASE64_TEXT(4096));
    if (a407_base64_add(&coded, secret))
        a407_hide_base64(h, a407_span(coded.p, coded.n));
    a407_buf_free(&coded);
}

void a407_hide_credential(const struct a407_hider *h,
                          const struct a407_credential *c)
{
    struct a407_buf pair;
    a407_buf_init(&pair, 4096);
    if (c->username && c->password &&
        a407_buf_fmt(&pair, "%s:%s", c->username, c->password))
        a407_hide_secret(h, a407_span(pair.p, pair.n));
    a407_buf_free(&pair);
    a407_hide_secret(h, a407_span_str(c->password));
    a407_hide_secret(h, a407_span_str(c->token));
}
