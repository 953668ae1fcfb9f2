/* SPDX-License-Identifier: MIT */
/* a407_engine_forget in every state: what the program has written goes out once
   and in order, and a 407 that was taken is given back whole. */
#include "core/engine/internal.h"

#include "config_help.h"

#define HEAD "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n"
#define POST                                                                   \
    "POST http://origin.test/ HTTP/1.1\r\nContent-Length: 8\r\n\r\nhalf"
#define REFUSAL(what)                                                          \
    "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: " what  \
    "\r\nContent-Length: 5\r\n\r\nsorry"
#define CLOSING                                                                \
    "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic " \
    "realm=\"corp\"\r\nConnection: close\r\nContent-Length: 5\r\n\r\nsorry"
#define BASIC  REFUSAL("Basic realm=\"corp\"")
#define NTLM   REFUSAL("NTLM")
#define OK_200 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

struct scene {
    struct a407_config *config;
    struct a407_host host;
    struct a407_proxy proxy;
    struct a407_engine *e;
};

static void no_random(void *ctx, void *p, size_t n)
{
    (void)ctx;
    memset(p, 7, n);
}

static void begin(struct scene *s, const char *schemes)
{
    struct a407_endpoint at;
    *s = (struct scene){.host = {.random = no_random}};
    s->config =
        good(ENV("http_proxy", "proxy.test:3128", "AUTH407_USERNAME", "alice",
                 "AUTH407_PASSWORD", "secret", "AUTH407_SCHEMES", schemes));
    assert_true(a407_endpoint_parse(a407_span_str("proxy.test:3128"), &at));
    a407_proxy_init(&s->proxy, s->config, &s->host, &at, true);
    s->e = a407_engine_new(&s->proxy, "192.0.2.1:3128");
    assert_non_null(s->e);
}

static void end(struct scene *s)
{
    struct a407_event *ev;
    while ((ev = a407_engine_event(s->e)))
        free(ev);
    assert_int_equal(a407_engine_anomalies(s->e), 0);
    a407_engine_free(s->e);
    a407_proxy_clear(&s->proxy);
    a407_config_free(s->config);
}

static void tell(struct scene *s, const char *token)
{
    struct a407_told told = {.ok = token != NULL, .cause = A407_CAUSE_NONE};
    a407_buf_init(&told.token, 64);
    if (token)
        a407_buf_str(&told.token, token);
    a407_engine_told(s->e, &told);
}

static void sent(struct scene *s)
{
    while (a407_engine_output(s->e).n)
        a407_engine_sent(s->e, a407_engine_output(s->e).n);
}

static void wrote(struct scene *s, const char *z)
{
    a407_engine_wrote(s->e, z, strlen(z));
}

static void peeked(struct scene *s, const char *z)
{
    a407_engine_peeked(s->e, z, strlen(z), false);
}

static void consumed(struct scene *s, const char *z)
{
    a407_engine_consumed(s->e, z, strlen(z), false);
}

static void is_in(struct scene *s, const char *state)
{
    assert_string_equal(a407_engine_state_name(s->e), state);
}

/* What worked for an earlier connection. */
static void log_in_before(struct scene *s, const char *first, const char *token)
{
    wrote(s, HEAD);
    peeked(s, first);
    while (a407_engine_want(s->e).kind == A407_WANT_ASK) {
        tell(s, s->e->ask == A407_ASK_TOKEN ? token : NULL);
        peeked(s, first);
    }
    consumed(s, first);
    sent(s);
    peeked(s, OK_200);
    a407_engine_delivered(s->e, OK_200, strlen(OK_200));
    is_in(s, "IDLE");
    a407_engine_free(s->e);
    s->e = a407_engine_new(&s->proxy, "192.0.2.1:3128");
}

/* Up to the 407's first look, past the question for a mark. */
static void meet(struct scene *s, const char *request, const char *answer)
{
    wrote(s, request);
    peeked(s, answer);
    is_in(s, "ASK");
    tell(s, NULL);
    peeked(s, answer);
    is_in(s, "DRAIN");
}

