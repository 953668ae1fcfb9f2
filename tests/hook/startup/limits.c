/* SPDX-License-Identifier: MIT */
/* Programs that arrange their descriptors and their root for themselves; the
   status code is printed. usage: limits WAY [ARGUMENT]
   close, range, from       every descriptor from 3 on is closed at the start
   all FILE                 also 0, 1, 2; FILE becomes standard output after
   between                  they are closed between two fetches
   chroot DIR
   high N, moved N          a socket from number N on; moved there with dup2()
                            between the request and the answer
   many N                   N is the first free number */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fetch.h"

#define SCANNED 4096

static int close_scan(int from)
{
    for (int fd = from; fd < SCANNED; fd++)
        close(fd);
    return 0;
}

/* Result: 0, or -1: the limit can't be raised that far. */
static int room_for(int n)
{
    struct rlimit r = {.rlim_cur = (rlim_t)n, .rlim_max = (rlim_t)n};
    struct rlimit now;
    if (getrlimit(RLIMIT_NOFILE, &now) != 0)
        return -1;
    if (now.rlim_max > r.rlim_max)
        r.rlim_max = now.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &r);
}

static int all_closed(const char *file)
{
    close_scan(0);
    int status = fetch(0); /* on number 0 */
    int out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0 || dup2(out, 1) < 0)
        return -1;
    return status;
}

static int moved(int n)
{
    int low = fetch_connect(0);
    if (low < 0 || fetch_ask(low) != 0 || dup2(low, n) != n)
        return -1;
    close(low);
    return fetch_answer(n);
}

static int many(int n)
{
    for (int fd = 0; fd < n - 1;)
        if ((fd = dup(1)) < 0)
            return -1;
    return fetch(0);
}

static int between(void)
{
    int first = fetch(0);
    close_scan(3);
    int second = fetch(0);
    return first == second ? second : -1;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    const char *what = argc > 2 ? argv[2] : "";
    int n = atoi(what), status = -1;
    if (n > 0 && room_for(n < 20000 ? 20000 : n + 100) != 0) {
        puts("no room");
        return 0;
    }
    if (strcmp(way, "close") == 0 && close_scan(3) == 0)
        status = fetch(0);
    else if (strcmp(way, "range") == 0 && close_range(3, ~0U, 0) == 0)
        status = fetch(0);
    else if (strcmp(way, "from") == 0) {
        closefrom(3);
        status = fetch(0);
    } else if (strcmp(way, "all") == 0)
        status = all_closed(what);
    else if (strcmp(way, "between") == 0)
        status = between();
    else if (strcmp(way, "chroot") == 0 && chroot(what) == 0 && !chdir("/"))
        status = fetch(0);
    else if (strcmp(way, "high") == 0)
        status = fetch(n);
    else if (strcmp(way, "moved") == 0)
        status = moved(n);
    else if (strcmp(way, "many") == 0)
        status = many(n);
    printf("%d\n", status);
    return 0;
}
