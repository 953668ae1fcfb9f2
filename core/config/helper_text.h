/* SPDX-License-Identifier: MIT */
#ifndef A407_HELPER_TEXT_H
#define A407_HELPER_TEXT_H

#include "core/base/buf.h"
#include "credential.h"

/*
 * git's credential protocol (git-credential(1), "INPUT/OUTPUT FORMAT"): lines
 * KEY=VALUE, an empty line at the end. Only the operation "get" is spoken; a
 * helper is never told to store or to erase.
 */

/*
 * Appends what a helper is asked for this proxy; username may be NULL. False:
 * it did not fit, memory ran out, or the name holds a control character.
 * Allocates only in out.
 */
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
 * Reads the answer: all of it, or up to its first empty line. Of a key that is
 * repeated the last counts; unknown keys are passed over. Returns NULL, or what
 * is wrong in words without a value: a line without "=", a control character
 * (but one CR before LF), or an authtype other than Bearer. Allocates not.
 */
const char *a407_helper_read(struct a407_span text,
                             struct a407_helper_answer *out);

#endif
