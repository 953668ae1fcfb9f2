/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "session.h"

/*
 * The 407 and what faults make of it: first its bytes, then how they are
 * delivered, then what becomes of the connection.
 */

#define QUIET_MS       30000
#define SPLIT_MS       60
#define BIG_BODY       (1u << 20)
#define SOME_BODY      (70u * 1024)
#define OVERSIZE_FIELD (70u * 1024)
#define LARGE_FIELD    (30u * 1024)
#define SPLIT_AT       (sizeof "HTTP/1.1 4" - 1)

static const char unreadable[] = "Digest realm=\"never closed, nonce=, ==\\";
static const char *const decoys[] = {
    "Mutual",
    "Newauth realm=\"apps, Basic realm=x\", type=1, title=\"Say \\\"a, b\\\"\"",
    "Unheard-of dG9rZW42OA==",
};

struct refusal {
    int status;
    bool stays; /* the connection can carry another request */
    struct text head, body;
};

static void lower_names(struct text *head)
{
    bool name = false;
    for (char *p = head->p; *p; p++) {
        if (*p == '\n')
            name = true;
        else if (*p == ':')
            name = false;
        else if (name)
            *p = (char)tolower((unsigned char)*p);
    }
}

static void put_challenges(struct session *s, bool stale, struct text *head)
{
    static const char name[] = "Proxy-Authenticate: ";
    struct faults *f = &s->proxy->faults;
    struct challenges c;
    if (s->ntlm.challenge.p) {
        text_fmt(head, "%s%s\r\n", name, s->ntlm.challenge.p);
        return;
    }
    if (fault_take(f, FAULT_NO_CHALLENGE))
        return;
    bool alone = fault_take(f, FAULT_MALFORMED);
    if (alone || fault_take(f, FAULT_MALFORMED_AMONG))
        text_fmt(head, "%s%s\r\n", name, unreadable);
    if (alone)
        return;

    bool one = fault_take(f, FAULT_ONE_FIELD);
    bool many = one || fault_take(f, FAULT_SEVERAL_FIELDS);
    size_t n_decoys = many ? sizeof decoys / sizeof *decoys : 0, n = 0;
    const char *gap = one ? ", " : "\r\nProxy-Authenticate: ";
    auth_challenges(&s->proxy->auth, stale, &c);
    text_str(head, name);
    for (size_t i = 0; i < n_decoys; i++)
        text_fmt(head, "%s%s", n++ ? gap : "", decoys[i]);
    for (size_t i = 0; i < c.n; i++)
        text_fmt(head, "%s%s", n++ ? gap : "", c.item[i].p);
    text_str(head, "\r\n");
    challenges_free(&c);
}

static void put_status_line(struct faults *f, bool old, struct refusal *r)
{
    const char *reason = " Proxy Authentication Required";
    if (r->status == 401)
        reason = " Unauthorized";
    else if (fault_take(f, FAULT_NO_REASON))
        reason = " ";
    else if (fault_take(f, FAULT_NO_REASON_BARE))
        reason = "";
    else if (fault_take(f, FAULT_UNAUTHORIZED))
        reason = " Unauthorized";
    static atomic_bool met;
    if (atomic_exchange(&met, true) && fault_take(f, FAULT_INTERIM))
        text_str(&r->head, "HTTP/1.1 100 Continue\r\n\r\n"
                           "HTTP/1.1 103 Early Hints\r\n"
                           "Link: </407>; rel=preload\r\n\r\n");
    text_fmt(&r->head, "HTTP/1.%d %d%s\r\n", !old, r->status, reason);
}

static void put_body(struct faults *f, struct refusal *r)
{
    unsigned big = fault_take(f, FAULT_BIG)    ? BIG_BODY
                   : fault_take(f, FAULT_SOME) ? SOME_BODY
                                               : 0;
    if (fault_take(f, FAULT_CHUNKED)) {
        text_str(&r->head, "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n");
        text_str(&r->body, "7;name=\"a;b\"\r\n407 to \r\n"
                           "00c ; x\r\nbe answered.\r\n"
                           "0;last\r\nX-Sum: 407\r\nX-More: 0\r\n\r\n");
    } else if (fault_take(f, FAULT_CHUNKED_EMPTY)) {
        text_str(&r->head, "Transfer-Encoding: chunked\r\n");
        text_str(&r->body, "0\r\n\r\n");
    } else if (big) {
        char line[64];
        memset(line, '4', sizeof line);
        for (size_t i = 0; i < big / sizeof line; i++)
            text_add(&r->body, line, sizeof line);
        text_fmt(&r->head, "Content-Length: %zu\r\n", r->body.n);
    } else {
        text_str(&r->body, "<html><body><h1>Who are you?</h1><p>This proxy "
                           "wants to know.</p></body></html>\n");
        text_fmt(&r->head, "Content-Length: %zu\r\n", r->body.n);
    }
}

