/* SPDX-License-Identifier: MIT */
#ifndef A407_EVENT_FACTS_H
#define A407_EVENT_FACTS_H

#include "core/http/challenge.h"
#include "engine.h"

/*
 * Why a 407 came, from what is known before anything is tried, and what there
 * is to say of it. Private to the
 * engine.
 */

/* The cause as far as the request, the answer and the settings tell. `ev` has
   its request and answer; `offered` NULL: what was offered is not known. */
enum a407_cause a407_cause_of(const struct a407_proxy *p,
                              const struct a407_event *ev,
                              const struct a407_challenges *offered);

/* By the Date of the answer: too far apart for Kerberos? */
bool a407_clocks_differ(const struct a407_event *ev);

/* The detail for ev->cause: names and numbers. Leaves it empty when the record
   says all there is. */
void a407_facts(const struct a407_proxy *p, struct a407_event *ev);

/* Takes the secrets of the program's request out of what the proxy said: of
   its fields and its target; and those of ours. */
void a407_event_hide_request(struct a407_event *ev, struct a407_span head,
                             struct a407_span target);
void a407_event_hide_ours(struct a407_event *ev, const struct a407_proxy *p);

#endif
