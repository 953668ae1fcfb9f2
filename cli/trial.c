/* SPDX-License-Identifier: MIT */
#include "trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/http/http.h"
#include "driver/driver.h"
#include "host/clock.h"
#include "host/fd.h"
#include "host/match.h"
#include "host/memory.h"
#include "host/settings.h"
#include "host/verdict.h"

/* Of an answer: the head, and enough of the body for its words. */
#define ANSWER_MAX (A407_HEAD_MAX + 16384)
/* ... and what is looked at of it before it is taken. */
#define IN_MAX ANSWER_MAX
#define PART   4096u

/* What has come and was not taken is held here: in TLS nobody else can. */
struct line {
    struct a407_stream stream; /* nobody else acts on it */
    struct a407_peer peer;
    int64_t until; /* this connection, by a407_now_ms() */
    unsigned wait_ms;
    struct a407_buf in, answer;
    size_t least; /* poll() says nothing before so many are there */
    bool ended;
    int error; /* if so: of the end; or 0 */
    struct a407_driver driver;
};

/* ---- the transport ---- */

static enum a407_hold hold(void *link)
{
    (void)link;
    return A407_HELD;
}

static bool yes(void *link)
{
    (void)link;
    return true;
}

static void fill(struct line *l)
{
    char part[PART];
    ssize_t n;
    while (!l->ended && l->in.n + PART <= IN_MAX) {
        n = a407_stream_read(&l->stream, part, sizeof part);
        if (n < 0 && errno == EAGAIN)
            break;
        l->error = n < 0 ? errno : 0;
        l->ended = n < 1 || !a407_buf_add(&l->in, part, (size_t)n);
    }
}

static ssize_t peek(void *link, char *to, size_t n)
{
    struct line *l = link;
    fill(l);
    if (!l->in.n && l->ended && !l->error)
        return 0;
    errno = l->ended ? l->error : EAGAIN;
    if (!l->in.n)
        return -1;
    n = n < l->in.n ? n : l->in.n;
    memcpy(to, l->in.p, n);
    return (ssize_t)n;
}

static ssize_t take(void *link, char *to, size_t n)
{
    struct line *l = link;
    ssize_t k = peek(l, to, n);
    if (k > 0)
        a407_buf_drop(&l->in, (size_t)k);
    return k;
}

static unsigned queue(void *link)
{
    struct line *l = link;
    fill(l);
    return l->ended                  ? A407_QUEUE_ENDS
           : l->in.n + PART > IN_MAX ? A407_QUEUE_FULL
                                     : 0;
}

static void arm(void *link, size_t n)
{
    ((struct line *)link)->least = n ? n : 1;
}

static ssize_t send_ours(void *link, const char *p, size_t n, bool own)
{
    (void)own;
    return a407_stream_write(&((struct line *)link)->stream, p, n);
}

static ssize_t pass(void *link, const struct a407_write *w)
{
    const struct iovec *v = &w->iov[w->i];
    return send_ours(link, (const char *)v->iov_base + w->at,
                     v->iov_len - w->at, true);
}

static int room(void *link)
{
    int ev = a407_ready(((struct line *)link)->stream.fd, POLLOUT);
    return ev & (POLLERR | POLLHUP) ? -1 : ev != 0;
}

static size_t readable(void *link, const char *p, size_t n)
{
    (void)link, (void)p;
    return n;
}

static void shut(void *link, int how)
{
    shutdown(((struct line *)link)->stream.fd, how);
}

static void hang_up(void *link)
{
    struct line *l = link;
    a407_stream_close(&l->stream);
    a407_buf_clear(&l->in);
    l->least = 1;
    l->ended = false;
    l->error = 0;
}

/* For the record: the proxy's log may have it. */
static void tell_port(const struct line *l)
{
    struct a407_endpoint e;
    if (a407_socket_source(l->stream.fd, &e))
        a407_engine_local_port(l->driver.engine, e.port);
}

