/* SPDX-License-Identifier: MIT */
#include "cause.h"

#include <string.h>

static const struct a407_cause_info causes[A407_CAUSE_COUNT] = {
#define A407_CAUSE(id, code, meaning, evidence, remedy)                        \
    [A407_CAUSE_##id] = {code, meaning, evidence, remedy},
#include "cause.def"
#undef A407_CAUSE
};

const struct a407_cause_info *a407_cause_info(enum a407_cause c)
{
    return &causes[(unsigned)c < A407_CAUSE_COUNT ? c : A407_CAUSE_PROTOCOL];
}

enum a407_cause a407_cause_from_code(const char *code, size_t n)
{
    unsigned c = 0;
    while (c < A407_CAUSE_COUNT && (strlen(causes[c].code) != n ||
                                    memcmp(causes[c].code, code, n) != 0))
        c++;
    return (enum a407_cause)c;
}
