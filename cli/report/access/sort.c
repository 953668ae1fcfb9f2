/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"
#include "store.h"

/*
 * Sorting by merging: a full buffer is sorted and written as a run; when there
 * are enough runs of one length, they are merged into one of the next.
 */

#define ENTRY  sizeof(struct a407_access_entry)
#define WINDOW 128 /* entries that a cursor reads at once */

/* The place in one run. */
struct a407_access_cursor {
    uint64_t next, end; /* in the file, what was not read yet */
    size_t at, n;       /* in the window */
    struct a407_access_entry window[WINDOW];
};

static int order(const void *left, const void *right)
{
    const struct a407_access_entry *a = left, *b = right;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (a->at_us != b->at_us)
        return a->at_us < b->at_us ? -1 : 1;
    if (a->ref != b->ref)
        return a->ref < b->ref ? -1 : 1;
    return (a->leg > b->leg) - (a->leg < b->leg);
}

bool a407_access_sort_open(struct a407_access_sort *s)
{
    memset(s, 0, sizeof *s);
    s->fd = -1;
    s->buf = malloc(A407_ACCESS_RUN * ENTRY);
    s->error = s->buf ? 0 : ENOMEM;
    return s->buf != NULL;
}

void a407_access_sort_close(struct a407_access_sort *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    free(s->buf);
    free(s->cursors);
    free(s->heap);
    s->buf = NULL;
    s->cursors = NULL;
    s->heap = NULL;
}

static bool fail(struct a407_access_sort *s, int error)
{
    s->error = error;
    s->n_heap = 0;
    return false;
}

/* Writes the buffer at the file's end. */
static bool write_out(struct a407_access_sort *s)
{
    if (s->fd < 0 && (s->fd = a407_access_file()) < 0)
        return fail(s, errno);
    if (!a407_access_write_at(s->fd, s->buf, s->n * ENTRY, s->written * ENTRY))
        return fail(s, errno);
    s->written += s->n;
    s->n = 0;
    return true;
}

static const struct a407_access_entry *head(const struct a407_access_cursor *c)
{
    return &c->window[c->at];
}

/* Makes the entry at the cursor readable. False: the run's end, or an error. */
static bool look(struct a407_access_sort *s, struct a407_access_cursor *c)
{
    uint64_t left = c->end - c->next;

    if (c->at < c->n)
        return true;
    if (left == 0)
        return false;
    c->n = left < WINDOW ? (size_t)left : WINDOW;
    c->at = 0;
    if (!a407_access_read_at(s->fd, c->window, c->n * ENTRY, c->next * ENTRY))
        return fail(s, errno);
    c->next += c->n;
    return true;
}

/* The heap's order below cursor i. */
static void sift(struct a407_access_sort *s, size_t i)
{
    struct a407_access_cursor **h = s->heap, *swap;

    for (;;) {
        size_t least = i, child = 2 * i + 1, end = child + 2;

        for (; child < end && child < s->n_heap; child++)
            if (order(head(h[child]), head(h[least])) < 0)
                least = child;
        if (least == i)
            return;
        swap = h[i];
        h[i] = h[least];
        h[least] = swap;
        i = least;
    }
}

static bool heap_start(struct a407_access_sort *s, size_t first, size_t last)
{
    size_t level, i, n = 0;

    for (level = first; level <= last; level++)
        n += s->n_runs[level];
    free(s->cursors);
    free(s->heap);
    s->n_heap = 0;
    s->cursors = calloc(n + 1, sizeof *s->cursors);
    s->heap = calloc(n + 1, sizeof *s->heap);
    if (!s->cursors || !s->heap)
        return fail(s, ENOMEM);
    n = 0;
    for (level = first; level <= last; level++)
        for (i = 0; i < s->n_runs[level]; i++) {
            struct a407_access_cursor *c = &s->cursors[n++];

            c->next = s->runs[level][i].begin;
            c->end = c->next + s->runs[level][i].n;
            if (look(s, c))
                s->heap[s->n_heap++] = c;
            else if (s->error)
                return false;
        }
    for (i = s->n_heap / 2; i-- > 0;)
        sift(s, i);
    return true;
}

static bool heap_next(struct a407_access_sort *s, struct a407_access_entry *out)
{
    if (s->n_heap == 0)
        return false;
    *out = *head(s->heap[0]);
    s->heap[0]->at++;
    if (!look(s, s->heap[0])) {
        if (s->error)
            return true; /* this one was good; the next call finds nothing */
        s->heap[0] = s->heap[--s->n_heap];
    }
    sift(s, 0);
    return true;
}

/* All runs of a level become one of the next. */
static bool merge_level(struct a407_access_sort *s, size_t level)
{
    struct a407_access_run run = {s->written, 0};

    if (level + 1 == A407_ACCESS_LEVELS)
        return fail(s, EFBIG);
    if (!heap_start(s, level, level))
        return false;
    while (heap_next(s, &s->buf[s->n])) {
        run.n++;
        if (++s->n == A407_ACCESS_RUN && !write_out(s))
            return false;
    }
    if (s->error || !write_out(s))
        return false;
    s->n_runs[level] = 0;
    s->runs[level + 1][s->n_runs[level + 1]++] = run;
    return true;
}

static void spill(struct a407_access_sort *s)
{
    struct a407_access_run run = {s->written, s->n};
    size_t level;

    qsort(s->buf, s->n, ENTRY, order);
    if (!write_out(s))
        return;
    s->runs[0][s->n_runs[0]++] = run;
    for (level = 0; s->n_runs[level] == A407_ACCESS_FAN; level++)
        if (!merge_level(s, level))
            return;
}

void a407_access_sort_add(struct a407_access_sort *s,
                          const struct a407_access_entry *e)
{
    if (s->error)
        return;
    s->count++;
    s->buf[s->n++] = *e;
    if (s->n == A407_ACCESS_RUN)
        spill(s);
}

void a407_access_sort_rewind(struct a407_access_sort *s)
{
    s->at = 0;
    if (s->error)
        return;
    if (s->fd < 0) {
        qsort(s->buf, s->n, ENTRY, order);
        return;
    }
    if (s->n)
        spill(s);
    if (!s->error)
        heap_start(s, 0, A407_ACCESS_LEVELS - 1);
}

bool a407_access_sort_next(struct a407_access_sort *s,
                           struct a407_access_entry *out)
{
    if (s->error)
        return false;
    if (s->fd >= 0)
        return heap_next(s, out);
    if (s->at == s->n)
        return false;
    *out = s->buf[s->at++];
    return true;
}
