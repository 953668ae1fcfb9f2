/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "event.h"

#include "core/base/json.h"
#include "redact.h"

/* Enough to recognise a word by; bounds the line. */
#define ARG_SHOWN   256
#define WORDS_SHOWN 256 /* of what the proxy said */

const char *a407_outcome_name(enum a407_outcome o)
{
    switch (o) {
    case A407_RESOLVED:
        return "resolved";
    case A407_UNRESOLVED:
        return "unresolved";
    case A407_OBSERVED:
        return "observed";
    default:
        return "not_retried";
    }
}

/*
 * RFC 3339 section 5.6, from the day number (Gregorian calendar, counted in
 * years that begin on 1 March). gmtime() is not used: it reads TZ and its file.
 */
static void add_timestamp(struct a407_buf *out, int64_t us)
{
    /* 0000-01-01 and 9999-12-31: the format has four digits for the year */
    const int64_t least = -62167219200, most = 253402300799;
    int64_t s = us / 1000000, frac = us % 1000000;
    if (frac < 0) {
        frac += 1000000;
        s--;
    }
    s = s < least ? least : s > most ? most : s;
    int64_t days = (s - least) / 86400, left = (s - least) % 86400;
    days -= 60; /* since 0000-03-01, of 400-year cycles of 146097 days */
    int64_t cycle = days < 0 ? -1 : days / 146097;
    int64_t doe = days - cycle * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t day = doy - (153 * mp + 2) / 5 + 1;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;
    int64_t year = yoe + cycle * 400 + (month <= 2);
    a407_buf_fmt(out,
                 "\"timestamp\":\"%04" PRId64 "-%02" PRId64 "-%02" PRId64
                 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%06" PRId64 "Z\"",
                 year, month, day, left / 3600, left / 60 % 60, left % 60,
                 frac);
}

static void add_string(struct a407_buf *out, const char *key, const char *z)
{
    a407_buf_str(out, key);
    a407_json_string(out, a407_span_str(z));
}

/* null when there is nothing to tell */
static void add_known(struct a407_buf *out, const char *key, const char *z)
{
    if (z[0]) {
        add_string(out, key, z);
    } else {
        a407_buf_str(out, key);
        a407_buf_str(out, "null");
    }
}

static void add_bool(struct a407_buf *out, const char *key, bool v)
{
    a407_buf_str(out, key);
    a407_buf_str(out, v ? "true" : "false");
}

static void add_status(struct a407_buf *out, const char *key, int status)
{
    if (status >= 100) /* RFC 9110 section 15: three digits */
        a407_buf_fmt(out, "%s%d", key, status);
    else
        a407_buf_fmt(out, "%snull", key);
}

static size_t at_most(size_t n, size_t max)
{
    return n < max ? n : max;
}

/* absent when there is nothing to tell */
static void add_if(struct a407_buf *out, const char *key, const char *z)
{
    if (z[0])
        add_string(out, key, z);
}

static void add_number(struct a407_buf *out, const char *key, uint64_t v)
{
    if (v)
        a407_buf_fmt(out, "%s%" PRIu64, key, v);
}

/* Words of somebody else: they may hold a URL, with what is in it. At most
   cap - 1 bytes are shown. */
static void add_words(struct a407_buf *out, const char *key, const char *z,
                      size_t cap)
{
    char shown[WORDS_SHOWN];
    a407_redact_arg(NULL, z, shown, at_most(cap, sizeof shown));
    add_string(out, key, shown);
}

static void add_words_if(struct a407_buf *out, const char *key, const char *z,
                         size_t cap)
{
    if (z[0])
        add_words(out, key, z, cap);
}

static void add_challenge(struct a407_buf *out,
                          const struct a407_event_challenge *c)
{
    add_string(out, "{\"scheme\":", c->scheme);
    add_known(out, ",\"realm\":", c->realm);
    add_if(out, ",\"algorithm\":", c->algorithm);
    add_if(out, ",\"qop\":", c->qop);
    add_if(out, ",\"charset\":", c->charset);
    if (c->userhash)
        add_bool(out, ",\"userhash\":", true);
    if (c->stale)
        add_bool(out, ",\"stale\":", true);
    add_if(out, ",\"error\":", c->error);
    add_words_if(out, ",\"error_description\":", c->error_description, 160);
    add_if(out, ",\"scope\":", c->scope);
    add_number(out, ",\"token68_length\":", c->token68_n);
    a407_buf_str(out, "}");
}

