/* SPDX-License-Identifier: MIT */
#ifndef A407_SOCKET_TRANSPORT_H
#define A407_SOCKET_TRANSPORT_H

#include "turn.h"

/* A driver's transport (driver/transport.h) over a program's socket. Its link
   is the turn; all but the program's own writes go by that's private fd. */
extern const struct a407_transport a407_socket_transport;

/* A write of the program's, and the message that it is about. */
struct a407_message {
    struct a407_write w; /* over msg's iovecs */
    const struct msghdr *msg;
    int flags; /* MSG_ */
};

/* The transport's pass: without waiting and without SIGPIPE. Of the turn it
   needs the fd. */
ssize_t a407_pass(void *turn, const struct a407_write *message);

/* ---- reconnect.c: the transport's renew and give_back ---- */

enum a407_renewal a407_reconnect(void *turn);

/* As with a peer that has closed, what the program writes meanwhile does not
   fail. */
bool a407_give_back(void *turn, struct a407_span saved_407);

/* What is under way of a new connection is given up. */
void a407_reconnect_drop(struct a407_conn *c);

#endif
