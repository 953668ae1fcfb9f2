/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "core/base/base64.h"
#include "core/base/text.h"
#include "core/record/hide.h"
#include "internal.h"

/* ---- causes ---- */

bool a407_clocks_differ(const struct a407_event *ev)
{
    const struct a407_event_answer *a = &ev->answer;
    return a->has_skew &&
           (a->skew_s > A407_SKEW_MAX || a->skew_s < -A407_SKEW_MAX);
}

static const struct a407_event_challenge *offers(const struct a407_event *ev,
                                                 const char *scheme)
{
    for (size_t i = 0; i < ev->n_challenges && i < A407_EVENT_CHALLENGES; i++)
        if (a407_span_ieq(a407_span_str(ev->challenges[i].scheme), scheme))
            return &ev->challenges[i];
    return NULL;
}

/* The program sent a header of its own, and it did not do. */
static enum a407_cause own_header(const struct a407_event *ev)
{
    const struct a407_event_challenge *c = offers(ev, ev->client_scheme);
    if (ev->client_scheme[0] && ev->n_challenges && !c)
        return A407_CAUSE_MISMATCH;
    if (c && c->stale)
        return A407_CAUSE_STALE;
    /* an NTLM message, which tells its user, brings no time of its own */
    if (c && !ev->client_user[0] && a407_clocks_differ(ev) &&
        a407_span_ieq(a407_span_str(c->scheme), "Negotiate"))
        return A407_CAUSE_CLOCK_SKEW;
    return A407_CAUSE_CLIENT_REJECTED;
}

/* It sent none. What could auth407 have done? */
static enum a407_cause no_header(const struct a407_proxy *p,
                                 const struct a407_event *ev,
                                 const struct a407_challenges *offered)
{
    static const a407_scheme_set none[A407_CREDENTIALS_MAX];
    struct a407_candidate cand;
    enum a407_cause why;
    bool sent_before = ev->sent_before != A407_SENT_NEVER;
    bool known = p->n_creds && p->creds[0]->from != A407_FROM_TICKET;
    if (known && offered &&
        !a407_choose(offered, p->config->order, p->config->n_order, p->creds,
                     p->n_creds, none, &cand, &why))
        return why;
    if (p->url_has_userinfo || sent_before)
        return A407_CAUSE_DROPPED;
    if (known)
        return A407_CAUSE_NOT_SENT;
    return p->elsewhere ? A407_CAUSE_OTHER_ENDPOINT : A407_CAUSE_NO_CREDENTIAL;
}

enum a407_cause a407_cause_of(const struct a407_proxy *p,
                              const struct a407_event *ev,
                              const struct a407_challenges *offered)
{
    if (ev->client_sent)
        return own_header(ev);
    if (offered && !offered->n)
        return offered->malformed ? A407_CAUSE_PROTOCOL
                                  : A407_CAUSE_NO_CHALLENGE;
    return no_header(p, ev, offered);
}

/* ---- facts ---- */

struct words {
    char *out;
    size_t cap;
    bool listed; /* a word of a list was the last that was said */
};

static void say(struct words *w, const char *z)
{
    size_t n = strlen(w->out);
    a407_put(w->out + n, w->cap - n, a407_span_str(z));
    w->listed = false;
}

static void say_list(struct words *w, const char *z)
{
    say(w, w->listed ? ", " : "");
    say(w, z);
    w->listed = true;
}

static void say_offered(struct words *w, const struct a407_event *ev)
{
    say(w, "offered: ");
    for (size_t i = 0; i < ev->n_challenges && i < A407_EVENT_CHALLENGES; i++)
        say_list(w, ev->challenges[i].scheme);
}

static void say_allowed(struct words *w, const struct a407_config *c)
{
    say(w, "; allowed: ");
    for (size_t i = 0; i < c->n_order; i++)
        if (c->clear != A407_CLEAR_NO ||
            !a407_scheme_get(c->order[i])->sends_secret)
            say_list(w, a407_scheme_name(c->order[i]));
    if (!w->listed)
        say(w, "none");
}

