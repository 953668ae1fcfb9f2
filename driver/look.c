/* SPDX-License-Identifier: MIT */
#include "pump.h"

#include <errno.h>
#include <stdlib.h>

#include "core/http/http.h"

void a407_driver_check_unseen(struct a407_driver *d)
{
    if (d->transport->hold(d->link) == A407_HELD &&
        !d->transport->is_untouched(d->link))
        a407_engine_forget(d->engine);
}

static bool scratch(struct a407_driver *d, size_t n)
{
    if (d->scratch_n >= n)
        return true;
    char *p = malloc(n);
    if (!p)
        return false;
    a407_wipe(d->scratch, d->scratch_n);
    free(d->scratch);
    d->scratch = p;
    d->scratch_n = n;
    return true;
}

/*
 * What a read into the scratch buffer came to: the bytes; 0 with *end set at
 * the end of the connection or an error; 0 without: nothing there.
 */
static size_t found(struct a407_driver *d, ssize_t k, bool *end)
{
    *end = d->error || k == 0;
    if (d->error || k >= 0)
        return d->error ? 0 : (size_t)k;
    if (errno != EAGAIN && errno != EINTR) {
        /* Taking an error off the socket clears it: the program gets it from
           us if it comes to that. */
        d->error = errno;
        *end = true;
    }
    return 0;
}

/* One more look at a connection that is held. */
static size_t look(struct a407_driver *d)
{
    bool end;
    return found(d, d->transport->peek(d->link, d->scratch, d->scratch_n),
                 &end);
}

void a407_driver_see_rest(struct a407_driver *d)
{
    if (a407_engine_plan(d->engine).rest &&
        d->transport->hold(d->link) == A407_HELD && scratch(d, A407_HEAD_MAX))
        a407_engine_rest(d->engine, d->scratch, look(d));
}

void a407_driver_see_words(struct a407_driver *d)
{
    if (a407_engine_listens(d->engine) &&
        d->transport->hold(d->link) == A407_HELD && scratch(d, 4096))
        a407_engine_words(d->engine, d->scratch, look(d));
}

bool a407_driver_see_behind(struct a407_driver *d)
{
    return a407_engine_plan(d->engine).behind &&
           d->transport->hold(d->link) == A407_HELD &&
           scratch(d, A407_HEAD_MAX) &&
           a407_engine_behind(d->engine, d->scratch, look(d));
}

/* How long the rest of a head may be in coming where the receive buffer looks
   full. It may not be: poll() wakes for fewer bytes than SO_RCVLOWAT as soon as
   the window is no larger than a segment, and of a small buffer it never is. */
#define FULL_MS 300

enum more { MORE_LATER, MORE_SOON, MORE_NEVER };

/*
 * Of a head there are `*k` bytes, fewer than are needed. NEVER: the connection
 * ends, or the receive buffer is full: too long a head. The last look is after
 * the last question, or that would be about bytes that nobody has seen. SOON:
 * it looks full, so poll() would say so all the time.
 */
static enum more comes_more(struct a407_driver *d, size_t *k)
{
    size_t before = d->peeked;
    unsigned is = d->transport->queue(d->link);
    bool full = is & A407_QUEUE_FULL && *k == before;
    size_t now = full || is & A407_QUEUE_ENDS ? look(d) : 0;
    *k = now > *k ? now : *k;
    full = full && *k == before;
    d->peeked = *k;
    if (is & A407_QUEUE_ENDS)
        return MORE_NEVER;
    if (!full) {
        d->full_until = 0;
        return MORE_LATER;
    }
    if (!d->full_until) {
        d->full_until = d->now_ms + FULL_MS;
        d->full_ms = 1;
    }
    if (d->now_ms >= d->full_until)
        return MORE_NEVER;
    d->look_again = d->now_ms + d->full_ms;
    d->full_ms *= 2;
    return MORE_SOON;
}

/* The first bytes of an answer are there. */
static void show(struct a407_driver *d, size_t k, bool end)
{
    d->peeked = 0;
    d->full_until = 0;
    d->transport->arm(d->link, 0);
    /* Inside a tunnel that we have not seen being made it would be the
       origin's 407. */
    if (k && a407_sniff_407(d->scratch, k) == A407_SNIFF_YES)
        a407_driver_check_unseen(d);
    a407_engine_peeked(d->engine, d->scratch, k, end);
}

enum a407_driven a407_driver_peek(struct a407_driver *d, size_t need)
{
    bool end = true;
    size_t k = 0;
    if (d->transport->hold(d->link) != A407_HELD)
        return A407_NOT_FOLLOWED;
    if (scratch(d, need > 4096 ? A407_HEAD_MAX + 1 : 4096))
        k = found(d, d->transport->peek(d->link, d->scratch, d->scratch_n),
                  &end);
    if (!k && !end)
        return A407_NEEDS_BYTES;
    if (k == d->scratch_n && k < A407_HEAD_MAX && scratch(d, A407_HEAD_MAX + 1))
        k = look(d);
    if (k && k < need) {
        enum more more = comes_more(d, &k);
        if (k < need && more != MORE_NEVER) {
            d->transport->arm(d->link, need);
            return more == MORE_SOON ? A407_NEEDS_WORK : A407_NEEDS_BYTES;
        }
        end = k < need;
    }
    show(d, k, end);
    return A407_DRIVEN;
}

enum a407_driven a407_driver_consume(struct a407_driver *d, size_t n)
{
    bool end = true;
    size_t k = 0;
    if (d->transport->hold(d->link) != A407_HELD)
        return A407_NOT_FOLLOWED;
    if (scratch(d, 16384))
        k = found(d,
                  d->transport->take(d->link, d->scratch,
                                     n < d->scratch_n ? n : d->scratch_n),
                  &end);
    if (!k && !end)
        return A407_NEEDS_BYTES;
    a407_engine_consumed(d->engine, d->scratch, k, end);
    return A407_DRIVEN;
}
