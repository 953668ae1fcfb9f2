/* SPDX-License-Identifier: MIT */
#include "cli/report/report.h"

#include <stdlib.h>
#include <time.h>

#include "core/base/text.h"

#include "model.h"

#define KEY_SIZE (A407_REPORT_KEY_MAX + 1)

static const char *const names[A407_REPORT_TABLES] = {
    "binary", "module",  "proxy",       "cause",
    "user",   "problem", "not_covered", "finding"};

/* All rows at once: untouched memory costs nothing, and they never move. */
bool a407_report_init(struct a407_report *r)
{
    bool good = true;
    size_t i;

    memset(r, 0, sizeof *r);
    for (i = 0; i < A407_REPORT_TABLES; i++) {
        struct a407_report_table *t = &r->tables[i];

        t->name = names[i];
        t->most =
            i == A407_REPORT_FINDING ? A407_REPORT_FINDINGS : A407_REPORT_KEYS;
        t->rows = calloc(t->most, sizeof *t->rows);
        good = good && t->rows;
    }
    if (!good)
        a407_report_free(r);
    return good;
}

void a407_report_free(struct a407_report *r)
{
    struct a407_report_table *t;
    size_t i;

    for (t = r->tables; t < r->tables + A407_REPORT_TABLES; t++) {
        HASH_CLEAR(hh, t->index);
        for (i = 0; i < t->n; i++)
            free((char *)(uintptr_t)t->rows[i].key);
        free(t->rows);
    }
    memset(r, 0, sizeof *r);
}

static void add_tally(struct a407_report_tally *t,
                      const struct a407_report_tally *more)
{
    size_t i;

    if (t->total == 0 || more->first_us < t->first_us)
        t->first_us = more->first_us;
    if (t->total == 0 || more->last_us > t->last_us)
        t->last_us = more->last_us;
    t->total += more->total;
    t->unresolved += more->unresolved;
    for (i = 0; i < A407_REPORT_OUTCOMES; i++)
        t->outcome[i] += more->outcome[i];
}

/* Where one more row can stand; NULL: nowhere. In a full list of findings a
   program that dropped the header takes the place of another cause: of the
   rarest the one that was met last. */
static struct a407_report_row *place_for(struct a407_report_table *t,
                                         enum a407_cause cause)
{
    struct a407_report_row *least = NULL, *row = t->rows;

    if (t->n < t->most)
        return &row[t->n];
    for (; cause == A407_CAUSE_DROPPED && row < t->rows + t->n; row++)
        if (row->cause_id != A407_CAUSE_DROPPED &&
            (!least || row->tally.total <= least->tally.total))
            least = row;
    return least;
}

/* Makes a place of place_for empty. */
static void clear_place(struct a407_report_table *t,
                        struct a407_report_row *row)
{
    if (!row->key) {
        t->n++;
        return;
    }
    HASH_DEL(t->index, row);
    free((char *)(uintptr_t)row->key);
    add_tally(&t->others, &row->tally);
    memset(row, 0, sizeof *row);
}

#define TEXTS A407_REPORT_ROW_TEXTS
#define SAME  4

/* One behind the other, with a NUL after each, from `at` on. */
static size_t join(char *out, size_t at, const struct a407_span *s, size_t n)
{
    for (; n; n--, s++) {
        a407_put(out + at, KEY_SIZE, *s);
        at += strlen(out + at) + 1;
    }
    return at;
}

/* Counts under a key (the first SAME of n texts) in its row, which is returned,
   or among the others: NULL. `cause` is of a finding. */
static struct a407_report_row *count(struct a407_report *r,
                                     enum a407_report_table_id id,
                                     const struct a407_span *texts, size_t n,
                                     enum a407_cause cause,
                                     const struct a407_report_tally *one)
{
    struct a407_report_table *t = &r->tables[id];
    char joined[TEXTS * KEY_SIZE], *copy;
    size_t i, parts = n < SAME ? n : SAME, same = join(joined, 0, texts, parts);
    struct a407_report_row *row;

    HASH_FIND(hh, t->index, joined, same, row);
    if (!row && (row = place_for(t, cause))) {
        size_t bytes = join(joined, same, texts + parts, n - parts);

        copy = malloc(bytes);
        if (copy) {
            clear_place(t, row);
            row->key = memcpy(copy, joined, bytes);
            HASH_ADD_KEYPTR(hh, t->index, row->key, same, row);
        }
        if (!copy || !row->key) {
            free(copy);
            r->out_of_memory = true;
            return NULL;
        }
        for (i = 0; i < n; i++, copy += strlen(copy) + 1)
            row->texts[i] = copy;
        row->cause_id = cause;
    }
    add_tally(row ? &row->tally : &t->others, one);
    return row;
}

#define SECOND INT64_C(1000000)

