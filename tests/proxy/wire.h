/* SPDX-License-Identifier: MIT */
#ifndef FX_WIRE_H
#define FX_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * One blocking TCP connection of a fixture: reads ahead into a buffer, writes
 * whole, and can keep a copy of all bytes in both directions, so that a test
 * can compare what was on the wire.
 */
struct wire {
    int fd;
    unsigned id; /* connection number, from 1 */
    char *buf;   /* buf[at..n) is read and not yet taken */
    size_t at, n, cap;
    unsigned trickle_us;   /* not 0: the first bytes of each write go
                              one by one, this long apart */
    int copy_in, copy_out; /* where the copies go, or -1 */
};

/* Takes over fd. `copy` is a path prefix (PREFIX.ID.in, .out) or NULL. */
void wire_init(struct wire *w, int fd, unsigned id, const char *copy);

/* Closes and frees. */
void wire_close(struct wire *w);

/* Closes with a reset, after all that was written has left this machine. */
void wire_reset(struct wire *w);

/* Waits for more bytes in the buffer. False: end of stream or an error. */
bool wire_fill(struct wire *w);

/* Takes up to n bytes, at least one. Returns 0 at the end. */
size_t wire_read(struct wire *w, void *p, size_t n);

/*
 * Takes a message head with its blank line, as a NUL-terminated copy that the
 * caller frees. NULL: the stream ended, or the head is longer than 256 KiB.
 */
char *wire_head(struct wire *w);

/* Takes a line up to cap - 1 bytes without its line end. */
bool wire_line(struct wire *w, char *out, size_t cap);

/* Writes everything. False: the peer is gone. */
bool wire_write(struct wire *w, const void *p, size_t n);

/* Waits until the peer has closed its side, at most ms; reads nothing. */
void wire_wait_gone(struct wire *w, int ms);

/* A pause that a signal does not cut short. */
void pause_ms(unsigned ms);

#endif