static void add_statuses(struct a407_buf *out,
                         const struct a407_event_answer *a)
{
    for (size_t i = 0; i < a->n_statuses; i++) {
        const struct a407_proxy_status *s = &a->statuses[i];
        add_string(out, i ? ",{\"name\":" : ",\"status\":[{\"name\":", s->name);
        add_if(out, ",\"error\":", s->error);
        add_number(out,
                   ",\"received_status_code\":", (uint64_t)s->received_status);
        add_words_if(out, ",\"next_hop\":", s->next_hop, sizeof s->next_hop);
        add_words_if(out, ",\"details\":", s->details, sizeof s->details);
        a407_buf_str(out, "}");
    }
    if (a->n_statuses)
        a407_buf_str(out, "]");
}

static void add_proxy(struct a407_buf *out, const struct a407_event *e)
{
    add_string(out, ",\"proxy\":{\"address\":", e->proxy.host);
    a407_buf_fmt(out, ",\"port\":%u", (unsigned)e->proxy.port);
    add_if(out, ",\"peer\":", e->peer);
    a407_buf_str(out, ",\"challenges\":[");
    size_t n = at_most(e->n_challenges, A407_EVENT_CHALLENGES);
    for (size_t i = 0; i < n; i++) {
        if (i)
            a407_buf_str(out, ",");
        add_challenge(out, &e->challenges[i]);
    }
    a407_buf_str(out, "]");
    add_number(out, ",\"challenges_omitted\":", e->n_challenges - n);
    if (e->answer.has_skew)
        a407_buf_fmt(out, ",\"clock_skew_s\":%" PRId64, e->answer.skew_s);
    add_statuses(out, &e->answer);
    a407_buf_str(out, "}");
}

/* {"via":["...","..."],...}: the values of one name stand together. */
static void add_fields(struct a407_buf *out, const struct a407_event_answer *a)
{
    const char *before = ",\"header\":{";
    for (unsigned id = 0; id < A407_FIELD_COUNT; id++) {
        size_t values = 0;
        for (size_t i = 0; i < a->n_fields; i++) {
            if (a->fields[i].id != id)
                continue;
            if (!values++)
                a407_buf_fmt(out, "%s\"%s\":[", before,
                             a407_event_field_name(a->fields[i].id));
            add_words(out, values > 1 ? "," : "", a->fields[i].value,
                      WORDS_SHOWN);
        }
        if (!values)
            continue;
        a407_buf_str(out, "]");
        before = ",";
    }
    if (a->n_fields)
        a407_buf_str(out, "}");
}

static const char *before_name(enum a407_sent_before b)
{
    return b == A407_SENT_CONNECTION ? "connection"
           : b == A407_SENT_PROGRAM  ? "program"
                                     : "never";
}

static void add_http(struct a407_buf *out, const struct a407_event *e)
{
    add_string(out, ",\"http\":{\"request\":{\"method\":", e->method);
    add_number(out, ",\"resend_count\":", e->resend_count);
    add_bool(out, ",\"proxy_authorization\":{\"present\":", e->client_sent);
    add_known(out, ",\"scheme\":", e->client_scheme);
    add_known(out, ",\"username\":", e->client_user);
    add_if(out, ",\"domain\":", e->client_domain);
    add_string(out, ",\"sent_before\":", before_name(e->sent_before));
    add_status(out, "}},\"response\":{\"status_code\":", e->status);
    add_fields(out, &e->answer);
    add_string(out, "}},\"url\":{\"target\":", e->target);
    a407_buf_str(out, "}");
    if (e->source_port)
        a407_buf_fmt(out, ",\"source\":{\"port\":%u}",
                     (unsigned)e->source_port);
    add_status(out, ",\"final\":{\"status_code\":", e->final_status);
    a407_buf_str(out, "}");
}

