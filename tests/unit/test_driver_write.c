/* SPDX-License-Identifier: MIT */
/* Whatever goes wrong while a request is written in parts: what the program was
   told is sent goes out once, in its order, or the program is told that it has
   not. */
#include "driver_help.h"

#define ONE "POST http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n"
#define TWO "Content-Length: 8\r\n\r\n"
static const char *const parts[] = {ONE, TWO, "half", "rest"};
#define WHOLE ONE TWO "halfrest"
#define PARTS (sizeof parts / sizeof *parts)

/* What a kernel does to one write, or to what the next poll does for it. */
static const struct fault {
    const char *name;
    bool full;
    int fails;
    bool odd, unreadable, elsewhere, touched;
    enum a407_hold holds;
} faults[] = {
    {.name = "none"},
    {.name = "no room", .full = true},
    {.name = "hung up", .fails = EPIPE},
    {.name = "reset", .fails = ECONNRESET},
    {.name = "no route", .fails = EHOSTUNREACH},
    {.name = "an error queue", .odd = true},
    {.name = "unreadable", .unreadable = true},
    {.name = "an error queue, and no room", .odd = true, .full = true},
    {.name = "another peer", .elsewhere = true},
    {.name = "others write, too", .touched = true},
    {.name = "no fd to spare", .holds = A407_UNHELD},
    {.name = "another socket", .holds = A407_OTHERS},
};

static void set(struct sim *s, const struct fault *f)
{
    s->full = f->full;
    s->fails = f->fails;
    s->odd = f->odd;
    s->unreadable = f->unreadable;
    s->elsewhere = f->elsewhere;
    s->touched = f->touched;
    s->holds = f->holds;
}

/* What is left is made as the program's own call, unless the fault is in the
   number. */
static bool natively(struct scene *s, struct a407_write *w)
{
    struct a407_span rest = a407_write_rest(w);
    if (s->sim.fails || s->sim.holds == A407_OTHERS)
        return false;
    if (!s->sim.full) {
        sim_add(&s->sim.wire, rest.p, rest.n);
        a407_write_advance(w, rest.n);
    }
    return true;
}

/* One call of a program that does not block: how many bytes it is told are
   sent. *failed: an error, but EAGAIN. */
static size_t sends(struct scene *s, const char *z, bool *failed)
{
    struct iovec v = {(void *)(uintptr_t)z, strlen(z)};
    struct a407_write w = {.iov = &v, .n = 1};
    enum a407_driven is = writes_on(s, &w);
    if (is == A407_NEEDS_WORK || is == A407_NEEDS_ROOM ||
        is == A407_NEEDS_BYTES)
        a407_driver_leave(s->d, &w);
    *failed = is == A407_FAILED || is == A407_NOT_FOLLOWED ||
              (is == A407_PASS && !natively(s, &w));
    return w.done;
}

static void without_ours(struct sim_bytes *wire)
{
    char *ours = memmem(wire->p, wire->n, HEADER, strlen(HEADER));
    if (!ours)
        return;
    char *behind = ours + strlen(HEADER);
    memmove(ours, behind, wire->n - (size_t)(behind - wire->p));
    wire->n -= strlen(HEADER);
}

static void all_is_told(const struct fault *f, size_t at, size_t steps)
{
    struct scene s;
    struct sim_bytes told = {0};
    bool failed = false;
    log_in(&s);
    s.sim.send_step = steps;
    for (size_t i = 0; i < PARTS && !failed; i++) {
        set(&s.sim, i == at ? f : faults);
        const char *rest = parts[i];
        for (int tries = 0; tries < 3 && *rest && !failed; tries++) {
            size_t k = sends(&s, rest, &failed);
            sim_add(&told, rest, k);
            rest += k;
            if (tries) /* it has seen that there is no room, and waits */
                set(&s.sim, faults);
            pumps(&s);
        }
        failed = failed || s.d->failed;
        assert_true(failed || !*rest);
    }
    set(&s.sim, faults);
    pumps(&s);
    without_ours(&s.sim.wire);
    if (failed && !(f->fails || f->elsewhere || f->holds == A407_OTHERS))
        fail_msg("%s at part %zu, in steps of %zu: failed", f->name, at, steps);
    if (s.sim.wire.n != told.n && !failed)
        fail_msg("%s at part %zu, in steps of %zu: %zu bytes of %zu are out",
                 f->name, at, steps, s.sim.wire.n, told.n);
    if (s.sim.wire.n > strlen(WHOLE) ||
        memcmp(s.sim.wire.p, WHOLE, s.sim.wire.n) != 0)
        fail_msg("%s at part %zu, in steps of %zu: not in order", f->name, at,
                 steps);
    free(told.p);
    end(&s);
}

TEST(told_and_sent)
{
    static const size_t steps[] = {65536, 10, 1};
    for (size_t f = 0; f < sizeof faults / sizeof *faults; f++)
        for (size_t at = 0; at < PARTS; at++)
            for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
                all_is_told(&faults[f], at, steps[i]);
}

/* A part goes out without the rest, at once or when there is room: what the
   request lacks then it gets after a 407, as ever. */
TEST(let_out)
{
    for (int full = 0; full < 2; full++) {
        struct scene s;
        size_t done;
        log_in(&s);
        assert_int_equal(writes(&s, REQUEST, &done), A407_DRIVEN);
        assert_true(a407_driver_need(s.d).pending);
        s.sim.full = full;
        a407_driver_let_out(s.d);
        assert_int_equal(s.d->unsent, full);
        assert_int_equal(a407_driver_need(s.d).work, full);
        s.sim.full = false;
        pumps(&s);
        wire_is(&s, REQUEST);
        a407_driver_let_out(s.d);
        assert_false(s.d->unsent);
        assert_int_equal(writes(&s, END, &done), A407_DRIVEN);
        arrives(&s, REFUSAL(""));
        pumps(&s);
        wire_is(&s, REQUEST END REQUEST HEADER END);
        end(&s);
    }
}

#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define EXPECTS  ONE "Expect: 100-continue\r\n" TWO "half"

/* The program does not read the interim answer, whose end was seen before the
   407 behind it came; then the socket is full, or the proxy has hung up, or the
   program sleeps for room. */
TEST(behind_unread)
{
    for (int way = 0; way < 3; way++) {
        struct scene s;
        size_t done;
        begin(&s);
        assert_int_equal(writes(&s, EXPECTS, &done), A407_DRIVEN);
        arrives(&s, CONTINUE);
        assert_int_equal(pumps(&s), A407_DRIVEN);
        struct a407_need need = a407_driver_need(s.d);
        assert_true(need.work && !need.muted);
        assert_in_range(need.until, s.d->now_ms + 1, s.d->now_ms + 100);
        s.d->wrote_ms = s.d->now_ms;
        s.sim.full = true;
        assert_int_equal(writes(&s, "rest", &done), A407_NEEDS_ROOM);
        arrives(&s, REFUSAL("Connection: close\r\n"));
        s.sim.full = way == 0;
        s.sim.fails = way == 1 ? EPIPE : 0;
        s.sim.renewals = A407_RENEWAL_PENDING;
        if (way < 2)
            assert_int_equal(writes(&s, "rest", &done), A407_NEEDS_WORK);
        else
            assert_int_equal(pumps(&s), A407_NEEDS_WORK);
        s.sim.full = false;
        s.sim.fails = 0;
        s.sim.renewals = A407_RENEWED;
        assert_int_equal(writes(&s, "rest", &done), A407_DRIVEN);
        without_ours(&s.sim.wire);
        wire_is(&s, EXPECTS EXPECTS "rest");
        end(&s);
    }
}
