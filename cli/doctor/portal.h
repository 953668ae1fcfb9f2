/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_PORTAL_H
#define A407_DOCTOR_PORTAL_H

#include "core/config/credential.h"
#include "wire.h"

/* A login page in place of a 407: programs take it for the target's answer. */
struct a407_portal {
    const char *whose; /* "Zscaler"; or "" */
    char at[256];      /* where it sends to, without query; or "" */
    bool cookie;       /* it sets one */
};

/* Is it one? `connect`: the answer to a CONNECT, which is nobody else's. */
bool a407_portal_see(const struct a407_answer *a, bool connect,
                     const struct a407_endpoint *target,
                     struct a407_portal *out);

#endif
