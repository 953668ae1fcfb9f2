/* SPDX-License-Identifier: MIT */
/* A library that connects while it is being loaded, a moment after first.c's
   main thread has begun to. */
#include <unistd.h>

#include "fetch.h"

__attribute__((constructor)) static void begin(void)
{
    usleep(300000);
    fetch(0);
}
