/* SPDX-License-Identifier: MIT */
/*
 * A head of 60 KB for a proxy that stops reading in its middle, on a socket
 * with little room, after a request on another connection was let in. MODE:
 * block, poll. What a call took of the program's bytes is appended to
 * the file "sent". Afterwards the program goes on to write, as one does that
 * has not looked at an error, until the proxy has seen an end or has waited
 * enough.
 */
#include <netinet/tcp.h>

#include "tests/fixtures/victim.h"

#define HEAD_N     60000
#define PATIENCE_S 8.0

static void keep(const void *p, ssize_t n)
{
    int to = open("sent", O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (to < 0 || write(to, p, (size_t)n) != n)
        fail("sent");
    close(to);
}

static int narrow_connection(void)
{
    int room = 4096, segment = 1000, fd = victim_socket(0);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    victim_join(fd);
    return fd;
}

/* False: an error that is the end of it. */
static bool send_head(int fd, const char *head)
{
    double start = seconds();
    size_t at = 0;
    while (at < HEAD_N && seconds() - start < PATIENCE_S) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        ssize_t k = send(fd, head + at, HEAD_N - at, MSG_NOSIGNAL);
        if (k > 0) {
            keep(head + at, k);
            at += (size_t)k;
        } else if (errno == EAGAIN) {
            poll(&p, 1, 100);
            usleep(1000);
        } else {
            say("send: %s", errno_name(errno));
            return false;
        }
    }
    say(at == HEAD_N ? "send: all" : "send: EAGAIN");
    return at == HEAD_N;
}

static bool logged(const char *text)
{
    char log[4096];
    int fd = open(getenv("VICTIM_PROXY_LOG"), O_RDONLY);
    ssize_t k = fd < 0 ? 0 : read(fd, log, sizeof log - 1);
    close(fd);
    log[k > 0 ? k : 0] = 0;
    return strstr(log, text);
}

int main(int argc, char **argv)
{
    static const char more[] = "GET http://other.test/smuggled HTTP/1.1\r\n"
                               "Host: other.test\r\n\r\n";
    char *head = malloc(HEAD_N);
    size_t at = 0;
    victim_args(argc, argv);
    int fd = victim_connect();
    do_get(fd, "/login");
    int n =
        head ? snprintf(head, HEAD_N,
                        "GET http://%s/big HTTP/1.1\r\nX: ", victim.authority)
             : 0;
    if (!n)
        fail("malloc");
    memset(head + n, 'x', HEAD_N - (size_t)n);
    memcpy(head + HEAD_N - 4, "\r\n\r\n", 4);
    int cut = narrow_connection();
    if (in_mode("poll"))
        fcntl(cut, F_SETFL, O_NONBLOCK);
    send_head(cut, head);
    for (double start = seconds();
         !logged("ended") && seconds() - start < PATIENCE_S; usleep(20000)) {
        ssize_t k = send(cut, more + at, sizeof more - 1 - at,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (k > 0) {
            keep(more + at, k);
            at += (size_t)k;
        }
    }
    say("done");
    return 0;
}
