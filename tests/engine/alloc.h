/* SPDX-License-Identifier: MIT */
#ifndef ALLOC_H
#define ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The linker sends malloc, calloc, realloc and free of the runner and of core
 * through alloc.c (--wrap), which counts blocks and can say that there is no
 * memory: once, or from then on.
 */

/* Blocks that are allocated now. */
size_t alloc_live(void);

/* The engine's n-th allocation from now on fails (1 is the next); 0: none. */
void alloc_fail_at(size_t n, bool ever_after);

/* Did it come to that? */
bool alloc_failed(void);

#endif
