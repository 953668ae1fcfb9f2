/* SPDX-License-Identifier: MIT */
#ifndef A407_TRANSPORT_H
#define A407_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/base/span.h"

/*
 * What a driver needs of the connection that it drives. None of these waits.
 * Bytes are moved as by recv(2) and send(2): how many; 0 for the end, when
 * reading; -1 with errno, EAGAIN where nothing can be moved now.
 *
 * `link` is what the driver has as its link: the transport's own account of the
 * connection, and of the call at hand.
 */

struct a407_write; /* driver.h */

/* May anything be done with the connection now? */
enum a407_hold {
    A407_HELD,
    A407_UNHELD, /* no, and the engine has been told that it is to forget */
    A407_OTHERS  /* another connection, or none, is in its place by now */
};

/* How far a new connection to the same peer is. */
enum a407_renewal {
    A407_RENEWED,
    A407_RENEWAL_FAILED,
    A407_RENEWAL_PENDING, /* driver.h: renewal_busy, renewal_fd */
    A407_RENEWAL_DROPPED, /* the plan is another one by now */
    A407_RENEWAL_OTHERS   /* as above */
};

/* Of an answer's head there are fewer bytes than were armed for. */
#define A407_QUEUE_ENDS 1u /* there will be no more: the end, or an error */
#define A407_QUEUE_FULL 2u /* it looks as if no more found room */

/* Work that takes its time, and what is done with the driver after it. */
struct a407_job {
    void (*work)(void *arg);
    void (*after)(void *arg);
    void *arg;
};

struct a407_transport {
    /* Identity. To be asked first, in each call and after each wait: what
       follows is done with a connection that is held. */
    enum a407_hold (*hold)(void *link);
    /* Does it still lead to the peer that it was connected to? */
    bool (*is_same_peer)(void *link);
    /* ... and has it carried no byte that the driver has not seen? */
    bool (*is_untouched)(void *link);

    /* ---- the answers ---- */

    ssize_t (*peek)(void *link, char *to, size_t n); /* leaves them there */
    ssize_t (*take)(void *link, char *to, size_t n);
    /* A407_QUEUE_* */
    unsigned (*queue)(void *link);
    /* Nobody is to be woken before n bytes are there; 0: as before. */
    void (*arm)(void *link, size_t n);

    /* ---- the requests ---- */

    /* Bytes of ours. `own`: what the program wrote and was held back, and
       nothing of ours; that goes also where it is not held, if it goes to the
       same connection. */
    ssize_t (*send)(void *link, const char *p, size_t n, bool own);
    /* The program's write, from where it is on, as it gave it: some of it. */
    ssize_t (*pass)(void *link, const struct a407_write *w);
    /* Would the kernel take something? 0: not now; -1: pass tells the error. */
    int (*room)(void *link);
    /* How many of these bytes of the program can be looked at. */
    size_t (*readable)(void *link, const char *p, size_t n);
    /* shutdown(2) */
    void (*shut)(void *link, int how);

    /* ---- another connection, or none ---- */

    /* Begins with a new one in its place, or looks how far that is. */
    enum a407_renewal (*renew)(void *link);
    /* What is under way of it is given up. Also without a call at hand. */
    void (*drop_renewal)(void *link);
    /* Puts something in its place where the program reads these bytes, and then
       the end, and what it writes goes nowhere. False: that can't be done. */
    bool (*give_back)(void *link, struct a407_span saved_407);

    /*
     * Does job->work where it may take its time, and others may use the driver
     * meanwhile; then job->after, where they may not. False: the call at hand
     * has nothing to do with the connection any more.
     */
    bool (*outside)(void *link, const struct a407_job *job);
};

#endif
