/* SPDX-License-Identifier: MIT */
/*
 * Bodies in small pieces, while something else is done with the connection. The
 * requests behind them must find their place in the stream. MODE: get or post,
 * "-", and
 *   alone    nothing
 *   handler  a signal handler makes calls on the descriptor
 *   thread   another thread does
 *   copies   every few pieces another descriptor takes over
 *   forks    children that do nothing are forked
 *   jump     a handler leaves by siglongjmp, and the connection is closed
 */
#include <setjmp.h>
#include <sys/ioctl.h>

#include "tests/fixtures/victim.h"

#define ROUNDS 3
#define SIZE   300000
#define PIECE  1000
#define EVERY  997 /* bytes: elsewhere in each piece and chunk */
#define JUMPS  200

static _Atomic int fd;
static atomic_bool over;
static const char *disturbance;
static size_t moved;
static timer_t timer;

static bool disturbed_by(const char *what)
{
    return strcmp(disturbance, what) == 0;
}

/* Calls that move no byte. */
static void some_calls(void)
{
    int n;
    send(fd, "", 0, MSG_NOSIGNAL);
    ioctl(fd, FIONREAD, &n);
    close(dup(fd));
}

static void on_signal(int s)
{
    int saved = errno;
    char byte;
    (void)s;
    recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    some_calls();
    errno = saved;
}

static sigjmp_buf out;

static void jump(int s)
{
    (void)s;
    siglongjmp(out, 1);
}

/* Signals for this thread alone. */
static void start_timer(void (*handler)(int), long first_ns, long then_ns)
{
    struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID,
                          .sigev_signo = SIGRTMIN};
    struct itimerspec t = {{0, then_ns}, {0, first_ns}};
    ev._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    sigaction(SIGRTMIN, &sa, NULL);
    if ((!timer && timer_create(CLOCK_MONOTONIC, &ev, &timer) != 0) ||
        timer_settime(timer, 0, &t, NULL) != 0)
        fail("timer");
}

static void *in_thread(void *arg)
{
    while (!over)
        some_calls();
    return arg;
}

static void fork_one(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
}

/* Between two pieces, of which the last had `n` bytes. */
static void disturb(size_t n)
{
    size_t before = moved / EVERY;
    moved += n;
    if (moved / EVERY == before)
        return;
    if (disturbed_by("copies")) {
        int old = fd;
        fd = dup(old);
        close(old);
    } else if (disturbed_by("forks")) {
        fork_one();
    }
}

static void read_in_pieces(const char *method)
{
    static struct answer a;
    char piece[PIECE];
    answer_start(&a, method);
    while (!a.done) {
        ssize_t k = recv(fd, piece, answer_room(&a, sizeof piece), 0);
        take_part(&a, piece, k);
        disturb(k > 0 ? (size_t)k : 0);
    }
}

static void get(const char *path)
{
    send_get(fd, path);
    read_in_pieces("GET");
}

static void post(void)
{
    char rq[REQUEST_MAX], fields[64], piece[PIECE];
    snprintf(fields, sizeof fields, "Content-Length: %d\r\n", SIZE);
    send_all(fd, rq, make_request("POST", "/sha", fields, rq));
    for (size_t at = 0; at < SIZE; at += PIECE) {
        for (size_t i = 0; i < PIECE; i++)
            piece[i] = pattern(at + i);
        send_all(fd, piece, PIECE);
        disturb(PIECE);
    }
    read_in_pieces("POST");
}

static void round_trip(bool posts, int i)
{
    char path[64];
    if (posts) {
        post();
        return;
    }
    snprintf(path, sizeof path, "/%s/%d", i % 2 ? "chunked" : "bytes", SIZE);
    get(path);
}

static void jumps(bool posts)
{
    static volatile int left;
    mute(true);
    for (left = JUMPS; left; left--) {
        if (sigsetjmp(out, 1) == 0) {
            start_timer(jump, 50000 + rand() % 2000000, 0);
            for (int i = 0;; i++)
                round_trip(posts, i);
        }
        close(fd);
        fd = victim_connect();
    }
    mute(false);
}

int main(int argc, char **argv)
{
    pthread_t t;
    victim_args(argc, argv);
    bool posts = strncmp(victim.mode, "post-", 5) == 0;
    disturbance = strchr(victim.mode, '-') + 1;
    fd = victim_connect();
    get("/bytes/10");
    if (disturbed_by("handler"))
        start_timer(on_signal, 70000, 70000);
    if (disturbed_by("thread") && pthread_create(&t, NULL, in_thread, NULL))
        fail("pthread_create");
    if (disturbed_by("jump"))
        jumps(posts);
    for (int i = 0; i < ROUNDS; i++)
        round_trip(posts, i);
    over = true;
    if (disturbed_by("thread"))
        pthread_join(t, NULL);
    if (disturbed_by("handler"))
        timer_delete(timer);
    close(fd);
    say("done");
    return 0;
}
