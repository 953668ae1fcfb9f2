/* SPDX-License-Identifier: MIT */
#ifndef A407_TERMINAL_H
#define A407_TERMINAL_H

#include <stdbool.h>

#include "core/base/buf.h"

/* The terminal that controls this process, wherever its standard input and
   output go. -1: there is none, with errno. */
int a407_terminal_open(void);

/*
 * Asks there, and reads one line, without its end, into `out`. hidden: it does
 * not show; a signal that ends or stops this process meanwhile finds the
 * terminal as it was, and after a stop the question is put again. False: the
 * input has ended (^D), failed, or is longer than out->max: errno, or 0.
 * Blocks; hidden: has signal handlers meanwhile, so only one thread may ask.
 */
bool a407_terminal_ask(int tty, const char *question, bool hidden,
                       struct a407_buf *out);

#endif
