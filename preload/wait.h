/* SPDX-License-Identifier: MIT */
#ifndef A407_WAIT_H
#define A407_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "host/clock.h"
#include "host/fd.h"

/*
 * Sleeping in the program's place. Outside a407_enter, where its signals are
 * let in and it may be cancelled; so with no lock, no pin, no private fd and
 * nothing on the heap. The fd may be another socket afterwards.
 */

#define A407_FOR_EVER INT64_MAX

/*
 * Waits for poll() events at fd until a time of that clock: revents; 0 when the
 * time is over; -1 with errno. A signal ends it with EINTR only if some handler
 * of the program was installed without SA_RESTART; poll() itself would always.
 */
int a407_wait(int fd, short events, int64_t until);

/* Just waits, in the same way: 0, or -1 with EINTR. */
int a407_pause(int64_t until);

/* Has no handler of the program been installed without SA_RESTART? */
bool a407_signals_restart(void);

#endif
