/* SPDX-License-Identifier: MIT */
/* Bodies: where they end, however they arrive, and what is in them. */
#include "fuzz.h"

#include "core/http/http.h"

struct payload {
    uint64_t n, sum;
};

static void collect(void *ctx, const char *p, size_t n)
{
    struct payload *to = ctx;
    for (size_t i = 0; i < n; i++)
        to->sum = to->sum * 31 + (unsigned char)p[i];
    to->n += n;
}

/* Feeds pieces of `step` bytes. Returns how many bytes were the body's. */
static size_t feed(struct a407_body *b, const char *p, size_t n, size_t step,
                   struct payload *to)
{
    size_t at = 0;
    while (at < n && !b->done && !b->bad) {
        size_t k = n - at < step ? n - at : step;
        size_t used = a407_body_feed_to(b, p + at, k, collect, to);
        must(used <= k && (used == k || b->done));
        at += used;
    }
    return at;
}

/* What surely belongs to the body is never more than what does. */
static void check_sure(struct a407_body b, const char *p, size_t n, size_t end)
{
    for (size_t at = 0; at < n && !b.done && !b.bad; at++) {
        uint64_t sure = a407_body_sure(&b);
        must(sure > 0 && sure <= end - at);
        must(a407_body_feed(&b, p + at, 1) == 1);
    }
    must(a407_body_sure(&b) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2)
        return 0;
    static const enum a407_body_kind kinds[] = {
        A407_BODY_CHUNKED, A407_BODY_CHUNKED, A407_BODY_LENGTH, A407_BODY_CLOSE,
        A407_BODY_NONE};
    enum a407_body_kind kind = kinds[data[0] % 5];
    uint64_t length = data[1];
    struct a407_body start, whole;
    struct payload one = {0, 0};
    char *p = exact(data + 2, n - 2);
    n -= 2;
    a407_body_init(&start, kind, length);
    whole = start;
    size_t end = feed(&whole, p, n, n, &one);
    for (size_t step = 1; step < 6; step++) {
        struct a407_body b = start;
        struct payload many = {0, 0};
        size_t k = feed(&b, p, n, step, &many);
        must(b.done == whole.done && b.bad == whole.bad);
        if (!b.bad) /* after that nothing is told about bytes */
            must(k == end && many.n == one.n && many.sum == one.sum);
    }
    if (whole.done)
        check_sure(start, p, n, end);
    must(whole.done || whole.bad || end == n);
    free(p);
    return 0;
}
