/* SPDX-License-Identifier: MIT */
#include "exchange.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"

#define READ_MAX 32768

int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int put_head(const struct plan *p, char *out, size_t cap)
{
    switch (p->kind) {
    case KIND_TUNNEL:
        return snprintf(out, cap,
                        "CONNECT %u.stress.test:443 HTTP/1.1\r\n"
                        "Host: %u.stress.test:443\r\n\r\n",
                        p->number, p->number);
    case KIND_POST:
        return snprintf(out, cap,
                        "POST http://%u.stress.test/ HTTP/1.1\r\n"
                        "Host: %u.stress.test\r\nContent-Length: %zu\r\n\r\n",
                        p->number, p->number, p->body);
    default:
        return snprintf(out, cap,
                        "GET http://%u.stress.test/ HTTP/1.1\r\n"
                        "Host: %u.stress.test\r\nAccept: */*\r\n\r\n",
                        p->number, p->number);
    }
}

bool exchange_start(struct exchange *x, struct run *run, uint64_t *random)
{
    *x = (struct exchange){.run = run, .since = now_ms(), .leave_at = SIZE_MAX};
    if (atomic_load(&run->over))
        return false;
    plan_make(&x->plan, atomic_fetch_add(&run->started, 1), run->seed);
    answer_start(&x->answer, &x->plan);
    x->random = rng_next(random);
    x->out = malloc(x->plan.body + 300);
    if (!x->out)
        err(1, "no memory");
    x->request_n = x->out_n = (size_t)put_head(&x->plan, x->out, 300);
    plan_fill_up(x->plan.number, 0, x->out + x->out_n, x->plan.body);
    x->out_n += x->plan.body;
    if (x->plan.kind == KIND_POST)
        x->request_n = x->out_n;
    if (rng_one_in(&x->random, 30))
        x->leave_at = rng_below(&x->random, x->out_n + x->plan.size);
    return true;
}

void exchange_free(struct exchange *x)
{
    free(x->out);
    x->out = NULL;
}

void exchange_fail(struct exchange *x, const char *what, int error)
{
    const struct plan *p = &x->plan;
    if (atomic_fetch_add(&x->run->failed, 1) >= 20)
        return;
    printf("error exchange %u: %s%s%s (kind %d framing %d end %d size %zu "
           "end_at %zu body %zu; written %zu of %zu, read %zu, status %d)\n",
           p->number, what, error ? ": " : "", error ? strerror(error) : "",
           p->kind, p->framing, p->end, p->size, p->end_at, p->body, x->out_at,
           x->out_n, x->answer.content_n, x->answer.status);
    fflush(stdout);
}

bool exchange_writes(const struct exchange *x)
{
    /* A tunnel begins with the proxy's 200. */
    bool open = x->plan.kind == KIND_TUNNEL && x->answer.at == AT_CONTENT;
    return x->out_at < (open ? x->out_n : x->request_n);
}

static bool leaves(struct exchange *x, size_t n)
{
    x->moved += n;
    if (x->moved < x->leave_at)
        return false;
    atomic_fetch_add(&x->run->abandoned, 1);
    return true;
}

enum progress exchange_write(struct exchange *x, int fd, bool lockstep)
{
    size_t n = (x->out_at < x->request_n ? x->request_n : x->out_n) - x->out_at;
    if (lockstep && n > 8192)
        n = 8192;
    if (rng_one_in(&x->random, 3))
        n = rng_below(&x->random, n < 60 ? n : 60) + 1;
    else if (rng_one_in(&x->random, 3))
        n = rng_below(&x->random, n) + 1;
    ssize_t k = call_write(fd, x->out + x->out_at, n, &x->random);
    if (k < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN))
        return errno == EINTR ? GO_ON : LATER;
    if (k <= 0 || (size_t)k > n) {
        exchange_fail(x, "write", k < 0 ? errno : 0);
        return BROKEN;
    }
    x->out_at += (size_t)k;
    return leaves(x, (size_t)k) ? CLOSED : GO_ON;
}

static enum progress complete(struct exchange *x, bool kept)
{
    atomic_fetch_add(&x->run->completed, 1);
    return kept && rng_below(&x->random, 4) ? KEPT : CLOSED;
}

static enum progress ended(struct exchange *x, int error)
{
    if (answer_ended(&x->answer, error))
        return complete(x, false);
    exchange_fail(x, x->answer.bad, error);
    return BROKEN;
}

enum progress exchange_read(struct exchange *x, int fd)
{
    char part[READ_MAX];
    struct answer *a = &x->answer;
    size_t n = sizeof part;
    if (rng_one_in(&x->random, 3))
        n = rng_below(&x->random, 40) + 1;
    else if (rng_one_in(&x->random, 2))
        n = rng_below(&x->random, n) + 1;
    ssize_t k = call_read(fd, part, n, x->plan.end == END_RESET, &x->random);
    if (k < 0 && (errno == EAGAIN || errno == EINTR))
        return errno == EINTR ? GO_ON : LATER;
    if (k <= 0)
        return ended(x, k < 0 ? errno : 0);
    if ((size_t)k > n || !answer_feed(a, part, (size_t)k)) {
        exchange_fail(x, a->bad ? a->bad : "read more than asked for", 0);
        return BROKEN;
    }
    if (a->at == AT_END)
        return complete(x, !a->closes);
    if (x->plan.kind == KIND_TUNNEL && a->at == AT_CONTENT &&
        a->content_n == x->plan.body)
        return complete(x, false);
    return leaves(x, (size_t)k) ? CLOSED : GO_ON;
}

int exchange_connect(struct run *run, int type_flags, uint64_t *random)
{
    int small = 4096, one = 1;
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | type_flags, 0);
    if (fd < 0)
        err(1, "socket");
    to.sin_port = htons(run->port[rng_below(random, PORTS)]);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (rng_one_in(random, 4))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (rng_one_in(random, 4))
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    /* Always: MSG_MORE would else hold bytes back for 200 ms. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 &&
        errno != EINPROGRESS && errno != EINTR)
        err(1, "connect");
    return call_dup(fd, random);
}
