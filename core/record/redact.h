/* SPDX-License-Identifier: MIT */
#ifndef A407_REDACT_H
#define A407_REDACT_H

#include "core/base/span.h"

/* A URL, or any argument that holds one, without userinfo, query, fragment and
   the parameters of path segments, in cap bytes. False: out is all of it. */
bool a407_url_redact(struct a407_span s, char *out, size_t cap);

/*
 * The words of one command line, one at a time, without secrets: userinfo and
 * query of URLs, values of options and fields (--password X, Authorization: X,
 * token=X). `prev` is the word before, or NULL; *programs, 0 at first,
 * remembers programs whose options are known ("mysql -pSECRET").
 */
void a407_redact_next(uint64_t *programs, const char *prev, const char *arg,
                      char *out, size_t cap);

/* The same of one word, or of a text, alone. */
void a407_redact_arg(const char *prev, const char *arg, char *out, size_t cap);

/* One past a token at i whose form alone tells that it is one ("ghp_...",
   "AKIA...", a private key), or i. */
size_t a407_known_token_end(struct a407_span t, size_t i);

/* The word is in a list of words with blanks between them, in any case. */
bool a407_is_one_of_icase(struct a407_span word, const char *list);

#endif
