/* SPDX-License-Identifier: MIT */
#include "http_date.h"

#include "core/base/date.h"

/* What is left of the text; `bad` is sticky, so that one test does. */
struct cursor {
    struct a407_span s;
    bool bad;
};

static char take(struct cursor *c)
{
    if (!c->s.n) {
        c->bad = true;
        return '\0';
    }
    c->s.n--;
    return *c->s.p++;
}

static void expect(struct cursor *c, char want)
{
    c->bad = take(c) != want || c->bad;
}

static int digits(struct cursor *c, int n)
{
    int v = 0;
    while (n-- > 0) {
        char d = take(c);
        c->bad = c->bad || !a407_is_digit(d);
        v = v * 10 + (d - '0');
    }
    return v;
}

/* Which of the names, of three letters each: from 1. Case counts. */
static int name(struct cursor *c, const char *names)
{
    char z[3] = {take(c), take(c), take(c)};
    for (int i = 1; *names; i++, names += 3)
        if (memcmp(z, names, 3) == 0)
            return i;
    c->bad = true;
    return 1;
}

/* The conversions are those of strptime(3), but in no locale. */
static void convert(struct cursor *c, char what, struct a407_date *d)
{
    switch (what) {
    case 'a': /* whichever day it is, and however long its name */
        name(c, "SunMonTueWedThuFriSat");
        while (c->s.n && a407_is_alpha(*c->s.p))
            take(c);
        return;
    case 'b':
        d->month = name(c, "JanFebMarAprMayJunJulAugSepOctNovDec");
        return;
    case 'd':
        d->day = digits(c, 2);
        return;
    case 'e': /* a blank in the place of a first 0 */
        if (c->s.n && *c->s.p == ' ')
            take(c);
        else
            d->day = digits(c, 1) * 10;
        d->day += digits(c, 1);
        return;
    case 'y':
        d->year = digits(c, 2);
        d->year += d->year < 70 ? 2000 : 1900;
        return;
    case 'Y':
        d->year = digits(c, 4);
        return;
    default: /* T */
        d->hour = digits(c, 2);
        expect(c, ':');
        d->minute = digits(c, 2);
        expect(c, ':');
        d->second = digits(c, 2); /* 60 is a leap second */
    }
}

bool a407_http_date(struct a407_span s, int64_t *out)
{
    static const char forms[][24] = {"%a, %d %b %Y %T GMT",
                                     "%a, %d-%b-%y %T GMT", "%a %b %e %T %Y"};
    s = a407_span_trim(s);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct cursor c = {s, false};
        struct a407_date d = {0};
        for (const char *p = forms[i]; *p; p++) {
            if (*p == '%')
                convert(&c, *++p, &d);
            else
                expect(&c, *p);
        }
        if (!c.bad && !c.s.n && a407_date_ok(&d)) {
            *out = a407_date_seconds(&d);
            return true;
        }
    }
    return false;
}
