/* SPDX-License-Identifier: MIT */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/http/http.h"

/* Larger than any honest chain of wants; a state that never ends is a bug. */
#define TURNS_MAX 4000000

/* Copies up to this size are exact, so that over-reads are seen. */
#define EXACT_MAX 4096

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

static void enter(struct sim *s)
{
    sim_in_engine = true;
    a407_engine_time(s->engine, s->wall_us, s->mono_us);
}

/* Leaves the engine, and takes out what it has to say. */
static void leave(struct sim *s)
{
    sim_in_engine = false;
    struct a407_event *ev;
    struct a407_verdict v;
    while ((ev = a407_engine_event(s->engine)))
        s->event(s->ctx, s, ev);
    while (a407_engine_verdict(s->engine, &v)) {
        s->verdict(s->ctx, s, &v);
        a407_credentials_free(v.cred);
    }
}

bool sim_open(struct sim *s, struct a407_proxy *proxy,
              struct a407_history *history)
{
    sim_in_engine = true;
    s->engine = a407_engine_new(proxy, history, "192.0.2.1:3128");
    sim_in_engine = false;
    return s->engine;
}

/* Bytes for the engine in memory of exactly their size; free them. */
static char *exact(const char *p, size_t n)
{
    char *q = malloc(n ? n : 1);
    if (!q)
        abort();
    if (n)
        memcpy(q, p, n);
    return q;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t waiting(const struct sim *s)
{
    return s->queue.n - s->taken;
}

static const char *head_of_queue(const struct sim *s)
{
    return s->queue.p ? s->queue.p + s->taken : "";
}

static struct a407_plan plan(const struct sim *s)
{
    return a407_engine_plan(s->engine);
}

static void send_out(struct sim *s)
{
    if (strcmp(a407_engine_state_name(s->engine), "WAIT") == 0)
        s->owes = false;
    for (;;) {
        struct a407_span out = a407_engine_output(s->engine);
        if (!out.n)
            return;
        size_t k = least(out.n, s->send_step);
        sim_add(&s->wire, out.p, k);
        enter(s);
        a407_engine_sent(s->engine, k);
        leave(s);
    }
}

/* False: there are too few bytes to look at. */
static bool peek(struct sim *s, size_t need)
{
    size_t k = least(waiting(s), A407_HEAD_MAX + 1);
    if (k < need && s->end == SIM_OPEN)
        return false;
    char *copy = k <= EXACT_MAX ? exact(head_of_queue(s), k) : NULL;
    enter(s);
    a407_engine_peeked(s->engine, copy ? copy : head_of_queue(s), k, k < need);
    leave(s);
    free(copy);
    return true;
}

static bool consume(struct sim *s, size_t n)
{
    size_t k = least(waiting(s), least(n, s->read_step));
    if (!k && s->end == SIM_OPEN)
        return false;
    char *p = exact(head_of_queue(s), k);
    s->taken += k;
    s->consumed = true;
    /* a 1xx that answers one of our own legs is owed to nobody */
    s->owes = strcmp(a407_engine_state_name(s->engine), "INTERIM") != 0;
    enter(s);
    a407_engine_consumed(s->engine, p, k, !k);
    leave(s);
    free(p);
    return true;
}

static void reconnect(struct sim *s)
{
    bool ok = s->reconnect(s->ctx, s);
    s->taken = s->queue.n = 0;
    s->end = SIM_OPEN;
    s->owes = false;
    if (s->n_marks < SIM_MARKS)
        s->mark[s->n_marks++] = s->wire.n;
    enter(s);
    a407_engine_reconnected(s->engine, ok);
    leave(s);
}

static void give_back(struct sim *s)
{
    struct a407_span kept = a407_engine_kept(s->engine);
    s->taken = s->queue.n = 0;
    sim_add(&s->queue, kept.p, kept.n);
    s->end = SIM_FIN;
    s->gave_back = true;
    s->owes = false;
    enter(s);
    a407_engine_closed(s->engine);
    leave(s);
}

static void answer_asks(struct sim *s)
{
    while (!s->asks_wait && plan(s).kind == A407_WANT_ASK) {
        struct a407_ask ask;
        struct a407_told told = {.cause = A407_CAUSE_PROTOCOL};
        sim_in_engine = true;
        bool copied = a407_engine_ask(s->engine, &ask);
        sim_in_engine = false;
        if (copied)
            s->ask(s->ctx, s, &ask, &told);
        enter(s);
        a407_engine_told(s->engine, &told);
        leave(s);
        a407_ask_clear(&ask);
    }
}

/* Does what the engine wants. False: more bytes must arrive first. */
static bool pump(struct sim *s)
{
    for (unsigned turns = 0; turns < TURNS_MAX; turns++) {
        struct a407_plan p = plan(s);
        bool moved = true;
        switch (p.kind) {
        case A407_WANT_SEND:
            send_out(s);
            break;
        case A407_WANT_PEEK:
            moved = peek(s, p.n);
            break;
        case A407_WANT_CONSUME:
            moved = consume(s, p.n);
            break;
        case A407_WANT_RECONNECT:
            reconnect(s);
            break;
        case A407_WANT_GIVE_BACK:
            give_back(s);
            break;
        case A407_WANT_ASK:
            answer_asks(s);
            moved = !s->asks_wait;
            break;
        case A407_WANT_FORGET:
            s->gone = true;
            return true;
        case A407_WANT_DELIVER:
            return true;
        }
        if (!moved)
            return false;
    }
    s->stuck++;
    return false;
}

/* What the driver does for a writer. */
static void look_behind(struct sim *s)
{
    if (!plan(s).behind)
        return;
    char *copy = exact(head_of_queue(s), waiting(s));
    sim_in_engine = true;
    bool found = a407_engine_behind(s->engine, copy, waiting(s));
    sim_in_engine = false;
    free(copy);
    if (found)
        pump(s);
}

static size_t held(struct sim *s, const char *p, size_t n)
{
    char *q = exact(p, n);
    enter(s);
    size_t k = a407_engine_hold(s->engine, q, n);
    leave(s);
    free(q);
    answer_asks(s);
    send_out(s);
    return k;
}

static size_t passed(struct sim *s, const char *p, size_t n)
{
    if (plan(s).watch) {
        pump(s);
        look_behind(s);
        if (s->gone || plan(s).write != A407_WRITE_PASS)
            return 0;
    }
    size_t k = least(n, s->send_step);
    char *q = exact(p, k);
    sim_add(&s->wire, p, k);
    enter(s);
    a407_engine_wrote(s->engine, q, k);
    leave(s);
    free(q);
    return k;
}

/* What the program writes now has to wait. */
static bool waits(struct sim *s)
{
    if (s->gone || s->gave_back)
        return false;
    struct a407_plan p = plan(s);
    /* what goes out in a handshake is no request of the program's */
    s->consumed = s->consumed || p.leg;
    return p.write == A407_WRITE_WAIT;
}

static size_t write_some(struct sim *s, const char *p, size_t n)
{
    if (waits(s))
        pump(s);
    if (s->gave_back)
        return n; /* nobody is there any more */
    switch (s->gone ? A407_WRITE_FORGET : plan(s).write) {
    case A407_WRITE_WAIT:
        return 0;
    case A407_WRITE_HOLD:
        return held(s, p, n);
    case A407_WRITE_PASS:
        return passed(s, p, n);
    case A407_WRITE_FORGET:
        break;
    }
    sim_add(&s->wire, p, n);
    return n;
}

/* Returns whether some of it went. */
static bool write_on(struct sim *s)
{
    size_t before = s->accepted;
    for (unsigned idle = 0; s->accepted < s->written.n && idle < 8; idle++) {
        size_t k = write_some(s, s->written.p + s->accepted,
                              s->written.n - s->accepted);
        s->accepted += k;
        if (k)
            idle = 0;
        else if (waits(s))
            return s->accepted != before;
    }
    waits(s);
    if (s->accepted < s->written.n)
        s->stuck++;
    return s->accepted != before;
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
    char *p = exact(head_of_queue(s), k);
    s->taken += k;
    sim_add(&s->app, p, k);
    if (!k)
        s->app_end = s->end;
    if (!s->gone) {
        enter(s);
        if (k)
            a407_engine_delivered(s->engine, p, k);
        else
            a407_engine_delivered_end(s->engine);
        leave(s);
    }
    free(p);
}

static void read_on(struct sim *s)
{
    for (;;) {
        if (s->app_end != SIM_OPEN || (!s->gone && !pump(s)))
            return;
        if (!waiting(s) && s->end == SIM_OPEN)
            return;
        deliver(s, s->gone ? SIZE_MAX : plan(s).n);
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
    if (s->gone)
        return false;
    enter(s);
    struct a407_plan plan = a407_engine_plan(s->engine);
    if (plan.until_us > s->mono_us) {
        s->wall_us += plan.until_us - s->mono_us;
        s->mono_us = plan.until_us;
    }
    enter(s);
    bool moved = a407_engine_expired(s->engine);
    leave(s);
    return moved;
}

void sim_forget(struct sim *s)
{
    if (s->gone)
        return;
    /* a repeat that is on its way goes out */
    if (strcmp(a407_engine_state_name(s->engine), "WAIT") == 0)
        s->owes = false;
    enter(s);
    a407_engine_forget(s->engine);
    leave(s);
    send_out(s);
}

void sim_close(struct sim *s)
{
    if (s->engine) {
        enter(s);
        a407_engine_closed(s->engine);
        leave(s);
        a407_engine_free(s->engine);
    }
    drop(&s->queue);
    drop(&s->written);
    drop(&s->wire);
    drop(&s->arrived);
    drop(&s->app);
    s->engine = NULL;
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
    if (s->gone && s->owes)
        return "an answer was taken, and then the engine let go";
    if (s->consumed || s->n_marks)
        return NULL;
    if (!begins(&s->arrived, &s->app))
        return "the program read something else than the proxy sent";
    struct sim_bytes out = plain(&s->wire), in = plain(&s->written);
    enum a407_write_mode mode = s->gone ? A407_WRITE_FORGET : plan(s).write;
    bool holding = s->accepted < s->written.n || mode == A407_WRITE_HOLD ||
                   mode == A407_WRITE_WAIT;
    bool same = begins(&in, &out) && (holding || in.n == out.n);
    drop(&out);
    drop(&in);
    return same ? NULL : "the proxy got something else than was written";
}
