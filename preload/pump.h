/* SPDX-License-Identifier: MIT */
#ifndef A407_PUMP_H
#define A407_PUMP_H

#include "turn.h"

/*
 * Does what the engine's plan says, step by step, and waits where a caller may.
 */

/* Does what the engine wants, as far as it goes without waiting. */
enum a407_pump a407_pump(struct a407_turn *t);

/* The part of it that brings out what the engine has to send. READY: all is
   out, or will never be: then t->failed, or the engine has other wants. */
enum a407_pump a407_pump_out(struct a407_turn *t);

/* What the engine has to send is not to be waited for any longer: the
   connection is shut, and t->failed is that errno. */
void a407_pump_give_up(struct a407_turn *t, int error);

/*
 * Waits for what WAIT needs, at most as long as the caller's own limit lasts.
 * True: look again (t->c NULL: it is not followed any more). False: errno is
 * the program's to see: EAGAIN when that limit is over, EINTR.
 */
bool a407_wait_for_pump(struct a407_turn *t);

/*
 * Waits for bytes that the engine is to see: 1, look again (t->c NULL: it is
 * not followed any more); 0, `until` is over; -1 with EINTR. Another thread may
 * take them, and do what they are about: then none come for this one, so it
 * looks from time to time whether that has happened.
 */
int a407_wait_for_bytes(struct a407_turn *t, int64_t until);

/* The plan's limit is over: what is under way for it is dropped, and the plan
   is another. False: there is no limit, or nothing else to be tried. */
bool a407_expire(struct a407_turn *t);

#endif
