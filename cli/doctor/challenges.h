/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_CHALLENGES_H
#define A407_DOCTOR_CHALLENGES_H

#include "doctor.h"

/* The row of what the first 407 says for people. */
#define A407_ITS_WORDS "its words"

/* What the proxy's first 407 offers, empty where there was none; for
   a407_challenges_free. NULL: no memory. Points into that answer. */
struct a407_challenges *a407_doctor_offered(const struct a407_doctor *d);

/* The schemes of these that the credential can answer, and may. */
a407_scheme_set a407_doctor_usable(const struct a407_doctor *d,
                                   const struct a407_challenges *offered,
                                   const struct a407_credential *c);

#endif
