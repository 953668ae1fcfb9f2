/* SPDX-License-Identifier: MIT */
#include "refused.h"

#include <time.h>

#include "core/record/hide.h"
#include "host/lockout.h"

/* ---- what to do ---- */

static void say_until(const struct a407_doctor *d,
                      const struct a407_credential *c, struct a407_row *row)
{
    time_t until = c ? (time_t)a407_lockout_until(d->config, &d->proxy, c) : 0;
    char when[16] = "";
    struct tm tm;

    if (until && localtime_r(&until, &tm))
        strftime(when, sizeof when, " until %H:%M", &tm);
    a407_row_remedy(row,
                    "Correct the secret: auth407 login %s; a changed one is "
                    "tried at once. This one is held back%s; with "
                    "AUTH407_RETRY_AFTER=0 it is sent all the same.",
                    d->at, when);
}

/* The realm tells whose login is asked for: it may be another proxy's than one
   thinks. */
static void say_wrong(const struct a407_doctor *d,
                      const struct a407_credential *c, const char *label,
                      struct a407_row *row)
{
    bool ntlm = c && c->domain && strstr(row->seen, "407 to ntlm");
    bool file = c && c->from == A407_FROM_FILE;
    char realm[100];

    a407_answer_realm(a407_doctor_first(d), realm, sizeof realm);
    a407_row_remedy(
        row, "Check user name%s%s%s and password in %s%s%s%s.%s%s",
        ntlm ? ", domain (" : "", ntlm ? c->domain : "", ntlm ? ")" : "", label,
        *realm ? "; they must be those of \"" : "", realm, *realm ? "\"" : "",
        file ? " Enter them again: auth407 login " : "", file ? d->at : "");
}

/* Written for auth407 it would be of no use. */
static void say_none_in_tls(const struct a407_doctor *d, struct a407_row *row)
{
    char line[300];

    a407_doctor_curl(d, " --proxy-anyauth -U USER", line, sizeof line);
    a407_row_remedy(row,
                    "auth407 sends no login in TLS: use the proxy's port "
                    "without TLS, if it has one; or let the program log in "
                    "itself: %s",
                    line);
}

static void say_remedy(struct a407_doctor *d, enum a407_cause cause,
                       const struct a407_credential *c, struct a407_row *row)
{
    const char *label = c ? c->label : "the credential";

    if (cause == A407_CAUSE_REJECTED || cause == A407_CAUSE_REJECTED_LATER)
        say_wrong(d, c, label, row);
    if (cause == A407_CAUSE_LOCKED_OUT)
        say_until(d, c, row);
    if (cause == A407_CAUSE_NO_CREDENTIAL && d->tls)
        say_none_in_tls(d, row);
    else
        a407_doctor_say(d, cause, label);
}

/* What is for the proxies of the environment is for no other one; it is the
   environment that lacks this proxy, unless a section names another. */
static bool is_not_named(const struct a407_doctor *d)
{
    const struct a407_credential *c = d->config->credentials;

    while (c && c->from == A407_FROM_VARIABLES)
        c = c->next;
    return d->config->credentials && !c;
}

struct a407_row *a407_refused_cause(struct a407_doctor *d,
                                    enum a407_cause cause,
                                    const struct a407_credential *c,
                                    const char *what, const char *seen)
{
    struct a407_row *row;

    if (cause == A407_CAUSE_OTHER_ENDPOINT && is_not_named(d))
        cause = A407_CAUSE_NOT_CONFIGURED;
    row = a407_row_cause(&d->rows, cause, what, seen);
    say_remedy(d, cause, c, row);
    return row;
}

/* ---- what was seen ---- */

/* In auth407-gss's own words. */
static bool is_kdc_down(const struct a407_event *ev)
{
    return ev->cause == A407_CAUSE_NO_TICKET &&
           strncmp(ev->detail, "no KDC of", 9) == 0;
}

void a407_refused_excuse(struct a407_doctor *d, const char *label)
{
    size_t i;

    for (i = 0; i < d->rows.n; i++) {
        struct a407_row *row = &d->rows.row[i];
        bool of_trial = row->status == A407_FAILURE &&
                        row->section == A407_IN_TRIAL &&
                        (row->found == A407_FOUND_CAUSE ||
                         row->found == A407_FOUND_KDC_DOWN);

        if (of_trial && (!label || strcmp(row->what, label) == 0))
            row->status = a407_cause_refuses(a407_cause_from_code(
                              row->code, strlen(row->code)))
                              ? A407_WARNING
                              : A407_NOTE;
        else if (!label && (row->found == A407_FOUND_LINT ||
                            row->found == A407_FOUND_CREDFILE))
            row->status = A407_WARNING;
    }
}

void a407_refused_describe(const struct a407_event *ev, char *out, size_t cap)
{
    const struct a407_event_attempt *a =
        ev->n_attempts ? &ev->attempts[ev->n_attempts - 1] : NULL;
    const char *detail =
        *ev->detail || a ? ev->detail : a407_cause_info(ev->cause)->meaning;

    *out = '\0';
    if (a && a->status)
        snprintf(out, cap, "%d to %s%s%s%s", a->status, a->scheme,
                 *a->username ? " as " : "", a->username, *detail ? ": " : "");
    snprintf(out + strlen(out), cap - strlen(out), "%s", detail);
}

