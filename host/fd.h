/* SPDX-License-Identifier: MIT */
#ifndef A407_FD_H
#define A407_FD_H

#include <stddef.h>
#include <stdint.h>

/* File descriptors of our own, in a process whose others are the program's. */

/* SO_COOKIE, the identity of a socket whatever number it has; 0: none to be
   had. */
uint64_t a407_socket_cookie(int fd);

/* A close-on-exec duplicate at a number that the program does not expect from
   its own calls. -1 with errno. */
int a407_fd_copy(int fd);

/* The same in place of fd, which is closed; fd itself if no number is free.
   -1 stays that. Its holder has to expect that the program closes it, and
   compares the cookie before each use. */
int a407_socket_out_of_the_way(int fd);

/* A memfd that holds these bytes, sealed against changes, and is closed on
   exec. -1 with errno. */
int a407_fd_sealed(const void *p, size_t n);

/* poll() for one fd: what is ready now; nothing is waited for, errno is not
   kept. */
int a407_ready(int fd, short events);

#endif
