/* SPDX-License-Identifier: MIT */
#ifndef A407_SETTINGS_H
#define A407_SETTINGS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "core/config/config.h"
#include "core/engine/engine.h"

/*
 * The process's settings: read at its first connect() to an internet address,
 * never before, and once. NULL: the library is to do nothing (mode off,
 * AT_SECURE, out of memory).
 */
const struct a407_config *a407_settings(void);

/* Have they been read, with something to do? Reads nothing. */
bool a407_settings_loaded(void);

/* Random bytes for the engines. */
const struct a407_host *a407_settings_host(void);

/*
 * The known proxy that an address belongs to, or NULL. Resolves a proxy's name
 * (getaddrinfo: may block, as the program's own look-up did) only when its
 * port fits, and remembers the addresses. Called inside a407_enter with nothing
 * held: it leaves for the look-up.
 */
const struct a407_known_proxy *a407_settings_match(const struct sockaddr *sa);

/* Around fork: the addresses' lock is held, and made anew in the child. */
void a407_match_lock(void);
void a407_match_unlock(void);
void a407_match_child(void);

/* IP address and port as an endpoint; an IPv4 address that is mapped into IPv6
   (Java connects so) is that. False: not AF_INET or AF_INET6. */
bool a407_endpoint_of(const struct sockaddr *sa, struct a407_endpoint *out);

#endif
