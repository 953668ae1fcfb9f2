/* SPDX-License-Identifier: MIT */
#ifndef AUTH_HELP_H
#define AUTH_HELP_H

/* What the tests of the schemes share. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/scheme.h"

/* One challenge, in memory of exactly its size, so that over-reads show. */
struct given {
    char *text;
    struct a407_challenges list;
};

static inline struct given *given_bytes(const char *p, size_t n)
{
    struct given *g = calloc(1, sizeof *g);
    assert_non_null(g);
    g->text = malloc(n ? n : 1);
    assert_non_null(g->text);
    memcpy(g->text, p, n);
    a407_challenges_add(a407_span(g->text, n), &g->list);
    return g;
}

static inline struct given *given(const char *z)
{
    return given_bytes(z, strlen(z));
}

static inline void given_free(struct given *g)
{
    free(g->text);
    free(g);
}

/* Bytes that count up from 00: a cnonce of 000102...0f, then 1011..., ... */
static inline void counting_random(void *ctx, void *p, size_t n)
{
    unsigned char *next = ctx, *to = p;
    for (size_t i = 0; i < n; i++)
        to[i] = (*next)++;
}

#define CNONCE_1 "000102030405060708090a0b0c0d0e0f"
#define CNONCE_2 "101112131415161718191a1b1c1d1e1f"
#define CNONCE_3 "202122232425262728292a2b2c2d2e2f"

/* A scheme with its state and what it is told: one proxy's memory of it. */
struct session {
    const struct a407_scheme *scheme;
    void *state;
    struct a407_credential cred;
    struct a407_auth_request rq;
    struct a407_buf out;
    enum a407_cause why;
    unsigned char random;
    char user[128], password[128];
};

static inline struct session *session_new(enum a407_scheme_id id)
{
    struct session *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->scheme = a407_scheme_get(id);
    assert_non_null(s->scheme);
    s->state = calloc(1, s->scheme->state_size);
    assert_non_null(s->state);
    strcpy(s->user, "alice");
    strcpy(s->password, "pa ss");
    s->cred.username = s->user;
    s->cred.password = s->password;
    s->cred.schemes = A407_ALL_SCHEMES;
    s->rq.method = a407_span_str("CONNECT");
    s->rq.target = a407_span_str("example.test:443");
    s->rq.body = a407_span_str("");
    s->rq.random = counting_random;
    s->rq.random_ctx = &s->random;
    a407_buf_init(&s->out, 65536);
    return s;
}

static inline void session_free(struct session *s)
{
    a407_scheme_wipe(s->scheme, s->state);
    free(s->state);
    a407_buf_free(&s->out);
    free(s);
}

/* Shows the session a challenge; false if it could not be used. */
static inline bool session_init(struct session *s, const char *challenge)
{
    struct given *g = given(challenge);
    assert_int_equal(g->list.n, 1);
    bool ok = s->scheme->init(s->state, &g->list.item[0]);
    given_free(g); /* init must have copied what it needs */
    return ok;
}

/* Forgets all, then the same, with the random bytes from their start. */
static inline bool session_restart(struct session *s, const char *challenge)
{
    a407_scheme_wipe(s->scheme, s->state);
    s->random = 0;
    return session_init(s, challenge);
}

/* One request: the value, as a string. */
static inline const char *session_value(struct session *s)
{
    a407_buf_clear(&s->out);
    assert_int_equal(a407_scheme_step(s->scheme, s->state, &s->cred, &s->rq,
                                      &s->out, &s->why),
                     A407_STEP_DONE);
    assert_int_equal(s->why, A407_CAUSE_NONE);
    assert_true(a407_buf_add(&s->out, "", 1));
    return s->out.p;
}

static inline enum a407_step session_step(struct session *s)
{
    a407_buf_clear(&s->out);
    return a407_scheme_step(s->scheme, s->state, &s->cred, &s->rq, &s->out,
                            &s->why);
}

static inline unsigned session_rank(struct session *s, const char *challenge)
{
    struct given *g = given(challenge);
    assert_int_equal(g->list.n, 1);
    unsigned rank = s->scheme->rank(&g->list.item[0], &s->cred, &s->why);
    given_free(g);
    return rank;
}

static inline enum a407_reply session_reply(struct session *s,
                                            const char *challenge, bool fresh)
{
    struct given *g = given(challenge);
    assert_int_equal(g->list.n, 1);
    enum a407_reply r =
        a407_scheme_reply(s->scheme, s->state, &g->list.item[0], fresh);
    given_free(g);
    return r;
}

static inline void session_info(struct session *s, const char *value)
{
    static struct a407_challenge info;
    memset(&info, 0, sizeof info);
    a407_auth_info_parse(a407_span_str(value), &info);
    s->scheme->info(s->state, &info);
}

#define assert_has(text, part)   assert_has_(text, part, __FILE__, __LINE__)
#define assert_lacks(text, part) assert_lacks_(text, part, __FILE__, __LINE__)

static inline void assert_has_(const char *text, const char *part,
                               const char *file, int line)
{
    if (strstr(text, part))
        return;
    print_error("[%s] is not in [%s]\n", part, text);
    _fail(file, line);
}

static inline void assert_lacks_(const char *text, const char *part,
                                 const char *file, int line)
{
    if (!strstr(text, part))
        return;
    print_error("[%s] is in [%s]\n", part, text);
    _fail(file, line);
}

#endif
