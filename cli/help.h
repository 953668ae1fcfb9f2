/* SPDX-License-Identifier: MIT */
#ifndef A407_HELP_H
#define A407_HELP_H

#include <stdio.h>

#include "options.h"

/* The help of auth407, or of the command that was named; 80 columns wide. */
void a407_help(FILE *f, const struct a407_invocation *inv);

/* One option as the help shows it. */
void a407_help_option(FILE *f, const struct a407_option *o);

/* A few lines for somebody who gave no argument. */
void a407_help_short(FILE *f);

#endif
