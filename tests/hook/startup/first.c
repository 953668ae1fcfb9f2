/* SPDX-License-Identifier: MIT */
/* Two threads connect for the first time: one in a constructor, under the
   loader's lock, the other meanwhile. usage: first LIBRARY */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "fetch.h"

static void *load(void *library)
{
    return dlopen(library, RTLD_NOW);
}

int main(int argc, char **argv)
{
    pthread_t t;
    void *loaded;

    if (argc < 2 || pthread_create(&t, NULL, load, argv[1]) != 0)
        return 2;
    alarm(10); /* each may wait for the other */
    usleep(100000);
    printf("%d\n", fetch(0));
    const char *error = dlerror();
    if (error) /* of a look-up that is none of the program's */
        printf("%s\n", error);
    pthread_join(t, &loaded);
    return loaded ? 0 : 1;
}
