/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "core/base/text.h"

/* Why 16 KiB of a word, when 255 bytes of it are shown: what makes its
   beginning a secret ("user:password@") may come late. */
#define WORD_MAX 16384u
#define ARGS_MAX ((size_t)256 * 1024)

/* Up to cap - 1 bytes, and a NUL. Returns how many; 0: it can't be read. (The
   kernel hands out files like these in one go.) */
static size_t slurp(const char *path, char *out, size_t cap)
{
    size_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t k = read(fd, out, cap - 1);
        n = k > 0 ? (size_t)k : 0;
        close(fd);
    }
    out[n] = '\0';
    return n;
}

/* What a link of /proc leads to; without what the kernel puts behind the name
   of a file that is replaced by now. */
static bool follow(const char *path, char *out, size_t cap)
{
    static const char mark[] = " (deleted)";
    ssize_t n = readlink(path, out, cap - 1);
    if (n <= 0)
        return false;
    size_t at = (size_t)n;
    if (at > sizeof mark - 1 &&
        memcmp(out + at - (sizeof mark - 1), mark, sizeof mark - 1) == 0)
        at -= sizeof mark - 1;
    out[at] = '\0';
    return true;
}

/* A file of /proc about a process; 0: this one. (By number it may be somebody
   else: /proc may be another namespace's.) */
static const char *about(pid_t pid, const char *what, char out[static 64])
{
    if (pid)
        snprintf(out, 64, "/proc/%d/%s", (int)pid, what);
    else
        snprintf(out, 64, "/proc/self/%s", what);
    return out;
}

static void executable_of(pid_t pid, char *out, size_t cap)
{
    char path[64];
    if (follow(about(pid, "exe", path), out, cap))
        return;
    if (!pid) {
        const char *started_as = (const char *)getauxval(AT_EXECFN);
        a407_put(out, cap, a407_span_str(started_as));
        return;
    }
    /* a thread of the kernel, or another user's process: its name has to do */
    size_t n = slurp(about(pid, "comm", path), out, cap);
    if (n && out[n - 1] == '\n')
        out[n - 1] = '\0';
}

/* What /proc/PID/stat tells; parent 0: there is none to be seen. */
struct stat_line {
    int parent;
    char state;                 /* 'Z', 'X': it has ended */
    unsigned long long started; /* ticks since the machine did */
};

static bool read_stat(pid_t pid, struct stat_line *out)
{
    char text[1024], path[64];
    *out = (struct stat_line){0};
    if (!slurp(about(pid, "stat", path), text, sizeof text))
        return false;
    /* the second field is a name, and may hold blanks and ")" */
    const char *p = strrchr(text, ')');
    for (int field = 2; p; field++) {
        if (field == 3)
            out->state = *p;
        if (field == 4)
            out->parent = atoi(p);
        if (field == 22) {
            out->started = strtoull(p, NULL, 10);
            return true;
        }
        p = strchr(p, ' ');
        p = p ? p + 1 : NULL;
    }
    return false;
}

bool a407_process_id(pid_t pid, char out[A407_PROCESS_ID])
{
    struct stat_line s;
    struct stat st;
    char self[16], path[64];
    if (!pid && follow("/proc/self", self, sizeof self))
        pid = atoi(self); /* getpid() may be another namespace's */
    if (!pid || !read_stat(pid, &s) || s.state == 'Z' || s.state == 'X' ||
        stat(about(pid, "stat", path), &st) != 0)
        return false;
    snprintf(out, A407_PROCESS_ID, "%llx %d %llu",
             (unsigned long long)st.st_dev, (int)pid, s.started);
    return true;
}

bool a407_process_ended(const char *id)
{
    char own[A407_PROCESS_ID], now[A407_PROCESS_ID];
    size_t n = strcspn(id, " ") + 1;
    return a407_process_id(0, own) && strncmp(id, own, n) == 0 &&
           !(a407_process_id(atoi(id + n), now) && strcmp(id, now) == 0);
}

/* A parent that is younger than its child is none: the number was given
   away. */
static void parents(struct a407_event_process *p, struct stat_line child)
{
    struct stat_line s;
    while (child.parent > 0 && p->n_parents < A407_EVENT_PARENTS) {
        pid_t pid = child.parent;
        bool seen = read_stat(pid, &s);
        if (seen && s.started > child.started)
            return;
        p->parents[p->n_parents].pid = pid;
        executable_of(pid, p->parents[p->n_parents].executable,
                      sizeof p->parents[0].executable);
        p->n_parents++;
        if (!seen)
            return; /* gone, or hidden from us */
        child = s;
    }
}

static void arguments(struct a407_event_process *p, pid_t pid,
                      struct a407_buf *store)
{
    char path[64];
    if (!a407_buf_reserve(store, ARGS_MAX))
        return;
    /* (a program that writes over its own may leave out the last NUL) */
    store->n = slurp(about(pid, "cmdline", path), store->p, ARGS_MAX);
    for (size_t at = 0, n; at < store->n && p->n_args < A407_EVENT_ARGS;
         at += n + 1) {
        char *word = store->p + at;
        n = strlen(word);
        p->args[p->n_args++] = word;
        if (n > WORD_MAX)
            word[WORD_MAX] = '\0';
    }
}

/* The effective user of another process: its folder in /proc is that user's,
   or root's if its memory is not to be looked at. */
static unsigned user_of(pid_t pid)
{
    struct stat st;
    char path[64];
    return stat(about(pid, "", path), &st) == 0 ? st.st_uid : 0;
}

/* What changes rarely. */
static void surroundings(struct a407_event_process *p, pid_t pid)
{
    struct stat_line self = {0};
    if (read_stat(pid, &self))
        parents(p, self);
    if (pid)
        p->parent_pid = self.parent;
    executable_of(pid, p->executable, sizeof p->executable);
    if (gethostname(p->host, sizeof p->host) != 0)
        p->host[0] = '\0';
    p->host[sizeof p->host - 1] = '\0';
}

/*
 * The surroundings of this process, which the records of a burst share: to read
 * them are five system calls for each ancestor. Nobody waits for them: who
 * finds them taken reads anew, and so does the child of a fork that found them
 * taken.
 */
#define BURST_MS 100

static struct {
    atomic_flag taken;
    int64_t until; /* by a407_now_ms() */
    struct a407_event_process of;
} burst = {.taken = ATOMIC_FLAG_INIT};

static void own_surroundings(struct a407_event_process *p)
{
    struct a407_event_process *of = &burst.of;
    if (atomic_flag_test_and_set(&burst.taken)) {
        surroundings(p, 0);
        return;
    }
    int64_t now = a407_now_ms();
    if (of->pid != p->pid || of->parent_pid != p->parent_pid ||
        now >= burst.until) {
        memset(of, 0, sizeof *of);
        of->pid = p->pid;
        of->parent_pid = p->parent_pid;
        surroundings(of, 0);
        burst.until = now + BURST_MS;
    }
    memcpy(p->executable, of->executable, sizeof p->executable);
    memcpy(p->parents, of->parents, sizeof p->parents);
    memcpy(p->host, of->host, sizeof p->host);
    p->n_parents = of->n_parents;
    atomic_flag_clear(&burst.taken);
}

void a407_process_fill(struct a407_event_process *p, pid_t pid,
                       struct a407_buf *store)
{
    p->pid = pid ? pid : getpid();
    p->uid = pid ? user_of(pid) : geteuid();
    arguments(p, pid, store);
    if (pid) {
        surroundings(p, pid);
    } else {
        p->parent_pid = getppid();
        own_surroundings(p);
    }
}
