/* SPDX-License-Identifier: MIT */
#ifndef A407_ENGINE_HELP_H
#define A407_ENGINE_HELP_H

/* An engine, and what a driver tells it, in one call each. */
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
    struct a407_history history;
    struct a407_engine *e;
};

static inline void no_random(void *ctx, void *p, size_t n)
{
    (void)ctx;
    memset(p, 7, n);
}

static inline void begin(struct scene *s, const char *schemes)
{
    struct a407_endpoint at;
    *s = (struct scene){.host = {.random = no_random}};
    s->config =
        good(ENV("http_proxy", "proxy.test:3128", "AUTH407_USERNAME", "alice",
                 "AUTH407_PASSWORD", "secret", "AUTH407_SCHEMES", schemes));
    assert_true(a407_endpoint_parse(a407_span_str("proxy.test:3128"), &at));
    a407_proxy_init(&s->proxy, s->config, &s->host, &at, true);
    s->e = a407_engine_new(&s->proxy, &s->history, "192.0.2.1:3128");
    assert_non_null(s->e);
}

static inline void end(struct scene *s)
{
    struct a407_event *ev;
    while ((ev = a407_engine_event(s->e)))
        free(ev);
    assert_int_equal(a407_engine_anomalies(s->e), 0);
    a407_engine_free(s->e);
    a407_proxy_clear(&s->proxy);
    a407_config_free(s->config);
}

static inline void tell(struct scene *s, const char *token)
{
    struct a407_told told = {.ok = token != NULL, .cause = A407_CAUSE_NONE};
    a407_buf_init(&told.token, 64);
    if (token)
        a407_buf_str(&told.token, token);
    a407_engine_told(s->e, &told);
}

static inline void sent(struct scene *s)
{
    while (a407_engine_output(s->e).n)
        a407_engine_sent(s->e, a407_engine_output(s->e).n);
}

static inline void wrote(struct scene *s, const char *z)
{
    a407_engine_wrote(s->e, z, strlen(z));
}

static inline void peeked(struct scene *s, const char *z)
{
    a407_engine_peeked(s->e, z, strlen(z), false);
}

static inline void consumed(struct scene *s, const char *z)
{
    a407_engine_consumed(s->e, z, strlen(z), false);
}

static inline void is_in(struct scene *s, const char *state)
{
    assert_string_equal(a407_engine_state_name(s->e), state);
}

/* What worked for an earlier connection. */
static inline void log_in_before(struct scene *s, const char *first,
                                 const char *token)
{
    wrote(s, HEAD);
    peeked(s, first);
    while (a407_engine_plan(s->e).kind == A407_WANT_ASK) {
        tell(s, s->e->ask == A407_ASK_TOKEN ? token : NULL);
        peeked(s, first);
    }
    consumed(s, first);
    sent(s);
    peeked(s, OK_200);
    a407_engine_delivered(s->e, OK_200, strlen(OK_200));
    is_in(s, "IDLE");
    a407_engine_free(s->e);
    s->e = a407_engine_new(&s->proxy, &s->history, "192.0.2.1:3128");
}

/* Up to the 407's first look, past the question for a mark. */
static inline void meet(struct scene *s, const char *request,
                        const char *answer)
{
    wrote(s, request);
    peeked(s, answer);
    is_in(s, "ASK");
    tell(s, NULL);
    peeked(s, answer);
    is_in(s, "DRAIN");
}

static inline void is_given_back(struct scene *s, const char *bytes)
{
    assert_int_equal(a407_engine_plan(s->e).kind, A407_WANT_GIVE_BACK);
    struct a407_span kept = a407_engine_kept(s->e);
    assert_int_equal(kept.n, strlen(bytes));
    assert_memory_equal(kept.p, bytes, kept.n);
}

#endif
