/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_MAIN_H
#define A407_REPORT_MAIN_H

/* Exit statuses of `auth407 report`, like those of grep(1) and diff(1). */
#define A407_REPORT_NONE       0 /* no 407 was left unresolved */
#define A407_REPORT_UNRESOLVED 1
#define A407_REPORT_TROUBLE    2 /* usage, or something can't be read */

/*
 * `auth407 report`: the command line from that word on (argc words, NULL at the
 * end). Returns the exit status. Blocks, reads files, writes to standard
 * output.
 */
int a407_report_main(int argc, char **argv);

#endif
