/* SPDX-License-Identifier: MIT */
/*
 * A proxy for the stress test. It asks for a login, on one port with Basic, on
 * one with Digest and on one with NTLM, and does to its 407s at random what
 * real ones do: closes, resets, half-closes, sends in pieces, at great length,
 * in chunks. What it answers once it is satisfied follows the exchange's plan.
 *
 * At the end of its standard input it prints what it saw. "faults" there are
 * breaches by the other side: a wrong credential, a request that was altered,
 * an exchange that was carried out twice.
 */
#include <err.h>
#include <errno.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth.h"
#include "ntlm.h"
#include "plan.h"
#include "server.h"
#include "wire.h"

#define NUMBERS (1u << 22)

static uint64_t seed;
static _Atomic unsigned char granted[NUMBERS];
static _Atomic unsigned char refused[NUMBERS];
static _Atomic unsigned char legs[NUMBERS];
static _Atomic unsigned char broken[NUMBERS];  /* handshakes, by us */
static _Atomic unsigned char doubted[NUMBERS]; /* a 407 in mid-connection */
static atomic_uint n_granted, n_refused, n_legs, n_faults, n_connections;
static atomic_uint let_in; /* handshakes that have led to something */

struct port {
    struct auth auth;
    struct server server;
};

struct session {
    struct port *port;
    struct wire wire;
    uint64_t random;
    unsigned requests; /* on this connection */
    struct plan plan;  /* of the request at hand */
    struct ntlm ntlm;
};

static void fault(const struct session *s, const char *what, const char *more)
{
    if (atomic_fetch_add(&n_faults, 1) < 20)
        printf("fault connection %u exchange %u: %s %s\n", s->wire.id,
               s->plan.number, what, more);
}

/* ---- sending in pieces ---- */

static bool put(struct session *s, const char *p, size_t n, bool pieces)
{
    unsigned pauses = 8; /* few: it is about the pieces, not about waiting */
    while (pieces && n && pauses--) {
        size_t k = rng_below(&s->random, rng_one_in(&s->random, 2) ? 8 : n) + 1;
        if (k > n)
            k = n;
        if (!wire_write(&s->wire, p, k))
            return false;
        p += k;
        n -= k;
        if (rng_one_in(&s->random, 3))
            pause_ms(1);
    }
    return wire_write(&s->wire, p, n);
}

/* Waits for the client to close; what it still sends is thrown away. */
static void drain(struct session *s)
{
    while (wire_fill(&s->wire))
        s->wire.at = s->wire.n = 0;
}

/* A reset throws away what the client has not got yet: it may be slow. */
static void reset(struct session *s)
{
    int queued = 1;
    for (int i = 0; i < 30000 && queued; i++) {
        if (ioctl(s->wire.fd, SIOCOUTQ, &queued) < 0)
            break;
        if (queued)
            pause_ms(1);
    }
    wire_reset(&s->wire);
}

/* ---- 407 ---- */

enum trick {
    STAYS,
    STAYS_TOO,
    SAYS_CLOSE,
    CLOSES_SILENTLY,
    RESETS,
    HALF_CLOSES,
    OLD,  /* HTTP/1.0: no length, and the end of the connection */
    CUTS, /* closes within the content */
    TRICKS
};

static size_t content_size(struct session *s)
{
    return rng_one_in(&s->random, 16) ? rng_below(&s->random, 300000)
                                      : rng_below(&s->random, 2000);
}

static void put_407(struct session *s, bool stale, enum trick trick,
                    struct text *out)
{
    struct challenges c;
    char line[32];
    size_t n = content_size(s) + 2;
    bool chunks = trick != OLD && rng_one_in(&s->random, 4);
    text_fmt(out, "HTTP/1.%d 407 Proxy Authentication Required\r\n",
             trick != OLD);
    if (s->ntlm.challenge.p) {
        text_fmt(out, "Proxy-Authenticate: %s\r\n", s->ntlm.challenge.p);
    } else {
        auth_challenges(&s->port->auth, stale, &c);
        for (size_t i = 0; i < c.n; i++)
            text_fmt(out, "Proxy-Authenticate: %s\r\n", c.item[i].p);
        challenges_free(&c);
    }
    if (chunks)
        text_str(out, "Transfer-Encoding: chunked\r\n");
    else if (trick != OLD)
        text_fmt(out, "Content-Length: %zu\r\n", n);
    if (trick == SAYS_CLOSE || trick == RESETS)
        text_str(out, "Connection: close\r\n");
    text_str(out, "\r\n");
    if (chunks) {
        snprintf(line, sizeof line, "%zx\r\n", n);
        text_str(out, line);
    }
    for (size_t i = 0; i < n; i++)
        text_add(out, &"407\n"[i % 4], 1);
    if (chunks)
        text_str(out, "\r\n0\r\n\r\n");
    if (trick == CUTS)
        out->n -= rng_below(&s->random, n / 2);
}

