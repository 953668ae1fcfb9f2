/* SPDX-License-Identifier: MIT */
#ifndef A407_RECONNECT_H
#define A407_RECONNECT_H

#include "turn.h"

/* A new connection to the same peer in the fd's place: begins with it, or looks
   how far it is. */
enum a407_pump a407_reconnect(struct a407_turn *t);

/* What is under way of it is given up. */
void a407_reconnect_drop(struct a407_conn *c);

#endif
