/* SPDX-License-Identifier: MIT */
#ifndef A407_SOCKET_H
#define A407_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "conn.h"
#include "host/fd.h"

/*
 * Which socket is behind a number? The program may give that to another one at
 * any moment, unseen by any hook (fclose(), a raw system call).
 *
 * The rule: whatever we do to a connection's socket is done on a private fd of
 * it, which nobody else can close and whose SO_COOKIE was compared after it was
 * made. The program's number is only waited on, or used for its own call with
 * its own bytes.
 */

/*
 * A private fd for c's socket, which is to be at fd. -1: EBADF, something else
 * is there; EMFILE, no fd to spare (then a process of one thread gets fd
 * itself: inside, nothing comes between). Not to be kept beyond the site's
 * lock: fork() waits for that, so no child gets a copy.
 */
int a407_socket_hold(const struct a407_conn *c, int fd);
void a407_socket_release(int held, int fd);

/* Is c->made still our socket? `drop` closes it, if so. */
bool a407_socket_is_made(const struct a407_conn *c);
void a407_socket_drop_made(struct a407_conn *c);

/* Has it carried no byte? Else it may be a tunnel by now, and is not followed.
   `connecting`: connect() is about to be called. */
bool a407_socket_is_new(int fd, bool connecting);

/* Has it carried bytes that c does not know of: by a raw system call, another
   process, out of band? It may be a tunnel. False if the kernel can't tell. */
bool a407_socket_has_unseen(const struct a407_conn *c, int held);

/*
 * Has it another peer than after its connect()? A raw system call or another
 * process can disconnect and connect it again, and neither cookie nor counts
 * show that. c->there is what getpeername() says, not what was asked for: the
 * connection may have been redirected (BPF, another preloaded library).
 */
bool a407_socket_leads_elsewhere(struct a407_conn *c, int held);

/* Does the kernel tell how many bytes it has carried? */
bool a407_socket_is_counted(int fd);

/* The TCP port of this end; 0: none. */
uint16_t a407_socket_port(int fd);

/* Our SO_RCVLOWAT, so that the program's poll sleeps on; and its own again. */
void a407_socket_set_lowat(struct a407_conn *c, int held, size_t need);
void a407_socket_restore_lowat(struct a407_conn *c, int held);

/* Does a call with these MSG_ flags on fd wait? */
bool a407_socket_blocks(int fd, int flags);

/* An option of SOL_SOCKET that is an int; -1: there is none. */
int a407_socket_int(int fd, int option);

/* SO_RCVTIMEO or SO_SNDTIMEO in milliseconds; -1: none. */
int a407_socket_timeout_ms(int fd, int option);

#endif
