/* SPDX-License-Identifier: MIT */
#ifndef A407_NOTIFY_H
#define A407_NOTIFY_H

#include "core/config/config.h"
#include "core/record/event.h"

/*
 * One line on the terminal for a 407 that stays (AUTH407_NOTIFY=tty), the first
 * one of a run: of this process, and where what processes of a user leave each
 * other is on (AUTH407_MEMORY), of all processes of the run.
 */

/* Looks at a record. One that the program may yet answer by itself is told when
   it ends, unless it does. Writes to the controlling terminal, and does not
   wait for it; opens and closes files. */
void a407_notify(const struct a407_config *c, const struct a407_event *ev);

/* The program ends. */
void a407_notify_end(void);

#endif
