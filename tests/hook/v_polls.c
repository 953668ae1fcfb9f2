/* SPDX-License-Identifier: MIT */
/*
 * Unusual ways to wait for an answer: what the program has asked for is neither
 * lost nor made up. MODE is one of the table at the end; what the proxy does is
 * in polls.py.
 */
#include <dlfcn.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "polls.h"

/* ---- who sleeps before the first connection is made ---- */

static int passed_on = -1;

static void *sleep_early(void *unused)
{
    struct epoll_event ev;
    int k = epoll_wait(set, &ev, 1, LONG_MS);
    if (k != 1) {
        say("epoll_wait: %d", k);
        return unused;
    }
    say("found%s%s%s", ev.events & EPOLLIN ? " IN" : "",
        ev.events & EPOLLRDHUP ? " RDHUP" : "",
        ev.events & (EPOLLHUP | EPOLLERR) ? " HUP" : "");
    answer_start(&answer, "GET");
    if (!drain(passed_on, &answer))
        say("ready, but nothing is there");
    read_by_epoll(set, passed_on, &answer);
    return unused;
}

/* early-looked: this thread has a look at the answer first. */
static void pass_on(void)
{
    pthread_t t;
    char byte;
    set = new_set();
    if (pthread_create(&t, NULL, sleep_early, NULL) != 0)
        fail("pthread_create");
    usleep(100000);
    passed_on = asked("/");
    if (in_mode("early-looked")) {
        usleep(200000);
        if (recv(passed_on, &byte, 1, MSG_PEEK) != -1 || errno != EAGAIN)
            say("so soon?");
    }
    put(set, EPOLL_CTL_ADD, passed_on, EPOLLIN | EPOLLRDHUP | EPOLLET, 1);
    pthread_join(t, NULL);
}

/* ---- few file descriptors ---- */

/* As many entries as there may be files: the kernel takes no more. */
static void as_many(void)
{
    static struct pollfd p[40];
    struct rlimit few = {40, 40};
    int fd = asked("/");
    for (int i = 0; i < 40; i++)
        p[i].fd = -1;
    p[7] = (struct pollfd){fd, POLLIN, 0};
    setrlimit(RLIMIT_NOFILE, &few);
    answer_start(&answer, "GET");
    while (!answer.done) {
        int k = poll(p, 40, LONG_MS);
        if (k != 1) {
            say("poll: %s", k < 0 ? errno_name(errno) : "0");
            return;
        }
        drain(fd, &answer);
    }
}

/* ---- signals ---- */

static volatile sig_atomic_t handled;

static void on_alarm(int sig)
{
    (void)sig;
    handled++;
}

static void handle(void)
{
    struct sigaction act = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &act, NULL);
}

/* Linux leaves the sets of a select() that fails as they were. */
static void sets_kept(void)
{
    struct itimerval t = {.it_value = {0, 50000}};
    struct timeval tv = {LONG_MS / 1000, 0};
    int fd = asked("/");
    fd_set in, out;
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(fd, &in);
    handle();
    setitimer(ITIMER_REAL, &t, NULL);
    int k = select(fd + 1, &in, &out, NULL, &tv);
    say("select: %s, still in its set: %d", k < 0 ? errno_name(errno) : "ready",
        FD_ISSET(fd, &in) != 0);
}

/* lib_sigwork.c sends a signal while the library is at work. */
static void signal_at_work(void)
{
    struct pollfd p = {asked("/"), POLLIN, 0};
    handle();
    int k = poll(&p, 1, 3000);
    say("poll: %s, handled %d",
        k < 0 ? errno_name(errno)
        : k   ? "ready"
              : "0",
        (int)handled);
}

/* ---- narrow conditions ---- */

static void time_for_ever(void)
{
    int fds[2];
    struct timeval tv = {LONG_MAX, 0};
    fd_set in;
    asked("/");
    if (pipe(fds) < 0 || write(fds[1], "x", 1) != 1)
        fail("pipe");
    FD_ZERO(&in);
    FD_SET(fds[0], &in);
    int k = select(fds[0] + 1, &in, NULL, NULL, &tv);
    say("select: %d, much time left: %d", k, tv.tv_sec > 1000000000);
}

/* A sandbox of a program that knows epoll only. */
static void no_poll(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ppoll, 2, 0),
#ifdef SYS_poll
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_poll, 1, 0),
#else
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ppoll, 1, 0),
#endif
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)};
    struct sock_fprog filter = {sizeof rules / sizeof *rules, rules};
    set = new_set();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        fail("seccomp");
    int fd = asked("/");
    put(set, EPOLL_CTL_ADD, fd, EPOLLIN, 1);
    read_in(set, fd);
}

/* ---- no poll at all, and a head in pieces ---- */

static void by_usleep(void)
{
    double start = seconds();
    int fd = asked("/bytes/5000");
    answer_start(&answer, "GET");
    while (!answer.done && seconds() - start < LONG_S) {
        usleep(3000);
        drain(fd, &answer);
    }
}

