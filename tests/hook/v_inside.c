/* SPDX-License-Identifier: MIT */
/*
 * Signals that come anywhere in a hooked call on a tracked fd. MODE:
 *   state    the handler makes hooked calls itself; is the thread's cancel
 *            state what it was, and can the thread be cancelled?
 *   fork     the handler forks
 *   jump     the handler leaves by siglongjmp, as programs with time limits of
 *            their own do
 * The proxy answers nothing to /silent and asks for a login elsewhere.
 */
#include <setjmp.h>

#include "tests/fixtures/victim.h"

#define SIG     SIGRTMIN
#define STATE_S 3.0
#define FORKS   250
#define JUMPS   400
#define STUCK_S 6 /* without a step */

static int fd = -1, fd2 = -1, pipe_out = -1;
static timer_t timer;
static volatile sig_atomic_t fired;

/* A deadlock shows in no output: the program ends itself. */
static void on_stuck(int s)
{
    static const char text[] = "stuck\n";
    (void)s;
    if (write(STDOUT_FILENO, text, sizeof text - 1) > 0)
        _exit(3);
    _exit(4);
}

/* Signals for this thread alone; by `every` or once. */
static void make_timer(void (*handler)(int), bool nodefer)
{
    struct sigaction sa = {.sa_handler = handler,
                           .sa_flags = SA_RESTART | (nodefer ? SA_NODEFER : 0)};
    struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIG};
    ev._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    sigaction(SIG, &sa, NULL);
    if (timer_create(CLOCK_MONOTONIC, &ev, &timer) != 0)
        fail("timer_create");
}

static void arm(long first_ns, long then_ns)
{
    struct itimerspec t = {{0, then_ns}, {0, first_ns}};
    timer_settime(timer, 0, &t, NULL);
}

/* Calls on tracked fds that find nothing to do. */
static void some_calls(void)
{
    char byte;
    recv(fd, &byte, 1, MSG_DONTWAIT);
    send(fd, &byte, 0, MSG_NOSIGNAL);
    int copy = dup(fd);
    close(copy);
}

/* ---- cancel state ---- */

static const char *cancel_state(void)
{
    int state, type;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    pthread_setcancelstate(state, NULL);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    if (type != PTHREAD_CANCEL_DEFERRED)
        return "asynchronous";
    return state == PTHREAD_CANCEL_ENABLE ? "enabled" : "disabled";
}

static void call_in_handler(int s)
{
    int saved = errno;
    char byte;
    (void)s;
    recv(fd2, &byte, 1, MSG_DONTWAIT);
    errno = saved;
}

static atomic_bool ready;

static void *bombarded(void *arg)
{
    char byte;
    bool good = true;
    (void)arg;
    make_timer(call_in_handler, false);
    arm(50000, 50000);
    for (double start = seconds(); good && seconds() - start < STATE_S;) {
        for (int i = 0; i < 50; i++)
            some_calls();
        good = strcmp(cancel_state(), "enabled") == 0;
    }
    arm(0, 0);
    say("cancel state: %s", cancel_state());
    ready = true;
    recv(fd, &byte, 1, 0);
    say("recv came back");
    return NULL;
}

static void state(void)
{
    struct timespec until;
    pthread_t t;
    void *how;
    pthread_create(&t, NULL, bombarded, NULL);
    while (!ready)
        usleep(10000);
    usleep(100000);
    pthread_cancel(t);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2;
    bool ended = pthread_timedjoin_np(t, &how, &until) == 0;
    say("cancel: %s", ended && how == PTHREAD_CANCELED ? "ended" : "goes on");
}

/* ---- fork ---- */

static volatile pid_t child;

static void child_of_handler(void)
{
    signal(SIGALRM, SIG_DFL);
    alarm(3);
    bool fine =
        write(pipe_out, "p", 1) == 1 && send(fd, "x", 1, MSG_NOSIGNAL) == 1;
    if (fine)
        execl("/bin/true", "true", (char *)NULL);
    _exit(9);
}

static void fork_in_handler(int s)
{
    int saved = errno;
    (void)s;
    child = fork();
    if (child == 0)
        child_of_handler();
    fired = 1;
    errno = saved;
}

static void forks(void)
{
    int ends[2], bad = 0;
    char part[FORKS];
    if (pipe(ends) != 0)
        fail("pipe");
    pipe_out = ends[1];
    make_timer(fork_in_handler, false);
    for (int i = 0; i < FORKS; i++) {
        int status = -1;
        fired = 0;
        alarm(STUCK_S);
        arm(1000 + rand() % 100000, 0);
        while (!fired)
            some_calls();
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        if (status != 0 && !bad++)
            say("child: status %#x", (unsigned)status);
    }
    say("bad children: %d", bad);
    say("unrelated: %s",
        read(ends[0], part, sizeof part) == FORKS ? "all" : "not all");
    do_get(fd2, "/after");
}

/* ---- siglongjmp ---- */

static sigjmp_buf out;

static void jump(int s)
{
    (void)s;
    siglongjmp(out, 1);
}

static void jumps(void)
{
    static char rq[REQUEST_MAX];
    static volatile int left;
    pthread_t t;
    size_t n = make_get("/silent", rq);
    make_timer(jump, false);
    for (left = JUMPS; left; left--) {
        alarm(STUCK_S);
        fd = victim_connect();
        if (sigsetjmp(out, 1) == 0) {
            arm(1000 + rand() % 150000, 0);
            send(fd, rq, n, MSG_NOSIGNAL);
            for (;;)
                some_calls();
        }
        close(fd);
    }
    say("cancel state: %s", cancel_state());
    get_anew((void *)"/after");
    pthread_create(&t, NULL, get_anew, (void *)"/after");
    pthread_join(t, NULL);
}

int main(int argc, char **argv)
{
    victim_args(argc, argv);
    signal(SIGALRM, on_stuck);
    alarm(STUCK_S);
    fd = victim_connect();
    fd2 = victim_connect();
    if (in_mode("state"))
        state();
    else if (in_mode("fork"))
        forks();
    else if (in_mode("jump"))
        jumps();
    else
        return 2;
    say("done");
    _exit(0);
}
