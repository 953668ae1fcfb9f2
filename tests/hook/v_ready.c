/* SPDX-License-Identifier: MIT */
/*
 * poll, select, epoll_wait and their kin, while a request is out on another
 * connection: time-outs, signals, masks, bad arguments, large sets, epoll's
 * flags. Says what is true of each call, and not how long it took.
 */
#include <sys/resource.h>

#include "tests/fixtures/victim.h"

/* How late a call may be: a busy machine. */
static double slack = 0.25;

static int proxy; /* a request is out there, and is not answered */
static int pipes[2];
static int ep;

enum family { POLL, PPOLL, SELECT, PSELECT, EPOLL, EPWAIT, EPWAIT2, FAMILIES };
static const char *const names[FAMILIES] = {
    "poll",       "ppoll",       "select",      "pselect",
    "epoll_wait", "epoll_pwait", "epoll_pwait2"};

static int top(void)
{
    return (proxy > pipes[0] ? proxy : pipes[0]) + 1;
}

/* Waits with that family for the pipe and the proxy; ms -1: for ever. */
static int wait_with(enum family f, int ms, const sigset_t *mask)
{
    struct pollfd p[2] = {{pipes[0], POLLIN, 0}, {proxy, POLLIN, 0}};
    struct epoll_event ev[4];
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};
    struct timeval tv = {ms / 1000, ms % 1000 * 1000L};
    fd_set in;
    FD_ZERO(&in);
    FD_SET(pipes[0], &in);
    FD_SET(proxy, &in);
    switch (f) {
    case POLL:
        return poll(p, 2, ms);
    case PPOLL:
        return ppoll(p, 2, ms < 0 ? NULL : &ts, mask);
    case SELECT:
        return select(top(), &in, NULL, NULL, ms < 0 ? NULL : &tv);
    case PSELECT:
        return pselect(top(), &in, NULL, NULL, ms < 0 ? NULL : &ts, mask);
    case EPOLL:
        return epoll_wait(ep, ev, 4, ms);
    case EPWAIT:
        return epoll_pwait(ep, ev, 4, ms, mask);
    default:
        return epoll_pwait2(ep, ev, 4, ms < 0 ? NULL : &ts, mask);
    }
}

static const char *result(int k)
{
    static char text[32];
    if (k < 0)
        return errno_name(errno);
    snprintf(text, sizeof text, "%d", k);
    return text;
}

/* ---- time ---- */

static void time_outs(enum family f)
{
    static const int ms[] = {0, 1, 7, 60, 150};
    for (size_t i = 0; i < sizeof ms / sizeof *ms; i++) {
        double start = seconds();
        errno = 77;
        int k = wait_with(f, ms[i], NULL);
        double over = seconds() - start - ms[i] / 1000.0;
        say("%s, %d ms: %s%s%s", names[f], ms[i], result(k),
            over < 0       ? ", early"
            : over > slack ? ", late"
                           : "",
            errno == 77 ? "" : ", errno changed");
    }
}

/* ---- signals ---- */

static volatile sig_atomic_t handled;

static void on_alarm(int sig)
{
    (void)sig;
    handled++;
}

static void handle(int flags)
{
    struct sigaction act = {.sa_handler = on_alarm, .sa_flags = flags};
    sigaction(SIGALRM, &act, NULL);
}

static void alarm_in(int ms)
{
    struct itimerval t = {.it_value = {0, ms * 1000L}};
    setitimer(ITIMER_REAL, &t, NULL);
}

/* No flag of a handler restarts these calls. */
static void interrupted(enum family f)
{
    static const int flags[] = {0, SA_RESTART};
    for (size_t i = 0; i < 2; i++) {
        handle(flags[i]);
        handled = 0;
        double start = seconds();
        alarm_in(40);
        int k = wait_with(f, 5000, NULL);
        say("%s, interrupted%s: %s, handled %d%s", names[f],
            flags[i] ? " (SA_RESTART)" : "", result(k), (int)handled,
            seconds() - start > 0.04 + slack ? ", late" : "");
    }
}

/* A signal that waits is let in by the mask, but not where something is
   ready. */
static void masked(enum family f)
{
    sigset_t blocked, before, none;
    if (f != PPOLL && f != PSELECT && f != EPWAIT && f != EPWAIT2)
        return;
    handle(0);
    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    for (int ms = -1; ms <= 50; ms += ms < 0 ? 1 : 50) {
        handled = 0;
        raise(SIGALRM);
        int k = wait_with(f, ms, &none);
        say("%s, pending, %d ms: %s, handled %d", names[f], ms, result(k),
            (int)handled);
    }
    handled = 0;
    raise(SIGALRM);
    (void)!write(pipes[1], "x", 1);
    int k = wait_with(f, 1000, &none);
    say("%s, pending and ready: %s, handled %d", names[f], result(k),
        (int)handled);
    char byte;
    (void)!read(pipes[0], &byte, 1);
    k = wait_with(f, 50, &blocked);
    say("%s, pending and blocked: %s, handled %d", names[f], result(k),
        (int)handled);
    sigprocmask(SIG_SETMASK, &before, NULL);
    say("afterwards handled %d", (int)handled);
}

