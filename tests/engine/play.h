/* SPDX-License-Identifier: MIT */
#ifndef PLAY_H
#define PLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "script.h"

/* How the bytes of a transcript arrive. */
enum way_kind {
    WAY_WHOLE,
    WAY_BYTES, /* one byte at a time, with an attempt to read after each */
    WAY_SPLIT  /* one chunk of it in two pieces */
};

struct way {
    enum way_kind kind;
    size_t step, at;  /* WAY_SPLIT: which step, after how many bytes */
    size_t send_step; /* what the kernel takes at once */
    size_t read_step; /* the program's buffer */
    bool expect;      /* compare with the transcript; else only look for
                         what must never happen */
};

/* The settings that a transcript describes, read as the library reads them. */
struct stage;
struct stage *stage_new(const struct script *s);
void stage_free(struct stage *st);

/*
 * Runs a transcript once. False: a diagnostic was printed, unless `quiet`.
 * Frees all it has allocated.
 */
bool play(const struct script *s, struct stage *st, const struct way *way);

#endif
