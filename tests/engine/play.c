/* SPDX-License-Identifier: MIT */
#include "play.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seen.h"
#include "sim.h"
#include "tell.h"

#define CONNS 4

/* 2026-01-02T03:04:05Z, in microseconds. */
#define START_US 1767323045000000

struct stage {
    const struct script *script;
    struct a407_config *config;
    struct a407_endpoint endpoint;
};

struct conn {
    struct sim sim;
    bool busy;       /* the program does not read */
    size_t net, app; /* bytes of sim.wire and sim.app that were expected */
    size_t marks;    /* reconnects that were expected */
};

struct play {
    const struct script *s;
    const struct way *way;
    const struct step *step; /* at hand */
    struct a407_proxy proxy;
    struct a407_history history;
    struct a407_shared shared;
    struct a407_host host;
    unsigned char random;
    struct conn conn[CONNS];
    struct conn *c;             /* the one that is spoken of */
    size_t reconnects;          /* "wire: reconnect" steps that were used */
    const struct step *tell[8]; /* answers that wait for their question */
    size_t n_tell;
    struct seen seen;
    int64_t later_us;
    int64_t set_us; /* by how much the machine's clock was set */
    bool failed;
};

static void fail(struct play *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(struct play *p, const char *fmt, ...)
{
    if (p->failed)
        return;
    p->failed = true;
    printf("# %s:%u: ", p->s->path, p->step ? p->step->line : 0);
    va_list ap;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    const struct a407_engine *e = p->c->sim.driver.engine;
    printf("\n# (state %s", e ? a407_engine_state_name(e) : "gone");
    if (p->way->kind == WAY_SPLIT)
        printf("; line %u was split after %zu bytes",
               p->s->step[p->way->step].line, p->way->at);
    printf(")\n");
}

/* ---- settings ---- */

static const char *getvar(void *ctx, const char *name)
{
    const struct script *s = ctx;
    for (size_t i = 0; i < s->n_env; i++)
        if (strcmp(s->env[i].name, name) == 0)
            return s->env[i].value;
    return NULL;
}

struct stage *stage_new(const struct script *s)
{
    struct a407_diag diag = {0};
    struct stage *st = calloc(1, sizeof *st);
    if (!st)
        abort();
    st->script = s;
    st->config = a407_config_new(getvar, (void *)(uintptr_t)s, &diag);
    bool ok = st->config && !diag.text[0];
    if (ok && s->file)
        ok = a407_config_add_file(st->config, s->file, strlen(s->file), &diag);
    ok = ok && a407_endpoint_parse(a407_span_str(s->endpoint), &st->endpoint);
    if (ok && !s->watched && !a407_config_proxy(st->config, &st->endpoint)) {
        a407_diag_set(&diag, "the endpoint is not configured");
        ok = false;
    }
    if (ok)
        return st;
    printf("# %s: settings: %s\n", s->path, diag.text);
    stage_free(st);
    return NULL;
}

void stage_free(struct stage *st)
{
    a407_config_free(st->config);
    free(st);
}

/* ---- what the engine asks its host ---- */

static void count_up(void *ctx, void *to, size_t n)
{
    struct play *p = ctx;
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)to)[i] = p->random++;
}

static bool is_held(const struct play *p, const struct a407_credential *cred)
{
    for (size_t i = 0; i < p->s->n_held; i++)
        if (strcmp(p->s->held[i], cred->label) == 0)
            return true;
    return false;
}

static void on_verdict(void *ctx, struct sim *sim, const struct a407_verdict *v)
{
    struct play *p = ctx;
    (void)sim;
    seen_verdict(&p->seen, v->accepted, v->cred->label);
}

static void on_event(void *ctx, struct sim *sim, struct a407_event *ev)
{
    struct play *p = ctx;
    (void)sim;
    const char *wrong = seen_event(&p->seen, ev, p->proxy.config);
    if (wrong)
        fail(p, "%s", wrong);
    free(ev);
}

static bool on_reconnect(void *ctx, struct sim *sim)
{
    struct play *p = ctx;
    (void)sim;
    size_t k = p->reconnects++;
    for (size_t i = 0; i < p->s->n_steps; i++) {
        const struct step *st = &p->s->step[i];
        if (st->kind != STEP_WIRE || strncmp(st->text, "reconnect", 9) != 0)
            continue;
        if (k-- == 0)
            return strcmp(st->text, "reconnect ok") == 0;
    }
    if (p->way->expect)
        fail(p, "a new connection was made");
    return true;
}

