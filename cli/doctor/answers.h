/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_ANSWERS_H
#define A407_DOCTOR_ANSWERS_H

#include "doctor.h"

/* What an answer other than a proxy's 407 says. */
struct a407_judged {
    const struct a407_answer *answer;
    const char *what;  /* for the row: "CONNECT, with a login" */
    const char *login; /* how that was made; "": none was sent */
    bool connect;      /* the answer to a CONNECT */
    bool first;        /* to the request that the target needs: the others only
                          tell more */
};

/* Adds its row; d->works, if it is so. */
void a407_doctor_judge(struct a407_doctor *d, const struct a407_judged *j);

#endif
