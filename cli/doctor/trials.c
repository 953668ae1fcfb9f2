/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "cli/terminal.h"
#include "cli/trial.h"
#include "doctor.h"

bool a407_doctor_may_try(struct a407_doctor *d)
{
    struct a407_buf line;
    bool yes = d->o.values[A407_DOCTOR_OPT_YES] != NULL;

    if (!yes && d->tty >= 0 && d->trying == A407_NOT_ASKED) {
        a407_buf_init(&line, 64);
        yes = a407_terminal_ask(d->tty, "Log in at the proxy to try it? [Y/n] ",
                                false, &line) &&
              (!line.n || a407_lower(*line.p) == 'y');
        a407_buf_free(&line);
    }
    if (d->trying == A407_NOT_ASKED)
        d->trying = yes ? A407_MAY_TRY : A407_MAY_NOT;
    return d->trying == A407_MAY_TRY;
}

/* The first credential for this proxy, or NULL. */
static const struct a407_credential *first(const struct a407_doctor *d)
{
    const struct a407_credential *c;

    for (c = d->config->credentials; c; c = c->next)
        if (c->from == A407_FROM_VARIABLES ||
            a407_endpoint_match(&c->endpoint, &d->proxy))
            break;
    return c;
}

static void judge(struct a407_doctor *d, const struct a407_trial *t,
                  const char *label)
{
    const struct a407_event *ev = t->event;

    if (t->outcome == A407_TRIAL_ACCEPTED ||
        t->outcome == A407_TRIAL_NOT_ASKED) {
        d->works = ev->final_status / 100 == 2;
        if (ev->n_attempts)
            snprintf(d->how, sizeof d->how, "logged in by %s with %s",
                     ev->attempts[ev->n_attempts - 1].scheme, label);
        else
            snprintf(d->how, sizeof d->how, "no login was asked for");
        a407_row_good(&d->rows, A407_IN_TRIAL, label, "%s: %d", d->how,
                      ev->final_status);
    } else if (ev) {
        a407_row_cause(&d->rows, ev->cause, label, t->why);
    } else {
        a407_row_found(&d->rows, A407_FOUND_UNREACHABLE, label, "%s", t->why);
    }
}

void a407_doctor_trials(struct a407_doctor *d)
{
    const struct a407_credential *c = first(d);
    struct a407_trial t;
    char target[320];

    if (d->to_connect.status == 407 && !a407_doctor_may_try(d)) {
        a407_row_found(&d->rows, A407_FOUND_NOT_TRIED, "login", "not tried");
        return;
    }
    a407_doctor_progress(d, "logging in at %s", d->proxy.host);
    snprintf(target, sizeof target, "%s:%u", d->o.target.at.host,
             d->o.target.at.port);
    a407_trial(d->config, &d->proxy, c, target, &t);
    judge(d, &t, c ? c->label : "no credential");
    free(t.event);
}
