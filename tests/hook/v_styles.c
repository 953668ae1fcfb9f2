/* SPDX-License-Identifier: MIT */
/*
 * One GET on a blocking connection, for each way to write a request and each
 * way to read an answer. MODE is WRITER+READER.
 */
#include <sys/ioctl.h>

#include "tests/fixtures/victim.h"

static struct answer answer;

/* ---- writers: each sends all n bytes ---- */

static void must(ssize_t got, size_t want, const char *call)
{
    if (got < 0)
        fail(call);
    if ((size_t)got != want)
        say("%s took %zd of %zu", call, got, want);
}

static void w_send(int fd, char *p, size_t n)
{
    must(send(fd, p, n, 0), n, "send");
}

static void w_write(int fd, char *p, size_t n)
{
    must(write(fd, p, n), n, "write");
}

static void w_sendto(int fd, char *p, size_t n)
{
    must(sendto(fd, p, n, MSG_NOSIGNAL, NULL, 0), n, "sendto");
}

/* Pieces of 1, 0, 2, 3, 5, 0, 8, ... bytes. */
static int odd_pieces(char *p, size_t n, struct iovec *iov, int max)
{
    size_t a = 1, b = 2;
    int k = 0;
    while (n && k < max - 2) {
        size_t take = a < n ? a : n;
        iov[k++] = (struct iovec){p, take};
        if (k % 4 == 1)
            iov[k++] = (struct iovec){p, 0};
        p += take;
        n -= take;
        size_t next = a + b;
        a = b;
        b = next;
    }
    if (n)
        iov[k++] = (struct iovec){p, n};
    return k;
}

static void w_writev(int fd, char *p, size_t n)
{
    struct iovec iov[32];
    must(writev(fd, iov, odd_pieces(p, n, iov, 32)), n, "writev");
}

static void w_sendmsg(int fd, char *p, size_t n)
{
    struct iovec iov[32];
    struct msghdr m = {.msg_iov = iov};
    m.msg_iovlen = (size_t)odd_pieces(p, n, iov, 32);
    must(sendmsg(fd, &m, MSG_NOSIGNAL), n, "sendmsg");
}

static void w_sendmmsg(int fd, char *p, size_t n)
{
    struct iovec iov[2] = {{p, n / 3}, {p + n / 3, n - n / 3}};
    struct mmsghdr m[2] = {0};
    for (int i = 0; i < 2; i++) {
        m[i].msg_hdr.msg_iov = &iov[i];
        m[i].msg_hdr.msg_iovlen = 1;
    }
    must(sendmmsg(fd, m, 2, 0), 2, "sendmmsg");
    must(m[0].msg_len + m[1].msg_len, n, "sendmmsg's lengths");
}

static void w_three(int fd, char *p, size_t n)
{
    size_t line = (size_t)(strchr(p, '\n') - p) + 1;
    must(write(fd, p, line), line, "write 1");
    must(write(fd, p + line, n - line - 2), n - line - 2, "write 2");
    must(write(fd, p + n - 2, 2), 2, "write 3");
}

static void w_bytes(int fd, char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        must(write(fd, p + i, 1), 1, "write of a byte");
}

/* MSG_MORE: the kernel holds the first part back by itself. */
static void w_more(int fd, char *p, size_t n)
{
    must(send(fd, p, n / 2, MSG_MORE), n / 2, "send more");
    must(send(fd, p + n / 2, n - n / 2, 0), n - n / 2, "send rest");
}

/* ---- readers: each does one read and returns what came ---- */

static ssize_t r_recv(int fd, char *p, size_t n)
{
    return recv(fd, p, n, 0);
}

static ssize_t r_read(int fd, char *p, size_t n)
{
    return read(fd, p, n);
}

static ssize_t r_recvfrom(int fd, char *p, size_t n)
{
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    return recvfrom(fd, p, n, 0, (void *)&from, &len);
}

static ssize_t r_byte(int fd, char *p, size_t n)
{
    (void)n;
    return read(fd, p, 1);
}

static ssize_t r_readv(int fd, char *p, size_t n)
{
    struct iovec iov[5] = {
        {p, 1}, {p + 1, 0}, {p + 1, 2}, {p + 3, 700}, {p + 703, n - 703}};
    return readv(fd, iov, 5);
}

static ssize_t r_recvmsg(int fd, char *p, size_t n)
{
    struct iovec iov[3] = {{p, 3}, {p + 3, 11}, {p + 14, n - 14}};
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = 3};
    ssize_t k = recvmsg(fd, &m, 0);
    if (k >= 0 && m.msg_flags & (MSG_TRUNC | MSG_CTRUNC | MSG_OOB))
        say("recvmsg set flags %x", m.msg_flags);
    return k;
}

