/* SPDX-License-Identifier: MIT */
#include "answers.h"
#include "cli/terminal.h"
#include "cli/tls.h"
#include "cli/trial.h"
#include "host/clock.h"
#include "host/lockout.h"
#include "refused.h"

bool a407_doctor_may_try(struct a407_doctor *d)
{
    struct a407_buf line;
    bool yes = d->o.values[A407_OPT_DOCTOR_YES] != NULL;

    if (!yes && d->tty >= 0 && d->trying == A407_NOT_ASKED) {
        a407_buf_init(&line, 64);
        a407_doctor_progress_end(d);
        yes = a407_terminal_ask(d->tty, "Log in at the proxy to try it? [Y/n] ",
                                false, &line) &&
              (!line.n || a407_lower(*line.p) == 'y');
        a407_buf_free(&line);
    }
    if (d->trying == A407_NOT_ASKED)
        d->trying = yes ? A407_TRY_THEM : A407_TRY_NOTHING;
    return d->trying == A407_TRY_THEM;
}

bool a407_doctor_is_late(struct a407_doctor *d, const char *what)
{
    if (d->waited_ms < 2 * (int64_t)d->config->wait_ms)
        return false;
    a407_row_good(&d->rows, A407_IN_TRIAL, what,
                  "not tried: the proxy has taken %d s for its answers",
                  (int)(d->waited_ms / 1000))
        ->status = A407_NOTE;
    return true;
}

/* ---- one request ---- */

/* CONNECT or GET: the one that the target needs, or the other one. */
static const char *request_of(const struct a407_doctor *d, bool first)
{
    return first == d->o.target.tls ? d->tunnel : d->page;
}

static const struct a407_answer *answer_of(const struct a407_doctor *d,
                                           bool first)
{
    return first == d->o.target.tls ? &d->to_connect : &d->to_get;
}

static const char *method_of(const struct a407_doctor *d, bool first)
{
    return first == d->o.target.tls ? "CONNECT" : "GET";
}

/* What was sent may stand in the answer: it is shown without, and so are the
   words that the record has of it. */
static void hide_sent(const struct a407_doctor *d,
                      const struct a407_credential *c, struct a407_trial *t)
{
    struct a407_answer a = {0};

    a407_refused_hide(d, d->config->credentials, t->answer);
    a407_refused_hide(d, c, t->answer);
    a407_refused_hide(d, t->read, t->answer);
    if (!t->event || !t->answer || !strstr(t->event->message, "***"))
        return;
    a407_answer_read(&a, t->answer, strlen(t->answer));
    if (a.head)
        a407_event_set_words(t->event, a407_span(a.bytes, a.head),
                             a407_answer_body(&a));
}

/* By one scheme alone: what refuses a password is not to get it by another one.
   `scheme` A407_SCHEMES_MAX: by all that the settings allow. */
static void try(struct a407_doctor *d, const struct a407_credential *c,
                enum a407_scheme_id scheme, bool first, struct a407_trial *out)
{
    struct a407_config its = *d->config;

    if (scheme != A407_SCHEMES_MAX) {
        its.order[0] = scheme;
        its.n_order = 1;
        its.schemes = A407_SCHEME_BIT(scheme);
    }
    a407_doctor_progress(d, "%s %s %s%s", method_of(d, first),
                         request_of(d, first), c ? "with " : "",
                         c ? c->label : "");
    d->waited_ms -= a407_now_ms();
    a407_trial(&its, &d->proxy, d->tls ? &a407_tls_trusted : NULL, c,
               request_of(d, first), out);
    d->waited_ms += a407_now_ms();
    hide_sent(d, c, out);
    a407_requests_add_trial(&d->requests, request_of(d, first), &d->source,
                            out);
}

void a407_doctor_try(struct a407_doctor *d, const struct a407_credential *c,
                     struct a407_trial *out)
{
    a407_scheme_set usable = a407_doctor_usable(d, c);
    size_t i = 0;

    while (i < d->config->n_order &&
           !(usable & A407_SCHEME_BIT(d->config->order[i])))
        i++;
    try(d, c, i < d->config->n_order ? d->config->order[i] : A407_SCHEMES_MAX,
        true, out);
}

