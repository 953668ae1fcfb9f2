/* SPDX-License-Identifier: MIT */
/*
 * Signals that come while an answer is waited for. MODE: restart (a timer every
 * 10 ms, SA_RESTART), crash (the same in a program that would also like to
 * tell of its crash), interrupt (without SA_RESTART: recv says EINTR), limits
 * (the same where SO_RCVTIMEO is far away: never EAGAIN, which would be it),
 * other (the handler speaks to the proxy on a connection of its own), same (it
 * writes the request whose answer is waited for).
 */

#include "tests/fixtures/victim.h"

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
        take_part(a, part, k);
    }
    return interrupted;
}

static void on_tick(int s)
{
    (void)s;
    ticks++;
}

/* crash: the program has handlers for the worst, as some runtimes do. */
static void timer(void)
{
    struct sigaction crash = {.sa_handler = on_tick, .sa_flags = SA_ONSTACK};
    struct timeval limit = {30, 0};
    static struct answer a;
    struct itimerval often = {{0, 10000}, {0, 10000}}, never = {0};
    struct sigaction sa = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    int fd = victim_connect();
    if (in_mode("crash")) {
        sigaction(SIGSEGV, &crash, NULL);
        sigaction(SIGABRT, &crash, NULL);
    }
    if (in_mode("interrupt") || in_mode("limits"))
        sa.sa_flags = 0;
    if (in_mode("limits") &&
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0)
        fail("setsockopt");
    sigaction(SIGALRM, &sa, NULL);
    send_get(fd, "/bytes/20000");
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

static void handler(void)
{
    bool other = in_mode("other");
    static struct answer a;
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    pthread_t t;
    int fd = victim_connect();
    handler_fd = other ? victim_connect() : fd;
    handler_reads = other;
    handler_len = make_get("/bytes/3000", handler_rq);
    sigaction(SIGUSR1, &sa, NULL);
    main_thread = pthread_self();
    pthread_create(&t, NULL, sender, NULL);
    if (other)
        send_get(fd, "/bytes/20000");
    read_in_spite(fd, &a);
    pthread_join(t, NULL);
    say("handled %d", handled);
    if (other) {
        say("in the handler: %d", handler_status);
        do_get(handler_fd, "/bytes/4000");
        close(handler_fd);
    }
    if (a.keep)
        do_get(fd, "/bytes/4000");
    close(fd);
}

VICTIM_MODES({"restart", timer}, {"crash", timer}, {"interrupt", timer},
             {"limits", timer}, {"other", handler}, {"same", handler})