static void in_pieces(void)
{
    char rq[REQUEST_MAX];
    struct epoll_event ev;
    struct timespec t = {LONG_MS / 1000, 0};
    int fd = victim_connect();
    set_nonblocking(fd, true);
    set = new_set();
    put(set, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, 1);
    for (int turn = 0; turn < 2; turn++) {
        size_t n = make_get("/bytes/5000", rq);
        for (size_t at = 0; at < n; at += 7) {
            send_all(fd, rq + at, n - at < 7 ? n - at : 7);
            usleep(500);
        }
        answer_start(&answer, "GET");
        while (!answer.done && epoll_pwait2(set, &ev, 1, &t, NULL) > 0)
            drain(fd, &answer);
    }
}

/* ---- no events, handlers ---- */

static void no_events(void)
{
    struct pollfd p = {asked("/"), 0, 0};
    int k = poll(&p, 1, 1500);
    say("poll: %d, %x", k, (unsigned)p.revents);
    p.events = POLLOUT;
    for (int i = 0; i < 3; i++) {
        k = poll(&p, 1, 500);
        say("poll: %d, %x", k, (unsigned)p.revents);
    }
    p.events = POLLIN;
    k = poll(&p, 1, LONG_MS);
    say("poll: %d, %x", k, (unsigned)p.revents);
}

static int looked_at;

static void look(int sig)
{
    int saved = errno;
    struct pollfd p = {looked_at, POLLIN, 0};
    char byte;
    (void)sig;
    poll(&p, 1, 1);
    (void)!recv(looked_at, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    errno = saved;
}

static void by_handler(void)
{
    struct sigaction act = {.sa_handler = look, .sa_flags = SA_RESTART};
    struct itimerval t = {{0, 2000}, {0, 2000}}, off = {{0, 0}, {0, 0}};
    struct epoll_event ev;
    double start = seconds();
    set = new_set();
    looked_at = asked("/");
    put(set, EPOLL_CTL_ADD, looked_at, EPOLLIN, 1);
    sigaction(SIGALRM, &act, NULL);
    setitimer(ITIMER_REAL, &t, NULL);
    answer_start(&answer, "GET");
    while (!answer.done && seconds() - start < LONG_S)
        if (epoll_wait(set, &ev, 1, LONG_MS) == 1)
            drain(looked_at, &answer);
    setitimer(ITIMER_REAL, &off, NULL);
}

/* How much of a handler's stack a poll and a look may take: frames that a
   sanitizer watches are larger. */
static ptrdiff_t frames(void)
{
    bool watched = dlsym(RTLD_DEFAULT, "__asan_init") ||
                   dlsym(RTLD_DEFAULT, "__tsan_init");
    return (watched ? 64 : 8) * 1024;
}

static unsigned char small[256 * 1024];
static unsigned char *handler_at;

static void look_low(int sig)
{
    unsigned char here;
    handler_at = &here;
    look(sig);
}

static void by_small_handler(void)
{
    stack_t stack = {.ss_sp = small, .ss_size = sizeof small};
    struct sigaction act = {.sa_handler = look_low, .sa_flags = SA_ONSTACK};
    const unsigned char *at = small;
    double start = seconds();
    memset(small, 0xa5, sizeof small);
    looked_at = asked("/");
    sigaltstack(&stack, NULL);
    sigaction(SIGALRM, &act, NULL);
    answer_start(&answer, "GET");
    while (!answer.done && seconds() - start < LONG_S) {
        raise(SIGALRM);
        drain(looked_at, &answer);
    }
    while (*at == 0xa5)
        at++;
    if (handler_at - at > frames())
        say("a handler's stack is used: %zd", handler_at - at);
}

/* ---- a body, whose interim answer is read when all of it is out ---- */

#define BODY ((size_t)1 << 20) /* more than the sockets have room for */

static void write_first(void)
{
    char rq[REQUEST_MAX], fields[80];
    int fd = victim_connect(), small_n = 16384;
    char *body = calloc(1, BODY);
    size_t done = 0;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small_n, sizeof small_n);
    snprintf(fields, sizeof fields,
             "Expect: 100-continue\r\nContent-Length: %zu\r\n", BODY);
    send_all(fd, rq, make_request("POST", "/", fields, rq));
    set_nonblocking(fd, in_mode("room-only"));
    while (done < BODY) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        ssize_t k = 0;
        if (in_mode("room-only") && poll(&p, 1, LONG_MS) != 1)
            fail("no room any more");
        k = send(fd, body + done, BODY - done, MSG_NOSIGNAL);
        if (k < 0 && errno != EAGAIN)
            fail("send");
        done += k < 0 ? 0 : (size_t)k;
    }
    free(body);
    set_nonblocking(fd, false);
    answer_start(&answer, "POST");
    read_answer(fd, &answer, "POST");
}

VICTIM_MODES({"early", pass_on}, {"early-looked", pass_on},
             {"sets-kept", sets_kept}, {"signal-at-work", signal_at_work},
             {"time-for-ever", time_for_ever}, {"no-poll", no_poll},
             {"by-usleep", by_usleep}, {"in-pieces", in_pieces},
             {"as-many", as_many}, {"no-events", no_events},
             {"by-handler", by_handler}, {"small-stack", by_small_handler},
             {"room-only", write_first}, {"room-block", write_first})
