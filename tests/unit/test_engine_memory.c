/* SPDX-License-Identifier: MIT */
/* What one process tells the next ones: how long it holds. */
#include "engine_help.h"
#include "unit.h"

#define NOW 1767323045
#define DAY 86400

static void recall(struct scene *s, const char *text, int64_t now)
{
    begin(s, "basic,digest");
    a407_proxy_recall(&s->proxy, 0, a407_span_str(text), now);
}

static void log_in(struct scene *s)
{
    wrote(s, HEAD);
    peeked(s, BASIC);
    if (a407_engine_plan(s->e).kind == A407_WANT_ASK)
        tell(s, NULL);
    peeked(s, BASIC);
    consumed(s, BASIC);
    sent(s);
    peeked(s, OK_200);
    a407_engine_delivered(s->e, OK_200, strlen(OK_200));
    free(a407_engine_event(s->e));
}

static void remembers(struct scene *s, int64_t now, const char *wanted)
{
    struct a407_buf text;
    a407_buf_init(&text, 1000);
    assert_true(a407_proxy_remember(&s->proxy, now, &text));
    assert_true(a407_buf_add(&text, "", 1));
    assert_string_equal(text.p, wanted);
    a407_buf_free(&text);
}

#define WAYS         "ways 1767323045 keeps no_reuse each_request"
#define BASIC_WORKED "\nworked basic Basic\n"

/* The proxy may behave otherwise by now: a day after that was learned, not
   after it was last used, it is found out anew. */
TEST(ways_end)
{
    static const struct {
        const char *text;
        int64_t now;
        bool holds;
    } cases[] = {
        {WAYS, NOW, true},
        {WAYS, NOW + DAY - 1, true},
        {WAYS, NOW + DAY, false},
        {WAYS, NOW - 1, false}, /* the clock was set back */
        {"ways keeps no_reuse each_request", NOW, false},
        {"ways 99999999999999999999 keeps no_reuse", NOW, false},
        {"ways -1 keeps no_reuse", NOW, false},
    };
    struct scene s;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        recall(&s, cases[i].text, cases[i].now);
        assert_int_equal(s.proxy.keeps, cases[i].holds);
        assert_int_equal(s.proxy.no_reuse, cases[i].holds);
        assert_int_equal(s.proxy.each_request, cases[i].holds);
        end(&s);
    }
}

/* Of two credentials' files each has its own age, and the older one counts. */
TEST(ways_of_two)
{
    static const char *const younger[] = {"ways 1767323145 no_reuse",
                                          "ways 1767323145 keeps"};
    struct scene s;
    recall(&s, younger[0], NOW + DAY + 50);
    a407_proxy_recall(&s.proxy, 0, a407_span_str("ways 1767323045 keeps"),
                      NOW + DAY + 50);
    assert_true(s.proxy.no_reuse);
    assert_false(s.proxy.keeps);
    end(&s);
    recall(&s, younger[1], NOW + 200);
    a407_proxy_recall(&s.proxy, 0, a407_span_str(WAYS BASIC_WORKED), NOW + 200);
    remembers(&s, NOW + 300, WAYS BASIC_WORKED);
    end(&s);
}

/* Written anew, it is as old as it was; what is learned anew is new. */
TEST(ways_age)
{
    struct scene s;
    recall(&s, WAYS BASIC_WORKED, NOW + 5000);
    remembers(&s, NOW + 6000, WAYS BASIC_WORKED);
    end(&s);
    recall(&s, WAYS BASIC_WORKED, NOW + DAY);
    s.proxy.keeps = true;
    remembers(&s, NOW + DAY + 5, "ways 1767409450 keeps" BASIC_WORKED);
    remembers(&s, NOW + DAY + 9, "ways 1767409450 keeps" BASIC_WORKED);
    end(&s);
}

/* It is a rule for the secret's sake: as long as it is used. */
TEST(hides)
{
    struct scene s;
    recall(&s, "ways 1767323045 keeps hides" BASIC_WORKED, NOW + 50 * DAY);
    assert_true(s.proxy.hides);
    assert_false(s.proxy.keeps);
    end(&s);
}

/* ... or until the user says that the secret itself may be sent. */
TEST(hides_no_more)
{
    static const struct {
        enum a407_clear clear;
        bool hides;
    } cases[] = {{A407_CLEAR_YES, false}, {A407_CLEAR_AUTO, true}};
    struct scene s;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        recall(&s, "ways 1767323045 hides\n", NOW);
        s.config->clear = cases[i].clear;
        a407_engine_free(s.e); /* at an address where it may be sent anyway */
        s.e = a407_engine_new(&s.proxy, &s.history, "127.0.0.1:3128");
        log_in(&s);
        assert_true(s.proxy.standing[0].worked);
        assert_int_equal(s.proxy.hides, cases[i].hides);
        end(&s);
    }
}
