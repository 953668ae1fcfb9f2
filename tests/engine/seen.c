/* SPDX-License-Identifier: MIT */
#include "seen.h"
#include "core/record/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const outcomes[] = {
    [A407_RESOLVED] = "resolved",
    [A407_UNRESOLVED] = "unresolved",
    [A407_OBSERVED] = "observed",
    [A407_NOT_RETRIED] = "not_retried",
};

static const char *const mutual[] = {"", "verified", "absent", "failed"};

static void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

static bool holds(const struct a407_buf *line, const char *secret)
{
    size_t n = secret ? strlen(secret) : 0;
    return n >= 4 && memmem(line->p, line->n, secret, n);
}

/* One line, an object, and nothing secret in it. */
static const char *check_line(struct seen *s, const struct a407_event *ev,
                              const struct a407_config *config)
{
    struct a407_buf line;
    const char *wrong = NULL;
    a407_buf_init(&line, (size_t)1 << 20);
    if (!a407_record_json(&(struct a407_record){.event = ev}, SIZE_MAX, &line))
        wrong = "the record has no line";
    else if (memchr(line.p, '\n', line.n) != line.p + line.n - 1)
        wrong = "the record is not one line";
    for (const struct a407_credential *c = config->credentials; !wrong && c;
         c = c->next)
        if (holds(&line, c->password) || holds(&line, c->token))
            wrong = "the record holds a secret";
    a407_buf_free(&line);
    (void)s;
    return wrong;
}

const char *seen_event(struct seen *s, const struct a407_event *ev,
                       const struct a407_config *config)
{
    s->event = must(realloc(s->event, (s->n_events + 1) * sizeof *s->event));
    s->event[s->n_events] = must(malloc(sizeof *ev));
    *s->event[s->n_events++] = *ev;
    return check_line(s, ev, config);
}

void seen_verdict(struct seen *s, bool accepted, const char *label)
{
    char text[256];
    snprintf(text, sizeof text, "%s %s", accepted ? "accepted" : "refused",
             label);
    s->verdict =
        must(realloc(s->verdict, (s->n_verdicts + 1) * sizeof *s->verdict));
    char *copy = must(malloc(sizeof text)); /* not strdup: see alloc.h */
    memcpy(copy, text, sizeof text);
    s->verdict[s->n_verdicts++] = copy;
}

static const char *differs(struct seen *s, const char *what, const char *is)
{
    snprintf(s->why, sizeof s->why, "%.80s: %.900s", what, is);
    return s->why;
}

/* "resolved not_sent_by_client 407>200 digest:407 digest~:200+" */
static void in_words(const struct a407_event *ev, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s %s %d>%d", outcomes[ev->outcome],
                     a407_cause_info(ev->cause)->code, ev->status,
                     ev->final_status);
    size_t at = (size_t)n;
    for (size_t i = 0; i < ev->n_attempts && i < A407_EVENT_ATTEMPTS; i++) {
        const struct a407_event_attempt *a = &ev->attempts[i];
        at += (size_t)snprintf(out + at, cap - at, " %s%s:%d%s", a->scheme,
                               a->stale ? "~" : "", a->status,
                               a->reconnected ? "+" : "");
    }
}

const char *seen_next(struct seen *s, const char *text)
{
    char is[512];
    if (s->next_event == s->n_events)
        return "there is no record";
    in_words(s->event[s->next_event++], is, sizeof is);
    return strcmp(is, text) == 0 ? NULL : differs(s, "the record says", is);
}

static void offered(const struct a407_event *ev, char *out, size_t cap)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0;
         i < ev->n_challenges && i < A407_EVENT_CHALLENGES && at < cap; i++)
        at +=
            (size_t)snprintf(out + at, cap - at, "%s%s(%s)", i ? " " : "",
                             ev->challenges[i].scheme, ev->challenges[i].realm);
}

static void labels(const struct a407_event *ev, char *out, size_t cap)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < ev->n_attempts && at < cap; i++)
        at += (size_t)snprintf(out + at, cap - at, "%s%s", i ? " " : "",
                               ev->attempts[i].credential);
}

/* "connection 2": a header before, and the program's own repeats. */
static void before(const struct a407_event *ev, char *out, size_t cap)
{
    static const char *const when[] = {"never", "program", "connection"};
    snprintf(out, cap, "%s %u", when[ev->sent_before], ev->resend_count);
}

