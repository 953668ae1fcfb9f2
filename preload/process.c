/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "real.h"

static bool slurp(const char *path, struct a407_buf *out)
{
    char part[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t k;
    while ((k = REAL(read)(fd, part, sizeof part)) > 0)
        if (!a407_buf_add(out, part, (size_t)k))
            break;
    REAL(close)(fd);
    return out->n > 0;
}

static void executable_of(int pid, char *out, size_t cap)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    ssize_t n = readlink(path, out, cap - 1);
    if (n > 0) {
        out[n] = '\0';
        return;
    }
    /* another user's process: its name has to do */
    struct a407_buf name;
    a407_buf_init(&name, 256);
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    out[0] = '\0';
    if (slurp(path, &name))
        snprintf(out, cap, "%.*s", (int)name.n - 1, name.p);
    a407_buf_free(&name);
}

/* The fourth field of /proc/PID/stat; the second may hold blanks and ")". */
static int parent_of(int pid)
{
    char path[64];
    int parent = 0;
    struct a407_buf text;
    a407_buf_init(&text, 4096);
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (slurp(path, &text) && a407_buf_add(&text, "", 1)) {
        const char *p = strrchr(text.p, ')');
        if (p && strlen(p) > 4)
            parent = atoi(p + 4);
    }
    a407_buf_free(&text);
    return parent;
}

static void arguments(struct a407_event_process *p, struct a407_buf *store)
{
    if (!slurp("/proc/self/cmdline", store) || !a407_buf_add(store, "", 1))
        return;
    for (size_t at = 0; at + 1 < store->n && p->n_args < A407_EVENT_ARGS;) {
        p->args[p->n_args++] = store->p + at;
        at += strlen(store->p + at) + 1;
    }
}

static void module_of(const void *caller, char *out, size_t cap)
{
    Dl_info info;
    if (!caller || !dladdr(caller, &info) || !info.dli_fname)
        return;
    const char *base = strrchr(info.dli_fname, '/');
    snprintf(out, cap, "%s", base ? base + 1 : info.dli_fname);
}

void a407_process_fill(struct a407_event_process *p, struct a407_buf *store,
                       const void *caller)
{
    p->pid = getpid();
    p->parent_pid = getppid();
    executable_of(p->pid, p->executable, sizeof p->executable);
    arguments(p, store);
    module_of(caller, p->caller_module, sizeof p->caller_module);
    for (int pid = p->parent_pid; pid > 0 && p->n_parents < A407_EVENT_PARENTS;
         pid = parent_of(pid)) {
        p->parents[p->n_parents].pid = pid;
        executable_of(pid, p->parents[p->n_parents].executable,
                      sizeof p->parents[0].executable);
        p->n_parents++;
    }
}
