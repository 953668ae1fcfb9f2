/* SPDX-License-Identifier: MIT */
#ifndef A407_PUMP_H
#define A407_PUMP_H

#include "driver.h"

/* Parts of a pump. */

/* Fetches what the engine asks for: secrets, tokens, marks. What is begun has
   config->helper_ms, and goes on with each call. */
enum a407_driven a407_driver_ask(struct a407_driver *d);

/* ... takes too long to begin: given up, for all that wait for that. */
void a407_driver_give_up_beginning(struct a407_driver *d);

/* Shows the engine what is there, from n bytes on. */
enum a407_driven a407_driver_peek(struct a407_driver *d, size_t n);

/* ... takes at most n bytes, and shows them. */
enum a407_driven a407_driver_consume(struct a407_driver *d, size_t n);

/* Is there a 407 behind an interim answer that the program, which writes, does
   not read? True: the plan is to take both off. */
bool a407_driver_see_behind(struct a407_driver *d);

#endif
