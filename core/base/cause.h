/* SPDX-License-Identifier: MIT */
#ifndef A407_CAUSE_H
#define A407_CAUSE_H

#include <stdbool.h>
#include <stddef.h>

enum a407_cause {
#define A407_CAUSE(id, code, meaning, evidence, remedy) A407_CAUSE_##id,
#include "cause.def"
#undef A407_CAUSE
    A407_CAUSE_COUNT
};

/* In place: pointers would be relocated in every process that is started. */
struct a407_cause_info {
    char code[32];      /* as in the log */
    char meaning[96];   /* one sentence */
    char evidence[128]; /* what it is decided on */
    char remedy[96];    /* one sentence */
};

/* The row of a cause; the row of PROTOCOL for a value out of range. */
const struct a407_cause_info *a407_cause_info(enum a407_cause c);

/* The cause with that code, or A407_CAUSE_COUNT. */
enum a407_cause a407_cause_from_code(const char *code, size_t n);

/* Was a credential refused, for whatever reason? */
static inline bool a407_cause_refuses(enum a407_cause c)
{
    return c == A407_CAUSE_REJECTED || c == A407_CAUSE_REJECTED_LATER ||
           c == A407_CAUSE_ADDRESS || c == A407_CAUSE_ACCOUNT_EXPIRED ||
           c == A407_CAUSE_ACCOUNT_LOCKED || c == A407_CAUSE_BACKEND_DOWN;
}

/* What an accepted Negotiate proved of the proxy: by Kerberos (RFC 4559 section
   5), or by the signature of SPNEGO's list over NTLM (RFC 4178 section 5). */
enum a407_mutual {
    A407_MUTUAL_NONE, /* nothing to tell */
    A407_MUTUAL_VERIFIED,
    A407_MUTUAL_ABSENT, /* it sent no proof */
    A407_MUTUAL_FAILED
};

#endif
