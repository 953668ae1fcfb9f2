/* SPDX-License-Identifier: MIT */
#include "readiness.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "calls.h"
#include "guard.h"
#include "other_libc.h"
#include "real.h"
#include "registry.h"
#include "under_way.h"

/* Why 512: what most programs poll, in 4 KiB. */
#define KEPT     512
#define WORK_MAX 64

/* Nothing wakes a sleeper when another thread begins with something: it looks,
   ever more seldom while there is nothing. */
#define SLICE_NS      50000000
#define SLICE_MOST_NS 400000000

/* After so many wake-ups in a row for what is neither the program's nor ours it
   may stay ready: a pause before the next look, ever longer. */
#define FUTILE        3
#define PAUSE_NS      250000
#define PAUSE_MOST_NS 16000000

/* How often what is due is done where the program does not sleep. */
#define PASSING_NS 1000000

/* Where the program may not poll. */
#define BLIND_NS 5000000

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t when_over(const struct timespec *timeout)
{
    if (!timeout || timeout->tv_sec > INT32_MAX)
        return A407_FOR_EVER;
    return now_ns() + (int64_t)timeout->tv_sec * 1000000000 + timeout->tv_nsec;
}

static struct timespec left_of(int64_t until)
{
    int64_t left = until - now_ns();
    if (left < 0)
        left = 0;
    return (struct timespec){left / 1000000000, left % 1000000000};
}

/* ---- the sleep ---- */

static int sleep_on(const struct a407_readiness *r, struct pollfd *set,
                    size_t n, int64_t until)
{
    struct timespec left = left_of(until);
    bool deaf = r->deaf && !left.tv_sec && !left.tv_nsec;
    return REAL(ppoll)(set, n, until == A407_FOR_EVER ? NULL : &left,
                       deaf ? NULL : r->mask);
}

struct sleeper {
    struct a407_work *work; /* WORK_MAX of them; NULL: there is no room yet */
    struct pollfd *set;     /* those of the work, then the program's own */
    size_t mapped;          /* bytes of both; 0: they are kept */
    size_t n_work;
    unsigned futile; /* wake-ups in a row that came to nothing */
    bool paused;     /* ... the last time */
    bool blind; /* a sandbox refuses poll: the program's own call is slept in */
};

/* Not on the stack, which may be a handler's small one. */
static struct room {
    struct a407_work work[WORK_MAX];
    struct pollfd set[KEPT];
} kept;
static atomic_flag kept_is_out = ATOMIC_FLAG_INIT;

static bool make_room(struct sleeper *s, const struct a407_readiness *r)
{
    struct room *room = &kept;
    size_t n = r->n + WORK_MAX;
    if (n > KEPT || atomic_flag_test_and_set(&kept_is_out)) {
        s->mapped = sizeof room->work + n * sizeof *room->set;
        room = mmap(NULL, s->mapped, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (room == MAP_FAILED)
            return false;
    }
    s->work = room->work;
    s->set = room->set;
    return true;
}

static void drop_room(const struct sleeper *s)
{
    if (s->work && s->mapped)
        munmap(s->work, s->mapped);
    else if (s->work)
        atomic_flag_clear(&kept_is_out);
}

/* What there is to do, and until when there is not. */
static int64_t look_for_work(struct sleeper *s, int64_t until)
{
    bool more;
    s->n_work = a407_work_list(s->work, WORK_MAX, &more);
    for (size_t i = 0; i < s->n_work; i++) {
        const struct a407_work *d = &s->work[i];
        s->set[i] = (struct pollfd){.fd = d->fd, .events = d->events};
        if (d->until < A407_FOR_EVER / 1000000 && d->until * 1000000 < until)
            until = d->until * 1000000;
    }
    if ((more || !a407_single_threaded()) && now_ns() + SLICE_NS < until)
        until = now_ns() + SLICE_NS;
    return until;
}

/* False: none of it was due. */
static bool do_work(const struct sleeper *s)
{
    int64_t now = a407_now_ms();
    unsigned looks = A407_LOOKS;
    for (size_t i = 0; i < s->n_work && looks; i++)
        if (s->blind || s->set[i].revents || s->work[i].until <= now) {
            a407_drive(&s->work[i]);
            looks--;
        }
    return looks < A407_LOOKS;
}

/* A program that always finds something ready never sleeps here: what is due
   is done before its own call, now and then. */
static void work_in_passing(const struct a407_readiness *r, struct sleeper *s)
{
    static atomic_int_least64_t next;
    static const struct timespec none;
    int64_t now = now_ns();
    if (!a407_any_under_way() || now < next || !make_room(s, r))
        return;
    next = now + PASSING_NS;
    look_for_work(s, now);
    if (s->n_work && REAL(ppoll)(s->set, s->n_work, &none, NULL) >= 0)
        do_work(s);
}

static int64_t pause_ns(unsigned futile)
{
    int64_t ns = PAUSE_NS;
    while (futile-- > FUTILE && ns < PAUSE_MOST_NS)
        ns *= 2;
    return ns;
}

/* Takes out what is not waited for: the kernel allows as many entries as there
   may be files, and there are those of the work. Returns how many are left. */
static size_t waited_for(struct pollfd *set, size_t n)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (set[i].fd >= 0)
            set[left++] = set[i];
    return left;
}

