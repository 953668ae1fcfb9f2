/* SPDX-License-Identifier: MIT */
#include "driver.h"

#include <stdlib.h>

#include "core/base/buf.h"

void a407_driver_init(struct a407_driver *d, struct a407_engine *engine,
                      const struct a407_transport *transport,
                      const struct a407_config *config,
                      struct a407_shared *shared)
{
    *d = (struct a407_driver){.engine = engine,
                              .transport = transport,
                              .config = config,
                              .shared = shared,
                              .renewal_fd = -1,
                              .child.fd = -1};
}

void a407_driver_free(struct a407_driver *d)
{
    a407_engine_free(d->engine);
    a407_child_end(&d->child);
    a407_wipe(d->scratch, d->scratch_n);
    free(d->scratch);
}

void a407_driver_begin(struct a407_driver *d, int64_t wall_us, int64_t mono_us)
{
    d->now_ms = mono_us / 1000;
    d->wall_us = wall_us;
    d->failed = 0;
    a407_engine_time(d->engine, wall_us, mono_us);
}

/* ---- what there is to wait for ---- */

/* Where nothing else tells when to look: another thread has something made. */
#define BUSY_MS 5

/* How often to look for a 407 behind what the program does not read. */
#define BEHIND_MS 50

static void work_at(struct a407_need *need, int fd, short events, int64_t until)
{
    need->work = true;
    need->fd = fd;
    need->events = events;
    need->until = until;
}

/* More of an answer is awaited. */
static void await(const struct a407_driver *d, const struct a407_plan *plan,
                  struct a407_need *need)
{
    if (d->full_until) {
        work_at(need, -1, 0, d->look_again);
        need->muted |= A407_IN_BITS;
    }
    int64_t limit = a407_plan_limit(plan);
    if (plan->until_us && !need->work)
        work_at(need, plan->leg ? A407_OWN_FD : -1, POLLIN, limit);
    else if (limit < need->until)
        need->until = limit;
}

static void await_outside(const struct a407_driver *d, struct a407_need *need)
{
    const struct a407_shared *s = d->shared;
    const struct a407_sleep *sleep = d->joined ? &s->sleep : &d->sleep;
    if (d->errand || (d->joined && !s->beginning))
        work_at(need, sleep->fd, sleep->events, sleep->until);
    else
        work_at(need, -1, 0,
                d->asking || d->joined ? d->now_ms + BUSY_MS : s->begin_at);
}

static void await_connection(const struct a407_driver *d,
                             const struct a407_plan *plan,
                             struct a407_need *need)
{
    if (d->renewal_busy)
        work_at(need, -1, 0, d->now_ms + BUSY_MS);
    else if (d->renewal_fd == -1)
        work_at(need, A407_OWN_FD, POLLOUT, 0);
    else
        work_at(need, d->renewal_fd, POLLOUT, a407_plan_limit(plan));
}

struct a407_need a407_driver_need(const struct a407_driver *d)
{
    struct a407_need need = {.fd = -1};
    struct a407_plan plan = a407_engine_plan(d->engine);
    if (d->given_back || plan.kind == A407_WANT_FORGET)
        return need;
    bool reads = plan.kind == A407_WANT_PEEK || plan.kind == A407_WANT_CONSUME;
    if (plan.leg || (!reads && plan.kind != A407_WANT_DELIVER))
        need.muted |= A407_OUT_BITS;
    switch (plan.kind) {
    case A407_WANT_PEEK:
        await(d, &plan, &need);
        break;
    case A407_WANT_CONSUME:
        work_at(&need, A407_OWN_FD, POLLIN, A407_FOR_EVER);
        await(d, &plan, &need);
        break;
    case A407_WANT_SEND:
        work_at(&need, A407_OWN_FD, POLLOUT, a407_plan_limit(&plan));
        break;
    case A407_WANT_RECONNECT:
        await_connection(d, &plan, &need);
        break;
    case A407_WANT_ASK:
        await_outside(d, &need);
        break;
    case A407_WANT_GIVE_BACK:
        work_at(&need, -1, 0, 0);
        break;
    default:
        break;
    }
    if (need.work && !reads)
        need.muted |= A407_IN_BITS;
    if (plan.behind) /* poll() tells of the interim answer, not of more */
        work_at(&need, -1, 0, d->now_ms + BEHIND_MS);
    bool held = plan.open && plan.write == A407_WRITE_HOLD;
    need.pending = need.work || plan.unanswered || plan.watch || held;
    return need;
}