static enum a407_renewal renew(void *link)
{
    struct line *l = link;
    hang_up(l);
    l->until = a407_now_ms() + l->wait_ms;
    if (!a407_stream_open(&l->stream, &l->peer, l->until))
        return A407_RENEWAL_FAILED;
    tell_port(l);
    return A407_RENEWED;
}

/* The 407 is on record: nobody reads it here. */
static bool give_back(void *link, struct a407_span saved_407)
{
    (void)saved_407;
    return yes(link);
}

static bool outside(void *link, const struct a407_job *job)
{
    job->work(job->arg);
    job->after(job->arg);
    return yes(link);
}

static const struct a407_transport transport = {
    .hold = hold,
    .is_same_peer = yes,
    .is_untouched = yes,
    .peek = peek,
    .take = take,
    .queue = queue,
    .arm = arm,
    .send = send_ours,
    .pass = pass,
    .room = room,
    .readable = readable,
    .shut = shut,
    .renew = renew,
    .drop_renewal = hang_up,
    .give_back = give_back,
    .outside = outside,
};

/* ---- waiting ---- */

static void now(struct line *l)
{
    a407_driver_begin(&l->driver, a407_clock_us(CLOCK_REALTIME),
                      a407_clock_us(CLOCK_MONOTONIC));
}

/* Is there an event? False where that or the whole time is over. */
static bool sleep_until(struct line *l, int fd, short events, int64_t until)
{
    bool reads = fd == A407_OWN_FD && events & POLLIN;
    if (fd == A407_OWN_FD)
        fd = l->stream.fd;
    until = until < l->until ? until : l->until;
    for (;;) {
        if (reads)
            fill(l);
        if (reads && (l->ended || l->in.n >= l->least))
            return true;
        if (!a407_stream_wait(fd, events, until))
            return false;
        if (!reads)
            return true;
    }
}

/* Waits for what the driver needs. False: there is no time left. */
static bool wait_for(struct line *l, enum a407_driven needs)
{
    struct a407_need need = a407_driver_need(&l->driver);
    struct a407_plan plan = a407_engine_plan(l->driver.engine);
    bool bytes = needs == A407_NEEDS_BYTES;
    bool ev = needs == A407_NEEDS_WORK
                  ? sleep_until(l, need.fd, need.events, need.until)
                  : sleep_until(l, A407_OWN_FD, bytes ? POLLIN : POLLOUT,
                                a407_plan_limit(&plan));
    now(l);
    /* what has no other way out takes the rest of the time */
    if (!ev && bytes && l->driver.now_ms >= a407_plan_limit(&plan) &&
        !a407_driver_expire(&l->driver))
        sleep_until(l, A407_OWN_FD, POLLIN, A407_FOR_EVER);
    return a407_now_ms() < l->until;
}

static bool needs_wait(enum a407_driven is)
{
    return is == A407_NEEDS_BYTES || is == A407_NEEDS_WORK ||
           is == A407_NEEDS_ROOM;
}

/* ---- one connection ---- */

bool a407_trial_request(const char *target, char *out, size_t cap)
{
    bool get = strncmp(target, "http://", 7) == 0;
    const char *host = get ? target + 7 : target;
    int n = snprintf(out, cap,
                     "%s %s HTTP/1.1\r\nHost: %.*s\r\n%s"
                     "User-Agent: auth407/" A407_VERSION "\r\n\r\n",
                     get ? "GET" : "CONNECT", target, (int)strcspn(host, "/"),
                     host, get ? "Accept: */*\r\n" : "");
    return n > 0 && n < (int)cap;
}

static bool write_request(struct line *l, const char *target)
{
    char head[2048];
    struct iovec v = {head, 0};
    struct a407_write w = {.iov = &v, .n = 1};
    enum a407_driven is;
    if (!a407_trial_request(target, head, sizeof head))
        return false;
    v.iov_len = strlen(head);
    while (needs_wait(is = a407_driver_write(&l->driver, &w)))
        if (!wait_for(l, is))
            return false;
    return is == A407_DRIVEN;
}

