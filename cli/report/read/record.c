/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <stdlib.h>

#include <yajl/yajl_parse.h>

#include "cli/report/time.h"

enum kind { OBJECT, ARRAY, TEXT, NUMBER, TRUTH };

/* The objects and arrays, and after them the fields, that the table names. */
enum place {
    TOP,
    LINE,
    EVENT,
    PROXY,
    CHALLENGES,
    CHALLENGE,
    HTTP,
    REQUEST,
    SENT,
    RESPONSE,
    URL,
    FINAL,
    SOURCE,
    ATTEMPTS,
    ATTEMPT,
    PROCESS,
    EXECUTABLE,
    ARGS,
    CALLER,
    HOST,
    PLACES,
    /* texts */
    TIMESTAMP = PLACES,
    OUTCOME,
    CAUSE,
    DETAIL,
    MESSAGE,
    EVENT_NAME,
    ADDRESS,
    PEER,
    OFFERED,
    METHOD,
    SENT_SCHEME,
    SENT_USER,
    SENT_BEFORE,
    TARGET,
    TRY_SCHEME,
    TRY_CREDENTIAL,
    TRY_USER,
    PATH,
    MODULE,
    HOST_NAME,
    TEXTS_END,
    /* numbers, and what is true or false */
    SCHEMA = TEXTS_END,
    PORT,
    LOCAL_PORT,
    STATUS,
    FINAL_STATUS,
    RECORDS_LOST,
    PID,
    RESEND_COUNT,
    TRY_STATUS,
    TRY_DURATION,
    TRY_LOCAL_PORT,
    SENT_PRESENT,
    NUMBERS_END,
    ARG = NUMBERS_END
};

#define TEXTS         (TEXTS_END - PLACES)
#define NUMBERS       (NUMBERS_END - TEXTS_END)
#define DEPTH         6 /* of objects that the table knows */
#define ARG_MAX_SHOWN 256

static const struct key {
    enum place in;
    const char *name;
    size_t n;
    enum kind kind;
    enum place to;
} keys[] = {
#define A407_KEY(in, name, kind, to) {in, name, sizeof name - 1, kind, to},
#include "fields.def"
#undef A407_KEY
};
#define KEYS (sizeof keys / sizeof *keys)

struct a407_report_parser {
    const struct key *first[PLACES]; /* row of each place, and one past it */
    const struct key *end[PLACES];
    /* where the reading is */
    enum place stack[DEPTH];
    size_t depth;          /* the innermost known place is stack[depth] */
    size_t skipped;        /* unknown objects and arrays within it */
    const struct key *key; /* what the next value is; NULL: unknown */
    bool complete;
    /* what was read */
    struct a407_report_record *out;
    struct a407_span texts[TEXTS];
    double numbers[NUMBERS];
    bool known[NUMBERS];
    char text_bytes[TEXTS][A407_REPORT_KEY_MAX];
    char arg_bytes[A407_EVENT_ARGS][ARG_MAX_SHOWN];
};

struct a407_report_parser *a407_report_parser_new(void)
{
    struct a407_report_parser *p = calloc(1, sizeof *p);
    size_t i;

    if (!p)
        return NULL;
    for (i = 0; i < KEYS; i++) {
        if (!p->first[keys[i].in])
            p->first[keys[i].in] = &keys[i];
        p->end[keys[i].in] = &keys[i] + 1;
    }
    return p;
}

void a407_report_parser_free(struct a407_report_parser *p)
{
    free(p);
}

/* Copies what fits, up to the end of a character; a NUL becomes a blank. */
static struct a407_span keep(char *to, size_t cap, const char *from, size_t n)
{
    char *nul = to;

