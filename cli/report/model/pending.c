/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <stdlib.h>

/* What one exchange's records have in common, as the library counts them. */
static uint64_t exchange_of(const struct a407_report_record *l)
{
    /* the process by its program, too: its number comes again */
    const struct a407_span texts[] = {l->host, l->executable, l->proxy_address,
                                      l->method, l->target};
    uint64_t h =
        A407_HASH_START + (uint64_t)l->pid * 65536 + (uint64_t)l->proxy_port;
    size_t i;

    for (i = 0; i < sizeof texts / sizeof *texts; i++)
        h = a407_hash_text(h, texts[i]);
    return h;
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
static void let_go(struct a407_pending *p, struct a407_held *h)
{
    if (h->l)
        p->count(p->ctx, h->l);
    free(h->l);
    h->l = NULL;
}

/* Each repeat follows one 407: the newest before it that is still there. One
   that lies longer back is of another exchange. */
static void take_back(struct a407_pending *p, uint64_t exchange, int64_t us)
{
    size_t i;

    for (i = 1; i <= A407_PENDING_MAX; i++) {
        size_t at = (p->next + A407_PENDING_MAX - i) % A407_PENDING_MAX;
        struct a407_held *h = &p->ring[at];

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
    struct a407_held *h = &p->ring[p->next];
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
