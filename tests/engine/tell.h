/* SPDX-License-Identifier: MIT */
#ifndef TELL_H
#define TELL_H

#include "core/engine/engine.h"

/*
 * The answer of a line "tell: ..." to a question: fills in told. NULL, or what
 * does not fit.
 */
const char *tell(const char *text, const struct a407_ask *ask,
                 struct a407_told *told);

#endif