/* Where the credentials stand. */
static void say_labels(struct words *w, const struct a407_proxy *p)
{
    for (size_t i = 0; i < p->n_creds; i++)
        if (p->creds[i]->label)
            say_list(w, p->creds[i]->label);
}

enum { OWN, ALL, ANY, USES }; /* of variables, for a request */

/* Is it a variable that clients look at for such a request (OWN), or that for
   all? In either case of its letters. */
static bool is_variable_for(const char *label, const struct a407_event *ev,
                            int use)
{
    struct a407_span s = a407_span_str(label);
    const char *end = strstr(ev->target, "://");
    char scheme[16] = "https";
    if (use == OWN && end)
        a407_put(scheme, sizeof scheme,
                 a407_span_before(a407_span_str(ev->target), end));
    else if (use == ALL)
        a407_put(scheme, sizeof scheme, a407_span_str("all"));
    size_t n = strlen(scheme);
    return use == ANY || (s.n > n && a407_span_ieq(a407_span(s.p, n), scheme) &&
                          a407_span_ieq(a407_span_skip(s, n), "_proxy"));
}

/* Is its login in a variable's URL, for this proxy? */
static bool is_in_variable(const struct a407_credential *c,
                           const struct a407_proxy *p)
{
    return c->from == A407_FROM_PROXY_URL && c->label &&
           a407_endpoint_match(&c->endpoint, &p->endpoint);
}

/* The variables that hold a credential for this proxy: those that clients look
   at for such a request, or those for all, or any. */
static void say_variables(struct words *w, const struct a407_proxy *p,
                          const struct a407_event *ev)
{
    for (int use = OWN; use < USES && !w->listed; use++)
        for (const struct a407_credential *c = p->config->credentials; c;
             c = c->next)
            if (is_in_variable(c, p) && is_variable_for(c->label, ev, use))
                say_list(w, c->label);
}

const char *a407_facts_label(const struct a407_proxy *p,
                             const struct a407_credential *k,
                             const struct a407_event *ev)
{
    for (int use = OWN; use < ANY && is_in_variable(k, p); use++)
        for (const struct a407_credential *c = p->config->credentials; c;
             c = c->next)
            if (is_in_variable(c, p) && is_variable_for(c->label, ev, use) &&
                a407_credential_same(k, c, true))
                return c->label;
    return k->label;
}

static void say_known(struct words *w, const struct a407_proxy *p,
                      const struct a407_event *ev)
{
    /* a ticket stands nowhere, and is the only one then */
    say(w, p->creds[0]->from == A407_FROM_TICKET ? "it is a " : "it is in ");
    if (p->url_has_userinfo)
        say_variables(w, p, ev);
    else
        say_labels(w, p);
}

static void say_dropped(struct words *w, const struct a407_proxy *p,
                        const struct a407_event *ev)
{
    if (p->url_has_userinfo) {
        say(w, "not sent, although it is in ");
        say_variables(w, p, ev);
        say(w, ev->sent_before == A407_SENT_NEVER ? "" : "; ");
    }
    if (ev->sent_before == A407_SENT_CONNECTION)
        say(w, "an earlier request on this connection had one");
    else if (ev->sent_before == A407_SENT_PROGRAM)
        say(w, "an earlier request of this process had one");
}

/* What a scheme takes that this credential has not. */
static const char *lacks(const struct a407_scheme *s,
                         const struct a407_credential *c)
{
    if (s->secret == A407_SECRET_TOKEN)
        return c->token ? NULL : "token";
    if (s->secret != A407_SECRET_PASSWORD)
        return NULL;
    return !c->username || !c->username[0] ? "user name"
           : !c->password                  ? "password"
                                           : NULL;
}

