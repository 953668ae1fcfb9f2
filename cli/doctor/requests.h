/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_REQUESTS_H
#define A407_DOCTOR_REQUESTS_H

#include "cli/trial.h"
#include "wire.h"

/* What the proxy was asked, so that its owner can find that in its log. */
struct a407_request_made {
    int64_t at_us;     /* since the epoch; microseconds */
    char request[320]; /* "CONNECT HOST:PORT", "GET http://..." */
    char login[160];   /* "Digest, alice"; or empty */
    char source[80];   /* address and port of this end; or empty */
    int status;        /* 0: no answer */
};

#define A407_REQUESTS 64

struct a407_requests {
    struct a407_request_made made[A407_REQUESTS];
    size_t n;
    char *head; /* of the last answer to a login: as it came, but for secrets;
                   or NULL */
};

/* A request without a login. `target`: see a407_trial_request. */
void a407_requests_add(struct a407_requests *r, const char *target,
                       const struct a407_answer *a);

/* A trial: what it sent at first, and each answer to a 407. `source`: our
   address. Allocates. */
void a407_requests_add_trial(struct a407_requests *r, const char *target,
                             const struct a407_endpoint *source,
                             const struct a407_trial *t);

void a407_requests_free(struct a407_requests *r);

#endif