static void goes_out(struct scene *s, const char *bytes)
{
    struct a407_span out = a407_engine_output(s->e);
    assert_int_equal(out.n, strlen(bytes));
    assert_memory_equal(out.p, bytes, out.n);
    sent(s);
    assert_int_equal(a407_engine_want(s->e).kind, A407_WANT_FORGET);
}

static void is_given_back(struct scene *s, const char *bytes)
{
    assert_int_equal(a407_engine_want(s->e).kind, A407_WANT_GIVE_BACK);
    struct a407_span kept = a407_engine_kept(s->e);
    assert_int_equal(kept.n, strlen(bytes));
    assert_memory_equal(kept.p, bytes, kept.n);
}

static void passes(struct scene *s)
{
    assert_int_equal(a407_engine_output(s->e).n, 0);
    assert_int_equal(a407_engine_want(s->e).kind, A407_WANT_FORGET);
}

static void nothing_held(void **unused)
{
    struct scene s;
    (void)unused;
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

static void half_a_head_is_held(void **unused)
{
    struct scene s;
    (void)unused;
    begin(&s, "basic");
    log_in_before(&s, BASIC, NULL);
    a407_engine_hold(s.e, HEAD, 30);
    a407_engine_forget(s.e);
    char part[31] = "";
    memcpy(part, HEAD, 30);
    goes_out(&s, part);
    end(&s);
}

static void a_head_waits_for_its_token(void **unused)
{
    struct scene s;
    (void)unused;
    begin(&s, "negotiate");
    log_in_before(&s, REFUSAL("Negotiate"), "token");
    assert_int_equal(a407_engine_write_mode(s.e), A407_WRITE_HOLD);
    assert_int_equal(a407_engine_hold(s.e, HEAD, strlen(HEAD)), strlen(HEAD));
    is_in(&s, "ASK");
    a407_engine_forget(s.e);
    goes_out(&s, HEAD);
    tell(&s, "too late");
    passes(&s);
    end(&s);
}

static void part_is_taken(void **unused)
{
    struct scene s;
    (void)unused;
    begin(&s, "basic");
    meet(&s, HEAD, BASIC);
    a407_engine_consumed(s.e, BASIC, 20, false);
    a407_engine_forget(s.e);
    consumed(&s, BASIC + 20);
    is_given_back(&s, BASIC);
    end(&s);
}

static void on_the_way_to_another(void **unused)
{
    struct scene s;
    (void)unused;
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
static void a_token_for_another(void **unused)
{
    struct scene s;
    (void)unused;
    begin(&s, "negotiate");
    wrote(&s, HEAD);
    while (strcmp(a407_engine_state_name(s.e), "DRAIN") != 0) {
        peeked(&s, REFUSAL("Negotiate"));
        if (a407_engine_want(s.e).kind == A407_WANT_ASK)
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
static void a_leg_is_out(void **unused)
{
    struct scene s;
    (void)unused;
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
static void a_repeat_is_out(void **unused)
{
    struct scene s;
    (void)unused;
    begin(&s, "basic");
    meet(&s, HEAD, BASIC);
    consumed(&s, BASIC);
    sent(&s);
    a407_engine_forget(s.e);
    passes(&s);
    end(&s);
}

/* A child made while the ask was open: its record is the parent's. */
static void forked_while_it_asks(void **unused)
{
    struct scene s;
    (void)unused;
    begin(&s, "basic");
    wrote(&s, HEAD);
    peeked(&s, BASIC);
    is_in(&s, "ASK");
    a407_engine_forked(s.e);
    tell(&s, NULL);
    peeked(&s, BASIC);
    consumed(&s, BASIC);
    assert_int_equal(a407_engine_want(s.e).kind, A407_WANT_SEND);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_held),
        cmocka_unit_test(half_a_head_is_held),
        cmocka_unit_test(a_head_waits_for_its_token),
        cmocka_unit_test(part_is_taken),
        cmocka_unit_test(on_the_way_to_another),
        cmocka_unit_test(a_token_for_another),
        cmocka_unit_test(a_leg_is_out),
        cmocka_unit_test(a_repeat_is_out),
        cmocka_unit_test(forked_while_it_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
