/* SPDX-License-Identifier: MIT */
/*
 * Bytes through a proxy that asks for a login: flow PORT WHAT BYTES PIECE
 * [HEADER]. WHAT is tunnel (read inside a tunnel), get (a download) or post
 * (an upload); PIECE is the size of one read or write. HEADER goes with each
 * request; without it the library has to add one. Logs in first with a small
 * request and measures the large one only. Prints megabytes per second.
 */
#include <err.h>

#include "tests/fixtures/victim.h"

static char *piece;
static size_t piece_n;
static const char *header = "";

static void write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t k = write(fd, p, n);
        if (k <= 0)
            err(1, "write");
        p += k;
        n -= (size_t)k;
    }
}

static void request(int fd, const char *method, const char *target,
                    size_t length)
{
    char text[1024];
    int n = snprintf(text, sizeof text,
                     "%s %s HTTP/1.1\r\nHost: bench.test\r\n%s"
                     "Content-Length: %zu\r\n\r\n",
                     method, target, header, length);
    write_all(fd, text, (size_t)n);
}

/* The head alone, byte by byte: what follows is to be measured. */
static void read_head(int fd)
{
    char head[4096] = "";
    size_t n = 0;
    while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0)
        if (n == sizeof head || read(fd, head + n++, 1) != 1)
            errx(1, "no answer");
    if (memcmp(head, "HTTP/1.1 200", 12) != 0)
        errx(1, "%.30s", head);
}

static void read_bytes(int fd, size_t n)
{
    while (n) {
        ssize_t k = read(fd, piece, n < piece_n ? n : piece_n);
        if (k <= 0)
            err(1, "read");
        n -= (size_t)k;
    }
}

static void write_bytes(int fd, size_t n)
{
    for (size_t k; n; n -= k) {
        k = n < piece_n ? n : piece_n;
        write_all(fd, piece, k);
    }
}

/* Seconds that the body took. */
static double run(int fd, const char *what, size_t bytes)
{
    char target[64];
    double from;
    snprintf(target, sizeof target, "http://bench.test/%zu", bytes);
    if (strcmp(what, "post") == 0) {
        request(fd, "POST", target, bytes);
        from = seconds();
        write_bytes(fd, bytes);
        read_head(fd);
        return seconds() - from;
    }
    if (strcmp(what, "tunnel") == 0) {
        request(fd, "CONNECT", "bench.test:443", 0);
        read_head(fd);
        from = seconds();
        snprintf(target, sizeof target, "%016zu", bytes);
        write_all(fd, target, 16);
    } else {
        request(fd, "GET", target, 0);
        read_head(fd);
        from = seconds();
    }
    read_bytes(fd, bytes);
    return seconds() - from;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        errx(2, "usage: flow PORT tunnel|get|post BYTES PIECE [HEADER]");
    char line[512];
    size_t bytes = strtoul(argv[3], NULL, 10);
    piece_n = strtoul(argv[4], NULL, 10);
    piece = calloc(1, piece_n + 1);
    if (!piece || !bytes)
        err(1, NULL);
    if (argc > 5) {
        snprintf(line, sizeof line, "%s\r\n", argv[5]);
        header = line;
    }
    victim_proxy("127.0.0.1", argv[1]);
    int fd = victim_connect();
    request(fd, "GET", "http://bench.test/1", 0);
    read_head(fd);
    read_bytes(fd, 1);
    double s = run(fd, argv[2], bytes);
    printf("%.1f\n", (double)bytes / 1e6 / s);
    free(piece);
    return close(fd);
}
