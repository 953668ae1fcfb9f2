/* SPDX-License-Identifier: MIT */
#ifndef A407_PUMP_H
#define A407_PUMP_H

#include "driver.h"

/* What a pump consists of, by file. */

/* ask.c: does what the engine asks of the outside, as long as it asks. What is
   begun then has config->helper_ms, and goes on with each call. */
enum a407_driven a407_driver_ask(struct a407_driver *d);

/* look.c: shows the engine what is there, from n bytes on. */
enum a407_driven a407_driver_peek(struct a407_driver *d, size_t n);

/* ... takes at most n bytes, and shows them. */
enum a407_driven a407_driver_consume(struct a407_driver *d, size_t n);

/* ... for a writer: a 407 behind an interim answer that the program does not
   read. True: both are to be taken off, by a pump. */
bool a407_driver_see_behind(struct a407_driver *d);

#endif
