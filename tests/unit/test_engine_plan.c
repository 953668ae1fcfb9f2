/* SPDX-License-Identifier: MIT */
/* a407_engine_plan: until when each wait may last, what becomes of it then, and
   who may write meanwhile. */
#include "engine_help.h"
#include "unit.h"

#define CONNECT                                                                \
    "CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test:443\r\n\r\n"
#define S 1000000 /* microseconds */

static void at(struct scene *s, int64_t us)
{
    a407_engine_time(s->e, 1767323045 * (int64_t)S + us, us);
}

/* The plan now, and what is due until when. */
static struct a407_plan is_due(struct scene *s, enum a407_want_kind kind,
                               enum a407_due due, int64_t until)
{
    struct a407_plan p = a407_engine_plan(s->e);
    assert_int_equal(p.kind, kind);
    assert_int_equal(p.due, due);
    assert_int_equal(p.until_us, until);
    return p;
}

/* Not a microsecond sooner. */
static void expires_at(struct scene *s, int64_t us)
{
    at(s, us - 1);
    assert_false(a407_engine_expired(s->e));
    at(s, us);
    assert_true(a407_engine_expired(s->e));
}

/* A repeat is on its way on the connection of its 407, since the third second.
 */
static void repeat(struct scene *s, const char *request)
{
    begin(s, "basic");
    at(s, 1 * S);
    meet(s, request, BASIC);
    at(s, 2 * S);
    consumed(s, BASIC);
    assert_int_equal(is_due(s, A407_WANT_SEND, A407_DUE_SEND, 62 * S).write,
                     A407_WRITE_WAIT);
    at(s, 3 * S);
    a407_engine_sent(s->e, 10);
    is_due(s, A407_WANT_SEND, A407_DUE_SEND, 62 * S); /* all of it */
    sent(s);
}

TEST(silence)
{
    static const struct {
        const char *request;
        int64_t until;
    } row[] = {{CONNECT, 5 * S}, {HEAD, 18 * S}};
    for (size_t i = 0; i < 2; i++) {
        struct scene s;
        repeat(&s, row[i].request);
        struct a407_plan p =
            is_due(&s, A407_WANT_PEEK, A407_DUE_SILENCE, row[i].until);
        assert_true(p.repeated && p.unanswered && !p.fresh && !p.leg);
        expires_at(&s, row[i].until);
        is_due(&s, A407_WANT_RECONNECT, A407_DUE_CONNECT,
               row[i].until + 60 * S);
        assert_true(s.proxy.no_reuse);
        a407_engine_reconnected(s.e, true);
        sent(&s);
        /* there, the program waits as long as it likes */
        assert_true(is_due(&s, A407_WANT_PEEK, A407_DUE_NONE, 0).fresh);
        at(&s, 1000 * S);
        assert_false(a407_engine_expired(s.e));
        end(&s);
    }
}

TEST(silence_is_a_setting)
{
    struct scene s;
    repeat(&s, CONNECT);
    s.config->silence_ms = 7000;
    is_due(&s, A407_WANT_PEEK, A407_DUE_SILENCE, 10 * S);
    s.config->wait_ms = 1000; /* bounds all */
    is_due(&s, A407_WANT_PEEK, A407_DUE_SILENCE, 4 * S);
    end(&s);
}

/* Where the proxy is known to be silent, nothing is repeated on the kept
   connection. */
TEST(known_to_be_silent)
{
    struct scene s;
    begin(&s, "basic");
    at(&s, S);
    s.proxy.no_reuse = true;
    meet(&s, CONNECT, BASIC);
    consumed(&s, BASIC);
    is_due(&s, A407_WANT_RECONNECT, A407_DUE_CONNECT, 61 * S);
    end(&s);
}

/* Nothing to be done about it: the rest of the wait is the program's. */
TEST(no_other_try)
{
    struct scene s;
    repeat(&s, HEAD);
    s.e->overflow = true;
    at(&s, 18 * S);
    assert_false(a407_engine_expired(s.e));
    is_due(&s, A407_WANT_PEEK, A407_DUE_NONE, 0);
    end(&s);
}

/* What it says is known: the rest of a 407 is not waited for. */
TEST(rest_of_a_407)
{
    for (unsigned i = 0; i < 2; i++) {
        struct scene s;
        begin(&s, "basic");
        s.config->wait_ms = i ? 60000 : 2000;
        at(&s, S);
        meet(&s, HEAD, BASIC);
        is_due(&s, A407_WANT_CONSUME, A407_DUE_BODY, i ? 6 * S : 3 * S);
        expires_at(&s, i ? 6 * S : 3 * S);
        assert_int_equal(a407_engine_plan(s.e).kind, A407_WANT_RECONNECT);
        end(&s);
    }
}

