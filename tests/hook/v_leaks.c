/* SPDX-License-Identifier: MIT */
/*
 * Calls that never return, many times: what was taken for them must not
 * be lost, and all else must go on. MODE is HOW:PATH. HOW: jump (siglongjmp out
 * of a handler, while recv sleeps), cancel (of a thread that sleeps in recv),
 * cancel-send (in send, of a body that nobody reads). Or MODE is follow:
 * threads that try to execute what is not there, and end.
 *
 * With LEAKS_MAX (KiB) in the environment the growth is judged.
 */
#include <malloc.h>
#include <semaphore.h>
#include <setjmp.h>
#include <ucontext.h>

#include "tests/fixtures/victim.h"

#define ROUNDS  1000
#define WARM    100
#define BODY_N  300000
#define ASLEEP  800  /* us until a call sleeps */
#define RETRY   3500 /* ... where a 407 comes first */
#define STUCK_S 14

static const char *path;
static char rq[REQUEST_MAX], *body;
static size_t rq_n;
static int fd = -1;

static void on_stuck(int s)
{
    static const char text[] = "stuck\n";
    (void)s;
    if (write(STDOUT_FILENO, text, sizeof text - 1) > 0)
        _exit(3);
    _exit(4);
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*s %ld", &pages) != 1)
        fail("statm");
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static long used_kib(void)
{
    struct mallinfo2 m = mallinfo2();
    return (long)((m.uordblks + m.hblkhd) / 1024);
}

static void say_growth(long kib)
{
    const char *max = getenv("LEAKS_MAX");
    if (!max || kib <= atol(max))
        say("growth: small");
    else
        say("growth: %ld KiB", kib);
}

static bool to_retry(void)
{
    return strcmp(path, "/retry") == 0;
}

/* ---- siglongjmp ---- */

static sigjmp_buf out;

/* Has it interrupted a system call that slept? Then that gives EINTR. */
static bool was_asleep(const ucontext_t *u)
{
#ifdef __x86_64__
    return u->uc_mcontext.gregs[REG_RAX] == -EINTR;
#else
    (void)u;
    return true;
#endif
}

static void jump(int s, siginfo_t *info, void *context)
{
    struct itimerval again = {{0, 0}, {0, 1000}};
    (void)s;
    (void)info;
    if (was_asleep(context))
        siglongjmp(out, 1);
    setitimer(ITIMER_REAL, &again, NULL);
}

static void jump_round(void)
{
    char byte;
    struct itimerval soon = {{0, 0}, {0, to_retry() ? RETRY : ASLEEP}};
    fd = victim_connect();
    if (sigsetjmp(out, 1) == 0) {
        setitimer(ITIMER_REAL, &soon, NULL);
        send(fd, rq, rq_n, MSG_NOSIGNAL);
        recv(fd, &byte, 1, 0);
        say("recv came back");
    }
    close(fd);
}

/* ---- cancellation ---- */

static sem_t called;

static void *reader(void *arg)
{
    char byte;
    (void)arg;
    send(fd, rq, rq_n, MSG_NOSIGNAL);
    sem_post(&called);
    recv(fd, &byte, 1, 0);
    return NULL;
}

static void *writer(void *arg)
{
    (void)arg;
    send(fd, rq, rq_n, MSG_NOSIGNAL);
    sem_post(&called);
    send(fd, body, BODY_N, MSG_NOSIGNAL);
    return NULL;
}

static void cancel_round(void *(*how)(void *))
{
    int small = 16384;
    pthread_t t;
    void *end;
    fd = victim_connect();
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    if (pthread_create(&t, NULL, how, NULL) != 0)
        fail("pthread_create");
    sem_wait(&called);
    usleep(to_retry() ? RETRY : ASLEEP);
    pthread_cancel(t);
    pthread_join(t, &end);
    if (end != PTHREAD_CANCELED)
        say("the call came back");
    close(fd);
}

/* ---- threads that execute nothing ---- */

static void *execute(void *arg)
{
    static char name[] = "none";
    char *const argv[] = {name, NULL};
    execve("/nonexistent/none", argv, arg);
    return NULL;
}

/* An environment of some length, as a build has. */
static void follow(void)
{
    enum { N = 200 };
    static char text[N][32], *env[N + 1];
    long before = 0;
    for (int i = 0; i < N; i++) {
        snprintf(text[i], sizeof text[i], "VARIABLE_%d=%d", i, i);
        env[i] = text[i];
    }
    for (int i = -WARM; i < ROUNDS; i++) {
        pthread_t t;
        if (i == 0)
            before = used_kib();
        if (pthread_create(&t, NULL, execute, env) != 0)
            fail("pthread_create");
        pthread_join(t, NULL);
    }
    say_growth(used_kib() - before);
}

/* ---- */

static void rounds(const char *how)
{
    long before = 0;
    int n = to_retry() ? ROUNDS / 4 : ROUNDS; /* those take their time */
    pthread_t t;
    bool jumps = strcmp(how, "jump") == 0;
    bool sends = strcmp(how, "cancel-send") == 0;
    struct sigaction sa = {.sa_sigaction = jump, .sa_flags = SA_SIGINFO};
    int state;
    body = calloc(1, BODY_N);
    if (!body || sem_init(&called, 0, 0) != 0)
        fail("start");
    if (jumps)
        sigaction(SIGALRM, &sa, NULL);
    rq_n = make_request(sends ? "POST" : "GET", path,
                        sends ? "Content-Length: 300000\r\n" : "", rq);
    for (int i = -WARM; i < n; i++) {
        if (i == 0)
            before = resident_kib();
        if (jumps)
            jump_round();
        else
            cancel_round(sends ? writer : reader);
    }
    say_growth(resident_kib() - before);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    say("cancel state: %s",
        state == PTHREAD_CANCEL_ENABLE ? "enabled" : "disabled");
    get_anew((void *)"/after");
    pthread_create(&t, NULL, get_anew, (void *)"/after");
    pthread_join(t, NULL);
}

/* A limit on the whole, which takes no signal that the rounds use. */
static void limit_time(void)
{
    struct sigaction sa = {.sa_handler = on_stuck};
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    struct itimerspec at = {{0, 0}, {STUCK_S, 0}};
    timer_t timer;
    sigaction(SIGUSR2, &sa, NULL);
    if (timer_create(CLOCK_MONOTONIC, &ev, &timer) != 0)
        fail("timer_create");
    timer_settime(timer, 0, &at, NULL);
}

int main(int argc, char **argv)
{
    victim_args(argc, argv);
    limit_time();
    char *colon = strchr(victim.mode, ':');
    if (colon) {
        *colon = 0;
        path = colon + 1;
        rounds(victim.mode);
    } else {
        follow();
    }
    say("done");
    _exit(0);
}
