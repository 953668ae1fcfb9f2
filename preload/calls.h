/* SPDX-License-Identifier: MIT */
#ifndef A407_CALLS_H
#define A407_CALLS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "turn.h"

/*
 * The program's calls on a tracked fd, as their hooks have them: a turn with
 * the connection's driver (driver/driver.h), and the waits that it needs.
 */

enum a407_read {
    A407_READ_PASS,    /* not ours (any more): make the call as it is */
    A407_READ_DELIVER, /* make the call for at most `cap` bytes, then say
                          a407_read_end */
    A407_READ_RETURN   /* return `result` with errno set */
};

struct a407_reading {
    uint64_t serial; /* the connection's, until a407_read_end; 0 after RETURN
                        and PASS. It is not pinned: the program's own call may
                        never come back (pthread_cancel, siglongjmp) */
    uint64_t credit; /* credit.h: what it is on, or 0 */
    size_t cap;
    ssize_t result;
};

/*
 * Before a read of at most n bytes. flags: the program's MSG_ flags, 0 for
 * read(). May block as
 * the program's own call would; on a repeated request it waits at most the
 * configured time beyond that. caller: the hook's return address.
 */
enum a407_read a407_read_begin(int fd, size_t n, int flags, const void *caller,
                               struct a407_reading *r);

/* After it: n is what the call returned, iov where the bytes are. errno is
   kept. */
void a407_read_end(struct a407_reading *r, int fd, int flags,
                   const struct iovec *iov, size_t iov_n, ssize_t n);

/*
 * Which readiness of fd is not for the program, of that which its own poll has
 * found? What can be done about it without waiting is done first: that counts
 * as one of *looks (NULL: as many as there are). Where none is left all is
 * hidden: it will be found again. Keeps errno.
 */
unsigned a407_hides(int fd, unsigned found, unsigned *looks,
                    const void *caller);

/* Work that is due (under_way.h) is done, as far as it goes. Keeps errno. */
void a407_drive(const struct a407_work *due);

/*
 * Waits for what is under way at fd, at most the configured time. UNSENT: what
 * the program was told that it is sent, before it closes the fd. ANSWER: that,
 * and the answer that is awaited, before the program gives way to another
 * (exec), or hands the fd on: so that a 407 is dealt with by those who can.
 * Keeps errno.
 */
enum a407_settle { A407_UNSENT, A407_ANSWER };
void a407_settle(int fd, enum a407_settle what, const void *caller);

/*
 * The connection was found to be over. Was a 407 in its queue, and is the
 * request repeated on another one? Waits for nothing. Keeps errno.
 */
bool a407_revive(int fd, const void *caller);

/*
 * A write of msg's iovecs. True: it is done, *result and errno are the
 * program's. False: make the call as it is. With the first bytes on a
 * connection to an unknown place that is watched from here on, or forgotten.
 */
bool a407_write_all(int fd, const struct msghdr *msg, int flags,
                    const void *caller, ssize_t *result);

/* The bytes that they are about, 0 where there are none to be looked at;
   SIZE_MAX: more than there can be. */
size_t a407_iov_length(const struct iovec *iov, size_t n);

/* n bytes of msg have gone out by a call that went past this. serial: on
   credit of that connection, which was lost meanwhile; 0: of any. */
void a407_was_written(int fd, const struct msghdr *msg, const void *caller,
                      size_t n, uint64_t serial);

#endif
