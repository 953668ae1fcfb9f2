/* SPDX-License-Identifier: MIT */
/*
 * Programs that live in narrow conditions. MODE is one of the table at the end.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "tests/fixtures/victim.h"

/* ---- a small stack ---- */

#define SMALL_STACK (32u * 1024)

/* The victim itself keeps what it can elsewhere. */
static void *get_on_small_stack(void *arg)
{
    static struct answer a;
    static char rq[REQUEST_MAX], part[4096];
    ssize_t k = 1;
    int fd = victim_connect();
    send_all(fd, rq, make_get("/bytes/3000", rq));
    answer_start(&a, "GET");
    while (!a.done && (k = recv(fd, part, sizeof part, 0)) > 0)
        answer_feed(&a, part, (size_t)k);
    close(fd);
    return arg;
}

static void small_stack(void)
{
    pthread_attr_t attr;
    pthread_t t;
    pthread_attr_init(&attr);
    errno = pthread_attr_setstacksize(&attr, SMALL_STACK);
    if (errno)
        fail("stack size");
    errno = pthread_create(&t, &attr, get_on_small_stack, NULL);
    if (errno)
        fail("thread");
    pthread_join(t, NULL);
}

/* ---- output that raises signals ---- */

static void broken_stderr(void)
{
    int p[2];
    if (pipe(p) < 0 || dup2(p[1], 2) != 2)
        fail("pipe");
    close(p[0]);
    close(p[1]);
    get_anew((void *)"/bytes/3000");
    struct sigaction sa;
    sigset_t pending, blocked;
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    sigaction(SIGPIPE, NULL, &sa);
    say("SIGPIPE: pending %d, blocked %d, default %d",
        sigismember(&pending, SIGPIPE), sigismember(&blocked, SIGPIPE),
        sa.sa_handler == SIG_DFL);
}

/*
 * No file may grow while the answer begins. Standard output is a file, so
 * nothing is said meanwhile.
 */
static void no_file_grows(void)
{
    static struct answer a;
    static char part[8192];
    struct rlimit none, before;
    getrlimit(RLIMIT_FSIZE, &before);
    none = before;
    none.rlim_cur = 0;
    int fd = victim_connect();
    setrlimit(RLIMIT_FSIZE, &none);
    send_get(fd, "/bytes/3000");
    ssize_t k = recv(fd, part, sizeof part, 0);
    setrlimit(RLIMIT_FSIZE, &before);
    answer_start(&a, "GET");
    while (k > 0) {
        answer_feed(&a, part, (size_t)k);
        k = a.done ? 0 : recv(fd, part, sizeof part, 0);
    }
    close(fd);
}

/* ---- a sandbox ---- */

/* getrandom() worked when the connection was made, and is forbidden since. */
static void no_getrandom(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    int fd = victim_connect();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        fail("seccomp");
    alarm(5);
    do_get(fd, "/bytes/3000");
    do_get(fd, "/bytes/4000");
    close(fd);
}

/* ---- a receive buffer that holds no whole head ---- */

static int connect_narrow(void)
{
    int room = 2304, fd = victim_socket(0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    victim_join(fd);
    return fd;
}

static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void say_cpu(double since)
{
    say("CPU time: %s", cpu_seconds() - since > 1 ? "much" : "little");
}

static void narrow(void)
{
    double start = cpu_seconds();
    int fd = connect_narrow();
    do_get(fd, "/bytes/20000");
    say_cpu(start);
    close(fd);
}

static void narrow_poll(void)
{
    static struct answer a;
    char part[512];
    double start = cpu_seconds();
    int fd = connect_narrow();
    send_get(fd, "/bytes/20000");
    set_nonblocking(fd, true);
    answer_start(&a, "GET");
    while (!a.done && cpu_seconds() - start < 2) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        if (poll(&pfd, 1, 5000) != 1) {
            say("nothing happens any more");
            break;
        }
        take_part(&a, part, recv(fd, part, sizeof part, 0));
    }
    say_cpu(start);
    close(fd);
}

/* ---- a status line that stops short ---- */

static void stalled(void)
{
    char part[64];
    struct timeval limit = {0, 700000};
    int fd = victim_connect();
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    send_get(fd, "/bytes/3000");
    for (int i = 0; i < 2; i++) {
        double start = seconds();
        ssize_t k = recv(fd, part, sizeof part, 0);
        say("read: %zd %s", k, k < 0 ? errno_name(errno) : "");
        double t = seconds() - start;
        say("%s", t < 0.6 ? "too soon" : t < 3 ? "in time" : "late");
    }
    close(fd);
}

VICTIM_MODES({"stack", small_stack}, {"stderr", broken_stderr},
             {"fsize", no_file_grows}, {"seccomp", no_getrandom},
             {"rcvbuf", narrow}, {"rcvbuf-poll", narrow_poll},
             {"stalled", stalled})