/*
 * The 407s of an exchange: one, or with NTLM one and a few with a Type 2. A 407
 * in the middle of a connection may be an origin's, as far as the client can
 * tell: then it asks once more on a fresh one.
 */
static void count(struct session *s)
{
    bool leg = s->ntlm.challenge.p;
    if (leg) {
        atomic_fetch_add(&n_legs, 1);
        if (++legs[s->plan.number] > 3)
            fault(s, "a fourth handshake for", "one exchange");
    } else if ((refused[s->plan.number] & 1) && !doubted[s->plan.number]) {
        fault(s, "a second 407 for", "one exchange");
    } else {
        doubted[s->plan.number] = !refused[s->plan.number] && s->requests > 1;
    }
    if (!refused[s->plan.number])
        atomic_fetch_add(&n_refused, 1);
    refused[s->plan.number] |= leg ? 2 : 1;
}

/* What a handshake survives: one that breaks off, besides the one that may
   have met the end of the connection at its start. None before the client has
   seen that one was let in: two ends in a row are a refusal then. */
#define LET_IN 20

static enum trick leg_trick(struct session *s)
{
    enum trick trick = rng_below(&s->random, TRICKS);
    if (!rng_one_in(&s->random, 4) || broken[s->plan.number] || let_in < LET_IN)
        return STAYS;
    broken[s->plan.number] = trick != STAYS && trick != STAYS_TOO;
    return trick;
}

