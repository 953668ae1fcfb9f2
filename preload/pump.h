/* SPDX-License-Identifier: MIT */
#ifndef A407_PUMP_H
#define A407_PUMP_H

#include "turn.h"

/*
 * Does what the engine's plan says, step by step, and waits where a caller may:
 * pump.c, and what it consists of. All is about a connection that is locked.
 */

/* What a pump came to; the wait that it may need is the caller's. */
enum a407_pump {
    A407_PUMP_READY, /* the engine wants DELIVER or FORGET */
    A407_PUMP_SHORT, /* until more bytes arrive */
    A407_PUMP_WAIT, /* until what the connection's account says (under_way.h) */
    A407_PUMP_LOST  /* it is not followed any more: see t->lost */
};

/* Does what the engine wants, as far as it goes without waiting. */
enum a407_pump a407_pump(struct a407_turn *t);

/* The part of it that brings out what the engine has to send. READY: all is
   out, or will never be: then t->failed, or the engine has other wants. */
enum a407_pump a407_pump_out(struct a407_turn *t);

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

/* ---- look.c: the receive queue ---- */

/* Shows the engine what is there, from n bytes on. */
enum a407_pump a407_peek(struct a407_turn *t, size_t n);

/* Takes at most n bytes, and shows them. */
enum a407_pump a407_consume(struct a407_turn *t, size_t n);

/* For a writer: a 407 behind an interim answer that the program does not read.
   True: both are to be taken off, by a pump. */
bool a407_see_behind(struct a407_turn *t);

/* The program lets go of the connection, which is locked, in the middle of a
   head: what it has not read is of interest to the record. */
void a407_see_rest(struct a407_conn *c);

/* Lets the connection go if its socket has carried what we have not seen, or
   leads elsewhere by now. */
void a407_check_unseen(struct a407_turn *t);

/* ---- ask.c ---- */

/*
 * Does what the connection's engine asks of the outside, as long as it asks:
 * reads a secret, has the Kerberos helper make a token, or looks for the mark
 * of a refusal (PBKDF2: some 10 ms). A process that is started for it has
 * config->helper_ms, and is looked at again with each call (c->errand): WAIT,
 * until c->sleep, or while another thread begins. To begin is a wait (turn.h),
 * so the connection may be another's afterwards: LOST.
 */
enum a407_pump a407_answer_asks(struct a407_turn *t);

/* ---- reconnect.c, replace.c: another socket, or the same anew ---- */

/* A new connection to the same peer in the fd's place: begins with it, or looks
   how far it is. */
enum a407_pump a407_reconnect(struct a407_turn *t);

/* What is under way of it is given up. */
void a407_reconnect_drop(struct a407_conn *c);

/* The socket `from` takes the place of the connection's at all numbers that
   have it, with the flags that those have; t->held is given up. */
void a407_replace(struct a407_turn *t, int from);

/* Puts a socket in the fd's place from which the kept 407 can be read. As with
   a peer that has closed, what the program writes meanwhile does not fail. */
void a407_give_back(struct a407_turn *t);

#endif
