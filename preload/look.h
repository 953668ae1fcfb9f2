/* SPDX-License-Identifier: MIT */
#ifndef A407_LOOK_H
#define A407_LOOK_H

#include "turn.h"

/*
 * Looks at a connection's receive queue, and what is found out by it.
 */

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

#endif