static bool is_in(const struct a407_trial *t)
{
    return t->outcome == A407_TRIAL_ACCEPTED ||
           t->outcome == A407_TRIAL_NOT_ASKED;
}

static void tell_answer(struct a407_doctor *d, struct a407_trial *t,
                        const char *label, bool first)
{
    const struct a407_event *ev = t->event;
    struct a407_answer a = {0};
    char how[sizeof d->how] = "", what[96];
    const struct a407_judged j = {&a, what, how, *method_of(d, first) == 'C',
                                  first};

    if (ev->n_attempts)
        snprintf(how, sizeof how, "logged in by %s with %s",
                 ev->attempts[ev->n_attempts - 1].scheme, label);
    if (first)
        snprintf(d->how, sizeof d->how, "%s",
                 *how ? how : "no login is asked for");
    snprintf(what, sizeof what, "%s with a login", method_of(d, first));
    a407_answer_read(&a, t->answer, a407_span_str(t->answer).n);
    if (!a.status)
        a.status = ev->final_status;
    a407_doctor_judge(d, &j);
}

/* ---- where it was let in ---- */

/* A refusal of what has just been accepted is no reason to hold it back. */
static void unmark(struct a407_doctor *d, const struct a407_credential *c)
{
    if (c)
        a407_lockout_mark(d->config, &d->proxy, c, true);
}

static void try_other_request(struct a407_doctor *d,
                              const struct a407_credential *c,
                              enum a407_scheme_id scheme)
{
    struct a407_trial t;

    try(d, c, scheme, false, &t);
    if (is_in(&t)) {
        tell_answer(d, &t, c ? c->label : "a ticket", false);
    } else if (t.event && t.event->final_status == 407) {
        a407_row_found(&d->rows, A407_FOUND_OTHER_REQUEST, method_of(d, false),
                       "407: the same login is refused");
        unmark(d, c);
    } else {
        a407_row_good(&d->rows, A407_IN_TRIAL, method_of(d, false), "%s", t.why)
            ->status = A407_NOTE;
    }
    a407_trial_free(&t);
}

/* Whoever may see a scheme that sends the secret itself: only if that is what
   was accepted, or the settings say so. */
static void try_other_scheme(struct a407_doctor *d,
                             const struct a407_credential *c,
                             enum a407_scheme_id scheme)
{
    const struct a407_scheme *s = a407_scheme_get(scheme);
    struct a407_trial t;

    if (s->sends_secret && d->config->clear != A407_CLEAR_YES) {
        a407_row_good(&d->rows, A407_IN_TRIAL, s->token,
                      "not tried: it would show the secret");
    } else {
        try(d, c, scheme, true, &t);
        a407_row_good(&d->rows, A407_IN_TRIAL, s->token, "%s",
                      is_in(&t) ? "works, too"
                      : t.event && t.outcome != A407_TRIAL_UNREACHABLE
                          ? a407_cause_info(t.event->cause)->meaning
                          : t.why);
        if (t.outcome == A407_TRIAL_REFUSED)
            unmark(d, c);
        a407_trial_free(&t);
    }
    a407_row_last(&d->rows)->status = A407_NOTE;
}

static void try_others(struct a407_doctor *d, const struct a407_credential *c,
                       a407_scheme_set usable, enum a407_scheme_id accepted)
{
    size_t i;

    /* what can't be reached one way takes as long the other way */
    if (a407_row_last(&d->rows)->found != A407_FOUND_TARGET &&
        !a407_doctor_is_late(d, method_of(d, false)))
        try_other_request(d, c, accepted);
    for (i = 0; c && i < d->config->n_order; i++) {
        enum a407_scheme_id id = d->config->order[i];

        if (id != accepted && usable & A407_SCHEME_BIT(id) &&
            !a407_credential_is_outside(c) &&
            !a407_doctor_is_late(d, a407_scheme_get(id)->token))
            try_other_scheme(d, c, id);
    }
}

/* ---- each credential ---- */

/* A proxy that let a login in may pass on a 407 of the target, or of another
   proxy behind it: their realm is another one than that of each 407 without a
   login. A realm that changes by itself tells nothing. */
