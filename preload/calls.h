/* SPDX-License-Identifier: MIT */
#ifndef A407_CALLS_H
#define A407_CALLS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "turn.h"

/* The program's calls on a tracked fd: a turn with its driver, and the waits
   that this needs. */

enum a407_read {
    A407_READ_PASS,    /* not followed: make the call as it is */
    A407_READ_DELIVER, /* make it for at most `cap` bytes, then a407_read_end */
    A407_READ_RETURN   /* return `result`; errno is set */
};

struct a407_reading {
    uint64_t serial; /* the connection's; 0 after RETURN and PASS. Not pinned:
                        the program's call may never return (siglongjmp()) */
    uint64_t credit; /* of a407_credit_begin, or 0 */
    size_t cap;
    ssize_t result;
};

/*
 * Before a read of at most n bytes. flags: MSG_ flags, 0 for read(). caller:
 * the hook's return address. Blocks as the program's call would, behind a
 * repeated request at most the configured time longer.
 */
enum a407_read a407_read_begin(int fd, size_t n, int flags, const void *caller,
                               struct a407_reading *r);

/* After it: n is what the call returned, iov where the bytes are. Keeps errno.
 */
void a407_read_end(struct a407_reading *r, int fd, int flags,
                   const struct iovec *iov, size_t iov_n, ssize_t n);

/*
 * The poll() bits to hide, of those that the program's poll has found at fd.
 * The driver does first what it can without a wait: that is one of *looks
 * (NULL: no limit). With none left all is hidden, and found again. Keeps errno.
 */
unsigned a407_hides(int fd, unsigned found, unsigned *looks,
                    const void *caller);

/* Does work that is due, as far as it goes. Keeps errno. */
void a407_drive(const struct a407_work *due);

/*
 * Waits, at most the configured time, until all that the program was told is
 * sent is sent (before close), or its answer has begun as well (before exec, or
 * before another process gets the fd): a 407 is dealt with here. Keeps errno.
 */
enum a407_stage { A407_SENT, A407_ANSWERED };
void a407_wait_until(int fd, enum a407_stage stage, const void *caller);

/* Before fork(): what is held of a head goes out, or both processes would send
   it. Waits for nothing. Keeps errno. */
void a407_let_out(int fd);

/* The connection is over: was there a 407, and is the request repeated on a new
   one? Waits for nothing. Keeps errno. */
bool a407_revive(int fd, const void *caller);

/* A write of msg's iovecs. True: done, *result and errno are the program's.
   False: make the call as it is. The first bytes on a connection to no known
   proxy decide whether it is watched. */
bool a407_write_all(int fd, const struct msghdr *msg, int flags,
                    const void *caller, ssize_t *result);

/* Their bytes; iov may be NULL. SIZE_MAX: more than that. */
size_t a407_iov_length(const struct iovec *iov, size_t n);

/* n bytes of msg have gone out past a407_write_all. serial: on credit of that
   connection, called in meanwhile; 0: of any. */
void a407_was_written(int fd, const struct msghdr *msg, const void *caller,
                      size_t n, uint64_t serial);

#endif