static bool refuse(struct session *s, bool stale)
{
    struct text out = {0};
    enum trick trick =
        s->ntlm.challenge.p ? leg_trick(s) : rng_below(&s->random, TRICKS);
    /* A proxy keeps connections or does not. One that changes its mind behind
       a header would have its next 407 taken for an origin's; Basic meets
       none there. */
    if (trick == OLD && !s->port->auth.basic)
        trick = STAYS;
    count(s);
    /* Behind such an answer to another request the 407 may be an origin's. */
    if (s->plan.kind == KIND_TUNNEL && rng_one_in(&s->random, 4))
        text_str(&out, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
    put_407(s, stale, trick, &out);
    if (rng_one_in(&s->random, 8))
        pause_ms((unsigned)rng_below(&s->random, 20));
    bool sent = put(s, out.p, out.n, rng_one_in(&s->random, 4));
    text_free(&out);
    if (!sent || trick == STAYS || trick == STAYS_TOO)
        return sent;
    if (trick == RESETS)
        reset(s);
    else if (trick == HALF_CLOSES && shutdown(s->wire.fd, SHUT_WR) == 0)
        drain(s);
    return false;
}

/* ---- what was asked for ---- */

static void put_chunks(struct session *s, struct text *out, const char *p,
                       size_t n)
{
    while (n) {
        size_t k = rng_below(&s->random, n < 9000 ? n : 9000) + 1;
        text_fmt(out, "%zx\r\n", k);
        text_add(out, p, k);
        text_str(out, "\r\n");
        p += k;
        n -= k;
    }
}

static void put_final(struct session *s, struct text *out)
{
    const struct plan *p = &s->plan;
    size_t n = p->end == END_WHOLE ? p->size : p->end_at;
    char *content = malloc(p->size + 1);
    if (!content)
        err(1, "no memory");
    plan_fill_down(p->number, 0, content, p->size);
    text_str(out, "HTTP/1.1 200 OK\r\n");
    if (p->framing == BY_LENGTH)
        text_fmt(out, "Content-Length: %zu\r\n", p->size);
    else if (p->framing == BY_CHUNKS)
        text_str(out, "Transfer-Encoding: chunked\r\n");
    if (p->closes)
        text_str(out, "Connection: close\r\n");
    text_str(out, "\r\n");
    if (p->framing == BY_CHUNKS)
        put_chunks(s, out, content, n);
    else
        text_add(out, content, n);
    if (p->framing == BY_CHUNKS && p->end == END_WHOLE)
        text_str(out, "0\r\n\r\n");
    free(content);
}

static bool echo(struct session *s)
{
    char part[16384];
    size_t n;
    if (!put(s, "HTTP/1.1 200 OK\r\n\r\n", 19, rng_one_in(&s->random, 4)))
        return false;
    while ((n = wire_read(&s->wire, part, sizeof part)) > 0)
        if (!wire_write(&s->wire, part, n))
            return false;
    return false;
}

static bool grant(struct session *s)
{
    struct text out = {0};
    const struct plan *p = &s->plan;
    atomic_fetch_add(&n_granted, 1);
    if (s->port->auth.ntlm)
        let_in++;
    if (granted[p->number]++)
        fault(s, "carried out", "twice");
    if (p->kind == KIND_TUNNEL)
        return echo(s);
    put_final(s, &out);
    bool sent = put(s, out.p, out.n, p->pieces);
    text_free(&out);
    if (sent && p->end == END_RESET)
        reset(s);
    return sent && p->end == END_WHOLE && !p->closes;
}

/* ---- requests ---- */

/* The number in "http://7.stress.test/" or "7.stress.test:443". */
static bool read_number(const char *target, uint32_t *number)
{
    char *end;
    if (strncmp(target, "http://", 7) == 0)
        target += 7;
    unsigned long n = strtoul(target, &end, 10);
    *number = (uint32_t)n;
    return end != target && n < NUMBERS &&
           strncmp(end, ".stress.test", 12) == 0;
}

/* A leg that is not the last has none. */
static bool content_is_right(const struct session *s, const struct msg *rq)
{
    bool none = s->ntlm.challenge.p || s->plan.kind != KIND_POST;
    if (rq->body.n != (none ? 0 : s->plan.body))
        return false;
    for (size_t i = 0; i < rq->body.n; i++)
        if ((unsigned char)rq->body.p[i] != plan_up(s->plan.number, i))
            return false;
    return true;
}

/* A 407 without having read the content; some of it may never be. */
static bool hasty(struct session *s, const struct msg *rq)
{
    return auth_needed(&s->port->auth) && msg_has_body(rq) &&
           !msg_field(rq, "Proxy-Authorization") && !auth_wants_body(rq) &&
           s->ntlm.phase != NTLM_IN && rng_one_in(&s->random, 8);
}

static bool judged(struct session *s, struct msg *rq)
{
    static const char *const methods[] = {"GET", "POST", "CONNECT"};
    static struct faults none;
    struct auth *a = &s->port->auth;
    struct ruling why;
    if (!a->ntlm || !ntlm_judge(&s->ntlm, a, &none, rq, &why))
        auth_judge(a, rq, &why);
    if (strcmp(rq->word[0], methods[s->plan.kind]) != 0)
        fault(s, "method", rq->word[0]);
    if (!content_is_right(s, rq))
        fault(s, "content", "altered");
    if (why.verdict == AUTH_WRONG)
        fault(s, "credential", why.reason);
    /* A nonce may grow old, but a repeat is not met with another refusal. */
    bool old = why.verdict == AUTH_STALE;
    if (why.verdict == AUTH_OK && strcmp(why.scheme, "digest") == 0 &&
        !refused[s->plan.number] && rng_one_in(&s->random, 4))
        old = true;
    if (old || why.verdict == AUTH_MISSING)
        return refuse(s, old);
    /* Now and then a login is for one request only. */
    if (rng_one_in(&s->random, 6))
        s->ntlm.phase = NTLM_NOTHING;
    return why.verdict == AUTH_OK && grant(s);
}

/* One request. False: the connection ends. */
static bool serve_one(struct session *s, struct msg *rq)
{
    uint32_t number;
    if (!msg_request(rq, &s->wire))
        return false;
    if (!read_number(rq->word[1], &number)) {
        fault(s, "target", rq->word[1]);
        return false;
    }
    plan_make(&s->plan, number, seed);
    s->requests++;
    if (hasty(s, rq)) {
        refuse(s, false);
        return false;
    }
    return msg_read_body(rq, &s->wire) && judged(s, rq);
}

static void serve(void *ctx, int fd, unsigned id)
{
    struct session s = {.port = ctx};
    bool more = true;
    s.random = seed ^ id * UINT64_C(0x2545f4914f6cdd1d);
    atomic_fetch_add(&n_connections, 1);
    wire_init(&s.wire, fd, id, NULL);
    while (more) {
        struct msg rq;
        more = serve_one(&s, &rq);
        msg_free(&rq);
    }
    ntlm_free(&s.ntlm);
    if (s.wire.fd >= 0)
        wire_close(&s.wire);
}

static void summary(void)
{
    printf("connections %u refused %u legs %u granted %u faults %u\n",
           n_connections, n_refused, n_legs, n_granted, n_faults);
}

static const char *const schemes[] = {"port", "digest", "ntlm"};
#define PORTS (sizeof schemes / sizeof *schemes)

static void start(struct port *p, bool login, size_t scheme)
{
    p->auth = (struct auth){.user = "alice",
                            .password = "a \"pass\": word",
                            .realm = "stress",
                            .qop = "auth",
                            .basic = login && scheme == 0,
                            .digest = login && scheme == 1,
                            .ntlm = login && scheme == 2};
    p->auth.algorithms[0] = digest_algorithm("MD5");
    p->auth.algorithms[1] = digest_algorithm("SHA-256");
    p->auth.n_algorithms = 2;
    auth_init(&p->auth);
    p->server = (struct server){.serve = serve, .ctx = p};
    server_listen(&p->server, 0);
}

int main(int argc, char **argv)
{
    static struct port port[PORTS];
    struct server server[PORTS];
    if (argc < 2 || argc > 3)
        errx(2, "usage: proxy SEED [open]   (open: it asks for no login)");
    seed = strtoull(argv[1], NULL, 10);
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < PORTS; i++) {
        start(&port[i], argc == 2, i);
        server[i] = port[i].server;
        printf("%s %u\n", schemes[i], server[i].port);
    }
    fflush(stdout);
    atexit(summary);
    server_run(server, PORTS, true);
}
