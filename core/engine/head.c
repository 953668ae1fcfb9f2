/* SPDX-License-Identifier: MIT */
#include "internal.h"

/* Heads that go out: as the program wrote them, or with our header. */

static bool left_out(struct a407_span name, enum a407_copy how)
{
    static const char leg[][20] = {
        "Content-Length", "Transfer-Encoding", "Trailer",   "Expect",
        "Connection",     "Proxy-Connection",  "Keep-Alive"};
    if (how != A407_COPY_AS_IS && a407_span_ieq(name, "Proxy-Authorization"))
        return true;
    for (size_t i = 0; how == A407_COPY_LEG && i < sizeof leg / sizeof leg[0];
         i++)
        if (a407_span_ieq(name, leg[i]))
            return true;
    return false;
}

static void add_ours(struct a407_engine *e, enum a407_copy how, const char *eol)
{
    struct a407_request rq;
    if (e->auth.n) {
        a407_buf_str(&e->output, "Proxy-Authorization: ");
        a407_buf_add(&e->output, e->auth.p, e->auth.n);
        a407_buf_str(&e->output, eol);
    }
    if (how != A407_COPY_LEG || !a407_request_recorded(e, &rq))
        return;
    if (rq.body != A407_BODY_NONE)
        a407_buf_fmt(&e->output, "Content-Length: 0%s", eol);
    if (rq.minor == 0) /* RFC 9112 appendix C.2.2 */
        a407_buf_fmt(&e->output, "Connection: keep-alive%s", eol);
    a407_buf_fmt(&e->output, "Proxy-Connection: keep-alive%s", eol);
}

bool a407_head_copy(struct a407_engine *e, enum a407_copy how)
{
    const char *p = e->request.p;
    size_t n = e->head_n, at = 0, done = 0;
    struct a407_field f;
    /* The line end before the head's blank line, as the program writes it. */
    size_t eol = n >= 2 && p[n - 2] == '\r' ? 2 : 1;
    size_t body = n - eol;
    while (a407_field_next(p, n, &at, &f)) {
        if (!left_out(f.name, how))
            continue;
        size_t start = (size_t)(f.line.p - p);
        a407_buf_add(&e->output, p + done, start - done);
        done = start + f.line.n;
    }
    a407_buf_add(&e->output, p + done, body - done);
    if (how != A407_COPY_AS_IS)
        add_ours(e, how, "\r\n");
    return a407_buf_add(&e->output, p + body, eol);
}

bool a407_request_rewrite(struct a407_engine *e)
{
    bool leg = e->exchange.leg;
    bool as_is = e->exchange.course == A407_COURSE_ANEW;
    a407_head_copy(e, leg     ? A407_COPY_LEG
                      : as_is ? A407_COPY_AS_IS
                              : A407_COPY_OURS);
    if (!leg)
        a407_buf_add(&e->output, e->request.p + e->head_n,
                     e->request.n - e->head_n);
    e->exchange.standin = leg;
    e->sent_keep = leg || e->rq_keep_alive;
    if (e->output.failed) {
        a407_buf_free(&e->output);
        return false;
    }
    if (!leg && e->exchange.legs > 1)
        e->exchange.proofs++;
    return true;
}
