/* SPDX-License-Identifier: MIT */
#ifndef A407_SOCKET_TRANSPORT_H
#define A407_SOCKET_TRANSPORT_H

#include "turn.h"

/*
 * A driver's transport (driver/transport.h) over a socket of the program's. Its
 * link is the turn at hand, and what it does is done with the turn's private
 * fd, but for the program's own writes.
 */
extern const struct a407_transport a407_socket_transport;

/* A write of the program's, and the message that it is about. */
struct a407_message {
    struct a407_write w; /* over msg's iovecs */
    const struct msghdr *msg;
    int flags; /* MSG_ */
};

/* The transport's pass: sends the message from where it is, or a first part of
   it, without waiting and without SIGPIPE. Of the turn it needs the fd. */
ssize_t a407_pass(void *turn, const struct a407_write *message);

/* ---- reconnect.c, replace.c ---- */

/* A new connection to the same peer in the fd's place: begins with it, or looks
   how far it is. */
enum a407_renewal a407_reconnect(struct a407_turn *t);

/* What is under way of it is given up. */
void a407_reconnect_drop(struct a407_conn *c);

/* The socket `from` takes the place of the connection's at all numbers that
   have it, with the flags that those have; t->held is given up. */
void a407_replace(struct a407_turn *t, int from);

/* Puts a socket in the fd's place from which these bytes can be read. As with a
   peer that has closed, what the program writes meanwhile does not fail. */
bool a407_give_back(struct a407_turn *t, struct a407_span bytes);

#endif
