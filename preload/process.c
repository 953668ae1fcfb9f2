/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "core/base/text_put.h"
#include "real.h"

/* Why 16 KiB of a word, when 255 bytes of it are shown: what makes its
   beginning a secret ("user:password@") may come late. */
#define WORD_READ 16384u

/* Up to cap - 1 bytes, and a NUL. Returns how many; 0: it can't be read. */
static size_t slurp(const char *path, char *out, size_t cap)
{
    size_t n = 0;
    ssize_t k = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && n < cap - 1 && k > 0) {
        k = REAL(read)(fd, out + n, cap - 1 - n);
        n += k > 0 ? (size_t)k : 0;
    }
    if (fd >= 0)
        REAL(close)(fd);
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

static void own_executable(char *out, size_t cap)
{
    /* /proc may be another namespace's, where our number is somebody else. */
    if (follow("/proc/self/exe", out, cap))
        return;
    const char *started_as = (const char *)getauxval(AT_EXECFN);
    a407_put(out, cap, a407_span_str(started_as));
}

static void executable_of(int pid, char *out, size_t cap)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    if (follow(path, out, cap))
        return;
    /* a thread of the kernel, or another user's process: its name has to do */
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    size_t n = slurp(path, out, cap);
    if (n && out[n - 1] == '\n')
        out[n - 1] = '\0';
}

/* What /proc/PID/stat tells; parent 0: there is none to be seen. */
struct stat_line {
    int parent;
    unsigned long long started; /* ticks since the machine did */
};

static bool read_stat(const char *path, struct stat_line *out)
{
    char text[1024];
    if (!slurp(path, text, sizeof text))
        return false;
    /* the second field is a name, and may hold blanks and ")" */
    const char *p = strrchr(text, ')');
    for (int field = 2; p; field++) {
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

/*
 * The numbers are those of /proc, which may be another namespace's than
 * getpid()'s: so the chain starts at /proc/self and not at a number of ours. A
 * parent that is younger than its child is none: the number was given away.
 */
static void parents(struct a407_event_process *p)
{
    struct stat_line child, s;
    if (!read_stat("/proc/self/stat", &child))
        return;
    while (child.parent > 0 && p->n_parents < A407_EVENT_PARENTS) {
        char path[64];
        int pid = child.parent;
        snprintf(path, sizeof path, "/proc/%d/stat", pid);
        bool seen = read_stat(path, &s);
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

/* What is taken of the command line so far. */
struct words {
    struct a407_buf *store;
    size_t start[A407_EVENT_ARGS + 1]; /* where each begins in the store */
    size_t n, length;                  /* of the one that is being read */
};

/* False: there is enough, or no room. */
static bool take_words(struct words *w, const char *p, size_t n)
{
    while (n) {
        const char *nul = memchr(p, '\0', n);
        size_t part = nul ? (size_t)(nul - p) : n;
        size_t room = WORD_READ - w->length;
        size_t kept = part < room ? part : room;
        if (!a407_buf_add(w->store, p, kept))
            return false;
        w->length += kept;
        p += part;
        n -= part;
        if (!nul)
            return true;
        if (!a407_buf_add(w->store, "", 1))
            return false;
        w->start[++w->n] = w->store->n;
        w->length = 0;
        if (w->n == A407_EVENT_ARGS)
            return false;
        p++;
        n--;
    }
    return true;
}

static void arguments(struct a407_event_process *p, struct a407_buf *store)
{
    char part[4096];
    struct words w = {.store = store};
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t k = fd >= 0 ? 1 : 0;
    while (k > 0) {
        k = REAL(read)(fd, part, sizeof part);
        if (k > 0 && !take_words(&w, part, (size_t)k))
            break;
    }
    if (fd >= 0)
        REAL(close)(fd);
    /* a program that writes over its own may leave out the last NUL */
    if (w.length && w.n < A407_EVENT_ARGS && a407_buf_add(store, "", 1))
        w.n++;
    for (size_t i = 0; i < w.n; i++)
        p->args[i] = store->p + w.start[i];
    p->n_args = w.n;
}

/* ---- the module ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The object that holds an address. dladdr1() would tell more: musl has none.
 */
static bool object_of(const void *address, Dl_info *out)
{
    return address && dladdr(address, out) && out->dli_fname;
}

static bool same_object(const Dl_info *object, const void *address)
{
    Dl_info other;
    return object_of(address, &other) && other.dli_fbase == object->dli_fbase;
}

/* This library's own streams, or libc, make the call for somebody. */
static bool is_between(const Dl_info *object)
{
    static const char here = 'h';
    const char *name = base_name(object->dli_fname);
    return same_object(object, &here) || strncmp(name, "libc.so", 7) == 0 ||
           strncmp(name, "libc-2", 6) == 0;
}

static void module_of(struct a407_event_process *p, const void *caller,
                      const void *opener)
{
    Dl_info object;
    bool known = object_of(caller, &object);
    if (known && opener && is_between(&object))
        known = object_of(opener, &object);
    if (!known)
        return;
    /* The loader's name for the program itself is what that calls itself, and
       may be anything. */
    const void *program = (const void *)getauxval(AT_PHDR);
    const char *path =
        same_object(&object, program) ? p->executable : object.dli_fname;
    a407_put(p->caller_module, sizeof p->caller_module,
             a407_span_str(base_name(path)));
}

void a407_process_fill(struct a407_event_process *p, struct a407_buf *store,
                       const void *caller, const void *opener)
{
    p->pid = getpid();
    p->parent_pid = getppid();
    p->uid = geteuid();
    own_executable(p->executable, sizeof p->executable);
    arguments(p, store);
    module_of(p, caller, opener);
    parents(p);
    if (gethostname(p->host, sizeof p->host) != 0)
        p->host[0] = '\0';
    p->host[sizeof p->host - 1] = '\0';
}
