/* SPDX-License-Identifier: MIT */
/*
 * CONNECT, and then the tunnel is the program's own. MODE: echo (bytes that
 * look like HTTP to a proxy, through an echo server), event (the same, with a
 * non-blocking CONNECT), http (requests to the origin), 407 (an origin that
 * itself asks for a login), early (data for the tunnel follows the CONNECT at
 * once, in the same write).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "victim.h"

static struct answer answer;

static const char look_alike[] =
    "CONNECT inside.test:443 HTTP/1.1\r\nHost: inside.test\r\n\r\n"
    "GET http://inside.test/ HTTP/1.1\r\nHost: inside.test\r\n\r\n"
    "HTTP/1.1 407 Proxy Authentication Required\r\n"
    "Proxy-Authenticate: Basic realm=\"inside\"\r\n"
    "Content-Length: 0\r\n\r\n";

/* Reads the answer to CONNECT a byte at a time, so that none is lost. */
static void read_exact(int fd)
{
    char c;
    answer_start(&answer, "CONNECT");
    while (!answer.done) {
        ssize_t k = read(fd, &c, 1);
        if (k < 0)
            fail("read");
        if (k == 0)
            answer_end(&answer);
        else
            answer_feed(&answer, &c, 1);
    }
}

static void open_tunnel(const struct victim *v, int fd)
{
    char rq[REQUEST_MAX];
    send_all(fd, rq, make_connect(v, rq));
    read_exact(fd);
    if (answer.status / 100 != 2)
        exit(1);
}

static void expect_back(int fd, const char *p, size_t n)
{
    char *back = malloc(n);
    size_t at = 0;
    while (back && at < n) {
        ssize_t k = recv(fd, back + at, n - at, 0);
        if (k < 0)
            fail("recv in the tunnel");
        if (k == 0)
            break;
        at += (size_t)k;
    }
    say("echo of %zu bytes: %s", n,
        back && at == n && memcmp(back, p, n) == 0 ? "the same" : "different");
    free(back);
}

static void echo(int fd)
{
    char *big = malloc(200000);
    send_all(fd, look_alike, sizeof look_alike - 1);
    expect_back(fd, look_alike, sizeof look_alike - 1);
    for (size_t i = 0; big && i < 200000; i++)
        big[i] = pattern(i);
    send_all(fd, big, 200000);
    expect_back(fd, big, 200000);
    shutdown(fd, SHUT_WR);
    say("end: %zd", recv(fd, big, 1, 0));
    free(big);
}

/* The whole of CONNECT in a non-blocking way, with poll. */
static void by_events(const struct victim *v)
{
    char rq[REQUEST_MAX];
    int fd = victim_connect(v);
    set_nonblocking(fd, true);
    send_all(fd, rq, make_connect(v, rq));
    answer_start(&answer, "CONNECT");
    read_polled(fd, &answer, 20000);
    set_nonblocking(fd, false);
    if (answer.status / 100 == 2)
        echo(fd);
    close(fd);
}

/* An origin-form request inside; what it answers is none of ours. */
static void http_inside(const struct victim *v, int fd, const char *path)
{
    char rq[REQUEST_MAX];
    for (int i = 0; i < 2; i++) {
        int n = snprintf(rq, sizeof rq, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n",
                         path, v->authority);
        send_all(fd, rq, (size_t)n);
        read_answer(fd, &answer, "GET");
    }
}

/* Data for the tunnel is sent before the proxy has said yes. */
static void early(const struct victim *v)
{
    char rq[2 * REQUEST_MAX];
    int fd = victim_connect(v);
    size_t n = make_connect(v, rq);
    memcpy(rq + n, look_alike, sizeof look_alike - 1);
    send_all(fd, rq, n + sizeof look_alike - 1);
    read_exact(fd);
    if (answer.status / 100 == 2)
        expect_back(fd, look_alike, sizeof look_alike - 1);
    close(fd);
}

int main(int argc, char **argv)
{
    struct victim v;
    victim_args(&v, argc, argv);
    if (strcmp(v.mode, "event") == 0) {
        by_events(&v);
    } else if (strcmp(v.mode, "early") == 0) {
        early(&v);
    } else {
        int fd = victim_connect(&v);
        open_tunnel(&v, fd);
        if (strcmp(v.mode, "echo") == 0)
            echo(fd);
        else if (strcmp(v.mode, "http") == 0)
            http_inside(&v, fd, "/bytes/20000");
        else if (strcmp(v.mode, "407") == 0)
            http_inside(&v, fd, "/407");
        else
            return 2;
        close(fd);
    }
    say("done");
    return 0;
}