/* Reads as a program would, up to the record of the exchange. */
static struct a407_event *read_answer(struct line *l)
{
    struct a407_driver *d = &l->driver;
    struct a407_event *ev;
    char body[4096];
    ssize_t n = 1;
    while (!(ev = a407_engine_event(d->engine)) && n > 0) {
        enum a407_driven is = a407_driver_pump(d, A407_PUMP_ALL);
        if (needs_wait(is) && wait_for(l, is))
            continue;
        struct a407_plan plan = a407_engine_plan(d->engine);
        if (is != A407_DRIVEN || d->error || d->given_back ||
            plan.kind != A407_WANT_DELIVER)
            break;
        n = take(l, body, plan.n < sizeof body ? plan.n : sizeof body);
        if (n > 0) {
            a407_engine_delivered(d->engine, body, (size_t)n);
            a407_buf_add(&l->answer, body, (size_t)n);
        } else if (n < 0 && errno == EAGAIN && wait_for(l, A407_NEEDS_BYTES))
            n = 1;
    }
    a407_engine_closed(d->engine);
    return ev ? ev : a407_engine_event(d->engine);
}

static const char *connect_to(struct line *l, const struct addrinfo *list)
{
    for (l->peer.at = list; l->peer.at; l->peer.at = l->peer.at->ai_next) {
        int64_t soon = a407_now_ms() + A407_CONNECT_MS;
        if (a407_stream_open(&l->stream, &l->peer,
                             l->peer.at->ai_next && soon < l->until ? soon
                                                                    : l->until))
            return NULL;
    }
    return errno == ETIMEDOUT ? "it takes too long" : strerror(errno);
}

static void mark(const struct a407_config *config,
                 const struct a407_endpoint *proxy, struct a407_engine *e)
{
    struct a407_verdict v;
    while (a407_engine_verdict(e, &v))
        a407_verdict_tell(config, proxy, &v);
}

static enum a407_trial_outcome judge(const struct a407_event *ev)
{
    switch (ev->outcome) {
    case A407_RESOLVED:
        return A407_TRIAL_ACCEPTED;
    case A407_OBSERVED:
        return ev->status == 407 ? A407_TRIAL_UNDECIDED : A407_TRIAL_NOT_ASKED;
    default:
        return (a407_cause_refuses(ev->cause) &&
                ev->cause != A407_CAUSE_BACKEND_DOWN &&
                ev->cause != A407_CAUSE_ADDRESS) ||
                       ev->cause == A407_CAUSE_LOCKED_OUT
                   ? A407_TRIAL_REFUSED
                   : A407_TRIAL_UNDECIDED;
    }
}

static void ask(struct line *l, struct a407_proxy *proxy, const char *target,
                struct a407_trial *out)
{
    struct a407_history history = {0};
    struct a407_shared shared = {0};
    struct a407_endpoint peer = {0};
    char text[A407_HOST_MAX + 16];
    a407_endpoint_of(l->peer.at->ai_addr, &peer);
    a407_endpoint_text(&peer, text, sizeof text);
    struct a407_engine *e = a407_engine_new(proxy, &history, text);
    snprintf(out->why, sizeof out->why, "out of memory");
    if (!e)
        return;
    a407_driver_init(&l->driver, e, &transport, proxy->config, &shared);
    l->driver.link = l;
    tell_port(l);
    now(l);
    if (write_request(l, target))
        out->event = read_answer(l);
    mark(proxy->config, &proxy->endpoint, e);
    snprintf(out->why, sizeof out->why, "no HTTP answer came");
    if (out->event && out->event->status) {
        const struct a407_event *ev = out->event;
        out->outcome = judge(ev);
        snprintf(out->why, sizeof out->why, "%s", ev->detail);
        if (!ev->final_status && a407_now_ms() >= l->until) {
            out->outcome = A407_TRIAL_UNREACHABLE; /* it was this end's end */
            snprintf(out->why, sizeof out->why, "%s in %u s",
                     ev->n_attempts ? "no answer to the login"
                                    : "its answer did not end",
                     l->wait_ms / 1000);
        }
    }
    a407_driver_drop_errand(&l->driver);
    a407_errand_free(a407_shared_over(&shared));
    a407_driver_free(&l->driver);
}

