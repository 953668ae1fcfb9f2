/* SPDX-License-Identifier: MIT */
/*
 * How much longer a process takes to start and end with a library preloaded:
 * start LIBRARY TIMES PROGRAM [ARG]...
 * Starts with and without alternate. Prints microseconds: median without,
 * then added: lower quartile, median, upper quartile.
 */
#include <err.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double one(char **argv, char **env)
{
    pid_t pid;
    int status;
    double from = now_us();
    if (posix_spawn(&pid, argv[0], NULL, NULL, argv, env) != 0 ||
        waitpid(pid, &status, 0) != pid || status)
        errx(1, "%s: did not run", argv[0]);
    return now_us() - from;
}

static int order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc < 4 || atoi(argv[2]) < 4)
        errx(2, "usage: start LIBRARY TIMES PROGRAM [ARG]...");
    char preload[4096];
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", argv[1]);
    char path[] = "PATH=/usr/bin:/bin";
    char *without[] = {path, NULL};
    char *with[] = {path, preload, NULL};
    size_t n = (size_t)atoi(argv[2]);
    double *plain = calloc(n, sizeof *plain), *added = calloc(n, sizeof *added);
    if (!plain || !added)
        err(1, NULL);
    one(argv + 3, without);
    one(argv + 3, with);
    for (size_t i = 0; i < n; i++) {
        double first = one(argv + 3, i % 2 ? with : without);
        double second = one(argv + 3, i % 2 ? without : with);
        plain[i] = i % 2 ? second : first;
        added[i] = (i % 2 ? first : second) - plain[i];
    }
    qsort(plain, n, sizeof *plain, order);
    qsort(added, n, sizeof *added, order);
    printf("%.1f %.1f %.1f %.1f\n", plain[n / 2], added[n / 4], added[n / 2],
           added[n * 3 / 4]);
    free(plain);
    free(added);
    return 0;
}
