/* SPDX-License-Identifier: MIT */
#include "sink_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "clock.h"
#include "file_at.h"

/* The lock is held for three system calls. */
#define LOCK_TRIES 20

/* 2^53 - 1, exact in every JSON reader. Another process of the user may have
   made the file of any length. */
#define COUNT_MAX (ULONG_MAX >> 11)

/* How long the count is left alone when it was looked at: a burst of records
   looks once. */
#define PAUSE_MS 100

static _Atomic int64_t look_again; /* by a407_now_ms() */

/* Losses of this process that are not in the file. */
static atomic_ulong kept;
static atomic_int keeper; /* pid that they belong to: not a forked child's */

static atomic_ulong *own(void)
{
    int pid = getpid();
    if (atomic_exchange(&keeper, pid) != pid)
        atomic_store(&kept, 0);
    return &kept;
}

/* The caller closes *at in any case. */
static bool find_count(const struct a407_config *c, struct a407_at *at, int how)
{
    at->folder = -1;
    char *path = a407_path_in(c->state_dir, "lost");
    bool found = path && a407_at_find(at, path, how | A407_AT_NO_LINK);
    free(path);
    return found;
}

/* Opens the count and locks it; -1: not possible. */
static int open_count(struct a407_at *at, int how, struct stat *st)
{
    int fd = a407_at_open(at, O_WRONLY | O_NONBLOCK | how);
    if (fd < 0)
        return -1;
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
                return fd;
            flock(fd, LOCK_UN);
            break;
        }
        if (errno != EWOULDBLOCK)
            break;
        sched_yield();
    }
    close(fd);
    return -1;
}

static unsigned long sum(unsigned long a, unsigned long b)
{
    return a < COUNT_MAX && b < COUNT_MAX - a ? a + b : COUNT_MAX;
}

/* Unlocks before close: a forked child may hold a copy of fd. */
static bool set_count(int fd, unsigned long n)
{
    bool ok = ftruncate(fd, (off_t)n) == 0;
    flock(fd, LOCK_UN);
    close(fd);
    return ok;
}

/* A sparse file grows on a full disk, too. */
void a407_lost_add(const struct a407_config *c, unsigned long n)
{
    struct a407_at at;
    struct stat st;
    int fd = -1;
    if (find_count(c, &at, A407_AT_MAKE))
        fd = open_count(&at, O_CREAT, &st);
    a407_at_close(&at);
    atomic_store(&look_again, 0);
    if (fd < 0 || !set_count(fd, sum((unsigned long)st.st_size, n)))
        atomic_fetch_add(own(), n);
}

unsigned long a407_lost_take(const struct a407_config *c)
{
    unsigned long n = atomic_exchange(own(), 0);
    struct a407_at at;
    struct stat st;
    int fd = -1;
    int64_t now = a407_now_ms();
    if (!n && now < atomic_load(&look_again))
        return 0;
    atomic_store(&look_again, now + PAUSE_MS);
    /* mostly there is none; the length is read again under the lock */
    if (find_count(c, &at, 0) && a407_at_stat(&at, &st) == 0 && st.st_size > 0)
        fd = open_count(&at, 0, &st);
    a407_at_close(&at);
    if (fd >= 0 && set_count(fd, 0))
        n = sum(n, (unsigned long)st.st_size);
    return n;
}
