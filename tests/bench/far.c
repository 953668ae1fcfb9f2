/* SPDX-License-Identifier: MIT */
/*
 * The far end of the bench: a proxy that asks for Basic and answers itself, so
 * that two processes are all there is. Prints "port N", serves one connection
 * at a time, for ever. A path that is a number says how many bytes to send; so
 * do the first 16 bytes in a tunnel.
 */
#include <err.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOGIN "Proxy-Authorization: Basic YmVuY2g6YmVuY2g=" /* bench:bench */

static char piece[65536];

static bool send_text(int fd, const char *text)
{
    return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool send_bytes(int fd, size_t n)
{
    while (n) {
        ssize_t k = write(fd, piece, n < sizeof piece ? n : sizeof piece);
        if (k <= 0)
            return false;
        n -= (size_t)k;
    }
    return true;
}

static bool skip_bytes(int fd, size_t n)
{
    while (n) {
        ssize_t k = read(fd, piece, n < sizeof piece ? n : sizeof piece);
        if (k <= 0)
            return false;
        n -= (size_t)k;
    }
    return true;
}

static bool read_head(int fd, char *head, size_t cap)
{
    size_t n = 0;
    do {
        if (n + 1 == cap || read(fd, head + n, 1) != 1)
            return false;
        head[++n] = '\0';
    } while (n < 4 || strcmp(head + n - 4, "\r\n\r\n") != 0);
    return true;
}

static bool tunnel(int fd)
{
    char size[17] = "";
    if (!send_text(fd, "HTTP/1.1 200 OK\r\n\r\n") ||
        recv(fd, size, 16, MSG_WAITALL) != 16)
        return false;
    send_bytes(fd, strtoul(size, NULL, 10));
    return false;
}

/* One request. False: the connection is done with. */
static bool serve(int fd)
{
    char head[4096], answer[128];
    if (!read_head(fd, head, sizeof head))
        return false;
    const char *length = strstr(head, "Content-Length: ");
    size_t body = length ? strtoul(length + 16, NULL, 10) : 0;
    if (!strstr(head, LOGIN))
        return skip_bytes(fd, body) &&
               send_text(fd, "HTTP/1.1 407 Proxy Authentication Required\r\n"
                             "Proxy-Authenticate: Basic realm=\"bench\"\r\n"
                             "Content-Length: 0\r\n\r\n");
    if (strncmp(head, "CONNECT ", 8) == 0)
        return tunnel(fd);
    const char *path = strstr(head, ".test/");
    size_t n = path && !body ? strtoul(path + 6, NULL, 10) : 0;
    snprintf(answer, sizeof answer,
             "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", n);
    return skip_bytes(fd, body) && send_text(fd, answer) && send_bytes(fd, n);
}

int main(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    signal(SIGPIPE, SIG_IGN);
    int l = socket(AF_INET, SOCK_STREAM, 0);
    if (l < 0 || bind(l, (struct sockaddr *)&a, n) != 0 || listen(l, 8) != 0 ||
        getsockname(l, (struct sockaddr *)&a, &n) != 0)
        err(1, "listen");
    printf("port %u\n", ntohs(a.sin_port));
    fflush(stdout);
    for (int fd; (fd = accept(l, NULL, NULL)) >= 0; close(fd))
        while (serve(fd))
            ;
    return 1;
}
