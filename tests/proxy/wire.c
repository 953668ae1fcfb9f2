/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX    (256u * 1024)
#define READ_STEP   65536u
#define TRICKLE_MAX 1500u /* of one write; a whole page would take minutes */

static int copy_open(const char *prefix, unsigned id, const char *side)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.%u.%s", prefix, id, side);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        err(1, "%s", path);
    return fd;
}

static void copy_put(int fd, const char *p, size_t n)
{
    while (fd >= 0 && n) {
        ssize_t k = write(fd, p, n);
        if (k <= 0)
            err(1, "copy of the connection");
        p += k;
        n -= (size_t)k;
    }
}

void wire_init(struct wire *w, int fd, unsigned id, const char *copy)
{
    int one = 1;
    *w = (struct wire){.fd = fd, .id = id, .copy_in = -1, .copy_out = -1};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (copy) {
        w->copy_in = copy_open(copy, id, "in");
        w->copy_out = copy_open(copy, id, "out");
    }
}

void wire_close(struct wire *w)
{
    if (w->fd >= 0)
        close(w->fd);
    if (w->copy_in >= 0)
        close(w->copy_in);
    if (w->copy_out >= 0)
        close(w->copy_out);
    free(w->buf);
    *w = (struct wire){.fd = -1, .copy_in = -1, .copy_out = -1};
}

void wire_reset(struct wire *w)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    int queued = 1;
    /* A reset throws the send queue away, so let it drain first. */
    for (int i = 0; i < 1000 && queued; i++) {
        if (ioctl(w->fd, SIOCOUTQ, &queued) < 0)
            break;
        if (queued)
            pause_ms(1);
    }
    setsockopt(w->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    wire_close(w);
}

bool wire_fill(struct wire *w)
{
    if (w->at == w->n)
        w->at = w->n = 0;
    if (w->n + READ_STEP > w->cap) {
        w->cap = w->n + READ_STEP;
        w->buf = realloc(w->buf, w->cap);
        if (!w->buf)
            err(1, "no memory");
    }
    for (;;) {
        ssize_t k = recv(w->fd, w->buf + w->n, READ_STEP, 0);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        copy_put(w->copy_in, w->buf + w->n, (size_t)k);
        w->n += (size_t)k;
        return true;
    }
}

size_t wire_read(struct wire *w, void *p, size_t n)
{
    if (w->at == w->n && !wire_fill(w))
        return 0;
    if (n > w->n - w->at)
        n = w->n - w->at;
    memcpy(p, w->buf + w->at, n);
    w->at += n;
    return n;
}

/* The length of the head at p, or 0: CRLF and bare LF both end a line. */
static size_t head_length(const char *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++) {
        if (p[i] != '\n')
            continue;
        if (p[i + 1] == '\n')
            return i + 2;
        if (i + 2 < n && p[i + 1] == '\r' && p[i + 2] == '\n')
            return i + 3;
    }
    return 0;
}

char *wire_head(struct wire *w)
{
    size_t n;
    for (;;) {
        /* RFC 9112 section 2.2: empty lines before a request are skipped. */
        while (w->at < w->n && (w->buf[w->at] == '\r' || w->buf[w->at] == '\n'))
            w->at++;
        n = w->at < w->n ? head_length(w->buf + w->at, w->n - w->at) : 0;
        if (n)
            break;
        if (w->n - w->at > HEAD_MAX || !wire_fill(w))
            return NULL;
    }
    char *head = strndup(w->buf + w->at, n);
    if (!head)
        err(1, "no memory");
    w->at += n;
    return head;
}

bool wire_line(struct wire *w, char *out, size_t cap)
{
    size_t n = 0;
    char c;
    while (wire_read(w, &c, 1)) {
        if (c == '\n') {
            out[n && out[n - 1] == '\r' ? n - 1 : n] = 0;
            return true;
        }
        if (n + 1 >= cap)
            return false;
        out[n++] = c;
    }
    return false;
}

bool wire_write(struct wire *w, const void *data, size_t n)
{
    const char *p = data;
    size_t slow = w->trickle_us ? TRICKLE_MAX : 0;
    copy_put(w->copy_out, p, n);
    while (n) {
        ssize_t k = send(w->fd, p, slow ? 1 : n, MSG_NOSIGNAL);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
        if (!slow)
            continue;
        slow--;
        usleep(w->trickle_us);
    }
    return true;
}

void wire_wait_gone(struct wire *w, int ms)
{
    struct pollfd pfd = {.fd = w->fd, .events = POLLRDHUP};
    poll(&pfd, 1, ms);
}

void pause_ms(unsigned ms)
{
    struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}
