/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_REFUSED_H
#define A407_DOCTOR_REFUSED_H

#include "cli/trial.h"
#include "doctor.h"

/* Adds the rows of a trial that was not let in: its cause, what looks wrong in
   the credential, what to do. `c` NULL: there was none. */
void a407_refused_tell(struct a407_doctor *d, const struct a407_trial *t,
                       const struct a407_credential *c, enum a407_scheme_id by);

/* "407 to basic as alice: ...", of its last attempt. */
void a407_refused_describe(const struct a407_event *ev, char *out, size_t cap);

/* Adds the row of a cause, with what to do here. */
struct a407_row *a407_refused_cause(struct a407_doctor *d,
                                    enum a407_cause cause,
                                    const struct a407_credential *c,
                                    const char *what, const char *seen);

/* What another scheme or credential has made up for is no failure any more: of
   the rows of that label, or NULL: of all trials up to now. */
void a407_refused_excuse(struct a407_doctor *d, const char *label);

/* Puts stars in place of each secret of that list, in what the proxy says to a
   login. What its answers without one have said stays. */
void a407_refused_hide(const struct a407_doctor *d,
                       const struct a407_credential *list, char *text);

#endif
