/* SPDX-License-Identifier: MIT */
#ifndef A407_KNOWN_TOKEN_H
#define A407_KNOWN_TOKEN_H

#include "span.h"

/*
 * Tokens that their makers gave a form by which they can be found in texts
 * ("ghp_...", "AKIA...", a private key): one past such a token that starts at
 * i, or i if there is none. It is the last line of what keeps secrets out of a
 * log: nothing around the token says that a secret follows.
 */
size_t a407_known_token_end(struct a407_span t, size_t i);

#endif
