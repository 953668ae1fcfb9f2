/* SPDX-License-Identifier: MIT */
/*
 * Fetches a URL several times in one process: fetch PORT URL TIMES keep|new.
 * "new" makes a connection for each. Fails unless every answer is a 200.
 */
#include <err.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int proxy(const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        err(1, "connect");
    return fd;
}

static void read_answer(int fd)
{
    char text[8192];
    size_t n = 0, whole = 0;
    while (!whole || n < whole) {
        ssize_t k = recv(fd, text + n, sizeof text - 1 - n, 0);
        if (k <= 0)
            errx(1, "the answer was cut off");
        n += (size_t)k;
        text[n] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        const char *length = strstr(text, "Content-Length: ");
        if (end && length)
            whole = (size_t)(end + 4 - text) + strtoul(length + 16, NULL, 10);
    }
    if (strncmp(text, "HTTP/1.1 200", 12) != 0)
        errx(1, "%.30s", text);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        errx(2, "usage: fetch PORT URL TIMES keep|new");
    char text[1024];
    bool keep = strcmp(argv[4], "keep") == 0;
    int n = snprintf(text, sizeof text,
                     "GET %s HTTP/1.1\r\nHost: bench.test\r\n\r\n", argv[2]);
    int fd = -1;
    for (int i = 0; i < atoi(argv[3]); i++) {
        if (fd < 0)
            fd = proxy(argv[1]);
        if (send(fd, text, (size_t)n, 0) != n)
            err(1, "send");
        read_answer(fd);
        if (!keep) {
            close(fd);
            fd = -1;
        }
    }
    return 0;
}