/* ... but where it is to be given back, for as long as all else. */
TEST(rest_to_give_back)
{
    for (unsigned i = 0; i < 2; i++) {
        struct scene s;
        begin(&s, "basic");
        at(&s, S);
        meet(&s, HEAD, BASIC);
        *(i ? &s.e->overflow : &s.e->pipelined) = true;
        is_due(&s, A407_WANT_CONSUME, A407_DUE_BODY, 61 * S);
        expires_at(&s, 61 * S);
        assert_int_equal(a407_engine_plan(s.e).kind, A407_WANT_GIVE_BACK);
        end(&s);
    }
}

TEST(open_request)
{
    struct scene s;
    begin(&s, "basic");
    at(&s, S);
    wrote(&s, POST);
    struct a407_plan p = is_due(&s, A407_WANT_PEEK, A407_DUE_NONE, 0);
    assert_true(p.open && p.watch && !p.unanswered && !p.repeated);
    assert_int_equal(p.write, A407_WRITE_PASS);
    wrote(&s, "half");
    p = a407_engine_plan(s.e);
    assert_true(!p.open && !p.watch && p.unanswered);
    end(&s);
}

TEST(new_connection)
{
    struct scene s;
    begin(&s, "basic");
    at(&s, S);
    meet(&s, HEAD, CLOSING);
    consumed(&s, CLOSING);
    assert_int_equal(
        is_due(&s, A407_WANT_RECONNECT, A407_DUE_CONNECT, 61 * S).write,
        A407_WRITE_WAIT);
    expires_at(&s, 61 * S);
    assert_int_equal(is_due(&s, A407_WANT_GIVE_BACK, A407_DUE_NONE, 0).write,
                     A407_WRITE_WAIT);
    is_given_back(&s, CLOSING);
    end(&s);
}

/* The repeat can't be sent: it goes elsewhere, then not at all. */
TEST(sending)
{
    struct scene s;
    begin(&s, "basic");
    at(&s, S);
    meet(&s, HEAD, BASIC);
    consumed(&s, BASIC);
    expires_at(&s, 61 * S);
    is_due(&s, A407_WANT_RECONNECT, A407_DUE_CONNECT, 121 * S);
    a407_engine_reconnected(s.e, true);
    expires_at(&s, 121 * S);
    is_given_back(&s, BASIC);
    end(&s);
}

/* What the program wrote is held back, and can't go out: nothing may follow. */
TEST(sending_what_was_held)
{
    struct scene s;
    begin(&s, "basic");
    log_in_before(&s, BASIC, NULL);
    at(&s, S / 2);
    a407_engine_hold(s.e, HEAD, strlen(HEAD));
    is_due(&s, A407_WANT_SEND, A407_DUE_SEND, 60 * S + S / 2);
    expires_at(&s, 60 * S + S / 2);
    is_due(&s, A407_WANT_FORGET, A407_DUE_NONE, 0);
    end(&s);
}

TEST(legs)
{
    struct scene s;
    for (int kept = 0; kept < 2; kept++) {
        begin(&s, "ntlm");
        at(&s, S);
        s.proxy.no_reuse = !kept;
        meet(&s, HEAD, NTLM);
        consumed(&s, NTLM);
        if (!kept)
            a407_engine_reconnected(s.e, true);
        sent(&s);
        struct a407_plan p =
            is_due(&s, A407_WANT_PEEK, kept ? A407_DUE_SILENCE : A407_DUE_LEG,
                   (kept ? 16 : 61) * S);
        assert_true(p.leg && p.write == A407_WRITE_WAIT);
        expires_at(&s, p.until_us);
        if (kept)
            is_due(&s, A407_WANT_RECONNECT, A407_DUE_CONNECT, 76 * S);
        else
            is_given_back(&s, NTLM);
        end(&s);
    }
}

TEST(from_outside)
{
    struct scene s;
    begin(&s, "negotiate");
    at(&s, S);
    wrote(&s, HEAD);
    peeked(&s, REFUSAL("Negotiate"));
    assert_int_equal(is_due(&s, A407_WANT_ASK, A407_DUE_OUTSIDE, 61 * S).write,
                     A407_WRITE_WAIT);
    tell(&s, NULL); /* no mark */
    peeked(&s, REFUSAL("Negotiate"));
    assert_int_equal(s.e->ask, A407_ASK_TOKEN);
    expires_at(&s, 11 * S);
    is_due(&s, A407_WANT_PEEK, A407_DUE_NONE, 0);
    peeked(&s, REFUSAL("Negotiate"));
    is_due(&s, A407_WANT_DELIVER, A407_DUE_NONE, 0);
    struct a407_event *ev = a407_engine_event(s.e);
    assert_non_null(ev);
    assert_int_equal(ev->cause, A407_CAUSE_UNMET);
    free(ev);
    end(&s);
}
