/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <nettle/base64.h>

#include "engine_int.h"

/* Filling the record of an exchange. */

static void put(char *out, size_t cap, struct a407_span s)
{
    size_t n = s.n < cap - 1 ? s.n : cap - 1;
    if (n)
        memcpy(out, s.p, n);
    out[n] = '\0';
}

static void param(char *out, size_t cap, const struct a407_challenge *c,
                  const char *name)
{
    if (a407_param_text(a407_param_find(c, name), out, cap) < 0)
        out[0] = '\0';
}

static void put_challenges(struct a407_event *ev,
                           const struct a407_challenges *offered)
{
    for (size_t i = 0; i < offered->n && i < A407_EVENT_CHALLENGES; i++) {
        const struct a407_challenge *c = &offered->item[i];
        struct a407_event_challenge *o = &ev->challenges[i];
        char stale[8];
        put(o->scheme, sizeof o->scheme, c->scheme);
        param(o->realm, sizeof o->realm, c, "realm");
        param(o->algorithm, sizeof o->algorithm, c, "algorithm");
        param(stale, sizeof stale, c, "stale");
        o->stale = a407_span_ieq(a407_span_str(stale), "true");
        ev->n_challenges = i + 1;
    }
}

#define BASIC_MAX 1024

/* user-id ":" password of a Basic credential (RFC 7617 section 2); the caller
   wipes. The position of the colon, or NULL. */
static const char *basic_decode(struct a407_span token, char *raw, size_t *n)
{
    struct base64_decode_ctx ctx;
    *n = BASIC_MAX;
    if (!token.p || token.n > BASIC_MAX)
        return NULL;
    base64_decode_init(&ctx);
    int ok = base64_decode_update(&ctx, n, (uint8_t *)raw, token.n, token.p);
    a407_wipe(&ctx, sizeof ctx);
    return ok ? memchr(raw, ':', *n) : NULL;
}

static void basic_user(char *out, size_t cap, struct a407_span token)
{
    char raw[BASIC_MAX];
    size_t n;
    const char *colon = basic_decode(token, raw, &n);
    if (colon)
        put(out, cap, a407_span(raw, (size_t)(colon - raw)));
    a407_wipe(raw, sizeof raw);
}

bool a407_basic_is(struct a407_span token, const struct a407_credential *c)
{
    char raw[BASIC_MAX];
    size_t n;
    const char *colon = basic_decode(token, raw, &n);
    bool same = false;
    if (colon && c->username) {
        struct a407_span user = {raw, (size_t)(colon - raw)};
        struct a407_span pass = {colon + 1, n - user.n - 1};
        same = a407_span_eq(user, c->username) &&
               a407_span_eq(pass, c->password ? c->password : "");
    }
    a407_wipe(raw, sizeof raw);
    return same;
}

static void put_client(struct a407_event *ev, struct a407_span value)
{
    struct a407_challenges *list = a407_challenges_new();
    ev->client_sent = true;
    if (list)
        a407_challenges_add(value, list);
    if (list && list->n) {
        const struct a407_challenge *c = &list->item[0];
        put(ev->client_scheme, sizeof ev->client_scheme, c->scheme);
        if (a407_span_ieq(c->scheme, "Basic") && c->token68.p)
            basic_user(ev->client_user, sizeof ev->client_user, c->token68);
        else if (a407_span_ieq(c->scheme, "Digest"))
            param(ev->client_user, sizeof ev->client_user, c, "username");
    }
    a407_challenges_free(list);
}

static void put_request(struct a407_engine *e, struct a407_event *ev)
{
    struct a407_request rq;
    /* Of pipelined requests only the last one is on record. */
    if (e->q_n != 1 || !a407_request_recorded(e, &rq))
        return;
    put(ev->method, sizeof ev->method, rq.method);
    a407_url_redact(rq.target, ev->target, sizeof ev->target);
    if (rq.n_proxy_authorization)
        put_client(ev, rq.proxy_authorization);
}

