/* SPDX-License-Identifier: MIT */
/* A shared library that is a client before main, and after it. */
#include <stdio.h>

#include "fetch.h"

int early_status(void);

static int seen;

__attribute__((visibility("default"))) int early_status(void)
{
    return seen;
}

__attribute__((constructor)) static void before_main(void)
{
    seen = fetch(0);
    printf("before %d\n", seen);
}

__attribute__((destructor)) static void after_main(void)
{
    printf("after %d\n", fetch(0));
    fflush(stdout);
}