static void tell_lint(struct a407_doctor *d, struct a407_finding f,
                      const char *label, bool sent)
{
    const struct a407_lint_info *info = a407_lint_info(f.code);
    char words[A407_LINT_WORDS];
    struct a407_row *row = NULL;
    size_t i;

    a407_lint_words(f, words);
    /* it may stand there already, as something that may be meant so */
    for (i = 0; i < d->rows.n && !row; i++)
        if (d->rows.row[i].code == info->code &&
            strcmp(d->rows.row[i].what, label) == 0)
            row = &d->rows.row[i];
    if (!row)
        row = a407_row_found(&d->rows, A407_FOUND_LINT, label, "%s", words);
    row->status = A407_FAILURE;
    if (row->found == A407_FOUND_URL_UNESCAPED)
        return; /* with the corrected line */
    row->found = A407_FOUND_LINT;
    row->code = info->code;
    a407_row_sentence(row,
                      sent ? "The login is refused, and in %s %s."
                           : "No login is sent, for in %s %s.",
                      label, words);
    a407_row_remedy(row, "%s", info->remedy);
}

/* What may be the reason, told only now: it might have been meant so. */
static void tell_lints(struct a407_doctor *d, const struct a407_event *ev,
                       const struct a407_credential *c, enum a407_scheme_id by)
{
    struct a407_lint_use use = {.now = time(NULL),
                                .refused = A407_SCHEME_BIT(by)};
    bool sent = ev->cause != A407_CAUSE_MALFORMED;
    a407_lint_set more = ev->lint;
    struct a407_lint lint = {0};
    size_t i;

    if (!a407_credential_is_outside(c))
        a407_lint(c, &use, &lint);
    for (i = 0; i < lint.n; i++) {
        tell_lint(d, lint.found[i], c->label, sent);
        more &= ~A407_LINT_BIT(lint.found[i].code);
    }
    for (i = 1; i < A407_LINT_COUNT; i++)
        if (more & A407_LINT_BIT(i))
            tell_lint(d,
                      (struct a407_finding){(enum a407_lint_code)i,
                                            c->password_file || c->username
                                                ? A407_LINT_PASSWORD
                                                : A407_LINT_TOKEN},
                      c->label, sent);
}

/* What it says of this login alone, where no cause is known in it. */
static void tell_words(struct a407_doctor *d, const struct a407_event *ev)
{
    bool is_new = *ev->message && ev->said == A407_CAUSE_NONE && ev->n_attempts;
    size_t i;

    for (i = 0; is_new && i < d->rows.n; i++)
        is_new = strcmp(d->rows.row[i].what, A407_ITS_WORDS) != 0 ||
                 strcmp(d->rows.row[i].seen, ev->message) != 0;
    if (is_new)
        a407_row_good(&d->rows, A407_IN_TRIAL, A407_ITS_WORDS, "%s",
                      ev->message)
            ->status = A407_NOTE;
}

/* Without a login it did answer. */
static void tell_unanswered(struct a407_doctor *d, const struct a407_trial *t,
                            const char *label)
{
    struct a407_row *row;

    row = a407_row_found(&d->rows, A407_FOUND_NO_ANSWER, label, "%s", t->why);
    if (!t->event || !t->event->n_attempts)
        return;
    row->status = A407_FAILURE;
    a407_doctor_say(d, A407_CAUSE_NONE, NULL);
}

void a407_refused_tell(struct a407_doctor *d, const struct a407_trial *t,
                       const struct a407_credential *c, enum a407_scheme_id by)
{
    const struct a407_event *ev = t->event;
    const char *label = c ? c->label : "no credential";
    size_t n = strlen(label);
    char text[400], *seen = text;

    if (!ev || t->outcome == A407_TRIAL_UNREACHABLE) {
        tell_unanswered(d, t, label);
        return;
    }
    a407_refused_describe(ev, text, sizeof text);
    if (strncmp(text, label, n) == 0 && strncmp(text + n, ": ", 2) == 0)
        seen += n + 2;
    /* A refusal judges the credential: why a better scheme was not to be had is
       no cause any more; nor that there is no Kerberos, where there never was
     */
    if (t->outcome == A407_TRIAL_REFUSED ||
        (!d->kerberos && ev->cause != A407_CAUSE_NO_TICKET))
        a407_refused_excuse(d, label);
    if (d->kerberos && is_kdc_down(ev))
        say_remedy(
            d, ev->cause, c,
            a407_row_found(&d->rows, A407_FOUND_KDC_DOWN, label, "%s", seen));
    else
        a407_refused_cause(d, ev->cause, c, label, seen);
    tell_words(d, ev);
    /* where the proxy says more it is believed */
    if (c && (ev->cause == A407_CAUSE_REJECTED ||
              ev->cause == A407_CAUSE_REJECTED_LATER ||
              ev->cause == A407_CAUSE_LOCKED_OUT ||
              ev->cause == A407_CAUSE_MALFORMED))
        tell_lints(d, ev, c, by);
}

/* ---- secrets ---- */

struct shown {
    const struct a407_doctor *d;
    char *text;
};

static bool has(const struct a407_answer *a, struct a407_span word)
{
    return a->n && memmem(a->bytes, a->n, word.p, word.n);
}

/* A word that it had said before any login came tells nothing; stars in its
   place would tell that it is the secret. */
static void hide_in_text(void *text, struct a407_span secret)
{
    const struct shown *s = text;

    if (!has(&s->d->to_connect, secret) && !has(&s->d->to_get, secret))
        a407_text_hide(s->text, SIZE_MAX, secret);
}

void a407_refused_hide(const struct a407_doctor *d,
                       const struct a407_credential *c, char *text)
{
    struct shown s = {d, text};
    const struct a407_hider h = {hide_in_text, &s};

    for (; text && c; c = c->next)
        a407_hide_credential(&h, c);
}
