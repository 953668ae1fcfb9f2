/* SPDX-License-Identifier: MIT */
#include "not_covered.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "core/base/bytes.h"
#include "core/base/text.h"
#include "core/config/log_target.h"
#include "credfile_read.h"
#include "memory_folder.h"
#include "process.h"
#include "settings.h"
#include "sink.h"

static const char *value_in(char *const *list, const char *name)
{
    size_t n = strlen(name);
    while (list && *list && (strncmp(*list, name, n) != 0 || (*list)[n] != '='))
        list++;
    return list && *list ? *list + n + 1 : NULL;
}

/* A shell keeps what a script has exported in the list for its children; env(1)
   has cleaned its own when it cleans theirs. */
static const char *any_environment(void *ctx, const char *name)
{
    const struct a407_not_covered *n = ctx;
    return value_in(n->envp, name)
               ?: a407_environment(NULL, name) ?: value_in(n->once, name);
}

/* What is wrong with the settings is for the programs that use them to say. */
static struct a407_config *settings(const struct a407_not_covered *n)
{
    struct a407_diag diag = {""};
    struct a407_config *c =
        a407_config_new(any_environment, (void *)(uintptr_t)n, &diag);
    if (c && c->mode != A407_MODE_OFF && !c->proxies)
        a407_credfile_load(c, &diag);
    return c;
}

static bool to_be_told(const struct a407_config *c)
{
    struct a407_log_target to;
    return c && c->mode != A407_MODE_OFF && c->proxies &&
           a407_log_target(c->log, &to) && to.kind != A407_TO_NOWHERE;
}

static bool is_first(struct a407_config *c, const char *path, const char *why)
{
    char what[32];
    uint64_t h = A407_HASH_START;
    for (const char *z = path; *z; z++)
        h = a407_hash_byte(h, (unsigned char)*z);
    snprintf(what, sizeof what, ".%016llx.%s", (unsigned long long)h, why);
    c->mode = A407_MODE_INJECT; /* who observes has no folder for secrets */
    return a407_folder_first(c, what);
}

static void put(const struct a407_config *c, const struct a407_not_covered *n,
                const char *path, struct a407_event *ev)
{
    struct a407_event_process *p = &ev->process;
    struct a407_record r = {.event = ev,
                            .not_covered = a407_reach_name(n->reach),
                            .pid = (int)n->pid};
    struct a407_buf store;
    a407_buf_init(&store, A407_EVENT_LINE_MAX);
    ev->time_us = a407_clock_us(CLOCK_REALTIME);
    ev->outcome = A407_OBSERVED;
    a407_put(ev->detail, sizeof ev->detail,
             a407_span_str(a407_reach_words(n->reach)));
    a407_process_fill(p, n->pid, &store);
    a407_put(p->executable, sizeof p->executable, a407_span_str(path));
    p->n_args = 0;
    while (n->argv && p->n_args < A407_EVENT_ARGS && n->argv[p->n_args]) {
        p->args[p->n_args] = n->argv[p->n_args];
        p->n_args++;
    }
    a407_sink_put(c, &r);
    a407_buf_free(&store);
}

/* What is at no path, as after unlink() or memfd_create(), has the name that
   the kernel shows. */
static char *final_path(const char *path)
{
    char *z = realpath(path, NULL);
    if (!z && (z = calloc(1, PATH_MAX)) &&
        readlink(path, z, PATH_MAX - 1) <= 0) {
        free(z);
        z = NULL;
    }
    return z;
}

void a407_not_covered_write(const struct a407_not_covered *n)
{
    struct a407_config *c = settings(n);
    struct a407_event *ev = to_be_told(c) ? calloc(1, sizeof *ev) : NULL;
    char *path = ev && access(n->path, X_OK) == 0 ? final_path(n->path) : NULL;
    if (path && is_first(c, path, a407_reach_name(n->reach)))
        put(c, n, path, ev);
    free(path);
    free(ev);
    a407_config_free(c);
}