static void say_missing(struct words *w, const struct a407_proxy *p,
                        const struct a407_event *ev)
{
    const struct a407_scheme *s;
    for (unsigned id = 0; (s = a407_scheme_get(id)); id++)
        for (size_t i = 0; offers(ev, s->token) && i < p->n_creds; i++) {
            const struct a407_credential *c = p->creds[i];
            const char *what = lacks(s, c);
            if (!what || !(c->schemes & A407_SCHEME_BIT(id)))
                continue;
            say(w, w->out[0] ? "; " : "");
            say(w, s->token);
            say(w, " needs a ");
            say(w, what);
            say(w, ", which is not in ");
            say(w, c->label ? c->label : "the credential");
        }
}

static void say_endpoint(struct words *w, const struct a407_endpoint *e)
{
    char port[8];
    snprintf(port, sizeof port, ":%u", (unsigned)e->port);
    say(w, e->host);
    say(w, e->port ? port : "");
}

/* A name or an address of this very machine. For a hint: another name never
   gets a credential by it. */
static bool is_here(const struct a407_config *c, const char *host)
{
    struct a407_span s = a407_span_str(host);
    return a407_span_eq(s, "localhost") || a407_span_ends(s, ".localhost") ||
           a407_span_begins(s, "127.") || a407_span_eq(s, "::1") ||
           (c->machine[0] && a407_span_ieq(s, c->machine));
}

/* The credential that would be for this proxy if it were called like that, or
   NULL. */
static const struct a407_credential *by_another_name(const struct a407_proxy *p)
{
    const struct a407_credential *k = p->config->credentials;
    while (k && !(k->label && is_here(p->config, k->endpoint.host) &&
                  (!k->endpoint.port || k->endpoint.port == p->endpoint.port)))
        k = k->next;
    return is_here(p->config, p->endpoint.host) ? k : NULL;
}

static void say_elsewhere(struct words *w, const struct a407_proxy *p)
{
    const struct a407_credential *here = by_another_name(p),
                                 *k = here ? here : p->config->credentials;
    if (!k || !k->label)
        return;
    say(w, k->label);
    say(w, " is for ");
    if (strcmp(k->endpoint.host, "*") == 0)
        say(w, "the proxies that the environment names");
    else
        say_endpoint(w, &k->endpoint);
    if (!here)
        return;
    say(w, ", another name of this machine: write ");
    say_endpoint(w, &p->endpoint);
}

void a407_facts(const struct a407_proxy *p, struct a407_event *ev)
{
    struct words w = {.out = ev->detail, .cap = sizeof ev->detail};
    int64_t skew = ev->answer.skew_s;
    switch ((unsigned)ev->cause) {
    case A407_CAUSE_NOT_SENT_FIRST:
    case A407_CAUSE_NOT_SENT:
        say_known(&w, p, ev);
        break;
    case A407_CAUSE_DROPPED:
        say_dropped(&w, p, ev);
        break;
    case A407_CAUSE_UNMET:
        say_missing(&w, p, ev);
        break;
    case A407_CAUSE_OTHER_ENDPOINT:
        say_elsewhere(&w, p);
        break;
    case A407_CAUSE_NOT_CONFIGURED:
        if (by_another_name(p))
            say_elsewhere(&w, p);
        break;
    case A407_CAUSE_NOT_ALLOWED:
        say_offered(&w, ev);
        say_allowed(&w, p->config);
        break;
    case A407_CAUSE_WEAKER:
    case A407_CAUSE_UNSUPPORTED:
        say_offered(&w, ev);
        break;
    case A407_CAUSE_MISMATCH:
        say(&w, "sent: ");
        say(&w, ev->client_scheme);
        say(&w, "; ");
        say_offered(&w, ev);
        break;
    case A407_CAUSE_CLOCK_SKEW:
        if (ev->answer.has_skew)
            snprintf(ev->detail, sizeof ev->detail,
                     "the proxy's clock is %" PRId64 " s %s",
                     skew < 0 ? -skew : skew, skew < 0 ? "behind" : "ahead");
        break;
    case A407_CAUSE_CLIENT_REJECTED:
        if (ev->client_sent && !ev->client_scheme[0])
            say(&w, "the header of the client names no known scheme");
        else if (!ev->n_challenges)
            say(&w, "the proxy offered no scheme");
    }
}