static bool is_refusal(int error)
{
    return error == EPERM || error == EACCES || error == ENOSYS;
}

/* False: errno. */
static bool sleep_and_work(const struct a407_readiness *r, struct sleeper *s,
                           int64_t over)
{
    int64_t until = look_for_work(s, over);
    struct pollfd *own = s->set + s->n_work;
    r->set(r, own);
    a407_mute(own, r->n);
    size_t n = s->n_work + waited_for(own, r->n);
    s->paused = s->futile >= FUTILE && !s->paused;
    if (s->paused) {
        int64_t pause = pause_ns(s->futile);
        n = 0;
        until = now_ns() + pause < until ? now_ns() + pause : until;
    }
    int k = s->blind ? 0 : sleep_on(r, s->set, n, until);
    s->blind = s->blind || (k < 0 && is_refusal(errno));
    if (k < 0 && !s->blind)
        return false;
    if (!s->paused)
        s->futile = !do_work(s) && k > 0 ? s->futile + 1 : 0;
    return true;
}

/* ---- the loop ---- */

static int filtered(struct a407_readiness *r, int k)
{
    return k > 0 && a407_any_under_way() ? r->filter(r, k) : k;
}

/*
 * Nothing is under way: the program's own call, all of it or, where another
 * thread may begin with something, a slice. True: *k is its result.
 */
static bool call_natively(struct a407_readiness *r, int64_t over,
                          int64_t *slice, int *k)
{
    bool sliced = !a407_single_threaded();
    int64_t now = now_ns();
    sliced = sliced && (over == A407_FOR_EVER || over - now > *slice);
    struct timespec t = left_of(sliced ? now + *slice : over);
    *slice = *slice < SLICE_MOST_NS ? 2 * *slice : *slice;
    *k = r->call(r, !sliced && over == A407_FOR_EVER ? NULL : &t, r->mask);
    int found = *k;
    *k = filtered(r, *k);
    return *k || (!found && !sliced);
}

/* For how long the program's own call is to wait. */
static struct timespec nap(const struct sleeper *s, int64_t over)
{
    int64_t end = s->blind ? now_ns() + BLIND_NS : 0;
    return end ? left_of(end < over ? end : over) : (struct timespec){0, 0};
}

static int wait_with_work(struct a407_readiness *r, int64_t over)
{
    struct sleeper s = {0};
    bool last = false;
    int64_t slice = SLICE_NS;
    work_in_passing(r, &s);
    int k = filtered(r, r->found);
    while (!k) {
        if (!a407_any_under_way() && !last) {
            if (call_natively(r, over, &slice, &k))
                break;
            continue;
        }
        slice = SLICE_NS;
        struct timespec t = nap(&s, over);
        k = filtered(r, r->call(r, &t, s.blind ? r->mask : NULL));
        if (k != 0 || last)
            break;
        if (!s.work && !make_room(&s, r)) {
            t = left_of(over);
            return r->call(r, over == A407_FOR_EVER ? NULL : &t, r->mask);
        }
        if (!sleep_and_work(r, &s, over)) {
            k = -1;
            break;
        }
        last = over != A407_FOR_EVER && now_ns() >= over;
    }
    int saved = errno;
    drop_room(&s);
    errno = saved;
    return k;
}

int a407_readiness_wait(struct a407_readiness *r)
{
    int saved = errno;
    if (a407_guard.depth || !a407_own_process())
        return r->found ? r->found : r->call(r, r->timeout, r->mask);
    /* A signal is let in where this sleeps, and ends the sleep: one that came
       in the middle of the work would be forgotten. */
    sigset_t before;
    a407_block_signals(&before);
    if (!r->mask)
        r->mask = &before;
    int k = wait_with_work(r, when_over(r->timeout));
    int error = k < 0 ? errno : saved;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return k;
}
