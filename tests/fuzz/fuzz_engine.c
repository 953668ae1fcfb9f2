/* SPDX-License-Identifier: MIT */
/*
 * The engine as a whole: bytes choose what program, proxy and network do.
 * The first byte chooses the settings, then each step is one byte (the action
 * in its low half, a number in its high half), for some followed by a length
 * (two bytes, low one first) and so many bytes. tests/engine/sim.h has
 * the program and the driver.
 */
#include "fuzz.h"

#include <errno.h>

#include "core/record/record.h"
#include "json_check.h"
#include "sim.h"

#define CONNS 3

/* What a run may cost: more steps find nothing that fewer don't. */
#define STEPS_MAX 400
#define BYTES_MAX (2u << 20)

#define SECRET "0pen-sesame"
#define BASIC  "YWxpY2U6MHBlbi1zZXNhbWU="

/* The CHALLENGE_MESSAGE of MS-NLMP section 4.2.4.3 */
#define TYPE2                                                                  \
    "TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBwFwAA" \
    "AA9TAGUAcgB2AGUAcgACAAwARABvAG0AYQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAA="

struct world {
    struct a407_config *config;
    struct a407_host host;
    struct a407_proxy proxy;
    struct a407_history history;
    struct a407_shared shared;
    struct sim sim[CONNS];
    struct sim *s; /* the connection at hand */
    bool busy;     /* its program does not read */
    bool refuse;   /* the next reconnect fails */
    bool held;
    unsigned asked; /* the next question gets the answer of this number */
    unsigned char random;
    size_t bytes;
};

/* ---- settings ---- */

static const char *getvar(void *ctx, const char *name)
{
    unsigned how = *(const unsigned *)ctx;
    static const struct {
        const char *name, *value;
        unsigned mask, is; /* set if (how & mask) == is */
    } vars[] = {
        {"http_proxy", "http://proxy.test:3128", 0, 0},
        {"AUTH407_USERNAME", "alice", 1, 1},
        {"AUTH407_PASSWORD", SECRET, 1, 1},
        {"AUTH407_PROXY", "http://bob:other" SECRET "@proxy.test:3128", 2, 2},
        {"AUTH407_MODE", "observe", 12, 4},
        {"AUTH407_SCHEMES", "digest", 12, 8},
        {"AUTH407_LOG_LEVEL", "request", 16, 16},
        {"AUTH407_REPLAY_MAX", "1000", 32, 32},
        {"AUTH407_TOKEN", "tok-" SECRET, 64, 64},
    };
    for (size_t i = 0; i < sizeof vars / sizeof *vars; i++)
        if (strcmp(vars[i].name, name) == 0 &&
            (how & vars[i].mask) == vars[i].is)
            return vars[i].value;
    return NULL;
}

static void count_up(void *ctx, void *to, size_t n)
{
    struct world *w = ctx;
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)to)[i] = w->random++;
}

/* ---- what must hold ---- */

static void on_event(void *ctx, struct sim *s, struct a407_event *ev)
{
    struct a407_buf line;
    (void)ctx, (void)s;
    must(ev->n_attempts <= A407_EVENT_ATTEMPTS);
    must(ev->n_challenges <= A407_CHALLENGES_MAX);
    /* without an attempt: the client's own, or the 407 was not the proxy's */
    must(ev->outcome != A407_RESOLVED || ev->n_attempts || ev->resend_count ||
         ev->cause == A407_CAUSE_PROTOCOL);
    must(ev->outcome != A407_RESOLVED || ev->final_status != 407);
    a407_buf_init(&line, (size_t)1 << 20);
    must(
        a407_record_json(&(struct a407_record){.event = ev}, SIZE_MAX, &line) &&
        json_valid(line.p, line.n - 1));
    must(!memmem(line.p, line.n, SECRET, strlen(SECRET)));
    a407_buf_free(&line);
    free(ev);
}

/* Nobody is judged by a name alone. */
static void on_verdict(void *ctx, struct sim *s, const struct a407_verdict *v)
{
    (void)ctx, (void)s;
    must(v->cred->password || v->cred->token);
}

static bool on_reconnect(void *ctx, struct sim *s)
{
    struct world *w = ctx;
    (void)s;
    bool ok = !w->refuse;
    w->refuse = false;
    return ok;
}

/* Tokens and secrets from outside, or none, in turns. */
static void on_ask(void *ctx, struct sim *s, const struct a407_ask *ask,
                   struct a407_told *told)
{
    static const enum a407_cause causes[] = {
        A407_CAUSE_NO_TICKET, A407_CAUSE_CLOCK_SKEW, A407_CAUSE_REJECTED,
        A407_CAUSE_HELPER_FAILED};
    struct world *w = ctx;
    (void)s;
    if (ask->kind == A407_ASK_MARK) {
        told->ok = w->held;
        return;
    }
    unsigned k = w->asked++;
    told->ok = k % 3 != 2;
    told->cause = causes[k / 3 % 4];
    a407_buf_init(&told->token, 64);
    if (told->ok && ask->kind == A407_ASK_TOKEN)
        a407_buf_fmt(&told->token, "token %u", k);
    if (told->ok && ask->kind == A407_ASK_SECRET)
        told->secret = a407_credential_copy(ask->cred);
}

