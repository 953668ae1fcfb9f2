/* SPDX-License-Identifier: MIT */
#include "pump.h"

#include <errno.h>
#include <stdlib.h>

#include "core/http/http.h"
#include "real.h"
#include "registry.h"
#include "socket.h"

void a407_check_unseen(struct a407_turn *t)
{
    if (a407_turn_hold(t) >= 0 && (a407_socket_has_unseen(t->c, t->held) ||
                                   a407_socket_leads_elsewhere(t->c, t->held)))
        a407_engine_forget(t->c->engine);
}

static bool scratch(struct a407_conn *c, size_t n)
{
    if (c->scratch_n >= n)
        return true;
    char *p = malloc(n);
    if (!p)
        return false;
    a407_wipe(c->scratch, c->scratch_n);
    free(c->scratch);
    c->scratch = p;
    c->scratch_n = n;
    return true;
}

/*
 * Reads into the scratch buffer without waiting. Returns the bytes; 0 with
 * *end set at the end of the connection or an error; 0 without: nothing there.
 */
static size_t grab(struct a407_conn *c, int held, size_t n, int flags,
                   bool *end)
{
    *end = c->error != 0;
    if (*end)
        return 0;
    ssize_t k = REAL(recv)(held, c->scratch, n, flags | MSG_DONTWAIT);
    if (k > 0)
        return (size_t)k;
    if (k == 0) {
        *end = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        /* Taking an error off the socket clears it: the program gets it from
           us if it comes to that. */
        c->error = errno;
        *end = true;
    }
    return 0;
}

void a407_see_rest(struct a407_conn *c)
{
    bool end;
    int held =
        a407_engine_plan(c->engine).rest ? a407_socket_hold(c, c->fd) : -1;
    if (held < 0)
        return;
    if (scratch(c, A407_HEAD_MAX)) {
        size_t k = grab(c, held, c->scratch_n, MSG_PEEK, &end);
        a407_engine_rest(c->engine, c->scratch, k);
    }
    a407_socket_release(held, c->fd);
}

bool a407_see_behind(struct a407_turn *t)
{
    struct a407_conn *c = t->c;
    bool end;
    if (!a407_engine_plan(c->engine).behind || !scratch(c, A407_HEAD_MAX) ||
        a407_turn_hold(t) < 0)
        return false;
    size_t k = grab(c, t->held, c->scratch_n, MSG_PEEK, &end);
    return a407_engine_behind(c->engine, c->scratch, k);
}

/*
 * How long the rest of a head may be in coming where the receive buffer looks
 * full. POLLIN at fewer bytes than our SO_RCVLOWAT does not prove that it is:
 * that comes as soon as the window is no larger than a segment, and in a small
 * buffer it is never larger.
 */
#define FULL_MS 300

static void look_again(struct a407_turn *t, size_t *k)
{
    struct a407_conn *c = t->c;
    bool end;
    size_t now = grab(c, t->held, c->scratch_n, MSG_PEEK, &end);
    *k = now > *k ? now : *k;
}

enum more { MORE_LATER, MORE_SOON, MORE_NEVER };

/*
 * Of a head there are `*k` bytes, fewer than are needed. NEVER: there will be
 * no more, since the connection ends or its receive buffer is full: then it is
 * too long a head. What has come in the meantime counts: the last look is after
 * the last question, or the answer would be about bytes that nobody has seen.
 * SOON: it looks full, and POLLIN is there all the time.
 */
static enum more comes_more(struct a407_turn *t, size_t *k)
{
    struct a407_conn *c = t->c;
    size_t before = c->peeked;
    int ev = a407_ready(t->held, POLLRDHUP | POLLIN);
    bool ends = ev & ~POLLIN;
    bool full = ev && c->lowat && *k == before;
    if (full || ends)
        look_again(t, k);
    full = full && *k == before;
    c->peeked = *k;
    if (ends)
        return MORE_NEVER;
    if (!full) {
        c->full_until = 0;
        return MORE_LATER;
    }
    int64_t now = a407_now_ms();
    if (!c->full_until) {
        c->full_until = now + FULL_MS;
        c->full_ms = 1;
    }
    if (now >= c->full_until)
        return MORE_NEVER;
    c->look_again = now + c->full_ms;
    c->full_ms *= 2;
    return MORE_SOON;
}

/* The first bytes of an answer are there. */
static void show(struct a407_turn *t, size_t k, bool end)
{
    struct a407_conn *c = t->c;
    c->peeked = 0;
    c->full_until = 0;
    a407_socket_restore_lowat(c, t->held);
    /* Inside a tunnel that we have not seen being made it would be the
       origin's 407. */
    if (k && a407_sniff_407(c->scratch, k) == A407_SNIFF_YES)
        a407_check_unseen(t);
    a407_engine_peeked(c->engine, c->scratch, k, end);
}

enum a407_pump a407_peek(struct a407_turn *t, size_t need)
{
    struct a407_conn *c = t->c;
    bool end = true;
    size_t k = 0;
    if (a407_turn_hold(t) < 0)
        return A407_PUMP_LOST;
    if (scratch(c, need > 4096 ? A407_HEAD_MAX + 1 : 4096))
        k = grab(c, t->held, c->scratch_n, MSG_PEEK, &end);
    if (!k && !end)
        return A407_PUMP_SHORT;
    if (k == c->scratch_n && k < A407_HEAD_MAX && scratch(c, A407_HEAD_MAX + 1))
        k = grab(c, t->held, c->scratch_n, MSG_PEEK, &end);
    if (k && k < need) {
        enum more more = comes_more(t, &k);
        if (k < need && more != MORE_NEVER) {
            a407_socket_set_lowat(c, t->held, need);
            return more == MORE_SOON ? A407_PUMP_WAIT : A407_PUMP_SHORT;
        }
        end = k < need;
    }
    show(t, k, end);
    return A407_PUMP_READY;
}

enum a407_pump a407_consume(struct a407_turn *t, size_t n)
{
    struct a407_conn *c = t->c;
    bool end = true;
    size_t k = 0;
    if (a407_turn_hold(t) < 0)
        return A407_PUMP_LOST;
    if (scratch(c, 16384))
        k = grab(c, t->held, n < c->scratch_n ? n : c->scratch_n, 0, &end);
    if (!k && !end)
        return A407_PUMP_SHORT;
    c->received += k;
    a407_engine_consumed(c->engine, c->scratch, k, end);
    return A407_PUMP_READY;
}
