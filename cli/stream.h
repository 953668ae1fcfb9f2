/* SPDX-License-Identifier: MIT */
#ifndef A407_STREAM_H
#define A407_STREAM_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/config/credential.h"

/* A connection of our own to a server: plain, or with something on it. */

/* What is spoken on a connected socket that does not block: TLS. */
struct a407_layer {
    /* Waits until then (of a407_now_ms). NULL: it can't be; with errno. */
    void *(*begin)(int fd, const char *host, int64_t until);
    /* As recv(2) and send(2) on that socket. */
    ssize_t (*read)(void *state, char *to, size_t n);
    ssize_t (*write)(void *state, const char *p, size_t n);
    void (*end)(void *state);
};

/* A server, and how it is spoken to. */
struct a407_peer {
    const struct addrinfo *at;
    const char *host;               /* its name */
    const struct a407_layer *layer; /* NULL: none */
};

struct a407_stream {
    int fd; /* for poll(); -1: none */
    const struct a407_layer *layer;
    void *state;
};

/* Longer does nobody wait for a connection, where there may be another one. */
#define A407_CONNECT_MS 5000

/* ... or for a name: of silent name servers each is asked for each domain of
   resolv.conf(5). */
#define A407_LOOK_UP_MS 20000

/* As getaddrinfo(3), until then (of a407_now_ms): EAI_AGAIN. Blocks: for a
   child that asks first, since nothing else ends that; one second time for what
   it has found. */
int a407_look_up_until(const char *host, const char *port,
                       const struct addrinfo *hints, int64_t until,
                       struct addrinfo **out);

/* Looks up its host's addresses, for TCP, in A407_LOOK_UP_MS. Blocks. */
int a407_look_up(const struct a407_endpoint *e, struct addrinfo **out);

/* A connection that does not block, or -1 with errno: begins one; waits for
   one that was begun, which it closes if it is not there in time (of
   a407_now_ms). */
int a407_connect_begin(const struct addrinfo *a);
int a407_connect_end(int fd, int64_t until);

/* Both, for the first of a server's addresses that takes a connection; each has
   A407_CONNECT_MS. -1: why not, in words. Blocks. */
int a407_connect_to(const struct a407_endpoint *e, const char **why);

/* Both, and the layer. False with errno, and *s is closed. */
bool a407_stream_open(struct a407_stream *s, const struct a407_peer *to,
                      int64_t until);

/* As recv(2) and send(2); these never wait. */
ssize_t a407_stream_read(struct a407_stream *s, char *to, size_t n);
ssize_t a407_stream_write(struct a407_stream *s, const char *p, size_t n);

/* This end's address and port. False: there is none. */
bool a407_socket_source(int fd, struct a407_endpoint *out);

void a407_stream_close(struct a407_stream *s);

/* Waits for events of poll(2), where a read or write said EAGAIN. False with
   errno: there were none until then (of a407_now_ms). */
bool a407_stream_wait(int fd, short events, int64_t until);

#endif
