/* SPDX-License-Identifier: MIT */
#ifndef A407_CREDFILE_EDIT_H
#define A407_CREDFILE_EDIT_H

#include "core/base/buf.h"
#include "credential.h"

/*
 * Changes to the text of a credential file that a407_credfile_parse takes. What
 * they are not about stays byte for byte: comments, order, line ends, a byte
 * order mark. A section is named by its place, from 0, which is also that of
 * its credential in the parsed list.
 */

/* A line that a section is to have. Its value has no control character; NULL:
   the line is removed. */
struct a407_credfile_key {
    const char *name;
    const char *value;
};

/* Appends the text to out, with these keys in that section: a line that is
   there is rewritten where it stands, others follow the section's last line.
   False: it did not fit, or no memory. */
bool a407_credfile_set(struct a407_buf *out, struct a407_span text,
                       size_t section, const struct a407_credfile_key *keys,
                       size_t n);

/* ... with a new section at the end. */
bool a407_credfile_add(struct a407_buf *out, struct a407_span text,
                       const struct a407_endpoint *endpoint,
                       const struct a407_credfile_key *keys, size_t n);

/* ... without that section; comments behind its last line are the next one's.
 */
bool a407_credfile_cut(struct a407_buf *out, struct a407_span text,
                       size_t section);

#endif
