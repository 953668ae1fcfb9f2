/* SPDX-License-Identifier: MIT */
#ifndef A407_HANDED_H
#define A407_HANDED_H

#include <stdbool.h>

#include "core/base/buf.h"

/*
 * Secrets that the launcher hands to a tree of processes outside of the
 * environment: "NAME=value" and a NUL each, in a sealed memfd, which is
 * inherited. A variable has its number. Many programs close what they have not
 * opened (Python's subprocess, Java, sudo), so each process maps it at its
 * start, and gives it back to what it executes.
 */
#define A407_HANDED "AUTH407_SECRETS_FD"

/* What to take from where the variable says: nothing, if that is no sealed
   memfd of root's or of this user's. Once, before there are threads. */
__attribute__((cold)) void a407_handed_take(void);

/* The value by that name, or NULL. It stays. */
const char *a407_handed(const char *name);

/* Hands on `text`, which is copied, with what was taken behind it; it counts in
   this process, too. The variable's value, or -1 with errno. */
int a407_handed_give(const struct a407_buf *text);

/* Was something taken? Then a407_handed_pass, before each execution. */
bool a407_handed_some(void);

/* It is there for the next program if that has the variable, though it was
   closed meanwhile, and only then. Allocates nothing; a child of vfork may call
   it. errno is kept. */
void a407_handed_pass(bool wanted);

#endif