static bool other_asks(const struct a407_doctor *d, const struct a407_trial *t,
                       char *realm, size_t cap)
{
    struct a407_answer got = {0};
    char its[128], again[128];

    if (t->outcome != A407_TRIAL_REFUSED || t->event->final_status != 407 ||
        t->event->cause == A407_CAUSE_LOCKED_OUT)
        return false;
    a407_answer_read(&got, t->answer, a407_span_str(t->answer).n);
    a407_answer_realm(answer_of(d, true), its, sizeof its);
    a407_answer_realm(answer_of(d, false), again, sizeof again);
    a407_answer_realm(&got, realm, cap);
    return *realm && *its && strcmp(realm, its) != 0 &&
           (!*again || strcmp(its, again) == 0);
}

static void tell_other(struct a407_doctor *d, const struct a407_trial *t,
                       const struct a407_credential *c, const char *realm)
{
    const char *label = c ? c->label : "no credential";
    bool get = !d->o.target.tls;
    struct a407_row *row;

    if (get) {
        row = a407_row_found(&d->rows, A407_FOUND_ORIGIN_LOGIN,
                             "GET with a login",
                             "407 with another realm than the proxy's");
        unmark(d, c);
    } else
        row = a407_refused_cause(d, t->event->cause, c, label,
                                 "407 with another realm than the proxy's");
    a407_row_sentence(row,
                      "Behind the proxy another one%s asks for a login: "
                      "\"%s\".",
                      get ? ", or the target," : "", realm);
    a407_row_remedy(row,
                    "Ask the proxy's owner for a login for \"%s\". The one "
                    "in %s may be right for this proxy.",
                    realm, c ? label : "the ticket");
}

/* True: it was let in, or nothing more is to be tried with it. */
static bool try_scheme(struct a407_doctor *d, const struct a407_credential *c,
                       a407_scheme_set usable, enum a407_scheme_id id)
{
    const char *label = c ? c->label : "no credential";
    struct a407_trial t;
    char realm[100];
    bool over;

    try(d, c, id, true, &t);
    d->in = is_in(&t);
    d->let_in = d->in ? c : NULL;
    over = d->in || t.outcome == A407_TRIAL_REFUSED ||
           t.outcome == A407_TRIAL_UNREACHABLE ||
           t.event->said != A407_CAUSE_NONE; /* it means it */
    if (d->in) {
        a407_refused_excuse(d, NULL);
        tell_answer(d, &t, label, true);
    } else {
        bool other = other_asks(d, &t, realm, sizeof realm);

        if (c && t.outcome == A407_TRIAL_REFUSED &&
            !(other && !d->o.target.tls))
            d->refused[d->n_refused++] = c;
        if (other)
            tell_other(d, &t, c, realm);
        else
            a407_refused_tell(d, &t, c, id);
    }
    a407_trial_free(&t);
    if (d->in)
        try_others(d, c, usable, id);
    return over;
}

/* What the command was refused with is not sent again: as if it had been. */
static void tell_sent(struct a407_doctor *d, const struct a407_credential *c)
{
    static struct a407_event ev;
    const struct a407_trial t = {.outcome = A407_TRIAL_REFUSED, .event = &ev};

    d->refused[d->n_refused++] = c;
    ev.cause = A407_CAUSE_REJECTED;
    snprintf(ev.detail, sizeof ev.detail, "refused: the command has sent it");
    a407_refused_tell(d, &t, c, A407_BASIC);
}

static void try_credential(struct a407_doctor *d,
                           const struct a407_credential *c)
{
    const struct a407_credential *sent = c->from == A407_FROM_TICKET ? NULL : c;
    a407_scheme_set usable = a407_doctor_usable(d, c);
    size_t i;

    if (!usable)
        try_scheme(d, sent, 0, A407_SCHEMES_MAX);
    else if (a407_doctor_command_sent(d, c)) {
        tell_sent(d, c);
        return;
    }
    for (i = 0; usable && i < d->config->n_order; i++)
        if (usable & A407_SCHEME_BIT(d->config->order[i]) &&
            try_scheme(d, sent, usable, d->config->order[i]))
            break;
}

