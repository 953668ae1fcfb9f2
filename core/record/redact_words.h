/* SPDX-License-Identifier: MIT */
#ifndef A407_REDACT_WORDS_H
#define A407_REDACT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/span.h"

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
 * Adds to *rules what is named at i in t, by a path or without, if a name
 * starts there. To be asked at each place of a text, in its order.
 */
void a407_programs_note(uint64_t *rules, struct a407_span t, size_t i);

/* One of these takes URLs without a scheme as words. */
bool a407_programs_fetch(uint64_t rules);

/* A word in a text. */
struct a407_place {
    struct a407_span text;
    size_t from;             /* where it starts */
    size_t to;               /* what is shown of the text ends before that */
    struct a407_span before; /* the word before it */
    bool whole;              /* all of text is one value of `before` */
    uint64_t rules;          /* of what is named before it */
};

/* The word is, or holds, the secret of one of these programs: where it starts,
   or text.n. */
size_t a407_program_secret(const struct a407_place *p);

/* The word begins the text of a script: where its first secret may start, or
   text.n. */
size_t a407_program_source(const struct a407_place *p);

/* ---- values of some kinds (redact_values.c) ---- */

/* In the text of a script, from `at` on: its first literal that is none of
   those that can't be a secret. */
size_t a407_source_secret(struct a407_span t, size_t at, bool whole, size_t to);

/* In "Field: value" at `at`. `any`: without a blank as well. */
size_t a407_header_secret(struct a407_span t, size_t at, bool any);

/* What "echo" at i writes into a pipe whose other end takes a secret. */
size_t a407_piped_secret(struct a407_span t, size_t i);

/* What a shell gives a program to read: "<<< SECRET", "<<END", at i. */
size_t a407_here_secret(struct a407_span t, size_t i);

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
                         uint64_t programs, size_t from, size_t to);

#endif
