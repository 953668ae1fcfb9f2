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

static void expect(struct cursor *c, const char *z)
{
    for (; *z; z++)
        if (take(c) != *z)
            c->bad = true;
}

static int digits(struct cursor *c, int n)
{
    int v = 0;
    while (n-- > 0) {
        char d = take(c);
        if (d < '0' || d > '9')
            c->bad = true;
        else
            v = v * 10 + (d - '0');
    }
    return v;
}

/* 1 to 12. Names of days and months are case-sensitive. */
static int month(struct cursor *c)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char m[3] = {take(c), take(c), take(c)};
    for (int i = 0; i < 12; i++)
        if (memcmp(m, names + 3 * (size_t)i, 3) == 0)
            return i + 1;
    c->bad = true;
    return 1;
}

/* The day's name, whichever it is, up to the blank or comma after it. */
static void day_name(struct cursor *c)
{
    static const char *const names[] = {"Sun", "Mon", "Tue", "Wed",
                                        "Thu", "Fri", "Sat"};
    bool known = false;
    for (size_t i = 0; i < 7; i++)
        known = known || (c->s.n >= 3 && memcmp(c->s.p, names[i], 3) == 0);
    c->bad = c->bad || !known;
    while (c->s.n && ((*c->s.p | 0x20) >= 'a' && (*c->s.p | 0x20) <= 'z'))
        take(c);
}

static void time_of_day(struct cursor *c, struct a407_date *m)
{
    m->hour = digits(c, 2);
    expect(c, ":");
    m->minute = digits(c, 2);
    expect(c, ":");
    m->second = digits(c, 2); /* 60 is a leap second */
}

/* "06 Nov 1994 08:49:37 GMT", or with "-" and two digits of the year. */
static void after_comma(struct cursor *c, struct a407_date *m)
{
    m->day = digits(c, 2);
    char between = take(c);
    m->month = month(c);
    if (take(c) != between)
        c->bad = true;
    if (between == '-') {
        m->year = digits(c, 2);
        m->year += m->year < 70 ? 2000 : 1900;
    } else {
        c->bad = c->bad || between != ' ';
        m->year = digits(c, 4);
    }
    expect(c, " ");
    time_of_day(c, m);
    expect(c, " GMT");
}

/* "Nov  6 08:49:37 1994" */
static void as_asctime(struct cursor *c, struct a407_date *m)
{
    m->month = month(c);
    expect(c, " ");
    if (c->s.n && *c->s.p == ' ') {
        take(c);
        m->day = digits(c, 1);
    } else {
        m->day = digits(c, 2);
    }
    expect(c, " ");
    time_of_day(c, m);
    expect(c, " ");
    m->year = digits(c, 4);
}

bool a407_http_date(struct a407_span s, int64_t *out)
{
    struct cursor c = {a407_span_trim(s), !s.p};
    struct a407_date m = {0};
    day_name(&c);
    if (c.s.n && *c.s.p == ',') {
        expect(&c, ", ");
        after_comma(&c, &m);
    } else {
        expect(&c, " ");
        as_asctime(&c, &m);
    }
    if (c.bad || c.s.n || !a407_date_ok(&m))
        return false;
    *out = a407_date_seconds(&m);
    return true;
}
