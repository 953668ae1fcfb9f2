/* SPDX-License-Identifier: MIT */
#ifndef A407_TRACK_H
#define A407_TRACK_H

#include "registry.h"

/* When an fd becomes a connection, and when it ends. To be called inside with
   no lock held, where nothing else is said. */

/* Puts c (or WATCH, or NULL) at fd. What stood there is released; if it has no
   other fd its record is written. */
void a407_track_as(int fd, struct a407_conn *c);

/* Follows the socket of that cookie, at fd; owns a site that is only watched.
   False: no memory, or the cookie is 0: there is no identity. */
bool a407_track(int fd, uint64_t cookie, struct a407_site *site,
                const struct sockaddr *peer, socklen_t n);

/* Another fd for the same socket: dup, dup2, dup3, F_DUPFD. */
void a407_track_copy(int from, int to);

/* The fd is about to be closed or replaced. Enters by itself, if it has to. */
void a407_track_drop(int fd);

/* fork.c: calls around fork() from here on. */
__attribute__((cold)) void a407_fork_start(void);

#endif
