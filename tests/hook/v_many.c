/* SPDX-License-Identifier: MIT */
/*
 * Many requests, one after the other. MODE: kept (50 on one connection, a new
 * one when the proxy closes), fresh (20 connections), mixed (methods and kinds
 * of content), pipeline (two requests in one write), timeout (SO_RCVTIMEO).
 */

#include "tests/fixtures/victim.h"

static struct answer answer;

static int again(int fd)
{
    if (answer.keep)
        return fd;
    close(fd);
    return victim_connect();
}

static void one(int *fd, const char *method, const char *path)
{
    char rq[REQUEST_MAX];
    send_all(*fd, rq, make_request(method, path, "", rq));
    read_answer(*fd, &answer, method);
    *fd = again(*fd);
}

static void kept(void)
{
    int fd = victim_connect();
    for (int i = 0; i < 50; i++)
        one(&fd, "GET", "/bytes/500");
    close(fd);
}

static void fresh(void)
{
    for (int i = 0; i < 20; i++) {
        get_anew((void *)"/bytes/500");
    }
}

static void mixed(void)
{
    static const char *const list[][2] = {
        {"HEAD", "/bytes/9000"}, {"GET", "/chunked/9000"},
        {"GET", "/status/204"},  {"GET", "/status/404"},
        {"OPTIONS", "/leak"},    {"HEAD", "/chunked/77"},
        {"GET", "/close/70000"}, {"GET", "/redirect"},
        {"DELETE", "/bytes/0"},  {"GET", "/status/401"},
        {"GET", "/chunked/0"},   {"GET", "/slow/100"}};
    int fd = victim_connect();
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        say("%s %s", list[i][0], list[i][1]);
        one(&fd, list[i][0], list[i][1]);
    }
    close(fd);
}

/* Two requests at once, then two answers that may share a segment. */
static void pipeline(void)
{
    char rq[2 * REQUEST_MAX];
    char part[4096];
    size_t n = make_get("/bytes/3000", rq);
    n += make_get("/bytes/1000", rq + n);
    int fd = victim_connect();
    send_all(fd, rq, n);
    size_t at = 0, have = 0;
    for (int i = 0; i < 2; i++) {
        answer_start(&answer, "GET");
        while (!answer.done) {
            if (at == have) {
                ssize_t k = recv(fd, part, sizeof part, 0);
                if (k < 0)
                    fail("recv");
                at = 0;
                have = (size_t)k;
                if (k == 0)
                    answer_end(&answer);
            }
            at += answer_feed(&answer, part + at, have - at);
        }
    }
    close(fd);
}

static void set_limit(int fd, long ms)
{
    struct timeval limit = {ms / 1000, ms % 1000 * 1000};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0)
        fail("SO_RCVTIMEO");
}

/*
 * SO_RCVTIMEO: a read before the request, one that is over long before the
 * final answer can come (whatever came before that), and one that has time.
 */
static void timeouts(void)
{
    char byte;
    int fd = victim_connect();
    set_limit(fd, 100);
    ssize_t k = recv(fd, &byte, 1, 0);
    say("empty read: %zd %s", k, errno_name(errno));
    send_get(fd, "/slow/600");
    k = recv(fd, &byte, 1, 0);
    say("slow read: %zd %s", k, errno_name(errno));
    set_limit(fd, 5000);
    read_answer(fd, &answer, "GET");
    fd = again(fd);
    do_get(fd, "/bytes/20000");
    close(fd);
}

VICTIM_MODES({"kept", kept}, {"fresh", fresh}, {"mixed", mixed},
             {"pipeline", pipeline}, {"timeout", timeouts})
