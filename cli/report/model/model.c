/* SPDX-License-Identifier: MIT */
#include "cli/report/report.h"

#include <stdlib.h>
#include <time.h>

#include "core/base/text.h"

#include "model.h"

#define KEY_SIZE (A407_REPORT_KEY_MAX + 1)

static const char *const table_names[A407_REPORT_TABLES] = {
    "binary", "module", "proxy", "cause", "user"};

/* All rows at once: untouched memory costs nothing, and they never move. */
static bool init_table(struct a407_report_table *t, const char *name)
{
    t->name = name;
    t->rows = calloc(A407_REPORT_KEYS, sizeof *t->rows);
    return t->rows != NULL;
}

bool a407_report_init(struct a407_report *r)
{
    bool good;
    size_t i;

    memset(r, 0, sizeof *r);
    r->findings = calloc(A407_REPORT_FINDINGS, sizeof *r->findings);
    good = r->findings && init_table(&r->problem_texts, "problem");
    for (i = 0; i < A407_REPORT_TABLES; i++)
        good = init_table(&r->tables[i], table_names[i]) && good;
    if (!good)
        a407_report_free(r);
    return good;
}

static void free_table(struct a407_report_table *t)
{
    size_t i;

    HASH_CLEAR(hh, t->index);
    for (i = 0; i < t->n; i++)
        free(t->rows[i].key);
    free(t->rows);
}