static void on_ask(void *ctx, struct sim *sim, const struct a407_ask *ask,
                   struct a407_told *told)
{
    struct play *p = ctx;
    if (ask->kind == A407_ASK_MARK) {
        told->ok = is_held(p, ask->cred);
        return;
    }
    /* the credential file says what it has said, unless it is told anew */
    bool in_file = ask->kind == A407_ASK_SECRET && ask->configured &&
                   !a407_credential_is_outside(ask->configured);
    if (in_file && !p->n_tell) {
        told->ok = true;
        return;
    }
    if (!p->n_tell) {
        if (p->way->expect)
            fail(p, "the engine asks, and there is nothing to tell");
        return;
    }
    const char *wrong = tell(p->tell[0]->text, ask, told);
    if (wrong && p->way->expect)
        fail(p, "line %u: %s", p->tell[0]->line, wrong);
    sim->asks_wait = strcmp(p->tell[0]->text, "later") == 0;
    memmove(p->tell, p->tell + 1, --p->n_tell * sizeof p->tell[0]);
}

/* ---- steps ---- */

static void maybe_read(struct play *p)
{
    if (!p->c->busy)
        sim_read(&p->c->sim);
}

/* False: the connection that the rest was on is no more. */
static bool feed(struct play *p, const struct step *st, size_t from, size_t n)
{
    struct sim *sim = &p->c->sim;
    size_t marks = sim->n_marks;
    if (st->kind == STEP_APP_OUT)
        sim_write(sim, st->text + from, n);
    else
        sim_arrive(sim, st->text + from, n);
    maybe_read(p);
    return st->kind == STEP_APP_OUT ||
           (sim->n_marks == marks && !sim->driver.given_back);
}

/* Byte by byte, but for the middle of very long ones. */
static size_t piece(size_t at, size_t n)
{
    if (n < 3000 || at < 1500 || at > n - 1000)
        return 1;
    return n - at < 1997 ? n - at - 999 : 997;
}

static void chunk(struct play *p, const struct step *st)
{
    const struct way *w = p->way;
    if (w->kind == WAY_BYTES) {
        for (size_t at = 0, k; at < st->n; at += k) {
            k = piece(at, st->n);
            if (!feed(p, st, at, k))
                return;
        }
    } else if (w->kind == WAY_SPLIT && &p->s->step[w->step] == st) {
        if (feed(p, st, 0, w->at))
            feed(p, st, w->at, st->n - w->at);
    } else {
        feed(p, st, 0, st->n);
    }
}

/* Some bytes round `at`, readable. */
static void show(const char *what, const struct sim_bytes *b, size_t from,
                 size_t at)
{
    size_t start = at > from + 60 ? at - 60 : from;
    printf("# %s: \"", what);
    for (size_t i = start; i < b->n && i < at + 80; i++) {
        unsigned char c = (unsigned char)b->p[i];
        if (i == at)
            printf(">>>");
        if (c == '\r' || c == '\n')
            printf(c == '\r' ? "\\r" : "\\n");
        else
            printf(c >= ' ' && c < 127 ? "%c" : "\\x%02x", c);
    }
    printf("%s\"\n", b->n == at ? ">>>" : "");
}

static void expect_bytes(struct play *p, const struct step *st,
                         const struct sim_bytes *got, size_t *from)
{
    size_t i = 0, n = got->n - *from;
    while (i < st->n && i < n &&
           (st->any[i] || st->text[i] == got->p[*from + i]))
        i++;
    if (i != st->n || i != n) {
        struct sim_bytes want = {st->text, st->n, 0};
        if (!p->failed) {
            show("expected", &want, 0, i);
            show("got     ", got, *from, *from + i);
        }
        fail(p, "%s differs at byte %zu",
             st->kind == STEP_NET_OUT ? "what went out" : "what was read", i);
    }
    *from = got->n;
}

static void wire_step(struct play *p, const char *z)
{
    struct conn *c = p->c;
    if (strncmp(z, "silent", 6) == 0) {
        if (sim_expire(&c->sim) == (z[6] == ' ') && p->way->expect)
            fail(p, "silence was met otherwise");
        maybe_read(p);
        return;
    }
    if (c->sim.n_marks <= c->marks)
        fail(p, "there was no new connection");
    else if (c->sim.mark[c->marks++] != c->net)
        fail(p, "more was sent before the new connection was made");
}

static const char *end_name(enum sim_end e)
{
    return e == SIM_OPEN ? "no end" : e == SIM_FIN ? "the end" : "an error";
}

static void app_step(struct play *p, const char *z)
{
    struct conn *c = p->c;
    if (strcmp(z, "writes only") == 0) {
        c->busy = true;
    } else if (strcmp(z, "reads") == 0) {
        c->busy = false;
        maybe_read(p);
    } else if (strcmp(z, "forks") == 0) {
        a407_engine_forked(c->sim.driver.engine);
    } else if (strcmp(z, "close") == 0) {
        sim_end(&c->sim);
    } else {
        enum sim_end want = strcmp(z, "end") == 0 ? SIM_FIN : SIM_RESET;
        if (p->way->expect && c->sim.app_end != want)
            fail(p, "the program has met %s", end_name(c->sim.app_end));
    }
}

