/* SPDX-License-Identifier: MIT */
#ifndef A407_ACCESS_LOG_H
#define A407_ACCESS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/span.h"

/*
 * A proxy's own log, one line per request. Two shapes are known, told apart
 * line by line:
 *
 *   squid's native    %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a
 *                     %mt, then optionally the headers and the client's port
 *   common, combined  %h %l %u %t "%r" %>s %b, then optionally what combined
 *                     adds, squid's %Ss:%Sh and the client's port; with a
 *                     virtual host in front as Debian's Apache writes it
 *
 * The port is a number at the line's end, bare or as port=N. What a syslog
 * daemon puts in front of squid's line is passed over.
 */

struct a407_access_line {
    int64_t start_us; /* when the request came, since the epoch */
    int64_t end_us;   /* when it was done; the same where no duration is told */
    int64_t grain_us; /* times are cut off to a multiple of this */
    struct a407_span client; /* an address, or a name */
    int client_port;         /* 0: not told */
    struct a407_span result; /* squid's "TCP_DENIED"; p == NULL: not told */
    int status;              /* 0: none was sent */
    struct a407_span method, target; /* the target with its query, if logged */
    struct a407_span user;           /* p == NULL: "-" */
};

/* A longer line is not read; squid and Apache write none unless told to. */
#define A407_ACCESS_LINE_MAX ((size_t)65536)

/*
 * Reads the line of n bytes at p (any bytes, without the line end) and takes
 * the escapes of both servers back, in place. False: neither shape, or cut off
 * before its last fixed field. `out` points into the line.
 */
bool a407_access_parse(char *p, size_t n, struct a407_access_line *out);

#endif
