/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "host/match.h"

/*
 * Stands in for two functions (the linker's --wrap) in a library that takes
 * every port of the loopback addresses for a proxy that the environment names:
 * so what other projects' suites connect to on this machine is all tracked.
 */

static struct a407_known_proxy *_Atomic known[UINT16_MAX + 1];

const struct a407_known_proxy *
__wrap_a407_config_proxy(const struct a407_config *c,
                         const struct a407_endpoint *e);
const struct a407_known_proxy *__wrap_a407_match(struct a407_match *m,
                                                 const struct a407_config *c,
                                                 const struct sockaddr *sa);

/* Of either address; never freed. */
const struct a407_known_proxy *
__wrap_a407_config_proxy(const struct a407_config *c,
                         const struct a407_endpoint *e)
{
    struct a407_known_proxy *is = NULL, *new;
    (void)c;
    if (strncmp(e->host, "127.", 4) != 0 && strcmp(e->host, "::1") != 0)
        return NULL;
    new = known[e->port] ? NULL : calloc(1, sizeof *new);
    if (new) {
        *new =
            (struct a407_known_proxy){.endpoint = *e, .from_environment = true};
        if (!atomic_compare_exchange_strong(&known[e->port], &is, new))
            free(new);
    }
    return known[e->port];
}

const struct a407_known_proxy *__wrap_a407_match(struct a407_match *m,
                                                 const struct a407_config *c,
                                                 const struct sockaddr *sa)
{
    struct a407_endpoint e;
    (void)m;
    return a407_endpoint_of(sa, &e) ? __wrap_a407_config_proxy(c, &e) : NULL;
}
