/* SPDX-License-Identifier: MIT */
/*
 * Non-blocking connections in an event loop. MODE is [eager-]LOOP[-again]
 * [*COUNT]. Loops are poll, select, epoll (level), edge (one EPOLL_CTL_ADD for
 * all events, as mio does it), oneshot, blocking (select, then plain calls on
 * blocking sockets) and idle (poll, and the answer is asked for only when all
 * is written and a second has gone by). COUNT connections run at once.
 *
 * The loop takes its poll at its word: what it says is ready must be, and no
 * call may sleep but the one that is there to sleep, for a tick. An eager one
 * tries to read and write when it likes, and then sleeps for long. -again
 * confirms the connection with a second connect(), otherwise SO_ERROR does.
 */
#include "tests/fixtures/victim.h"

#define CONNS_MAX 512
#define PATIENCE  20.0 /* seconds */
#define TICK_MS   1
#define STALL     0.1 /* on an idle machine; LOOP_SHOW tells how long it was */

struct conn {
    int fd;
    bool connected, done;
    size_t sent, len;
    char rq[REQUEST_MAX];
    struct answer *answer;
    uint32_t armed; /* events registered, for level-triggered epoll */
};

static struct conn conns[CONNS_MAX];
static size_t n_conns = 1;
static bool blocking, idle, eager, connect_again;
static int wait_ms = TICK_MS;

/* ---- calls that must not sleep ---- */

/*
 * Time that this thread was asleep: not on a processor, nor waiting for one. So
 * a busy machine makes no stalls.
 */
static double asleep(void)
{
    static int stat = -1;
    char text[100] = "";
    struct timespec cpu;
    if (stat < 0)
        stat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (pread(stat, text, sizeof text - 1, 0) <= 0)
        fail("schedstat");
    const char *queued = strchr(text, ' ');
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    return seconds() - (double)cpu.tv_sec - (double)cpu.tv_nsec / 1e9 -
           (queued ? strtod(queued, NULL) / 1e9 : 0);
}

static double begun, longest;

static void before(void)
{
    begun = eager ? 0 : asleep();
}

static void slept_at_most(double limit)
{
    double over = eager ? 0 : asleep() - begun - limit;
    if (over > longest)
        longest = over;
}

/* ---- one connection ---- */

/* Nothing can be there yet: a wrong errno here breaks event loops. */
static void read_early(const struct conn *c, int wanted)
{
    char byte;
    if (eager && (recv(c->fd, &byte, 1, 0) != -1 || errno != wanted))
        say("early read: %s, not %s", errno_name(errno), errno_name(wanted));
}

static bool joined(const struct conn *c)
{
    return connect(c->fd, (const void *)&victim.addr, victim.addr_len) == 0;
}

static void start(struct conn *c)
{
    c->fd = victim_socket(blocking ? 0 : SOCK_NONBLOCK);
    c->len = make_get("/bytes/20000", c->rq);
    c->answer = calloc(1, sizeof *c->answer);
    answer_start(c->answer, "GET");
    read_early(c, ENOTCONN);
    if (!joined(c) && errno != EINPROGRESS)
        fail("connect");
}

/* Returns whether the connection stands. */
static bool confirm(struct conn *c)
{
    int e = 0;
    socklen_t len = sizeof e;
    if (!connect_again)
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &e, &len);
    else if (!joined(c) && errno != EISCONN)
        e = errno;
    if (e == EALREADY || e == EINPROGRESS)
        return false;
    errno = e;
    if (e)
        fail("connection");
    read_early(c, EAGAIN);
    return c->connected = true;
}

/* There is room, the loop says. */
static void push(struct conn *c)
{
    do {
        before();
        ssize_t k =
            send(c->fd, c->rq + c->sent, c->len - c->sent, MSG_NOSIGNAL);
        slept_at_most(0);
        if (k < 0 && errno == EAGAIN && eager)
            return;
        if (k < 0)
            fail("send after readiness");
        c->sent += (size_t)k;
    } while (eager && c->sent < c->len);
}

/* told: there is something to read, the loop says. False: nothing is left. */
static bool pull(struct conn *c, bool told)
{
    static char part[4096];
    before();
    ssize_t k = recv(c->fd, part, sizeof part, 0);
    slept_at_most(0);
    if (k < 0 && errno == EAGAIN && !told)
        return false;
    if (k < 0)
        fail("recv after readiness");
    take_part(c->answer, part, k);
    if (c->answer->done) {
        c->done = true;
        close(c->fd);
    }
    return !c->done;
}

static void turn(struct conn *c, bool in, bool out, bool edge)
{
    if (!c->connected && !confirm(c))
        return;
    if ((out || eager) && c->sent < c->len)
        push(c);
    if (eager)
        in = c->sent == c->len;
    for (bool told = !eager; in && pull(c, told); told = false)
        in = eager || edge;
}

static bool all_done(void)
{
    static double since;
    if (!since)
        since = seconds();
    if (seconds() - since > PATIENCE) {
        say("nothing happens any more");
        exit(1);
    }
    for (size_t i = 0; i < n_conns; i++)
        if (!conns[i].done)
            return false;
    return true;
}

static bool writing(const struct conn *c)
{
    return c->sent < c->len;
}

/* ---- loops: each with a tick, which must come in time ---- */

