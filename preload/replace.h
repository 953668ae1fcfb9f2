/* SPDX-License-Identifier: MIT */
#ifndef A407_REPLACE_H
#define A407_REPLACE_H

#include "turn.h"

/* The socket `from` takes the place of the connection's at all numbers that
   have it, with the flags that those have; t->held is given up. */
void a407_replace(struct a407_turn *t, int from);

/* Puts a socket in the fd's place from which the kept 407 can be read. As with
   a peer that has closed, what the program writes meanwhile does not fail. */
void a407_give_back(struct a407_turn *t);

#endif
