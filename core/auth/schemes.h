/* SPDX-License-Identifier: MIT */
#ifndef A407_SCHEMES_H
#define A407_SCHEMES_H

#include "scheme.h"

/* The implementations, one file each; a407_scheme_get() finds them. */
extern const struct a407_scheme a407_basic;
extern const struct a407_scheme a407_digest;
extern const struct a407_scheme a407_negotiate;
extern const struct a407_scheme a407_ntlm;
extern const struct a407_scheme a407_bearer;

#endif
