/* SPDX-License-Identifier: MIT */
#include "pending.h"

#include <stdlib.h>

/* A record and, behind it in the same block, the texts of its spans. */
struct held {
    uint64_t exchange;
    struct a407_report_record *l; /* NULL: nothing, or taken back */
};

struct a407_pending {
    a407_pending_fn *count;
    void *ctx;
    struct held ring[A407_PENDING_MAX];
    size_t next; /* the oldest */
};

struct a407_pending *a407_pending_new(a407_pending_fn *count, void *ctx)
{
    struct a407_pending *p = calloc(1, sizeof *p);

    if (p) {
        p->count = count;
        p->ctx = ctx;
    }
    return p;
}

void a407_pending_free(struct a407_pending *p)
{
    size_t i;

    for (i = 0; p && i < A407_PENDING_MAX; i++)
        free(p->ring[i].l);
    free(p);
}

/* FNV-1a; the 0 at the end keeps "a" "bc" from being "ab" "c". */
static uint64_t mix(uint64_t h, struct a407_span s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    return h * 0x100000001b3u;
}

/* What one exchange's records have in common, as the library counts them. */
static uint64_t exchange_of(const struct a407_report_record *l)
{
    uint64_t h = 0xcbf29ce484222325u;
    char numbers[64];
    int n = snprintf(numbers, sizeof numbers, "%lld %d", (long long)l->pid,
                     l->proxy_port);

    h = mix(h, a407_span(numbers, (size_t)n));
    h = mix(h, l->host);
    h = mix(h, l->executable); /* a process number comes again */
    h = mix(h, l->proxy_address);
    h = mix(h, l->method);
    return mix(h, l->target);
}

/* The record with texts of its own, in one block. NULL: no memory. */
static struct a407_report_record *copy(const struct a407_report_record *l)
{
    struct a407_report_record *out;
    size_t n = A407_REPORT_TEXTS + l->n_args, bytes = 0, i;
    struct a407_span *span;
    char *to;

    for (i = 0; i < n; i++)
        bytes += l->texts[i].n;
    out = malloc(sizeof *out + bytes);
    if (!out)
        return NULL;
    *out = *l;
    to = (char *)(out + 1);
    for (span = out->texts; span < out->texts + n; to += span++->n)
        if (span->p)
            span->p = memcpy(to, span->p, span->n);
    return out;
}

/* Counts and frees what a place of the ring holds. */
static void let_go(struct a407_pending *p, struct held *h)
{
    if (h->l)
        p->count(p->ctx, h->l);
    free(h->l);
    h->l = NULL;
}

/*
 * Each repeat follows one 407: the newest before it that is still there. One
 * that lies longer back is of another exchange, which nothing followed.
 */
static void take_back(struct a407_pending *p, uint64_t exchange, int64_t us)
{
    size_t i;

    for (i = 1; i <= A407_PENDING_MAX; i++) {
        size_t at = (p->next + A407_PENDING_MAX - i) % A407_PENDING_MAX;
        struct held *h = &p->ring[at];

        if (!h->l || h->exchange != exchange || us < h->l->time_us ||
            us - h->l->time_us > A407_PENDING_US)
            continue;
        free(h->l);
        h->l = NULL;
        return;
    }
}

bool a407_pending_take(struct a407_pending *p,
                       const struct a407_report_record *l)
{
    struct held *h = &p->ring[p->next];
    uint64_t exchange = exchange_of(l);

    if (l->resend_count)
        take_back(p, exchange, l->time_us);
    if (!l->unresolved) {
        p->count(p->ctx, l);
        return true;
    }
    let_go(p, h);
    h->exchange = exchange;
    h->l = copy(l);
    p->next = (p->next + 1) % A407_PENDING_MAX;
    return h->l != NULL;
}

void a407_pending_flush(struct a407_pending *p)
{
    size_t i;

    for (i = 0; i < A407_PENDING_MAX; i++)
        let_go(p, &p->ring[(p->next + i) % A407_PENDING_MAX]);
}