/* ---- what is ready ---- */

static void *write_later(void *unused)
{
    (void)unused;
    usleep(40000);
    (void)!write(pipes[1], "x", 1);
    return NULL;
}

static void woken(enum family f)
{
    pthread_t t;
    char byte;
    double start = seconds();
    pthread_create(&t, NULL, write_later, NULL);
    int k = wait_with(f, 5000, NULL);
    say("%s, written to: %s%s", names[f], result(k),
        seconds() - start > 0.04 + slack ? ", late" : "");
    pthread_join(t, NULL);
    (void)!read(pipes[0], &byte, 1);
}

/* What Linux leaves in select's time-out. */
static void time_left(void)
{
    fd_set in;
    struct timeval tv = {2, 0};
    pthread_t t;
    char byte;
    FD_ZERO(&in);
    FD_SET(pipes[0], &in);
    pthread_create(&t, NULL, write_later, NULL);
    int k = select(top(), &in, NULL, NULL, &tv);
    double left = (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
    say("select: %s, time left %s", result(k),
        left > 1.97 || left < 1.96 - slack ? "wrong" : "right");
    pthread_join(t, NULL);
    (void)!read(pipes[0], &byte, 1);
    tv = (struct timeval){0, 20000};
    FD_SET(pipes[0], &in);
    k = select(top(), &in, NULL, NULL, &tv);
    say("select: %s, %ld.%06ld left, %d", result(k), (long)tv.tv_sec,
        (long)tv.tv_usec, FD_ISSET(pipes[0], &in));
}

/* ---- bad arguments ---- */

static void bad_arguments(void)
{
    struct pollfd p = {.fd = 60, .events = POLLIN};
    struct epoll_event ev;
    struct timespec wrong = {0, 2000000000}, past = {-1, 0};
    struct timeval negative = {-1, 0};
    fd_set in;
    /* the compiler must not see that it is NULL, or bad */
    void *volatile bad = (void *)8, *volatile null = NULL;
    struct rlimit few;
    getrlimit(RLIMIT_NOFILE, &few);
    FD_ZERO(&in);
    FD_SET(60, &in);
    TRY(poll(&p, 1, 1000));
    say("closed: %s", p.revents == POLLNVAL ? "POLLNVAL" : "?");
    p.fd = -1;
    TRY(poll(&p, 1, 10));
    say("negative: %d", p.revents);
    TRY(poll(bad, 1, 1000));
    TRY(poll(null, 0, 10));
    TRY(poll(&p, (nfds_t)few.rlim_cur + 1, 10));
    TRY(ppoll(&p, 1, &wrong, NULL));
    TRY(ppoll(&p, 1, &past, NULL));
    TRY(select(61, &in, NULL, NULL, NULL));
    TRY(select(-1, &in, NULL, NULL, NULL));
    TRY(select(1, NULL, NULL, NULL, &negative));
    TRY(select(8, bad, NULL, NULL, NULL));
    TRY(pselect(0, NULL, NULL, NULL, &wrong, NULL));
    TRY(epoll_wait(ep, &ev, 0, 1000));
    TRY(epoll_wait(60, &ev, 1, 1000));
    TRY(epoll_wait(pipes[0], &ev, 1, 1000));
    (void)!write(pipes[1], "x", 1);
    TRY(epoll_wait(ep, bad, 1, 1000));
    char byte;
    (void)!read(pipes[0], &byte, 1);
    TRY(epoll_pwait2(ep, &ev, 1, &wrong, NULL));
    TRY(epoll_pwait2(ep, &ev, 1, bad, NULL));
    alarm_in(30);
    TRY(epoll_wait(ep, &ev, 1, -7));
    alarm_in(30);
    TRY(poll(&p, 1, -7));
}

/* ---- large sets ---- */

static void large(void)
{
    static struct pollfd many[5000];
    static unsigned long in[2048 / (8 * sizeof(long))];
    struct rlimit lim;
    getrlimit(RLIMIT_NOFILE, &lim);
    if (lim.rlim_max < 6000) {
        say("no room for large sets");
        return;
    }
    lim.rlim_cur = 6000;
    setrlimit(RLIMIT_NOFILE, &lim);
    for (size_t i = 0; i < 5000; i++)
        many[i] = (struct pollfd){.fd = pipes[0], .events = POLLIN};
    many[4998].fd = proxy;
    many[4999] = (struct pollfd){.fd = pipes[1], .events = POLLOUT};
    int k = poll(many, 5000, 1000);
    say("poll of 5000: %s, the last %d", result(k), many[4999].revents);
    many[4999].fd = proxy;
    say("poll of 5000: %s", result(poll(many, 5000, 20)));
    int high = dup2(pipes[0], 1999);
    in[1999 / (8 * sizeof(long))] |= 1ul << 1999 % (8 * sizeof(long));
    (void)!write(pipes[1], "x", 1);
    k = select(2000, (fd_set *)in, NULL, NULL, NULL);
    say("select of 2000: %s, the last %d", result(k),
        in[1999 / (8 * sizeof(long))] != 0);
    char byte;
    (void)!read(high, &byte, 1);
    struct timeval tv = {0, 20000};
    k = select(2000, (fd_set *)in, NULL, NULL, &tv);
    say("select of 2000: %s, the last %d", result(k),
        in[1999 / (8 * sizeof(long))] != 0);
    close(high);
}

/* ---- epoll's flags ---- */

static void put(int set, int op, int fd, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.fd = fd};
    if (epoll_ctl(set, op, fd, &ev) < 0)
        fail("epoll_ctl");
}

