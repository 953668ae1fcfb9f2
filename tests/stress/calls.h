/* SPDX-License-Identifier: MIT */
#ifndef STRESS_CALLS_H
#define STRESS_CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * One write or read of at most n bytes (n > 0), in one of the many ways that
 * programs have, chosen by the generator. Results and errno as write() and
 * recv(); no SIGPIPE. `one_by_one` leaves recvmmsg() out, which tells of a
 * reset before it gives the bytes that came before it.
 */
ssize_t call_write(int fd, const char *p, size_t n, uint64_t *random);
ssize_t call_read(int fd, char *p, size_t n, bool one_by_one, uint64_t *random);

/* Perhaps exchanges fd for a copy of it. Returns what to use from now on. */
int call_dup(int fd, uint64_t *random);

/* Perhaps makes a child that closes all it has got and ends. */
void call_child(int fd, uint64_t *random);

/* How many descriptors this process has. */
unsigned count_fds(void);

#endif
