/* SPDX-License-Identifier: MIT */
#ifndef A407_TEST_LOOP_H
#define A407_TEST_LOOP_H

/*
 * What the event-loop clients share: many requests at once through several
 * proxies, and a 1 ms ticker that notes for how long the loop stood still, and
 * how much of that it did not merely wait for a processor (on a busy machine).
 * Usage of each: loop_NAME CONNECTIONS PORT... ; every connection makes two
 * requests, one after the other, of a body that is drawn from its number.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOP_REQUESTS 2

/* One connection's part in it: fed with bytes, says when an answer is over. */
struct job {
    unsigned number, port, made;
    char head[16384];
    size_t head_n;
    long left; /* of the body; -1: still in the head */
    bool ok;
};

static struct {
    unsigned jobs, begun, over, failed;
    int64_t last, worst, last_ready, worst_own;
} loop_all;

static inline int64_t loop_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* For how long this thread has waited for a processor. */
static inline int64_t loop_ready_us(void)
{
    static int fd = -1;
    char text[100] = "";
    if (fd < 0)
        fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (pread(fd, text, sizeof text - 1, 0) <= 0)
        return 0;
    return atoll(strchr(text, ' ')) / 1000;
}

/* Connections begun at each tick: all at once would be a stall by itself. */
#define LOOP_AT_ONCE 4

/* The ticker's own, every millisecond: begins some. */
static inline void loop_tick(void (*begin)(unsigned i))
{
    int64_t now = loop_now_us(), ready = loop_ready_us();
    int64_t stall = loop_all.last ? now - loop_all.last : 0;
    int64_t own = stall - (ready - loop_all.last_ready);
    if (stall > loop_all.worst)
        loop_all.worst = stall;
    if (own > loop_all.worst_own)
        loop_all.worst_own = own;
    loop_all.last = now;
    loop_all.last_ready = ready;
    for (int i = 0; i < LOOP_AT_ONCE && loop_all.begun < loop_all.jobs; i++)
        begin(loop_all.begun++);
}

static inline void job_init(struct job *j, unsigned number, char **ports,
                            unsigned n_ports)
{
    *j = (struct job){.number = number, .left = -1};
    j->port = (unsigned)atoi(ports[number % n_ports]);
}

/* The next request; in a static buffer. NULL: that was all. */
static inline const char *job_request(struct job *j)
{
    static char text[256];
    if (j->made == LOOP_REQUESTS)
        return NULL;
    snprintf(text, sizeof text,
             "GET http://auth407.test/ HTTP/1.1\r\nHost: auth407.test\r\n"
             "X-Job: %u-%u\r\n\r\n",
             j->number, j->made++);
    j->head_n = 0;
    j->left = -1;
    j->ok = false;
    return text;
}

static inline bool job_head(struct job *j)
{
    const char *end = strstr(j->head, "\r\n\r\n");
    if (!end)
        return false;
    const char *length = strcasestr(j->head, "\r\ncontent-length:");
    size_t body = j->head_n - (size_t)(end + 4 - j->head);
    j->ok = strncmp(j->head + 8, " 200", 4) == 0;
    j->left = (length ? atol(length + 17) : 0) - (long)body;
    return true;
}

/* n bytes have come. True: the answer is over. */
static inline bool job_bytes(struct job *j, const char *p, size_t n)
{
    if (j->left >= 0) {
        j->left -= (long)n;
        return j->left <= 0;
    }
    size_t room = sizeof j->head - 1 - j->head_n;
    memcpy(j->head + j->head_n, p, n < room ? n : room);
    j->head_n += n < room ? n : room;
    j->head[j->head_n] = '\0';
    return job_head(j) && j->left <= 0;
}

/* True: that was the last connection. */
static inline bool job_over(struct job *j, bool ok)
{
    loop_all.failed += !ok || !j->ok;
    return ++loop_all.over == loop_all.jobs;
}

static inline void loop_report(void)
{
    printf("%u ok, %u failed, longest stall %.1f ms, own %.1f ms\n",
           loop_all.jobs - loop_all.failed, loop_all.failed,
           (double)loop_all.worst / 1000, (double)loop_all.worst_own / 1000);
    exit(loop_all.failed != 0);
}

static inline struct job *loop_start(int argc, char **argv)
{
    if (argc < 3)
        errx(2, "usage: CONNECTIONS PORT...");
    loop_all.jobs = (unsigned)atoi(argv[1]);
    struct job *all = calloc(loop_all.jobs, sizeof *all);
    for (unsigned i = 0; all && i < loop_all.jobs; i++)
        job_init(&all[i], i, argv + 2, (unsigned)argc - 2);
    return all;
}

#endif
