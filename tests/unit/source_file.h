/* SPDX-License-Identifier: MIT */
#ifndef TEST_SOURCE_FILE_H
#define TEST_SOURCE_FILE_H

#include <stdio.h>

#include "exact.h"

/*
 * The path of a file of the source tree, from where this header was found at
 * compile time: tests run where they were built, in the top folder.
 */
static inline void source_path(const char *name, char *out, size_t cap)
{
    const char *here = __FILE__, *slash = strrchr(here, '/');
    int dir = slash ? (int)(slash - here) : 1;
    snprintf(out, cap, "%.*s/../../%s", dir, slash ? here : ".", name);
}

/* Its text with a NUL at its end; the caller frees it. */
static inline char *source_file(const char *name)
{
    char path[512];
    source_path(name, path, sizeof path);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("can't open %s: run the test in the top folder", path);
    size_t cap = (size_t)1 << 20;
    char *text = malloc(cap);
    assert_non_null(text);
    size_t n = fread(text, 1, cap - 1, f);
    fclose(f);
    assert_true(n > 0 && n < cap - 1);
    text[n] = '\0';
    return text;
}

#endif
