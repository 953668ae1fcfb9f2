/* SPDX-License-Identifier: MIT */
/*
 * Signals that come while an answer is waited for. MODE: restart (a timer every
 * 10 ms, SA_RESTART), crash (the same in a program that would also like to
 * tell of its crash), interrupt (without SA_RESTART: recv says EINTR), limits
 * (the same where SO_RCVTIMEO is far away: never EAGAIN, which would be it),
 * other (the handler speaks to the proxy on a connection of its own), same (it
 * writes the request whose answer is waited for).
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "victim.h"

static volatile sig_atomic_t ticks, handled, handler_status;
static int handler_fd = -1;
static char handler_rq[REQUEST_MAX];
static size_t handler_len;
static bool handler_reads;

/* Reads an answer; whether a call was interrupted, is returned. */
static bool read_in_spite(int fd, struct answer *a)
{
    static char part[4096];
    bool interrupted = false;
    answer_start(a, "GET");
    while (!a->done) {
        ssize_t k = recv(fd, part, sizeof part, 0);
        if (k < 0 && errno == EINTR) {
            interrupted = true;
            continue;
        }
        if (k < 0)
            fail("recv");
        if (k == 0)
            answer_end(a);
        else
            answer_feed(a, part, (size_t)k);
    }
    return interrupted;
}

static void on_tick(int s)
{
    (void)s;
    ticks++;
}

static void timer(const struct victim *v, int flags, int limit_s)
{
    struct timeval limit = {limit_s, 0};
    static struct answer a;
    struct itimerval often = {{0, 10000}, {0, 10000}}, never = {0};
    struct sigaction sa = {.sa_handler = on_tick, .sa_flags = flags};
    char rq[REQUEST_MAX];
    int fd = victim_connect(v);
    if (limit_s &&
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0)
        fail("setsockopt");
    sigaction(SIGALRM, &sa, NULL);
    send_all(fd, rq, make_get(v, "/bytes/20000", rq));
    setitimer(ITIMER_REAL, &often, NULL);
    bool interrupted = read_in_spite(fd, &a);
    setitimer(ITIMER_REAL, &never, NULL);
    say("interrupted %d, ticks %s", interrupted, ticks > 3 ? "many" : "few");
    close(fd);
}

/* send() and recv() may be called here: signal-safety(7). */
static void on_signal(int s)
{
    static char part[65536];
    size_t n = 0;
    ssize_t k;
    int saved = errno;
    (void)s;
    send(handler_fd, handler_rq, handler_len, MSG_NOSIGNAL);
    while (handler_reads && n < sizeof part - 1 &&
           (k = recv(handler_fd, part + n, sizeof part - 1 - n, 0)) > 0) {
        n += (size_t)k;
        part[n] = 0;
        char *body = strstr(part, "\r\n\r\n"), *length;
        length = strcasestr(part, "Content-Length: ");
        if (body && length &&
            n >= (size_t)(body + 4 - part) + strtoul(length + 16, NULL, 10))
            break;
    }
    handler_status = handler_reads && n > 12 ? atoi(part + 9) : 0;
    handled = 1;
    errno = saved;
}

static pthread_t main_thread;

static void *sender(void *arg)
{
    (void)arg;
    usleep(150000);
    pthread_kill(main_thread, SIGUSR1);
    return NULL;
}

static void handler(const struct victim *v, bool other)
{
    static struct answer a;
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    char rq[REQUEST_MAX];
    pthread_t t;
    int fd = victim_connect(v);
    handler_fd = other ? victim_connect(v) : fd;
    handler_reads = other;
    handler_len = make_get(v, "/bytes/3000", handler_rq);
    sigaction(SIGUSR1, &sa, NULL);
    main_thread = pthread_self();
    pthread_create(&t, NULL, sender, NULL);
    if (other)
        send_all(fd, rq, make_get(v, "/bytes/20000", rq));
    read_in_spite(fd, &a);
    pthread_join(t, NULL);
    say("handled %d", handled);
    if (other) {
        say("in the handler: %d", handler_status);
        do_get(v, handler_fd, "/bytes/4000");
        close(handler_fd);
    }
    if (a.keep)
        do_get(v, fd, "/bytes/4000");
    close(fd);
}

int main(int argc, char **argv)
{
    struct victim v;
    victim_args(&v, argc, argv);
    struct sigaction sa = {.sa_handler = on_tick, .sa_flags = SA_ONSTACK};
    bool crash = strcmp(v.mode, "crash") == 0;
    if (crash) {
        sigaction(SIGSEGV, &sa, NULL);
        sigaction(SIGABRT, &sa, NULL);
    }
    if (crash || strcmp(v.mode, "restart") == 0)
        timer(&v, SA_RESTART, 0);
    else if (strcmp(v.mode, "interrupt") == 0)
        timer(&v, 0, 0);
    else if (strcmp(v.mode, "limits") == 0)
        timer(&v, 0, 30);
    else if (strcmp(v.mode, "other") == 0)
        handler(&v, true);
    else if (strcmp(v.mode, "same") == 0)
        handler(&v, false);
    else
        return 2;
    say("done");
    return 0;
}
