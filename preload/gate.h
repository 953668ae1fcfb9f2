/* SPDX-License-Identifier: MIT */
#ifndef A407_GATE_H
#define A407_GATE_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "turn.h"

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
enum a407_gate a407_read_begin(int fd, size_t n, int flags, const void *caller,
                               struct a407_reading *r);

/* After it: n is what the call returned, iov where the bytes are. errno is
   kept. */
void a407_read_end(struct a407_reading *r, int fd, int flags,
                   const struct iovec *iov, size_t iov_n, ssize_t n);

/*
 * Is what can be read at fd not for the program? What can be done about it
 * without waiting is done first. Keeps errno.
 */
bool a407_hides(int fd, const void *caller);

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
 * A write of msg's iovecs, not inside. True: it is done, *result and errno are
 * the program's. False: make the call as it is.
 */
bool a407_write_all(int fd, const struct msghdr *msg, int flags,
                    const void *caller, ssize_t *result);

/* The bytes that they are about, 0 where there are none to be looked at;
   SIZE_MAX: more than there can be. */
size_t a407_iov_length(const struct iovec *iov, size_t n);

/* n bytes of msg have gone out by a call that went past the gate. */
void a407_was_written(int fd, const struct msghdr *msg, const void *caller,
                      size_t n);

/* The first bytes on a connection to an unknown place: it is watched from here
   on, or forgotten. */
void a407_first_bytes(int fd, const struct iovec *iov, size_t iov_n);

/* ---- shared by gate_*.c ---- */

/* What a pump came to; the wait that each needs is the caller's. */
enum a407_pump {
    A407_PUMP_READY, /* the engine wants DELIVER or FORGET */
    A407_PUMP_SHORT, /* until more bytes arrive */
    A407_PUMP_FULL,  /* until the socket takes more, or is connected */
    A407_PUMP_STEP,  /* until t->step_until */
    A407_PUMP_BUSY,  /* until another thread is done that serves it */
    A407_PUMP_LOST   /* it is not followed any more: see t->lost */
};

/* Does what the engine wants, as far as it goes without waiting. But for a
   secret or a token: that is waited for in here, outside (turn.h). */
enum a407_pump a407_pump(struct a407_turn *t);

/* The part of it that brings out what the engine has to send. READY: all is
   out, or will never be: then t->failed, or the engine has other wants. */
enum a407_pump a407_pump_out(struct a407_turn *t);

/* What the engine has to send is not to be waited for any longer: the
   connection is shut, and t->failed is that errno. */
void a407_pump_give_up(struct a407_turn *t, int error);

/*
 * Waits for what FULL, STEP and BUSY need, at most as long as that may take;
 * `until` is the caller's own limit. True: look again (t->c NULL: it is not
 * followed any more). False: errno is the program's to see: EAGAIN when its own
 * limit is over. `through`: no signal ends it.
 */
bool a407_wait_for_pump(struct a407_turn *t, enum a407_pump came_to,
                        bool through);

/* Body bytes after which a writer looks whether there is an answer. */
#define A407_LOOK_EVERY 65536u

/*
 * Waits for bytes that the engine is to see: 1, look again (t->c NULL: it is
 * not followed any more); 0, `until` is over; -1 with EINTR. Another thread may
 * take them, and do what they are about: then none come for this one, so it
 * looks from time to time whether that has happened. `through`: no
 * signal ends it, as none ends a call of a program that does not block: that
 * would go back to its poll, and what has begun would be left.
 */
int a407_wait_for_bytes(struct a407_turn *t, int64_t until, bool through);

/* For a writer: a 407 behind an interim answer that the program does not read.
   True: both are to be taken off, by a pump. */
bool a407_see_behind(struct a407_turn *t);

/* Every group of calls to the engine starts and ends here. `now` also tells
   it the time: needed wherever bytes have moved. */
void a407_engine_lock(struct a407_conn *c);
void a407_engine_lock_now(struct a407_conn *c);
void a407_engine_unlock(struct a407_conn *c);

/* A group of one: what it wants, what it answers, what it is told (`now`). */
struct a407_want a407_engine_wants(struct a407_conn *c);
bool a407_engine_is(struct a407_conn *c,
                    bool (*what)(const struct a407_engine *e));
void a407_engine_tell(struct a407_conn *c, void (*what)(struct a407_engine *e));

/* Drops the connection from the table if the engine has forgotten it: then
   true. */
bool a407_forget_if_done(struct a407_turn *t);

/* Lets the connection go if its socket has carried what we have not seen, or
   leads elsewhere by now. */
void a407_check_unseen(struct a407_turn *t);

/* reconnect.c: a new connection to the same peer in the fd's place. */
enum a407_pump a407_reconnect(struct a407_turn *t);

/* Puts a socket in the fd's place from which the kept 407 can be read. As with
   a peer that has closed, what the program writes meanwhile does not fail. */
void a407_give_back(struct a407_turn *t);

/* The program lets go of the connection in the middle of a head: what it has
   not read is of interest to the record. c->lock is held. */
void a407_see_rest(struct a407_conn *c);

#endif
