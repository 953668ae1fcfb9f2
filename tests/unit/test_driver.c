/* SPDX-License-Identifier: MIT */
/* A driver over a connection that is full, broken, renewed slowly, or another's
   by now. What it does on one that is none of that, the transcripts say. */
#include "driver_help.h"

/* What is held back counts as written, and goes out when there is room. */
TEST(held_while_full)
{
    struct scene s;
    size_t done;
    log_in(&s);
    assert_int_equal(writes(&s, REQUEST, &done), A407_DRIVEN);
    s.sim.full = true;
    assert_int_equal(writes(&s, END, &done), A407_NEEDS_ROOM);
    assert_int_equal(done, 0);
    s.sim.full = false;
    s.sim.send_step = 10;
    assert_int_equal(writes(&s, END, &done), A407_DRIVEN);
    assert_int_equal(done, 2);
    wire_is(&s, REQUEST HEADER END);
    assert_false(s.d->unsent);
    end(&s);
}

/* Part of it is out, and then the kernel takes no more. */
static void held_and_stuck(struct scene *s)
{
    size_t done;
    log_in(s);
    s->sim.wire.n = 0;
    assert_int_equal(writes(s, REQUEST, &done), A407_DRIVEN);
    struct iovec v = {(char[]){'\r', '\n'}, 2};
    struct a407_write w = {.iov = &v, .n = 1};
    /* room there was, but not for all */
    s->sim.full = true;
    a407_engine_hold(s->d->engine, v.iov_base, v.iov_len);
    w.held = true;
    w.i = 1;
    w.done = 2;
    now_is(s, 0);
    assert_int_equal(a407_driver_write(s->d, &w), A407_NEEDS_WORK);
    assert_int_equal(w.done, 2);
    assert_false(s->d->unsent); /* the call may wait for it */
    a407_driver_leave(s->d, &w);
    assert_true(s->d->unsent);
    struct a407_need need = a407_driver_need(s->d);
    assert_true(need.work && need.pending);
    assert_int_equal(need.fd, A407_OWN_FD);
    assert_int_equal(need.events, POLLOUT);
    assert_true(need.muted & POLLIN && need.muted & POLLOUT);
}

TEST(stuck_then_room)
{
    struct scene s;
    held_and_stuck(&s);
    s.sim.full = false;
    pumps(&s);
    assert_false(s.d->unsent);
    wire_is(&s, REQUEST HEADER END);
    end(&s);
}

/* Nothing may follow a request that is out in part: the connection is shut. */
TEST(stuck_for_ever)
{
    struct scene s;
    held_and_stuck(&s);
    int64_t until = a407_driver_need(s.d).until;
    now_is(&s, until * 1000 - START_US - 2000);
    assert_false(a407_driver_expire(s.d));
    now_is(&s, until * 1000 - START_US);
    assert_true(a407_driver_expire(s.d));
    assert_int_equal(s.d->failed, ETIMEDOUT);
    assert_true(s.sim.shut);
    assert_true(a407_driver_is_over(s.d));
    end(&s);
}

TEST(stuck_then_broken)
{
    struct scene s;
    size_t done;
    held_and_stuck(&s);
    s.sim.fails = EPIPE;
    assert_int_equal(writes(&s, "x", &done), A407_FAILED);
    assert_int_equal(done, 0);
    assert_int_equal(s.d->failed, EPIPE);
    assert_false(s.sim.shut);
    end(&s);
}

/* Nothing is done to what is another's; nor are the program's bytes written
   there. */
TEST(anothers)
{
    struct scene s;
    size_t done;
    log_in(&s);
    s.sim.holds = A407_OTHERS;
    assert_int_equal(writes(&s, REQUEST, &done), A407_NOT_FOLLOWED);
    assert_int_equal(done, 0);
    assert_int_equal(pumps(&s), A407_NOT_FOLLOWED);
    wire_is(&s, "");
    s.sim.holds = A407_HELD;
    end(&s);
}

/* ... not even what was held back before. */
TEST(anothers_after_hold)
{
    struct scene s;
    held_and_stuck(&s);
    s.sim.full = false;
    s.sim.holds = A407_OTHERS;
    assert_int_equal(pumps(&s), A407_NOT_FOLLOWED);
    wire_is(&s, "");
    s.sim.holds = A407_HELD;
    end(&s);
}

