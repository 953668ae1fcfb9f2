/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_FOLLOW_H
#define A407_REPORT_FOLLOW_H

#include "lines.h"

/*
 * Reads what is added to files, until SIGINT or SIGTERM, or until standard
 * input ("-"), or a pipe without a name, has ended and was the only one. A FIFO
 * may have one writer after the other, also none at first. A file that is
 * renamed or removed is read to its end, and then the new one of that name; one
 * that got shorter, or begins in another way, is read from its beginning; one
 * that is not there yet is waited for. What a file holds already is read only
 * if `from_start`. False: said on standard error. Blocks, looking at the files
 * five times a second: one that gets its name and loses it again between two
 * looks is not seen.
 */
bool a407_report_follow(struct a407_report_run *r, char *const *files, size_t n,
                        bool from_start);

#endif
