/* SPDX-License-Identifier: MIT */
#ifndef A407_SECRET_H
#define A407_SECRET_H

#include <stddef.h>

/*
 * Memory that is left out of core dumps (MADV_DONTDUMP, madvise(2)). Where this
 * is linked it is what a407_secret_alloc() gives (core/base/buf.h): nothing is
 * mapped before the first secret; any thread and signal handler may call it, as
 * may the child of a fork.
 */

/* n bytes of it: fd's, to be read (-1: new ones, zeroed). NULL with errno. */
void *a407_secret_pages(int fd, size_t n);

#endif
