/* SPDX-License-Identifier: MIT */
/*
 * Ways to go through one exchange. MODE is one of the table at the end.
 */
#include <sys/ioctl.h>

#include "tests/fixtures/victim.h"

static struct answer answer;

/* Sends n bytes of a body on a non-blocking connection. */
static void send_body(int fd, size_t n)
{
    static char part[16384];
    while (n) {
        ssize_t k =
            send(fd, part, n < sizeof part ? n : sizeof part, MSG_NOSIGNAL);
        struct pollfd pfd = {.fd = fd, .events = POLLOUT};
        if (k < 0 && errno != EAGAIN)
            fail("send");
        if (k < 0 && poll(&pfd, 1, 5000) != 1) {
            say("the body is not taken");
            exit(1);
        }
        n -= k > 0 ? (size_t)k : 0;
    }
}

/*
 * Writes part of a body, looks whether an answer has come, and writes the rest
 * only then. Does not block.
 */
static void hesitant(void)
{
    char rq[REQUEST_MAX], fields[64];
    size_t n = 200000;
    double start = seconds();
    int fd = victim_connect();
    set_nonblocking(fd, true);
    snprintf(fields, sizeof fields, "Content-Length: %zu\r\n", n);
    send_all(fd, rq, make_request("POST", "/sha", fields, rq));
    send_body(fd, n / 4);
    answer_start(&answer, "POST");
    if (!read_by_poll(fd, &answer, 500)) {
        send_body(fd, n - n / 4);
        if (!read_by_poll(fd, &answer, 10000))
            say("nothing happens any more");
    }
    say("%s", seconds() - start > 5 ? "late" : "in time");
    close(fd);
}

/* Its own SHUT_WR says that no other request will come. */
static void half_closed(void)
{
    int fd = victim_connect();
    send_get(fd, "/bytes/20000");
    if (in_mode("half-closed-late"))
        usleep(200000); /* the answer is there, and perhaps a reset */
    say("shutdown %d", shutdown(fd, SHUT_WR));
    read_answer(fd, &answer, "GET");
    ssize_t k = send(fd, "x", 1, MSG_NOSIGNAL);
    say("send: %zd %s", k, errno_name(errno));
    close(fd);
}

static void own_header(const char *basic)
{
    char rq[REQUEST_MAX], fields[512];
    int fd = victim_connect();
    snprintf(fields, sizeof fields, "Proxy-Authorization: Basic %s\r\n", basic);
    send_all(fd, rq, make_request("GET", "/bytes/20000", fields, rq));
    read_answer(fd, &answer, "GET");
    close(fd);
}

/* A credential that the program has by itself. */
static void own_right(void)
{
    const char *basic = getenv("VICTIM_BASIC");
    own_header(basic ? basic : "");
}

static void own_wrong(void)
{
    own_header("bWFsbG9yeTp3cm9uZw=="); /* mallory:wrong */
}

/* Reads that ask for nothing, when there is something. */
static void nothing_asked(void)
{
    char byte;
    struct iovec none = {&byte, 0};
    struct msghdr empty = {0}, zero = {.msg_iov = &none, .msg_iovlen = 1};
    int fd = victim_connect();
    send_get(fd, "/bytes/20000");
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    if (poll(&pfd, 1, 10000) != 1)
        fail("poll");
    TRY(recvmsg(fd, &empty, 0));
    TRY(recvmsg(fd, &zero, 0));
    TRY(recvmsg(fd, &zero, MSG_PEEK));
    TRY(readv(fd, &none, 1));
    TRY(readv(fd, &none, 0));
    TRY(recv(fd, &byte, 0, 0));
    TRY(read(fd, &byte, 0));
    read_answer(fd, &answer, "GET");
    close(fd);
}

/*
 * CONNECT without blocking; the program itself gives up after 1.3 seconds, and
 * tries once more on another connection.
 */
static void impatient(void)
{
    char rq[REQUEST_MAX];
    for (int i = 0; i < 2; i++) {
        int fd = victim_connect();
        set_nonblocking(fd, true);
        send_all(fd, rq, make_connect(rq));
        answer_start(&answer, "CONNECT");
        double start = seconds();
        while (!answer.done && seconds() - start < 1.3)
            read_by_poll(fd, &answer, 100);
        if (!answer.done)
            say("gave up");
        close(fd);
    }
}

/* Asks how much there is to read until there is something: a question does not
   wait. */
static void asking(void)
{
    int fd = victim_connect(), n = 0;
    send_get(fd, "/bytes/2000");
    double longest = 0;
    while (!n) {
        double start = seconds();
        if (ioctl(fd, FIONREAD, &n) != 0)
            fail("ioctl");
        double took = seconds() - start;
        longest = took > longest ? took : longest;
        usleep(5000);
    }
    say_promptness("FIONREAD", seconds() - longest);
    read_answer(fd, &answer, "GET");
    close(fd);
}

VICTIM_MODES({"hesitant", hesitant}, {"half-closed", half_closed},
             {"half-closed-late", half_closed}, {"own-right", own_right},
             {"own-wrong", own_wrong}, {"nothing", nothing_asked},
             {"asking", asking}, {"impatient", impatient})
