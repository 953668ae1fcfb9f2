/* SPDX-License-Identifier: MIT */
#include "transport.h"

#include <errno.h>

#include "readable.h"
#include "real.h"
#include "registry.h"
#include "socket.h"

static enum a407_hold hold(void *link)
{
    struct a407_turn *t = link;
    return a407_turn_hold(t) >= 0 ? A407_HELD
           : t->lost              ? A407_OTHERS
                                  : A407_UNHELD;
}

static bool is_same_peer(void *link)
{
    struct a407_turn *t = link;
    return !a407_socket_leads_elsewhere(t->c, t->held);
}

static bool is_untouched(void *link)
{
    struct a407_turn *t = link;
    return !a407_socket_has_unseen(t->c, t->held) && is_same_peer(link);
}

/* ---- the answers ---- */

static ssize_t peek(void *link, char *to, size_t n)
{
    struct a407_turn *t = link;
    return REAL(recv)(t->held, to, n, MSG_PEEK | MSG_DONTWAIT);
}

static ssize_t take(void *link, char *to, size_t n)
{
    struct a407_turn *t = link;
    ssize_t k = REAL(recv)(t->held, to, n, MSG_DONTWAIT);
    t->c->received += k > 0 ? (uint64_t)k : 0;
    return k;
}

static unsigned queue(void *link)
{
    struct a407_turn *t = link;
    int ev = a407_ready(t->held, POLLRDHUP | POLLIN);
    return (ev & ~POLLIN ? A407_QUEUE_ENDS : 0) |
           (ev && t->c->lowat ? A407_QUEUE_FULL : 0);
}

static void arm(void *link, size_t n)
{
    struct a407_turn *t = link;
    if (n)
        a407_socket_set_lowat(t->c, t->held, n);
    else
        a407_socket_restore_lowat(t->c, t->held);
}

/* ---- the requests ---- */

static ssize_t send_ours(void *link, const char *p, size_t n, bool own)
{
    struct a407_turn *t = link;
    int to = t->held;
    if (to < 0 && own && a407_socket_cookie(t->fd) == t->c->cookie)
        to = t->fd;
    errno = EBADF;
    ssize_t k = to < 0 ? -1 : REAL(send)(to, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    t->c->sent += k > 0 ? (uint64_t)k : 0;
    return k;
}

/* Why 64: fewer bytes than asked for are a correct answer on a stream. */
#define PIECES 64

ssize_t a407_pass(void *turn, const struct a407_write *w)
{
    struct a407_turn *t = turn;
    const struct a407_message *message = (const struct a407_message *)w;
    struct iovec iov[PIECES];
    struct msghdr m = *message->msg;
    size_t n = 0;
    for (size_t i = w->i; i < w->n && n < PIECES; i++, n++) {
        iov[n] = w->iov[i];
        if (i == w->i) {
            iov[n].iov_base = (char *)iov[n].iov_base + w->at;
            iov[n].iov_len -= w->at;
        }
    }
    m.msg_iov = iov;
    m.msg_iovlen = n;
    if (w->done) { /* control data goes with the first byte alone */
        m.msg_control = NULL;
        m.msg_controllen = 0;
    }
    ssize_t k =
        REAL(sendmsg)(t->fd, &m, message->flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    if (t->c && k > 0)
        t->c->sent += (uint64_t)k;
    return k;
}

static int room(void *link)
{
    struct a407_turn *t = link;
    int ev = a407_ready(t->fd, POLLOUT);
    if (ev & POLLOUT && !(ev & (POLLERR | POLLHUP)))
        return 1;
    return ev ? -1 : 0;
}

static size_t readable(void *link, const char *p, size_t n)
{
    (void)link;
    return a407_readable(p, n);
}

static void shut(void *link, int how)
{
    struct a407_turn *t = link;
    REAL(shutdown)(t->held, how);
}

/* ---- another connection, or none ---- */

static void drop_renewal(void *link)
{
    struct a407_turn *t = link;
    a407_reconnect_drop(t->c);
}

/* Pinned meanwhile: its driver must hear of it even if this fd is closed, for
   the sake of the others. */
static bool outside(void *link, const struct a407_job *job)
{
    struct a407_turn *t = link;
    struct a407_conn *c = t->c;
    int cancel;
    a407_conn_pin(c);
    a407_turn_pause(t);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    job->work(job->arg);
    pthread_setcancelstate(cancel, NULL);
    a407_turn_resume(t);
    bool still = t->c == c;
    if (!still)
        a407_conn_lock(c);
    job->after(job->arg);
    if (!still)
        a407_conn_unlock(c);
    a407_conn_put(c);
    return still;
}

const struct a407_transport a407_socket_transport = {
    .hold = hold,
    .is_same_peer = is_same_peer,
    .is_untouched = is_untouched,
    .peek = peek,
    .take = take,
    .queue = queue,
    .arm = arm,
    .send = send_ours,
    .pass = a407_pass,
    .room = room,
    .readable = readable,
    .shut = shut,
    .renew = a407_reconnect,
    .drop_renewal = drop_renewal,
    .give_back = a407_give_back,
    .outside = outside,
};
