/* SPDX-License-Identifier: MIT */
#ifndef A407_CREDFILE_READ_H
#define A407_CREDFILE_READ_H

#include "core/base/buf.h"
#include "core/config/config.h"

/* Thousands of sections fit; more is some other file. */
#define A407_CREDFILE_MAX ((size_t)1 << 20)

enum a407_credfile_read {
    A407_CREDFILE_OK,        /* diag is a warning, or empty */
    A407_CREDFILE_ABSENT,    /* no such file; diag is empty */
    A407_CREDFILE_REFUSED,   /* others could read or have written it, or it is
                                no plain file, or too large */
    A407_CREDFILE_UNREADABLE /* open, fstat or read failed, or no memory */
};

/* What group and others may have of it; an access list that names only this
   user, as systemd's, gives them nothing. */
enum a407_credfile_rule {
    A407_CREDFILE_PRIVATE, /* nothing */
    A407_CREDFILE_MOUNTED  /* they may read it, with a warning, but not write:
                              so container engines mount secrets */
};

/*
 * Reads a file that holds secrets, of A407_CREDFILE_MAX bytes at most, into
 * out, which is emptied. It must be a regular file that belongs to root, or to
 * the real and effective user; checked is what was opened, and the way to it
 * (file_at.h). For REFUSED and UNREADABLE diag says what is wrong and what to
 * do, and out is empty. Meets no hook of ours and no cancellation point, leaves
 * errno alone, never blocks on a FIFO.
 */
enum a407_credfile_read a407_credfile_read(const char *path,
                                           enum a407_credfile_rule rule,
                                           struct a407_buf *out,
                                           struct a407_diag *diag);

/* The first line of a file, without its end (LF or CRLF). */
struct a407_span a407_first_line(const struct a407_buf *text);

/* Reads c->credentials_path and adds what it says to c; where nothing is there
   for this user, c->credentials_else takes its place. A file with a mistake is
   REFUSED; without a path it is ABSENT. Allocates. */
enum a407_credfile_read a407_credfile_load(struct a407_config *c,
                                           struct a407_diag *diag);

/* What has become of the section that `old`, one of c's, was read from. NULL:
   it is gone, or the file can't be read or has a mistake. The caller frees. */
struct a407_credential *a407_credfile_again(const struct a407_config *c,
                                            const struct a407_credential *old);

#endif
