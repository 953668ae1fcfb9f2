/* SPDX-License-Identifier: MIT */
/*
 * A connection is closed by the bare system call, which no hook sees, at some
 * stage of its exchange; its number is then something else's. MODE is what:
 * file, pipe, pair (of sockets), origin (a connection straight to it, made by
 * the bare system call as well), early:HOST:PORT (the same to that
 * place, which answers before it has read a body).
 */
#include <sys/mman.h>

#include "tests/fixtures/victim.h"

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
static int bring_to(enum stage s)
{
    char rq[REQUEST_MAX], part[700] = {0};
    int fd = victim_connect();
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    if (s == POSTING) {
        send_all(
            fd, rq,
            make_request("POST", "/sha", "Content-Length: 300000\r\n", rq));
        send_all(fd, part, sizeof part);
    } else if (s != CONNECTED) {
        send_get(fd, "/bytes/20000");
    }
    if (s == ANSWERED)
        poll(&pfd, 1, 5000);
    if (s == READING && recv(fd, part, sizeof part, 0) <= 0)
        fail("recv");
    return fd;
}

static void check_number(int new, int old)
{
    if (new != old)
        say("  another number");
}

static void as_file(int old)
{
    int fd = memfd_create("trap", MFD_CLOEXEC);
    check_number(fd, old);
    say("  wrote %zd", write(fd, trap, sizeof trap - 1));
    say("  wrote %zd", write(fd, request, sizeof request - 1));
    lseek(fd, 0, SEEK_SET);
    read_same(fd, "file", trap, sizeof trap - 1);
    read_same(fd, "file", request, sizeof request - 1);
    close(fd);
}

static void as_pipe(int old)
{
    int p[2];
    if (pipe(p) < 0)
        fail("pipe");
    check_number(p[0], old);
    say("  wrote %zd", write(p[1], trap, sizeof trap - 1));
    read_same(p[0], "pipe", trap, sizeof trap - 1);
    close(p[0]);
    close(p[1]);
}

static void as_pair(int old)
{
    int p[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, p) < 0)
        fail("socketpair");
    check_number(p[0], old);
    say("  wrote %zd", send(p[0], request, sizeof request - 1, 0));
    read_same(p[1], "forth", request, sizeof request - 1);
    say("  wrote %zd", send(p[1], trap, sizeof trap - 1, 0));
    read_same(p[0], "back", trap, sizeof trap - 1);
    fcntl(p[0], F_SETFL, O_NONBLOCK);
    char byte;
    ssize_t k = recv(p[0], &byte, 1, 0);
    say("  empty: %zd %s", k, errno_name(errno));
    syscall(SYS_close, p[0]);
    close(p[1]);
}

/* What is connected to asks for a login of its own. */
static void as_origin(int old)
{
    static struct answer a;
    static char body[200000];
    char rq[REQUEST_MAX];
    struct sockaddr_in to;
    bool early = strncmp(victim.mode, "early:", 6) == 0;
    direct_address(early ? victim.mode + 6 : victim.authority, &to);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    check_number(fd, old);
    if (syscall(SYS_connect, fd, &to, sizeof to) < 0)
        fail("connect");
    int n = snprintf(rq, sizeof rq,
                     "POST /407 HTTP/1.1\r\nHost: %s\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     victim.authority, sizeof body);
    send_all(fd, rq, (size_t)n);
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    if (early && poll(&pfd, 1, 5000) != 1)
        fail("poll");
    send_all(fd, body, sizeof body);
    read_answer(fd, &a, "POST");
    close(fd);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*call)(int old);
    } modes[] = {{"file", as_file},
                 {"pipe", as_pipe},
                 {"pair", as_pair},
                 {"origin", as_origin},
                 {"early", as_origin}};
    victim_args(argc, argv);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        size_t n = strlen(modes[i].name);
        if (strncmp(modes[i].name, victim.mode, n) != 0)
            continue;
        for (size_t s = 0; s < sizeof stages / sizeof *stages; s++) {
            say("%s", names[stages[s]]);
            int fd = bring_to(stages[s]);
            syscall(SYS_close, fd);
            modes[i].call(fd);
        }
        say("done");
        return 0;
    }
    return 2;
}
