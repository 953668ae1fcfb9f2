/* SPDX-License-Identifier: MIT */
#ifndef A407_REDACT_INT_H
#define A407_REDACT_INT_H

#include "redact.h"

/* The parts of redaction; each uses those above it only. They answer with an
   offset in the text t: where a secret starts, t.n if there is none. */

/* ---- redact_words.c: words, and names of what is a secret ---- */

bool a407_is_blank(char c);
bool a407_is_quote(char c);
bool a407_is_name_char(char c); /* of a variable, option or field name */
bool a407_is_between(char c);   /* words: a blank, quote, comma or backslash */

/* A word starts at i: a blank, a quote or nothing is before it. i < t.n. */
bool a407_word_starts(struct a407_span t, size_t i);

/* One past the last byte of the word at `from`: the next blank or the end. */
size_t a407_word_end(struct a407_span t, size_t from);

/* The word before the one at `from`, or `prev`. Quotes and commas are passed
   over: ["curl", "-u", "..."] is a command line. */
struct a407_span a407_word_before(struct a407_span t, struct a407_span prev,
                                  size_t from);

struct a407_place {
    struct a407_span text;
    size_t from;             /* where it starts */
    size_t to;               /* what is shown of the text ends before that */
    struct a407_span before; /* the word before it */
    bool whole;              /* all of text is one value of `before` */
    uint64_t rules;          /* of what is named before it */
};

/* The word at `from`, to its closing quote if it has one, holds one of these
   characters ("": any word does), or is longer than is looked. */
bool a407_word_holds(struct a407_span t, size_t from, const char *chars);

/* The same of the value at `at`, which may be all that is left of the text. */
bool a407_value_holds(const struct a407_place *p, size_t at, const char *chars);

/* The text goes on with z at i. */
static inline bool a407_begins_at(struct a407_span t, size_t i, const char *z)
{
    return a407_span_begins(a407_span_skip(t, i), z);
}

/* Steps over a list of names with blanks between them. False at its end. */
bool a407_next_name(const char **list, struct a407_span *name);

/* s ends with that, whatever the case. */
bool a407_iends_with(struct a407_span s, struct a407_span end);

/* The word is in such a list. */
bool a407_is_one_of(struct a407_span word, const char *list);

/* A name is that of a secret. Case, "-", "_" and "." don't count. */
bool a407_secret_name(struct a407_span name);

/* When the word after this one is a secret: NULL never, "" always, else when
   it holds one of these characters. */
const char *a407_announces(struct a407_span word);

/* The same of the value behind "name=", or "name:". */
const char *a407_announces_value(struct a407_span name, bool colon);

/* The option's value is a proxy, which may be "user@host" without a scheme. */
bool a407_takes_proxy(struct a407_span option);

/* ---- redact_values.c: values that hold a secret in a part of them ---- */

/* In a script's text, from `at` on: its first literal that may be a secret. */
size_t a407_source_secret(struct a407_span t, size_t at, bool whole, size_t to);

/* In "Field: value" at `at`. `any`: without a blank as well. */
size_t a407_header_secret(struct a407_span t, size_t at, bool any);

/* What "echo" at i writes into a pipe whose other end takes a secret. */
size_t a407_piped_secret(struct a407_span t, size_t i);

/* What a shell gives a program to read: "<<< SECRET", "<<END", at i. */
size_t a407_here_secret(struct a407_span t, size_t i);

/* ---- redact_programs.c: programs whose options hold secrets ---- */

#define A407_NAME_MAX 32u /* of a program */

/* Adds to *rules what the program is known for whose name or path is at i in t.
   To be asked at each place of a text, in its order. */
void a407_programs_note(uint64_t *rules, struct a407_span t, size_t i);

/* One of these takes URLs without a scheme as words. */
bool a407_programs_fetch(uint64_t rules);

/* The word is, or holds, the secret of one of these programs. */
size_t a407_program_secret(const struct a407_place *p);

/* The word begins the text of a script: where its first secret may start. */
size_t a407_program_source(const struct a407_place *p);

/* ---- redact_start.c: all of them ---- */

/* The first offset of from .. to - 1 where a secret starts, behind the word
   `prev` and the `programs` named. Its cost grows with `to`. */
size_t a407_secret_start(struct a407_span t, struct a407_span prev,
                         uint64_t programs, size_t from, size_t to);

#endif