static int ready_in(int set, int ms)
{
    struct epoll_event ev[4];
    return epoll_wait(set, ev, 4, ms);
}

static void flags(void)
{
    int one = epoll_create1(0), two = epoll_create1(0),
        outer = epoll_create1(0);
    int fds[2];
    char byte;
    if (pipe(fds) < 0)
        fail("pipe");
    put(one, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLET);
    put(one, EPOLL_CTL_ADD, proxy, EPOLLIN | EPOLLRDHUP | EPOLLET);
    (void)!write(fds[1], "x", 1);
    say("edge: %d", ready_in(one, 1000));
    say("edge, again: %d", ready_in(one, 20));
    (void)!write(fds[1], "x", 1);
    say("edge, another: %d", ready_in(one, 1000));
    put(one, EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLONESHOT);
    say("one-shot: %d", ready_in(one, 1000));
    say("one-shot, again: %d", ready_in(one, 20));
    put(one, EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLONESHOT);
    say("one-shot, armed: %d", ready_in(one, 1000));
    put(one, EPOLL_CTL_MOD, fds[0], EPOLLIN);
    put(two, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLEXCLUSIVE);
    say("exclusive: %d", ready_in(two, 1000));
    say("two sets: %d", ready_in(one, 1000));
    put(outer, EPOLL_CTL_ADD, one, EPOLLIN);
    say("nested: %d", ready_in(outer, 1000));
    struct pollfd p = {.fd = outer, .events = POLLIN};
    say("nested, poll: %d", poll(&p, 1, 1000));
    (void)!read(fds[0], &byte, 1), (void)!read(fds[0], &byte, 1);
    say("nested, nothing: %d", ready_in(outer, 20));
    say("nested, poll, nothing: %d", poll(&p, 1, 20));
    close(one), close(two), close(outer), close(fds[0]), close(fds[1]);
}

/* ---- threads ---- */

static int shared, got[2];

static void *wait_in(void *at)
{
    struct epoll_event ev;
    int k = epoll_wait(shared, &ev, 1, 1500);
    *(int *)at = k;
    return NULL;
}

/* An event wakes one of two, and the other waits on. */
static void two_threads(uint32_t how)
{
    pthread_t t[2];
    char byte;
    shared = epoll_create1(0);
    put(shared, EPOLL_CTL_ADD, pipes[0], EPOLLIN | how);
    put(shared, EPOLL_CTL_ADD, proxy, EPOLLIN);
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, wait_in, &got[i]);
    usleep(100000);
    (void)!write(pipes[1], "x", 1);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    say("two threads: %d in all", got[0] + got[1]);
    (void)!read(pipes[0], &byte, 1);
    close(shared);
}

int main(int argc, char **argv)
{
    const char *factor = getenv("READY_SLACK");
    victim_args(argc, argv);
    if (factor)
        slack *= strtod(factor, NULL);
    if (pipe(pipes) < 0)
        fail("pipe");
    proxy = victim_connect();
    send_get(proxy, "/");
    ep = epoll_create1(EPOLL_CLOEXEC);
    put(ep, EPOLL_CTL_ADD, pipes[0], EPOLLIN);
    put(ep, EPOLL_CTL_ADD, proxy, EPOLLIN);
    for (enum family f = 0; f < FAMILIES; f++) {
        time_outs(f);
        interrupted(f);
        masked(f);
        woken(f);
    }
    time_left();
    bad_arguments();
    large();
    flags();
    two_threads(EPOLLET);
    two_threads(EPOLLONESHOT);
    say("all done");
    return 0;
}
