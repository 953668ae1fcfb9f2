/* SPDX-License-Identifier: MIT */
#include "scheme.h"

const struct a407_scheme *const a407_schemes[] = {
#define A407_SCHEME(id, name) [A407_##id] = &a407_##name,
#include "core/config/schemes.def"
#undef A407_SCHEME
    [A407_SCHEMES_MAX] = NULL,
};
