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
    told(&s, (struct a407_told){.trial = true});
    assert_int_equal(s.e->exchange.trying, 1);
    a407_engine_forked(s.e);
    a407_engine_closed(s.e);
    assert_false(a407_engine_verdict(s.e, &v));
    end(&s);
}

/* It was begun, and has to end, although another connection was let in by the
   same secret meanwhile. */
TEST(proved_meanwhile)
{
    struct scene s;
    struct a407_verdict v;
    struct a407_told t = {.trial = true};
    begin(&s, "basic");
    asks(&s);
    s.proxy.standing[0].worked = true;
    a407_engine_told(s.e, &t);
    assert_false(t.trial);
    a407_engine_closed(s.e);
    assert_true(a407_engine_verdict(s.e, &v));
    assert_true(v.tried);
    assert_false(v.judged);
    a407_credentials_free(v.cred);
    end(&s);
}

/* ---- another connection finds a new secret meanwhile ---- */

/* Two connections to one proxy; the credential may change. */
static struct a407_engine *begin_two(struct scene *s)
{
    begin(s, "basic");
    ((struct a407_credential *)s->proxy.creds[0])->from = A407_FROM_FILE;
    struct a407_engine *other =
        a407_engine_new(&s->proxy, &s->history, "192.0.2.1:3128");
    assert_non_null(other);
    return other;
}

static void with_other(struct scene *s, struct a407_engine **other)
{
    struct a407_engine *e = s->e;
    s->e = *other;
    *other = e;
}

/* The source is read, and has a new secret. */
static void told_new_secret(struct scene *s)
{
    struct a407_told t = {.ok = true,
                          .secret = a407_credential_copy(s->proxy.creds[0])};
    is_in(s, "ASK");
    assert_int_equal(s->e->ask, A407_ASK_SECRET);
    assert_non_null(t.secret);
    a407_free_secret(t.secret->password);
    t.secret->password = a407_strdup_span(a407_span_str("new"));
    a407_engine_told(s->e, &t);
    a407_told_clear(&t);
    peeked(s, BASIC);
}

static void is_asked_about_the_new_one(struct scene *s)
{
    struct a407_ask ask;
    is_in(s, "ASK");
    assert_int_equal(s->e->ask, A407_ASK_MARK);
    assert_true(a407_engine_ask(s->e, &ask));
    assert_string_equal(ask.cred->password, "new");
    a407_ask_clear(&ask);
}

static void end_two(struct scene *s, struct a407_engine *other)
{
    told(s, (struct a407_told){0});
    is_in(s, "DRAIN"); /* it is tried */
    a407_engine_free(other);
    end(s);
}

static bool has_just_changed(const struct scene *s)
{
    struct a407_ask ask;
    assert_true(a407_engine_ask(s->e, &ask));
    bool replaces = ask.replaces;
    a407_ask_clear(&ask);
    return replaces;
}

/* When it was is told then, and not whenever a mark is looked for: what marks
   it later is no word on what there was before. */
TEST(new_for_a_moment)
{
    struct scene s;
    struct a407_engine *other = begin_two(&s);
    asks(&s);
    s.proxy.standing[0].worked = true;
    told(&s, (struct a407_told){.ok = true});
    told_new_secret(&s);
    is_asked_about_the_new_one(&s);
    assert_true(has_just_changed(&s));
    a407_engine_time(s.e, 0, A407_CHANGING_S * 1000000);
    assert_false(has_just_changed(&s));
    end_two(&s, other);
}

/* What is told of the old one's mark only then says nothing of it. */
TEST(mark_of_the_secret_before)
{
    struct scene s;
    struct a407_engine *other = begin_two(&s);
    asks(&s);
    with_other(&s, &other);
    asks(&s);
    told(&s, (struct a407_told){.ok = true});
    told_new_secret(&s);
    is_asked_about_the_new_one(&s);
    with_other(&s, &other);
    told(&s, (struct a407_told){.ok = true});
    is_asked_about_the_new_one(&s);
    end_two(&s, other);
}

/* ... and a trial of the old one is not taken for one of the new one. */
TEST(trial_of_the_secret_before)
{
    struct scene s;
    struct a407_told t = {.trial = true};
    struct a407_engine *other = begin_two(&s);
    asks(&s);
    with_other(&s, &other);
    asks(&s);
    told(&s, (struct a407_told){.ok = true});
    told_new_secret(&s);
    with_other(&s, &other);
    a407_engine_told(s.e, &t);
    assert_true(t.trial);
    peeked(&s, BASIC);
    is_asked_about_the_new_one(&s);
    end_two(&s, other);
}

/* ... nor what was told of that before. */
TEST(marked_before_the_new_one)
{
    struct scene s;
    struct a407_engine *other = begin_two(&s);
    asks(&s);
    a407_engine_told(s.e, &(struct a407_told){.ok = true});
    with_other(&s, &other);
    asks(&s);
    told(&s, (struct a407_told){.ok = true});
    told_new_secret(&s);
    with_other(&s, &other);
    peeked(&s, BASIC);
    is_asked_about_the_new_one(&s);
    end_two(&s, other);
}

/* The program sent the new one itself, and was refused. */
TEST(new_one_of_the_programs)
{
    struct scene s;
    begin(&s, "basic");
    s.proxy.standing[0].edition = 1;
    wrote(&s, "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n"
              "Proxy-Authorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n");
    peeked(&s, BASIC);
    is_in(&s, "DELIVER");
    end(&s);
}
