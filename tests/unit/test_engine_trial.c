/* SPDX-License-Identifier: MIT */
/* A secret that other processes may be trying: what comes of the question. */
#include "engine_help.h"
#include "unit.h"

/* Up to the question for a mark. */
static void asks(struct scene *s)
{
    wrote(s, HEAD);
    peeked(s, BASIC);
    is_in(s, "ASK");
    assert_int_equal(s->e->ask, A407_ASK_MARK);
}

static void told(struct scene *s, struct a407_told t)
{
    a407_engine_told(s->e, &t);
    peeked(s, BASIC);
}

static void lets_in(struct scene *s)
{
    consumed(s, BASIC);
    sent(s);
    peeked(s, OK_200);
    a407_engine_delivered(s->e, OK_200, strlen(OK_200));
    is_in(s, "IDLE");
}

static bool asks_alone(const struct scene *s)
{
    struct a407_ask ask;
    assert_true(a407_engine_ask(s->e, &ask));
    bool alone = ask.alone;
    a407_ask_clear(&ask);
    return alone;
}

static void next_connection(struct scene *s)
{
    a407_engine_free(s->e);
    s->e = a407_engine_new(&s->proxy, &s->history, "192.0.2.1:3128");
    assert_non_null(s->e);
}

/* The program may read the answer to the trial only behind its next request:
   each connection would wait for as long. */
TEST(waited_in_vain)
{
    struct scene s;
    begin(&s, "basic");
    asks(&s);
    assert_false(asks_alone(&s));
    told(&s, (struct a407_told){.late = true});
    assert_int_equal(s.e->exchange.trying, 0); /* that trial is another's */
    next_connection(&s);
    asks(&s);
    assert_true(asks_alone(&s));
    end(&s);
}

static void recalled(struct scene *s)
{
    begin(s, "basic");
    a407_proxy_recall(&s->proxy, 0,
                      a407_span_str("ways 1 keeps\nworked basic Basic\n"), 1);
    a407_proxy_forget(&s->proxy);          /* up to a 407 */
    s->proxy.standing[0].recalled = false; /* as if it stood outside */
}

/* What is remembered is of the secret before this one. */
TEST(another_secret)
{
    struct scene s;
    recalled(&s);
    asks(&s);
    told(&s, (struct a407_told){0});
    lets_in(&s);
    assert_true(a407_proxy_has_news(&s.proxy));
    end(&s);
}

TEST(the_same_secret)
{
    struct scene s;
    recalled(&s);
    asks(&s);
    told(&s, (struct a407_told){.known = true});
    lets_in(&s);
    assert_false(a407_proxy_has_news(&s.proxy));
    end(&s);
}

/* Is our header in the next request, on this connection or another? */
static bool sends_header(struct scene *s, bool marked)
{
    a407_engine_hold(s->e, HEAD, strlen(HEAD));
    if (a407_engine_plan(s->e).kind == A407_WANT_ASK) {
        assert_int_equal(s->e->ask, A407_ASK_MARK);
        assert_true(asks_alone(s));
        a407_engine_told(s->e, &(struct a407_told){.ok = marked});
    }
    struct a407_span out = a407_engine_output(s->e);
    bool ours = out.n > strlen(HEAD);
    sent(s);
    return ours;
}

/* What has worked may be refused to another process: once a second is looked
   whether it was. */
TEST(refused_to_another)
{
    struct scene s;
    begin(&s, "basic");
    asks(&s);
    told(&s, (struct a407_told){0});
    lets_in(&s);
    free(a407_engine_event(s.e));
    assert_true(sends_header(&s, true)); /* just now it was right */
    peeked(&s, OK_200);
    a407_engine_delivered(s.e, OK_200, strlen(OK_200));
    a407_engine_time(s.e, 0, 1000000);
    assert_true(sends_header(&s, false));
    assert_int_equal(s.e->exchange.trying, 0);
    peeked(&s, OK_200);
    a407_engine_delivered(s.e, OK_200, strlen(OK_200));
    a407_engine_time(s.e, 0, 2000000);
    assert_false(sends_header(&s, true));
    peeked(&s, BASIC);
    is_in(&s, "DELIVER");
    struct a407_event *ev = a407_engine_event(s.e);
    assert_non_null(ev);
    assert_int_equal(ev->cause, A407_CAUSE_LOCKED_OUT);
    assert_int_equal(ev->n_attempts, 0);
    free(ev);
    end(&s);
}

/* In a fork's child the trial is the parent's. */
TEST(forked)
{
    struct scene s;
    struct a407_verdict v;
    begin(&s, "basic");
    asks(&s);
    told(&s, (struct a407_told){0});
    assert_int_equal(s.e->exchange.trying, 1);
    a407_engine_forked(s.e);
    a407_engine_closed(s.e);
    assert_false(a407_engine_verdict(s.e, &v));
    end(&s);
}
