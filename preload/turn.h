/* SPDX-License-Identifier: MIT */
#ifndef A407_TURN_H
#define A407_TURN_H

#include "conn.h"

/*
 * One call of the program on a tracked fd, from its hook to its return: inside
 * (guard.h), with the connection pinned and locked. While it waits it is
 * outside and keeps number, serial and cookie alone, which are looked up again.
 */
struct a407_turn {
    struct a407_conn *c; /* pinned and locked; NULL: see `lost` */
    int fd;              /* the program's number for it */
    int held;            /* private fd of the socket (socket.h), or -1 */
    bool lost;           /* another socket, or none, has the number by now */
    bool waited;         /* ... in a wait: it is not what was called for */
    uint64_t serial, cookie;
    const void *caller;
    int option;        /* SO_RCVTIMEO or SO_SNDTIMEO: the program's limit */
    int64_t began;     /* by a407_now_ms() */
    int64_t own_until; /* ... and when that limit is over; 0: not asked yet */
    struct a407_child over; /* to be ended with the turn */
};

/*
 * Enters and looks the fd up. serial: only that connection; 0: any. option:
 * SO_RCVTIMEO or SO_SNDTIMEO bounds all waits of this turn; 0: nothing does.
 * False: not that connection, or inside already; errno is kept. *saved: for
 * a407_turn_end.
 */
bool a407_turn_begin(struct a407_turn *t, int fd, uint64_t serial, int option,
                     const void *caller, int *saved);

/* When the program's own limit is over, or A407_FOR_EVER. */
int64_t a407_turn_limit(struct a407_turn *t);

/* Does it pass through from now on? */
bool a407_turn_is_forgotten(const struct a407_turn *t);

/* Lets go of all and leaves, with that errno; writes records. */
void a407_turn_end(struct a407_turn *t, int error);

/* No handshake is under way any more: the helper may go. */
void a407_turn_end_child(struct a407_turn *t);

/* The private fd. -1: `lost`, or the connection is to be forgotten. */
int a407_turn_hold(struct a407_turn *t);
void a407_turn_release(struct a407_turn *t);

/*
 * Around a wait; records are written before it. Then c is NULL if the number is
 * another socket's (`lost`), or the connection was forgotten: the call is to be
 * made as it is. resume keeps errno.
 */
void a407_turn_pause(struct a407_turn *t);
void a407_turn_resume(struct a407_turn *t);

#endif
