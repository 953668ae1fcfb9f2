/* SPDX-License-Identifier: MIT */
/*
 * Swaps numbers of descriptors under requests through login proxies, in rounds
 * of half a second, each a process of its own: so the library meets its first
 * 407, and runs its credential helpers, again and again.
 *
 * usage: swap SECONDS SEED AUTHORITY PORT...
 * Prints a line of counts. 0: no stranger got anything that was not the
 * program's own to write to it, no round hung or crashed.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "swap.h"

#define PORTS_MAX 32
#define HANG_S    40

struct counts {
    unsigned rounds, hangs, crashes;
};

size_t swap_request(const char *authority, unsigned mark, char out[512])
{
    return (size_t)snprintf(out, 512,
                            "GET http://%s/bytes/100?mark=%u HTTP/1.1\r\n"
                            "Host: %s\r\nX-Mark: %u\r\n\r\n",
                            authority, mark, authority, mark);
}

int swap_listen(struct sockaddr_in *place)
{
    socklen_t n = sizeof *place;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *place = (struct sockaddr_in){.sin_family = AF_INET};
    place->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (void *)place, n) || listen(fd, 128) ||
        getsockname(fd, (void *)place, &n))
        err(1, "listen");
    return fd;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A place of its own for what is remembered: a stranger's 407 to a credential
   that it must not get would be taken for a refusal, and end the test. */
static void new_state(uint64_t seed)
{
    char path[64];
    snprintf(path, sizeof path, "state-%llu", (unsigned long long)seed);
    mkdir(path, 0700);
    setenv("XDG_STATE_HOME", path, 1);
}

static void wait_round(pid_t pid, struct counts *c)
{
    int status;
    double until = now() + HANG_S;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (now() > until) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            c->hangs++;
            return;
        }
        usleep(5000);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
        c->hangs++;
    else if (status != 0)
        c->crashes++;
}

static unsigned astray(const struct swap_shared *s)
{
    unsigned n = 0;
    for (size_t i = 0; i < MARKS; i++)
        n += s->to_proxy[i] && s->to_stranger[i];
    return n;
}

/* Has each thing happened that there is to be? */
static bool enough(const struct swap_shared *s)
{
    return s->answered && s->swaps && s->strangers;
}

static int report(const struct swap_shared *s, const struct counts *c)
{
    unsigned lost = astray(s);
    printf("rounds %u requests %u answered %u refused %u swaps %u missed %u "
           "strangers %u leaks %u foreign %u repeated %u astray %u hangs %u "
           "crashes %u\n",
           c->rounds, s->requests, s->answered, s->refused, s->swaps, s->missed,
           s->strangers, s->leaks, s->foreign, s->repeated, lost, c->hangs,
           c->crashes);
    return s->leaks || s->foreign || s->repeated || lost || c->hangs ||
           c->crashes;
}

int main(int argc, char **argv)
{
    uint16_t port[PORTS_MAX];
    struct counts c = {0};
    if (argc < 5 || argc - 4 > PORTS_MAX)
        errx(2, "usage: swap SECONDS SEED AUTHORITY PORT...");
    for (int i = 4; i < argc; i++)
        port[i - 4] = (uint16_t)atoi(argv[i]);
    struct swap_shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || pipe(s->token) < 0)
        err(1, "no memory");
    signal(SIGPIPE, SIG_IGN);
    uint64_t seed = strtoull(argv[2], NULL, 10);
    int door = swap_listen(&s->door), outside = swap_listen(&s->outside);
    pid_t strangers = fork();
    if (strangers == 0) {
        close(door);
        strangers_run(s, outside, argv[3]);
        _exit(0);
    }
    close(outside);
    double until = now() + atof(argv[1]), at_most = until + HANG_S;
    for (; now() < (enough(s) ? until : at_most); c.rounds++) {
        pid_t pid = fork();
        if (pid == 0) {
            new_state(seed + c.rounds);
            if (swap_round(s, door, argv[3], port, (size_t)argc - 4,
                           seed + c.rounds))
                _exit(0);
            syscall(SYS_exit_group, 3); /* no sanitizer asks for its thread */
        }
        wait_round(pid, &c);
    }
    atomic_store(&s->over, true);
    waitpid(strangers, NULL, 0);
    return report(s, &c);
}
