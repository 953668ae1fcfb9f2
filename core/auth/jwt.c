/* SPDX-License-Identifier: MIT */
#include "jwt.h"

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
    struct a407_jwt times;
};

static int sextet(char c)
{
    unsigned char l = a407_lower(c);
    if (a407_is_digit(c))
        return c - '0' + 52;
    if (a407_is_alpha(c))
        return l - 'a' + (c == (char)l ? 26 : 0);
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static bool is_base64url(struct a407_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (sextet(s.p[i]) < 0)
            return false;
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
    bool is = peek(s) == c;
    s->i += is;
    return is;
}

/* ws of RFC 8259 section 2 */
static int skip_blanks(struct scan *s)
{
    int c;
    while ((c = peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r')
        s->i++;
    return c;
}

/* What follows a backslash: the character if it is ASCII, 0x80 for any other,
   -1 for an error. A control is told as a blank: none is in a claim's name. */
static int take_escape(struct scan *s)
{
    int c = next(s), code = 0;
    if (c != 'u')
        return c < 0 || !memchr("\"\\/bfnrt", c, 8) ? -1
               : a407_is_alpha((char)c)             ? ' '
                                                    : c;
    for (int i = 0; i < 4; i++) {
        c = next(s);
        int digit = c < 0 ? -1 : a407_hex_value((char)c);
        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code < 0x80 ? code : 0x80;
}

/* A string (RFC 8259 section 7); `name` gets it if it is three ASCII characters
   long, as the names of claims are, or else "". */
static bool take_string(struct scan *s, char name[4])
{
    size_t n = 0;
    int c;
    name[0] = '\0';
    if (!take(s, '"'))
        return false;
    while ((c = next(s)) != '"') {
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

/* Digits into *m as far as they fit, and what they do to the power of ten.
   Returns their number. */
static size_t take_digits(struct scan *s, bool fraction, int64_t *m,
                          int64_t *scale)
{
    size_t n = 0;
    for (int c; (c = peek(s)) >= 0 && a407_is_digit((char)c); n++, s->i++) {
        bool fits = *m <= (INT64_MAX - 9) / 10;
        if (fits)
            *m = *m * 10 + (c - '0');
        *scale += !fits - fraction;
    }
    return n;
}

/* A number (RFC 8259 section 6): a NumericDate may have a fraction, and nothing
   forbids an exponent (RFC 7519 section 2). */
static bool take_number(struct scan *s, int64_t *out)
{
    int64_t m = 0, scale = 0, e = 0, ignored = 0;
    bool minus = take(s, '-');
    bool zero = peek(s) == '0';
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

static bool take_word(struct scan *s, const char *word)
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

static bool take_items(struct scan *s, unsigned depth, struct claims *claims);

/* claims: of which it may be one, by that name; NULL: none. */
static bool take_value(struct scan *s, unsigned depth, const char name[4],
                       struct claims *claims)
{
    char ignored[4];
    int64_t number;
    int c = skip_blanks(s);
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
static bool take_items(struct scan *s, unsigned depth, struct claims *claims)
{
    bool object = next(s) == '{';
    int close = object ? '}' : ']';
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

/* The part up to the next dot, which is one object and nothing else; the token
   becomes what follows. */
static bool take_part(struct a407_span *token, struct claims *claims)
{
    const char *dot = token->n ? memchr(token->p, '.', token->n) : NULL;
    size_t n = dot ? (size_t)(dot - token->p) : 0;
    struct scan s = {token->p, n / 4 * 3 + n % 4 * 3 / 4, 0};
    if (!n || n % 4 == 1 || !is_base64url(a407_span(token->p, n)) ||
        skip_blanks(&s) != '{' || !take_items(&s, 1, claims) ||
        skip_blanks(&s) != -1)
        return false;
    *token = a407_span(dot + 1, token->n - n - 1);
    return true;
}

bool a407_jwt_read(struct a407_span token, struct a407_jwt *out)
{
    struct claims header = {0}, payload = {0};
    *out = (struct a407_jwt){0};
    /* the signature: empty where alg is "none" (RFC 7519 section 6.1) */
    if (!take_part(&token, &header) || !header.alg ||
        !take_part(&token, &payload) || !is_base64url(token))
        return false;
    *out = payload.times;
    return true;
}

int64_t a407_jwt_expiry(struct a407_span token)
{
    struct a407_jwt jwt;
    a407_jwt_read(token, &jwt);
    return jwt.expires;
}
