/* SPDX-License-Identifier: MIT */
#ifndef FX_SERVER_H
#define FX_SERVER_H

#include <stdbool.h>
#include <stdint.h>

/* A listener on 127.0.0.1 and ::1, the same port on both. */
struct server {
    int fd[2]; /* -1: not (or no longer) listening */
    uint16_t port;
    void (*serve)(void *ctx, int fd, unsigned id); /* takes over fd */
    void *ctx;
    bool once; /* stop listening when the first connection has come */
};

/* Listens. Port 0 picks a free one. Ends the program on failure. */
void server_listen(struct server *s, uint16_t port);

/*
 * Accepts for ever on n servers; each connection gets a number, from 1 and
 * common to all, and a thread of its own. With `stdin_too` the program ends
 * when its standard input does, so that no fixture outlives its test.
 */
void server_run(struct server *s, unsigned n, bool stdin_too)
    __attribute__((noreturn));

/* Appends one line to the log in a single write. No log: does nothing. */
void server_log(int fd, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Opens a log for appending; NULL gives -1. */
int server_log_open(const char *path);

#endif
