/* SPDX-License-Identifier: MIT */
#ifndef TEST_EVENT_SAMPLE_H
#define TEST_EVENT_SAMPLE_H

#include "core/record/record.h"

#include <stdio.h>

#include "source_file.h"

/* Records to try the log's lines with. */

/* One buffer with the line of one event, NUL-terminated; the caller frees. */
static inline struct a407_buf line_of(const struct a407_event *e)
{
    struct a407_buf b;
    a407_buf_init(&b, 1 << 20);
    assert_true(
        a407_record_json(&(struct a407_record){.event = e}, SIZE_MAX, &b));
    assert_true(a407_buf_add(&b, "", 1));
    b.n--;
    return b;
}

/* The exit status of tests/fixtures/check-schema on these lines. */
static inline int check_schema(const char *text, size_t n, bool quiet)
{
    char command[600];
    source_path("tests/fixtures/check-schema", command, sizeof command - 20);
    if (quiet)
        strcat(command, " 2>/dev/null");
    FILE *f = popen(command, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    return pclose(f);
}

/* What the proxy said, and what was tried: for full(). */
static const struct a407_event said = {
    .challenges = {{.scheme = "Digest",
                    .realm = "the realm",
                    .algorithm = "SHA-256",
                    .qop = "auth,auth-int",
                    .charset = "UTF-8",
                    .userhash = true,
                    .stale = true},
                   {.scheme = "Negotiate", .token68_n = 340},
                   {.scheme = "Bearer",
                    .error = "invalid_token",
                    .error_description = "it has expired",
                    .scope = "a b"}},
    .n_challenges = 3,
    .answer = {.fields = {{A407_FIELD_VIA, "1.1 a"},
                          {A407_FIELD_SERVER, "squid/5.7"},
                          {A407_FIELD_VIA, "1.1 b"}},
               .n_fields = 3,
               .statuses = {{.name = "near"},
                            {.name = "far",
                             .error = "proxy_internal_error",
                             .received_status = 503,
                             .next_hop = "origin.test",
                             .details = "no luck"}},
               .n_statuses = 2,
               .has_skew = true,
               .skew_s = -42},
};

static const struct a407_event tried = {
    .attempts = {{.scheme = "negotiate",
                  .cause = A407_CAUSE_NO_TICKET,
                  .detail = "no cache"},
                 {.scheme = "ntlm",
                  .status = 407,
                  .duration_us = 1042,
                  .credential = "https_proxy",
                  .username = "CORP\\alice",
                  .leg = 2,
                  .source_port = 40001},
                 {.scheme = "basic",
                  .duration_us = 60000000,
                  .reconnected = true,
                  .stale = true,
                  .credential = "/x/credentials:3",
                  .leg = 1}},
    .n_attempts = 3,
};

static inline struct a407_event *full(void)
{
    static struct a407_event e;
    e = (struct a407_event){
        .time_us = 1798673707000042,
        .outcome = A407_UNRESOLVED,
        .cause = A407_CAUSE_REJECTED,
        .detail = "407 to digest",
        .message = "no login, no luck",
        .lint =
            A407_LINT_BIT(A407_LINT_BLANK_LAST) | A407_LINT_BIT(A407_LINT_SAME),
        .proxy = {.host = "proxy.corp.example", .port = 3128},
        .peer = "10.0.0.1:3128",
        .method = "CONNECT",
        .target = "example.com:443",
        .client_sent = true,
        .client_scheme = "Basic",
        .client_user = "bob",
        .client_domain = "CORP",
        .sent_before = A407_SENT_CONNECTION,
        .resend_count = 2,
        .source_port = 40001,
        .status = 407,
        .final_status = 407,
        .mutual = A407_MUTUAL_VERIFIED,
        .process = {.pid = 42,
                    .parent_pid = 41,
                    .executable = "/usr/bin/curl",
                    .args = {"curl", "-U", "bob:hunter2",
                             "--proxy=http://u:hunter2@h",
                             "https://h/?hunter2"},
                    .n_args = 5,
                    .parents = {{41, "/bin/sh"}, {1, "/sbin/init"}},
                    .n_parents = 2,
                    .caller_module = "libcurl.so.4",
                    .uid = 1000,
                    .host = "build7"}};
    memcpy(e.challenges, said.challenges, sizeof e.challenges);
    e.n_challenges = said.n_challenges;
    e.answer = said.answer;
    memcpy(e.attempts, tried.attempts, sizeof e.attempts);
    e.n_attempts = tried.n_attempts;
    return &e;
}

/* Every string at its longest, and of bytes that need repair or escapes. */
#define FILL(text) memset(text, c, sizeof(text) - 1)

static inline void fill(struct a407_event *e, char c)
{
    FILL(e->detail);
    FILL(e->message);
    e->lint = ~(a407_lint_set)1; /* not NONE */
    FILL(e->proxy.host);
    FILL(e->peer);
    FILL(e->method);
    FILL(e->target);
    FILL(e->client_scheme);
    FILL(e->client_user);
    for (size_t i = 0; i < e->n_challenges; i++) {
        struct a407_event_challenge *h = &e->challenges[i];
        FILL(h->scheme);
        FILL(h->realm);
        FILL(h->algorithm);
        FILL(h->qop);
        FILL(h->charset);
        FILL(h->error);
        FILL(h->error_description);
        FILL(h->scope);
    }
    for (size_t i = 0; i < A407_EVENT_FIELDS; i++) {
        e->answer.fields[i].id = (enum a407_event_field_id)(i / 4);
        memset(e->answer.fields[i].value, c, 255);
    }
    e->answer.n_fields = A407_EVENT_FIELDS;
    for (size_t i = 0; i < A407_EVENT_STATUSES; i++) {
        struct a407_proxy_status *s = &e->answer.statuses[i];
        FILL(s->name);
        FILL(s->error);
        FILL(s->next_hop);
        FILL(s->details);
    }
    e->answer.n_statuses = A407_EVENT_STATUSES;
    FILL(e->client_domain);
    FILL(e->attempts[0].detail);
    FILL(e->process.host);
    FILL(e->attempts[0].credential);
    FILL(e->process.executable);
    FILL(e->process.caller_module);
    for (size_t i = 0; i < e->process.n_parents; i++)
        FILL(e->process.parents[i].executable);
}

#endif