/* ---- what looks wrong in a credential ---- */

static bool may_be_blamed(enum a407_cause cause)
{
    return cause == A407_CAUSE_CLIENT_REJECTED || a407_cause_refuses(cause) ||
           cause == A407_CAUSE_MALFORMED || cause == A407_CAUSE_LOCKED_OUT ||
           cause == A407_CAUSE_TOKEN_EXPIRED;
}

static a407_scheme_set named_scheme(const char *name)
{
    return A407_SCHEME_BIT(a407_scheme_from_name(a407_span_str(name)));
}

/* The schemes that it was refused by: the client's, as far as the user tells,
   and those of the attempts on record. The last one may have let us in. */
static a407_scheme_set refused_by(const struct a407_proxy *p,
                                  const struct a407_event *ev,
                                  const struct a407_credential *c)
{
    const char *label = a407_facts_label(p, c, ev);
    bool in = ev->outcome == A407_RESOLVED;
    a407_scheme_set set = 0;
    if (!in && ev->client_user[0] &&
        a407_same_text(c->username, ev->client_user))
        set = named_scheme(ev->client_scheme);
    for (size_t i = 0; label && i < ev->n_attempts; i++) {
        const struct a407_event_attempt *a = &ev->attempts[i];
        bool sent = a->cause == A407_CAUSE_NONE || a407_cause_refuses(a->cause);
        if (sent && strcmp(a->credential, label) == 0)
            set = in && i + 1 == ev->n_attempts ? 0
                                                : set | named_scheme(a->scheme);
    }
    return set;
}

static bool asked_for_utf8(const struct a407_event *ev, a407_scheme_set by)
{
    const struct a407_event_challenge *c;
    for (unsigned id = 0; a407_scheme_get(id); id++)
        if (by & A407_SCHEME_BIT(id) &&
            (c = offers(ev, a407_scheme_name(id))) &&
            a407_span_ieq(a407_span_str(c->charset), "UTF-8"))
            return true;
    return false;
}

/* Adds it where it fits, whole. */
static bool say_finding(struct words *w, const char *label,
                        struct a407_finding f)
{
    char text[A407_LINT_WORDS];
    const char *parts[] = {w->out[0] ? "; " : "", label, *label ? ": " : "",
                           text};
    size_t n = strlen(w->out);
    a407_lint_words(f, text);
    for (size_t i = 0; i < 4; i++)
        n += strlen(parts[i]);
    for (size_t i = 0; i < 4 && n < w->cap; i++)
        say(w, parts[i]);
    return n < w->cap;
}

/* `label`: where it stands, if that must be told. */
static void say_lint(struct words *w, struct a407_event *ev,
                     const struct a407_credential *c, a407_scheme_set refused,
                     const char *label)
{
    struct a407_lint_use use = {.now = ev->time_us / 1000000,
                                .refused = refused,
                                .utf8 = asked_for_utf8(ev, refused)};
    struct a407_lint lint;
    a407_lint(c, &use, &lint);
    for (size_t i = 0; i < lint.n; i++) {
        ev->lint |= A407_LINT_BIT(lint.found[i].code);
        /* the place may be too long, what is wrong there never is */
        if (say_finding(w, label, lint.found[i]) ||
            (!w->out[0] && say_finding(w, "", lint.found[i])))
            label = "";
    }
}

