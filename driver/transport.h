/* SPDX-License-Identifier: MIT */
#ifndef A407_TRANSPORT_H
#define A407_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/base/span.h"

/*
 * What a driver needs of its connection. None of these waits. Bytes are moved
 * as by recv(2) and send(2) with MSG_DONTWAIT: how many, 0 for the end, -1 with
 * errno. `link` is the driver's: what the transport knows of the connection and
 * of the call at hand.
 */

struct a407_write; /* driver.h */

enum a407_hold {
    A407_HELD,
    A407_UNHELD, /* nothing can be done; the engine has been told to forget */
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

struct a407_job {
    void (*work)(void *arg);
    void (*after)(void *arg);
    void *arg;
};

struct a407_transport {
    /* First in each call and after each wait: the others need it held. */
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
    /* poll() says nothing before n bytes are there; 0: as before. */
    void (*arm)(void *link, size_t n);

    /* ---- the requests ---- */

    /* `own`: nothing but the program's own bytes, which were held back; they
       also go where it is not held, if the connection is the same. */
    ssize_t (*send)(void *link, const char *p, size_t n, bool own);
    /* What is left of the program's write, as it gave it; or a part. */
    ssize_t (*pass)(void *link, const struct a407_write *w);
    /* Is there room? 1; 0: not now; -1: an error, which pass will tell. */
    int (*room)(void *link);
    /* How many of these bytes of the program can be looked at. */
    size_t (*readable)(void *link, const char *p, size_t n);
    /* shutdown(2) */
    void (*shut)(void *link, int how);

    /* ---- another connection, or none ---- */

    /* Begins with a new one, or looks how far that is. */
    enum a407_renewal (*renew)(void *link);
    /* Gives that up. Also outside a call. */
    void (*drop_renewal)(void *link);
    /* In its place the program reads these bytes and the end, and its writes
       go nowhere. False: that can't be done. */
    bool (*give_back)(void *link, struct a407_span saved_407);

    /* Does job->work unlocked, then job->after locked. False: the connection
       is not this call's any more. */
    bool (*outside)(void *link, const struct a407_job *job);
};

#endif