static bool holds(const struct sim_bytes *b, const char *z)
{
    return b->n && memmem(b->p, b->n, z, strlen(z));
}

/* What we have made never reaches the program. */
static void check(struct sim *s)
{
    must(a407_engine_anomalies(s->driver.engine) == 0);
    must(s->stuck == 0);
    const char *broken = s->harmed ? NULL : sim_conserved(s);
    if (broken)
        fprintf(stderr, "%s\n", broken);
    must(!broken);
    must(!holds(&s->app, BASIC));
}

/* ---- steps ---- */

static void reopen(struct world *w, struct sim *s)
{
    if (s->driver.engine) {
        check(s);
        sim_close(s);
    }
    *s = (struct sim){.send_step = SIZE_MAX,
                      .read_step = 65536,
                      .reconnect = on_reconnect,
                      .event = on_event,
                      .verdict = on_verdict,
                      .ask = on_ask,
                      .ctx = w,
                      .wall_us = 1767323045000000,
                      .mono_us = 1000000};
    must(sim_open(s, &w->proxy, &w->history, &w->shared));
}

static const char *const requests[] = {
    "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n",
    "CONNECT origin.test:443 HTTP/1.1\r\n\r\n",
    "POST http://origin.test/ HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc",
    "def",
    "PUT http://origin.test/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "3\r\nabc\r\n",
    "0\r\n\r\n",
    "HEAD http://origin.test/ HTTP/1.0\r\n\r\n",
    "GET http://origin.test/ HTTP/1.1\r\nProxy-Authorization: Basic Ym9iOng="
    "\r\n\r\n",
    "GET http://origin.test/ HTTP/1.1\r\nProxy-Authorization: NTLM "
    "TlRM\r\n\r\n",
    "GET http://origin.test/ HTTP/1.1\r\nHo",
    "st: origin.test\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "POST http://origin.test/ HTTP/1.1\r\nContent-Length: 70000\r\n\r\n",
    "POST http://origin.test/ HTTP/1.1\r\nContent-Length: 8192\r\n\r\n",
    "\x16\x03\x01",
};

static const char *const answers[] = {
    "HTTP/1.1 407 A\r\nProxy-Authenticate: Basic realm=\"r\"\r\n"
    "Content-Length: 3\r\n\r\nabc",
    "HTTP/1.1 407 A\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"n1\", "
    "qop=\"auth\"\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 407 A\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"n2\", "
    "qop=\"auth-int,auth\", stale=true\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 407 A\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"n3\", "
    "qop=\"auth-int\"\r\nProxy-Authenticate: Basic realm=\"r\"\r\n"
    "Transfer-Encoding: chunked\r\n\r\n",
    "3\r\nabc\r\n",
    "0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.0 407 A\r\nProxy-Authenticate: Basic realm=\"r\"\r\n\r\n",
    "HTTP/1.1 407 A\r\nProxy-Authenticate: NTLM TlRMTVNTUAAC\r\n"
    "Content-Length: 0\r\n\r\n",
    "HTTP/1.1 407 A\r\nProxy-Authenticate: Basic realm=\"r\"\r\nConnection: "
    "close\r\nContent-Length: 3\r\n\r\na",
    "HTTP/1.1 200 OK\r\nProxy-Authentication-Info: nextnonce=\"n4\"\r\n"
    "Transfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 401 U\r\nServer: tinyproxy/1\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 407 A\r\nContent-Length: 70000\r\n\r\n",
    "HTTP/1.1 407",
    " A\r\nProxy-Authenticate: Basic realm=\"r\"\r\nContent-Length: "
    "8192\r\n\r\n",
};

static const char *const handshakes[] = {
    "HTTP/1.1 407 A\r\nProxy-Authenticate: Negotiate\r\n"
    "Proxy-Authenticate: NTLM\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 407 A\r\nProxy-Authenticate: Negotiate b2s=\r\n"
    "Content-Length: 0\r\n\r\n",
    "HTTP/1.1 200 A\r\nProxy-Authenticate: Negotiate b2s=\r\n"
    "Content-Length: 3\r\n\r\nabc",
    "HTTP/1.1 407 A\r\nProxy-Authenticate: NTLM\r\nConnection: close\r\n"
    "Content-Length: 0\r\n\r\n",
    "HTTP/1.1 407 A\r\nProxy-Authenticate: NTLM " TYPE2 "\r\n"
    "Content-Length: 3\r\n\r\nabc",
    "HTTP/1.1 407 A\r\nProxy-Authenticate: NTLM " TYPE2 "\r\n"
    "Connection: close\r\n\r\n",
    "HTTP/1.1 407 A\r\nProxy-Authenticate: Bearer\r\n"
    "Proxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 407 A\r\nProxy-Authenticate: NTLM " TYPE2 "\r\n"
    "Proxy-Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
};

