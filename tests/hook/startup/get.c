/* SPDX-License-Identifier: MIT */
/* Prints the status code that a client sees. usage: get [WHAT]
   N         N threads at once, a line for each
   facts     also what other preloaded libraries change: the year, the user,
             and whether fsync() of a pipe "works"
   overflow  then writes past a block of the heap */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fetch.h"

#define MOST   64
#define ROUNDS 4

static pthread_barrier_t all_here;

/* Blocks come from one thread and go in another: allocators mind that. */
static void *client(void *block)
{
    int *status = malloc(sizeof *status);
    free(block);
    pthread_barrier_wait(&all_here);
    if (!status)
        return NULL;
    for (int i = 0; i < ROUNDS; i++) {
        *status = fetch(0);
        if (*status != 200)
            break;
    }
    return status;
}

static int threads(int n)
{
    pthread_t thread[MOST];
    pthread_barrier_init(&all_here, NULL, (unsigned)n);
    for (int i = 0; i < n; i++)
        if (pthread_create(&thread[i], NULL, client, malloc(100)) != 0)
            return 1;
    for (int i = 0; i < n; i++) {
        void *status = NULL;
        pthread_join(thread[i], &status);
        printf("%d\n", status ? *(int *)status : -1);
        free(status);
    }
    return 0;
}

static int facts(void)
{
    int ends[2], status = fetch(0);
    time_t now = time(NULL);
    struct tm when;
    if (pipe(ends) != 0 || !gmtime_r(&now, &when))
        return 1;
    printf("%d year %d uid %d fsync %d\n", status, when.tm_year + 1900,
           (int)getuid(), fsync(ends[1]));
    return 0;
}

static int overflow(void)
{
    volatile size_t past = 16;
    volatile char *block = malloc(16);
    printf("%d\n", fetch(0));
    fflush(stdout);
    if (block)
        block[past] = 'x';
    free((void *)block);
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int n = atoi(what);
    if (strcmp(what, "facts") == 0)
        return facts();
    if (strcmp(what, "overflow") == 0)
        return overflow();
    if (n > 0 && n <= MOST)
        return threads(n);
    printf("%d\n", fetch(0));
    return 0;
}
