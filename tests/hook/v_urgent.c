/* SPDX-License-Identifier: MIT */
/*
 * Urgent bytes (MSG_OOB), which no header counts. All that is written on the
 * connection is appended to the file "sent". MODE: before (a request), between
 * (two of them), head (in the middle of one, after a request was let in on
 * another connection), body (in the middle of one, as a byte of it).
 */

#include "tests/fixtures/victim.h"

static int fd = -1;

static void put(const char *p, size_t n, int flags)
{
    int to = open("sent", O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (send(fd, p, n, flags | MSG_NOSIGNAL) != (ssize_t)n)
        fail("send");
    if (to < 0 || write(to, p, n) != (ssize_t)n)
        fail("sent");
    close(to);
    usleep(20000); /* a segment of its own */
}

static void answer(void)
{
    static struct answer a;
    static char part[4096];
    answer_start(&a, "GET");
    while (!a.done) {
        ssize_t k = recv(fd, part, sizeof part, 0);
        if (k < 0) {
            say("recv: %s", errno_name(errno));
            return;
        }
        take_part(&a, part, k);
    }
}

int main(int argc, char **argv)
{
    struct timeval limit = {2, 0};
    char rq[REQUEST_MAX], post[REQUEST_MAX];
    victim_args(argc, argv);
    size_t n = make_get("/", rq);
    size_t post_n = make_request("POST", "/", "Content-Length: 10\r\n", post);
    int first = victim_connect();
    if (in_mode("head"))
        do_get(first, "/");
    fd = victim_connect();
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (in_mode("before")) {
        put("!", 1, MSG_OOB);
        put(rq, n, 0);
    } else if (in_mode("between")) {
        put(rq, n, 0);
        answer();
        put("!", 1, MSG_OOB);
        put(rq, n, 0);
    } else if (in_mode("head")) {
        put(rq, n / 2, 0);
        put("!", 1, MSG_OOB);
        put(rq + n / 2, n - n / 2, 0);
    } else {
        put(post, post_n, 0);
        put("12345", 5, 0);
        put("!", 1, MSG_OOB);
        put("7890", 4, 0);
        answer();
        put(rq, n, 0);
    }
    answer();
    say("done");
    return 0;
}
