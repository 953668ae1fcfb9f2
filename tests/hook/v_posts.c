/* SPDX-License-Identifier: MIT */
/*
 * Requests with content. MODE: length (1 MiB), big (8 MiB: more than socket
 * buffers hold), twice (two kept ones), head-first (head and content in writes
 * of their own), chunked, expect (waits for 100), expect-hasty (does not wait
 * for long), poll (non-blocking, watches for an early answer while it sends),
 * sendfile, splice.
 */
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "victim.h"

#define MIB (1u << 20)

static struct answer answer;
static char *content;

static size_t head_with_length(size_t n, const char *more, char *out)
{
    char fields[256];
    snprintf(fields, sizeof fields, "%sContent-Length: %zu\r\n", more, n);
    return make_request("POST", "/sha", fields, out);
}

static void post(int fd, size_t n)
{
    char rq[REQUEST_MAX];
    send_all(fd, rq, head_with_length(n, "", rq));
    send_all(fd, content, n);
    read_answer(fd, &answer, "POST");
}

/* Head and content in one buffer, one call if the kernel takes it. */
static void post_joined(void)
{
    size_t n = in_mode("big") ? 8 * MIB : MIB;
    char *all = malloc(REQUEST_MAX + n);
    int fd = victim_connect();
    if (!all)
        fail("malloc");
    size_t head = head_with_length(n, "", all);
    memcpy(all + head, content, n);
    send_all(fd, all, head + n);
    read_answer(fd, &answer, "POST");
    free(all);
    close(fd);
}

static void head_first(void)
{
    int fd = victim_connect();
    post(fd, 5000);
    close(fd);
}

static void twice(void)
{
    int fd = victim_connect();
    post(fd, MIB);
    if (!answer.keep) {
        close(fd);
        fd = victim_connect();
    }
    post(fd, 100000);
    close(fd);
}

static void chunked(void)
{
    char rq[REQUEST_MAX], size[32];
    int fd = victim_connect();
    size_t at = 0, total = 300000;
    send_all(
        fd, rq,
        make_request("POST", "/sha", "Transfer-Encoding: chunked\r\n", rq));
    for (size_t k = 1; at < total; at += k, k = k * 3 + 1) {
        if (k > total - at)
            k = total - at;
        send_all(fd, size, (size_t)snprintf(size, sizeof size, "%zx\r\n", k));
        send_all(fd, content + at, k);
        send_all(fd, "\r\n", 2);
    }
    send_all(fd, "0\r\n\r\n", 5);
    read_answer(fd, &answer, "POST");
    close(fd);
}

/*
 * Sends the head, waits (or not, if hasty) for an answer; sends the content
 * when 100 has come, or nothing in time; not when a final answer has.
 */
static void expect(void)
{
    char rq[REQUEST_MAX], part[4096];
    size_t n = 100000;
    int fd = victim_connect();
    send_all(fd, rq, head_with_length(n, "Expect: 100-continue\r\n", rq));
    answer_start(&answer, "POST");
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    if (poll(&pfd, 1, in_mode("expect") ? 10000 : 0) == 1) {
        ssize_t k = recv(fd, part, sizeof part, 0);
        if (k < 0)
            fail("recv");
        answer_feed(&answer, part, (size_t)k);
    }
    if (answer.head_done) {
        say("not sent");
    } else {
        send_all(fd, content, n);
    }
    while (!answer.done) {
        take_part(&answer, part, recv(fd, part, sizeof part, 0));
    }
    close(fd);
}

/* Sends as the socket takes it, and stops when an answer comes first. */
static void polled(void)
{
    const size_t n = 8 * MIB;
    static char part[65536];
    char rq[REQUEST_MAX];
    size_t sent = 0;
    int fd = victim_connect();
    send_all(fd, rq, head_with_length(n, "", rq));
    set_nonblocking(fd, true);
    answer_start(&answer, "POST");
    while (!answer.done) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        if (sent < n)
            pfd.events |= POLLOUT;
        if (poll(&pfd, 1, 20000) <= 0) {
            say("nothing happens any more");
            exit(1);
        }
        if (pfd.revents & POLLOUT && sent < n) {
            ssize_t k = send(fd, content + sent, n - sent, MSG_NOSIGNAL);
            if (k < 0 && errno != EAGAIN)
                fail("send");
            sent += k > 0 ? (size_t)k : 0;
        }
        if (pfd.revents & (POLLIN | POLLHUP | POLLERR)) {
            take_part(&answer, part, recv(fd, part, sizeof part, 0));
        }
    }
    say(sent == n ? "sent all" : "stopped sending");
    close(fd);
}

static void by_sendfile(void)
{
    const size_t n = MIB;
    char rq[REQUEST_MAX];
    off_t at = 0;
    int file = memfd_create("content", MFD_CLOEXEC);
    if (file < 0 || write(file, content, n) != (ssize_t)n)
        fail("memfd");
    int fd = victim_connect();
    send_all(fd, rq, head_with_length(n, "", rq));
    while ((size_t)at < n)
        if (sendfile(fd, file, &at, n - (size_t)at) <= 0)
            fail("sendfile");
    say("sendfile moved its offset to %lld", (long long)at);
    read_answer(fd, &answer, "POST");
    close(fd);
    close(file);
}

/* The request through a pipe and splice(), as relays like HAProxy do. */
static void by_splice(void)
{
    const size_t n = 100000;
    char *all = malloc(REQUEST_MAX + n);
    int pipes[2], fd = victim_connect();
    if (!all || pipe(pipes) < 0)
        fail("pipe");
    size_t len = head_with_length(n, "", all), at = 0;
    memcpy(all + len, content, n);
    len += n;
    while (at < len) {
        size_t k = len - at < 4096 ? len - at : 4096;
        if (write(pipes[1], all + at, k) != (ssize_t)k)
            fail("write to pipe");
        at += k;
        while (k) {
            ssize_t m = splice(pipes[0], NULL, fd, NULL, k, 0);
            if (m <= 0)
                fail("splice");
            k -= (size_t)m;
        }
    }
    read_answer(fd, &answer, "POST");
    free(all);
    close(fd);
}

int main(int argc, char **argv)
{
    static const struct victim_mode modes[] = {
        {"length", post_joined},   {"big", post_joined},
        {"twice", twice},          {"head-first", head_first},
        {"chunked", chunked},      {"expect", expect},
        {"expect-hasty", expect},  {"poll", polled},
        {"sendfile", by_sendfile}, {"splice", by_splice}};
    victim_args(argc, argv);
    content = make_content(8 * MIB);
    return run_mode(victim.mode, modes, sizeof modes / sizeof *modes);
}
