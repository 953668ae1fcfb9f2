/* SPDX-License-Identifier: MIT */
#include "schemes.h"

const char *const a407_scheme_names[] = {
#define A407_SCHEME(id, name) [A407_##id] = #name,
#include "schemes.def"
#undef A407_SCHEME
    [A407_SCHEMES_MAX] = NULL,
};
