/* SPDX-License-Identifier: MIT */
#ifndef A407_REDACT_WORDS_H
#define A407_REDACT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "span.h"

/*
 * Words of a command line, and which of them announce a secret: the part of
 * redaction that knows names of options, variables and fields. Private to
 * redact.c, but for a407_token_end(). Nothing here allocates.
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

/* ---- programs whose short options hold secrets (redact_programs.c) ---- */

/* Bits of the programs that the word names, by a path or without. */
unsigned a407_programs_of(struct a407_span word);

/*
 * The word at `from` in t is, or holds, the secret of one of these programs,
 * `before` being the word before it: where it starts, or t.n.
 */
size_t a407_program_secret(unsigned programs, struct a407_span before,
                           struct a407_span t, size_t from);

/* ---- tokens that are known by their looks (redact_tokens.c) ---- */

/* One past a token that starts at i and that services give out in this form;
   i if there is none. */
size_t a407_token_end(struct a407_span t, size_t i);

/*
 * The offset, `from` at least, from which on the text holds a secret; t.n if
 * none is found. `prev` is the word before the text, `programs` what was named
 * before it.
 */
size_t a407_secret_start(struct a407_span t, struct a407_span prev,
                         unsigned programs, size_t from);

#endif
