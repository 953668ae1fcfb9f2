/* SPDX-License-Identifier: MIT */
#include "event.h"

#include "client_auth.h"
#include "core/base/date.h"
#include "core/base/text.h"
#include "core/http/challenge.h"
#include "core/http/http.h"

/* What was read, as the record keeps it: bounded. */

const char *a407_event_field_name(enum a407_event_field_id id)
{
    static const char *const names[A407_FIELD_COUNT] = {
#define A407_EVENT_FIELD(row, name) [A407_FIELD_##row] = name,
#include "event_fields.def"
#undef A407_EVENT_FIELD
    };
    return (unsigned)id < A407_FIELD_COUNT ? names[id] : "";
}

const char *a407_outcome_name(enum a407_outcome o)
{
    static const char names[][12] = {"resolved", "unresolved", "observed",
                                     "not_retried"};
    return names[(unsigned)o <= A407_NOT_RETRIED ? o : A407_NOT_RETRIED];
}

/* ---- challenges ---- */

static void param(char *out, size_t cap, const struct a407_challenge *c,
                  const char *name)
{
    char text[1024];
    int n = a407_param_text(a407_param_find(c, name), text, sizeof text);
    a407_put(out, cap, a407_span(text, n > 0 ? (size_t)n : 0));
}

static void set_challenge(struct a407_event_challenge *o,
                          const struct a407_challenge *c)
{
    a407_put(o->scheme, sizeof o->scheme, c->scheme);
    param(o->realm, sizeof o->realm, c, "realm");
    param(o->algorithm, sizeof o->algorithm, c, "algorithm");
    param(o->qop, sizeof o->qop, c, "qop");
    param(o->charset, sizeof o->charset, c, "charset");
    param(o->error, sizeof o->error, c, "error");
    param(o->scope, sizeof o->scope, c, "scope");
    param(o->error_description, sizeof o->error_description, c,
          "error_description");
    o->stale = a407_param_is(c, "stale", "true");
    o->userhash = a407_param_is(c, "userhash", "true");
    o->token68_n = c->token68.n;
}

void a407_event_set_challenges(struct a407_event *ev,
                               const struct a407_challenges *offered)
{
    for (size_t i = 0; i < offered->n && i < A407_EVENT_CHALLENGES; i++)
        set_challenge(&ev->challenges[i], &offered->item[i]);
    ev->n_challenges = offered->n;
}

/* ---- the answer ---- */

static enum a407_event_field_id field_id(struct a407_span name)
{
    unsigned id = 0;
    while (id < A407_FIELD_COUNT &&
           !a407_span_ieq(name,
                          a407_event_field_name((enum a407_event_field_id)id)))
        id++;
    return (enum a407_event_field_id)id;
}

static void add_field(struct a407_event_answer *a, enum a407_event_field_id id,
                      struct a407_span value)
{
    size_t same = 0;
    for (size_t i = 0; i < a->n_fields; i++)
        same += a->fields[i].id == id;
    if (a->n_fields == A407_EVENT_FIELDS || same == A407_EVENT_VALUES)
        return;
    a->fields[a->n_fields].id = id;
    a407_put(a->fields[a->n_fields].value, sizeof a->fields[0].value, value);
    a->n_fields++;
}

static void add_statuses(struct a407_event_answer *a, struct a407_span value)
{
    a->n_statuses +=
        a407_proxy_status_parse(value, a->statuses + a->n_statuses,
                                A407_EVENT_STATUSES - a->n_statuses);
}

/* Whole seconds, rounded down on both sides: the same clock gives 0. */
static void set_skew(struct a407_event *ev, struct a407_span date)
{
    int64_t theirs, ours = ev->time_us / 1000000;
    if (ev->answer.has_skew || !a407_http_date(date, &theirs))
        return;
    ev->answer.has_skew = true;
    ev->answer.skew_s = theirs - ours;
}

void a407_event_set_answer(struct a407_event *ev, struct a407_span head)
{
    struct a407_field f;
    size_t at = 0;
    while (head.p && a407_field_next(head.p, head.n, &at, &f)) {
        enum a407_event_field_id id = field_id(f.name);
        if (id == A407_FIELD_COUNT)
            continue;
        add_field(&ev->answer, id, f.value);
        if (id == A407_FIELD_DATE)
            set_skew(ev, f.value);
        else if (id == A407_FIELD_PROXY_STATUS)
            add_statuses(&ev->answer, f.value);
    }
}

/* ---- the program's own ---- */

void a407_event_set_client(struct a407_event *ev, struct a407_span value)
{
    struct a407_client_auth c;
    a407_client_auth_read(value, &c);
    ev->client_sent = true;
    memcpy(ev->client_scheme, c.scheme, sizeof ev->client_scheme);
    memcpy(ev->client_user, c.user, sizeof ev->client_user);
    memcpy(ev->client_domain, c.domain, sizeof ev->client_domain);
}

/* ---- hiding ---- */

#define SECRET_MIN 4
#define IN_PLACE   "***"

/* In place: what takes its room is never longer than it is. */
static void hide(char *z, size_t cap, struct a407_span secret)
{
    char *hit;
    while ((hit = memmem(z, strlen(z), secret.p, secret.n))) {
        size_t left = strlen(hit + secret.n) + 1;
        memcpy(hit, IN_PLACE, sizeof IN_PLACE - 1);
        memmove(hit + sizeof IN_PLACE - 1, hit + secret.n, left);
    }
    /* a text that was cut may end within it */
    size_t n = strlen(z), most = n < secret.n ? n : secret.n;
    for (size_t k = most; n + 4 >= cap && k >= SECRET_MIN; k--)
        if (memcmp(z + n - k, secret.p, k) == 0) {
            memcpy(z + n - k, IN_PLACE, sizeof IN_PLACE);
            return;
        }
}

#define HIDE(text) hide(text, sizeof text, secret)

static void hide_challenge(struct a407_event_challenge *c,
                           struct a407_span secret)
{
    HIDE(c->scheme);
    HIDE(c->realm);
    HIDE(c->algorithm);
    HIDE(c->qop);
    HIDE(c->charset);
    HIDE(c->error);
    HIDE(c->error_description);
    HIDE(c->scope);
}

void a407_event_hide(struct a407_event *ev, struct a407_span secret)
{
    struct a407_event_answer *a = &ev->answer;
    if (!secret.p || secret.n < SECRET_MIN)
        return;
    for (size_t i = 0; i < ev->n_challenges && i < A407_EVENT_CHALLENGES; i++)
        hide_challenge(&ev->challenges[i], secret);
    for (size_t i = 0; i < a->n_fields; i++)
        HIDE(a->fields[i].value);
    for (size_t i = 0; i < a->n_statuses; i++) {
        HIDE(a->statuses[i].name);
        HIDE(a->statuses[i].error);
        HIDE(a->statuses[i].next_hop);
        HIDE(a->statuses[i].details);
    }
    HIDE(ev->detail);
}
