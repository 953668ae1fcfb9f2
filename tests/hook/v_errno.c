/* SPDX-License-Identifier: MIT */
/*
 * Calls that fail, on a connection to the proxy and around it: results and
 * errno must be the kernel's. MODE: calls, refused (nobody listens there).
 */
#include <sys/ioctl.h>

#include "tests/fixtures/victim.h"

static void refused(void)
{
    const struct sockaddr *to = (const void *)&victim.addr;
    int fd = victim_socket(0);
    TRY(connect(fd, to, victim.addr_len));
    TRY(recv(fd, (char[1]){0}, 1, 0));
    TRY(send(fd, "x", 1, MSG_NOSIGNAL));
    close(fd);

    int e = 0;
    socklen_t len = sizeof e;
    fd = victim_socket(SOCK_NONBLOCK);
    int r = connect(fd, to, victim.addr_len);
    struct pollfd pfd = {.fd = fd, .events = POLLOUT};
    if (r < 0 && errno == EINPROGRESS)
        TRY(poll(&pfd, 1, 5000));
    TRY(getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len));
    say("SO_ERROR %s", errno_name(e));
    close(fd);
}

static void on_open(void)
{
    char byte[8];
    struct iovec iov = {byte, sizeof byte};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    /* hidden from the compiler's own checks */
    volatile int too_many = 100000;
    const struct iovec *volatile nowhere = NULL;
    int ready = 7, fd = victim_connect();
    TRY(connect(fd, (const void *)&victim.addr, victim.addr_len));
    TRY(recv(fd, byte, 1, MSG_DONTWAIT));
    TRY(recv(fd, byte, 1, MSG_DONTWAIT | MSG_PEEK));
    TRY(recvfrom(fd, byte, 1, MSG_DONTWAIT, NULL, NULL));
    TRY(recvmsg(fd, &msg, MSG_DONTWAIT));
    TRY(read(fd, byte, 0));
    TRY(write(fd, byte, 0));
    TRY(send(fd, byte, 0, 0));
    TRY(writev(fd, &iov, 0));
    TRY(readv(fd, &iov, too_many));
    TRY(sendmsg(fd, NULL, 0));
    TRY(recvmsg(fd, NULL, 0));
    TRY(writev(fd, nowhere, 1));
    TRY(readv(fd, nowhere, 1));
    TRY(lseek(fd, 0, SEEK_CUR));
    TRY(ioctl(fd, FIONREAD, &ready));
    say("FIONREAD %d", ready);
    set_nonblocking(fd, true);
    TRY(read(fd, byte, 1));
    TRY(readv(fd, &iov, 1));
    set_nonblocking(fd, false);

    do_get(fd, "/bytes/3000");
    TRY(recv(fd, byte, 1, MSG_DONTWAIT) <= 0);
    TRY(shutdown(fd, SHUT_WR));
    TRY(send(fd, "x", 1, MSG_NOSIGNAL));
    TRY(write(fd, "x", 1));
    TRY(recv(fd, byte, 1, 0));
    TRY(recv(fd, byte, 1, 0));
    TRY(close(fd));
    TRY(close(fd));
    TRY(read(fd, byte, 1));
    TRY(write(fd, "x", 1));
    TRY(send(fd, "x", 1, 0));
    TRY(recv(fd, byte, 1, 0));
    TRY(dup(fd));
    TRY(dup2(fd, 100));
    TRY(connect(fd, (const void *)&victim.addr, victim.addr_len));
    TRY(shutdown(fd, SHUT_RDWR));
}

static void on_none(void)
{
    char byte[8];
    int fd = victim_socket(0);
    TRY(recv(fd, byte, 1, 0));
    TRY(send(fd, "x", 1, MSG_NOSIGNAL));
    TRY(shutdown(fd, SHUT_WR));
    TRY(connect(fd, (const void *)&victim.addr, 1));
    close(fd);
    TRY(read(-1, byte, 1));
    TRY(write(-1, byte, 1));
    TRY(close(-1));
    TRY(read(1 << 20, byte, 1));
    TRY(close(1 << 20));
    TRY(connect(1 << 20, (const void *)&victim.addr, victim.addr_len));
    TRY(dup2(0, 1 << 24));
}

int main(int argc, char **argv)
{
    victim_args(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    if (in_mode("refused")) {
        refused();
    } else {
        on_none();
        on_open();
    }
    say("done");
    return 0;
}
