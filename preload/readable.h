/* SPDX-License-Identifier: MIT */
#ifndef A407_READABLE_H
#define A407_READABLE_H

#include <stddef.h>

/* How many of n bytes can be read there? Of some pages at least. A bad pointer
   is the kernel's to refuse (EFAULT); we would die of it. */
size_t a407_readable(const void *p, size_t n);

#endif
