/* SPDX-License-Identifier: MIT */
#ifndef A407_DER_H
#define A407_DER_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "span.h"

/*
 * As much of DER (X.690) as SPNEGO needs: tags of one byte, definite lengths of
 * at most four. A longer form than needed of a length is read: it is met, and
 * harms nobody.
 */

/*
 * Takes the first element off the front of `in`: its tag, and its content.
 * False: there is none, or it does not fit into what is there; `in` is then
 * unchanged.
 */
bool a407_der_take(struct a407_span *in, unsigned char *tag,
                   struct a407_span *content);

/* The same where the tag must be `tag`. */
bool a407_der_expect(struct a407_span *in, unsigned char tag,
                     struct a407_span *content);

/* Makes what is in out from `from` on the content of an element of that tag.
   False: it does not fit. */
bool a407_der_wrap(struct a407_buf *out, size_t from, unsigned char tag);

#endif