/* What is held back counts, too: the doctor may be run again and again. But not
   against the very secret that memory knows as accepted: that ended their
   count. */
static bool is_enough(const struct a407_doctor *d, size_t of)
{
    const struct a407_credential *c = d->asked.creds[of];
    size_t i, n = a407_doctor_command_failed(d, c);

    for (i = 0; i < d->n_refused; i++)
        n += a407_doctor_same_account(d->refused[i], c) &&
             !a407_doctor_command_sent(d, d->refused[i]);
    return n >= A407_DOCTOR_OF_ONE_USER && !d->asked.standing[of].recalled;
}

/* The one that was typed last may be this one: what stands before it has to
   go, not only to be corrected. */
static void say_take_out(struct a407_doctor *d, const struct a407_credential *c)
{
    char labels[300] = "";
    size_t i, k, n = 0;

    for (i = 0; i < d->n_refused && n < sizeof labels; i++)
        if (a407_doctor_same_account(d->refused[i], c))
            n += (size_t)snprintf(labels + n, sizeof labels - n, "%s%s",
                                  n ? " and " : "", d->refused[i]->label);
    for (i = 0; i < d->rows.n; i++)
        for (k = 0; k < d->n_refused; k++)
            if (d->rows.row[i].found == A407_FOUND_CAUSE &&
                strcmp(d->rows.row[i].what, d->refused[k]->label) == 0 &&
                a407_doctor_same_account(d->refused[k], c))
                a407_row_remedy(&d->rows.row[i],
                                "Correct them, or take the login out of %s: "
                                "then that of %s is tried.",
                                labels, c->label);
}

static void tell_enough(struct a407_doctor *d, const struct a407_credential *c)
{
    say_take_out(d, c);
    a407_row_good(&d->rows, A407_IN_TRIAL, c->label,
                  "not tried: more failures could lock the account of %s",
                  c->username)
        ->status = A407_NOTE;
}

static void log_in(struct a407_doctor *d)
{
    size_t i;

    for (i = 0; !d->in && i < d->asked.n_creds; i++)
        if (!a407_doctor_command_sent(d, d->asked.creds[i]) && is_enough(d, i))
            tell_enough(d, d->asked.creds[i]);
        else if (!a407_doctor_is_late(d, d->asked.creds[i]->label))
            try_credential(d, d->asked.creds[i]);
}

/* ---- all of it ---- */

static void without_login(struct a407_doctor *d, bool first)
{
    const char *method = method_of(d, first);
    const struct a407_judged j = {answer_of(d, first), method, "",
                                  *method == 'C', first};

    if (j.answer->status == 407) {
        a407_row_good(&d->rows, A407_IN_TRIAL, method, "407 without a login");
    } else if (first || j.answer->status) {
        if (first)
            snprintf(d->how, sizeof d->how, "no login is asked for");
        a407_doctor_judge(d, &j);
    }
}

/* It is good for programs that send it themselves. */
static void tell_tls(struct a407_doctor *d)
{
    d->works = false;
    a407_row_found(&d->rows, A407_FOUND_NO_TLS_LOGIN, "under auth407",
                   "no login is sent in TLS");
    a407_doctor_say(d, A407_CAUSE_NONE, NULL);
}

void a407_doctor_trials(struct a407_doctor *d)
{
    bool secret = d->asked.n_creds && d->asked.creds[0] != &d->asked.ticket;

    without_login(d, true);
    without_login(d, false);
    if (answer_of(d, true)->status != 407)
        return;
    if (d->tls && !d->trusted) {
        d->trying = A407_TRY_NOTHING;
        a407_row_found(&d->rows, A407_FOUND_NOT_TRIED, "login",
                       "not tried: whoever has that certificate would see it")
            ->remedy[0] = '\0';
    } else if (secret && !a407_doctor_may_try(d))
        a407_row_found(&d->rows, A407_FOUND_NOT_TRIED, "login",
                       "not tried; with --yes it is");
    else
        log_in(d);
    if (d->tls && d->in)
        tell_tls(d);
}
