/* SPDX-License-Identifier: MIT */
/*
 * Reads into a buffer of known size with a length that is not known when this
 * is compiled: with _FORTIFY_SOURCE these become __recv_chk, __read_chk and
 * __recvfrom_chk. MODE: recv, read, recvfrom.
 */

#include "tests/fixtures/victim.h"

/* so that the check is left in */
static volatile size_t limit = 4096;

static ssize_t get_some(int fd, char *p, size_t n)
{
    char part[4096];
    ssize_t k = in_mode("read")       ? read(fd, part, limit)
                : in_mode("recvfrom") ? recvfrom(fd, part, limit, 0, NULL, NULL)
                                      : recv(fd, part, limit, 0);
    (void)n;
    memcpy(p, part, k > 0 ? (size_t)k : 0);
    return k;
}

int main(int argc, char **argv)
{
    static struct answer a;
    victim_args(argc, argv);
    int fd = victim_connect();
    send_get(fd, "/bytes/20000");
    read_answer_by(fd, &a, "GET", get_some);
    close(fd);
    return 0;
}
