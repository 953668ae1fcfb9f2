/* SPDX-License-Identifier: MIT */
#ifndef A407_SOCKET_H
#define A407_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "conn.h"
#include "host/fd.h"

/*
 * Which socket is behind a number. The program may give the number to another
 * one at any moment, in ways that no hook sees (fclose(), a raw system call).
 *
 * The rule: whatever we do to a connection's socket (peek, take, send, shut,
 * connect, change an option) is done on a private fd of it, which nobody else
 * can close, and whose SO_COOKIE was compared after it was made. A number of
 * the program's is only ever waited on, or used for the program's own call
 * with the program's own bytes.
 */

/*
 * A private fd for c's socket, which is to be at fd. -1: something else is
 * there (errno EBADF), or the process has no fd to spare (EMFILE). It is held
 * for as long as c->lock is, and never over a wait: fork() waits for that lock,
 * so no child gets a copy. In a process of one thread that has none to spare it
 * is fd itself: inside, nothing can come between. Release closes it.
 */
int a407_socket_hold(const struct a407_conn *c, int fd);
void a407_socket_release(int held, int fd);

/* Is there another socket that is being connected for c, and is its number
   still that one's? `drop` closes it, if it is. */
bool a407_socket_is_made(const struct a407_conn *c);
void a407_socket_drop_made(struct a407_conn *c);

/*
 * May a connection be followed from here on? Not one that has carried a byte:
 * it may be a tunnel by now. `connecting`: connect() is about to be called.
 */
bool a407_socket_is_new(int fd, bool connecting);

/*
 * Has the socket carried bytes that c does not know of: written by a raw system
 * call, by another process that shares it, out of band? What they have made of
 * the connection (a tunnel, say) nobody can tell. False if the kernel does not
 * tell.
 */
bool a407_socket_has_unseen(const struct a407_conn *c, int held);

/*
 * Does it lead anywhere else than when its connect() had returned? A raw system
 * call, or another process that shares it, can take a socket apart and connect
 * it again: cookie and counts show nothing of that. What is noted at first is
 * what getpeername() says, not what was asked for: another preloaded library or
 * the kernel's own filters may have redirected it.
 */
bool a407_socket_leads_elsewhere(struct a407_conn *c, int held);

/* Does the kernel tell how many bytes it has carried? */
bool a407_socket_is_counted(int fd);

/* The TCP port of this end; 0: none. */
uint16_t a407_socket_port(int fd);

/* Our SO_RCVLOWAT, so that a program's poll sleeps until more can be told; and
   the program's own again, if there is ours. */
void a407_socket_set_lowat(struct a407_conn *c, int held, size_t need);
void a407_socket_restore_lowat(struct a407_conn *c, int held);

/* Does a call with these MSG_ flags on fd wait? */
bool a407_socket_blocks(int fd, int flags);

/* An option of SOL_SOCKET that is an int; -1: there is none. */
int a407_socket_int(int fd, int option);

/* SO_RCVTIMEO or SO_SNDTIMEO in milliseconds; -1: none. */
int a407_socket_timeout_ms(int fd, int option);

#endif
