/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "record.h"

#include "core/base/date.h"
#include "core/base/text.h"
#include "redact.h"

/* Enough to recognise a word by; bounds the line. */
#define ARG_SHOWN   256
#define WORDS_SHOWN 256 /* of what the proxy said */

/* What is shortened or left out where a line must be short, in that order. What
   answers "who, where, why" is not here, or comes last. */
#define PARTS(X)                                                               \
    X(ARGS, "process.command_args")                                            \
    X(HEADER, "http.response.header")                                          \
    X(PROXY_STATUS, "proxy.status")                                            \
    X(WORDS, "proxy.message")                                                  \
    X(PARENTS, "process.parents")                                              \
    X(EVIDENCE, "cause_evidence")                                              \
    X(ATTEMPTS, "attempts")                                                    \
    X(CHALLENGES, "proxy.challenges")                                          \
    X(DETAIL, "detail")                                                        \
    X(TARGET, "url.target")                                                    \
    X(MESSAGE, "message")                                                      \
    X(EXECUTABLE, "process.executable.path")

#define ID(id, path)   id,
#define PATH(id, path) path,
enum part { PARTS(ID) N_PARTS };

static const char paths[N_PARTS][24] = {PARTS(PATH)};

/* A line that is being written, and the bytes of each part of it. */
struct writer {
    struct a407_buf *out;
    size_t most[N_PARTS]; /* that the part may take */
    size_t used[N_PARTS]; /* that it has taken */
    bool cut[N_PARTS];    /* it would have taken more */
    uint64_t programs;    /* of the arguments written so far */
};

/* The part that begins at `start` has grown by what is behind `before`. If that
   is too much it is taken back. False: no more of it fits. */
static bool keep(struct writer *w, enum part part, size_t start, size_t before)
{
    bool fits = w->out->n - start <= w->most[part];
    if (!fits) {
        w->out->n = before;
        w->cut[part] = true;
    }
    w->used[part] = w->out->n - start;
    return fits;
}

/* RFC 3339 section 5.6 */
void a407_record_time(struct a407_buf *out, const struct a407_record *r)
{
    int64_t us = r->event ? r->event->time_us : r->time_us;
    int64_t s = us / 1000000, frac = us % 1000000;
    if (frac < 0) {
        frac += 1000000;
        s--;
    }
    struct a407_date d = a407_date_of(s);
    a407_buf_fmt(out, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", d.year, d.month,
                 d.day, d.hour, d.minute, d.second, (int)frac);
}

static void add_string(struct a407_buf *out, const char *key, const char *z)
{
    a407_buf_str(out, key);
    a407_json_string(out, a407_span_str(z));
}

/* null when there is nothing to tell */
static void add_known(struct a407_buf *out, const char *key, const char *z)
{
    if (z[0])
        add_string(out, key, z);
    else
        a407_buf_fmt(out, "%snull", key);
}

