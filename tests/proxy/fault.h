/* SPDX-License-Identifier: MIT */
#ifndef FX_FAULT_H
#define FX_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

enum fault_id {
#define FAULT(id, name, what) FAULT_##id,
#include "fault.def"
#undef FAULT
    FAULT_COUNT
};

/* How often each is still to happen; -1: for ever. */
struct faults {
    atomic_int left[FAULT_COUNT];
};

/* Switches on "NAME" or "NAME=COUNT". False: no such fault. */
bool fault_set(struct faults *f, const char *arg);

/* Whether it happens now; counts it down. */
bool fault_take(struct faults *f, enum fault_id id);

/* Whether it is on, without counting. */
bool fault_on(struct faults *f, enum fault_id id);

void fault_list(FILE *out);

#endif
