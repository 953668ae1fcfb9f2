/* SPDX-License-Identifier: MIT */
#ifndef STRESS_SWAP_H
#define STRESS_SWAP_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Numbers of descriptors that become somebody else's socket while a request
 * through a login proxy is under way on them. The processes that take part,
 * one for the strangers and one for each round of requests, share this.
 */
#define MARKS (1u << 22)

struct swap_shared {
    atomic_uint requests; /* also the mark of the next one */
    atomic_uint answered, refused;
    atomic_uint swaps;  /* the number is a stranger's */
    atomic_uint missed; /* somebody else was quicker to get it */
    atomic_uint strangers;
    atomic_uint leaks;    /* strangers who got a credential */
    atomic_uint foreign;  /* ... or bytes that no request consists of */
    atomic_uint repeated; /* ... or a request that another one got, too */
    atomic_bool over;
    struct sockaddr_in door;    /* where the program accepts strangers */
    struct sockaddr_in outside; /* where it connects to them */
    int token[2]; /* a pipe: a byte for each stranger to come to the door */
    /* Marks of requests that were written to a proxy's connection for sure,
       and of those that a stranger got. */
    _Atomic unsigned char to_proxy[MARKS], to_stranger[MARKS];
};

/* The request of a mark. Returns its length, less than 512. */
size_t swap_request(const char *authority, unsigned mark, char out[512]);

/* A listening socket on loopback. */
int swap_listen(struct sockaddr_in *place);

/* The strangers' process, until `over`; `outside` is its listener. */
void strangers_run(struct swap_shared *shared, int outside,
                   const char *authority);

/* One round: threads make requests, others swap their numbers. False: a thread
   hangs. */
bool swap_round(struct swap_shared *shared, int door, const char *authority,
                const uint16_t *port, size_t ports, uint64_t seed);

#endif
