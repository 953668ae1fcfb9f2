/* SPDX-License-Identifier: MIT */
/*
 * What a program may do with its epoll sets while an answer is awaited. MODE is
 * one of the table at the end; what the proxy does is in polls.py.
 */
#include <sys/resource.h>

#include "polls.h"

/* Another thread, that does nothing. */
static void *sleep_on(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void have_threads(void)
{
    pthread_t t;
    if (pthread_create(&t, NULL, sleep_on, NULL) != 0)
        fail("pthread_create");
}

/* ---- epoll sets that come and go ---- */

/* The number of a set that was closed with the socket in it is another's. */
static void reused(void)
{
    struct epoll_event ev;
    int fd = victim_socket(0);
    int old = new_set();
    have_threads();
    put(old, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT, 77);
    close(old);
    int other = new_set();
    set = new_set();
    if (other != old)
        say("the number is not used again");
    victim_join(fd);
    put(set, EPOLL_CTL_ADD, fd, EPOLLIN, 1);
    ask_at(fd, "/");
    set_nonblocking(fd, true);
    int k = epoll_wait(set, &ev, 1, LONG_MS);
    say("its own set: %d, the other: %d", k, epoll_wait(other, &ev, 1, 0));
    read_in(set, fd);
    close(fd);
}

/* One set by two numbers; the last word counts, whichever it was told by. */
static void two_numbers(void)
{
    struct epoll_event ev;
    int fd = victim_socket(0);
    set = new_set();
    int copy = dup(set);
    have_threads();
    put(set, EPOLL_CTL_ADD, fd, EPOLLOUT, 1);
    victim_join(fd);
    put(copy, EPOLL_CTL_MOD, fd, EPOLLOUT, 2);
    put(set, EPOLL_CTL_MOD, fd, EPOLLIN, 3);
    ask_at(fd, "/");
    set_nonblocking(fd, true);
    int k = epoll_wait(set, &ev, 1, LONG_MS);
    say("found %d: %s%s, data %d", k, ev.events & EPOLLIN ? "IN" : "",
        ev.events & EPOLLOUT ? " OUT" : "", (int)ev.data.u64);
    read_in(set, fd);
    close(fd);
}

/* Told by one number, waited for by the other, as tokio does. */
static void copied(void)
{
    set = new_set();
    int copy = fcntl(set, F_DUPFD_CLOEXEC, 3);
    int fd = asked("/");
    put(copy, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 5);
    answer_start(&answer, "GET");
    while (!answer.done) {
        struct epoll_event ev;
        int k = epoll_wait(set, &ev, 1, LONG_MS);
        if (k != 1) {
            say("nothing happens any more");
            break;
        }
        if (ev.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
            say("the end of a connection that goes on");
        if (ev.events & EPOLLIN && !drain(fd, &answer))
            say("ready, but nothing is there");
    }
    close(fd);
}

/* No room for another file, from a while after the request on. */
static void none_left(void)
{
    struct epoll_event ev;
    struct rlimit few = {4, 4};
    char text[13] = "";
    have_threads();
    set = new_set();
    int fd = asked("/");
    put(set, EPOLL_CTL_ADD, fd, EPOLLIN, 1);
    int k = epoll_wait(set, &ev, 1, 500);
    say("so soon: %d", k);
    setrlimit(RLIMIT_NOFILE, &few);
    k = epoll_wait(set, &ev, 1, LONG_MS);
    say("ready: %d", k);
    if (k == 1 && recv(fd, text, sizeof text - 1, 0) > 0)
        say("%s", text);
}

/* In so many sets: the last of them counts for no less than the first. */
static void in_sets(void)
{
    const bool closes = in_mode("closed-sets");
    const int n = closes ? 9 : 6;
    struct epoll_event ev;
    int fd = victim_socket(0);
    for (int i = 0; i < n; i++) {
        set = new_set();
        put(set, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP, (unsigned)fd);
        if (closes && i < n - 1) {
            close(set);
            (void)!dup(0); /* the next has another number */
        }
    }
    victim_join(fd);
    ask_at(fd, "/");
    set_nonblocking(fd, true);
    say("so soon: %d", epoll_wait(set, &ev, 1, 0));
    read_in(set, fd);
}

/* ---- many ---- */

#define OLD   6
#define STUCK 70

/* What was begun first is not kept waiting by what is begun after it. */
static void many(void)
{
    static struct answer a;
    struct epoll_event ev[OLD + STUCK];
    int fds[OLD + STUCK], done = 0, others = 0;
    double start = seconds();
    set = new_set();
    for (int i = 0; i < OLD + STUCK; i++) {
        if (i == OLD) /* the others go to another proxy */
            victim_proxy("127.0.0.1", strrchr(getenv("http_proxy"), ':') + 1);
        fds[i] = asked("/");
        put(set, EPOLL_CTL_ADD, fds[i], EPOLLIN, (uint64_t)i);
        for (int look = 0; i == OLD - 1 && look < 20; look++) {
            usleep(30000);
            epoll_wait(set, ev, OLD, 0);
        }
    }
    while (done < OLD && seconds() - start < LONG_S) {
        int k = epoll_wait(set, ev, OLD + STUCK, 1000);
        for (int i = 0; i < k; i++) {
            uint64_t which = ev[i].data.u64;
            mute(true);
            answer_start(&a, "GET");
            drain(fds[which], &a);
            mute(false);
            epoll_ctl(set, EPOLL_CTL_DEL, fds[which], NULL);
            *(which < OLD ? &done : &others) += a.status == 200;
        }
    }
    say("answered: %d, others before them: %d", done, others);
}

/* ---- a pool of workers ---- */

#define CROWD   40
#define WORKERS 8

static struct member {
    int fd;
    pthread_mutex_t lock;
    struct answer a;
} crowd[CROWD];
static int crowd_done, futile, ends_seen;
static uint32_t crowd_flags;

static void serve_member(struct member *m, uint32_t events)
{
    pthread_mutex_lock(&m->lock);
    if (!m->a.done) {
        bool any = drain(m->fd, &m->a);
        if (!any && crowd_flags & EPOLLONESHOT)
            __atomic_add_fetch(&futile, 1, __ATOMIC_RELAXED);
        if (!m->a.done && events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
            __atomic_add_fetch(&ends_seen, 1, __ATOMIC_RELAXED);
        if (m->a.done)
            __atomic_add_fetch(&crowd_done, 1, __ATOMIC_RELAXED);
        else if (crowd_flags & EPOLLONESHOT)
            put(set, EPOLL_CTL_MOD, m->fd, EPOLLIN | EPOLLRDHUP | crowd_flags,
                (uintptr_t)m);
    }
    pthread_mutex_unlock(&m->lock);
}

static void *worker(void *unused)
{
    double start = seconds();
    while (__atomic_load_n(&crowd_done, __ATOMIC_RELAXED) < CROWD &&
           seconds() - start < LONG_S) {
        struct epoll_event ev[2];
        int k = epoll_wait(set, ev, 2, 200);
        for (int i = 0; i < k; i++)
            serve_member((void *)(uintptr_t)ev[i].data.u64, ev[i].events);
    }
    return unused;
}

static void pool(void)
{
    const uint32_t flags = in_mode("pool-edge") ? EPOLLET : EPOLLONESHOT;
    pthread_t t[WORKERS];
    char rq[REQUEST_MAX];
    size_t n = make_get("/", rq);
    set = new_set();
    crowd_flags = flags;
    for (int i = 0; i < CROWD; i++) {
        struct member *m = &crowd[i];
        pthread_mutex_init(&m->lock, NULL);
        m->fd = victim_connect();
        set_nonblocking(m->fd, true);
        answer_start(&m->a, "GET");
    }
    mute(true);
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&t[i], NULL, worker, NULL);
    usleep(20000);
    for (int i = 0; i < CROWD; i++) {
        struct member *m = &crowd[i];
        pthread_mutex_lock(&m->lock);
        put(set, EPOLL_CTL_ADD, m->fd, EPOLLIN | EPOLLRDHUP | flags,
            (uintptr_t)m);
        send_all(m->fd, rq, n);
        pthread_mutex_unlock(&m->lock);
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_join(t[i], NULL);
    mute(false);
    say("done %d, futile %d, ends %d", crowd_done, futile, ends_seen);
}

/* ---- changes while an answer is awaited ---- */

static void changed(void)
{
    struct epoll_event ev;
    set = new_set();
    int fd = asked("/");
    put(set, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET, 1);
    say("first: %d", epoll_wait(set, &ev, 1, 300));
    put(set, EPOLL_CTL_MOD, fd, 0, 1);
    say("none: %d", epoll_wait(set, &ev, 1, 4500));
    put(set, EPOLL_CTL_MOD, fd, EPOLLIN, 9);
    say("again: %d", epoll_wait(set, &ev, 1, 1000));
    say("data %d", (int)ev.data.u64);
    read_in(set, fd);
}

static void taken_out(void)
{
    struct epoll_event ev;
    int other = new_set();
    set = new_set();
    int fd = asked("/");
    put(set, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET, 1);
    say("first: %d", epoll_wait(set, &ev, 1, 300));
    put(set, EPOLL_CTL_DEL, fd, 0, 0);
    put(other, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE, 4);
    put(set, EPOLL_CTL_ADD, fd, EPOLLIN, 5);
    say("again: %d", epoll_wait(set, &ev, 1, LONG_MS));
    say("data %d", (int)ev.data.u64);
    say("other: %d, data %d", epoll_wait(other, &ev, 1, 0), (int)ev.data.u64);
    read_in(set, fd);
}

/* The number is another file's while an answer is awaited. */
static void dupped_over(void)
{
    struct epoll_event ev;
    int fds[2];
    char byte;
    set = new_set();
    int fd = asked("/");
    put(set, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET, 1);
    say("first: %d", epoll_wait(set, &ev, 1, 300));
    if (pipe(fds) < 0 || dup2(fds[0], fd) < 0)
        fail("dup2");
    put(set, EPOLL_CTL_ADD, fd, EPOLLIN, 2);
    (void)!write(fds[1], "x", 1);
    say("ready: %d", epoll_wait(set, &ev, 1, 300));
    say("data %d, read %zd", (int)ev.data.u64, read(fd, &byte, 1));
    say("nothing: %d", epoll_wait(set, &ev, 1, 4500));
}

/* ---- a set in a set ---- */

#define ROUNDS 3
/* What is ready in the inner one may be taken off when that is looked at. */
#define FUTILE_MOST 4

/* An edge of the outer set is all that tells of an answer: none may be lost.
   The inner one is level-triggered, or has edges as well. */
static void nested(void)
{
    const uint32_t inner_edge = in_mode("nested-edge") ? EPOLLET : 0;
    struct epoll_event ev;
    int outer = new_set(), empty = 0;
    int fd = victim_connect();
    set = new_set();
    set_nonblocking(fd, true);
    put(outer, EPOLL_CTL_ADD, set, EPOLLIN | EPOLLET, 1);
    put(set, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP | inner_edge, 2);
    for (int i = 0; i < ROUNDS; i++) {
        ask_at(fd, "/");
        answer_start(&answer, "GET");
        while (!answer.done) {
            if (epoll_wait(outer, &ev, 1, LONG_MS) != 1)
                fail("an edge is lost");
            empty += epoll_wait(set, &ev, 1, 0) != 1 || !drain(fd, &answer);
        }
    }
    say("%s", empty > FUTILE_MOST ? "woken for nothing, often" : "woken");
}

VICTIM_MODES({"reused", reused}, {"two-numbers", two_numbers},
             {"copied", copied}, {"none-left", none_left},
             {"six-sets", in_sets}, {"closed-sets", in_sets}, {"many", many},
             {"pool-edge", pool}, {"pool-once", pool}, {"changed", changed},
             {"taken-out", taken_out}, {"dupped-over", dupped_over},
             {"nested", nested}, {"nested-edge", nested})
