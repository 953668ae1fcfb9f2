/* SPDX-License-Identifier: MIT */
#include "fetch.h"

int plugin_run(void);

__attribute__((visibility("default"))) int plugin_run(void)
{
    return fetch(0);
}
