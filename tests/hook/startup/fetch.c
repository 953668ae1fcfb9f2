/* SPDX-License-Identifier: MIT */
/* The smallest client there is: nothing but libc between it and the proxy. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch.h"

int fetch_connect(int at)
{
    const char *proxy = getenv("http_proxy");
    const char *colon = proxy ? strrchr(proxy, ':') : NULL;
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!colon || fd < 0)
        return -1;
    if (fd < at) {
        int high = fcntl(fd, F_DUPFD_CLOEXEC, at);
        close(fd);
        fd = high;
    }
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((unsigned short)atoi(colon + 1));
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

int fetch_ask(int fd)
{
    static const char ask[] = "GET http://auth407.test/ HTTP/1.1\r\n"
                              "Host: auth407.test\r\n\r\n";
    ssize_t k = send(fd, ask, sizeof ask - 1, MSG_NOSIGNAL);
    return k == (ssize_t)sizeof ask - 1 ? 0 : -1;
}

int fetch_answer(int fd)
{
    char head[4096];
    size_t n = 0;
    while (n < sizeof head - 1) {
        ssize_t k = recv(fd, head + n, sizeof head - 1 - n, 0);
        if (k <= 0)
            return -1;
        n += (size_t)k;
        head[n] = '\0';
        if (strstr(head, "\r\n\r\n"))
            break;
    }
    return strncmp(head, "HTTP/1.", 7) == 0 ? atoi(head + 9) : -1;
}

int fetch(int at)
{
    int fd = fetch_connect(at);
    if (fd < 0)
        return -1;
    int status = fetch_ask(fd) == 0 ? fetch_answer(fd) : -1;
    close(fd);
    return status;
}