    if (n > cap) {
        n = cap;
        while (n && ((unsigned char)from[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(to, from, n);
    while ((nul = memchr(nul, '\0', n - (size_t)(nul - to))))
        *nul = ' ';
    return a407_span(to, n);
}

/* The key of an array's elements, or of nothing yet within an object. */
static const struct key *element_of(const struct a407_report_parser *p)
{
    const struct key *k = p->first[p->stack[p->depth]];

    return k->n == 0 ? k : NULL;
}

/* A value has been read. */
static int done(struct a407_report_parser *p)
{
    if (!p->skipped)
        p->key = element_of(p);
    return 1;
}

static bool expects(const struct a407_report_parser *p, enum kind kind)
{
    return !p->skipped && p->key && p->key->kind == kind;
}

static double *number(struct a407_report_parser *p, enum place field)
{
    p->known[field - TEXTS_END] = true;
    return &p->numbers[field - TEXTS_END];
}

static void forget(struct a407_report_parser *p, enum place field)
{
    if (field >= TEXTS_END)
        p->known[field - TEXTS_END] = false;
    else
        p->texts[field - PLACES] = a407_span(NULL, 0);
}

static int on_null(void *ctx)
{
    struct a407_report_parser *p = ctx;

    if (!p->skipped && p->key && p->key->to >= PLACES && p->key->to != ARG)
        forget(p, p->key->to);
    return done(p);
}

static int on_truth(void *ctx, int value)
{
    struct a407_report_parser *p = ctx;

    if (expects(p, TRUTH))
        *number(p, p->key->to) = value;
    return done(p);
}

/* yajl has checked the form; it is copied since strtod needs an end. */
static int on_number(void *ctx, const char *text, size_t n)
{
    struct a407_report_parser *p = ctx;
    char copy[32];

    if (expects(p, NUMBER) && n < sizeof copy) {
        memcpy(copy, text, n);
        copy[n] = '\0';
        *number(p, p->key->to) = strtod(copy, NULL);
    }
    return done(p);
}

static int on_text(void *ctx, const unsigned char *text, size_t n)
{
    struct a407_report_parser *p = ctx;
    struct a407_report_record *out = p->out;
    const char *from = (const char *)text;

    if (!expects(p, TEXT))
        return done(p);
    if (p->key->to != ARG) {
        size_t i = p->key->to - PLACES;
        p->texts[i] = keep(p->text_bytes[i], sizeof p->text_bytes[i], from, n);
    } else if (out->n_args < A407_EVENT_ARGS) {
        size_t i = out->n_args++;
        out->args[i] = keep(p->arg_bytes[i], sizeof p->arg_bytes[i], from, n);
    }
    return done(p);
}

static int on_key(void *ctx, const unsigned char *name, size_t n)
{
    struct a407_report_parser *p = ctx;
    const struct key *k, *end;

    if (p->skipped)
        return 1;
    end = p->end[p->stack[p->depth]];
    for (k = p->first[p->stack[p->depth]]; k < end; k++)
        if (k->n == n && memcmp(k->name, name, n) == 0)
            break;
    p->key = k < end ? k : NULL;
    return 1;
}

static int enter(struct a407_report_parser *p, enum kind kind)
{
    if (!expects(p, kind)) {
        p->skipped++;
        return 1;
    }
    p->stack[++p->depth] = p->key->to;
    if (p->key->to == ATTEMPT) {
        static const enum place of_one[] = {TRY_SCHEME,   TRY_CREDENTIAL,
                                            TRY_USER,     TRY_STATUS,
                                            TRY_DURATION, TRY_LOCAL_PORT};
        size_t i;

        for (i = 0; i < sizeof of_one / sizeof *of_one; i++)
            forget(p, of_one[i]);
    }
    p->key = element_of(p);
    return 1;
}

/* A whole number within its limits, or `otherwise`. */
static int64_t whole(const struct a407_report_parser *p, enum place field,
                     double most, int64_t otherwise)
{
    double v = p->numbers[field - TEXTS_END];

    if (!p->known[field - TEXTS_END] || !(v >= 0 && v <= most))
        return otherwise;
    return (int64_t)v;
}

static void take_attempt(struct a407_report_parser *p)
{
    struct a407_report_record *out = p->out;

    if (out->n_attempts < A407_EVENT_ATTEMPTS) {
        struct a407_report_attempt *a = &out->attempts[out->n_attempts];
        double ms = p->numbers[TRY_DURATION - TEXTS_END];

        a->status = (int)whole(p, TRY_STATUS, 999, 0);
        a->local_port = (int)whole(p, TRY_LOCAL_PORT, 65535, 0);
        if (p->known[TRY_DURATION - TEXTS_END] && ms > 0 && ms < 1e12)
            a->duration_us = (int64_t)(ms * 1000 + 0.5);
    }
    out->n_attempts++;
}

static void take_challenge(struct a407_report_parser *p)
{
    struct a407_span scheme = p->texts[OFFERED - PLACES];

    if (scheme.p)
        p->out->offered |= 1u << a407_scheme_from_name(scheme);
    forget(p, OFFERED);
}

static int leave(struct a407_report_parser *p)
{
    if (p->skipped) {
        p->skipped--;
        return done(p);
    }
    if (p->stack[p->depth] == ATTEMPT)
        take_attempt(p);
    else if (p->stack[p->depth] == CHALLENGE)
        take_challenge(p);
    p->depth--;
    p->complete = p->depth == 0;
    return done(p);
}

static int on_object(void *ctx)
{
    return enter(ctx, OBJECT);
}

static int on_array(void *ctx)
{
    return enter(ctx, ARRAY);
}

static int on_end(void *ctx)
{
    return leave(ctx);
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
        .yajl_start_map = on_object,
        .yajl_map_key = on_key,
        .yajl_end_map = on_end,
        .yajl_start_array = on_array,
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

static struct a407_span text_of(const struct a407_report_parser *p,
                                enum place field)
{
    return p->texts[field - PLACES];
}

static void fill(const struct a407_report_parser *p,
                 struct a407_report_record *out)
{
    out->cause = text_of(p, CAUSE);
    out->cause_id = out->cause.p
                        ? a407_cause_from_code(out->cause.p, out->cause.n)
                        : A407_CAUSE_COUNT;
    out->detail = text_of(p, DETAIL);
    out->proxy_address = text_of(p, ADDRESS);
    out->proxy_peer = text_of(p, PEER);
    out->proxy_port = (int)whole(p, PORT, 65535, 0);
    out->local_port = (int)whole(p, LOCAL_PORT, 65535, 0);
    out->method = text_of(p, METHOD);
    out->target = text_of(p, TARGET);
    out->resend_count = (int)whole(p, RESEND_COUNT, 1e6, 0);
    out->client_sent = whole(p, SENT_PRESENT, 1, 0) == 1;
    out->client_scheme = text_of(p, SENT_SCHEME);
    out->client_user = text_of(p, SENT_USER);
    out->sent_before = text_of(p, SENT_BEFORE);
    out->status = (int)whole(p, STATUS, 999, 0);
    out->final_status = (int)whole(p, FINAL_STATUS, 999, 0);
    out->scheme = text_of(p, TRY_SCHEME);
    out->credential = text_of(p, TRY_CREDENTIAL);
    out->user = text_of(p, TRY_USER);
    out->pid = whole(p, PID, INT32_MAX, 0);
    out->lost = whole(p, RECORDS_LOST, 1e15, 0);
    out->host = text_of(p, HOST_NAME);
    out->executable = text_of(p, PATH);
    out->module = text_of(p, MODULE);
}

/* 401: what tinyproxy says to a wrong password. */
static bool is_refusal(int status)
{
    return status == 0 || status == 401 || status == 407;
}

/* What follows from the fields together. False: no exchange of ours. */
static bool judge(const struct a407_report_parser *p,
                  struct a407_report_record *out)
{
    struct a407_span outcome = text_of(p, OUTCOME);
    int o;

    for (o = 0; o < A407_REPORT_OUTCOMES; o++)
        if (a407_span_eq(outcome, a407_outcome_name((enum a407_outcome)o)))
            break;
    if (o == A407_REPORT_OUTCOMES || !out->cause.p || !out->proxy_address.p)
        return false;
    out->outcome = (enum a407_outcome)o;
    /* an exchange that broke off may have no status at all */
    out->met_407 = out->status == 407 || out->cause_id == A407_CAUSE_PROTOCOL ||
                   (out->status && out->cause_id != A407_CAUSE_NONE);
    out->unresolved = out->met_407 && o != A407_RESOLVED &&
                      (o != A407_OBSERVED || is_refusal(out->final_status));
    return true;
}

/* What kind of line a JSON object is that has been read. */
static enum a407_report_kind kind_of(const struct a407_report_parser *p,
                                     struct a407_report_record *out,
                                     struct a407_span *message)
{
    struct a407_span event = text_of(p, EVENT_NAME);
    int64_t schema = whole(p, SCHEMA, 1e9, 0);

    if (schema < 1 ||
        !a407_report_time_rfc3339(text_of(p, TIMESTAMP), &out->time_us) ||
        out->time_us < 0)
        return A407_REPORT_FOREIGN;
    if (schema > 1)
        return A407_REPORT_NEWER;
    *message = text_of(p, MESSAGE);
    if (a407_span_eq(event, "proxy.authentication"))
        return judge(p, out) ? A407_REPORT_EXCHANGE : A407_REPORT_FOREIGN;
    if (a407_span_eq(event, "auth407.problem"))
        return message->p ? A407_REPORT_PROBLEM : A407_REPORT_FOREIGN;
    return event.p ? A407_REPORT_UNKNOWN : A407_REPORT_FOREIGN;
}

enum a407_report_kind a407_report_parse(struct a407_report_parser *p,
                                        const char *line, size_t n,
                                        struct a407_report_record *out,
                                        struct a407_span *message)
{
    const char *brace = n ? memchr(line, '{', n) : NULL;
    enum a407_report_kind kind;

    memset(out, 0, sizeof *out);
    *message = a407_span(NULL, 0);
    memset(p->texts, 0, sizeof p->texts);
    memset(p->known, 0, sizeof p->known);
    p->stack[0] = TOP;
    p->depth = p->skipped = 0;
    p->key = p->first[TOP];
    p->complete = false;
    p->out = out;
    if (!brace)
        return A407_REPORT_TORN;
    kind = parse_json(p, brace, n - (size_t)(brace - line));
    if (kind != A407_REPORT_FOREIGN)
        return kind;
    fill(p, out);
    return kind_of(p, out, message);
}