/* What the program wrote itself goes out as it wrote it where nobody can act
   for it any more; nothing of ours. */
TEST(unheld)
{
    struct scene s;
    size_t done;
    log_in(&s);
    assert_int_equal(writes(&s, REQUEST, &done), A407_DRIVEN);
    s.sim.holds = A407_UNHELD;
    assert_int_equal(writes(&s, END, &done), A407_PASS);
    wire_is(&s, REQUEST);
    end(&s);
}

/* A secret does not follow a socket that leads to somebody else. */
TEST(elsewhere)
{
    struct scene s;
    size_t done;
    log_in(&s);
    s.sim.elsewhere = true;
    writes(&s, REQUEST END, &done);
    assert_null(memmem(s.sim.wire.p, s.sim.wire.n, HEADER, strlen(HEADER) - 2));
    end(&s);
    held_and_stuck(&s);
    s.sim.full = false;
    s.sim.elsewhere = true;
    pumps(&s);
    assert_int_equal(s.d->failed, ECONNRESET);
    wire_is(&s, "");
    end(&s);
}

/* A 407 on a connection that others have used may be an origin's. */
TEST(touched)
{
    struct scene s;
    begin(&s);
    sim_write(&s.sim, REQUEST END, strlen(REQUEST END));
    s.sim.touched = true;
    arrives(&s, REFUSAL(""));
    sim_read(&s.sim);
    wire_is(&s, REQUEST END);
    assert_int_equal(s.sim.app.n, strlen(REFUSAL("")));
    end(&s);
}

/* The new connection takes its time, and comes, or does not. */
static void renewed(bool comes)
{
    struct scene s;
    begin(&s);
    sim_write(&s.sim, REQUEST END, strlen(REQUEST END));
    s.sim.renewals = A407_RENEWAL_PENDING;
    arrives(&s, REFUSAL("Connection: close\r\n"));
    assert_int_equal(pumps(&s), A407_NEEDS_WORK);
    struct a407_need need = a407_driver_need(s.d);
    assert_int_equal(need.fd, A407_OWN_FD);
    assert_int_equal(need.events, POLLOUT);
    assert_true(need.muted & POLLHUP && need.muted & POLLOUT);
    assert_true(need.until > s.d->now_ms);
    s.d->renewal_busy = true; /* another thread is in connect() */
    need = a407_driver_need(s.d);
    assert_int_equal(need.fd, -1);
    assert_in_range(need.until, s.d->now_ms + 1, s.d->now_ms + 50);
    s.d->renewal_busy = false;
    s.sim.renewals = A407_RENEWED;
    s.refuse = !comes;
    sim_read(&s.sim);
    assert_int_equal(s.d->renewal_fd, -1);
    wire_is(&s, comes ? REQUEST END REQUEST HEADER END : REQUEST END);
    assert_int_equal(s.sim.app.n,
                     comes ? 0 : strlen(REFUSAL("Connection: close\r\n")));
    assert_int_equal(s.d->given_back, !comes);
    end(&s);
}

/* ... and the number is another socket's by then: nothing is put there. */
TEST(anothers_after_renewal)
{
    struct scene s;
    begin(&s);
    sim_write(&s.sim, REQUEST END, strlen(REQUEST END));
    s.refuse = s.swap = true;
    arrives(&s, REFUSAL("Connection: close\r\n"));
    assert_int_equal(pumps(&s), A407_NOT_FOLLOWED);
    assert_false(s.d->given_back);
    s.sim.holds = A407_HELD;
    end(&s);
}

TEST(renewals)
{
    renewed(true);
    renewed(false);
}

/* Longer than the plan allows: the program gets the 407. */
TEST(renewal_expires)
{
    struct scene s;
    begin(&s);
    sim_write(&s.sim, REQUEST END, strlen(REQUEST END));
    s.sim.renewals = A407_RENEWAL_PENDING;
    arrives(&s, REFUSAL("Connection: close\r\n"));
    assert_int_equal(pumps(&s), A407_NEEDS_WORK);
    now_is(&s, a407_driver_need(s.d).until * 1000 - START_US);
    sim_read(&s.sim);
    assert_true(s.d->given_back);
    assert_int_equal(s.d->renewal_fd, -1);
    end(&s);
}

