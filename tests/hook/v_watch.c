/* SPDX-License-Identifier: MIT */
/*
 * One thread sits in epoll_wait() on a connection all the time while another
 * one uses it. MODE: level, edge, armed (one-shot, for what never happens),
 * disarmed (one-shot, its event was told); hand-edge, hand-oneshot: what the
 * first thread sees is what the other one acts on. MODE*N: N rounds.
 */
#include <semaphore.h>

#include "tests/fixtures/victim.h"

static const uint32_t ignored = EPOLLERR | EPOLLHUP; /* the kernel adds them */

static int ep;
static atomic_uint hangups, events;
static sem_t told;
static atomic_bool over;

static void *watcher(void *arg)
{
    (void)arg;
    while (!atomic_load(&over)) {
        struct epoll_event ev;
        int n = epoll_wait(ep, &ev, 1, 100);
        if (n <= 0)
            continue;
        atomic_fetch_add(&events, 1);
        if (ev.events & ignored)
            atomic_fetch_add(&hangups, 1);
        sem_post(&told);
        usleep(100); /* a level is told for as long as it lasts */
    }
    return NULL;
}

/* The events that the kernel has for fd. */
static uint32_t registered(int fd)
{
    static char text[65536];
    char path[64], want[32];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", ep);
    snprintf(want, sizeof want, "tfd: %8d events: ", fd);
    int info = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t k = read(info, text, sizeof text - 1);
    close(info);
    text[k > 0 ? k : 0] = 0;
    char *at = strstr(text, want);
    if (!at)
        return 0;
    return (uint32_t)strtoul(at + strlen(want), NULL, 16) & ~ignored;
}

static void must_be_told(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 8;
    if (sem_timedwait(&told, &until) < 0) {
        mute(false);
        say("no event came");
        exit(1);
    }
}

static void forget_what_was_told(void)
{
    while (sem_trywait(&told) == 0)
        continue;
    atomic_store(&events, 0);
}

static void ctl(int op, int fd, uint32_t mask)
{
    struct epoll_event ev = {.events = mask, .data.fd = fd};
    if (epoll_ctl(ep, op, fd, &ev) < 0)
        fail("epoll_ctl");
}

/* Reads what is there, as often as the watcher says that something is. */
static void read_when_told(int fd, uint32_t mask, struct answer *a)
{
    char part[4096];
    set_nonblocking(fd, true);
    while (!a->done) {
        must_be_told();
        ssize_t k = 1;
        while (!a->done && k > 0) {
            k = recv(fd, part, sizeof part, 0);
            take_part(a, part, k);
        }
        if (!a->done && (mask & EPOLLONESHOT))
            ctl(EPOLL_CTL_MOD, fd, mask);
    }
}

/* Rounds in which something was wrong. */
static unsigned no_answer, other_mask, other_count;

static void one_round(uint32_t mask, bool hand, bool wait)
{
    static struct answer a;
    char rq[REQUEST_MAX];
    int fd = victim_connect();
    size_t n = make_get("/bytes/500", rq);
    forget_what_was_told();
    ctl(EPOLL_CTL_ADD, fd, mask);
    if (mask & EPOLLOUT)
        must_be_told();
    /* in the middle of a handshake the watcher waits for less */
    uint32_t before = registered(fd);
    send_all(fd, rq, n);
    if (wait) {
        must_be_told();
        before = registered(fd);
    }
    mute(true);
    answer_start(&a, "GET");
    if (hand)
        read_when_told(fd, mask, &a);
    else
        read_answer(fd, &a, "GET");
    mute(false);
    no_answer += a.status != 200 || a.body_len != 500;
    if (!hand || !(mask & EPOLLONESHOT))
        other_mask += registered(fd) != before;
    if (!hand && (mask & EPOLLONESHOT)) {
        usleep(1000); /* time for an event that should not be */
        other_count += atomic_load(&events) != wait;
    }
    close(fd);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        uint32_t mask;
        bool hand, wait;
    } modes[] = {
        {"level", EPOLLIN | EPOLLRDHUP, false, false},
        {"edge", EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, false, false},
        {"armed", EPOLLPRI | EPOLLONESHOT, false, false},
        {"disarmed", EPOLLIN | EPOLLONESHOT, false, true},
        {"hand-edge", EPOLLIN | EPOLLRDHUP | EPOLLET, true, false},
        {"hand-oneshot", EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, true, false}};
    pthread_t t;
    char name[32];
    victim_args(argc, argv);
    snprintf(name, sizeof name, "%s", victim.mode);
    char *count = strchr(name, '*');
    unsigned long rounds = count ? strtoul(count + 1, NULL, 10) : 1;
    if (count)
        *count = 0;
    ep = epoll_create1(EPOLL_CLOEXEC);
    sem_init(&told, 0, 0);
    pthread_create(&t, NULL, watcher, NULL);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(modes[i].name, name) != 0)
            continue;
        for (unsigned long k = 0; k < rounds; k++)
            one_round(modes[i].mask, modes[i].hand, modes[i].wait);
        say("rounds without the answer: %u", no_answer);
        say("rounds with another registration: %u", other_mask);
        say("rounds with another number of events: %u", other_count);
        say("hang-ups: %u", atomic_load(&hangups));
    }
    atomic_store(&over, true);
    pthread_join(t, NULL);
    return 0;
}
