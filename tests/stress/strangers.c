/* SPDX-License-Identifier: MIT */
/* Whoever a number leads to after it was swapped: each asks for a login at
   once, and keeps what it gets. */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "swap.h"

#define MANY  2048
#define LEAST 16 /* that wait before the door */
#define KEPT  16384

static const char challenge[] =
    "HTTP/1.1 407 Proxy Authentication Required\r\n"
    "Proxy-Authenticate: Basic realm=\"stranger\"\r\n"
    "Proxy-Authenticate: Digest realm=\"stranger\", nonce=\"c3RyYW5nZXI=\", "
    "qop=\"auth\", algorithm=MD5\r\n"
    "Content-Length: 9\r\n\r\nstranger\n";

struct stranger {
    char *got;
    size_t n;
    bool told;
};

static struct swap_shared *shared;
static const char *authority;
static struct pollfd fds[MANY];
static struct stranger all[MANY];
static size_t count = 2;

static void welcome(int fd)
{
    if (fd < 0)
        return;
    char *got = malloc(KEPT + 1);
    if (!got || count == MANY) {
        free(got);
        close(fd);
        return;
    }
    send(fd, challenge, sizeof challenge - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    fds[count] = (struct pollfd){.fd = fd, .events = POLLIN};
    all[count++] = (struct stranger){.got = got};
    atomic_fetch_add(&shared->strangers, 1);
}

static void to_the_door(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (void *)&shared->door, sizeof shared->door) == 0)
        welcome(fd);
    else
        close(fd);
}

/* How much of it is the request of one mark, or a beginning of it. */
static size_t own_request(const char *p, size_t n)
{
    char expected[512];
    const char *at = memmem(p, n, "?mark=", 6);
    unsigned mark = at ? (unsigned)strtoul(at + 6, NULL, 10) : 0;
    size_t whole = swap_request(authority, mark, expected);
    size_t k = whole < n ? whole : n;
    if (memcmp(p, expected, k) != 0)
        return 0;
    if (k == whole && atomic_exchange(&shared->to_stranger[mark % MARKS], 1))
        atomic_fetch_add(&shared->repeated, 1);
    return k;
}

static void show(const char *what, const struct stranger *s)
{
    if (shared->leaks + shared->foreign > 5)
        return;
    printf("%s: ", what);
    for (size_t i = 0; i < s->n && i < 600; i++)
        printf(s->got[i] >= ' ' && s->got[i] < 127 ? "%c" : "\\x%02x",
               (unsigned char)s->got[i]);
    putchar('\n');
    fflush(stdout);
}

/* It is over with this one: was all of it the program's? */
static void judge(struct stranger *s)
{
    size_t at = 0, k = 1;
    s->got[s->n] = 0;
    if (strcasestr(s->got, "Proxy-Authorization")) {
        atomic_fetch_add(&shared->leaks, 1);
        show("leak", s);
        return;
    }
    while (at < s->n && k)
        at += k = own_request(s->got + at, s->n - at);
    if (at < s->n) {
        atomic_fetch_add(&shared->foreign, 1);
        show("foreign", s);
    }
}

static void leave(size_t i)
{
    judge(&all[i]);
    free(all[i].got);
    close(fds[i].fd);
    all[i] = all[--count];
    fds[i] = fds[count];
}

static bool hear(size_t i)
{
    struct stranger *s = &all[i];
    if (s->n == KEPT)
        return false;
    ssize_t k = recv(fds[i].fd, s->got + s->n, KEPT - s->n, MSG_DONTWAIT);
    if (k > 0)
        s->n += (size_t)k;
    return k > 0 || (k < 0 && errno == EAGAIN);
}

static void tokens(void)
{
    char token[64];
    ssize_t k = read(shared->token[0], token, sizeof token);
    for (ssize_t i = 0; i < k; i++)
        to_the_door();
}

void strangers_run(struct swap_shared *s, int outside, const char *origin)
{
    shared = s;
    authority = origin;
    fds[0] = (struct pollfd){.fd = s->token[0], .events = POLLIN};
    fds[1] = (struct pollfd){.fd = outside, .events = POLLIN};
    for (int i = 0; i < LEAST; i++)
        to_the_door();
    /* Once it is over, whatever is under way still has a moment to arrive. */
    for (int quiet = 0; !atomic_load(&s->over) || quiet < 3;) {
        int n = poll(fds, count, 100);
        quiet = n == 0 && atomic_load(&s->over) ? quiet + 1 : 0;
        if (fds[0].revents & POLLIN)
            tokens();
        if (fds[1].revents & POLLIN)
            welcome(accept(outside, NULL, NULL));
        for (size_t i = count; i-- > 2;)
            if (fds[i].revents && !hear(i))
                leave(i);
    }
    while (count > 2)
        leave(count - 1);
}