void a407_report_free(struct a407_report *r)
{
    size_t i;

    for (i = 0; i < A407_REPORT_TABLES; i++)
        free_table(&r->tables[i]);
    free_table(&r->problem_texts);
    HASH_CLEAR(hh, r->index);
    for (i = 0; i < r->n_findings; i++)
        free(r->findings[i].key);
    free(r->findings);
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

static void count_time(struct a407_report_tally *t, int64_t us)
{
    add_tally(t, &(struct a407_report_tally){
                     .total = 1, .first_us = us, .last_us = us});
}

static void count(struct a407_report_tally *t,
                  const struct a407_report_record *l)
{
    count_time(t, l->time_us);
    t->outcome[l->outcome]++;
    t->unresolved += l->unresolved;
}

/* The tally of a key: that of its row, or of the others. */
static struct a407_report_tally *
tally_of(struct a407_report *r, struct a407_report_table *t, const char *key)
{
    size_t n = strlen(key);
    struct a407_report_row *row;
    char *copy;

    HASH_FIND(hh, t->index, key, n, row);
    if (row)
        return &row->tally;
    if (t->n == A407_REPORT_KEYS)
        return &t->others;
    row = &t->rows[t->n];
    row->key = copy = strdup(key);
    if (copy)
        HASH_ADD_KEYPTR(hh, t->index, row->key, n, row);
    if (!row->key) {
        free(copy);
        r->out_of_memory = true;
        return &t->others;
    }
    t->n++;
    return &row->tally;
}

/* Where one more finding can stand; NULL: nowhere. In a full list a program
   that dropped the header takes the place of another cause: of the rarest the
   one that was met last. */
static struct a407_report_finding *place_for(struct a407_report *r,
                                             enum a407_cause cause)
{
    struct a407_report_finding *least = NULL, *f = r->findings;

    if (r->n_findings < A407_REPORT_FINDINGS)
        return &f[r->n_findings];
    for (; cause == A407_CAUSE_DROPPED && f < r->findings + r->n_findings; f++)
        if (f->cause_id != A407_CAUSE_DROPPED &&
            (!least || f->tally.total <= least->tally.total))
            least = f;
    return least;
}

/* Makes a place of place_for empty. */
static void clear_place(struct a407_report *r, struct a407_report_finding *f)
{
    if (!f->key) {
        r->n_findings++;
        return;
    }
    HASH_DEL(r->index, f);
    free(f->key);
    add_tally(&r->findings_others, &f->tally);
    memset(f, 0, sizeof *f);
}

#define TEXTS A407_REPORT_FINDING_TEXTS
#define SAME  4

/* One behind the other, with a NUL after each, from `at` on. */
static size_t join(char *out, size_t at, const struct a407_span *s, size_t n)
{
    for (; n; n--, s++) {
        a407_put(out + at, A407_REPORT_KEY_MAX + 1, *s);
        at += strlen(out + at) + 1;
    }
    return at;
}

static struct a407_report_finding *
finding_of(struct a407_report *r, const struct a407_report_record *l,
           char (*keys)[KEY_SIZE])
{
    const struct a407_span texts[TEXTS] = {
        a407_span_str(keys[A407_REPORT_CAUSE]),
        a407_span_str(keys[A407_REPORT_BINARY]),
        l->module,
        a407_span_str(keys[A407_REPORT_PROXY]),
        l->executable,
        a407_report_script(l),
        l->proxy_address,
        l->detail,
        l->credential};
    char joined[TEXTS * KEY_SIZE], *copy;
    size_t same = join(joined, 0, texts, SAME), n, i;
    struct a407_report_finding *f;

    HASH_FIND(hh, r->index, joined, same, f);
    if (f || !(f = place_for(r, l->cause_id)))
        return f;
    n = join(joined, same, texts + SAME, TEXTS - SAME);
    copy = malloc(n);
    if (copy) {
        memcpy(copy, joined, n);
        clear_place(r, f);
        f->key = copy;
        HASH_ADD_KEYPTR(hh, r->index, f->key, same, f);
    }
    if (!copy || !f->key) {
        free(copy);
        r->out_of_memory = true;
        return NULL;
    }
    for (i = 0; i < TEXTS; i++, copy += strlen(copy) + 1)
        f->texts[i] = copy;
    f->cause_id = l->cause_id;
    f->port = l->proxy_port;
    return f;
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

/* Fewer and wider buckets. */
static void widen(struct a407_report_timeline *t)
{
    int64_t width = wider(t->width_us);
    int64_t base = number(t, t->start_us, width);
    size_t i, o, n = 0;

    for (i = 0; i < t->n; i++) {
        int64_t us = t->start_us + (int64_t)i * t->width_us;
        size_t to = (size_t)(number(t, us, width) - base);

        for (o = 0; o < A407_REPORT_OUTCOMES; o++) {
            uint64_t v = t->count[i][o];

            t->count[i][o] = 0;
            t->count[to][o] += v;
        }
        n = to + 1;
    }
    t->n = n;
    t->width_us = width;
    t->start_us = base * width - t->zone_us;
}

/* Moves all buckets up, so that `by` empty ones come first. */
static void prepend(struct a407_report_timeline *t, size_t by)
{
    memmove(t->count[by], t->count[0], t->n * sizeof t->count[0]);
    memset(t->count[0], 0, by * sizeof t->count[0]);
    t->n += by;
    t->start_us -= (int64_t)by * t->width_us;
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
    int64_t at;

    if (t->n == 0)
        begin(t, us);
    for (;;) {
        at = number(t, us, t->width_us) - number(t, t->start_us, t->width_us);
        if (at < A407_REPORT_BUCKETS &&
            (at >= 0 || (int64_t)t->n - at <= A407_REPORT_BUCKETS))
            break;
        widen(t);
    }
    if (at < 0) {
        prepend(t, (size_t)-at);
        at = 0;
    }
    if ((size_t)at >= t->n)
        t->n = (size_t)at + 1;
    t->count[at][o]++;
}

void a407_report_add(struct a407_report *r, const struct a407_report_record *l)
{
    char keys[A407_REPORT_TABLES][KEY_SIZE];
    struct a407_report_finding *f;
    size_t i;

    count(&r->all, l);
    a407_timeline_add(&r->timeline, l->time_us, l->outcome);
    for (i = 0; i < A407_REPORT_TABLES; i++) {
        a407_report_key(l, (enum a407_report_table_id)i, keys[i]);
        count(tally_of(r, &r->tables[i], keys[i]), l);
    }
    f = finding_of(r, l, keys);
    count(f ? &f->tally : &r->findings_others, l);
    if (f) {
        f->after_sending +=
            !l->client_sent && (a407_span_eq(l->sent_before, "connection") ||
                                a407_span_eq(l->sent_before, "program"));
        f->offered |= l->offered;
    }
}

void a407_report_add_problem(struct a407_report *r, int64_t time_us,
                             struct a407_span message)
{
    char key[KEY_SIZE];

    a407_put(key, sizeof key, message);
    count_time(tally_of(r, &r->problem_texts, key), time_us);
}

enum a407_report_group a407_report_group(const struct a407_report_finding *f)
{
    enum a407_cause c = f->cause_id;

    if (c == A407_CAUSE_NOT_SENT || c == A407_CAUSE_NO_CREDENTIAL)
        return A407_REPORT_NEVER_SENT;
    return c == A407_CAUSE_DROPPED ? A407_REPORT_DROPPED : A407_REPORT_OTHER;
}

bool a407_report_next_program(const struct a407_report *r,
                              struct a407_report_program *p)
{
    const struct a407_report_finding *end = r->findings + r->n_findings;
    const struct a407_report_finding *last = p->f;
    const struct a407_report_finding *f = last ? last + p->n : r->findings;

    if (f == end)
        return false;
    p->f = f;
    p->group = a407_report_group(f);
    p->new_cause = !last || strcmp(last->cause, f->cause) != 0 ||
                   a407_report_group(last) != p->group;
    p->unresolved = 0;
    p->programs[p->group]++;
    for (p->n = 0; f + p->n < end; p->n++) {
        if (strcmp(f[p->n].binary, f->binary) != 0 ||
            strcmp(f[p->n].cause, f->cause) != 0)
            break;
        p->unresolved += f[p->n].tally.unresolved;
    }
    return true;
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

static int compare_causes(const struct a407_report_finding *x,
                          const struct a407_report_finding *y)
{
    return (int)a407_report_group(x) - (int)a407_report_group(y)
               ?: a407_report_is_fine(x->cause_id) -
                      a407_report_is_fine(y->cause_id)
               ?: (int)x->cause_id - (int)y->cause_id
               ?: strcmp(x->cause, y->cause);
}

static int compare_findings(const void *a, const void *b)
{
    const struct a407_report_finding *x = a, *y = b;

    return compare_causes(x, y)
               ?: more_first(x->weight, y->weight)
               ?: strcmp(x->binary, y->binary)
               ?: more_first(x->tally.total, y->tally.total)
               ?: strcmp(x->module, y->module)
               ?: strcmp(x->proxy, y->proxy);
}

/* By cause and binary alone: the weights are 0 until the second sorting. */
static void weigh_findings(struct a407_report *r)
{
    struct a407_report_finding *f = r->findings;
    size_t i, k, from;

    for (from = 0; from < r->n_findings; from = i) {
        uint64_t sum = 0;

        for (i = from; i < r->n_findings; i++) {
            if (compare_causes(&f[from], &f[i]) != 0 ||
                strcmp(f[from].binary, f[i].binary) != 0)
                break;
            sum += f[i].tally.total;
        }
        for (k = from; k < i; k++)
            f[k].weight = sum;
    }
}

static void sort_table(struct a407_report_table *t)
{
    HASH_CLEAR(hh, t->index); /* sorting moves the rows */
    if (t->n)
        qsort(t->rows, t->n, sizeof *t->rows, compare_rows);
}

void a407_report_finish(struct a407_report *r)
{
    size_t i, n = r->n_findings;

    for (i = 0; i < A407_REPORT_TABLES; i++)
        sort_table(&r->tables[i]);
    sort_table(&r->problem_texts);
    HASH_CLEAR(hh, r->index);
    if (n == 0 || r->out_of_memory)
        return;
    qsort(r->findings, n, sizeof *r->findings, compare_findings);
    weigh_findings(r);
    qsort(r->findings, n, sizeof *r->findings, compare_findings);
}
