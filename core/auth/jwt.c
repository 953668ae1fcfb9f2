/* SPDX-License-Identifier: MIT */
#include "jwt.h"

#include <stddef.h>

/* Claims nest two or three levels deep; each level costs a stack frame. */
#define DEPTH_MAX 16

/*
 * A text in base64url (RFC 4648 section 5), read where it stands: the token is
 * a secret, and needs no second copy.
 */
struct scan {
    const char *coded;
    size_t n; /* decoded bytes */
    size_t i;
};

/* What the two objects of a JWT are asked for. */
struct claims {
    bool alg; /* a text of that name is there */
    int64_t exp;
    int64_t nbf;
};

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static bool scan_start(struct scan *s, struct a407_span coded)
{
    if (coded.n == 0 || coded.n % 4 == 1)
        return false;
    for (size_t i = 0; i < coded.n; i++)
        if (sextet(coded.p[i]) < 0)
            return false;
    *s = (struct scan){coded.p, coded.n / 4 * 3 + coded.n % 4 * 3 / 4, 0};
    return true;
}

/* The byte that comes next, or -1 at the end. */
static int peek(const struct scan *s)
{
    if (s->i >= s->n)
        return -1;
    unsigned at = (unsigned)(s->i % 3); /* of a group of four characters */
    const char *p = s->coded + s->i / 3 * 4 + at;
    unsigned high = (unsigned)sextet(p[0]), low = (unsigned)sextet(p[1]);
    return (int)((high << (2 + 2 * at) | low >> (4 - 2 * at)) & 0xff);
}

static int next(struct scan *s)
{
    int c = peek(s);
    s->i += c >= 0;
    return c;
}

static bool take(struct scan *s, int c)
{
    if (peek(s) != c)
        return false;
    s->i++;
    return true;
}

