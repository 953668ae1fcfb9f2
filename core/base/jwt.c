/* SPDX-License-Identifier: MIT */
#include "jwt.h"

#include <nettle/base64.h>

#include "base64.h"

/* Claims nest two or three levels deep; each level costs a stack frame. */
#define DEPTH_MAX 16

/* What the two objects of a JWT are asked for. */
struct claims {
    bool alg; /* a text of that name is there */
    struct a407_jwt times;
};

static bool is_base64url(char c)
{
    return a407_is_alnum(c) || c == '-' || c == '_';
}

static bool take(struct a407_span *s, char c)
{
    bool is = s->n && *s->p == c;
    if (is)
        a407_span_take(s);
    return is;
}

/* ws of RFC 8259 section 2; what comes behind it. */
static char skip_blanks(struct a407_span *s)
{
    a407_span_run(s, a407_is_lws);
    return a407_span_peek(s);
}

/* What follows a backslash, as one byte: a character that is not ASCII as 0x80,
   a control as a blank, since none is in a claim's name. -1: an error. */
static int take_escape(struct a407_span *s)
{
    char c = a407_span_take(s);
    int code = 0;
    if (c != 'u')
        return !c || !strchr("\"\\/bfnrt", c) ? -1 : a407_is_alpha(c) ? ' ' : c;
    for (int i = 0; i < 4; i++) {
        int digit = a407_hex_value(a407_span_take(s));
        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code < 0x80 ? code : 0x80;
}

/* A string (RFC 8259 section 7); `name` gets it if it is three ASCII characters
   long, as the names of claims are, or else "". */
static bool take_string(struct a407_span *s, char name[4])
{
    size_t n = 0;
    int c;
    name[0] = '\0';
    if (!take(s, '"'))
        return false;
    while ((c = (unsigned char)a407_span_take(s)) != '"') {
        if (c < 0x20 || (c == '\\' && (c = take_escape(s)) < 0))
            return false;
        if (n < 3)
            name[n] = c > 0 && c < 0x80 ? (char)c : ' ';
        n += n < 4;
    }
    name[n == 3 ? 3 : 0] = '\0';
    return true;
}

/* m times ten to the power of `scale`, without its fraction. */
static int64_t scaled(int64_t m, int64_t scale)
{
    for (; m && scale < 0; scale++)
        m /= 10;
    for (; m && scale > 0; scale--) {
        if (m > INT64_MAX / 10)
            return INT64_MAX;
        m *= 10;
    }
    return m;
}

/* Digits into *m as far as they fit, and what they do to the power of ten.
   Returns their number. */
static size_t take_digits(struct a407_span *s, bool fraction, int64_t *m,
                          int64_t *scale)
{
    size_t n = 0;
    for (; a407_is_digit(a407_span_peek(s)); n++) {
        bool fits = *m <= (INT64_MAX - 9) / 10;
        char c = a407_span_take(s);
        if (fits)
            *m = *m * 10 + (c - '0');
        *scale += !fits - fraction;
    }
    return n;
}

/* A number (RFC 8259 section 6): a NumericDate may have a fraction, and nothing
   forbids an exponent (RFC 7519 section 2). */
static bool take_number(struct a407_span *s, int64_t *out)
{
    int64_t m = 0, scale = 0, e = 0, ignored = 0;
    bool minus = take(s, '-');
    bool zero = a407_span_peek(s) == '0';
    size_t n = take_digits(s, false, &m, &scale);
    if (!n || (zero && n > 1) ||
        (take(s, '.') && !take_digits(s, true, &m, &scale)))
        return false;
    if (take(s, 'e') || take(s, 'E')) {
        bool down = take(s, '-');
        if (!down)
            take(s, '+');
        if (!take_digits(s, false, &e, &ignored))
            return false;
        e = e < INT32_MAX ? e : INT32_MAX;
        scale += down ? -e : e;
    }
    *out = minus ? -scaled(m, scale) : scaled(m, scale);
    return true;
}

static bool take_word(struct a407_span *s, const char *word)
{
    while (*word)
        if (!take(s, *word++))
            return false;
    return true;
}

/* A NumericDate; what is not after 1970 became past long ago. Of a name that is
   repeated the last counts (RFC 7519 section 4). */
static void note_date(struct claims *claims, const char name[4], int64_t date)
{
    date = date < 1 ? 1 : date;
    if (strcmp(name, "exp") == 0)
        claims->times.expires = date;
    else if (strcmp(name, "nbf") == 0)
        claims->times.not_before = date;
}

static bool take_items(struct a407_span *s, unsigned depth,
                       struct claims *claims);

/* claims: of which it may be one, by that name; NULL: none. */
static bool take_value(struct a407_span *s, unsigned depth, const char name[4],
                       struct claims *claims)
{
    char ignored[4];
    int64_t number;
    char c = skip_blanks(s);
    if (claims && strcmp(name, "alg") == 0)
        claims->alg = c == '"';
    switch (c) {
    case '{':
    case '[':
        return depth < DEPTH_MAX && take_items(s, depth + 1, NULL);
    case '"':
        return take_string(s, ignored);
    case 't':
        return take_word(s, "true");
    case 'f':
        return take_word(s, "false");
    case 'n':
        return take_word(s, "null");
    default:
        if (!take_number(s, &number))
            return false;
        if (claims)
            note_date(claims, name, number);
        return true;
    }
}

/* An object or an array, from its bracket on. */
static bool take_items(struct a407_span *s, unsigned depth,
                       struct claims *claims)
{
    bool object = a407_span_take(s) == '{';
    char close = object ? '}' : ']';
    if (skip_blanks(s) == close)
        return take(s, close);
    do {
        char name[4] = "";
        skip_blanks(s);
        if (object &&
            (!take_string(s, name) || skip_blanks(s) != ':' || !take(s, ':')))
            return false;
        if (!take_value(s, depth, name, claims))
            return false;
        skip_blanks(s);
    } while (take(s, ','));
    return take(s, close);
}

/* The part up to the next dot, in base64url (RFC 4648 section 5), which is one
   object and nothing else; the token becomes what follows. */
static bool take_part(struct a407_span *token, struct claims *claims)
{
    struct base64_decode_ctx ctx;
    struct a407_span part = a407_span_run(token, is_base64url), json;
    struct a407_buf raw;
    size_t n = A407_BASE64_RAW(part.n);
    if (!part.n || part.n % 4 == 1 || !take(token, '.'))
        return false;
    a407_buf_init(&raw, n);
    base64url_decode_init(&ctx);
    bool ok = a407_buf_reserve(&raw, n) &&
              base64_decode_update(&ctx, &n, (uint8_t *)raw.p, part.n, part.p);
    json = a407_span(raw.p, ok ? n : 0);
    ok = skip_blanks(&json) == '{' && take_items(&json, 1, claims) &&
         !skip_blanks(&json) && !json.n;
    a407_buf_free(&raw);
    a407_wipe(&ctx, sizeof ctx);
    return ok;
}

bool a407_jwt_read(struct a407_span token, struct a407_jwt *out)
{
    struct claims header = {0}, payload = {0};
    bool is =
        take_part(&token, &header) && header.alg && take_part(&token, &payload);
    /* the signature: empty where alg is "none" (RFC 7519 section 6.1) */
    a407_span_run(&token, is_base64url);
    is = is && !token.n;
    *out = is ? payload.times : (struct a407_jwt){0};
    return is;
}

int64_t a407_jwt_expiry(struct a407_span token)
{
    struct a407_jwt jwt;
    a407_jwt_read(token, &jwt);
    return jwt.expires;
}

bool a407_jwt_holds(struct a407_span token, int64_t now)
{
    struct a407_jwt jwt;
    a407_jwt_read(token, &jwt);
    return (!jwt.expires || jwt.expires > now) &&
           (!jwt.not_before || jwt.not_before - A407_JWT_LEEWAY_S <= now);
}
