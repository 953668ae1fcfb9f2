/* SPDX-License-Identifier: MIT */
#ifndef A407_SETTINGS_H
#define A407_SETTINGS_H

#include <stdbool.h>

#include "core/config/config.h"
#include "host/match.h"

/* Read once, at the first connect() to an internet address. NULL: the library
   is to do nothing (mode off, AT_SECURE, no memory, a program of ours). */
const struct a407_config *a407_settings(void);

/* auth407 and its helpers speak with a proxy themselves. */
bool a407_in_own_program(void);

/* In the child of a fork(), where no other thread reads them. */
void a407_settings_in_child(void);

/* Have they been read, with something to do? Reads nothing. */
bool a407_settings_loaded(void);

/* a407_match (host/match.h). Called inside with nothing held: leaves for a
   look-up. */
const struct a407_known_proxy *a407_settings_match(const struct sockaddr *sa);

/* What has been looked up for that; its lock is held around fork(). */
extern struct a407_match a407_addresses;

#endif