/* Seconds; each is a multiple of the one before: buckets can be added up. Days
   go on as 2, 4, 8, ... */
static const int64_t widths[] = {1,    5,    15,    30,    60,    300,  900,
                                 1800, 3600, 10800, 21600, 43200, 86400};

/* The next width above one. */
static int64_t wider(int64_t width_us)
{
    size_t i;

    for (i = 0; i < sizeof widths / sizeof *widths; i++)
        if (widths[i] * SECOND > width_us)
            return widths[i] * SECOND;
    return width_us * 2;
}

/* The number of the bucket of a width that a time is in. */
static int64_t number(const struct a407_report_timeline *t, int64_t us,
                      int64_t width_us)
{
    int64_t local = us + t->zone_us;

    return local / width_us - (local % width_us < 0);
}

/* The same in buckets of that width, the first of which has that number. */
static void rebuild(struct a407_report_timeline *t, int64_t first,
                    int64_t width_us)
{
    const struct a407_report_timeline old = *t;
    size_t i, o;

    memset(t->count, 0, sizeof t->count);
    t->start_us = first * width_us - t->zone_us;
    t->width_us = width_us;
    for (i = 0; i < old.n; i++) {
        int64_t us = old.start_us + (int64_t)i * old.width_us;
        size_t to = (size_t)(number(t, us, width_us) - first);

        for (o = 0; o < A407_REPORT_OUTCOMES; o++)
            t->count[to][o] += old.count[i][o];
        t->n = to + 1;
    }
}

static void begin(struct a407_report_timeline *t, int64_t us)
{
    time_t s = (time_t)(us / SECOND);
    struct tm tm = {0};

    localtime_r(&s, &tm);
    t->zone_us = (int64_t)tm.tm_gmtoff * SECOND;
    t->width_us = SECOND;
    t->start_us = number(t, us, SECOND) * SECOND - t->zone_us;
    t->n = 1;
}

void a407_timeline_add(struct a407_report_timeline *t, int64_t us,
                       enum a407_outcome o)
{
    int64_t at, from, first, last, width;

    if (t->n == 0)
        begin(t, us);
    for (width = t->width_us;; width = wider(width)) {
        int64_t end_us = t->start_us + (int64_t)(t->n - 1) * t->width_us;

        at = number(t, us, width);
        from = number(t, t->start_us, width);
        last = number(t, end_us, width);
        first = at < from ? at : from;
        last = at > last ? at : last;
        if (last - first < A407_REPORT_BUCKETS)
            break;
    }
    if (width != t->width_us || first < from)
        rebuild(t, first, width);
    t->n = (size_t)(last - first) + 1;
    t->count[at - first][o]++;
}

void a407_report_add(struct a407_report *r, const struct a407_report_record *l)
{
    struct a407_report_tally one = {.total = 1,
                                    .unresolved = l->unresolved,
                                    .first_us = l->time_us,
                                    .last_us = l->time_us};
    char keys[A407_REPORT_KEYED][KEY_SIZE], command[KEY_SIZE];
    struct a407_span key[A407_REPORT_KEYED];
    struct a407_report_row *f;
    bool whole;
    size_t i;

    one.outcome[l->outcome] = 1;
    add_tally(&r->all, &one);
    a407_timeline_add(&r->timeline, l->time_us, l->outcome);
    for (i = 0; i < A407_REPORT_KEYED; i++) {
        a407_report_key(l, (enum a407_report_table_id)i, keys[i]);
        key[i] = a407_span_str(keys[i]);
        count(r, (enum a407_report_table_id)i, &key[i], 1, 0, &one);
    }
    whole = a407_report_command(l, command);
    f = count(r, A407_REPORT_FINDING,
              (const struct a407_span[]){
                  key[A407_REPORT_CAUSE], key[A407_REPORT_BINARY], l->module,
                  key[A407_REPORT_PROXY], l->executable, a407_report_script(l),
                  l->proxy_address, l->detail, l->credential,
                  a407_span_str(command), l->host},
              TEXTS, l->cause_id, &one);
    if (f) {
        f->whole = f->tally.total == 1 ? whole : f->whole;
        f->port = l->proxy_port;
        f->after_sending +=
            !l->client_sent && (a407_span_eq(l->sent_before, "connection") ||
                                a407_span_eq(l->sent_before, "program"));
        f->offered |= l->offered;
        f->lint |= l->lint;
    }
}

void a407_report_add_problem(struct a407_report *r, int64_t time_us,
                             struct a407_span message)
{
    count(r, A407_REPORT_MESSAGE, &message, 1, 0,
          &(struct a407_report_tally){
              .total = 1, .first_us = time_us, .last_us = time_us});
}

void a407_report_add_not_covered(struct a407_report *r,
                                 const struct a407_report_record *l,
                                 struct a407_span reason)
{
    char key[KEY_SIZE];

