/* SPDX-License-Identifier: MIT */
#ifndef A407_CLI_SETTINGS_H
#define A407_CLI_SETTINGS_H

#include <stdbool.h>

#include "core/config/config.h"
#include "options.h"

/*
 * Puts the options' values into their variables in this process's environment,
 * which the command inherits; files named by options are made absolute, for
 * the command may change its folder. False: said on standard error. Blocks for
 * the files and descriptors that hold secrets.
 */
bool a407_settings_apply(const struct a407_invocation *inv);

/* What became of the credential file. */
enum a407_file_state {
    A407_FILE_ABSENT,
    A407_FILE_USED,
    A407_FILE_UNUSED, /* good or not looked at: the mode needs none */
    A407_FILE_IGNORED /* refused or malformed: a warning was written */
};

struct a407_settings {
    struct a407_config *config; /* freed with a407_config_free */
    enum a407_file_state file;
};

/*
 * Reads the settings from the environment as the library will. False: a bad
 * setting, or a credential file that was named and can't be used; said on
 * standard error, and nothing is to be freed. Blocks for the file; allocates.
 */
bool a407_settings_check(const struct a407_invocation *inv,
                         struct a407_settings *out);

/* Notes for --verbose, without secrets. */
void a407_settings_show(const struct a407_settings *s);

#endif
