/* SPDX-License-Identifier: MIT */
/*
 * Reads one answer to its end, and the end of the connection behind it. MODE:
 * block, poll (reads of 1 byte to 64 KB), edge (epoll, edge-triggered), with
 * ":keep" behind it where the length of the answer is known.
 */

#include "tests/fixtures/victim.h"

#define PATIENCE_MS 5000

/* How much the next read asks for: all sizes from 1 to 64 KB come up. */
static size_t next_size(size_t i)
{
    static const size_t sizes[] = {1, 65536, 2, 100, 4095, 4096, 30000, 3};
    return sizes[i % (sizeof sizes / sizeof *sizes)];
}

static void await(int fd, int set)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct epoll_event ev;
    int n = set < 0 ? poll(&p, 1, PATIENCE_MS)
                    : epoll_wait(set, &ev, 1, PATIENCE_MS);
    if (n <= 0) {
        say("nothing more came");
        _exit(1);
    }
}

static void read_all(int fd, int set, bool blocking)
{
    static struct answer a;
    static char part[65536];
    bool end = false;
    answer_start(&a, "GET");
    for (size_t i = 0; !end; i++) {
        ssize_t k = recv(fd, part, blocking ? sizeof part : next_size(i), 0);
        if (k < 0 && errno == EAGAIN) {
            await(fd, set);
            continue;
        }
        if (k < 0)
            fail("recv");
        end = k == 0;
        if (end)
            answer_end(&a);
        else if (a.done || answer_feed(&a, part, (size_t)k) != (size_t)k)
            say("bytes after the answer");
    }
    say("the end");
}

int main(int argc, char **argv)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLET};
    int set = -1;
    victim_args(argc, argv);
    int fd = victim_connect();
    bool blocking = in_mode("block");
    if (!blocking)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    if (in_mode("edge")) {
        set = epoll_create1(EPOLL_CLOEXEC);
        epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev);
    }
    send_get(fd, "/");
    if (!blocking)
        await(fd, set);
    read_all(fd, set, blocking);
    close(fd);
    say("done");
    return 0;
}
