/* SPDX-License-Identifier: MIT */
#ifndef A407_LOCKOUT_H
#define A407_LOCKOUT_H

#include "core/config/config.h"

/*
 * Marks of refused credentials, shared by the processes of one user: files in
 * STATE/auth407/refused (0700), named by a slow keyed hash of proxy, user and
 * secret: a changed credential has none. They changed when it was refused.
 */

/* When a mark younger than the waiting time was set, in microseconds since the
   epoch; 0: there is none. One stat() at most when no credential was ever
   refused. */
int64_t a407_lockout_marked(const struct a407_config *c,
                            const struct a407_endpoint *proxy,
                            const struct a407_credential *cred);

/* When its waiting time is over, seconds since the epoch; 0: as above. */
static inline int64_t a407_lockout_until(const struct a407_config *c,
                                         const struct a407_endpoint *proxy,
                                         const struct a407_credential *cred)
{
    int64_t marked = a407_lockout_marked(c, proxy, cred);
    return marked ? marked / 1000000 + c->lockout_s : 0;
}

/* Sets or removes the mark. Failing to is no error. */
void a407_lockout_mark(const struct a407_config *c,
                       const struct a407_endpoint *proxy,
                       const struct a407_credential *cred, bool accepted);

#endif