static void select_conn(struct play *p, size_t i)
{
    if (i >= CONNS)
        abort();
    struct conn *c = p->c = &p->conn[i];
    struct sim *sim = &c->sim;
    if (!sim->driver.engine) {
        *c = (struct conn){.sim = {.send_step = p->way->send_step,
                                   .read_step = p->way->read_step,
                                   .reconnect = on_reconnect,
                                   .event = on_event,
                                   .verdict = on_verdict,
                                   .ask = on_ask,
                                   .ctx = p}};
        sim_open(sim, &p->proxy, &p->history, &p->shared);
    }
    sim->wall_us = START_US + p->later_us + p->set_us;
    sim->mono_us = 1000000 + p->later_us;
}

static void told(struct play *p, const char *wrong)
{
    if (wrong)
        fail(p, "%s", wrong);
}

static void expectation(struct play *p, const struct step *st)
{
    struct conn *c = p->c;
    const char *state;
    switch (st->kind) {
    case STEP_NET_OUT:
        expect_bytes(p, st, &c->sim.wire, &c->net);
        break;
    case STEP_APP_IN:
        expect_bytes(p, st, &c->sim.app, &c->app);
        break;
    case STEP_STATE:
        state = a407_engine_state_name(c->sim.driver.engine);
        if (strcmp(state, st->text) != 0)
            fail(p, "the state is %s", state);
        break;
    case STEP_EVENT:
        told(p, seen_next(&p->seen, st->text));
        break;
    case STEP_EVENT_KEY:
        told(p, seen_key(&p->seen, st->key, st->text));
        break;
    default:
        told(p, seen_told(&p->seen, st->text));
    }
}

static void do_step(struct play *p, const struct step *st)
{
    struct conn *c = p->c;
    p->step = st;
    switch (st->kind) {
    case STEP_APP_OUT:
    case STEP_NET_IN:
        chunk(p, st);
        break;
    case STEP_NET_END:
        c->sim.end = strcmp(st->text, "close") == 0 ? SIM_FIN : SIM_RESET;
        maybe_read(p);
        break;
    case STEP_TIME:
        p->later_us += strtoll(st->text, NULL, 10) * 1000000;
        select_conn(p, (size_t)(c - p->conn));
        break;
    case STEP_CLOCK:
        p->set_us += strtoll(st->text, NULL, 10) * 1000000;
        select_conn(p, (size_t)(c - p->conn));
        break;
    case STEP_TELL:
        if (p->n_tell == sizeof p->tell / sizeof p->tell[0])
            abort();
        if (strcmp(st->text, "known") != 0)
            p->tell[p->n_tell++] = st;
        if (c->sim.asks_wait) {
            c->sim.asks_wait = false;
            maybe_read(p);
        }
        break;
    case STEP_CONN:
        select_conn(p, strtoul(st->text, NULL, 10));
        break;
    case STEP_WIRE:
        if (p->way->expect || strncmp(st->text, "silent", 6) == 0)
            wire_step(p, st->text);
        break;
    case STEP_APP:
        app_step(p, st->text);
        break;
    default:
        if (p->way->expect)
            expectation(p, st);
    }
}

/* What holds for every connection, whatever was said on it. */
static void check_conn(struct play *p, struct conn *c)
{
    p->c = c;
    if (a407_engine_anomalies(c->sim.driver.engine))
        fail(p, "%u moves that can't happen",
             a407_engine_anomalies(c->sim.driver.engine));
    if (c->sim.stuck)
        fail(p, "the engine did not come to an end");
    told(p, sim_conserved(&c->sim));
    if (!p->way->expect)
        return;
    if (c->sim.wire.n != c->net)
        show("unasked ", &c->sim.wire, c->net, c->net);
    if (c->sim.app.n != c->app)
        show("unread  ", &c->sim.app, c->app, c->app);
    if (c->sim.wire.n != c->net || c->sim.app.n != c->app ||
        c->sim.n_marks != c->marks)
        fail(p, "the transcript ends, but there was more");
}

bool play(const struct script *s, struct stage *st, const struct way *way)
{
    struct play p = {.s = s, .way = way};
    p.host = (struct a407_host){&p, count_up};
    a407_proxy_init(&p.proxy, st->config, &p.host, &st->endpoint, !s->watched);
    if (s->memory &&
        a407_proxy_recall(&p.proxy, 0, a407_span_str(s->memory),
                          START_US / 1000000) &&
        s->nonce)
        a407_proxy_resume(&p.proxy, 0, a407_span_str(s->nonce));
    select_conn(&p, 1);
    for (size_t i = 0; i < s->n_steps && !p.failed && p.c->sim.driver.engine;
         i++)
        do_step(&p, &s->step[i]);
    for (size_t i = 0; i < CONNS && !p.failed; i++)
        if (p.conn[i].sim.driver.engine)
            check_conn(&p, &p.conn[i]);
    for (size_t i = 0; i < CONNS; i++)
        sim_close(&p.conn[i].sim);
    if (way->expect && !p.failed)
        told(&p, seen_left(&p.seen));
    if (way->expect && !p.failed && p.n_tell)
        fail(&p, "line %u was not asked for", p.tell[0]->line);
    seen_free(&p.seen);
    a407_proxy_clear(&p.proxy);
    return !p.failed;
}