static struct a407_event *new_event(struct a407_engine *e)
{
    if (e->ev)
        return NULL; /* the exchange has its record */
    struct a407_event *ev = calloc(1, sizeof *ev);
    if (!ev)
        return NULL;
    ev->time_us = e->wall_us;
    ev->proxy = e->proxy->endpoint;
    memcpy(ev->peer, e->peer, sizeof ev->peer);
    ev->cause = A407_CAUSE_NONE;
    put_request(e, ev);
    e->ev = ev;
    return ev;
}

static void default_cause(struct a407_engine *e, struct a407_event *ev,
                          const struct a407_challenges *offered)
{
    if (ev->client_sent)
        ev->cause = A407_CAUSE_CLIENT_REJECTED;
    else if (!offered->n)
        ev->cause =
            offered->malformed ? A407_CAUSE_PROTOCOL : A407_CAUSE_NO_CHALLENGE;
    else if (e->proxy->url_has_userinfo)
        ev->cause = A407_CAUSE_DROPPED;
    else if (e->proxy->n_creds)
        ev->cause = A407_CAUSE_NOT_SENT;
    else
        ev->cause = e->proxy->elsewhere ? A407_CAUSE_OTHER_ENDPOINT
                                        : A407_CAUSE_NO_CREDENTIAL;
}

bool a407_event_begin(struct a407_engine *e,
                      const struct a407_challenges *offered,
                      struct a407_span head)
{
    (void)head;
    struct a407_event *ev = new_event(e);
    if (!ev)
        return false;
    ev->status = 407;
    ev->outcome = A407_UNRESOLVED;
    if (offered) {
        put_challenges(ev, offered);
        default_cause(e, ev, offered);
    }
    return true;
}

void a407_event_plain(struct a407_engine *e, int status)
{
    if (e->proxy->config->log_level != A407_LOG_REQUEST)
        return;
    if (!new_event(e))
        return;
    e->ev->status = status;
    e->ev->outcome = A407_OBSERVED;
    a407_event_finish(e, A407_OBSERVED, status);
}

void a407_event_attempt(struct a407_engine *e, const struct a407_scheme *scheme,
                        unsigned cred_index, bool stale)
{
    struct a407_event *ev = e->ev;
    if (!ev || ev->n_attempts >= A407_EVENT_ATTEMPTS)
        return;
    struct a407_event_attempt *a = &ev->attempts[ev->n_attempts++];
    put(a->scheme, sizeof a->scheme,
        a407_span_str(a407_scheme_name(scheme->id)));
    a->stale = stale;
    const char *label = e->proxy->creds[cred_index]->label;
    put(a->credential, sizeof a->credential, a407_span_str(label ? label : ""));
}

void a407_event_attempt_status(struct a407_engine *e, int status)
{
    struct a407_event *ev = e->ev;
    if (!ev || !ev->n_attempts)
        return;
    struct a407_event_attempt *a = &ev->attempts[ev->n_attempts - 1];
    a->status = status;
    a->duration_us = e->mono_us - e->x.sent_us;
    a->reconnected = e->x.reconnected && !e->x.on_kept;
}

void a407_event_note(struct a407_engine *e, enum a407_cause cause,
                     const char *detail)
{
    if (!e->ev)
        return;
    e->ev->cause = cause;
    if (detail)
        put(e->ev->detail, sizeof e->ev->detail, a407_span_str(detail));
}

void a407_event_finish(struct a407_engine *e, enum a407_outcome outcome,
                       int final_status)
{
    if (!e->ev)
        return;
    e->ev->outcome = outcome;
    e->ev->final_status = final_status;
    if (e->n_done == A407_OUTSTANDING_MAX)
        a407_event_drop(e); /* nobody fetches them */
    else
        e->done[e->n_done++] = e->ev;
    e->ev = NULL;
}

void a407_event_cut(struct a407_engine *e, const char *detail)
{
    if (e->x.decided && e->ev) {
        a407_event_finish(e, e->ev->outcome, e->ev->status);
        return;
    }
    a407_event_note(e, A407_CAUSE_PROTOCOL, detail);
    a407_event_finish(e, A407_UNRESOLVED, 0);
}

void a407_event_drop(struct a407_engine *e)
{
    free(e->ev);
    e->ev = NULL;
}
