/* SPDX-License-Identifier: MIT */
#ifndef A407_NETRC_H
#define A407_NETRC_H

#include "credential.h"

/* What a .netrc says for one machine; freed with a407_free_secret. */
struct a407_login {
    char *username;
    char *password;
};

/*
 * Looks for the proxy in a .netrc file's text, as the manual of GNU inetutils
 * ("The .netrc file") and curl's documentation describe it. A word may stand in
 * double quotes, where a backslash is an escape. "#" where a keyword may stand
 * begins a comment.
 *
 * The first entry counts that is for this host (NAME or NAME:PORT, or default),
 * has a password and, where `username` is not NULL, that login. False: there is
 * none, or diag is "FILE:LINE: what is wrong". Allocates.
 */
bool a407_netrc_find(struct a407_span text, const char *file_name,
                     const struct a407_endpoint *proxy, const char *username,
                     struct a407_login *out, struct a407_diag *diag);

#endif