static ssize_t r_recvmmsg(int fd, char *p, size_t n)
{
    struct iovec iov[2] = {{p, n / 2}, {p + n / 2, n / 2}};
    struct mmsghdr m[2] = {0};
    for (int i = 0; i < 2; i++) {
        m[i].msg_hdr.msg_iov = &iov[i];
        m[i].msg_hdr.msg_iovlen = 1;
    }
    int k = recvmmsg(fd, m, 2, MSG_WAITFORONE, NULL);
    if (k < 0)
        return k;
    if (k == 2)
        memmove(p + m[0].msg_len, p + n / 2, m[1].msg_len);
    return (ssize_t)m[0].msg_len + (k == 2 ? (ssize_t)m[1].msg_len : 0);
}

/* What was seen by a peek must be what is read then. */
static ssize_t r_peek(int fd, char *p, size_t n)
{
    static char seen[65536];
    ssize_t k = recv(fd, seen, n < sizeof seen ? n : sizeof seen, MSG_PEEK);
    if (k <= 0)
        return k;
    ssize_t got = recv(fd, p, (size_t)k, 0);
    if (got != k || memcmp(p, seen, (size_t)k) != 0)
        say("read %zd bytes that differ from %zd peeked ones", got, k);
    return got;
}

static ssize_t r_waitall(int fd, char *p, size_t n)
{
    size_t want = answer_room(&answer, n);
    ssize_t k = recv(fd, p, want, MSG_WAITALL);
    if (k > 0 && (size_t)k != want && !answer.until_close)
        say("MSG_WAITALL gave %zd of %zu", k, want);
    return k;
}

/*
 * As PHP's streams do it: wait by poll, then read with MSG_DONTWAIT on the
 * blocking descriptor, and take EAGAIN for a failure.
 */
static ssize_t r_dontwait(int fd, char *p, size_t n)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN | POLLERR | POLLHUP};
    if (poll(&pfd, 1, 10000) != 1)
        say("poll saw nothing");
    return recv(fd, p, n, MSG_DONTWAIT);
}

/* Waits for the first byte, then reads as much as FIONREAD promises. */
static ssize_t r_fionread(int fd, char *p, size_t n)
{
    int ready = 0;
    ssize_t k = read(fd, p, 1);
    if (k <= 0 || ioctl(fd, FIONREAD, &ready) < 0 || ready == 0)
        return k;
    if ((size_t)ready > n - 1)
        ready = (int)(n - 1);
    ssize_t more = read(fd, p + 1, (size_t)ready);
    if (more != ready)
        say("FIONREAD promised %d, read gave %zd", ready, more);
    return more < 0 ? more : more + 1;
}

static const struct {
    const char *name;
    void (*call)(int fd, char *p, size_t n);
} writers[] = {
    {"send", w_send},     {"write", w_write},     {"sendto", w_sendto},
    {"writev", w_writev}, {"sendmsg", w_sendmsg}, {"sendmmsg", w_sendmmsg},
    {"three", w_three},   {"bytes", w_bytes},     {"more", w_more}};

static const struct {
    const char *name;
    ssize_t (*call)(int fd, char *p, size_t n);
} readers[] = {
    {"recv", r_recv},         {"read", r_read},        {"recvfrom", r_recvfrom},
    {"byte", r_byte},         {"readv", r_readv},      {"recvmsg", r_recvmsg},
    {"recvmmsg", r_recvmmsg}, {"peek", r_peek},        {"waitall", r_waitall},
    {"dontwait", r_dontwait}, {"fionread", r_fionread}};

int main(int argc, char **argv)
{
    char rq[REQUEST_MAX];
    victim_args(argc, argv);
    char *reader = strchr(victim.mode, '+');
    size_t w = 0, r = 0;
    if (!reader)
        return 2;
    *reader++ = 0;
    while (w < sizeof writers / sizeof *writers && !in_mode(writers[w].name))
        w++;
    while (r < sizeof readers / sizeof *readers &&
           strcmp(readers[r].name, reader) != 0)
        r++;
    if (w == sizeof writers / sizeof *writers ||
        r == sizeof readers / sizeof *readers)
        return 2;
    int fd = victim_connect();
    writers[w].call(fd, rq, make_get("/bytes/20000", rq));
    read_answer_by(fd, &answer, "GET", readers[r].call);
    if (close(fd) < 0)
        fail("close");
    say("closed");
    return 0;
}
