/* SPDX-License-Identifier: MIT */
#ifndef A407_WORDS_H
#define A407_WORDS_H

#include "core/base/cause.h"
#include "core/base/span.h"

/* What a proxy says in its 407, for people. */

/*
 * The text of an HTML page in UTF-8 or Latin-1, or of what is none: without
 * markup, comments, scripts, styles and what else stands in the head; entities
 * resolved; UTF-8 without control characters, blanks folded, `block` (a blank
 * or line feed) between paragraphs and such. Writes what fits into cap bytes.
 */
void a407_page_text(struct a407_span page, char block, char *out, size_t cap);

/*
 * The cause that the words speak of, by words.def, or NONE. A sentence or line
 * counts by itself, and one that asks or only supposes ("if your account is
 * locked ...", "a or b") does not; nor do URLs and names of hosts. `*said` is
 * the sentence.
 */
enum a407_cause a407_words_cause(struct a407_span text, struct a407_span *said);

#endif
