/* SPDX-License-Identifier: MIT */
#ifndef A407_BLOCK_H
#define A407_BLOCK_H

#include "host/fd.h"
#include "turn.h"

/*
 * Waits for what the driver needs, in a call that waits itself, at most as long
 * as the program's own limit lasts. flags: of that call. True: look again
 * (t->c NULL: it is not followed any more). False: errno is the program's to
 * see: EAGAIN where it does not wait, or not any longer; EINTR.
 */
bool a407_block(struct a407_turn *t, enum a407_driven needs, int flags);

/*
 * Waits for poll() events at fd (-1: for none) until a time of a407_now_ms():
 * revents; 0 when that is over; -1 with errno. A signal ends it with EINTR only
 * if some handler of the program was installed without SA_RESTART.
 *
 * To be called outside, where signals are let in and the thread may be
 * cancelled: with no lock, no pin, no private fd and nothing on the heap. The
 * fd may be another socket afterwards.
 */
int a407_wait(int fd, short events, int64_t until);

#endif
