/* SPDX-License-Identifier: MIT */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"
#include "swap.h"

#define WORKERS  12
#define SWAPPERS 3
#define ROUND_MS 500
#define STAYS_S  10 /* no call may last so long */
#define DENSE    48 /* low numbers in use: what is closed is taken next */

static struct swap_shared *shared;
static int door;
static const char *authority;
static const uint16_t *ports;
static size_t n_ports;
static atomic_bool over;

/*
 * A connection to a proxy, of one worker. Its number is changed under the lock
 * alone, which the worker does not hold while it makes a call; so whoever
 * closes it closes what is the program's own.
 */
struct slot {
    pthread_mutex_t lock;
    pthread_t worker;
    int fd;       /* -1: none */
    FILE *stream; /* of it, made before it was connected; or NULL */
    atomic_uint swaps;
    atomic_int by_handler; /* the way for the signal handler; -1: none */
    uint64_t random;
    const char *_Atomic call; /* what it is in, for a report */
};

static struct slot slots[WORKERS];
static __thread struct slot *mine
    __attribute__((tls_model("initial-exec"))); /* for the handler */

/* ---- the swaps ---- */

enum way {
    CLOSE,
    RAW_CLOSE,
    CLOSE_RANGE,
    FCLOSE, /* the last for a number that accept() is to get */
    CLOSE_CONNECT,
    CLOSE_DUPFD,
    RAW_DUPFD,
    DUP2,
    DUP3,
    RAW_DUP3,
    WAYS
};

static int at_the_door(void)
{
    int fd = accept4(door, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0 && write(shared->token[1], "", 1) != 1)
        errx(1, "token");
    return fd;
}

static int connect_out(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        connect(fd, (void *)&shared->outside, sizeof shared->outside) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A copy of the stranger's socket in the number's place, which is free or, for
   the last ones, taken. */
static int copy_to(enum way way, int fd)
{
    int stranger = at_the_door(), to = -1;
    if (stranger < 0)
        return -1;
    if (way == CLOSE_DUPFD)
        close(fd);
    else if (way == RAW_DUPFD)
        syscall(SYS_close, fd);
    if (way == DUP2)
        to = dup2(stranger, fd);
    else if (way == DUP3)
        to = dup3(stranger, fd, O_CLOEXEC);
    else if (way == RAW_DUP3)
        to = (int)syscall(SYS_dup3, stranger, fd, 0);
    else
        to = fcntl(stranger, F_DUPFD_CLOEXEC, fd);
    close(stranger);
    return to;
}

/*
 * The slot's number becomes a stranger's. Holds the lock, or is the handler in
 * whose favour another thread holds it. Safe in a handler but for FCLOSE.
 */
static void swap_now(struct slot *s, enum way way)
{
    int fd = s->fd, now;
    atomic_fetch_add(&s->swaps, 1); /* first: it counts from here on */
    if (way == FCLOSE && s->stream)
        fclose(s->stream);
    else if (way == RAW_CLOSE)
        syscall(SYS_close, fd);
    else if (way == CLOSE_RANGE)
        close_range((unsigned)fd, (unsigned)fd, 0);
    else if (way <= CLOSE_CONNECT)
        close(fd);
    now = way > CLOSE_CONNECT    ? copy_to(way, fd)
          : way == CLOSE_CONNECT ? connect_out()
                                 : at_the_door();
    if (now != fd && now >= 0)
        close(now);
    if (now < 0 && way >= DUP2)
        return; /* nobody was at the door: it is what it was */
    s->fd = now == fd ? fd : -1;
    atomic_fetch_add(now == fd ? &shared->swaps : &shared->missed, 1);
}

static void on_signal(int sig)
{
    int saved = errno;
    int way = mine ? atomic_load(&mine->by_handler) : -1;
    (void)sig;
    if (way >= 0) {
        swap_now(mine, (enum way)way);
        atomic_store(&mine->by_handler, -1);
    }
    errno = saved;
}

/* The worker's own thread does it, in the middle of whatever call it is in. */
static void swap_by_signal(struct slot *s, enum way way, int sig)
{
    if (way == FCLOSE)
        way = RAW_CLOSE;
    atomic_store(&s->by_handler, (int)way);
    pthread_kill(s->worker, sig);
    while (atomic_load(&s->by_handler) >= 0)
        usleep(100);
}

static void *swapper(void *arg)
{
    uint64_t random = (uint64_t)(uintptr_t)arg;
    while (!atomic_load(&over)) {
        struct slot *s = &slots[rng_below(&random, WORKERS)];
        usleep((unsigned)rng_below(&random, 3000));
        if (pthread_mutex_trylock(&s->lock) != 0)
            continue;
        enum way way = (enum way)rng_below(&random, WAYS);
        unsigned before = atomic_load(&s->swaps);
        bool free = s->fd >= 0 && before == 0 && atomic_load(&s->call);
        if (free && !getenv("SWAP_NO_SIGNALS") && rng_one_in(&random, 3))
            swap_by_signal(s, way, rng_one_in(&random, 2) ? SIGUSR1 : SIGUSR2);
        else if (free)
            swap_now(s, way);
        pthread_mutex_unlock(&s->lock);
    }
    return NULL;
}

/* ---- the requests ---- */

static void enter(struct slot *s)
{
    struct timeval limit = {.tv_usec = 400000};
    struct sockaddr_in to = {.sin_family = AF_INET};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(ports[rng_below(&s->random, n_ports)]);
    pthread_mutex_lock(&s->lock);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        err(1, "socket");
    s->stream = rng_one_in(&s->random, 3) ? fdopen(s->fd, "r+") : NULL;
    setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(s->fd, (void *)&to, sizeof to) < 0)
        err(1, "connect");
    atomic_store(&s->swaps, 0);
    pthread_mutex_unlock(&s->lock);
}

