/* SPDX-License-Identifier: MIT */
/* Runs transcripts in every way and prints TAP. Usage: runner [FILE...] */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "play.h"

#define FOLDER "tests/engine"

/* Splits of one transcript: all of them, or so many spread evenly, fewer if
   each run moves much. */
#define SPLITS_MAX   2000
#define SPLITS_LEAST 40
#define MOVED_MAX    (16u << 20)

#define WIDE ((size_t)1 << 20)

static unsigned tests, failures;

static void result(bool ok, const char *path, const char *way)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    tests++;
    failures += !ok;
    printf("%sok %u - %.*s: %s\n", ok ? "" : "not ", tests,
           (int)strcspn(name, "."), name, way);
    fflush(stdout);
}

/* One run, after which no memory may be in use that was not before. */
static bool run(const struct script *s, struct stage *st, const struct way *way)
{
    size_t before = alloc_live();
    bool ok = play(s, st, way);
    if (alloc_live() == before)
        return ok;
    printf("# %s: %zu blocks were not freed\n", s->path, alloc_live() - before);
    return false;
}

static bool is_chunk(const struct step *st)
{
    return st->kind == STEP_APP_OUT || st->kind == STEP_NET_IN;
}

static bool run_splits(const struct script *s, struct stage *st,
                       unsigned *count)
{
    size_t all = 0, seen = 0, next = 0;
    for (size_t i = 0; i < s->n_steps; i++)
        if (is_chunk(&s->step[i]) && s->step[i].n)
            all += s->step[i].n - 1;
    size_t most = all > MOVED_MAX / SPLITS_MAX ? MOVED_MAX / all : SPLITS_MAX;
    if (most < SPLITS_LEAST)
        most = SPLITS_LEAST;
    size_t stride = all / (most + 1) + 1;
    *count = 0;
    for (size_t i = 0; i < s->n_steps; i++) {
        const struct step *c = &s->step[i];
        for (size_t at = 1; is_chunk(c) && at < c->n; at++) {
            if (seen++ != next)
                continue;
            next = seen - 1 + stride;
            ++*count;
            struct way way = {WAY_SPLIT, i, at, WIDE, WIDE, !s->whole};
            if (!run(s, st, &way))
                return false;
        }
    }
    return true;
}

/* Each allocation fails once, and once together with all later ones. */
static bool run_without_memory(const struct script *s, struct stage *st,
                               unsigned *count)
{
    struct way way = {WAY_WHOLE, 0, 0, WIDE, WIDE, false};
    bool ok = true, met = true;
    *count = 0;
    for (size_t n = 1; ok && met && n <= 400; n++) {
        for (int after = 0; ok && after < 2; after++) {
            alloc_fail_at(n, after);
            ok = run(s, st, &way);
            met = alloc_failed();
            ++*count;
        }
        if (!ok)
            printf("# allocation %zu failed\n", n);
    }
    alloc_fail_at(0, false);
    return ok;
}

static void run_file(const char *path)
{
    struct script s;
    struct stage *st = NULL;
    if (script_read(&s, path))
        st = stage_new(&s);
    if (!st) {
        result(false, path, "can be read");
        script_free(&s);
        return;
    }
    char name[64];
    unsigned n;
    struct way way = {WAY_WHOLE, 0, 0, WIDE, WIDE, true};
    bool ok = run(&s, st, &way);
    result(ok, path, "whole");
    if (ok) { /* else the rest would only say the same again */
        way.kind = WAY_BYTES;
        way.expect = !s.whole;
        result(run(&s, st, &way), path, "byte by byte");
        way.kind = WAY_WHOLE;
        way.expect = true;
        way.send_step = way.read_step = 1;
        result(run(&s, st, &way), path, "small reads and writes");
        ok = run_splits(&s, st, &n);
        snprintf(name, sizeof name, "split, %u times", n);
        result(ok, path, name);
        ok = run_without_memory(&s, st, &n);
        snprintf(name, sizeof name, "without memory, %u times", n);
        result(ok, path, name);
    }
    stage_free(st);
    script_free(&s);
}

static int is_transcript(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 4 && strcmp(d->d_name + n - 4, ".txt") == 0;
}

static int run_folder(void)
{
    struct dirent **list;
    int n = scandir(FOLDER, &list, is_transcript, alphasort);
    for (int i = 0; i < n; i++) {
        char path[512];
        snprintf(path, sizeof path, FOLDER "/%s", list[i]->d_name);
        run_file(path);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    return n;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_file(argv[i]);
    if (argc == 1 && run_folder() <= 0)
        result(false, FOLDER, "there are transcripts");
    printf("1..%u\n", tests);
    return failures != 0;
}
