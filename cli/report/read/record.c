/* SPDX-License-Identifier: MIT */
#include "core/base/text.h"
#include "read.h"

#include <stdlib.h>

#include <yajl/yajl_parse.h>

#include "cli/report/report.h"

/* How a value is kept, by what it is in JSON: null clears any. */
enum kind {
    ATTEMPT, /* what stands in it */
    TEXT,
    WORD,   /* of the command line */
    SCHEME, /* of a challenge: a bit */
    LINT,   /* a code: a bit */
    TRUTH,
    INT,
    WHOLE, /* an int64_t */
    MILLISECONDS
};

/* A line as far as it has been read. */
struct line {
    struct a407_report_record r;
    struct a407_span timestamp, event, outcome, message;
    struct a407_report_attempt attempt;
    int64_t schema;
};

static const struct row {
    const char *path;
    enum kind kind;
    size_t at; /* in struct line */
    double most;
} rows[] = {
#define A407_FIELD(path, kind, member, most)                                   \
    {path, kind, offsetof(struct line, member), most},
#include "fields.def"
#undef A407_FIELD
};
#define ROWS     (sizeof rows / sizeof *rows)
#define SLOTS    128 /* some more than there are rows */
#define DEPTH    8   /* of the paths; nothing that lies deeper is known */
#define WORD_MAX 256

struct a407_report_parser {
    struct {
        uint64_t path; /* a hash */
        const struct row *row;
    } slots[SLOTS];
    /* The objects and arrays that the reading is within: their paths, and that
       of what comes next in them, which a key changes. */
    struct {
        uint64_t path, next;
    } stack[DEPTH];
    size_t depth;
    bool complete;
    struct line line;
    char texts[ROWS][A407_REPORT_KEY_MAX];
    char words[A407_EVENT_ARGS][WORD_MAX];
};

/* Of a path's hash: the object that a line is; what stands between keys is no
   byte, so that no key can hold it. */
#define TOP A407_HASH_START
enum { KEY = 0x100, ELEMENT = 0x101 };

/* The slot of a path: its own, or a free one. */
static size_t slot_of(const struct a407_report_parser *p, uint64_t path)
{
    size_t i = path % SLOTS;

    while (p->slots[i].row && p->slots[i].path != path)
        i = (i + 1) % SLOTS;
    return i;
}

/* What is to be done with the next value; NULL: nothing. */
static const struct row *next_row(const struct a407_report_parser *p)
{
    if (p->depth >= DEPTH)
        return NULL;
    return p->slots[slot_of(p, p->stack[p->depth].next)].row;
}

struct a407_report_parser *a407_report_parser_new(void)
{
    struct a407_report_parser *p = calloc(1, sizeof *p);
    size_t i, slot;

    for (i = 0; p && i < ROWS; i++) {
        uint64_t path = a407_hash_byte(TOP, KEY);
        const char *z;

        for (z = rows[i].path; *z; z += *z == '[' ? 2 : 1)
            path = a407_hash_byte(path, *z == '.'   ? KEY
                                        : *z == '[' ? ELEMENT
                                                    : (unsigned char)*z);
        slot = slot_of(p, path);
        p->slots[slot].path = path;
        p->slots[slot].row = &rows[i];
    }
    return p;
}

void a407_report_parser_free(struct a407_report_parser *p)
{
    free(p);
}

/* Copies what fits, up to the end of a character; a NUL becomes a blank. */
static struct a407_span keep(char *to, size_t cap, struct a407_span s)
{
    size_t i;

    if (s.n > cap)
        s.n = a407_utf8_floor(s.p, cap);
    for (i = 0; i < s.n; i++)
        to[i] = s.p[i] ? s.p[i] : ' ';
    return a407_span(s.p ? to : NULL, s.n);
}

/* The value that a row of these kinds is waiting for, or null. */
static int set(struct a407_report_parser *p, enum kind from, enum kind to,
               struct a407_span text, double v)
{
    const struct row *row = next_row(p);
    struct a407_report_record *r = &p->line.r;
    void *at = row ? (char *)&p->line + row->at : NULL;

    if (!row || row->kind < from || row->kind > to)
        return 1;
    if (row->kind >= INT && !(v >= 0 && v <= row->most))
        v = 0;
    if (row->kind == TEXT) {
        *(struct a407_span *)at =
            keep(p->texts[row - rows], sizeof p->texts[0], text);
    } else if (row->kind == SCHEME && text.p) {
        r->offered |= 1u << a407_scheme_from_name(text);
    } else if (row->kind == LINT && text.p) {
        r->lint |= A407_LINT_BIT(a407_lint_from_code(text));
    } else if (row->kind == WORD && text.p && r->n_args < A407_EVENT_ARGS) {
        r->args[r->n_args] =
            keep(p->words[r->n_args], sizeof p->words[0], text);
        r->n_args++;
    } else if (row->kind == TRUTH) {
        *(bool *)at = v != 0;
    } else if (row->kind == INT) {
        *(int *)at = (int)v;
    } else if (row->kind == WHOLE) {
        *(int64_t *)at = (int64_t)v;
    } else if (row->kind == MILLISECONDS) {
        *(int64_t *)at = (int64_t)(v * 1000 + 0.5);
    }
    return 1;
}

static int on_null(void *ctx)
{
    return set(ctx, TEXT, MILLISECONDS, a407_span(NULL, 0), 0);
}

static int on_truth(void *ctx, int value)
{
    return set(ctx, TRUTH, TRUTH, a407_span(NULL, 0), value);
}

/* yajl has checked the form; it is copied since strtod needs an end. */
static int on_number(void *ctx, const char *text, size_t n)
{
    char copy[32];

    if (n >= sizeof copy)
        return 1;
    memcpy(copy, text, n);
    copy[n] = '\0';
    return set(ctx, INT, MILLISECONDS, a407_span(NULL, 0), strtod(copy, NULL));
}

