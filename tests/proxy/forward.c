/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

/* Cuts "http://authority/path" in two. Returns the path, "/" if none. */
static const char *cut_uri(const char *uri, char authority[300])
{
    const char *from = uri + strlen("http://");
    size_t n = strcspn(from, "/?");
    snprintf(authority, 300, "%.*s", (int)(n < 299 ? n : 299), from);
    char *at = strrchr(authority, '@');
    if (at)
        memmove(authority, at + 1, strlen(at));
    return from[n] == '/' ? from + n : "/";
}

/* The request as the origin gets it: one request, one connection. */
static void put_request(struct session *s, const struct msg *rq,
                        const char *authority, const char *path,
                        struct text *out)
{
    bool old = fault_on(&s->proxy->faults, FAULT_HTTP10);
    text_fmt(out, "%s %s HTTP/1.%d\r\n", rq->word[0], path, !old);
    if (!msg_field(rq, "Host"))
        text_fmt(out, "Host: %s\r\n", authority);
    for (size_t i = 0; i < rq->n_fields; i++) {
        const char *name = rq->field[i].name;
        if (!msg_hop_by_hop(name) && strcasecmp(name, "Content-Length") &&
            strcasecmp(name, "Transfer-Encoding"))
            text_fmt(out, "%s: %s\r\n", name, rq->field[i].value);
    }
    /* The content was read whole, so a chunked one gets a length here. */
    if (msg_field(rq, "Content-Length") || msg_field(rq, "Transfer-Encoding"))
        text_fmt(out, "Content-Length: %zu\r\n", rq->body.n);
    text_str(out, "Connection: close\r\n\r\n");
    text_add(out, rq->body.p, rq->body.n);
}

/* Where the answer's content ends, as the client will be told. */
static bool self_delimited(const struct msg *rq, const struct msg *answer)
{
    int status = atoi(answer->word[1]);
    return strcmp(rq->word[0], "HEAD") == 0 || status == 204 || status == 304 ||
           msg_field(answer, "Content-Length") ||
           msg_field(answer, "Transfer-Encoding");
}

static void put_answer(struct session *s, const struct msg *answer, bool old,
                       bool keep, struct text *out)
{
    text_fmt(out, "HTTP/1.%d %s %s\r\n", !old, answer->word[1],
             answer->word[2]);
    for (size_t i = 0; i < answer->n_fields; i++) {
        const char *name = answer->field[i].name;
        /* An origin's own 407 passes as it is: the client must see it. */
        bool asks = strcasecmp(name, "Proxy-Authenticate") == 0;
        if ((asks || !msg_hop_by_hop(name)) &&
            !(old && strcasecmp(name, "Content-Length") == 0))
            text_fmt(out, "%s: %s\r\n", name, answer->field[i].value);
    }
    session_own_fields(s, out);
    if (!old)
        text_fmt(out, "Connection: %s\r\n", keep ? "keep-alive" : "close");
    text_str(out, "\r\n");
}

static bool relay_answer(struct session *s, const struct msg *rq,
                         const struct ruling *why, struct wire *origin)
{
    struct msg answer;
    bool old = fault_on(&s->proxy->faults, FAULT_HTTP10);
    if (!msg_response(&answer, origin)) {
        msg_free(&answer);
        session_log(s, rq, why, 502);
        return session_answer(s, rq, 502, "Bad Gateway", "no answer\n");
    }
    bool keep = !old && msg_keep_alive(rq) && self_delimited(rq, &answer);
    struct text head = {0};
    session_log(s, rq, why, atoi(answer.word[1]));
    put_answer(s, &answer, old, keep, &head);
    bool sent = wire_write(&s->wire, head.p, head.n);
    text_free(&head);
    msg_free(&answer);

    /* The origin closes after one answer, so its end is the content's end. */
    char part[65536];
    size_t n;
    while (sent && (n = wire_read(origin, part, sizeof part)) > 0)
        sent = wire_write(&s->wire, part, n);
    return sent && keep;
}

bool session_forward(struct session *s, const struct msg *rq,
                     const struct ruling *why)
{
    char authority[300];
    const char *path = cut_uri(rq->word[1], authority);
    int fd;
    if (demo_is_target(s->proxy, authority))
        return demo_answer(s, rq, why);
    switch (session_dial(s, authority, "80", &fd)) {
    case DIAL_FORBIDDEN:
        session_log(s, rq, why, 403);
        return session_answer(s, rq, 403, "Forbidden", "loopback only\n");
    case DIAL_FAILED:
        session_log(s, rq, why, 502);
        return session_answer(s, rq, 502, "Bad Gateway", "can't connect\n");
    case DIAL_OK:
        break;
    }
    struct wire origin;
    struct text out = {0};
    wire_init(&origin, fd, s->wire.id, NULL);
    put_request(s, rq, authority, path, &out);
    wire_write(&origin, out.p, out.n);
    text_free(&out);
    bool more = relay_answer(s, rq, why, &origin);
    wire_close(&origin);
    return more;
}