/* Whatever it is by now. The stream is left: its number is not its own. */
static void quit(struct slot *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    pthread_mutex_unlock(&s->lock);
}

static bool ask(struct slot *s, int fd)
{
    char rq[512];
    unsigned mark = atomic_fetch_add(&shared->requests, 1);
    size_t n = swap_request(authority, mark, rq);
    atomic_store(&s->call, "send");
    if (atomic_load(&s->swaps))
        return false;
    ssize_t k = send(fd, rq, n, MSG_NOSIGNAL);
    if (atomic_load(&s->swaps) == 0)
        shared->to_proxy[mark % MARKS] = 1;
    return k == (ssize_t)n;
}

/* One call, in one of some ways. */
static ssize_t read_some(struct slot *s, int fd, char *p, size_t n)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    switch (rng_below(&s->random, 4)) {
    case 0:
        atomic_store(&s->call, "poll, recv");
        if (poll(&pfd, 1, 400) <= 0 || atomic_load(&s->swaps)) {
            errno = EAGAIN;
            return -1;
        }
        return recv(fd, p, n, 0);
    case 1:
        atomic_store(&s->call, "recv MSG_PEEK");
        if (recv(fd, p, 1, MSG_PEEK) <= 0 || atomic_load(&s->swaps))
            return 0;
        return recv(fd, p, n, 0);
    case 2:
        atomic_store(&s->call, "recv of one byte");
        return recv(fd, p, 1, 0);
    default:
        atomic_store(&s->call, "recv");
        return recv(fd, p, n, 0);
    }
}

/* True: a whole answer, and the connection can carry another request. */
static bool hear(struct slot *s, int fd)
{
    char all[4096];
    size_t n = 0;
    char *body = NULL;
    while (n < sizeof all - 1 && !atomic_load(&s->swaps)) {
        ssize_t k = read_some(s, fd, all + n, sizeof all - 1 - n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        n += (size_t)k;
        all[n] = 0;
        body = strstr(all, "\r\n\r\n");
        if (!body || (size_t)(all + n - body) < 4 + 100)
            continue;
        atomic_fetch_add(strncmp(all + 9, "200", 3) == 0 ? &shared->answered
                                                         : &shared->refused,
                         1);
        return strncmp(all + 9, "200", 3) == 0 &&
               !strcasestr(all, "connection: close");
    }
    return false;
}

static void *worker(void *arg)
{
    struct slot *s = mine = arg;
    while (!atomic_load(&over)) {
        enter(s);
        int fd = s->fd;
        for (size_t left = rng_below(&s->random, 4) + 1; left; left--)
            if (!ask(s, fd) || !hear(s, fd))
                break;
        atomic_store(&s->call, NULL);
        quit(s);
    }
    return NULL;
}

/* ---- */

static void handle_signals(void)
{
    struct sigaction sa = {.sa_handler = on_signal};
    sigaction(SIGUSR2, &sa, NULL);
    sa.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &sa, NULL);
}

static void make_dense(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd < DENSE)
        fd = dup(fd);
}

static bool ends(struct slot *s, const struct timespec *until)
{
    if (pthread_timedjoin_np(s->worker, NULL, until) == 0)
        return true;
    const char *call = atomic_load(&s->call);
    printf("a thread stays in %s\n", call ? call : "no call");
    fflush(stdout);
    return false;
}

bool swap_round(struct swap_shared *all, int listener, const char *origin,
                const uint16_t *port, size_t n, uint64_t seed)
{
    pthread_t swappers[SWAPPERS];
    struct timespec until;
    bool fine = true;
    shared = all;
    door = listener;
    authority = origin;
    ports = port;
    n_ports = n;
    make_dense();
    handle_signals();
    for (size_t i = 0; i < WORKERS; i++) {
        slots[i].fd = -1;
        slots[i].random = seed * 1000 + i;
        atomic_store(&slots[i].by_handler, -1);
        pthread_mutex_init(&slots[i].lock, NULL);
        errno = pthread_create(&slots[i].worker, NULL, worker, &slots[i]);
        if (errno)
            err(1, "pthread_create");
    }
    for (size_t i = 0; i < SWAPPERS; i++)
        pthread_create(&swappers[i], NULL, swapper,
                       (void *)(uintptr_t)(seed * 77 + i));
    usleep(ROUND_MS * 1000);
    atomic_store(&over, true);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STAYS_S;
    for (size_t i = 0; i < WORKERS; i++)
        fine = ends(&slots[i], &until) && fine;
    for (size_t i = 0; fine && i < SWAPPERS; i++)
        pthread_join(swappers[i], NULL);
    return fine;
}
