/* SPDX-License-Identifier: MIT */
/*
 * A scheme more than the product has, in this program alone: its name and its
 * table are all that there is to say of it. The two lists stand here in place
 * of core's, which the linker then leaves in the archive.
 */
#include "config_help.h"
#include "core/auth/scheme.h"
#include "sim.h"
#include "unit.h"

#define TOY ((enum a407_scheme_id)(A407_BASIC + 1))

/* Toy: the password, a colon, and the word of the challenge. */
struct toy_state {
    char word[16];
};

static unsigned toy_rank(const struct a407_challenge *ch,
                         const struct a407_credential *cred,
                         enum a407_cause *why)
{
    *why = !cred->password                ? A407_CAUSE_UNMET
           : !a407_param_find(ch, "word") ? A407_CAUSE_PROTOCOL
                                          : A407_CAUSE_NONE;
    return *why == A407_CAUSE_NONE;
}

static bool toy_init(void *state, const struct a407_challenge *ch)
{
    struct toy_state *s = state;
    return a407_param_text(a407_param_find(ch, "word"), s->word,
                           sizeof s->word) > 0;
}

static enum a407_step toy_step(void *state, const struct a407_credential *cred,
                               const struct a407_auth_request *rq,
                               struct a407_buf *out, enum a407_cause *why)
{
    const struct toy_state *s = state;
    (void)rq;
    *why = A407_CAUSE_NONE;
    a407_buf_fmt(out, "Toy %s:%s", cred->password, s->word);
    return A407_STEP_DONE;
}

static const struct a407_scheme toy = {
    .id = TOY,
    .token = "Toy",
    .secret = A407_SECRET_PASSWORD,
    .state_size = sizeof(struct toy_state),
    .rank = toy_rank,
    .init = toy_init,
    .step = toy_step,
};

const char *const a407_scheme_names[A407_SCHEMES_MAX + 1] = {
#define A407_SCHEME(id, name) [A407_##id] = #name,
#include "core/config/schemes.def"
#undef A407_SCHEME
    [TOY] = "toy"};

const struct a407_scheme *const a407_schemes[A407_SCHEMES_MAX + 1] = {
#define A407_SCHEME(id, name) [A407_##id] = &a407_##name,
#include "core/config/schemes.def"
#undef A407_SCHEME
    [TOY] = &toy};

#define REQUEST "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n"
#define END     "\r\n"
#define REFUSAL(offers)                                                        \
    "HTTP/1.1 407 Proxy Authentication Required\r\n" offers                    \
    "Content-Length: 0\r\n\r\n"
#define OFFERS_TOY   "Proxy-Authenticate: Toy word=\"xyzzy\"\r\n"
#define OFFERS_BASIC "Proxy-Authenticate: Basic realm=\"corp\"\r\n"
#define OK_200       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

struct scene {
    struct a407_config *config;
    struct a407_host host;
    struct a407_proxy proxy;
    struct a407_history history;
    struct a407_shared shared;
    struct sim sim;
    struct a407_event *event; /* the last */
};

static void on_event(void *ctx, struct sim *s, struct a407_event *ev)
{
    struct scene *scene = ctx;
    (void)s;
    free(scene->event);
    scene->event = ev;
}

static void on_verdict(void *ctx, struct sim *s, const struct a407_verdict *v)
{
    (void)ctx, (void)s, (void)v;
}

/* Nothing outside is there: no mark, say. */
static void on_ask(void *ctx, struct sim *s, const struct a407_ask *ask,
                   struct a407_told *told)
{
    (void)ctx, (void)s, (void)ask, (void)told;
}

static void begin(struct scene *s, const char *schemes, const char *file)
{
    struct a407_endpoint at;
    *s = (struct scene){0};
    s->config = good(
        ENV("AUTH407_PROXY", "proxy.test:3128", "AUTH407_SCHEMES", schemes));
    add_file(s->config, file);
    assert_true(a407_endpoint_parse(a407_span_str("proxy.test:3128"), &at));
    a407_proxy_init(&s->proxy, s->config, &s->host, &at, true);
    s->sim.send_step = s->sim.read_step = 65536;
    s->sim.event = on_event;
    s->sim.verdict = on_verdict;
    s->sim.ask = on_ask;
    s->sim.ctx = s;
    assert_true(sim_open(&s->sim, &s->proxy, &s->history, &s->shared));
}

/* The program asks, and the proxy answers it and its repeats in turn. */
static void play(struct scene *s, const char *first, const char *second)
{
    sim_write(&s->sim, REQUEST END, strlen(REQUEST END));
    sim_arrive(&s->sim, first, strlen(first));
    sim_read(&s->sim);
    sim_arrive(&s->sim, second, strlen(second));
    sim_read(&s->sim);
}

static void end(struct scene *s)
{
    sim_close(&s->sim);
    free(s->event);
    a407_proxy_clear(&s->proxy);
    a407_config_free(s->config);
}

static void wire_is(const struct scene *s, const char *text)
{
    assert_int_equal(s->sim.wire.n, strlen(text));
    assert_memory_equal(s->sim.wire.p, text, strlen(text));
}

#define FILE_TOY                                                               \
    "[proxy.test:3128]\nusername = u\npassword = sesame\nschemes = toy\n"
#define FILE_ALL "[proxy.test:3128]\nusername = u\npassword = sesame\n"

TEST(test_answers)
{
    struct scene s;
    begin(&s, "", FILE_TOY);
    play(&s, REFUSAL(OFFERS_BASIC OFFERS_TOY), OK_200);
    wire_is(&s, REQUEST END REQUEST
            "Proxy-Authorization: Toy sesame:xyzzy\r\n" END);
    assert_int_equal(s.sim.app.n, strlen(OK_200));
    assert_non_null(s.event);
    assert_int_equal(s.event->outcome, A407_RESOLVED);
    assert_string_equal(s.event->attempts[0].scheme, "toy");
    assert_string_equal(s.event->attempts[0].username, "u");
    end(&s);
}

TEST(test_order_of_settings)
{
    struct scene s;
    begin(&s, "basic, toy", FILE_ALL);
    play(&s, REFUSAL(OFFERS_TOY OFFERS_BASIC), OK_200);
    wire_is(&s, REQUEST END REQUEST
            "Proxy-Authorization: Basic dTpzZXNhbWU=\r\n" END);
    end(&s);
    begin(&s, "toy,basic", FILE_ALL);
    play(&s, REFUSAL(OFFERS_BASIC OFFERS_TOY), OK_200);
    wire_is(&s, REQUEST END REQUEST
            "Proxy-Authorization: Toy sesame:xyzzy\r\n" END);
    end(&s);
}

TEST(test_refused)
{
    struct scene s;
    begin(&s, "toy", FILE_ALL);
    play(&s, REFUSAL(OFFERS_TOY), REFUSAL(OFFERS_TOY));
    assert_non_null(s.event);
    assert_int_equal(s.event->outcome, A407_UNRESOLVED);
    assert_int_equal(s.event->cause, A407_CAUSE_REJECTED);
    end(&s);
}

TEST(test_not_allowed)
{
    struct scene s;
    begin(&s, "digest,basic", FILE_ALL);
    play(&s, REFUSAL(OFFERS_TOY), "");
    assert_non_null(s.event);
    assert_int_equal(s.event->cause, A407_CAUSE_NOT_ALLOWED);
    end(&s);
}

TEST(test_is_told)
{
    struct a407_diag diag;
    struct a407_config *c = with(ENV("AUTH407_SCHEMES", "kerberos"), &diag);
    assert_non_null(strstr(diag.text, "bearer, basic, toy"));
    a407_config_free(c);
}
