/* SPDX-License-Identifier: MIT */
/*
 * A connection is closed by the bare system call, which no hook sees, at some
 * stage of its exchange; its number is then something else's. MODE is what:
 * file, pipe, pair (of sockets), origin (a connection straight to it, made by
 * the bare system call as well), early:HOST:PORT (the same to that
 * place, which answers before it has read a body).
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "victim.h"

enum stage { CONNECTED, ASKED, ANSWERED, READING, POSTING };
static const char *const names[] = {"connected", "asked", "answered", "reading",
                                    "posting"};
/* The library knows what works from the first answer that is read. */
static const enum stage stages[] = {CONNECTED, ASKED,   ANSWERED,
                                    POSTING,   READING, POSTING};

/* What would be taken for a proxy's refusal if it came from one. */
static const char trap[] = "HTTP/1.1 407 Proxy Authentication Required\r\n"
                           "Proxy-Authenticate: Basic realm=\"trap\"\r\n"
                           "Content-Length: 0\r\n\r\n";
static const char request[] = "CONNECT a.test:443 HTTP/1.1\r\n\r\n";

/* Opens a connection to the proxy and brings it to that stage. */
static int bring_to(const struct victim *v, enum stage s)
{
    char rq[REQUEST_MAX], part[700] = {0};
    int fd = victim_connect(v);
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    if (s == POSTING) {
        send_all(
            fd, rq,
            make_request(v, "POST", "/sha", "Content-Length: 300000\r\n", rq));
        send_all(fd, part, sizeof part);
    } else if (s != CONNECTED) {
        send_all(fd, rq, make_get(v, "/bytes/20000", rq));
    }
    if (s == ANSWERED)
        poll(&pfd, 1, 5000);
    if (s == READING && recv(fd, part, sizeof part, 0) <= 0)
        fail("recv");
    return fd;
}

static void compare(const char *what, int fd, const char *p, size_t n)
{
    char back[sizeof trap + sizeof request];
    size_t at = 0;
    ssize_t k = 1;
    while (at < n && (k = read(fd, back + at, n - at)) > 0)
        at += (size_t)k;
    say("  %s: read %zu, %s", what, at,
        at == n && memcmp(back, p, n) == 0 ? "the same" : "different");
}

static void check_number(int new, int old)
{
    if (new != old)
        say("  another number");
}

static void as_file(const struct victim *v, int old)
{
    int fd = memfd_create("trap", MFD_CLOEXEC);
    (void)v;
    check_number(fd, old);
    say("  wrote %zd", write(fd, trap, sizeof trap - 1));
    say("  wrote %zd", write(fd, request, sizeof request - 1));
    lseek(fd, 0, SEEK_SET);
    compare("file", fd, trap, sizeof trap - 1);
    compare("file", fd, request, sizeof request - 1);
    close(fd);
}

static void as_pipe(const struct victim *v, int old)
{
    int p[2];
    (void)v;
    if (pipe(p) < 0)
        fail("pipe");
    check_number(p[0], old);
    say("  wrote %zd", write(p[1], trap, sizeof trap - 1));
    compare("pipe", p[0], trap, sizeof trap - 1);
    close(p[0]);
    close(p[1]);
}

static void as_pair(const struct victim *v, int old)
{
    int p[2];
    (void)v;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, p) < 0)
        fail("socketpair");
    check_number(p[0], old);
    say("  wrote %zd", send(p[0], request, sizeof request - 1, 0));
    compare("forth", p[1], request, sizeof request - 1);
    say("  wrote %zd", send(p[1], trap, sizeof trap - 1, 0));
    compare("back", p[0], trap, sizeof trap - 1);
    fcntl(p[0], F_SETFL, O_NONBLOCK);
    char byte;
    ssize_t k = recv(p[0], &byte, 1, 0);
    say("  empty: %zd %s", k, errno_name(errno));
    syscall(SYS_close, p[0]);
    close(p[1]);
}

/* What is connected to asks for a login of its own. */
static void as_origin(const struct victim *v, int old)
{
    static struct answer a;
    char host[256], rq[REQUEST_MAX];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *ai;
    bool early = strncmp(v->mode, "early:", 6) == 0;
    snprintf(host, sizeof host, "%s", early ? v->mode + 6 : v->authority);
    char *colon = strrchr(host, ':');
    if (!colon)
        exit(2);
    *colon = 0;
    if (getaddrinfo(host, colon + 1, &hints, &ai))
        exit(2);
    int fd = socket(ai->ai_family, SOCK_STREAM, 0);
    check_number(fd, old);
    if (syscall(SYS_connect, fd, ai->ai_addr, ai->ai_addrlen) < 0)
        fail("connect");
    freeaddrinfo(ai);
    int n = snprintf(rq, sizeof rq,
                     "POST /407 HTTP/1.1\r\nHost: %s\r\n"
                     "Content-Length: 200000\r\n\r\n",
                     v->authority);
    send_all(fd, rq, (size_t)n);
    memset(rq, 'x', sizeof rq);
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    if (early && poll(&pfd, 1, 5000) != 1)
        fail("poll");
    for (size_t left = 200000, k; left; left -= k) {
        k = left < sizeof rq ? left : sizeof rq;
        send_all(fd, rq, k);
    }
    read_answer(fd, &a, "POST");
    close(fd);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*call)(const struct victim *v, int old);
    } modes[] = {{"file", as_file},
                 {"pipe", as_pipe},
                 {"pair", as_pair},
                 {"origin", as_origin},
                 {"early", as_origin}};
    struct victim v;
    victim_args(&v, argc, argv);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        size_t n = strlen(modes[i].name);
        if (strncmp(modes[i].name, v.mode, n) != 0)
            continue;
        for (size_t s = 0; s < sizeof stages / sizeof *stages; s++) {
            say("%s", names[stages[s]]);
            int fd = bring_to(&v, stages[s]);
            syscall(SYS_close, fd);
            modes[i].call(&v, fd);
        }
        say("done");
        return 0;
    }
    return 2;
}
