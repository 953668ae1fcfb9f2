/* SPDX-License-Identifier: MIT */
/*
 * A client that goes behind libc's back: it writes and reads with system calls
 * of its own. tests/hook/transparency/completeness must notice.
 *
 * usage: bypass PORT
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static const char request[] =
        "GET http://auth407.test/ HTTP/1.1\r\nHost: auth407.test\r\n\r\n";
    struct sockaddr_in to = {.sin_family = AF_INET};
    char part[4096];
    if (argc != 2)
        errx(2, "usage: bypass PORT");
    to.sin_port = htons((uint16_t)atoi(argv[1]));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        err(1, "connect");
    if (syscall(SYS_write, fd, request, sizeof request - 1) < 0 ||
        syscall(SYS_read, fd, part, sizeof part) <= 0)
        err(1, "write and read");
    close(fd);
    return 0;
}
