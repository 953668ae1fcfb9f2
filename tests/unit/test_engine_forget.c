/* SPDX-License-Identifier: MIT */
/* a407_engine_forget in every state: what the program has written goes out once
   and in order, and a 407 that was taken is given back whole. */
#include "engine_help.h"
#include "unit.h"

static void goes_out(struct scene *s, const char *bytes)
{
    struct a407_span out = a407_engine_output(s->e);
    assert_int_equal(out.n, strlen(bytes));
    assert_memory_equal(out.p, bytes, out.n);
    sent(s);
    assert_int_equal(a407_engine_plan(s->e).kind, A407_WANT_FORGET);
}

static void passes(struct scene *s)
{
    assert_int_equal(a407_engine_output(s->e).n, 0);
    assert_int_equal(a407_engine_plan(s->e).kind, A407_WANT_FORGET);
}

TEST(nothing_held)
{
    struct scene s;
    for (int step = 0; step < 4; step++) {
        begin(&s, "basic");
        if (step > 0)
            wrote(&s, HEAD); /* WAIT */
        if (step == 2)
            peeked(&s, BASIC); /* ASK: the 407 is in the queue still */
        if (step == 3)
            peeked(&s, "HTTP/1.1 200 OK\r\n\r\n"); /* DELIVER */
        a407_engine_forget(s.e);
        passes(&s);
        end(&s);
    }
}

TEST(half_a_head_is_held)
{
    struct scene s;
    begin(&s, "basic");
    log_in_before(&s, BASIC, NULL);
    a407_engine_hold(s.e, HEAD, 30);
    a407_engine_forget(s.e);
    char part[31] = "";
    memcpy(part, HEAD, 30);
    goes_out(&s, part);
    end(&s);
}

TEST(a_head_waits_for_its_token)
{
    struct scene s;
    begin(&s, "negotiate");
    log_in_before(&s, REFUSAL("Negotiate"), "token");
    assert_int_equal(a407_engine_plan(s.e).write, A407_WRITE_HOLD);
    assert_int_equal(a407_engine_hold(s.e, HEAD, strlen(HEAD)), strlen(HEAD));
    is_in(&s, "ASK");
    a407_engine_forget(s.e);
    goes_out(&s, HEAD);
    tell(&s, "too late");
    passes(&s);
    end(&s);
}

TEST(part_is_taken)
{
    struct scene s;
    begin(&s, "basic");
    meet(&s, HEAD, BASIC);
    a407_engine_consumed(s.e, BASIC, 20, false);
    a407_engine_forget(s.e);
    consumed(&s, BASIC + 20);
    is_given_back(&s, BASIC);
    end(&s);
}

TEST(on_the_way_to_another)
{
    struct scene s;
    begin(&s, "basic");
    meet(&s, HEAD, CLOSING);
    consumed(&s, CLOSING);
    is_in(&s, "RECONNECT");
    a407_engine_forget(s.e);
    is_given_back(&s, CLOSING);
    a407_engine_reconnected(s.e, true); /* too late */
    a407_engine_forget(s.e);
    is_given_back(&s, CLOSING);
    end(&s);
}

/* The kept connection ended: a token for another one is being made. */
TEST(a_token_for_another)
{
    struct scene s;
    begin(&s, "negotiate");
    wrote(&s, HEAD);
    while (strcmp(a407_engine_state_name(s.e), "DRAIN") != 0) {
        peeked(&s, REFUSAL("Negotiate"));
        if (a407_engine_plan(s.e).kind == A407_WANT_ASK)
            tell(&s, s.e->ask == A407_ASK_TOKEN ? "token" : NULL);
    }
    consumed(&s, REFUSAL("Negotiate"));
    sent(&s);
    a407_engine_peeked(s.e, "", 0, true);
    is_in(&s, "ASK");
    a407_engine_forget(s.e);
    is_given_back(&s, REFUSAL("Negotiate"));
    end(&s);
}

/* What comes now answers a message of ours, and what the program still writes
   has no place behind that. */
TEST(a_leg_is_out)
{
    struct scene s;
    for (int step = 0; step < 3; step++) {
        begin(&s, "ntlm");
        meet(&s, step ? POST : HEAD, NTLM);
        consumed(&s, NTLM);
        if (step < 2)
            sent(&s);
        if (step == 1)
            peeked(&s, "HTTP/1.1 100 Continue\r\n\r\n"); /* INTERIM */
        a407_engine_forget(s.e);
        sent(&s); /* half a message is worse than a whole one */
        is_given_back(&s, NTLM);
        end(&s);
    }
}

/* The repeat is out whole: its answer is the program's. */
TEST(a_repeat_is_out)
{
    struct scene s;
    begin(&s, "basic");
    meet(&s, HEAD, BASIC);
    consumed(&s, BASIC);
    sent(&s);
    a407_engine_forget(s.e);
    passes(&s);
    end(&s);
}

/* A child made while the ask was open: its record is the parent's. */
TEST(forked_while_it_asks)
{
    struct scene s;
    begin(&s, "basic");
    wrote(&s, HEAD);
    peeked(&s, BASIC);
    is_in(&s, "ASK");
    a407_engine_forked(s.e);
    tell(&s, NULL);
    peeked(&s, BASIC);
    consumed(&s, BASIC);
    assert_int_equal(a407_engine_plan(s.e).kind, A407_WANT_SEND);
    end(&s);
}
