/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/jwt.h"
#include "core/base/text.h"
#include "core/record/event.h"
#include "doctor.h"
#include "host/clock.h"

/* The scheme that speaks this challenge, or NULL. */
static const struct a407_scheme *scheme_of(const struct a407_challenge *ch)
{
    return a407_scheme_get(a407_scheme_from_name(ch->scheme));
}

static bool is_allowed(const struct a407_doctor *d, const struct a407_scheme *s,
                       const struct a407_credential *c)
{
    return d->config->schemes & (c ? c->schemes : A407_ALL_SCHEMES) &
           A407_SCHEME_BIT(s->id);
}

/* A secret that stands elsewhere is not known before it is asked for. */
static bool is_usable(const struct a407_scheme *s,
                      const struct a407_challenge *ch,
                      const struct a407_credential *c)
{
    enum a407_cause why = A407_CAUSE_NONE;

    return a407_credential_is_outside(c) || s->rank(ch, c, &why) > 0;
}

a407_scheme_set a407_doctor_usable(const struct a407_doctor *d,
                                   const struct a407_credential *c)
{
    const struct a407_challenges *offered = &d->offered;
    const struct a407_scheme *s;
    a407_scheme_set set = 0;
    unsigned id;
    size_t i;

    for (i = 0; i < offered->n; i++)
        for (id = 0; (s = a407_scheme_get(id)); id++)
            if (a407_scheme_speaks(s, &offered->item[i]) &&
                is_allowed(d, s, c) && is_usable(s, &offered->item[i], c))
                set |= A407_SCHEME_BIT(id);
    return set;
}

/* ---- what is said of each ---- */

static const char *const needs[] = {
    [A407_SECRET_PASSWORD] = "a user name and a password",
    [A407_SECRET_TOKEN] = "a token",
    [A407_SECRET_TICKET] = "a Kerberos ticket, a keytab, or a password for one",
};

/* What of it can be done, for the first credential that can do it. */
static bool use(const struct a407_doctor *d, const struct a407_challenge *ch,
                char *out, size_t cap)
{
    const struct a407_scheme *s = scheme_of(ch);
    bool allowed = s && is_allowed(d, s, NULL), good = false;
    size_t i;

    snprintf(out, cap, "%s%s",
             !s        ? "auth407 does not speak it"
             : allowed ? "needs "
                       : "not allowed by AUTH407_SCHEMES",
             allowed ? needs[s->secret] : "");
    for (i = 0; allowed && !good && i < d->asked.n_creds; i++) {
        const struct a407_credential *c = d->asked.creds[i];

        if (!is_usable(s, ch, c))
            continue;
        good = is_allowed(d, s, c);
        snprintf(out, cap,
                 c->from == A407_FROM_TICKET ? "takes a %s, if there is one"
                 : good                      ? "can be answered with %s"
                                             : "not allowed by `schemes` of %s",
                 c->label);
    }
    return good;
}

static void add(struct a407_buf *b, const char *name, const char *value)
{
    if (*value)
        a407_buf_fmt(b, "%s \"%s\", ", name, value);
}

static void tell(struct a407_doctor *d, const struct a407_challenge *ch,
                 const struct a407_event_challenge *e)
{
    struct a407_buf b;
    char can[300];
    bool good = use(d, ch, can, sizeof can);

    a407_buf_init(&b, 4096);
    add(&b, "realm", e->realm);
    add(&b, "algorithm", e->algorithm);
    add(&b, "qop", e->qop);
    add(&b, "charset", e->charset);
    add(&b, "scope", e->scope);
    add(&b, "error", e->error);
    add(&b, "saying", e->error_description);
    if (e->userhash)
        a407_buf_str(&b, "userhash, ");
    a407_buf_str(&b, can);
    a407_row_good(&d->rows, A407_IN_CHALLENGE, e->scheme, "%.*s", (int)b.n,
                  b.n ? b.p : "");
    if (!good)
        a407_row_last(&d->rows)->status = A407_NOTE;
    a407_buf_free(&b);
}

/* ---- the clock ---- */

/* Tolerated without a word. */
#define SKEW_S 60
#define DAY_S  86400

bool a407_doctor_takes_ticket(const struct a407_doctor *d)
{
    size_t i = 0;

    while (i < d->offered.n && !a407_takes_ticket(&d->offered.item[i]))
        i++;
    return i < d->offered.n;
}

/* Does a login depend on the time? */
static bool needs_time(const struct a407_doctor *d)
{
    size_t i;

    for (i = 0; i < d->asked.n_creds; i++)
        if (d->asked.creds[i]->token &&
            a407_jwt_expiry(a407_span_str(d->asked.creds[i]->token)))
            return true;
    return a407_doctor_takes_ticket(d);
}

/* A Date of the proxy's own answer. */
static void tell_clock(struct a407_doctor *d, const struct a407_event *ev)
{
    int64_t skew = ev->answer.skew_s, by = skew < 0 ? -skew : skew;
    const char *how = skew < 0 ? "behind" : "ahead of";
    bool days = by > 2 * DAY_S;

    if (!ev->answer.has_skew)
        return;
    if (by <= SKEW_S)
        a407_row_good(&d->rows, A407_IN_CHALLENGE, "clock",
                      "the proxy's is ours, within %d s", SKEW_S);
    else
        a407_row_found(&d->rows,
                       by > A407_SKEW_MAX && needs_time(d) ? A407_FOUND_CLOCK
                                                           : A407_FOUND_SKEW,
                       "clock", "the proxy's is %lld %s %s ours",
                       (long long)(days ? by / DAY_S : by), days ? "days" : "s",
                       how);
}

/* ---- all of it ---- */

static void tell_none(struct a407_doctor *d, const struct a407_answer *a)
{
    bool www = a407_answer_field(a, "WWW-Authenticate").p;

    a407_row_good(&d->rows, A407_IN_CHALLENGE, "none", "%s",
                  www ? "407 with WWW-Authenticate, which is for servers, and "
                        "no Proxy-Authenticate"
                      : "407 without Proxy-Authenticate")
        ->status = A407_NOTE;
}

void a407_doctor_challenges(struct a407_doctor *d)
{
    const struct a407_answer *a = a407_doctor_first(d);
    struct a407_challenges *offered = &d->offered;
    struct a407_event *ev = calloc(1, sizeof *ev);
    size_t i;

    if (ev && a->status == 407) {
        a407_challenges_parse(a->bytes, a->head, "Proxy-Authenticate", offered);
        ev->time_us = a407_clock_us(CLOCK_REALTIME);
        a407_event_set_answer(ev, a407_span(a->bytes, a->head));
        a407_event_set_challenges(ev, offered);
        for (i = 0; i < offered->n && i < A407_EVENT_CHALLENGES; i++)
            tell(d, &offered->item[i], &ev->challenges[i]);
        if (!offered->n)
            tell_none(d, a);
        a407_event_set_words(ev, a407_span(a->bytes, a->head),
                             a407_answer_body(a));
        if (*ev->message)
            a407_row_good(&d->rows, A407_IN_CHALLENGE, A407_ITS_WORDS, "%s",
                          ev->message);
        tell_clock(d, ev);
    }
    free(ev);
}
