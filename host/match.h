/* SPDX-License-Identifier: MIT */
#ifndef A407_MATCH_H
#define A407_MATCH_H

#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>

#include "core/config/config.h"

/* As getaddrinfo() for streams, and freed by freeaddrinfo(). */
typedef int a407_look_up_fn(const char *host, struct addrinfo **list);

/* The addresses of one configuration's proxies. All zeros but for these two: no
   name has been looked up yet. */
struct a407_match {
    a407_look_up_fn *look_up;
    pthread_mutex_t lock; /* of the rest; no look-up is made under it */
    struct a407_known_addrs *known;
};

/*
 * The known proxy that an address belongs to, or NULL. Looks a proxy's name up,
 * which may block, only when its port fits and its known addresses do not, once
 * a minute at most. c is always the same for one m, and outlives it.
 */
const struct a407_known_proxy *a407_match(struct a407_match *m,
                                          const struct a407_config *c,
                                          const struct sockaddr *sa);

/* IP address and port as an endpoint; an IPv4 address that is mapped into IPv6
   (Java connects so) is that. False: not AF_INET or AF_INET6. */
bool a407_endpoint_of(const struct sockaddr *sa, struct a407_endpoint *out);

#endif
