/* SPDX-License-Identifier: MIT */
#ifndef DRIVER_HELP_H
#define DRIVER_HELP_H

/* A driver under the simulator, with a proxy that wants Basic. */

#include <errno.h>

#include "config_help.h"
#include "tests/engine/sim.h"
#include "unit.h"

#define REQUEST "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n"
#define HEADER  "Proxy-Authorization: Basic YWxpY2U6c2VjcmV0\r\n"
#define END     "\r\n"
#define POST                                                                   \
    "POST http://origin.test/ HTTP/1.1\r\nContent-Length: 8\r\n\r\nhalf"
#define REFUSAL(how)                                                           \
    "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic " \
    "realm=\"corp\"\r\n" how "Content-Length: 5\r\n\r\nsorry"
#define OK_200 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

#define START_US 1000000000

struct scene {
    struct a407_config *config;
    struct a407_host host;
    struct a407_proxy proxy;
    struct a407_history history;
    struct a407_shared shared;
    struct sim sim;
    struct a407_driver *d;
    unsigned asked;     /* questions to the outside */
    bool refuse;        /* new connections can't be made */
    bool swap;          /* ... and then the number is another's */
    const char *answer; /* there as soon as the new connection is */
};

static inline void on_event(void *ctx, struct sim *s, struct a407_event *ev)
{
    (void)ctx, (void)s;
    free(ev);
}

static inline void on_verdict(void *ctx, struct sim *s,
                              const struct a407_verdict *v)
{
    (void)ctx, (void)s, (void)v;
}

static inline void on_ask(void *ctx, struct sim *s, const struct a407_ask *ask,
                          struct a407_told *told)
{
    struct scene *scene = ctx;
    (void)s, (void)ask, (void)told;
    scene->asked++;
}

static inline void random_bytes(void *ctx, void *p, size_t n)
{
    (void)ctx;
    memset(p, 7, n);
}

static inline bool on_reconnect(void *ctx, struct sim *s)
{
    struct scene *scene = ctx;
    s->fails = 0;
    if (scene->answer)
        sim_arrive(s, scene->answer, strlen(scene->answer));
    if (scene->swap)
        s->holds = A407_OTHERS;
    return !scene->refuse;
}

static inline void begin_with(struct scene *s, struct a407_config *config)
{
    struct a407_endpoint at;
    *s = (struct scene){.host = {.random = random_bytes},
                        .sim = {.send_step = 65536,
                                .read_step = 65536,
                                .reconnect = on_reconnect,
                                .event = on_event,
                                .verdict = on_verdict,
                                .ask = on_ask,
                                .wall_us = START_US,
                                .mono_us = START_US}};
    s->config = config;
    assert_true(a407_endpoint_parse(a407_span_str("proxy.test:3128"), &at));
    a407_proxy_init(&s->proxy, s->config, &s->host, &at, true);
    s->sim.ctx = s;
    s->d = &s->sim.driver;
    assert_true(sim_open(&s->sim, &s->proxy, &s->history, &s->shared));
}

static inline void begin(struct scene *s)
{
    begin_with(s, good(ENV("AUTH407_PROXY", "alice:secret@proxy.test:3128")));
}

static inline void end(struct scene *s)
{
    assert_int_equal(a407_engine_anomalies(s->d->engine), 0);
    sim_close(&s->sim);
    a407_proxy_clear(&s->proxy);
    a407_config_free(s->config);
}

static inline void now_is(struct scene *s, int64_t after_us)
{
    s->sim.mono_us = s->sim.wall_us = START_US + after_us;
    a407_driver_begin(s->d, s->sim.wall_us, s->sim.mono_us);
}

static inline void arrives(struct scene *s, const char *z)
{
    sim_arrive(&s->sim, z, strlen(z));
}

static inline void wire_is(const struct scene *s, const char *z)
{
    assert_int_equal(s->sim.wire.n, strlen(z));
    assert_memory_equal(s->sim.wire.p, z, strlen(z));
}

/* One call of a program that does not wait. */
static inline enum a407_driven writes_on(struct scene *s, struct a407_write *w)
{
    enum a407_driven is;
    do {
        now_is(s, s->sim.mono_us - START_US);
        is = a407_driver_write(s->d, w);
    } while (is == A407_NEEDS_WORK && s->d->errand); /* see sim.c */
    return is;
}

static inline enum a407_driven writes(struct scene *s, const char *z,
                                      size_t *done)
{
    struct iovec v = {(void *)(uintptr_t)z, strlen(z)};
    struct a407_write w = {.iov = &v, .n = 1};
    enum a407_driven is = writes_on(s, &w);
    *done = w.done;
    return is;
}

static inline enum a407_driven pumps(struct scene *s)
{
    enum a407_driven is;
    do {
        now_is(s, s->sim.mono_us - START_US);
        is = a407_driver_pump(s->d, A407_PUMP_ALL);
    } while (is == A407_NEEDS_WORK && s->d->errand);
    return is;
}

/* A login has worked: the next head is held back, and gets a header. */
static inline void log_in(struct scene *s)
{
    begin(s);
    sim_write(&s->sim, REQUEST END, strlen(REQUEST END));
    arrives(s, REFUSAL(""));
    sim_read(&s->sim);
    arrives(s, OK_200);
    sim_read(&s->sim);
    wire_is(s, REQUEST END REQUEST HEADER END);
    s->sim.wire.n = 0;
}

#endif