/* The proxy hangs up behind its 407, in the middle of a body. */
TEST(hangs_up)
{
    struct scene s;
    size_t done;
    begin(&s);
    assert_int_equal(writes(&s, POST, &done), A407_DRIVEN);
    arrives(&s, REFUSAL("Connection: close\r\n"));
    s.sim.fails = EPIPE;
    s.sim.renewals = A407_RENEWAL_PENDING;
    s.d->wrote_ms = s.d->now_ms; /* no pause: only EPIPE makes it look */
    assert_int_equal(writes(&s, "rest", &done), A407_NEEDS_WORK);
    s.sim.fails = 0;
    s.sim.renewals = A407_RENEWED;
    assert_int_equal(writes(&s, "rest", &done), A407_DRIVEN);
    assert_int_equal(done, 4);
    assert_non_null(memmem(s.sim.wire.p, s.sim.wire.n, HEADER, strlen(HEADER)));
    assert_memory_equal(s.sim.wire.p + s.sim.wire.n - 8, "halfrest", 8);
    end(&s);
}

/* ... and has answered the repeat, or begun to, when that is looked for: the
   rest goes there all the same. */
TEST(hangs_up_and_answers)
{
    static const char *const answers[] = {
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: "
        "Digest realm=\"corp\", nonce=\"n\"\r\nContent-Length: 5\r\n\r\nso"};
    for (size_t i = 0; i < 2; i++) {
        struct scene s;
        size_t done;
        begin(&s);
        assert_int_equal(writes(&s, POST, &done), A407_DRIVEN);
        arrives(&s, REFUSAL("Connection: close\r\n"));
        s.answer = answers[i];
        s.sim.asks_at_once = true;
        s.sim.fails = EPIPE;
        s.d->wrote_ms = s.d->now_ms;
        assert_int_equal(writes(&s, "rest", &done), A407_DRIVEN);
        assert_int_equal(done, 4);
        assert_memory_equal(s.sim.wire.p + s.sim.wire.n - 8, "halfrest", 8);
        end(&s);
    }
}

/* ... or without one: then it is the program's to hear of. */
TEST(hangs_up_silently)
{
    struct scene s;
    size_t done;
    begin(&s);
    assert_int_equal(writes(&s, POST, &done), A407_DRIVEN);
    s.sim.fails = ECONNRESET;
    s.d->wrote_ms = s.d->now_ms;
    assert_int_equal(writes(&s, "rest", &done), A407_FAILED);
    assert_int_equal(errno, ECONNRESET);
    assert_int_equal(done, 0);
    end(&s);
}

/* A mark is looked for outside: who comes by meanwhile does not do it again. */
TEST(errand)
{
    struct scene s;
    begin(&s);
    sim_write(&s.sim, REQUEST END, strlen(REQUEST END));
    arrives(&s, REFUSAL(""));
    s.sim.asks_wait = true;
    assert_int_equal(pumps(&s), A407_NEEDS_WORK);
    assert_int_equal(pumps(&s), A407_NEEDS_WORK);
    assert_int_equal(s.sim.n_jobs, 1);
    struct a407_need need = a407_driver_need(s.d);
    assert_true(need.work && need.muted & POLLIN);
    assert_in_range(need.until, s.d->now_ms + 1, s.d->now_ms + 50);
    s.sim.asks_wait = false;
    sim_read(&s.sim);
    assert_int_equal(s.asked, 1);
    wire_is(&s, REQUEST END REQUEST HEADER END);
    end(&s);
}

/* Who began with it never comes back in time: what they bring is not used. */
TEST(errand_expires)
{
    struct scene s;
    begin(&s);
    sim_write(&s.sim, REQUEST END, strlen(REQUEST END));
    arrives(&s, REFUSAL(""));
    s.sim.asks_wait = true;
    assert_int_equal(pumps(&s), A407_NEEDS_WORK);
    assert_true(sim_expire(&s.sim));
    s.sim.asks_wait = false;
    sim_read(&s.sim);
    assert_int_equal(s.asked, 0);
    assert_null(s.d->errand);
    end(&s);
}