/* "server=squid/5.7 | near: proxy_internal_error 503 | -42 s" */
static void answer(const struct a407_event *ev, char *out, size_t cap)
{
    const struct a407_event_answer *a = &ev->answer;
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < a->n_fields && at < cap; i++)
        at += (size_t)snprintf(out + at, cap - at, "%s%s=%s", i ? ", " : "",
                               a407_event_field_name(&a->fields[i]),
                               a->fields[i].value);
    for (size_t i = 0; i < a->n_statuses && at < cap; i++)
        at += (size_t)snprintf(out + at, cap - at, " | %s: %s %d",
                               a->statuses[i].name, a->statuses[i].error,
                               a->statuses[i].received_status);
    if (a->has_skew && at < cap)
        snprintf(out + at, cap - at, " | %lld s", (long long)a->skew_s);
}

/* "negotiate no_ticket no cache, ntlm.1, ntlm.2" */
static void tries(const struct a407_event *ev, char *out, size_t cap)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < ev->n_attempts && at < cap; i++) {
        const struct a407_event_attempt *a = &ev->attempts[i];
        at += (size_t)snprintf(out + at, cap - at, "%s%s", i ? ", " : "",
                               a->scheme);
        if (at < cap && a->cause != A407_CAUSE_NONE)
            at += (size_t)snprintf(out + at, cap - at, " %s %s",
                                   a407_cause_info(a->cause)->code, a->detail);
        else if (at < cap)
            at += (size_t)snprintf(out + at, cap - at, ".%u", a->leg);
    }
}

const char *seen_key(struct seen *s, const char *key, const char *text)
{
    char is[2048] = "";
    if (!s->next_event)
        return "there was no record";
    const struct a407_event *ev = s->event[s->next_event - 1];
    if (strcmp(key, "detail") == 0)
        snprintf(is, sizeof is, "%s", ev->detail);
    else if (strcmp(key, "remedy") == 0)
        snprintf(is, sizeof is, "%s", a407_remedy(ev->cause, ev->lint));
    else if (strcmp(key, "message") == 0)
        snprintf(is, sizeof is, "%s", ev->message);
    else if (strcmp(key, "request") == 0)
        snprintf(is, sizeof is, "%s %s", ev->method, ev->target);
    else if (strcmp(key, "client") == 0)
        snprintf(is, sizeof is, "%s%s%s%s%s", ev->client_scheme,
                 ev->client_user[0] ? " " : "", ev->client_domain,
                 ev->client_domain[0] ? "\\" : "", ev->client_user);
    else if (strcmp(key, "offered") == 0)
        offered(ev, is, sizeof is);
    else if (strcmp(key, "mutual") == 0)
        snprintf(is, sizeof is, "%s", mutual[ev->mutual]);
    else if (strcmp(key, "credentials") == 0)
        labels(ev, is, sizeof is);
    else if (strcmp(key, "before") == 0)
        before(ev, is, sizeof is);
    else if (strcmp(key, "answer") == 0)
        answer(ev, is, sizeof is);
    else if (strcmp(key, "tries") == 0)
        tries(ev, is, sizeof is);
    else
        return "an unknown property";
    return strcmp(is, text) == 0 ? NULL : differs(s, key, is);
}

const char *seen_told(struct seen *s, const char *text)
{
    bool none = strcmp(text, "none") == 0;
    if (s->next_verdict == s->n_verdicts)
        return none ? NULL : "there is no verdict";
    const char *is = s->verdict[s->next_verdict++];
    return strcmp(is, text) == 0 ? NULL : differs(s, "the verdict is", is);
}

const char *seen_left(struct seen *s)
{
    char is[512];
    if (s->next_event < s->n_events) {
        in_words(s->event[s->next_event], is, sizeof is);
        return differs(s, "a record that was not expected", is);
    }
    if (s->next_verdict && s->next_verdict < s->n_verdicts)
        return differs(s, "a verdict that was not expected",
                       s->verdict[s->next_verdict]);
    return NULL;
}

void seen_free(struct seen *s)
{
    for (size_t i = 0; i < s->n_events; i++)
        free(s->event[i]);
    for (size_t i = 0; i < s->n_verdicts; i++)
        free(s->verdict[i]);
    free(s->event);
    free(s->verdict);
    *s = (struct seen){0};
}