    snprintf(key, sizeof key, "%.*s (%.*s)", (int)l->executable.n,
             (const char *)l->executable.p, (int)reason.n,
             (const char *)reason.p);
    count(r, A407_REPORT_NOT_COVERED,
          (const struct a407_span[]){a407_span_str(key)}, 1, 0,
          &(struct a407_report_tally){
              .total = 1, .first_us = l->time_us, .last_us = l->time_us});
}

enum a407_report_group a407_report_group(const struct a407_report_row *f)
{
    enum a407_cause c = f->cause_id;

    if (c == A407_CAUSE_NOT_SENT_FIRST || c == A407_CAUSE_NOT_SENT ||
        c == A407_CAUSE_NO_CREDENTIAL)
        return A407_REPORT_NEVER_SENT;
    return c == A407_CAUSE_DROPPED ? A407_REPORT_DROPPED : A407_REPORT_OTHER;
}

static int more_first(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

static int compare_rows(const void *a, const void *b)
{
    const struct a407_report_row *x = a, *y = b;

    return more_first(x->tally.total, y->tally.total) ?: strcmp(x->key, y->key);
}

bool a407_report_is_fine(enum a407_cause c)
{
    return c == A407_CAUSE_NONE || c == A407_CAUSE_BY_CLIENT ||
           c == A407_CAUSE_STALE;
}

static int compare_causes(const struct a407_report_row *x,
                          const struct a407_report_row *y)
{
    return (int)a407_report_group(x) - (int)a407_report_group(y)
               ?: a407_report_is_fine(x->cause_id) -
                      a407_report_is_fine(y->cause_id)
               ?: (int)x->cause_id - (int)y->cause_id
               ?: strcmp(x->cause, y->cause);
}

static int compare_findings(const void *a, const void *b)
{
    const struct a407_report_row *x = a, *y = b;

    return compare_causes(x, y)
               ?: more_first(x->weight, y->weight)
               ?: strcmp(x->binary, y->binary)
               ?: more_first(x->tally.total, y->tally.total)
               ?: strcmp(x->module, y->module)
               ?: strcmp(x->proxy, y->proxy);
}

/* Whether the finding before this one is of the same program and cause. */
static bool goes_on(const struct a407_report_table *t,
                    const struct a407_report_row *f)
{
    return f > t->rows && strcmp(f[-1].cause, f->cause) == 0 &&
           strcmp(f[-1].binary, f->binary) == 0;
}

/* By cause and binary alone: the weights are 0 until the second sorting. */
static void weigh(struct a407_report_table *t)
{
    struct a407_report_row *f, *first = t->rows;

    for (f = t->rows; f < t->rows + t->n; f++) {
        first = goes_on(t, f) ? first : f;
        first->weight += f->tally.total;
    }
    for (f = t->rows; f < t->rows + t->n; f++)
        if (goes_on(t, f))
            f->weight = f[-1].weight;
}

/* What a client does with a 407 that it reads, which it did not where auth407
   answered first: the same client at the same proxy, under observe, say. */
static enum a407_cause known_else(const struct a407_report_table *t,
                                  const struct a407_report_row *f)
{
    static const enum a407_cause shows[] = {
        A407_CAUSE_BY_CLIENT, A407_CAUSE_DROPPED, A407_CAUSE_NOT_SENT};
    size_t i, n = sizeof shows / sizeof *shows;

    for (i = 0; f->cause_id == A407_CAUSE_NOT_SENT_FIRST && i < n; i++) {
        char joined[SAME * KEY_SIZE];
        const struct a407_span key[SAME] = {
            a407_span_str(a407_cause_info(shows[i])->code),
            a407_span_str(f->binary), a407_span_str(f->module),
            a407_span_str(f->proxy)};
        struct a407_report_row *row;

        HASH_FIND(hh, t->index, joined, join(joined, 0, key, SAME), row);
        if (row)
            return shows[i];
    }
    return A407_CAUSE_NONE;
}

void a407_report_finish(struct a407_report *r)
{
    struct a407_report_table *t = r->tables;
    struct a407_report_table *findings = &t[A407_REPORT_FINDING];
    struct a407_report_row *f = findings->rows;

    if (r->out_of_memory)
        return;
    for (; f < findings->rows + findings->n; f++)
        f->else_is = known_else(findings, f);
    for (; t < r->tables + A407_REPORT_TABLES; t++) {
        HASH_CLEAR(hh, t->index); /* sorting moves the rows */
        qsort(t->rows, t->n, sizeof *t->rows,
              t == findings ? compare_findings : compare_rows);
    }
    weigh(findings);
    f = findings->rows;
    qsort(f, findings->n, sizeof *f, compare_findings);
    for (; f < findings->rows + findings->n; f++) {
        r->programs[a407_report_group(f)] += !goes_on(findings, f);
        f->program = r->programs[a407_report_group(f)];
    }
}
