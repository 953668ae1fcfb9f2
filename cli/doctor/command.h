/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_COMMAND_H
#define A407_DOCTOR_COMMAND_H

#include "cli/report/report.h"

/* What one program of the command has asked of one proxy. */
struct a407_use {
    char binary[A407_REPORT_KEY_MAX + 1]; /* as the report names it */
    char proxy[A407_REPORT_KEY_MAX + 1];  /* "host:port" */
    char target[320]; /* of the first request: HOST:PORT, or a URL */
    char login[160];  /* that it sent last: "bob, by Basic"; or empty */
    bool refused;     /* there was a 407 to one */
    unsigned requests;
    unsigned met_407;
    int last_status; /* that it read; 0: none */
};

#define A407_USES 32

/* The command in observe mode, and what the log says of it. */
struct a407_observed {
    int status; /* its exit status, 128+N for signal N */
    struct a407_use use[A407_USES];
    size_t n;
    struct a407_report report; /* as `auth407 report` would have it */
    char keeps_out[400];       /* why the library can't be in it, or empty */
};

/* The use that this program has made of this proxy, as the report names both,
   or NULL. */
struct a407_use *a407_use_find(struct a407_observed *c, const char *binary,
                               const char *proxy);

/*
 * Runs it as `auth407 observe` would, with a log of its own that is removed;
 * its input is ours, and so is its output, which goes to standard error if
 * `to_stderr`. `proxy`: one that it may use besides those of the environment,
 * or NULL. Waits for its end, while ^C is for it alone. NULL: said on standard
 * error. Freed by a407_observed_free (NULL is fine).
 */
struct a407_observed *a407_observe(char **argv, const char *proxy,
                                   bool to_stderr);
void a407_observed_free(struct a407_observed *c);

#endif
