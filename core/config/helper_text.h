/* SPDX-License-Identifier: MIT */
#ifndef A407_HELPER_TEXT_H
#define A407_HELPER_TEXT_H

#include "core/base/buf.h"
#include "credential.h"

/* git's credential protocol (git-credential(1), "INPUT/OUTPUT FORMAT"): lines
   KEY=VALUE, an empty line at the end. Helpers are only told to "get". */

/* Appends what a helper is asked for this proxy; username may be NULL. False:
   it did not fit, or the name holds a control character. */
bool a407_helper_ask(struct a407_buf *out, const struct a407_endpoint *proxy,
                     const char *username);

/* What a helper answered. Spans into the text; p NULL: not said. */
struct a407_helper_answer {
    struct a407_span username;
    struct a407_span password;
    struct a407_span token; /* `credential`, where `authtype` is Bearer */
    int64_t expires;        /* password_expiry_utc, seconds since the epoch;
                               0: not said */
    bool quit;              /* ask nobody else */
};

/*
 * Reads the answer up to its first empty line. The last of a repeated key
 * counts; unknown keys are passed over. NULL, or what is wrong, without a
 * value: a line without "=", a control character, or an authtype other than
 * Bearer.
 */
const char *a407_helper_read(struct a407_span text,
                             struct a407_helper_answer *out);

#endif
