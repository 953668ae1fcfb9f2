/* SPDX-License-Identifier: MIT */
#ifndef A407_LOG_TARGET_H
#define A407_LOG_TARGET_H

#include "credential.h"

enum a407_log_kind {
    A407_TO_FILE,
    A407_TO_STDERR,
    A407_TO_NOWHERE,
    A407_TO_SYSLOG, /* a socket of this machine */
    A407_TO_UDP,    /* syslog, over the network */
    A407_TO_JOURNALD
};

#define A407_SYSLOG_SOCKET "/dev/log"
#define A407_SYSLOG_PORT   514 /* RFC 5426 section 3.3 */

struct a407_log_target {
    enum a407_log_kind kind;
    const char *path;            /* of the file or socket; points into the text
                                    or to a constant */
    struct a407_endpoint remote; /* of A407_TO_UDP: a numeric address */
};

/*
 * Reads "stderr", "none", "journald", "syslog" (the socket /dev/log),
 * "syslog:/PATH" (another socket), "syslog://ADDRESS[:PORT]" (UDP) or a file's
 * path. False: another syslog target; names of hosts need a look-up, which may
 * wait.
 */
bool a407_log_target(const char *text, struct a407_log_target *out);

/* Is that what the text says: something other than a file, good or bad? */
bool a407_log_is_word(const char *text);

/* A size in bytes: decimal, with K, M or G for powers of 1024. False: not of
   that form, or 2^62 and more. */
bool a407_size_parse(struct a407_span s, uint64_t *out);

#endif