/* A 407 for which a secret is asked, that of the first helper. */
static void asks(struct scene *s, struct sim *sim)
{
    sim->asks_wait = true;
    sim_write(sim, REQUEST END, strlen(REQUEST END));
    sim_arrive(sim, REFUSAL(""), strlen(REFUSAL("")));
    sim_read(sim);
    assert_int_equal(a407_engine_plan(sim->driver.engine).kind, A407_WANT_ASK);
    assert_true(sim->driver.joined);
    assert_non_null(s->shared.errand);
}

#define HELPER(command) "[proxy.test:3128]\nhelper = " command "\n"

/* Several connections need one secret: the scene's own at once, and each of
   these somewhat later. */
static void begin_asking(struct scene *s, struct sim *others, size_t n,
                         const char *file)
{
    struct a407_config *config = good(ENV("AUTH407_PROXY", "proxy.test:3128"));
    add_file(config, file);
    begin_with(s, config);
    for (size_t i = 0; i < n; i++) {
        others[i] = s->sim;
        others[i].mono_us += (int64_t)i * 10000;
        assert_true(sim_open(&others[i], &s->proxy, &s->history, &s->shared));
    }
    asks(s, &s->sim);
    for (size_t i = 0; i < n; i++)
        asks(s, &others[i]);
    assert_int_equal(s->sim.n_jobs, 1);
}

/* Who began with it for two never comes back in time, and one of them asks for
   something else: the other does not wait for that. */
TEST(shared_errand_expires)
{
    struct scene s;
    struct sim other;
    begin_asking(&s, &other, 1, HELPER("one") HELPER("two"));
    assert_true(sim_expire(&s.sim));
    assert_true(s.shared.told);
    sim_read(&s.sim);
    assert_int_equal(s.sim.n_jobs, 2);
    assert_int_equal(s.shared.errand->ask.cred_index, 1);
    sim_read(&other);
    assert_int_equal(other.n_jobs, 1);
    assert_false(other.driver.joined);
    sim_close(&other);
    end(&s);
}

/* It is begun with anew: one whose own time is over gives that up for itself
   alone. */
TEST(shared_errand_is_new)
{
    struct scene s;
    struct sim other[2];
    begin_asking(&s, other, 2, HELPER("one"));
    assert_true(sim_expire(&s.sim));
    other[0].mono_us = other[1].mono_us = s.sim.mono_us;
    sim_read(&other[1]);
    assert_int_equal(other[1].n_jobs, 1);
    sim_read(&other[0]);
    assert_int_equal(other[0].n_jobs, 0);
    assert_int_equal(other[0].app.n, strlen(REFUSAL("")));
    assert_non_null(s.shared.errand);
    assert_true(other[1].driver.joined);
    sim_close(&other[0]);
    sim_close(&other[1]);
    end(&s);
}

#define NEGOTIATE                                                              \
    "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\n"                     \
    "Content-Length: 0\r\n\r\n"

/* Each needs a process of its own: they are not started in one go. */
TEST(starts_are_paced)
{
    struct scene s[2];
    begin_with(&s[0], good(ENV("AUTH407_PROXY", "proxy.test:3128")));
    begin_with(&s[1], good(ENV("AUTH407_PROXY", "proxy.test:3128")));
    s[1].d->shared = &s[0].shared;
    for (int i = 0; i < 2; i++) {
        sim_write(&s[i].sim, REQUEST END, strlen(REQUEST END));
        arrives(&s[i], NEGOTIATE);
        assert_int_equal(a407_driver_pump(s[i].d, A407_PUMP_ALL),
                         A407_NEEDS_WORK);
    }
    assert_non_null(s[0].d->errand);
    assert_null(s[1].d->errand);
    assert_int_equal(a407_driver_need(s[1].d).until, START_US / 1000 + 2);
    now_is(&s[1], 2000);
    a407_driver_pump(s[1].d, A407_PUMP_ALL);
    assert_non_null(s[1].d->errand);
    end(&s[1]);
    end(&s[0]);
}

/* Nothing of a connection that the program has shut is repeated. */
TEST(shut_by_program)
{
    struct scene s;
    begin(&s);
    sim_write(&s.sim, REQUEST END, strlen(REQUEST END));
    arrives(&s, REFUSAL(""));
    s.d->shut_read = true;
    assert_int_equal(pumps(&s), A407_DRIVEN);
    assert_true(a407_driver_is_over(s.d));
    assert_false(a407_driver_need(s.d).pending);
    wire_is(&s, REQUEST END);
    end(&s);
}
