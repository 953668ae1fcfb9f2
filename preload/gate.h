/* SPDX-License-Identifier: MIT */
#ifndef A407_GATE_H
#define A407_GATE_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "registry.h"

/*
 * The driver between an engine and its socket: what every hook of a tracked
 * fd goes through. Hooks are a few lines each; what there is to know about
 * reading is in gate_read.c, about writing in gate_write.c.
 */

enum a407_gate {
    A407_GATE_PASS,    /* not ours (any more): make the call as it is */
    A407_GATE_DELIVER, /* make the call for at most `cap` bytes, then say
                          a407_read_end */
    A407_GATE_RETURN   /* return `result` with errno set */
};

struct a407_reading {
    struct a407_conn *conn; /* pinned until a407_read_end; NULL after RETURN
                               and PASS */
    size_t cap;
    ssize_t result;
};

/*
 * Before a read. flags: the program's MSG_ flags, 0 for read(). May block as
 * the program's own call would; on a repeated request it waits at most the
 * configured time beyond that. caller: the hook's return address.
 */
enum a407_gate a407_read_begin(int fd, int flags, const void *caller,
                               struct a407_reading *r);

/* After it: n is what the call returned, iov where the bytes are. errno is
   kept. */
void a407_read_end(struct a407_reading *r, int flags, const struct iovec *iov,
                   size_t iov_n, ssize_t n);

/*
 * Before this program gives way to another (exec), or hands the fd on: if an
 * answer is awaited on it, waits for that (at most the configured time), so
 * that a 407 is dealt with by those who can. Keeps errno.
 */
void a407_settle(int fd, const void *caller);

/*
 * The connection was found to be over. Was a 407 in its queue that has been
 * answered by now, on another one? Waits for no answer. Keeps errno.
 */
bool a407_revive(int fd, const void *caller);

/*
 * A write of msg's iovecs. True: it is done, *result and errno are the
 * program's. False: make the call as it is.
 */
bool a407_write_all(int fd, const struct msghdr *msg, int flags,
                    const void *caller, ssize_t *result);

/* n bytes of msg have gone out by a call that went past the gate. */
void a407_was_written(int fd, const struct msghdr *msg, const void *caller,
                      size_t n);

/* The first bytes on a connection to an unknown place; false: forget it. */
bool a407_first_bytes(int fd, const struct iovec *iov, size_t iov_n);

/* ---- shared by gate_*.c; the connection's lock is held ---- */

/* What a wait or a pump came to. */
enum a407_pump {
    A407_PUMP_READY, /* the engine wants DELIVER or FORGET */
    A407_PUMP_SHORT  /* nothing more can be done until more bytes arrive */
};

/* Does what the engine wants, as far as it goes without waiting for bytes. */
enum a407_pump a407_pump(struct a407_conn *c, int fd);

/* For a writer: a 407 behind an interim answer that the program does not read.
   True: both are to be taken off, by a pump. */
bool a407_see_behind(struct a407_conn *c, int fd);

/* Sends what the engine has to send. False: it failed, the engine was told. */
bool a407_flush(struct a407_conn *c, int fd);

/* Every group of calls to the engine starts and ends here. `now` also tells
   it the time: needed wherever bytes have moved. */
void a407_engine_lock(struct a407_conn *c);
void a407_engine_lock_now(struct a407_conn *c);
void a407_engine_unlock(struct a407_conn *c);

/* Writes a finished record, and drops the connection from the table if the
   engine has forgotten it: then true. */
bool a407_forget_if_done(struct a407_conn *c);

/* Is fd still the socket that c was made for? (SO_COOKIE) */
bool a407_same_socket(const struct a407_conn *c, int fd);
uint64_t a407_socket_cookie(int fd);

/* If it isn't, the table's entry is dropped and c is gone: the program closed
   the fd in a way that no hook saw. */
void a407_check_socket(struct a407_conn *c, int fd);

/* The monotonic clock in milliseconds. */
int64_t a407_now_ms(void);

/* SO_RCVTIMEO or SO_SNDTIMEO in milliseconds; -1: none. */
int a407_timeout_ms(int fd, int option);

/*
 * Waits for events, at most ms (-1: for ever): revents, 0 when the time is
 * over, -1 with errno. A signal ends it with EINTR only if some handler of the
 * program was installed without SA_RESTART; poll() itself would always.
 */
int a407_wait(int fd, short events, int ms);

/* Has no handler of the program been installed without SA_RESTART? */
bool a407_signals_restart(void);

/* The same, not ended by any signal: for waits that are ours alone. */
int a407_wait_through(int fd, short events, int ms);

/* reconnect.c: a new connection to the same peer in the fd's place. */
bool a407_reconnect(struct a407_conn *c, int fd);

/* Puts a socket in the fd's place from which the kept 407 can be read. As with
   a peer that has closed, what the program writes meanwhile does not fail. */
void a407_give_back(struct a407_conn *c, int fd);

/* The program lets go of the connection in the middle of a head: what it has
   not read is of interest to the record. c->lock is held. */
void a407_see_rest(struct a407_conn *c);

#endif
