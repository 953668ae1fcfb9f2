/* SPDX-License-Identifier: MIT */
/*
 * What a call on an fd that is not a proxy's costs more under the library.
 * In one process the same loop calls the function that the program is bound
 * to, and libc's own; short batches of both alternate, so that what else the
 * machine does falls on both. Without the library the two are one function:
 * that run shows how exact the method is.
 *
 * Prints a line per kind of call: name, nanoseconds of libc's call, added
 * nanoseconds: lower quartile, median, upper quartile.
 */
#include <dlfcn.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH  200  /* calls; long against the clock, short against a slice */
#define ROUNDS 4000 /* pairs of batches */

struct calls {
    __typeof__(read) *read;
    __typeof__(write) *write;
    __typeof__(recv) *recv;
    __typeof__(send) *send;
};

/* Files of each kind; the TCP pair was made by connect(), and written to. */
struct files {
    int zero, null, pair[2], tcp[2];
};

static char byte = 'x';

static void need(bool ok, const char *what)
{
    if (!ok)
        err(1, "%s", what);
}

static void read_zero(const struct calls *c, const struct files *f)
{
    for (int i = 0; i < BATCH; i++)
        need(c->read(f->zero, &byte, 1) == 1, "read");
}

static void write_null(const struct calls *c, const struct files *f)
{
    for (int i = 0; i < BATCH; i++)
        need(c->write(f->null, &byte, 1) == 1, "write");
}

static void pass_pair(const struct calls *c, const struct files *f)
{
    for (int i = 0; i < BATCH; i += 2) {
        need(c->write(f->pair[0], &byte, 1) == 1, "write");
        need(c->read(f->pair[1], &byte, 1) == 1, "read");
    }
}

static void recv_tcp(const struct calls *c, const struct files *f)
{
    for (int i = 0; i < BATCH; i++)
        need(c->recv(f->tcp[0], &byte, 1, MSG_PEEK) == 1, "recv");
}

static void send_tcp(const struct calls *c, const struct files *f)
{
    for (int i = 0; i < BATCH; i++) /* nothing: the way there and back */
        need(c->send(f->tcp[0], &byte, 0, 0) == 0, "send");
}

static const struct kind {
    const char *name;
    void (*run)(const struct calls *, const struct files *);
} kinds[] = {{"read-zero", read_zero},
             {"write-null", write_null},
             {"socketpair", pass_pair},
             {"recv-tcp", recv_tcp},
             {"send-tcp", send_tcp}};

static void *look_up(void *from, const char *name)
{
    void *p = dlsym(from, name);
    if (!p)
        errx(1, "%s: %s", name, dlerror());
    return p;
}

/* Through uintptr_t: ISO C converts no object pointer to a function's. */
static struct calls bind_calls(void *from)
{
    return (struct calls){
        .read = (__typeof__(read) *)(uintptr_t)look_up(from, "read"),
        .write = (__typeof__(write) *)(uintptr_t)look_up(from, "write"),
        .recv = (__typeof__(recv) *)(uintptr_t)look_up(from, "recv"),
        .send = (__typeof__(send) *)(uintptr_t)look_up(from, "send")};
}

/* Connected as clients are, so that the library has seen it come. */
static void tcp_pair(int out[2])
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int l = socket(AF_INET, SOCK_STREAM, 0);
    out[0] = socket(AF_INET, SOCK_STREAM, 0);
    need(l >= 0 && out[0] >= 0, "socket");
    need(bind(l, (struct sockaddr *)&a, n) == 0 && listen(l, 1) == 0 &&
             getsockname(l, (struct sockaddr *)&a, &n) == 0 &&
             connect(out[0], (struct sockaddr *)&a, n) == 0,
         "connect");
    out[1] = accept(l, NULL, NULL);
    need(out[1] >= 0, "accept");
    need(write(out[0], "\x16", 1) == 1 && write(out[1], "x", 1) == 1, "write");
    close(l);
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double batch(const struct kind *k, const struct calls *c,
                    const struct files *f)
{
    double from = now_ns();
    k->run(c, f);
    return (now_ns() - from) / BATCH;
}

static int order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const struct kind *k, const struct calls *bound,
                    const struct calls *libc, const struct files *f)
{
    static double added[ROUNDS], plain[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        /* which of them is first takes turns */
        double first = batch(k, i % 2 ? bound : libc, f);
        double second = batch(k, i % 2 ? libc : bound, f);
        plain[i] = i % 2 ? second : first;
        added[i] = (i % 2 ? first : second) - plain[i];
    }
    qsort(added, ROUNDS, sizeof *added, order);
    qsort(plain, ROUNDS, sizeof *plain, order);
    printf("%s %.2f %.2f %.2f %.2f\n", k->name, plain[ROUNDS / 2],
           added[ROUNDS / 4], added[ROUNDS / 2], added[ROUNDS * 3 / 4]);
}

int main(void)
{
    void *handle = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    if (!handle)
        errx(1, "%s", dlerror());
    struct calls bound = bind_calls(RTLD_DEFAULT), libc = bind_calls(handle);
    struct files f = {.zero = open("/dev/zero", O_RDONLY),
                      .null = open("/dev/null", O_WRONLY)};
    need(f.zero >= 0 && f.null >= 0, "open");
    need(socketpair(AF_UNIX, SOCK_STREAM, 0, f.pair) == 0, "socketpair");
    tcp_pair(f.tcp);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        measure(&kinds[i], &bound, &libc, &f);
    return 0;
}
