/* SPDX-License-Identifier: MIT */
#ifndef A407_TURN_H
#define A407_TURN_H

#include "conn.h"

/*
 * One call of the program on a tracked fd, from its hook to its return. It is
 * inside (guard.h) with the connection pinned and locked, but while it waits:
 * then it is outside, and nothing is kept but the number, the connection's
 * serial and its cookie. Who comes back looks all of it up again, and finds out
 * what has become of it.
 */
struct a407_turn {
    struct a407_conn *c; /* pinned and locked; NULL: see `lost` */
    int fd;              /* the program's number for it */
    int held;            /* private fd of the socket (socket.h), or -1 */
    bool lost;           /* another socket, or none, has the number by now */
    bool waited;         /* ... so the call can't be made on it any more */
    uint64_t serial, cookie;
    const void *caller;
    int option;        /* SO_RCVTIMEO or SO_SNDTIMEO: the program's limit */
    int64_t began;     /* by a407_now_ms() */
    int64_t own_until; /* ... and when that limit is over; 0: not asked yet */
    struct a407_child over; /* is of no use any more: ended with the turn */
};

/*
 * Enters and looks the fd up. serial: only if that connection is there; 0: any.
 * option: SO_RCVTIMEO or SO_SNDTIMEO bounds all waits of this turn; 0: the
 * program's call has no limit, or there is none. False: not tracked, another
 * connection, or inside already, where hooks do nothing; errno is kept. *saved:
 * for a407_turn_end.
 */
bool a407_turn_begin(struct a407_turn *t, int fd, uint64_t serial, int option,
                     const void *caller, int *saved);

/* When the program's own limit is over, or A407_FOR_EVER. */
int64_t a407_turn_limit(struct a407_turn *t);

/* Does it pass through from now on? The table knows when the turn ends. */
bool a407_turn_is_forgotten(const struct a407_turn *t);

/* Lets go of all and leaves, with that errno; writes records. */
void a407_turn_end(struct a407_turn *t, int error);

/* No handshake is under way any more: the helper may go. */
void a407_turn_end_child(struct a407_turn *t);

/* The private fd. -1: `lost`, or the connection is to be forgotten. */
int a407_turn_hold(struct a407_turn *t);
void a407_turn_release(struct a407_turn *t);

/*
 * Around a wait. After a407_turn_resume() c is NULL if the connection is not
 * followed any more: the number was given to another socket (`lost`), or the
 * engine has forgotten it and the call is to be made as it is. Records are
 * written before the wait. resume keeps errno.
 */
void a407_turn_pause(struct a407_turn *t);
void a407_turn_resume(struct a407_turn *t);

#endif
