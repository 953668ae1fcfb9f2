/* SPDX-License-Identifier: MIT */
#include "sink_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "file_at.h"
#include "paths.h"
#include "real.h"

/* Others hold the lock for three system calls. */
#define LOCK_TRIES 20

/* Those of this process that the file could not take. */
static atomic_ulong kept;
static atomic_int keeper; /* whose they are: a forked child has lost nothing */

static atomic_ulong *own(void)
{
    int pid = getpid();
    if (atomic_exchange(&keeper, pid) != pid)
        atomic_store(&kept, 0);
    return &kept;
}

static char *count_path(const struct a407_config *c)
{
    static const char name[] = "/lost";
    if (!c->state_dir || !a407_paths_valid())
        return NULL;
    size_t n = strlen(c->state_dir) + sizeof name;
    char *path = malloc(n);
    if (path)
        snprintf(path, n, "%s%s", c->state_dir, name);
    return path;
}

/* Opens the count and locks it; its present value. -1: it can't be had. */
static int open_count(const char *path, int how, struct stat *st)
{
    int fd = a407_file_open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | how);
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
    REAL(close)(fd);
    return -1;
}

/* A forked child may hold a copy of fd: the lock is given up, not left. */
static bool set_count(int fd, off_t n)
{
    bool ok = ftruncate(fd, n) == 0;
    flock(fd, LOCK_UN);
    REAL(close)(fd);
    return ok;
}

/* The length of a file without content: a full disk still lets it grow. */
void a407_lost_add(const struct a407_config *c, unsigned long n)
{
    struct stat st;
    char *path = count_path(c);
    int fd = path ? open_count(path, O_CREAT, &st) : -1;
    free(path);
    if (fd < 0 || !set_count(fd, st.st_size + (off_t)n))
        atomic_fetch_add(own(), n);
}

unsigned long a407_lost_take(const struct a407_config *c)
{
    unsigned long n = atomic_exchange(own(), 0);
    char *path = count_path(c);
    struct stat st;
    /* in most cases there is none; what is there is looked at once more */
    if (path && lstat(path, &st) == 0 && st.st_size > 0) {
        int fd = open_count(path, 0, &st);
        if (fd >= 0 && set_count(fd, 0))
            n += (unsigned long)st.st_size;
    }
    free(path);
    return n;
}
