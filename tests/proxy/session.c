/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <stdio.h>
#include <string.h>

#include "server.h"

#define QUIET_MS 30000

void session_log(const struct session *s, const struct msg *rq,
                 const struct ruling *why, int status)
{
    char sum[65] = "-", length[24] = "-";
    if (rq->body_read || !msg_has_body(rq)) {
        text_sha256(rq->body.p ? rq->body.p : "", rq->body.n, sum);
        snprintf(length, sizeof length, "%zu", rq->body.n);
    }
    server_log(s->proxy->log,
               "conn=%u req=%u method=%s target=%s auth=%s user=%s "
               "verdict=%s body=%s sha256=%s status=%d\n",
               s->wire.id, s->requests, rq->word[0], rq->word[1], why->scheme,
               why->user, why->reason, length, sum, status);
}

bool session_answer(struct session *s, const struct msg *rq, int status,
                    const char *reason, const char *text)
{
    struct text out = {0};
    bool old = fault_on(&s->proxy->faults, FAULT_HTTP10);
    bool keep = !old && msg_keep_alive(rq);
    text_fmt(&out, "HTTP/1.%d %d %s\r\nContent-Type: text/plain\r\n", !old,
             status, reason);
    if (!old)
        text_fmt(&out, "Content-Length: %zu\r\n", strlen(text));
    session_own_fields(s, &out);
    text_fmt(&out, "Connection: %s\r\n\r\n", keep ? "keep-alive" : "close");
    if (strcmp(rq->word[0], "HEAD") != 0)
        text_str(&out, text);
    bool sent = wire_write(&s->wire, out.p, out.n);
    text_free(&out);
    return sent && keep;
}

void session_own_fields(struct session *s, struct text *out)
{
    struct auth *a = &s->proxy->auth;
    char nonce[40];
    if (!a->digest || !fault_take(&s->proxy->faults, FAULT_NEXTNONCE))
        return;
    auth_fresh_nonce(a, nonce);
    text_fmt(out, "Proxy-Authentication-Info: nextnonce=\"%s\"\r\n", nonce);
}

/* Says 100 when the client waits for it, and reads the content. */
static bool read_content(struct session *s, struct msg *rq)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (msg_has_body(rq) && msg_has_token(rq, "Expect", "100-continue") &&
        !wire_write(&s->wire, go_on, strlen(go_on)))
        return false;
    return msg_read_body(rq, &s->wire);
}

/* NTLM belongs to the connection, all else to the request. */
static void judge(struct session *s, struct msg *rq, struct ruling *why)
{
    struct auth *a = &s->proxy->auth;
    if (!(a->ntlm || a->negotiate) ||
        !ntlm_judge(&s->ntlm, a, &s->proxy->faults, rq, why))
        auth_judge(a, rq, why);
}

/*
 * Rules on a request. Its content is read first, unless a client that waits
 * for "100 Continue" is to be refused, or a fault wants the answer before it.
 */
static bool rule(struct session *s, struct msg *rq, struct ruling *why)
{
    struct faults *f = &s->proxy->faults;
    bool waits = msg_has_token(rq, "Expect", "100-continue");
    bool early = fault_on(f, FAULT_EARLY) || fault_on(f, FAULT_EARLY_CLOSE);
    if (msg_has_body(rq) && (waits || early) && !auth_wants_body(rq)) {
        judge(s, rq, why);
        return why->verdict != AUTH_OK || read_content(s, rq);
    }
    if (!read_content(s, rq))
        return false;
    judge(s, rq, why);
    if (why->verdict == AUTH_OK && strcmp(why->scheme, "digest") == 0 &&
        fault_take(f, FAULT_STALE_ALWAYS)) {
        why->verdict = AUTH_STALE;
        why->reason = "stale";
    }
    return true;
}

static bool grant(struct session *s, const struct msg *rq,
                  const struct ruling *why)
{
    if (fault_take(&s->proxy->faults, FAULT_SLOW_FINAL))
        pause_ms(s->proxy->slow_ms);
    if (strcmp(rq->word[0], "CONNECT") == 0) {
        session_tunnel(s, rq, why);
        return false;
    }
    if (strncasecmp(rq->word[1], "http://", 7) == 0)
        return session_forward(s, rq, why);
    if (s->proxy->demo && rq->word[1][0] == '/')
        return demo_answer(s, rq, why);
    session_log(s, rq, why, 400);
    return session_answer(s, rq, 400, "Bad Request", "not in proxy form\n");
}

/* One request. Returns whether another can follow. */
static bool serve_one(struct session *s, struct msg *rq)
{
    struct faults *f = &s->proxy->faults;
    struct ruling why = {AUTH_MISSING, "unread", "none", "-"};
    if (!msg_request(rq, &s->wire))
        return false;
    s->requests++;
    if (fault_take(f, FAULT_SILENT) ||
        (s->refused && fault_take(f, FAULT_SILENT_SECOND)) ||
        (ntlm_begins(rq) && fault_take(f, FAULT_NTLM_SILENT))) {
        rq->body_read = true; /* what there is of it counts as taken */
        session_log(s, rq, &why, 0);
        wire_wait_gone(&s->wire, QUIET_MS);
        return false;
    }
    if (fault_take(f, FAULT_RST_FIRST)) {
        session_log(s, rq, &why, 0);
        wire_reset(&s->wire);
        return false;
    }
    /* The demonstration's own page is open when it is asked for directly. */
    bool direct = s->proxy->demo && rq->word[1][0] == '/';
    if (!direct && !rule(s, rq, &why)) {
        why.reason = "cut-short";
        session_log(s, rq, &why, 0);
        return false;
    }
    if (direct || why.verdict == AUTH_OK)
        return grant(s, rq, &why);
    if (why.verdict == AUTH_WRONG && fault_take(f, FAULT_WRONG_CLOSE)) {
        session_log(s, rq, &why, 0);
        return false;
    }
    if (s->requests == 1 && fault_take(f, FAULT_NOT_FOUND_FIRST)) {
        session_log(s, rq, &why, 404);
        return session_answer(s, rq, 404, "Not Found", "not here\n");
    }
    return session_refuse(s, rq, &why);
}

void session_serve(void *ctx, int fd, unsigned id)
{
    struct proxy *p = ctx;
    struct session s = {.proxy = p};
    bool more = true;
    wire_init(&s.wire, fd, id, p->capture);
    if (fault_on(&p->faults, FAULT_TRICKLE_ALL))
        s.wire.trickle_us = p->trickle_us;
    server_log(p->log, "open conn=%u\n", id);
    while (more) {
        struct msg rq;
        more = serve_one(&s, &rq);
        msg_free(&rq);
    }
    ntlm_free(&s.ntlm);
    wire_close(&s.wire);
}
