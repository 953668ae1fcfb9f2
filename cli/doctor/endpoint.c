/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/http/http.h"
#include "doctor.h"
#include "host/clock.h"
#include "host/fd.h"

/* For one address, and for one answer. */
#define CONNECT_MS 5000
#define ANSWER_MS  10000
/* Of a body: enough for the words of any proxy's page. */
#define BODY_MAX 16384u

static bool look_up(struct a407_doctor *d)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char port[8];
    int error;

    snprintf(port, sizeof port, "%u", d->proxy.port);
    error = getaddrinfo(d->proxy.host, port, &hints, &d->addresses);
    if (error)
        a407_row_found(&d->rows, A407_FOUND_NAME, d->proxy.host, "%s",
                       error == EAI_SYSTEM ? strerror(errno)
                                           : gai_strerror(error));
    return !error;
}

/* A connection, or -1 with errno. */
static int connect_to(const struct addrinfo *a)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    a->ai_protocol);
    struct pollfd p = {fd, POLLOUT, 0};
    socklen_t n = sizeof(int);
    int error = 0;

    if (fd < 0)
        return -1;
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
        return fd;
    error = errno;
    if (error == EINPROGRESS) {
        error = ETIMEDOUT;
        if (poll(&p, 1, CONNECT_MS) == 1)
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n);
    }
    if (!error)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

static bool reach(struct a407_doctor *d)
{
    char ip[64];

    for (const struct addrinfo *a = d->addresses; a; a = a->ai_next) {
        int fd = connect_to(a), error = errno;
        getnameinfo(a->ai_addr, a->ai_addrlen, ip, sizeof ip, NULL, 0,
                    NI_NUMERICHOST);
        if (fd >= 0) {
            close(fd);
            a407_row_good(&d->rows, A407_IN_ENDPOINT, "TCP",
                          "%s port %u takes connections", ip, d->proxy.port);
            d->reached = a;
            return true;
        }
        a407_row_found(&d->rows, A407_FOUND_UNREACHABLE, "TCP",
                       "%s port %u: %s", ip, d->proxy.port, strerror(error));
    }
    return false;
}

/* Sends a request without a login and reads the answer. */
static void ask(const struct a407_doctor *d, const char *request,
                struct a407_answer *out)
{
    int fd = connect_to(d->reached);
    int64_t until = a407_now_ms() + ANSWER_MS, left;
    struct a407_response head;
    size_t from = 0;
    ssize_t n = 0;

    out->bytes = malloc(A407_HEAD_MAX + BODY_MAX);
    if (fd < 0 || !out->bytes ||
        send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
        out->error = errno;
    while (!out->error && out->n < A407_HEAD_MAX + BODY_MAX &&
           (left = until - a407_now_ms()) > 0) {
        struct pollfd p = {fd, POLLIN, 0};
        /* the head is what counts: little is waited for behind it */
        if (poll(&p, 1, out->head ? 300 : (int)left) < 1)
            break;
        n = recv(fd, out->bytes + out->n, A407_HEAD_MAX + BODY_MAX - out->n, 0);
        if (n <= 0)
            break;
        out->n += (size_t)n;
        out->head =
            out->head ? out->head : a407_head_end(out->bytes, out->n, &from);
    }
    if (n < 0)
        out->error = errno;
    else if (!out->head && n > 0)
        out->error = ETIMEDOUT;
    if (fd >= 0)
        close(fd);
    if (out->head &&
        a407_response_parse(out->bytes, out->head, false, false, &head))
        out->status = head.status;
}

static void ask_both(struct a407_doctor *d)
{
    const struct a407_wanted *t = &d->o.target;
    char request[2048];

    snprintf(request, sizeof request,
             "CONNECT %s:%u HTTP/1.1\r\nHost: %s:%u\r\n\r\n", t->at.host,
             t->at.port, t->at.host, t->at.port);
    if (t->tls)
        ask(d, request, &d->to_connect);
    snprintf(request, sizeof request,
             "GET http://%s/ HTTP/1.1\r\nHost: %s\r\nConnection: "
             "close\r\n\r\n",
             t->at.host, t->at.host);
    ask(d, request, &d->to_get);
}

void a407_doctor_endpoint(struct a407_doctor *d)
{
    const struct a407_answer *a;

    a407_doctor_progress(d, "connecting to %s", d->proxy.host);
    if (!look_up(d) || !reach(d))
        return;
    a407_doctor_progress(d, "asking %s without a login", d->proxy.host);
    ask_both(d);
    a = d->o.target.tls ? &d->to_connect : &d->to_get;
    if (a->status)
        a407_row_good(&d->rows, A407_IN_ENDPOINT, "answer without a login",
                      "%d", a->status);
    else
        a407_row_found(&d->rows, A407_FOUND_NOT_HTTP, "answer without a login",
                       "%s", a->n ? "what came is no HTTP" : "none came");
}