static void woken(const char *call, int n)
{
    slept_at_most(TICK_MS / 1000.0);
    if (n < 0)
        fail(call);
}

static void loop_poll(void)
{
    static struct pollfd set[CONNS_MAX];
    double since = seconds();
    while (!all_done()) {
        for (size_t i = 0; i < n_conns; i++) {
            struct conn *c = &conns[i];
            bool late = idle && seconds() - since < 1;
            set[i].fd = c->done || (late && !writing(c)) ? -1 : c->fd;
            set[i].events = writing(c) ? POLLOUT : POLLIN;
        }
        before();
        int n = poll(set, n_conns, wait_ms);
        woken("poll", n);
        for (size_t i = 0; i < n_conns && n; i++)
            if (set[i].fd >= 0 && set[i].revents)
                turn(&conns[i], set[i].revents & ~POLLOUT,
                     set[i].revents & POLLOUT, false);
    }
}

static void loop_select(void)
{
    while (!all_done()) {
        struct timeval limit = {wait_ms / 1000, wait_ms % 1000 * 1000};
        fd_set in, out;
        int top = 0;
        FD_ZERO(&in);
        FD_ZERO(&out);
        for (size_t i = 0; i < n_conns; i++) {
            struct conn *c = &conns[i];
            if (c->done)
                continue;
            FD_SET(c->fd, writing(c) ? &out : &in);
            top = c->fd > top ? c->fd : top;
        }
        before();
        int n = select(top + 1, &in, &out, NULL, &limit);
        woken("select", n);
        for (size_t i = 0; i < n_conns && n; i++) {
            struct conn *c = &conns[i];
            bool r = !c->done && FD_ISSET(c->fd, &in);
            bool w = !c->done && FD_ISSET(c->fd, &out);
            if (r || w)
                turn(c, r, w, false);
        }
    }
}

static void arm(int ep, int op, struct conn *c, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.ptr = c};
    if (epoll_ctl(ep, op, c->fd, &ev) < 0)
        fail("epoll_ctl");
    c->armed = events;
}

/* flags: 0, EPOLLET or EPOLLONESHOT */
static void loop_epoll(uint32_t flags)
{
    const uint32_t edge = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    int ep = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < n_conns; i++)
        arm(ep, EPOLL_CTL_ADD, &conns[i],
            flags == EPOLLET ? edge : EPOLLOUT | flags);
    while (!all_done()) {
        struct epoll_event ev[16];
        before();
        int n = epoll_wait(ep, ev, 16, wait_ms);
        woken("epoll_wait", n);
        for (int i = 0; i < n; i++) {
            struct conn *c = ev[i].data.ptr;
            turn(c, ev[i].events & ~(unsigned)EPOLLOUT, ev[i].events & EPOLLOUT,
                 flags == EPOLLET);
            if (!c->done && ev[i].events & EPOLLRDHUP)
                say("the end of a connection that goes on");
            uint32_t want = (writing(c) ? EPOLLOUT : EPOLLIN) | flags;
            if (!c->done && flags != EPOLLET && (flags || want != c->armed))
                arm(ep, EPOLL_CTL_MOD, c, want);
        }
    }
    close(ep);
}

/* With no call that waits for a socket. */
static void loop_naps(void)
{
    while (!all_done()) {
        usleep(1000);
        for (size_t i = 0; i < n_conns; i++)
            if (!conns[i].done)
                turn(&conns[i], true, true, true);
    }
}

/* Cuts what begins with `mark` off; returns what follows it, or NULL. */
static char *cut(char *text, const char *mark)
{
    char *at = strstr(text, mark);
    if (!at)
        return NULL;
    *at = 0;
    return at + strlen(mark);
}

int main(int argc, char **argv)
{
    victim_args(argc, argv);
    char *loop = victim.mode, *count = cut(loop, "*");
    if (count)
        n_conns = strtoul(count, NULL, 10);
    if (n_conns < 1 || n_conns > CONNS_MAX)
        return 2;
    connect_again = cut(loop, "-again");
    eager = strncmp(loop, "eager-", 6) == 0;
    if (eager) {
        loop += 6;
        wait_ms = (int)(PATIENCE * 1000);
    }
    blocking = strcmp(loop, "blocking") == 0;
    idle = strcmp(loop, "idle") == 0;
    for (size_t i = 0; i < n_conns; i++)
        start(&conns[i]);
    longest = 0; /* connect() of a blocking socket sleeps */
    if (strcmp(loop, "poll") == 0 || idle)
        loop_poll();
    else if (strcmp(loop, "select") == 0 || blocking)
        loop_select();
    else if (strcmp(loop, "epoll") == 0)
        loop_epoll(0);
    else if (strcmp(loop, "edge") == 0)
        loop_epoll(EPOLLET);
    else if (strcmp(loop, "oneshot") == 0)
        loop_epoll(EPOLLONESHOT);
    else if (strcmp(loop, "naps") == 0 && eager)
        loop_naps();
    else
        return 2;
    const char *factor = getenv("VICTIM_FACTOR");
    if (longest > STALL * (factor ? atof(factor) : 1))
        say("asleep for %.0f ms", longest * 1000);
    if (getenv("LOOP_SHOW"))
        say("longest sleep: %.1f ms", longest * 1000);
    say("all done");
    return 0;
}
