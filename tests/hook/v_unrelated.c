/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that have nothing to do with a proxy carry bytes that look as if
 * they had. MODE: local (socketpair, pipe, UDP, AF_UNIX), tcp (raw bytes to an
 * echo server), origin (origin-form requests straight to an origin),
 * origin-407 (to one that asks for a login: it must get none).
 */
#include <netdb.h>
#include <sys/un.h>

#include "tests/fixtures/victim.h"

static const char request[] = "CONNECT a.test:443 HTTP/1.1\r\n\r\n"
                              "GET http://a.test/ HTTP/1.1\r\n\r\n";
static const char refusal[] =
    "HTTP/1.1 407 Proxy Authentication Required\r\n"
    "Proxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";

/* Writes at one end, reads at the other: it must be the same. */
static void pass(const char *what, int from, int to, const char *p, size_t n)
{
    char back[1024];
    ssize_t sent = write(from, p, n), got = read(to, back, sizeof back);
    say("%s: %zd sent, %zd read, %s", what, sent, got,
        got == (ssize_t)n && memcmp(back, p, n) == 0 ? "the same"
                                                     : "different");
}

static void both_ways(const char *what, int a, int b)
{
    pass(what, a, b, request, sizeof request - 1);
    pass(what, b, a, refusal, sizeof refusal - 1);
    close(a);
    close(b);
}

static void udp(void)
{
    int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in sa = {.sin_family = AF_INET}, sb = sa;
    sa.sin_addr.s_addr = sb.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t n = sizeof sa;
    if (bind(a, (void *)&sa, n) || bind(b, (void *)&sb, n) ||
        getsockname(a, (void *)&sa, &n) || getsockname(b, (void *)&sb, &n) ||
        connect(a, (void *)&sb, n) || connect(b, (void *)&sa, n))
        fail("udp");
    both_ways("udp", a, b);
}

static void unix_stream(void)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    /* an abstract name: nothing to remove afterwards */
    int k = snprintf(un.sun_path + 1, sizeof un.sun_path - 1,
                     "auth407-victim-%d", getpid());
    socklen_t n =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)k);
    int l = socket(AF_UNIX, SOCK_STREAM, 0),
        a = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(l, (void *)&un, n) || listen(l, 1) || connect(a, (void *)&un, n))
        fail("unix");
    int b = accept(l, NULL, NULL);
    both_ways("unix", a, b);
    close(l);
}

static void local(void)
{
    int p[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, p))
        fail("socketpair");
    both_ways("socketpair", p[0], p[1]);
    if (pipe(p))
        fail("pipe");
    pass("pipe", p[1], p[0], request, sizeof request - 1);
    pass("pipe", p[1], p[0], refusal, sizeof refusal - 1);
    close(p[0]);
    close(p[1]);
    udp();
    unix_stream();
}

/* Raw bytes, none of which is a proxy-form request at its beginning. */
static void tcp(void)
{
    static const char *const starts[] = {"\x16\x03\x01\x02\x05\x01\x02\x01",
                                         "SSH-2.0-victim\r\n",
                                         "HTTP/1.1 407 \r\n\r\n",
                                         "GET / HTTP/1.1\r\n\r\n",
                                         "C",
                                         "CONNECT",
                                         "GET http:/",
                                         "\r\n"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        char data[3000];
        size_t n = strlen(starts[i]);
        memcpy(data, starts[i], n);
        for (size_t j = n; j < sizeof data; j++)
            data[j] = pattern(j);
        int fd = connect_direct(victim.authority);
        send_all(fd, data, sizeof data);
        read_same(fd, "tcp", data, sizeof data);
        close(fd);
    }
}

static void origin(void)
{
    int fd = connect_direct(victim.authority);
    get_direct(fd, in_mode("origin") ? "/bytes/20000" : "/407", 3);
    close(fd);
}

VICTIM_MODES({"local", local}, {"tcp", tcp}, {"origin", origin},
             {"origin-407", origin})
