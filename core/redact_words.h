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

/*
 * The word before the one at `from`; `prev` if that one is the first. Quotes
 * and commas are passed over, so that ["curl", "-u", "..."] is a command line.
 */
struct a407_span a407_word_before(struct a407_span t, struct a407_span prev,
                                  size_t from);

/*
 * The text from `from` on, as far as `to`, holds one of these characters. "" is
 * in every text. No further than some 1000 bytes is looked: what is longer is
 * taken for a secret.
 */
bool a407_holds(struct a407_span t, size_t from, size_t to, const char *chars);

/* The same as far as the next blank. */
bool a407_word_holds(struct a407_span t, size_t from, const char *chars);

/* The option's value is a proxy, which may be "user@host" without a scheme. */
bool a407_takes_proxy(struct a407_span option);

/* A name is that of a secret. Case, "-", "_" and "." don't count. */
bool a407_secret_name(struct a407_span name);

/* ---- programs whose options hold secrets (redact_programs.c) ---- */

/*
 * Adds to *bits what is named at i in t, by a path or without, if a name starts
 * there. To be asked at each place of a text, in its order.
 */
void a407_programs_note(unsigned *bits, struct a407_span t, size_t i);

/* One of these takes URLs without a scheme as words. */
bool a407_programs_fetch(unsigned bits);

/*
 * The word at `from` in t is, or holds, the secret of one of these programs,
 * `before` being the word before it: where it starts, or t.n. `whole`: it is
 * the first of t, which is the value of `before` then.
 */
size_t a407_program_secret(unsigned bits, struct a407_span before, bool whole,
                           struct a407_span t, size_t from);

/* When the value of the long option `name`, "--" left out and perhaps the end
   as well, is a secret: as announces() in redact_words.c. */
const char *a407_program_option(unsigned bits, struct a407_span name);

/* ---- tokens that are known by their looks (redact_tokens.c) ---- */

/* One past a token that starts at i and that services give out in this form;
   i if there is none. */
size_t a407_token_end(struct a407_span t, size_t i);

/*
 * The first offset of from .. to - 1 from which on the text holds a secret; t.n
 * if none is found. `prev` is the word before the text, `programs` what was
 * named before it. What it costs grows with `to`, not with the text.
 */
size_t a407_secret_start(struct a407_span t, struct a407_span prev,
                         unsigned programs, size_t from, size_t to);

#endif
