/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "block.h"
#include "calls.h"
#include "guard.h"
#include "settings.h"
#include "socket.h"

/* How often to look whether the answer has been seen to. */
#define LOOK_MS 50

static struct a407_need need_of(const struct a407_conn *c)
{
    return c->gone ? (struct a407_need){.fd = -1}
                   : a407_driver_need(&c->driver);
}

#define ENDS (POLLRDHUP | POLLHUP | POLLERR)

unsigned a407_hides(int fd, unsigned found, unsigned *looks, const void *caller)
{
    struct a407_turn t;
    int saved;
    if (a407_credit_is_out(fd, A407_READS) || /* the middle of an answer */
        !a407_turn_begin(&t, fd, 0, 0, caller, &saved))
        return 0;
    unsigned hidden = 0;
    struct a407_need need = need_of(t.c);
    bool look = need.pending && (need.work || found & A407_IN_BITS);
    if (look && looks && !*looks) {
        hidden = ~0u;
    } else if (look) {
        if (looks)
            --*looks;
        enum a407_driven is = a407_driver_pump(&t.c->driver, A407_PUMP_ALL);
        if (is == A407_NEEDS_BYTES || is == A407_NEEDS_WORK)
            hidden = A407_IN_BITS | need_of(t.c).muted;
        /* of what is in the error queue, a timestamp, say */
        if (is == A407_NEEDS_BYTES)
            hidden &= ~(unsigned)POLLERR;
        /* what was found may be about a connection that is no more */
        if (t.c && !t.lost && t.c->renewed && found & ENDS)
            hidden |= ENDS & ~(unsigned)a407_ready(t.fd, POLLRDHUP);
    }
    a407_turn_end(&t, saved);
    return hidden;
}

void a407_drive(const struct a407_work *due)
{
    struct a407_turn t;
    int saved;
    if (!a407_turn_begin(&t, due->number, due->serial, 0, NULL, &saved))
        return;
    if (!t.c->gone && !t.c->driver.given_back)
        a407_driver_pump(&t.c->driver, A407_PUMP_ALL);
    a407_turn_end(&t, saved);
}

static bool unanswered(struct a407_conn *c)
{
    return !c->gone && a407_engine_plan(c->driver.engine).unanswered;
}

bool a407_revive(int fd, const void *caller)
{
    struct a407_turn t;
    int saved;
    bool repeated = false;
    if (!a407_turn_begin(&t, fd, 0, 0, caller, &saved))
        return false;
    if (unanswered(t.c)) {
        a407_driver_pump(&t.c->driver, A407_PUMP_ALL);
        if (t.c && !t.lost) {
            struct a407_plan plan = a407_engine_plan(t.c->driver.engine);
            repeated = plan.kind == A407_WANT_RECONNECT || plan.fresh;
        }
    }
    a407_turn_end(&t, saved);
    return repeated;
}

void a407_let_out(int fd)
{
    struct a407_turn t;
    int saved;
    if (!a407_turn_begin(&t, fd, 0, 0, NULL, &saved))
        return;
    a407_driver_let_out(&t.c->driver);
    a407_turn_end(&t, saved);
}

/* Is that to be waited for? *need: what it waits for itself. */
static bool awaits(int fd, enum a407_stage stage, const void *caller,
                   struct a407_need *need)
{
    struct a407_turn t;
    int saved;
    if (!a407_turn_begin(&t, fd, 0, 0, caller, &saved))
        return false;
    a407_driver_let_out(&t.c->driver);
    *need = need_of(t.c);
    bool yes =
        stage == A407_SENT ? t.c->driver.unsent : unanswered(t.c) || need->work;
    if (yes) {
        enum a407_driven is = a407_driver_pump(&t.c->driver, A407_PUMP_ALL);
        yes = is == A407_NEEDS_BYTES || is == A407_NEEDS_WORK;
        if (yes && stage == A407_SENT)
            yes = t.c->driver.unsent;
        if (yes)
            *need = need_of(t.c);
    }
    a407_turn_end(&t, saved);
    return yes;
}

void a407_wait_until(int fd, enum a407_stage stage, const void *caller)
{
    int saved = errno;
    struct a407_need need;
    int64_t until = a407_now_ms() + (int64_t)a407_settings()->wait_ms;
    while (awaits(fd, stage, caller, &need) && a407_now_ms() < until) {
        /* in slices: another thread may have what this one waits for */
        int64_t look = a407_now_ms() + LOOK_MS;
        bool other = need.work && need.fd != A407_OWN_FD;
        if (need.work && need.until < look)
            look = need.until;
        a407_wait(other ? need.fd : fd, need.work ? need.events : POLLIN, look);
    }
    errno = saved;
}