static int on_text(void *ctx, const unsigned char *text, size_t n)
{
    return set(ctx, TEXT, LINT, a407_span(text, n), 0);
}

static int on_key(void *ctx, const unsigned char *name, size_t n)
{
    struct a407_report_parser *p = ctx;
    uint64_t path;
    size_t i;

    if (p->depth >= DEPTH)
        return 1;
    path = a407_hash_byte(p->stack[p->depth].path, KEY);
    for (i = 0; i < n; i++)
        path = a407_hash_byte(path, name[i]);
    p->stack[p->depth].next = path;
    return 1;
}

/* An object, whose keys tell what is next, or an array. */
static int on_start(void *ctx)
{
    struct a407_report_parser *p = ctx;
    const struct row *row = next_row(p);

    if (row && row->kind == ATTEMPT) {
        /* the record tells whom the last attempt was for */
        p->line.r.credential = p->line.r.user = a407_span(NULL, 0);
        memset(&p->line.attempt, 0, sizeof p->line.attempt);
    }
    if (++p->depth < DEPTH) {
        p->stack[p->depth].path = p->stack[p->depth - 1].next;
        p->stack[p->depth].next =
            a407_hash_byte(p->stack[p->depth].path, ELEMENT);
    }
    return 1;
}

static int on_end(void *ctx)
{
    struct a407_report_parser *p = ctx;
    struct a407_report_record *r = &p->line.r;
    const struct row *row;

    p->depth--;
    p->complete = p->depth == 0;
    row = next_row(p);
    if (row && row->kind == ATTEMPT) {
        if (r->n_attempts < A407_EVENT_ATTEMPTS)
            r->attempts[r->n_attempts] = p->line.attempt;
        r->n_attempts++;
    }
    return 1;
}

/* FOREIGN: a JSON object, of whatever kind. */
static enum a407_report_kind parse_json(struct a407_report_parser *p,
                                        const char *line, size_t n)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_truth,
        .yajl_number = on_number,
        .yajl_string = on_text,
        .yajl_start_map = on_start,
        .yajl_map_key = on_key,
        .yajl_end_map = on_end,
        .yajl_start_array = on_start,
        .yajl_end_array = on_end,
    };
    const unsigned char *text = (const unsigned char *)line;
    yajl_handle h = yajl_alloc(&callbacks, NULL, p);
    bool good;

    if (!h)
        return A407_REPORT_NO_MEMORY;
    good = yajl_parse(h, text, n) == yajl_status_ok &&
           yajl_complete_parse(h) == yajl_status_ok;
    yajl_free(h);
    return good && p->complete ? A407_REPORT_FOREIGN : A407_REPORT_TORN;
}

/* What follows from the fields together. False: no exchange of ours. */
static bool judge(const struct line *l, struct a407_report_record *out)
{
    int o, final = out->final_status;

    for (o = 0; o < A407_REPORT_OUTCOMES; o++)
        if (a407_span_eq(l->outcome, a407_outcome_name((enum a407_outcome)o)))
            break;
    if (o == A407_REPORT_OUTCOMES || !out->cause.p || !out->proxy_address.p)
        return false;
    out->outcome = (enum a407_outcome)o;
    out->cause_id = a407_cause_from_code(out->cause.p, out->cause.n);
    /* an exchange that broke off may have no status at all */
    out->met_407 = out->status == 407 || out->cause_id == A407_CAUSE_PROTOCOL ||
                   (out->status && out->cause_id != A407_CAUSE_NONE);
    /* 401: what tinyproxy says to a wrong password */
    out->unresolved =
        out->met_407 && o != A407_RESOLVED &&
        (o != A407_OBSERVED || final == 0 || final == 401 || final == 407);
    return true;
}

/* What kind of line a JSON object is that has been read. */
static enum a407_report_kind kind_of(const struct line *l,
                                     struct a407_report_record *out)
{
    if (l->schema < 1 ||
        !a407_report_time_rfc3339(l->timestamp, &out->time_us) ||
        out->time_us < 0)
        return A407_REPORT_FOREIGN;
    if (l->schema > 1)
        return A407_REPORT_NEWER;
    if (a407_span_eq(l->event, "proxy.authentication"))
        return judge(l, out) ? A407_REPORT_EXCHANGE : A407_REPORT_FOREIGN;
    if (a407_span_eq(l->event, "auth407.problem"))
        return l->message.p ? A407_REPORT_PROBLEM : A407_REPORT_FOREIGN;
    if (a407_span_eq(l->event, "process.not_covered")) {
        out->outcome = A407_NOT_RETRIED; /* to the filter of outcomes */
        return l->message.p && out->executable.p ? A407_REPORT_BEYOND
                                                 : A407_REPORT_FOREIGN;
    }
    return l->event.p ? A407_REPORT_UNKNOWN : A407_REPORT_FOREIGN;
}

enum a407_report_kind a407_report_parse(struct a407_report_parser *p,
                                        const char *line, size_t n,
                                        struct a407_report_record *out,
                                        struct a407_span *message)
{
    const char *brace = n ? memchr(line, '{', n) : NULL;
    enum a407_report_kind kind = A407_REPORT_TORN;

    memset(&p->line, 0, sizeof p->line);
    p->stack[0].next = TOP;
    p->depth = 0;
    p->complete = false;
    if (brace)
        kind = parse_json(p, brace, n - (size_t)(brace - line));
    *out = p->line.r;
    out->cause_id = A407_CAUSE_COUNT;
    *message = p->line.message;
    return kind == A407_REPORT_FOREIGN ? kind_of(&p->line, out) : kind;
}
