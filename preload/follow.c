/* SPDX-License-Identifier: MIT */
#include "follow.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/object.h"
#include "other_libc.h"

/* AUTH407_* variables kept; there are some fifteen. */
#define KEPT_MAX 32

static char *kept[KEPT_MAX]; /* "NAME=value"; set once, at start */
static size_t n_kept;
static char *library; /* our own path; NULL: not asked to follow */

/* One list a thread, used again: a vfork child leaves its parent no litter. */
static __thread char **list __attribute__((tls_model("initial-exec")));
static __thread size_t list_n __attribute__((tls_model("initial-exec")));
static __thread char *preload __attribute__((tls_model("initial-exec")));

void a407_follow_start(void)
{
    const char *ask = secure_getenv("AUTH407_FOLLOW");
    Dl_info self;
    if (!ask || !*ask || strcmp(ask, "0") == 0 || !a407_object_of(&kept, &self))
        return;
    for (char **e = environ; *e && n_kept < KEPT_MAX; e++)
        if (strncmp(*e, "AUTH407_", 8) == 0 && (kept[n_kept] = strdup(*e)))
            n_kept++;
    library = realpath(self.dli_fname, NULL);
}

static bool same_name(const char *a, const char *b)
{
    size_t n = strcspn(a, "=");
    return strncmp(a, b, n) == 0 && b[n] == '=';
}

static char *const *find(char *const envp[], const char *name)
{
    for (; *envp; envp++)
        if (same_name(name, *envp))
            return envp;
    return NULL;
}

/* "LD_PRELOAD=us:theirs" */
static char *with_library(const char *theirs)
{
    const char *value = theirs ? strchr(theirs, '=') + 1 : "";
    size_t n = strlen(library) + strlen(value) + 16;
    char *z = malloc(n);
    if (z)
        snprintf(z, n, "LD_PRELOAD=%s%s%s", library, *value ? ":" : "", value);
    return z;
}

static void thread_ends(void *ctx)
{
    (void)ctx;
    free(list);
    free(preload);
    list = NULL;
    preload = NULL;
    list_n = 0;
}

static bool room(size_t n)
{
    if (n <= list_n)
        return true;
    if (!list)
        a407_at_thread_exit(thread_ends);
    char **bigger = realloc(list, n * sizeof *list);
    if (!bigger)
        return false;
    list = bigger;
    list_n = n;
    return true;
}

char *const *a407_follow_env(char *const envp[])
{
    static char *const nothing[] = {NULL};
    size_t n = 0;
    if (!library)
        return envp;
    if (!envp)
        envp = nothing;
    char *const *own = find(envp, "LD_PRELOAD=");
    bool there = own && strstr(*own, library);
    for (char *const *e = envp; *e; e++)
        n++;
    if (!room(n + n_kept + 2))
        return envp;
    n = 0;
    for (char *const *e = envp; *e; e++)
        if (there || e != own)
            list[n++] = *e;
    for (size_t i = 0; i < n_kept; i++)
        if (!find(envp, kept[i]))
            list[n++] = kept[i];
    if (!there) {
        free(preload);
        preload = with_library(own ? *own : NULL);
        if (preload)
            list[n++] = preload;
        else if (own)
            list[n++] = *own;
    }
    list[n] = NULL;
    return list;
}
