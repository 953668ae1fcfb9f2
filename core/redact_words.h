/* SPDX-License-Identifier: MIT */
#ifndef A407_REDACT_WORDS_H
#define A407_REDACT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "span.h"

/*
 * Words of a command line, and which of them announce a secret: the part of
 * redaction that knows names of options, variables and fields. Private to
 * redact.c. Nothing here allocates.
 */

bool a407_is_blank(char c);
bool a407_is_quote(char c);
bool a407_is_name_char(char c); /* of a variable, option or field name */

/* A word starts at i: a blank, a quote or nothing is before it. i < t.n. */
bool a407_word_starts(struct a407_span t, size_t i);

/* One past the last byte of the word at `from`: the next blank or the end. */
size_t a407_word_end(struct a407_span t, size_t from);

/* The word before the one at `from`; `prev` if that one is the first. */
struct a407_span a407_word_before(struct a407_span t, struct a407_span prev,
                                  size_t from);

/* The option's value is a proxy, which may be "user@host" without a scheme. */
bool a407_takes_proxy(struct a407_span option);

/*
 * The offset, `from` at least, from which on the text holds a secret; t.n if
 * none is found. `prev` is the word before the text.
 */
size_t a407_secret_start(struct a407_span t, struct a407_span prev,
                         size_t from);

#endif