static void add_bool(struct a407_buf *out, const char *key, bool v)
{
    a407_buf_fmt(out, "%s%s", key, v ? "true" : "false");
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

/* A text that is cut off between characters, not within one or an escape. */
static void add_text(struct writer *w, enum part part, const char *key,
                     const char *z)
{
    struct a407_span s = a407_span_str(z);
    a407_buf_str(w->out, key);
    size_t start = w->out->n + 1;
    for (;;) {
        a407_json_string(w->out, s);
        w->used[part] = w->out->n - 1 - start;
        if (w->out->failed || w->used[part] <= w->most[part] || !s.n)
            break;
        /* a byte takes up to six */
        s.n -= (w->used[part] - w->most[part] + 5) / 6;
        s.n = a407_utf8_floor(s.p, s.n);
        w->out->n = start - 1;
        w->cut[part] = true;
    }
}

typedef void add_element(struct writer *w, const struct a407_event *e,
                         size_t i);

static void add_list(struct writer *w, enum part part, const char *key,
                     size_t n, add_element *add, const struct a407_event *e)
{
    a407_buf_str(w->out, key);
    a407_buf_str(w->out, "[");
    for (size_t i = 0, start = w->out->n; i < n; i++) {
        size_t before = w->out->n;
        a407_buf_str(w->out, i ? "," : "");
        add(w, e, i);
        if (!keep(w, part, start, before))
            break;
    }
    a407_buf_str(w->out, "]");
}

static void add_challenge(struct writer *w, const struct a407_event *e,
                          size_t i)
{
    const struct a407_event_challenge *c = &e->challenges[i];
    struct a407_buf *out = w->out;
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

static void add_statuses(struct writer *w, const struct a407_event_answer *a)
{
    struct a407_buf *out = w->out;
    size_t start = out->n;
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
    keep(w, PROXY_STATUS, start, start);
}

static void add_message(struct writer *w, const struct a407_event *e)
{
    size_t start = w->out->n;
    add_words_if(w->out, ",\"message\":", e->message, sizeof e->message);
    keep(w, WORDS, start, start);
}

static void add_proxy(struct writer *w, const struct a407_event *e)
{
    struct a407_buf *out = w->out;
    add_string(out, ",\"proxy\":{\"address\":", e->proxy.host);
    a407_buf_fmt(out, ",\"port\":%u", (unsigned)e->proxy.port);
    add_if(out, ",\"peer\":", e->peer);
    size_t n = at_most(e->n_challenges, A407_EVENT_CHALLENGES);
    add_list(w, CHALLENGES, ",\"challenges\":", n, add_challenge, e);
    add_number(out, ",\"challenges_omitted\":", e->n_challenges - n);
    if (e->answer.has_skew)
        a407_buf_fmt(out, ",\"clock_skew_s\":%" PRId64, e->answer.skew_s);
    add_statuses(w, &e->answer);
    add_message(w, e);
    a407_buf_str(out, "}");
}

/* The values of one name, from the i-th field on; earlier ones are written. */
static void add_values(struct a407_buf *out, const struct a407_event_answer *a,
                       size_t i, const char *before)
{
    const char *name = a407_event_field_name(&a->fields[i]);
    a407_buf_fmt(out, "%s\"%s\":[", before, name);
    for (const char *between = ""; i < a->n_fields; i++) {
        if (strcmp(a407_event_field_name(&a->fields[i]), name) != 0)
            continue;
        add_words(out, between, a->fields[i].value, WORDS_SHOWN);
        between = ",";
    }
    a407_buf_str(out, "]");
}

/* {"via":["...","..."],...}, in the order of event_fields.def, then others. */
static void add_fields(struct writer *w, const struct a407_event_answer *a)
{
    struct a407_buf *out = w->out;
    const char *before = ",\"header\":{";
    size_t start = out->n;
    for (unsigned id = 0; id <= A407_FIELD_OTHER; id++)
        for (size_t i = 0, k; i < a->n_fields; i++) {
            for (k = 0; strcmp(a407_event_field_name(&a->fields[k]),
                               a407_event_field_name(&a->fields[i])) != 0;)
                k++;
            if (a->fields[i].id != id || k < i)
                continue;
            add_values(out, a, i, before);
            before = ",";
        }
    if (a->n_fields)
        a407_buf_str(out, "}");
    keep(w, HEADER, start, start);
}

static const char *before_name(enum a407_sent_before b)
{
    return b == A407_SENT_CONNECTION ? "connection"
           : b == A407_SENT_PROGRAM  ? "program"
                                     : "never";
}

static void add_http(struct writer *w, const struct a407_event *e)
{
    struct a407_buf *out = w->out;
    add_string(out, ",\"http\":{\"request\":{\"method\":", e->method);
    add_number(out, ",\"resend_count\":", e->resend_count);
    add_bool(out, ",\"proxy_authorization\":{\"present\":", e->client_sent);
    add_known(out, ",\"scheme\":", e->client_scheme);
    add_known(out, ",\"username\":", e->client_user);
    add_if(out, ",\"domain\":", e->client_domain);
    add_string(out, ",\"sent_before\":", before_name(e->sent_before));
    add_status(out, "}},\"response\":{\"status_code\":", e->status);
    add_fields(w, &e->answer);
    add_text(w, TARGET, "}},\"url\":{\"target\":", e->target);
    a407_buf_str(out, "}");
    if (e->source_port)
        a407_buf_fmt(out, ",\"source\":{\"port\":%u}",
                     (unsigned)e->source_port);
    add_status(out, ",\"final\":{\"status_code\":", e->final_status);
    a407_buf_str(out, "}");
}

static void add_attempt(struct writer *w, const struct a407_event *e, size_t i)
{
    const struct a407_event_attempt *a = &e->attempts[i];
    struct a407_buf *out = w->out;
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

static void add_attempts(struct writer *w, const struct a407_event *e)
{
    static const char mutual[][12] = {"", "verified", "absent", "failed"};
    struct a407_buf *out = w->out;
    add_list(w, ATTEMPTS, ",\"attempts\":", e->n_attempts, add_attempt, e);
    if ((unsigned)e->mutual <= A407_MUTUAL_FAILED)
        add_if(out, ",\"mutual_authentication\":", mutual[e->mutual]);
}

static void add_arg(struct writer *w, const struct a407_event *e, size_t i)
{
    const char *const *args = e->process.args;
    char shown[ARG_SHOWN];
    w->programs = i ? w->programs : 0;
    a407_redact_next(&w->programs, i ? args[i - 1] : NULL, args[i], shown,
                     sizeof shown);
    add_string(w->out, "", shown);
}

static void add_parent(struct writer *w, const struct a407_event *e, size_t i)
{
    a407_buf_fmt(w->out, "{\"pid\":%d", e->process.parents[i].pid);
    add_string(w->out, ",\"executable\":", e->process.parents[i].executable);
    a407_buf_str(w->out, "}");
}

static void add_process(struct writer *w, const struct a407_event *e)
{
    const struct a407_event_process *p = &e->process;
    struct a407_buf *out = w->out;
    a407_buf_fmt(out, ",\"process\":{\"pid\":%d,\"parent_pid\":%d", p->pid,
                 p->parent_pid);
    add_text(w, EXECUTABLE, ",\"executable\":{\"path\":", p->executable);
    a407_buf_str(out, "}");
    add_list(w, ARGS, ",\"command_args\":", at_most(p->n_args, A407_EVENT_ARGS),
             add_arg, e);
    add_list(w, PARENTS,
             ",\"parents\":", at_most(p->n_parents, A407_EVENT_PARENTS),
             add_parent, e);
    a407_buf_fmt(out, ",\"user\":{\"id\":%u}}", p->uid);
    add_if(out, ",\"caller\":{\"module\":", p->caller_module);
    a407_buf_str(out, p->caller_module[0] ? "}" : "");
    add_if(out, ",\"host\":{\"name\":", p->host);
    a407_buf_str(out, p->host[0] ? "}" : "");
}

static void add_lint(struct a407_buf *out, a407_lint_set seen)
{
    const char *between = ",\"lint\":[", *end = "";
    for (unsigned code = 0; code < A407_LINT_COUNT; code++) {
        if (!(seen & A407_LINT_BIT(code)))
            continue;
        add_string(out, between, a407_lint_info(code)->code);
        between = ",";
        end = "]";
    }
    a407_buf_str(out, end);
}

static void add_event(struct writer *w, const struct a407_event *e)
{
    const struct a407_cause_info *cause = a407_cause_info(e->cause);
    a407_buf_str(w->out, "\"event\":{\"name\":\"proxy.authentication\"}");
    add_string(w->out, ",\"outcome\":", a407_outcome_name(e->outcome));
    add_string(w->out, ",\"cause\":", cause->code);
    size_t start = w->out->n;
    add_string(w->out, ",\"cause_evidence\":", cause->evidence);
    keep(w, EVIDENCE, start, start);
    start = w->out->n;
    add_if(w->out, ",\"detail\":", e->detail);
    keep(w, DETAIL, start, start);
    add_lint(w->out, e->lint);
    add_string(w->out, ",\"remedy\":", a407_remedy(e->cause, e->lint));
    add_proxy(w, e);
    add_http(w, e);
    add_attempts(w, e);
    add_process(w, e);
}

static void add_not_covered(struct writer *w, const struct a407_record *r)
{
    a407_buf_str(w->out, "\"event\":{\"name\":\"process.not_covered\"}");
    add_string(w->out, ",\"reason\":", r->not_covered);
    size_t start = w->out->n;
    add_if(w->out, ",\"detail\":", r->event->detail);
    keep(w, DETAIL, start, start);
    add_process(w, r->event);
}

/* Always the last member: what has been shortened, if anything has. */
static void add_truncated(struct writer *w)
{
    const char *between = ",\"truncated\":[\"", *end = "";
    for (size_t i = 0; i < N_PARTS; i++) {
        if (!w->cut[i])
            continue;
        a407_buf_fmt(w->out, "%s%s\"", between, paths[i]);
        between = ",\"";
        end = "]";
    }
    a407_buf_str(w->out, end);
}

static void add_record(struct writer *w, const struct a407_record *r)
{
    a407_buf_str(w->out, "{\"timestamp\":\"");
    a407_record_time(w->out, r);
    a407_buf_str(w->out, "\",\"schema\":1,");
    if (r->not_covered) {
        add_not_covered(w, r);
    } else if (r->event) {
        add_event(w, r->event);
    } else {
        a407_buf_str(w->out, "\"event\":{\"name\":\"auth407.problem\"}");
        add_text(w, MESSAGE, ",\"message\":", r->problem);
        a407_buf_fmt(w->out, ",\"process\":{\"pid\":%d}", r->pid);
    }
    add_if(w->out, ",\"run\":{\"id\":", r->run ? r->run : "");
    a407_buf_str(w->out, r->run && *r->run ? "}" : "");
    add_number(w->out, ",\"records_lost\":", r->lost);
    add_truncated(w);
    a407_buf_str(w->out, "}\n");
}

bool a407_record_json(const struct a407_record *r, size_t max,
                      struct a407_buf *out)
{
    struct writer w = {.out = out};
    size_t start = out->n, name = sizeof ",\"truncated\":[\"\"]" - 1;
    memset(w.most, 0xff, sizeof w.most);
    for (size_t part = 0;; part++) {
        memset(w.used, 0, sizeof w.used);
        memset(w.cut, 0, sizeof w.cut);
        add_record(&w, r);
        while (part < N_PARTS && !w.used[part])
            part++;
        if (out->failed || out->n - start <= max)
            return !out->failed;
        size_t excess = out->n - start - max;
        out->n = start;
        if (part == N_PARTS)
            return false;
        excess += strlen(paths[part]) + name;
        w.most[part] = w.used[part] > excess ? w.used[part] - excess : 0;
        name = sizeof ",\"\"" - 1;
    }
}

bool a407_record_fit(const struct a407_record *r, size_t max,
                     struct a407_buf *line)
{
    if (line->n && line->n <= max)
        return true;
    a407_buf_clear(line);
    return a407_record_json(r, max, line);
}