static void build(struct session *s, const struct msg *rq,
                  const struct ruling *why, struct refusal *r)
{
    struct faults *f = &s->proxy->faults;
    bool old = fault_on(f, FAULT_HTTP10);
    bool old_keep = fault_take(f, FAULT_HTTP10_KEEP);
    bool endless = fault_take(f, FAULT_ENDLESS);
    r->status = why->verdict == AUTH_WRONG && fault_take(f, FAULT_WRONG_401)
                    ? 401
                    : 407;
    put_status_line(f, old || old_keep, r);
    text_str(&r->head, "Server: proxy407\r\nContent-Type: text/html\r\n");
    if (r->status == 407)
        put_challenges(s, why->verdict == AUTH_STALE, &r->head);
    if (old)
        text_str(&r->body, "Who are you?\n"); /* ends with the connection */
    else if (!endless)
        put_body(f, r);
    if (old_keep)
        text_str(&r->head, "Proxy-Connection: keep-alive\r\n");
    unsigned padding = fault_take(f, FAULT_OVERSIZE) ? OVERSIZE_FIELD
                       : fault_take(f, FAULT_LARGE)  ? LARGE_FIELD
                                                     : 0;
    if (padding) {
        text_str(&r->head, "X-Padding: ");
        for (unsigned i = 0; i < padding; i++)
            text_add(&r->head, "x", 1);
        text_str(&r->head, "\r\n");
    }

    bool unread = msg_has_body(rq) && !rq->body_read;
    bool early_close = unread && fault_take(f, FAULT_EARLY_CLOSE);
    bool waits = unread && msg_has_token(rq, "Expect", "100-continue") &&
                 !fault_take(f, FAULT_EXPECT_KEEP);
    r->stays = !old && !endless && !early_close && !waits &&
               (old_keep || msg_keep_alive(rq));
    if (fault_take(f, FAULT_CLOSE) ||
        (s->ntlm.challenge.p && fault_take(f, FAULT_NTLM_CLOSE)))
        r->stays = false;
    if (!r->stays && !old && !endless)
        text_str(&r->head, "Connection: close\r\n");
    text_str(&r->head, "\r\n");
    if (fault_take(f, FAULT_LOWER_CASE))
        lower_names(&r->head);
    if (strcmp(rq->word[0], "HEAD") == 0)
        text_free(&r->body);
}

static void send_endless(struct wire *w)
{
    static const char part[16384] = {0};
    while (wire_write(w, part, sizeof part))
        pause_ms(2);
}

static bool deliver(struct session *s, struct refusal *r)
{
    struct faults *f = &s->proxy->faults;
    struct wire *w = &s->wire;
    unsigned usual = w->trickle_us;
    size_t from = 0;
    text_add(&r->head, r->body.p, r->body.n);
    if (fault_take(f, FAULT_CLOSE_MIDDLE)) {
        wire_write(w, r->head.p, r->head.n - r->body.n / 2);
        return false;
    }
    if (fault_take(f, FAULT_SLOW) ||
        (s->ntlm.challenge.p && fault_take(f, FAULT_NTLM_SLOW)))
        pause_ms(s->proxy->slow_ms);
    if (s->ntlm.challenge.p && fault_take(f, FAULT_NTLM_STALL)) {
        wire_write(w, r->head.p, r->head.n - r->body.n / 2);
        wire_wait_gone(w, QUIET_MS);
        return false;
    }
    if (fault_take(f, FAULT_SPLIT_STATUS)) {
        from = SPLIT_AT;
        wire_write(w, r->head.p, from);
        pause_ms(SPLIT_MS);
    }
    if (fault_take(f, FAULT_STALL_STATUS)) {
        wire_write(w, r->head.p, SPLIT_AT);
        wire_wait_gone(w, QUIET_MS);
        return false;
    }
    if (fault_take(f, FAULT_TRICKLE))
        w->trickle_us = s->proxy->trickle_us;
    bool sent = wire_write(w, r->head.p + from, r->head.n - from);
    w->trickle_us = usual;
    return sent;
}

/* What becomes of the connection. Returns whether it can go on. */
static bool finish(struct session *s, const struct msg *rq, bool stays)
{
    struct faults *f = &s->proxy->faults;
    struct wire *w = &s->wire;
    if (fault_take(f, FAULT_RST)) {
        wire_reset(w);
        return false;
    }
    if (fault_take(f, FAULT_HALF_CLOSE)) {
        shutdown(w->fd, SHUT_WR);
        while (wire_fill(w))
            w->at = w->n = 0;
        return false;
    }
    if (fault_take(f, FAULT_CLOSE_SILENT) ||
        (s->ntlm.challenge.p && fault_take(f, FAULT_NTLM_CLOSE_SILENT)))
        return false;
    /* Early: promises to stay, and then neither reads nor closes. */
    if (stays && msg_has_body(rq) && !rq->body_read &&
        fault_take(f, FAULT_EARLY)) {
        wire_wait_gone(w, QUIET_MS);
        return false;
    }
    return stays;
}

bool session_refuse(struct session *s, const struct msg *rq,
                    const struct ruling *why)
{
    struct refusal r = {0};
    bool endless = fault_on(&s->proxy->faults, FAULT_ENDLESS);
    build(s, rq, why, &r);
    session_log(s, rq, why, r.status);
    s->refused = true;
    bool sent = deliver(s, &r);
    text_free(&r.head);
    text_free(&r.body);
    if (sent && endless)
        send_endless(&s->wire);
    return finish(s, rq, r.stays) && sent;
}