/* What programs know of this proxy is kept to: the secret itself is not shown
   where another scheme has hidden it, and a refusal of what has worked is told
   as one. But nothing is sent unasked, and the answer to the 407 goes out on a
   connection of its own: on the same one some never answer, and the repeat
   behind such a silence would be a second login where a proxy is only slow. */
static void adopt_known(struct a407_proxy *asked)
{
    struct a407_proxy known;
    a407_proxy_init(&known, asked->config, &a407_machine, &asked->endpoint,
                    true);
    if (known.config->memory)
        a407_memory_recall(&known);
    asked->hides = known.hides;
    for (size_t i = 0; i < asked->n_creds; i++)
        asked->standing[i].recalled = known.standing[i].recalled;
    asked->no_reuse = true;
    a407_proxy_clear(&known);
}

static void keep_read(struct a407_proxy *asked, struct a407_trial *out)
{
    for (size_t i = 0; i < asked->n_creds; i++) {
        struct a407_credential *c = asked->standing[i].resolved;
        if (c) {
            c->next = out->read;
            out->read = c;
            asked->standing[i].resolved = NULL;
        }
    }
}

void a407_trial(const struct a407_config *config,
                const struct a407_endpoint *proxy,
                const struct a407_layer *layer,
                const struct a407_credential *credential, const char *target,
                struct a407_trial *out)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    struct a407_config its = *config;
    struct a407_credential only;
    struct a407_proxy asked;
    struct line l = {
        .stream = {.fd = -1}, .peer = {NULL, proxy->host, layer}, .least = 1};
    char port[8];
    const char *why;
    *out = (struct a407_trial){.outcome = A407_TRIAL_UNREACHABLE};
    if (credential) {
        only = *credential;
        only.endpoint = *proxy;
        only.next = NULL;
        its.credentials = &only;
    }
    its.credentials_path = NULL; /* what stands there is not tried */
    its.mode = A407_MODE_INJECT;
    its.log_level = A407_LOG_REQUEST;
    snprintf(port, sizeof port, "%u", proxy->port);
    int error = getaddrinfo(proxy->host, port, &hints, &list);
    if (error) {
        snprintf(out->why, sizeof out->why, "%s", gai_strerror(error));
        return;
    }
    l.wait_ms = config->wait_ms;
    l.until = a407_now_ms() + l.wait_ms;
    a407_buf_init(&l.in, IN_MAX);
    a407_buf_init(&l.answer, ANSWER_MAX);
    why = connect_to(&l, list);
    if (why) {
        snprintf(out->why, sizeof out->why, "%s", why);
    } else {
        a407_proxy_init(&asked, &its, &a407_machine, proxy, true);
        adopt_known(&asked);
        ask(&l, &asked, target, out);
        keep_read(&asked, out);
        out->answer = a407_strdup_span(a407_span(l.answer.p, l.answer.n));
        a407_proxy_clear(&asked);
    }
    hang_up(&l);
    a407_buf_free(&l.in);
    a407_buf_free(&l.answer);
    freeaddrinfo(list);
}

void a407_trial_free(struct a407_trial *t)
{
    a407_free_secret(t->answer);
    t->answer = NULL;
    a407_credentials_free(t->read);
    t->read = NULL;
    free(t->event);
    t->event = NULL;
}
