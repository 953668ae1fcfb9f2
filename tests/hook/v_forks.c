/* SPDX-License-Identifier: MIT */
/*
 * fork while other threads are busy with a proxy. MODE: ask (one request, and
 * nothing else), refused (requests whose 407 is looked into for long), passed
 * (a connection is passed on over and over), crowd (of threads, each with a
 * connection), polled (the threads wait in poll and epoll, and so does the
 * child, on what it has inherited, and asks for something of its own).
 */

#include "tests/fixtures/victim.h"

#define BUSY        4
#define TRIES       25
#define HELD_S      0.01 /* more than a fork takes */
#define PASS_S      2.0
#define PASSERS     4
#define CROWD       64
#define CROWD_FORKS 100
#define FDS         256
#define COPIES      200 /* of an fd in one message: each is looked at */

static int fd = -1;
static atomic_bool stop;

static void *ask_on(void *arg)
{
    (void)arg;
    while (!stop)
        get_anew((void *)"/");
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A fifth of the forks may be held up by the machine itself. */
static void refused(void)
{
    pthread_t t[BUSY];
    double took[TRIES];
    mute(true);
    for (int i = 0; i < BUSY; i++)
        pthread_create(&t[i], NULL, ask_on, NULL);
    usleep(100000);
    for (int i = 0; i < TRIES; i++) {
        double start = seconds();
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        took[i] = seconds() - start;
        waitpid(pid, NULL, 0);
        usleep(20000);
    }
    stop = true;
    for (int i = 0; i < BUSY; i++)
        pthread_join(t[i], NULL);
    mute(false);
    qsort(took, TRIES, sizeof *took, by_size);
    double fifth = took[TRIES * 4 / 5], longest = took[TRIES - 1];
    if (fifth > HELD_S)
        say("fork: held up for %.0f ms, at most %.0f", fifth * 1e3,
            longest * 1e3);
    else
        say("fork: at once");
}

/* To nobody: all that matters is done before the message goes. */
static void *pass_on(void *arg)
{
    (void)arg;
    while (!stop)
        send_right(-1, fd, COPIES);
    return NULL;
}

static void child(void)
{
    char byte;
    signal(SIGALRM, SIG_DFL);
    alarm(2);
    recv(fd, &byte, 1, MSG_DONTWAIT);
    close(fd);
    _exit(0);
}

static void passed(void)
{
    pthread_t t[PASSERS];
    int bad = 0, status;
    fd = victim_connect();
    do_get(fd, "/");
    /* more than there are processors: some stand still in the middle */
    for (int i = 0; i < PASSERS; i++)
        pthread_create(&t[i], NULL, pass_on, NULL);
    for (double start = seconds(); !bad && seconds() - start < PASS_S;) {
        pid_t pid = fork();
        if (pid == 0)
            child();
        waitpid(pid, &status, 0);
        bad += status != 0;
    }
    stop = true;
    for (int i = 0; i < PASSERS; i++)
        pthread_join(t[i], NULL);
    say("child: %s", !bad ? "fine" : WIFSIGNALED(status) ? "stuck" : "failed");
}

/* How many sockets have two numbers here? The program itself gives none two. */
static int copies(void)
{
    uint64_t cookie[FDS];
    int n = 0, twice = 0;
    for (int i = 0; i < FDS; i++) {
        socklen_t size = sizeof cookie[n];
        if (getsockopt(i, SOL_SOCKET, SO_COOKIE, &cookie[n], &size) != 0)
            continue;
        for (int k = 0; k < n; k++)
            twice += cookie[k] == cookie[n];
        n++;
    }
    return twice;
}

/* Many more threads than processors: some stand still in the middle. */
static void crowd(void)
{
    static pthread_t t[CROWD];
    int bad = 0, status;
    mute(true);
    for (int i = 0; i < CROWD; i++)
        pthread_create(&t[i], NULL, ask_on, NULL);
    usleep(100000);
    for (int i = 0; i < CROWD_FORKS; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(copies() != 0);
        waitpid(pid, &status, 0);
        bad += status != 0;
    }
    stop = true;
    for (int i = 0; i < CROWD; i++)
        pthread_join(t[i], NULL);
    mute(false);
    say("children with copies: %d", bad);
}

/* ---- threads that wait ---- */

#define POLLERS     12
#define POLL_FORKS  60
#define CHILD_LIMIT 20 /* seconds */

static int open_now[POLLERS]; /* the child's, too */

/* Asks, and waits in poll or epoll, for one answer after the other. */
static void *poll_on(void *arg)
{
    int *mine = arg;
    bool by_epoll = (mine - open_now) % 2;
    while (!stop) {
        struct epoll_event ev = {.events = EPOLLIN};
        char part[4096];
        int own = epoll_create1(EPOLL_CLOEXEC), k = 1;
        *mine = victim_connect();
        epoll_ctl(own, EPOLL_CTL_ADD, *mine, &ev);
        set_nonblocking(*mine, true);
        send_get(*mine, "/");
        while (k == 1) {
            struct pollfd p = {.fd = *mine, .events = POLLIN};
            k = by_epoll ? epoll_wait(own, &ev, 1, 50) : poll(&p, 1, 50);
            if (k == 1 && recv(*mine, part, sizeof part, 0) == 0)
                break;
        }
        close(*mine);
        close(own);
    }
    return NULL;
}

/* What it gets there is a matter of luck. */
static void poll_inherited(void)
{
    struct pollfd p[POLLERS];
    int own = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < POLLERS; i++) {
        struct epoll_event ev = {.events = EPOLLIN};
        p[i] = (struct pollfd){.fd = open_now[i], .events = POLLIN | POLLOUT};
        epoll_ctl(own, EPOLL_CTL_ADD, open_now[i], &ev);
    }
    for (int i = 0; i < 5; i++) {
        struct epoll_event ev[POLLERS];
        poll(p, POLLERS, 1);
        epoll_wait(own, ev, POLLERS, 1);
    }
    for (int i = 0; i < POLLERS; i++)
        close(open_now[i]);
}

static void polled(void)
{
    pthread_t t[POLLERS];
    int bad = 0, status;
    mute(true);
    for (int i = 0; i < POLLERS; i++)
        pthread_create(&t[i], NULL, poll_on, &open_now[i]);
    usleep(100000);
    for (int i = 0; i < POLL_FORKS; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            signal(SIGALRM, SIG_DFL);
            alarm(CHILD_LIMIT);
            poll_inherited();
            get_anew((void *)"/");
            _exit(0);
        }
        waitpid(pid, &status, 0);
        bad += status != 0;
        usleep(3000);
    }
    stop = true;
    for (int i = 0; i < POLLERS; i++)
        pthread_join(t[i], NULL);
    mute(false);
    say("children that failed: %d", bad);
}

static void ask(void)
{
    do_get(victim_connect(), "/");
}

VICTIM_MODES({"refused", refused}, {"passed", passed}, {"crowd", crowd},
             {"polled", polled}, {"ask", ask})
