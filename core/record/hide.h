/* SPDX-License-Identifier: MIT */
#ifndef A407_HIDE_H
#define A407_HIDE_H

#include "core/config/credential.h"

/* Secrets in what a proxy says: it may show what it was sent. */

/* Puts stars in place of a secret wherever z, of cap bytes, spells it: plain,
   escaped as in a URL, JSON or a program's string, or in hexadecimal. One of
   less than 4 bytes would be found everywhere, and stays. */
void a407_text_hide(char *z, size_t cap, struct a407_span secret);

/* What takes one spelling of a secret out of a text. */
struct a407_hider {
    void (*hide)(void *text, struct a407_span secret);
    void *text;
};

/* Hands it a secret that is in base64 as it is. */
void a407_hide_base64(const struct a407_hider *h, struct a407_span coded);

/* ... and one that is not, also in base64. Allocates, and frees that. */
void a407_hide_secret(const struct a407_hider *h, struct a407_span secret);

/* ... all that a credential has, and what goes over the wire with Basic (RFC
   7617 section 2). */
void a407_hide_credential(const struct a407_hider *h,
                          const struct a407_credential *c);

#endif
