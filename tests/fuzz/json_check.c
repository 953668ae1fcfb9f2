/* SPDX-License-Identifier: MIT */
#include "json_check.h"

#include <string.h>

struct json {
    const char *p, *end;
    unsigned depth;
};

static bool value(struct json *j);

static bool next_is(struct json *j, char c)
{
    if (j->p == j->end || *j->p != c)
        return false;
    j->p++;
    return true;
}

static bool hex4(struct json *j)
{
    for (int i = 0; i < 4; i++, j->p++)
        if (j->p == j->end || !*j->p ||
            !strchr("0123456789abcdefABCDEF", *j->p))
            return false;
    return true;
}

static bool string(struct json *j)
{
    if (!next_is(j, '"'))
        return false;
    while (j->p < j->end && *j->p != '"') {
        char c = *j->p++;
        if ((unsigned char)c < ' ')
            return false;
        if (c != '\\')
            continue;
        if (j->p == j->end || !*j->p)
            return false;
        c = *j->p++;
        if (c == 'u' ? !hex4(j) : !strchr("\"\\/bfnrt", c))
            return false;
    }
    return next_is(j, '"');
}

static bool number(struct json *j)
{
    const char *from = j->p;
    while (j->p < j->end && *j->p && strchr("+-.0123456789eE", *j->p))
        j->p++;
    return j->p > from && *from != '+' && *from != '.';
}

static bool word(struct json *j, const char *z)
{
    size_t n = strlen(z);
    if ((size_t)(j->end - j->p) < n || memcmp(j->p, z, n) != 0)
        return false;
    j->p += n;
    return true;
}

/* The elements of an array, or the members of an object. */
static bool elements(struct json *j, char close, bool named)
{
    if (next_is(j, close))
        return true;
    do
        if ((named && !(string(j) && next_is(j, ':'))) || !value(j))
            return false;
    while (next_is(j, ','));
    return next_is(j, close);
}

static bool value(struct json *j)
{
    bool ok;
    if (j->p == j->end || ++j->depth > 32)
        return false;
    switch (*j->p) {
    case '{':
        j->p++;
        ok = elements(j, '}', true);
        break;
    case '[':
        j->p++;
        ok = elements(j, ']', false);
        break;
    case '"':
        ok = string(j);
        break;
    case 't':
        ok = word(j, "true");
        break;
    case 'f':
        ok = word(j, "false");
        break;
    case 'n':
        ok = word(j, "null");
        break;
    default:
        ok = number(j);
    }
    j->depth--;
    return ok;
}

/* RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF. */
static bool utf8(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        unsigned char c = p[i];
        size_t k = c < 0x80   ? 0
                   : c < 0xc2 ? 9
                   : c < 0xe0 ? 1
                   : c < 0xf0 ? 2
                              : 3;
        if (c > 0xf4 || k > n - i - 1)
            return false;
        unsigned char d = k ? p[i + 1] : 0;
        if ((c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) ||
            (c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f))
            return false;
        for (size_t m = 1; m <= k; m++)
            if ((p[i + m] & 0xc0) != 0x80)
                return false;
        i += k + 1;
    }
    return true;
}

bool json_valid(const char *p, size_t n)
{
    struct json j = {p, p + n, 0};
    return utf8((const unsigned char *)p, n) && value(&j) && j.p == j.end;
}
