/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *what;
} table[] = {
#define FAULT(id, name, what) {name, what},
#include "fault.def"
#undef FAULT
};

bool fault_set(struct faults *f, const char *arg)
{
    size_t n = strcspn(arg, "=");
    int times = arg[n] ? atoi(arg + n + 1) : -1;
    for (int i = 0; i < FAULT_COUNT; i++) {
        if (strlen(table[i].name) != n || strncmp(table[i].name, arg, n))
            continue;
        f->left[i] = times;
        return times != 0;
    }
    return false;
}

bool fault_take(struct faults *f, enum fault_id id)
{
    int left = f->left[id];
    while (left > 0 &&
           !atomic_compare_exchange_weak(&f->left[id], &left, left - 1))
        continue;
    return left != 0;
}

bool fault_on(struct faults *f, enum fault_id id)
{
    return f->left[id] != 0;
}

void fault_list(FILE *out)
{
    for (int i = 0; i < FAULT_COUNT; i++)
        fprintf(out, "  %-28s %s\n", table[i].name, table[i].what);
}
