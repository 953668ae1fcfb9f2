/* SPDX-License-Identifier: MIT */
/*
 * burst HOST PORT COUNT TAG [WORD...]: COUNT requests to a proxy, one after the
 * other, for http://origin.test/TAG/1, .../2 and so on, over connections that
 * are kept. Words change nothing; they make its command line, and so its
 * records, longer. Prints how many answers there were of each kind, which is
 * all that a program under the library may tell from one without it.
 * BURST_ERROR=PATH: that file is at 2 for every request with an odd number, and
 * for the others what was there before, or nothing. BURST_FOLDER=PATH: the
 * folder that it goes to after the first.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 65536

struct answer {
    char head[ROOM + 1];
    size_t n; /* bytes in it; some may be of the body */
    int status;
    size_t body; /* its length */
    bool close;
};

static void die(const char *what)
{
    printf("%s: %s\n", what, strerror(errno));
    exit(1);
}

static int dial(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        die("address");
    int fd = socket(found->ai_family, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0)
        die("connect");
    freeaddrinfo(found);
    return fd;
}

static void ask(int fd, const char *tag, int i)
{
    char text[1024];
    int n = snprintf(text, sizeof text,
                     "GET http://origin.test/%s/%d HTTP/1.1\r\n"
                     "Host: origin.test\r\n\r\n",
                     tag, i);
    if (n < 0 || (size_t)n >= sizeof text || send(fd, text, (size_t)n, 0) != n)
        die("send");
}

static size_t some(int fd, char *to, size_t room)
{
    ssize_t n = recv(fd, to, room, 0);
    if (n < 0)
        die("recv");
    return (size_t)n;
}

static void hear(int fd, struct answer *a)
{
    char *end = NULL;
    a->n = 0;
    while (!end) {
        size_t n = some(fd, a->head + a->n, ROOM - a->n);
        if (n == 0)
            die("no answer");
        a->n += n;
        a->head[a->n] = '\0';
        end = strstr(a->head, "\r\n\r\n");
    }
    *end = '\0';
    const char *length = strcasestr(a->head, "\r\nContent-Length:");
    a->status = atoi(a->head + strlen("HTTP/1.1 "));
    a->body = length ? strtoul(length + 17, NULL, 10) : 0;
    a->close = !length || strcasestr(a->head, "\r\nConnection: close");
    size_t have = a->n - (size_t)(end + 4 - a->head);
    while (a->close || have < a->body) {
        size_t n = some(fd, a->head, ROOM);
        have += n;
        if (n == 0)
            return;
    }
}

/* A program may have any file of its own at 2. */
static void change_error(int i, int before)
{
    const char *path = getenv("BURST_ERROR");
    if (!path)
        return;
    close(STDERR_FILENO);
    if (i % 2 == 0 && before >= 0)
        dup2(before, STDERR_FILENO);
    else if (i % 2 && open(path, O_WRONLY | O_CREAT, 0600) != STDERR_FILENO)
        die("it is not at 2");
}

int main(int argc, char **argv)
{
    static struct answer a;
    int refused = 0, other = 0, fd = -1;
    int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    if (argc < 5)
        return 2;
    int count = atoi(argv[3]);
    for (int i = 1; i <= count; i++) {
        change_error(i, before);
        if (fd < 0)
            fd = dial(argv[1], argv[2]);
        ask(fd, argv[4], i);
        hear(fd, &a);
        const char *folder = getenv("BURST_FOLDER");
        if (folder && chdir(folder) != 0)
            die(folder);
        refused += a.status == 407;
        other += a.status != 407;
        if (a.close) {
            close(fd);
            fd = -1;
        }
    }
    printf("%d refused, %d other\n", refused, other);
    return 0;
}
