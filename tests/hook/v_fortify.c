/* SPDX-License-Identifier: MIT */
/*
 * Reads into a buffer of known size with a length that is not known when this
 * is compiled: with _FORTIFY_SOURCE these become __recv_chk, __read_chk and
 * __recvfrom_chk. MODE: recv, read, recvfrom.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "victim.h"

int main(int argc, char **argv)
{
    static struct answer a;
    char part[4096];
    char rq[REQUEST_MAX];
    volatile size_t limit = sizeof part; /* so that the check is left in */
    struct victim v;
    victim_args(&v, argc, argv);
    int fd = victim_connect(&v);
    send_all(fd, rq, make_get(&v, "/bytes/20000", rq));
    answer_start(&a, "GET");
    while (!a.done) {
        size_t room = limit;
        ssize_t k;
        if (strcmp(v.mode, "read") == 0)
            k = read(fd, part, room);
        else if (strcmp(v.mode, "recvfrom") == 0)
            k = recvfrom(fd, part, room, 0, NULL, NULL);
        else
            k = recv(fd, part, room, 0);
        if (k < 0)
            fail("read");
        if (k == 0)
            answer_end(&a);
        else
            answer_feed(&a, part, (size_t)k);
    }
    close(fd);
    return 0;
}
