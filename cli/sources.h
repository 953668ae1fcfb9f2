/* SPDX-License-Identifier: MIT */
#ifndef A407_CLI_SOURCES_H
#define A407_CLI_SOURCES_H

#include "core/config/config.h"

/* Something about a credential that should be known before a proxy asks. */
struct a407_source_finding {
    const char *label;                 /* the credential's */
    const struct a407_lint_info *lint; /* NULL: it is about its source */
    char text[600];                    /* one line, without a secret */
};

typedef void a407_source_tell(void *ctx, const struct a407_source_finding *f);

/*
 * Tells where the credential's last day, or the time of a token, is near or
 * past, and of each place that would not give the credential's secret: a file
 * that is missing or that others may read, a .netrc without the proxy, a
 * command that is not there, a token that has expired. What is missing now may
 * be there when a proxy asks. Runs no command. Blocks for files.
 */
void a407_sources_check(const struct a407_credential *k, a407_source_tell *tell,
                        void *ctx);

#endif
