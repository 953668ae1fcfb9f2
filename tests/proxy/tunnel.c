/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "session.h"

#define QUIET_MS 30000

/* Moves what one side has to the other. False: that side has ended. */
static bool move(struct wire *from, struct wire *to)
{
    char part[65536];
    size_t n = wire_read(from, part, sizeof part);
    return n && wire_write(to, part, n);
}

/* Both directions, each until its end, as TCP would do it. */
static void relay(struct wire *client, struct wire *target)
{
    struct wire *side[2] = {client, target};
    bool open[2] = {true, true};
    while (client->at < client->n) /* sent before the answer was read */
        move(client, target);
    while (open[0] || open[1]) {
        struct pollfd pfd[2];
        for (int i = 0; i < 2; i++)
            pfd[i] = (struct pollfd){open[i] ? side[i]->fd : -1, POLLIN, 0};
        if (poll(pfd, 2, QUIET_MS) <= 0)
            return;
        for (int i = 0; i < 2; i++) {
            if (!pfd[i].revents || move(side[i], side[!i]))
                continue;
            open[i] = false;
            shutdown(side[!i]->fd, SHUT_WR);
        }
    }
}

/*
 * The other end of every tunnel is a server that asks for a login itself
 *: all that comes lands in the capture.
 */
static void answer_inside(struct wire *w)
{
    static const char answer[] =
        "HTTP/1.1 407 Proxy Authentication Required\r\n"
        "Proxy-Authenticate: Basic realm=\"inside\"\r\n"
        "Content-Length: 7\r\n\r\ninside\n";
    struct msg rq;
    bool more = true;
    while (more) {
        more = msg_request(&rq, w) && msg_read_body(&rq, w) &&
               wire_write(w, answer, strlen(answer));
        msg_free(&rq);
    }
}

static void send_ok(struct session *s)
{
    struct faults *f = &s->proxy->faults;
    struct text out = {0};
    bool old = fault_on(f, FAULT_HTTP10) || fault_take(f, FAULT_CONNECT_10);
    text_fmt(&out, "HTTP/1.%d 200 Connection established\r\n", !old);
    /* RFC 9110 section 9.3.6: a client must ignore both. */
    if (fault_take(f, FAULT_CONNECT_LENGTH))
        text_str(&out, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
    session_own_fields(s, &out);
    text_str(&out, "\r\n");
    bool urgent = fault_take(f, FAULT_CONNECT_URGENT);
    if (wire_write(&s->wire, out.p, out.n - urgent) && urgent)
        send(s->wire.fd, "\n", 1, MSG_OOB);
    text_free(&out);
}

void session_tunnel(struct session *s, const struct msg *rq,
                    const struct ruling *why)
{
    int fd;
    if (fault_take(&s->proxy->faults, FAULT_INSIDE)) {
        session_log(s, rq, why, 200);
        send_ok(s);
        answer_inside(&s->wire);
        return;
    }
    enum dial d = session_dial(s, rq->word[1], "443", &fd);
    if (d != DIAL_OK) {
        int status = d == DIAL_FORBIDDEN ? 403 : 502;
        session_log(s, rq, why, status);
        session_answer(s, rq, status,
                       status == 403 ? "Forbidden" : "Bad Gateway",
                       "no tunnel\n");
        return;
    }
    struct wire target;
    wire_init(&target, fd, s->wire.id, NULL);
    session_log(s, rq, why, 200);
    send_ok(s);
    s->wire.trickle_us = 0; /* a fault of the proxy, not of the tunnel */
    relay(&s->wire, &target);
    wire_close(&target);
}
