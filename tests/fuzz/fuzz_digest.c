/* SPDX-License-Identifier: MIT */
/* Schemes with challenges of a hostile proxy: nothing but one field value
   comes of them. The first bytes choose credential and request. */
#include "fuzz.h"

#include "core/auth/scheme.h"

static void count_up(void *ctx, void *to, size_t n)
{
    unsigned char *next = ctx;
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)to)[i] = (*next)++;
}

static void check_value(const struct a407_scheme *s, const struct a407_buf *out)
{
    size_t n = strlen(s->token);
    must(out->n > n && memcmp(out->p, s->token, n) == 0 && out->p[n] == ' ');
    for (size_t i = 0; i < out->n; i++) {
        unsigned char c = (unsigned char)out->p[i];
        must(c >= ' ' || c == '\t');
        must(c != 0x7f);
    }
}

struct trial {
    const struct a407_scheme *scheme;
    void *state;
    const struct a407_credential *cred;
    struct a407_auth_request rq;
};

static void step(struct trial *t)
{
    struct a407_buf out;
    enum a407_cause why = A407_CAUSE_NONE;
    a407_buf_init(&out, 65536);
    switch (
        a407_scheme_step(t->scheme, t->state, t->cred, &t->rq, &out, &why)) {
    case A407_STEP_DONE:
        check_value(t->scheme, &out);
        break;
    case A407_STEP_FAIL:
        must(why != A407_CAUSE_NONE);
        /* fall through */
    default:
        must(out.n == 0);
    }
    a407_buf_free(&out);
}

/* One scheme meets each of its challenges, one after the other. */
static void meet(struct trial *t, const struct a407_challenges *list,
                 const struct a407_challenge *info)
{
    bool begun = false;
    t->state = calloc(1, t->scheme->state_size);
    must(t->state);
    for (size_t i = 0; i < list->n; i++) {
        const struct a407_challenge *c = &list->item[i];
        enum a407_cause why = A407_CAUSE_NONE;
        if (!a407_span_ieq(c->scheme, t->scheme->token))
            continue;
        bool can = t->scheme->rank(c, t->cred, &why) > 0;
        must(can == (why == A407_CAUSE_NONE));
        if (begun)
            a407_scheme_reply(t->scheme, t->state, c, i & 1);
        begun = t->scheme->init(t->state, c) || begun;
        if (!begun)
            continue;
        step(t);
        if (t->scheme->info)
            t->scheme->info(t->state, info);
        step(t);
    }
    a407_scheme_wipe(t->scheme, t->state);
    free(t->state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct a407_challenges list;
    static struct a407_challenge info;
    static const char *const users[] = {
        "alice", "Jäsøn \"Doe\"", "a\\b", "\xff\xfe", "", "x:y", "a\r\nb"};
    struct input in = {data, n};
    unsigned char random = (unsigned char)take_byte(&in);
    unsigned how = take_byte(&in);
    char *user = exact(users[how % 7], strlen(users[how % 7]) + 1);
    char *p = exact(in.p, in.n);
    struct a407_credential cred = {.username = user,
                                   .password = how & 8 ? user : NULL,
                                   .schemes = A407_ALL_SCHEMES};
    memset(&list, 0, sizeof list);
    memset(&info, 0, sizeof info);
    a407_challenges_add(a407_span(p, in.n), &list);
    a407_auth_info_parse(a407_span(p, in.n), &info);
    struct trial t = {.cred = &cred,
                      .rq = {.method = a407_span_str("CONNECT"),
                             .target = a407_span_str("origin.test:443"),
                             .random = count_up,
                             .random_ctx = &random}};
    if (how & 16)
        t.rq.body = a407_span(p, in.n);
    t.scheme = &a407_digest;
    meet(&t, &list, &info);
    t.scheme = &a407_basic;
    meet(&t, &list, &info);
    free(user);
    free(p);
    return 0;
}
