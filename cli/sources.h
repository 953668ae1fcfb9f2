/* SPDX-License-Identifier: MIT */
#ifndef A407_CLI_SOURCES_H
#define A407_CLI_SOURCES_H

#include "core/config/config.h"

/*
 * One warning for each place that a credential's secret is to be taken from and
 * that would not give it: a file that is missing or that others may read, a
 * .netrc without the proxy, a command that is not there, a token that has
 * expired. Only warnings: what is missing now may be there when a proxy asks.
 * Reads the files, as the library will; runs no command. Blocks for files.
 */
void a407_sources_warn(const struct a407_credential *k);

#endif
