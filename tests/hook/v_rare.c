/* SPDX-License-Identifier: MIT */
/*
 * What few programs do, and may do. MODE: one of the table at the end.
 */
#include <netdb.h>
#include <sys/resource.h>

#include "tests/fixtures/victim.h"

static struct answer answer;

/* A second thread: the process counts as one with threads from then on. */
static void *sleeper(void *arg)
{
    (void)arg;
    pause();
    return NULL;
}

static void second_thread(void)
{
    pthread_t t;
    if (pthread_create(&t, NULL, sleeper, NULL))
        fail("thread");
}

/* Takes every number that is left; returns one of them. */
static int take_all(void)
{
    struct rlimit r = {64, 64};
    setrlimit(RLIMIT_NOFILE, &r);
    int last = -1, fd;
    while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        last = fd;
    return last;
}

static void no_fd(void)
{
    char rq[REQUEST_MAX];
    second_thread();
    get_anew((void *)"/bytes/3000");
    int fd = victim_connect();
    size_t n = make_get("/bytes/100", rq);
    send_all(fd, rq, n / 2);
    int last = take_all();
    send_all(fd, rq + n / 2, n - n / 2);
    close(last);
    read_answer(fd, &answer, "GET");
    close(fd);
}

static void mmsg_empty(void)
{
    char rq[REQUEST_MAX];
    int fd = victim_connect();
    size_t n = make_get("/bytes/100", rq);
    struct iovec v[2] = {{rq, 0}, {rq, n}};
    struct mmsghdr m[2] = {{.msg_hdr = {.msg_iov = v, .msg_iovlen = 1}},
                           {.msg_hdr = {.msg_iov = v + 1, .msg_iovlen = 1}}};
    int k = sendmmsg(fd, m, 2, 0);
    say("sendmmsg %d %u %u", k, m[0].msg_len, (unsigned)(m[1].msg_len == n));
    read_answer(fd, &answer, "GET");
    close(fd);
}

#define ROUNDS 800 /* enough for the moment to be met */

static volatile int stop;
static int mod_ep, mod_fd;
static volatile int mod_errors[200];

static void *modder(void *arg)
{
    (void)arg;
    while (!stop) {
        struct epoll_event ev = {.events = EPOLLIN | EPOLLONESHOT,
                                 .data.fd = mod_fd};
        if (epoll_ctl(mod_ep, EPOLL_CTL_MOD, mod_fd, &ev) < 0)
            mod_errors[errno]++;
    }
    return NULL;
}

static void epoll_mod(void)
{
    mod_ep = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < ROUNDS; i++) {
        pthread_t t;
        mod_fd = victim_connect();
        struct epoll_event ev = {.events = EPOLLIN, .data.fd = mod_fd};
        epoll_ctl(mod_ep, EPOLL_CTL_ADD, mod_fd, &ev);
        stop = 0;
        pthread_create(&t, NULL, modder, NULL);
        if (i)
            mute(true);
        do_get(mod_fd, "/bytes/100");
        mute(false);
        stop = 1;
        pthread_join(t, NULL);
        close(mod_fd);
    }
    for (int i = 0; i < 200; i++)
        if (mod_errors[i])
            say("epoll_ctl: %s", errno_name(i));
}

static void vfork_number(void)
{
    int fd = victim_connect(), p[2], st;
    if (pipe(p))
        fail("pipe");
    pid_t pid = vfork();
    if (pid == 0) {
        dup2(p[1], fd);
        if (write(fd, "x", 1) != 1)
            _exit(1);
        _exit(0);
    }
    waitpid(pid, &st, 0);
    char c;
    say("child %d, %zd", st, read(p[0], &c, 1));
    do_get(fd, "/bytes/100");
    close(fd);
}

static void bad_pointer(void)
{
    get_anew((void *)"/bytes/3000");
    int fd = victim_connect();
    void *volatile bad = (void *)8;
    struct iovec v = {bad, 10};
    TRY(send(fd, bad, 10, 0));
    TRY(write(fd, bad, 10));
    TRY(writev(fd, &v, 1));
    TRY(recv(fd, bad, 10, MSG_DONTWAIT));
    do_get(fd, "/bytes/100");
    close(fd);
}

static void on_alarm(int s)
{
    (void)s;
}

#define STRANGERS 24

/* A recv() is interrupted while the library connects anew; then the program
   closes what it has not opened, as daemons do, and strangers get the
   numbers. */
static void made(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sigaction sa = {.sa_handler = on_alarm};
    socklen_t n = sizeof to;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd = victim_connect();
    char rq[REQUEST_MAX];
    if (bind(listener, (void *)&to, n) || listen(listener, STRANGERS) ||
        getsockname(listener, (void *)&to, &n))
        fail("listen");
    sigaction(SIGALRM, &sa, NULL);
    send_get(fd, "/");
    ualarm(500000, 0);
    ssize_t k = recv(fd, rq, sizeof rq, 0);
    say("recv: %zd %s", k, k < 0 ? errno_name(errno) : "");
    for (int i = 3; i < 64; i++)
        if (i != fd && i != listener)
            close(i);
    int s[STRANGERS], open = 0, got = 0;
    for (int i = 0; i < STRANGERS; i++) {
        s[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(s[i], (void *)&to, n))
            fail("connect");
    }
    ualarm(500000, 0);
    k = recv(fd, rq, sizeof rq, 0);
    if (k < 0)
        say("recv: %zd %s", k, errno_name(errno));
    for (int i = 0; i < STRANGERS; i++) {
        int peer = accept(listener, NULL, NULL);
        open += send(s[i], "x", 1, MSG_NOSIGNAL) == 1;
        while ((k = recv(peer, rq, sizeof rq, MSG_DONTWAIT)) > 0)
            got += (int)k;
    }
    say("strangers: %d open, %d bytes", open, got);
    close(fd);
}

VICTIM_MODES({"no-fd", no_fd}, {"made", made}, {"mmsg-empty", mmsg_empty},
             {"epoll-mod", epoll_mod}, {"vfork", vfork_number},
             {"bad-pointer", bad_pointer})