void a407_facts_lint(const struct a407_proxy *p, struct a407_event *ev)
{
    char said[sizeof ev->detail] = "";
    struct words w = {.out = said, .cap = sizeof said};
    bool client = ev->cause == A407_CAUSE_CLIENT_REJECTED,
         sent = client || ev->outcome == A407_RESOLVED,
         named = client || ev->cause == A407_CAUSE_MALFORMED || p->n_creds > 1;
    if (!may_be_blamed(ev->cause))
        return;
    for (size_t i = 0; i < p->n_creds; i++)
        sent = sent || refused_by(p, ev, p->creds[i]);
    for (size_t i = 0; i < p->n_creds; i++) {
        const struct a407_credential *c = p->creds[i];
        const char *label = a407_facts_label(p, c, ev);
        a407_scheme_set refused = refused_by(p, ev, c);
        if (!sent || refused)
            say_lint(&w, ev, c, refused, named && label ? label : "");
    }
    say(&w, said[0] && ev->detail[0] ? "; " : "");
    say(&w, ev->detail);
    memcpy(ev->detail, said, sizeof said);
}

/* ---- what must not be told ---- */

static void hide_in_event(void *ev, struct a407_span secret)
{
    a407_event_hide(ev, secret);
}

/* The credentials of a field, and the password in those of Basic. */
static void hide_credentials(struct a407_event *ev, struct a407_span value)
{
    const struct a407_hider h = {hide_in_event, ev};
    char raw[1024];
    size_t n = sizeof raw;
    const char *blank = a407_span_find(value, ' ');
    /* no scheme: the secret alone */
    struct a407_span rest =
        blank ? a407_span_trim(a407_span_from(value, blank)) : value;
    a407_hide_base64(&h, rest);
    const char *colon =
        a407_base64_decode(rest, raw, &n) ? memchr(raw, ':', n) : NULL;
    if (colon)
        a407_hide_secret(&h, a407_span_from(a407_span(raw, n), colon + 1));
    a407_wipe(raw, sizeof raw);
}

/* Each value of "a=b&c=d" or "a=b; c=d", where it is long enough to be one. */
static void hide_values(struct a407_event *ev, struct a407_span list)
{
    static const size_t least = 8, most = 64;
    a407_event_hide(ev, list);
    for (size_t at = 0, i = 0, n = 0; i <= list.n && n < most; i++) {
        if (i < list.n && !memchr("&;=, ", list.p[i], 5))
            continue;
        if (i - at >= least) {
            a407_event_hide(ev, a407_span(list.p + at, i - at));
            n++;
        }
        at = i + 1;
    }
}

static void hide_target(struct a407_event *ev, struct a407_span target)
{
    const char *query = a407_span_find(target, '?');
    if (query)
        hide_values(ev, a407_span_from(target, query + 1));
    const char *scheme = memmem(target.p, target.n, "://", 3);
    struct a407_span rest =
        scheme ? a407_span_from(target, scheme + 3) : target;
    const char *slash = a407_span_find(rest, '/');
    if (slash)
        rest = a407_span_before(rest, slash);
    /* the last one: a password may hold others */
    const char *at = rest.n ? memrchr(rest.p, '@', rest.n) : NULL;
    if (!at)
        return;
    rest = a407_span_before(rest, at);
    const char *colon = a407_span_find(rest, ':');
    a407_event_hide(ev, colon ? a407_span_from(rest, colon + 1) : rest);
}

void a407_event_hide_request(struct a407_event *ev, struct a407_span head,
                             struct a407_span target)
{
    struct a407_field f;
    size_t at = 0;
    if (target.n)
        hide_target(ev, target);
    while (head.n && a407_field_next(head.p, head.n, &at, &f)) {
        if (a407_span_ieq(f.name, "Proxy-Authorization") ||
            a407_span_ieq(f.name, "Authorization"))
            hide_credentials(ev, f.value);
        else if (a407_span_ieq(f.name, "Cookie"))
            hide_values(ev, f.value);
    }
}

void a407_event_hide_ours(struct a407_event *ev, const struct a407_proxy *p)
{
    const struct a407_hider h = {hide_in_event, ev};
    for (size_t i = 0; i < p->n_creds; i++)
        a407_hide_credential(&h, p->creds[i]);
}