static void add_attempt(struct a407_buf *out,
                        const struct a407_event_attempt *a)
{
    int64_t us = a->duration_us > 0 ? a->duration_us : 0;
    add_known(out, "{\"scheme\":", a->scheme);
    a407_buf_fmt(out, ",\"leg\":%u", a->leg ? a->leg : 1);
    add_status(out, ",\"status_code\":", a->status);
    a407_buf_fmt(out, ",\"duration_ms\":%" PRId64 ".%03" PRId64, us / 1000,
                 us % 1000);
    add_bool(out, ",\"reconnected\":", a->reconnected);
    add_number(out, ",\"source_port\":", a->source_port);
    add_bool(out, ",\"stale\":", a->stale);
    add_known(out, ",\"credential\":", a->credential);
    add_if(out, ",\"username\":", a->username);
    if (a->cause != A407_CAUSE_NONE)
        add_string(out, ",\"cause\":", a407_cause_info(a->cause)->code);
    add_if(out, ",\"detail\":", a->detail);
    a407_buf_str(out, "}");
}

static void add_attempts(struct a407_buf *out, const struct a407_event *e)
{
    static const char *const mutual[] = {"", "verified", "absent", "failed"};
    size_t n = at_most(e->n_attempts, A407_EVENT_ATTEMPTS);
    a407_buf_str(out, ",\"attempts\":[");
    for (size_t i = 0; i < n; i++) {
        if (i)
            a407_buf_str(out, ",");
        add_attempt(out, &e->attempts[i]);
    }
    a407_buf_str(out, "]");
    add_number(out, ",\"attempts_omitted\":", e->n_attempts - n);
    if ((unsigned)e->mutual <= A407_MUTUAL_FAILED)
        add_if(out, ",\"mutual_authentication\":", mutual[e->mutual]);
}

static void add_args(struct a407_buf *out, const struct a407_event_process *p)
{
    size_t n = at_most(p->n_args, A407_EVENT_ARGS);
    uint64_t programs = 0;
    a407_buf_str(out, ",\"command_args\":[");
    for (size_t i = 0; i < n; i++) {
        char shown[ARG_SHOWN];
        a407_redact_next(&programs, i ? p->args[i - 1] : NULL, p->args[i],
                         shown, sizeof shown);
        add_string(out, i ? "," : "", shown);
    }
    a407_buf_str(out, "]");
}

static void add_process(struct a407_buf *out, const struct a407_event *e)
{
    const struct a407_event_process *p = &e->process;
    a407_buf_fmt(out, ",\"process\":{\"pid\":%d,\"parent_pid\":%d", p->pid,
                 p->parent_pid);
    add_string(out, ",\"executable\":{\"path\":", p->executable);
    a407_buf_str(out, "}");
    add_args(out, p);
    a407_buf_str(out, ",\"parents\":[");
    size_t n = at_most(p->n_parents, A407_EVENT_PARENTS);
    for (size_t i = 0; i < n; i++) {
        a407_buf_fmt(out, "%s{\"pid\":%d", i ? "," : "", p->parents[i].pid);
        add_string(out, ",\"executable\":", p->parents[i].executable);
        a407_buf_str(out, "}");
    }
    a407_buf_fmt(out, "],\"user\":{\"id\":%u}}", p->uid);
    if (p->caller_module[0]) {
        add_string(out, ",\"caller\":{\"module\":", p->caller_module);
        a407_buf_str(out, "}");
    }
    if (p->host[0]) {
        add_string(out, ",\"host\":{\"name\":", p->host);
        a407_buf_str(out, "}");
    }
}

bool a407_event_json(const struct a407_event *e, struct a407_buf *out)
{
    const struct a407_cause_info *cause = a407_cause_info(e->cause);
    a407_buf_str(out, "{");
    add_timestamp(out, e->time_us);
    a407_buf_str(out, ",\"schema\":1,"
                      "\"event\":{\"name\":\"proxy.authentication\"}");
    add_string(out, ",\"outcome\":", a407_outcome_name(e->outcome));
    add_string(out, ",\"cause\":", cause->code);
    add_string(out, ",\"cause_evidence\":", cause->evidence);
    add_if(out, ",\"detail\":", e->detail);
    add_string(out, ",\"remedy\":", cause->remedy);
    add_proxy(out, e);
    add_http(out, e);
    add_attempts(out, e);
    add_process(out, e);
    a407_buf_str(out, "}\n");
    return !out->failed;
}