/* ws of RFC 8259 section 2 */
static int skip_blanks(struct scan *s)
{
    int c;
    while ((c = peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r')
        s->i++;
    return c;
}

static bool next_is_digit(const struct scan *s)
{
    int c = peek(s);
    return c >= 0 && a407_is_digit((char)c);
}

/* What follows a backslash: the character if it is ASCII, 0x80 for any other,
   -1 for an error. */
static int take_escape(struct scan *s)
{
    int c = next(s), code = 0;
    switch (c) {
    case '"':
    case '\\':
    case '/':
        return c;
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return ' '; /* one of the controls: in no name that is looked for */
    case 'u':
        for (int i = 0; i < 4; i++) {
            c = next(s);
            int digit = c < 0 ? -1 : a407_hex_value((char)c);
            if (digit < 0)
                return -1;
            code = code * 16 + digit;
        }
        return code < 0x80 ? code : 0x80;
    default:
        return -1;
    }
}

/* A string (RFC 8259 section 7); `name` gets it if it is three ASCII characters
   long, as the names of claims are, or else "". */
static bool take_string(struct scan *s, char name[4])
{
    size_t n = 0;
    name[0] = '\0';
    if (!take(s, '"'))
        return false;
    for (;;) {
        int c = next(s);
        if (c == '"')
            break;
        if (c < 0x20)
            return false;
        if (c == '\\')
            c = take_escape(s);
        if (c < 0)
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

/* Digits into *m as far as they fit; the rest only counts. */
static bool take_digits(struct scan *s, int64_t *m, int64_t *left_out,
                        size_t *count)
{
    for (*count = 0; next_is_digit(s); ++*count) {
        int digit = next(s) - '0';
        if (*m <= (INT64_MAX - 9) / 10)
            *m = *m * 10 + digit;
        else
            ++*left_out;
    }
    return *count > 0;
}

/* A number (RFC 8259 section 6): a NumericDate may have a fraction, and nothing
   forbids an exponent (RFC 7519 section 2). */
static bool take_number(struct scan *s, int64_t *out)
{
    int64_t m = 0, left_out = 0, scale = 0, e = 0, e_left_out = 0;
    size_t n;
    bool minus = take(s, '-');
    bool zero = peek(s) == '0';
    if (!take_digits(s, &m, &left_out, &n) || (zero && n > 1))
        return false;
    scale = left_out;
    if (take(s, '.')) {
        left_out = 0;
        if (!take_digits(s, &m, &left_out, &n))
            return false;
        scale -= (int64_t)n - left_out;
    }
    if (take(s, 'e') || take(s, 'E')) {
        bool down = take(s, '-');
        if (!down)
            take(s, '+');
        if (!take_digits(s, &e, &e_left_out, &n))
            return false;
        if (e > INT32_MAX)
            e = INT32_MAX;
        scale += down ? -e : e;
    }
    m = scaled(m, scale);
    *out = minus ? -m : m;
    return true;
}

static bool take_word(struct scan *s, const char *word)
{
    while (*word)
        if (!take(s, *word++))
            return false;
    return true;
}

static bool take_members(struct scan *s, unsigned depth, struct claims *claims);
static bool take_array(struct scan *s, unsigned depth);

static bool skip_value(struct scan *s, unsigned depth)
{
    char name[4];
    int64_t number;
    switch (skip_blanks(s)) {
    case '{':
        return depth < DEPTH_MAX && take_members(s, depth + 1, NULL);
    case '[':
        return depth < DEPTH_MAX && take_array(s, depth + 1);
    case '"':
        return take_string(s, name);
    case 't':
        return take_word(s, "true");
    case 'f':
        return take_word(s, "false");
    case 'n':
        return take_word(s, "null");
    default:
        return take_number(s, &number);
    }
}

static bool take_array(struct scan *s, unsigned depth)
{
    if (!take(s, '['))
        return false;
    if (skip_blanks(s) == ']')
        return take(s, ']');
    do {
        if (!skip_value(s, depth))
            return false;
        skip_blanks(s);
    } while (take(s, ','));
    return take(s, ']');
}

/* A NumericDate; what is not after 1970 became past long ago. */
static bool take_date(struct scan *s, int64_t *out)
{
    if (!take_number(s, out))
        return false;
    if (*out < 1)
        *out = 1;
    return true;
}

/*
 * The value of a member at the top. Of a name that is repeated the last counts
 * (RFC 7519 section 4). A date that is no number says nothing.
 */
static bool take_claim(struct scan *s, const char name[4],
                       struct claims *claims)
{
    int c = skip_blanks(s);
    bool number = c == '-' || next_is_digit(s);
    if (number && strcmp(name, "exp") == 0)
        return take_date(s, &claims->exp);
    if (number && strcmp(name, "nbf") == 0)
        return take_date(s, &claims->nbf);
    if (strcmp(name, "alg") == 0)
        claims->alg = c == '"';
    return skip_value(s, 1);
}

/* An object; claims NULL: only skipped. */
static bool take_members(struct scan *s, unsigned depth, struct claims *claims)
{
    if (!take(s, '{'))
        return false;
    if (skip_blanks(s) == '}')
        return take(s, '}');
    do {
        char name[4];
        skip_blanks(s);
        if (!take_string(s, name))
            return false;
        skip_blanks(s);
        if (!take(s, ':'))
            return false;
        if (claims ? !take_claim(s, name, claims) : !skip_value(s, depth))
            return false;
        skip_blanks(s);
    } while (take(s, ','));
    return take(s, '}');
}

/* A part of the token that is one object and nothing else. */
static bool read_part(struct a407_span coded, struct claims *claims)
{
    struct scan s;
    if (!scan_start(&s, coded))
        return false;
    skip_blanks(&s);
    return take_members(&s, 1, claims) && skip_blanks(&s) == -1;
}

/* The part up to the next dot; `rest` is what follows it. */
static bool split(struct a407_span *rest, struct a407_span *part)
{
    const char *dot = rest->n ? memchr(rest->p, '.', rest->n) : NULL;
    if (!dot)
        return false;
    *part = a407_span(rest->p, (size_t)(dot - rest->p));
    *rest = a407_span(dot + 1, rest->n - part->n - 1);
    return true;
}

bool a407_jwt_read(struct a407_span token, struct a407_jwt *out)
{
    struct a407_span header, payload;
    struct claims in_header = {0}, claims = {0};
    *out = (struct a407_jwt){0};
    if (!split(&token, &header) || !split(&token, &payload))
        return false;
    /* the signature: empty where alg is "none" (RFC 7519 section 6.1) */
    for (size_t i = 0; i < token.n; i++)
        if (sextet(token.p[i]) < 0)
            return false;
    if (!read_part(header, &in_header) || !in_header.alg ||
        !read_part(payload, &claims))
        return false;
    *out = (struct a407_jwt){claims.exp, claims.nbf};
    return true;
}

int64_t a407_jwt_expiry(struct a407_span token)
{
    struct a407_jwt jwt;
    a407_jwt_read(token, &jwt);
    return jwt.expires;
}
