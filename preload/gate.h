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
 * Which readiness of fd is not for the program, of that which its own poll has
 * found? What can be done about it without waiting is done first. Keeps errno.
 */
unsigned a407_hides(int fd, unsigned found, const void *caller);

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

/* What a pump came to; the wait that it may need is the caller's. */
enum a407_pump {
    A407_PUMP_READY, /* the engine wants DELIVER or FORGET */
    A407_PUMP_SHORT, /* until more bytes arrive */
    A407_PUMP_WAIT, /* until what the connection's account says (under_way.h) */
    A407_PUMP_LOST  /* it is not followed any more: see t->lost */
};

/* Does what the engine wants, as far as it goes without waiting. */
enum a407_pump a407_pump(struct a407_turn *t);

/* The part of it that brings out what the engine has to send. READY: all is
   out, or will never be: then t->failed, or the engine has other wants. */
enum a407_pump a407_pump_out(struct a407_turn *t);

/* What the engine has to send is not to be waited for any longer: the
   connection is shut, and t->failed is that errno. */
void a407_pump_give_up(struct a407_turn *t, int error);

/*
 * Waits for what WAIT needs, at most as long as the caller's own limit lasts.
 * True: look again (t->c NULL: it is not followed any more). False: errno is
 * the program's to see: EAGAIN when that limit is over, EINTR.
 */
bool a407_wait_for_pump(struct a407_turn *t);

/* Body bytes after which a writer looks whether there is an answer. */
#define A407_LOOK_EVERY 65536u

/*
 * Waits for bytes that the engine is to see: 1, look again (t->c NULL: it is
 * not followed any more); 0, `until` is over; -1 with EINTR. Another thread may
 * take them, and do what they are about: then none come for this one, so it
 * looks from time to time whether that has happened.
 */
int a407_wait_for_bytes(struct a407_turn *t, int64_t until);

/* Until when what the plan is about may take, by a407_now_ms(); or
   A407_FOR_EVER. */
static inline int64_t a407_plan_limit(const struct a407_plan *plan)
{
    return plan->until_us ? plan->until_us / 1000 + 1 : A407_FOR_EVER;
}

/* The plan's limit is over: what is under way for it is dropped, and the plan
   is another. False: there is no limit, or nothing else to be tried. */
bool a407_expire(struct a407_turn *t);

/* Does the program's call on fd wait? */
bool a407_blocks(int fd, int flags);

/* For a writer: a 407 behind an interim answer that the program does not read.
   True: both are to be taken off, by a pump. */
bool a407_see_behind(struct a407_turn *t);

/* Every group of calls to the engine starts and ends here. `now` also tells
   it the time: needed wherever bytes have moved. */
void a407_engine_lock(struct a407_conn *c);
void a407_engine_lock_now(struct a407_conn *c);
void a407_engine_unlock(struct a407_conn *c);

/* A group of one: what is to be done, what it is told (`now`). */
struct a407_plan a407_plan(struct a407_conn *c);
void a407_engine_tell(struct a407_conn *c, void (*what)(struct a407_engine *e));

/* Drops the connection from the table if the engine has forgotten it: then
   true. */
bool a407_forget_if_done(struct a407_turn *t);

/* Lets the connection go if its socket has carried what we have not seen, or
   leads elsewhere by now. */
void a407_check_unseen(struct a407_turn *t);

/* reconnect.c: a new connection to the same peer in the fd's place. The other
   gives up one that is under way. */
enum a407_pump a407_reconnect(struct a407_turn *t);
void a407_reconnect_drop(struct a407_conn *c);

/* Puts a socket in the fd's place from which the kept 407 can be read. As with
   a peer that has closed, what the program writes meanwhile does not fail. */
void a407_give_back(struct a407_turn *t);

/* The program lets go of the connection in the middle of a head: what it has
   not read is of interest to the record. c->lock is held. */
void a407_see_rest(struct a407_conn *c);

#endif
