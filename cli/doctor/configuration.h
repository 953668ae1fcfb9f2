/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_CONFIGURATION_H
#define A407_DOCTOR_CONFIGURATION_H

#include "core/base/buf.h"
#include "doctor.h"

/* Where a proxy's URL stands, and how it would be written there. */
struct a407_written {
    const char *what;   /* "https_proxy", "~/.gitconfig:3 (git)" */
    const char *value;  /* as it stands there: it may hold a secret */
    const char *before; /* in the corrected line, before the URL */
    bool chosen;  /* programs use it for the target: what is wrong is no mere
                     warning */
    bool guessed; /* whoever reads it there takes one without a scheme */
};

/*
 * Reads a proxy's URL as it is meant: without blanks and quotes around it, and
 * with the host behind its last "@". False: no host can be told. As
 * a407_proxy_url_parse() otherwise, but the first leaves the login out:
 * username and password are not to be looked at, and nothing is allocated.
 */
bool a407_written_read(const char *value, struct a407_proxy_url *out);
bool a407_written_login(const char *value, struct a407_proxy_url *out);

bool a407_written_has_login(const char *value);

/* Adds a row: for the first thing that is wrong with it, or what it says. True:
   it is usable all the same, and names an HTTP proxy. */
bool a407_written_check(struct a407_doctor *d, const struct a407_written *w);

/* "http://alice@proxy:3128": without what may be a secret. */
void a407_written_show(const char *value, char *out, size_t cap);

/* A line that sets the proxy's variable anew, with that scheme: the shell puts
   in what the variable has; else PASSWORD stands for a password. */
void a407_written_line(const struct a407_doctor *d, const char *scheme,
                       char *out, size_t cap);

/* Appends text as it stands in a URL's login: percent-encoded. `coded`: what is
   so already stays. */
void a407_add_coded(struct a407_buf *b, struct a407_span text, bool coded);

/* Are both names the same, or of this machine? */
bool a407_same_host(const char *a, const char *b);

/* Do both name the same proxy; with the same login, too? */
bool a407_written_same(const char *a, const char *b, bool login);

/* The variables that name a proxy for http and, the second row, for https:
   lower case first; NULL at the end. */
extern const char *const a407_variables[2][5];

/* Whose rules for no_proxy differ. */
enum {
    A407_CURL = 1,
    A407_WGET = 2,
    A407_PYTHON = 4,
    A407_GO = 8,
    A407_READERS = 15
};

/* Makes the verdict's sentence and the remedy of what a settings' reader said:
   "FILE:2: unknown key; known are ...", "NAME: write ...". */
void a407_doctor_diag(struct a407_row *row, const char *text);

/* By whose rules the list covers the target. `rest` gets what of the list does
   not; it may be NULL. */
unsigned a407_no_proxy_covers(const char *list,
                              const struct a407_endpoint *target,
                              struct a407_buf *rest);

/* Why nobody takes a connection there, in words; NULL: somebody does. Blocks.
 */
const char *a407_unreachable(const struct a407_endpoint *e);

/* This proxy is examined. False: the URL names none. */
bool a407_doctor_take(struct a407_doctor *d, const char *from,
                      const char *value);

#endif
