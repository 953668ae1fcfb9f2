/* SPDX-License-Identifier: MIT */
#ifndef A407_REDACT_H
#define A407_REDACT_H

#include "core/base/span.h"

/*
 * `out`: the text without userinfo, query and fragment, and without the
 * parameters of path segments, for logs; works on any argument, also
 * "--proxy=http://u:p@h". Returns false when out is the whole text. At most
 * cap - 1 bytes and a NUL.
 */
bool a407_url_redact(struct a407_span s, char *out, size_t cap);

/*
 * The words of one command line without secrets, one at a time: `prev` is the
 * word before, or NULL. Writes at most cap - 1 bytes and a NUL. *programs, 0 at
 * first, remembers of which programs' options there is more to know ("mysql
 * -pSECRET"). What is hidden: userinfo and query of URLs, values of options and
 * of fields that carry secrets (--password X, -u X, Authorization: X, token=X).
 */
void a407_redact_next(uint64_t *programs, const char *prev, const char *arg,
                      char *out, size_t cap);

/* The same of one word, or of a text, alone. */
void a407_redact_arg(const char *prev, const char *arg, char *out, size_t cap);

/*
 * Tokens that their makers gave a form by which they can be found in texts
 * ("ghp_...", "AKIA...", a private key): one past such a token that starts at
 * i, or i if there is none. It is the last line of what keeps secrets out of a
 * log: nothing around the token says that a secret follows.
 */
size_t a407_known_token_end(struct a407_span t, size_t i);

/* The word is in a list of words with blanks between them, in any case. */
bool a407_is_one_of_icase(struct a407_span word, const char *list);

#endif