static void to_proxy(struct world *w, const char *p, size_t n)
{
    w->bytes += n;
    sim_write(w->s, p, n);
}

static void from_proxy(struct world *w, const char *p, size_t n)
{
    w->bytes += n;
    sim_arrive(w->s, p, n);
}

static void bytes_step(struct world *w, struct input *in, bool out)
{
    const uint8_t *p;
    size_t n = take_byte(in);
    n |= (size_t)take_byte(in) << 8;
    n = take_bytes(in, n, &p);
    if (out)
        to_proxy(w, (const char *)p, n);
    else
        from_proxy(w, (const char *)p, n);
}

static void many_step(struct world *w, struct input *in, unsigned number)
{
    static char block[65536];
    size_t n = 4096 * (size_t)(number % 8 + 1) * 2;
    memset(block, (int)take_byte(in), sizeof block);
    if (number & 8)
        to_proxy(w, block, n);
    else
        from_proxy(w, block, n);
}

/* What a kernel, another thread or an attacker does to the connection. */
static void harm(struct sim *s, unsigned number)
{
    s->harmed = true;
    s->full = number == 1;
    s->fails = number == 2 ? EPIPE : number == 3 ? ECONNRESET : 0;
    s->elsewhere = number == 4;
    s->touched = number == 5;
    s->holds = number == 6   ? A407_OTHERS
               : number == 7 ? A407_UNHELD
                             : A407_HELD;
    s->renewals = number == 1 ? A407_RENEWAL_PENDING : A407_RENEWED;
}

static void odd_step(struct world *w, unsigned number)
{
    if (number & 8)
        harm(w->s, number & 7);
    else if (number & 2)
        w->s->asks_wait = number & 1;
    else if (number & 1)
        sim_forget(w->s);
    else
        sim_expire(w->s);
}

static void one_step(struct world *w, struct input *in)
{
    unsigned op = take_byte(in), number = op >> 4;
    switch (op & 15) {
    case 0:
    case 1:
        bytes_step(w, in, op & 1);
        break;
    case 2:
        to_proxy(w, requests[number], strlen(requests[number]));
        break;
    case 3:
        from_proxy(w, answers[number], strlen(answers[number]));
        break;
    case 4:
        w->s->end = number & 1 ? SIM_RESET : SIM_FIN;
        break;
    case 5:
        w->refuse = number & 1;
        break;
    case 6:
        w->busy = number & 1;
        break;
    case 7:
        w->s->wall_us += (int64_t)100000000 << number;
        w->s->mono_us += (int64_t)100000000 << number;
        break;
    case 8:
        odd_step(w, number);
        break;
    case 9:
        w->s = &w->sim[number % CONNS];
        break;
    case 10:
        reopen(w, w->s);
        break;
    case 11:
        a407_engine_forked(w->s->driver.engine);
        break;
    case 12:
        many_step(w, in, number);
        break;
    case 13:
        w->s->read_step = number ? 1 + number * number * 8 : 65536;
        break;
    case 14:
        w->s->send_step = number ? number * 5 : SIZE_MAX;
        break;
    default:
        if (number & 8)
            from_proxy(w, handshakes[number & 7],
                       strlen(handshakes[number & 7]));
        else
            w->held = number & 1;
    }
    if (!w->busy)
        sim_read(w->s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct world w;
    struct input in = {data, n};
    if (n && (memmem(data, n, "0pen", 4) || memmem(data, n, "YWxpY2U6", 8)))
        return 0; /* it must not know what is secret */
    unsigned how = take_byte(&in);
    struct a407_diag diag;
    struct a407_endpoint e;
    w = (struct world){.host = {&w, count_up}};
    w.config = a407_config_new(getvar, &how, &diag);
    must(w.config && a407_endpoint_parse(a407_span_str("proxy.test:3128"), &e));
    a407_proxy_init(&w.proxy, w.config, &w.host, &e, !(how & 128));
    for (size_t i = 0; i < CONNS; i++)
        reopen(&w, &w.sim[i]);
    w.s = &w.sim[0];
    for (unsigned i = 0; in.n && i < STEPS_MAX && w.bytes < BYTES_MAX; i++)
        one_step(&w, &in);
    for (size_t i = 0; i < CONNS; i++) {
        check(&w.sim[i]);
        sim_close(&w.sim[i]);
    }
    a407_proxy_clear(&w.proxy);
    a407_config_free(w.config);
    return 0;
}
