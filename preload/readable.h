/* SPDX-License-Identifier: MIT */
#ifndef A407_READABLE_H
#define A407_READABLE_H

#include <stddef.h>

/*
 * How many bytes of the program's can be read there? Not all of n may be looked
 * at, but some pages at least. A bad pointer is the kernel's to refuse, with
 * EFAULT; we would die of it.
 */
size_t a407_readable(const void *p, size_t n);

#endif
