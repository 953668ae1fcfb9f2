/* SPDX-License-Identifier: MIT */
#include "paths.h"

#include <stdatomic.h>

static atomic_bool elsewhere;

void a407_paths_elsewhere(void)
{
    atomic_store(&elsewhere, true);
}

bool a407_paths_valid(void)
{
    return !atomic_load(&elsewhere);
}
