/* SPDX-License-Identifier: MIT */
/*
 * CONNECT, and then the tunnel is the program's own. MODE: echo (bytes that
 * look like HTTP to a proxy, through an echo server), event (the same, with a
 * non-blocking CONNECT), http (requests to the origin), 407 (an origin that
 * itself asks for a login), early (data for the tunnel follows the CONNECT at
 * once, in the same write).
 */

#include "tests/fixtures/victim.h"

static struct answer answer;

static const char look_alike[] =
    "CONNECT inside.test:443 HTTP/1.1\r\nHost: inside.test\r\n\r\n"
    "GET http://inside.test/ HTTP/1.1\r\nHost: inside.test\r\n\r\n"
    "HTTP/1.1 407 Proxy Authentication Required\r\n"
    "Proxy-Authenticate: Basic realm=\"inside\"\r\n"
    "Content-Length: 0\r\n\r\n";

static bool read_200(int fd)
{
    read_answer_by(fd, &answer, "CONNECT", by_byte);
    return answer.status / 100 == 2;
}

static int open_tunnel(void)
{
    int fd = victim_connect();
    send_connect(fd);
    if (!read_200(fd))
        exit(1);
    return fd;
}

static void use(int fd)
{
    char *big = make_content(200000);
    send_all(fd, look_alike, sizeof look_alike - 1);
    read_same(fd, "echo", look_alike, sizeof look_alike - 1);
    send_all(fd, big, 200000);
    read_same(fd, "echo", big, 200000);
    shutdown(fd, SHUT_WR);
    say("end: %zd", recv(fd, big, 1, 0));
    free(big);
}

static void echo(void)
{
    int fd = open_tunnel();
    use(fd);
    close(fd);
}

/* The whole of CONNECT in a non-blocking way, with poll. */
static void by_events(void)
{
    int fd = victim_connect();
    set_nonblocking(fd, true);
    send_connect(fd);
    answer_start(&answer, "CONNECT");
    read_polled(fd, &answer, 20000);
    set_nonblocking(fd, false);
    if (answer.status / 100 == 2)
        use(fd);
    close(fd);
}

/* An origin-form request inside; what it answers is none of ours. */
static void http_inside(void)
{
    int fd = open_tunnel();
    get_direct(fd, in_mode("407") ? "/407" : "/bytes/20000", 2);
    close(fd);
}

/* Data for the tunnel is sent before the proxy has said yes. */
static void early(void)
{
    char rq[2 * REQUEST_MAX];
    int fd = victim_connect();
    size_t n = make_connect(rq);
    memcpy(rq + n, look_alike, sizeof look_alike - 1);
    send_all(fd, rq, n + sizeof look_alike - 1);
    if (read_200(fd))
        read_same(fd, "echo", look_alike, sizeof look_alike - 1);
    close(fd);
}

VICTIM_MODES({"echo", echo}, {"event", by_events}, {"http", http_inside},
             {"407", http_inside}, {"early", early})
