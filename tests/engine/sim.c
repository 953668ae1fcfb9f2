/* SPDX-License-Identifier: MIT */
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the driver's buffer ends for the engine, so that over-reads are seen.
 */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

/* As many steps as a driver makes at a stretch: a plan that never ends is a
   bug. */
#define STEPS_MAX 100000

bool sim_in_engine;

void sim_add(struct sim_bytes *b, const char *p, size_t n)
{
    if (n > b->cap - b->n) {
        size_t cap = b->cap ? b->cap : 256;
        while (cap < b->n + n)
            cap *= 2;
        char *q = realloc(b->p, cap);
        if (!q)
            abort();
        b->p = q;
        b->cap = cap;
    }
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
}

static void drop(struct sim_bytes *b)
{
    free(b->p);
    *b = (struct sim_bytes){0};
}

static struct a407_plan plan(const struct sim *s)
{
    return a407_engine_plan(s->driver.engine);
}

static bool over(const struct sim *s)
{
    return a407_driver_is_over(&s->driver);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t waiting(const struct sim *s)
{
    return s->queue.n - s->taken;
}

/* Bytes in memory of exactly their size; free them. */
static char *exact(const char *p, size_t n)
{
    char *q = malloc(n ? n : 1);
    if (!q)
        abort();
    if (n)
        memcpy(q, p, n);
    return q;
}

/* ---- the transport ---- */

static bool is_in(const struct sim *s, const char *state)
{
    return strcmp(a407_engine_state_name(s->driver.engine), state) == 0;
}

static enum a407_hold hold(void *link)
{
    struct sim *s = link;
    ASAN_UNPOISON_MEMORY_REGION(s->driver.scratch, s->driver.scratch_n);
    if (s->holds == A407_UNHELD)
        a407_engine_forget(s->driver.engine);
    return s->holds;
}

static bool is_same_peer(void *link)
{
    const struct sim *s = link;
    return !s->elsewhere;
}

static bool is_untouched(void *link)
{
    const struct sim *s = link;
    return !s->elsewhere && !s->touched;
}

/* Must be asked first: without, nothing may be done. */
static void must_be_held(const struct sim *s)
{
    if (s->holds != A407_HELD)
        abort();
}

static ssize_t peek(void *link, char *to, size_t n)
{
    struct sim *s = link;
    size_t k = least(waiting(s), n);
    must_be_held(s);
    errno = s->end == SIM_OPEN ? EAGAIN : ECONNRESET;
    if (!k)
        return s->end == SIM_FIN ? 0 : -1;
    memcpy(to, s->queue.p + s->taken, k);
    ASAN_POISON_MEMORY_REGION(to + k, n - k);
    return (ssize_t)k;
}

static ssize_t take(void *link, char *to, size_t n)
{
    struct sim *s = link;
    ssize_t k = peek(link, to, least(n, 16 * s->read_step));
    s->taken += k > 0 ? (size_t)k : 0;
    if (k >= 0 || errno != EAGAIN) {
        s->consumed = true;
        /* a 1xx that answers one of our own legs is owed to nobody */
        s->owes = !is_in(s, "INTERIM");
    }
    return k;
}

static unsigned queue(void *link)
{
    struct sim *s = link;
    return s->end == SIM_OPEN ? 0 : A407_QUEUE_ENDS;
}

static void arm(void *link, size_t n)
{
    (void)link, (void)n;
}

static ssize_t to_wire(struct sim *s, const char *p, size_t n)
{
    size_t k = least(n, s->send_step);
    errno = s->fails ? s->fails : EAGAIN;
    if (s->fails || s->full)
        return -1;
    sim_in_engine = false;
    sim_add(&s->wire, p, k);
    sim_in_engine = true;
    return (ssize_t)k;
}

static ssize_t send_ours(void *link, const char *p, size_t n, bool own)
{
    struct sim *s = link;
    if (!own)
        must_be_held(s);
    if (!own && s->elsewhere)
        abort();
    errno = EBADF;
    if (s->holds == A407_OTHERS)
        return -1;
    if (is_in(s, "WAIT"))
        s->owes = false;
    /* what goes out in a handshake is no request of the program's */
    s->consumed = s->consumed || plan(s).leg;
    return to_wire(s, p, n);
}

static ssize_t pass(void *link, const struct a407_write *w)
{
    const struct iovec *v = &w->iov[w->i];
    return to_wire(link, (const char *)v->iov_base + w->at, v->iov_len - w->at);
}

static int room(void *link)
{
    const struct sim *s = link;
    return s->fails || s->odd ? -1 : !s->full;
}

static size_t readable(void *link, const char *p, size_t n)
{
    const struct sim *s = link;
    (void)p;
    return s->unreadable ? 0 : n;
}

static void shut(void *link, int how)
{
    struct sim *s = link;
    (void)how;
    must_be_held(s);
    s->shut = true;
}

static enum a407_renewal renew(void *link)
{
    struct sim *s = link;
    must_be_held(s);
    s->driver.renewal_fd = A407_OWN_FD;
    if (s->renewals != A407_RENEWED)
        return s->renewals;
    sim_in_engine = false;
    s->taken = s->queue.n = 0;
    s->end = SIM_OPEN;
    s->owes = false;
    if (s->n_marks < SIM_MARKS)
        s->mark[s->n_marks++] = s->wire.n;
    bool ok = s->reconnect(s->ctx, s);
    sim_in_engine = true;
    return ok ? A407_RENEWED : A407_RENEWAL_FAILED;
}

static void drop_renewal(void *link)
{
    (void)link;
}

static bool give_back(void *link, struct a407_span saved_407)
{
    struct sim *s = link;
    must_be_held(s);
    s->taken = s->queue.n = 0;
    sim_in_engine = false;
    sim_add(&s->queue, saved_407.p, saved_407.n);
    sim_in_engine = true;
    s->end = SIM_FIN;
    s->owes = false;
    return true;
}

/* Whoever begins with it comes back when they like. */
static bool outside(void *link, const struct a407_job *job)
{
    struct sim *s = link;
    if (!s->asks_wait) {
        job->work(job->arg);
        job->after(job->arg);
    } else if (s->n_jobs < SIM_JOBS) {
        s->jobs[s->n_jobs++] = *job;
    } else {
        abort();
    }
    return true;
}

static const struct a407_transport buffers = {
    .hold = hold,
    .is_same_peer = is_same_peer,
    .is_untouched = is_untouched,
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
    .drop_renewal = drop_renewal,
    .give_back = give_back,
    .outside = outside,
};

/* ---- the outside, in place of host/'s ---- */

static struct sim *at_hand;

static void answer(struct a407_errand *e)
{
    sim_in_engine = false;
    at_hand->ask(at_hand->ctx, at_hand, &e->ask, &e->told);
    sim_in_engine = true;
}

bool a407_errand_begin(const struct a407_config *config, struct a407_errand *e)
{
    (void)config;
    at_hand->stepped = false;
    e->talk.child.pid = 1; /* as if */
    if (at_hand->asks_at_once)
        answer(e);
    return !at_hand->asks_at_once;
}

/* Its process may have to be waited for. */
static void must_be_unlocked(void)
{
    if (sim_in_engine)
        abort();
}

/* The second step is the last. */
bool a407_errand_step(const struct a407_config *config, struct a407_errand *e,
                      struct a407_sleep *sleep)
{
    (void)config;
    *sleep = (struct a407_sleep){.fd = -1};
    if (at_hand->asks_wait)
        return false;
    at_hand->stepped = !at_hand->stepped;
    if (at_hand->stepped)
        return false;
    at_hand->driver.shared->begin_at = 0; /* it has been a while */
    answer(e);
    at_hand->stepped = at_hand->asks_wait; /* ... or the next one is */
    return !at_hand->asks_wait;
}

void a407_errand_free(struct a407_errand *e)
{
    while (e) {
        struct a407_errand *next = e->next;
        if (e->talk.child.pid)
            must_be_unlocked();
        a407_ask_clear(&e->ask);
        a407_told_clear(&e->told);
        free(e);
        e = next;
    }
}

int a407_child_end(struct a407_child *c)
{
    (void)c;
    must_be_unlocked();
    return 0;
}

/* ---- the program ---- */

static void enter(struct sim *s)
{
    at_hand = s;
    sim_in_engine = true;
    a407_driver_begin(&s->driver, s->wall_us, s->mono_us);
    for (size_t i = 0; i < s->n_jobs && !s->asks_wait; i++) {
        s->jobs[i].work(s->jobs[i].arg);
        s->jobs[i].after(s->jobs[i].arg);
    }
    if (!s->asks_wait)
        s->n_jobs = 0;
}

/* Leaves the driver, and takes out what the engine has to say. */
static void leave(struct sim *s)
{
    sim_in_engine = false;
    struct a407_event *ev;
    struct a407_verdict v;
    hold(s);
    a407_errand_free(a407_shared_over(s->driver.shared));
    while ((ev = a407_engine_event(s->driver.engine)))
        s->event(s->ctx, s, ev);
    while (a407_engine_verdict(s->driver.engine, &v)) {
        if (v.judged)
            s->verdict(s->ctx, s, &v);
        a407_credentials_free(v.cred);
    }
}

bool sim_open(struct sim *s, struct a407_proxy *proxy,
              struct a407_history *history, struct a407_shared *shared)
{
    sim_in_engine = true;
    struct a407_engine *engine =
        a407_engine_new(proxy, history, "192.0.2.1:3128");
    sim_in_engine = false;
    a407_driver_init(&s->driver, engine, &buffers, proxy->config, shared);
    s->driver.link = at_hand = s;
    return engine;
}

/* The outside answers with a further step, for this one or for several. */
static bool goes_on(const struct sim *s)
{
    const struct a407_driver *d = &s->driver;
    return !s->asks_wait && (d->errand || (d->joined && !d->shared->beginning));
}

/* False: more bytes must arrive first. */
static bool pump(struct sim *s)
{
    enum a407_driven is;
    do {
        unsigned before = s->driver.steps;
        enter(s);
        is = a407_driver_pump(&s->driver, A407_PUMP_ALL);
        leave(s);
        s->stuck += s->driver.steps - before >= STEPS_MAX;
    } while (is == A407_NEEDS_WORK && goes_on(s));
    return is == A407_DRIVEN;
}

/* Returns whether some of it went. */
static bool write_on(struct sim *s)
{
    size_t n = s->written.n - s->accepted;
    char *copy = exact(n ? s->written.p + s->accepted : "", n);
    struct iovec v = {copy, n};
    struct a407_write w = {.iov = &v, .n = 1};
    enum a407_driven is;
    s->driver.wrote_ms = INT64_MIN / 2; /* there was a pause */
    do {
        enter(s);
        is = a407_driver_write(&s->driver, &w);
        leave(s);
    } while (is == A407_NEEDS_WORK && goes_on(s));
    a407_driver_leave(&s->driver, &w);
    if (is == A407_PASS) {
        sim_add(&s->wire, copy + w.done, n - w.done);
        w.done = n;
    }
    s->stuck += !s->harmed && (is == A407_FAILED || is == A407_NOT_FOLLOWED);
    s->accepted += w.done;
    free(copy);
    return w.done;
}

void sim_write(struct sim *s, const char *p, size_t n)
{
    sim_add(&s->written, p, n);
    write_on(s);
}

void sim_arrive(struct sim *s, const char *p, size_t n)
{
    sim_add(&s->arrived, p, n);
    sim_add(&s->queue, p, n);
}

static void deliver(struct sim *s, size_t max)
{
    size_t k = least(waiting(s), least(max, s->read_step));
    char *p = exact(k ? s->queue.p + s->taken : "", k);
    s->taken += k;
    sim_add(&s->app, p, k);
    if (!k)
        s->app_end = s->end;
    enter(s);
    if (k) {
        a407_engine_delivered(s->driver.engine, p, k);
        a407_driver_see_words(&s->driver);
    } else {
        a407_engine_delivered_end(s->driver.engine);
    }
    leave(s);
    free(p);
}

static void read_on(struct sim *s)
{
    while (s->app_end == SIM_OPEN) {
        bool passes = over(s) || s->driver.given_back;
        if (!passes && !pump(s))
            return;
        if (!s->driver.error && !waiting(s) && s->end == SIM_OPEN)
            return;
        s->driver.error = 0;
        passes = over(s) || s->driver.given_back;
        deliver(s, passes ? SIZE_MAX : plan(s).n);
    }
}

void sim_read(struct sim *s)
{
    do {
        read_on(s);
    } while (s->accepted < s->written.n && write_on(s));
}

bool sim_expire(struct sim *s)
{
    int64_t until = plan(s).until_us;
    if (over(s))
        return false;
    if (until > s->mono_us) {
        s->wall_us += until - s->mono_us;
        s->mono_us = until;
    }
    enter(s);
    bool moved = a407_driver_expire(&s->driver);
    leave(s);
    return moved;
}

void sim_forget(struct sim *s)
{
    if (over(s))
        return;
    /* a repeat that is on its way goes out */
    if (is_in(s, "WAIT"))
        s->owes = false;
    enter(s);
    a407_engine_forget(s->driver.engine);
    leave(s);
    pump(s);
}

void sim_end(struct sim *s)
{
    enter(s);
    a407_engine_closed(s->driver.engine);
    leave(s);
}

void sim_close(struct sim *s)
{
    if (s->driver.engine) {
        s->asks_wait = false;
        sim_end(s);
        a407_driver_drop_errand(&s->driver);
        a407_errand_free(a407_shared_over(s->driver.shared));
        a407_driver_free(&s->driver);
    }
    drop(&s->queue);
    drop(&s->written);
    drop(&s->wire);
    drop(&s->arrived);
    drop(&s->app);
    s->driver.engine = NULL;
}

/* One past the line at p + at. */
static size_t line_end(const struct sim_bytes *b, size_t at)
{
    const char *lf = memchr(b->p + at, '\n', b->n - at);
    return lf ? (size_t)(lf - b->p) + 1 : b->n;
}

/* Without the lines that may differ. */
static struct sim_bytes plain(const struct sim_bytes *b)
{
    static const char name[] = "Proxy-Authorization:";
    struct sim_bytes out = {0};
    for (size_t at = 0, to; at < b->n; at = to) {
        to = line_end(b, at);
        if (to - at < sizeof name - 1 ||
            strncasecmp(b->p + at, name, sizeof name - 1) != 0)
            sim_add(&out, b->p + at, to - at);
    }
    return out;
}

static bool begins(const struct sim_bytes *whole, const struct sim_bytes *part)
{
    return part->n <= whole->n &&
           (!part->n || memcmp(whole->p, part->p, part->n) == 0);
}

const char *sim_conserved(const struct sim *s)
{
    if (over(s) && s->owes)
        return "an answer was taken, and then the engine let go";
    if (s->consumed || s->n_marks)
        return NULL;
    if (!begins(&s->arrived, &s->app))
        return "the program read something else than the proxy sent";
    struct sim_bytes out = plain(&s->wire), in = plain(&s->written);
    enum a407_write_mode mode = plan(s).write;
    bool holding = s->accepted < s->written.n || mode == A407_WRITE_HOLD ||
                   mode == A407_WRITE_WAIT;
    bool same = begins(&in, &out) && (holding || in.n == out.n);
    drop(&out);
    drop(&in);
    return same ? NULL : "the proxy got something else than was written";
}
