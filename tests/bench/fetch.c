/* SPDX-License-Identifier: MIT */
/*
 * Fetches a URL several times in one process: fetch PORT URL TIMES keep|new.
 * "new" makes a connection for each. Fails unless every answer is a 200.
 */
#include <err.h>

#include "tests/fixtures/victim.h"

int main(int argc, char **argv)
{
    static struct answer a;
    char text[1024];
    if (argc != 5)
        errx(2, "usage: fetch PORT URL TIMES keep|new");
    bool keep = strcmp(argv[4], "keep") == 0;
    int fd = -1,
        n = snprintf(text, sizeof text,
                     "GET %s HTTP/1.1\r\nHost: bench.test\r\n\r\n", argv[2]);
    victim_proxy("127.0.0.1", argv[1]);
    mute(true);
    for (int i = 0; i < atoi(argv[3]); i++) {
        if (fd < 0)
            fd = victim_connect();
        send_all(fd, text, (size_t)n);
        read_answer(fd, &a, "GET");
        if (a.status != 200)
            errx(1, "an answer with status %d", a.status);
        if (!keep) {
            close(fd);
            fd = -1;
        }
    }
    return 0;
}
