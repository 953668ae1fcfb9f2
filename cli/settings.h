/* SPDX-License-Identifier: MIT */
#ifndef A407_CLI_SETTINGS_H
#define A407_CLI_SETTINGS_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/config/config.h"
#include "options.h"

/* Puts the options' values into their variables, which the command inherits;
   files are made absolute, for it may change its folder. False: said on
   standard error. Blocks for the files and descriptors that hold secrets. */
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

/* Does it look like a name? A user without a password may be a key. */
bool a407_user_is_name(struct a407_span user);

/* Appends what a credential is for and what it has, without secrets. */
void a407_credential_describe(struct a407_buf *b,
                              const struct a407_credential *k);

/*
 * Reads a secret: the first line of a file, or of a descriptor, without its
 * line end (LF or CRLF). From a descriptor not one byte more is taken, so that
 * standard input may go on to the command; one above 2 is closed. `out` is
 * NUL-terminated, and freed by the caller. False: can't be read, empty, too
 * long or with a NUL byte; said on standard error, where `option` is named.
 * Blocks.
 */
bool a407_secret_from_file(const char *option, const char *path,
                           struct a407_buf *out);
bool a407_secret_from_fd(const char *option, const char *number,
                         struct a407_buf *out);

#endif
