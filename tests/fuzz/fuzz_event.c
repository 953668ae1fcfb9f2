/* SPDX-License-Identifier: MIT */
/* The log line: valid JSON whatever is in the record, and no secret in it. */
#include "fuzz.h"

#include "core/record/record.h"
#include "core/record/redact.h"
#include "json_check.h"

#define MARK "h0wl0ngisthis"

/* Words that carry a secret by themselves, whatever stands before them. */
static const char *const secrets[] = {
    "--password=" MARK,
    "--proxy-user=alice:" MARK,
    "--proxy-password=" MARK,
    "http://alice:" MARK "@proxy.test:3128",
    "--proxy=http://alice:" MARK "@proxy.test",
    "https_proxy=http://alice:" MARK "@proxy.test",
    "Proxy-Authorization: Basic " MARK,
    "-HAuthorization: Bearer " MARK,
    "http://origin.test/?token=" MARK,
};
#define N_SECRETS (sizeof secrets / sizeof *secrets)

/* Up to cap - 1 bytes of the input, without a NUL. */
static void text(struct input *in, char *out, size_t cap)
{
    const uint8_t *p;
    size_t want = take_byte(in) * (cap / 128 + 1);
    size_t n = take_bytes(in, want < cap ? want : cap - 1, &p);
    for (size_t i = 0; i < n; i++)
        out[i] = p[i] ? (char)p[i] : '0';
    out[n] = '\0';
}

static char *new_text(struct input *in, size_t cap)
{
    char *z = malloc(cap);
    must(z);
    text(in, z, cap);
    return z;
}

static void fill(struct input *in, struct a407_event *e)
{
    for (size_t i = 0; i < sizeof e->time_us; i++)
        e->time_us = (int64_t)((uint64_t)e->time_us << 8 | take_byte(in));
    e->outcome = (enum a407_outcome)(take_byte(in) % 4);
    e->cause = (enum a407_cause)(take_byte(in) % 8);
    e->n_challenges = take_byte(in) % (A407_EVENT_CHALLENGES + 2);
    e->n_attempts = take_byte(in) % (A407_EVENT_ATTEMPTS + 2);
    e->status = (int)take_byte(in) * 4;
    e->final_status = (int)take_byte(in) * 4;
    e->client_sent = take_byte(in) & 1;
    text(in, e->detail, sizeof e->detail);
    text(in, e->proxy.host, sizeof e->proxy.host);
    text(in, e->peer, sizeof e->peer);
    text(in, e->challenges[0].scheme, sizeof e->challenges[0].scheme);
    text(in, e->challenges[0].realm, sizeof e->challenges[0].realm);
    text(in, e->challenges[1].algorithm, sizeof e->challenges[1].algorithm);
    text(in, e->method, sizeof e->method);
    text(in, e->target, sizeof e->target);
    text(in, e->client_user, sizeof e->client_user);
    text(in, e->attempts[0].scheme, sizeof e->attempts[0].scheme);
    text(in, e->attempts[0].credential, sizeof e->attempts[0].credential);
    text(in, e->process.executable, sizeof e->process.executable);
    text(in, e->process.caller_module, sizeof e->process.caller_module);
    e->process.n_parents = take_byte(in) % (A407_EVENT_PARENTS + 2);
    text(in, e->process.parents[0].executable,
         sizeof e->process.parents[0].executable);
    e->lint = (a407_lint_set)take_byte(in) << 1;
}

/* Words of any kind, with one of the secrets as the last. */
static void fill_args(struct input *in, struct a407_event_process *p)
{
    size_t n = take_byte(in) % 6, which = take_byte(in) % N_SECRETS;
    for (size_t i = 0; i < n; i++)
        p->args[i] = new_text(in, 600);
    p->args[n] = exact(secrets[which], strlen(secrets[which]) + 1);
    p->n_args = n + 1;
}

/* One word alone: its end is where it says. */
static void redact(const struct a407_event_process *p)
{
    for (size_t i = 0; i < p->n_args; i++) {
        char out[80];
        memset(out, 'x', sizeof out);
        a407_redact_arg(i ? p->args[i - 1] : NULL, p->args[i], out, 70);
        must(memchr(out, '\0', 70) && out[70] == 'x');
    }
}

/* What is shortened is as valid, or there is nothing of it. */
static void check_short(const struct a407_event *e, size_t max)
{
    struct a407_record r = {.event = e, .lost = 1};
    struct a407_buf out;
    a407_buf_init(&out, (size_t)1 << 20);
    if (a407_record_json(&r, max, &out)) {
        must(out.n <= max && json_valid(out.p, out.n - 1));
        must(!memmem(out.p, out.n, MARK, strlen(MARK)));
    }
    must(!out.failed);
    a407_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    /* The input must not name it. */
    if (n >= 8 && memmem(data, n, "h0wl", 4))
        return 0;
    static struct a407_event e;
    struct input in = {data, n};
    struct a407_buf out;
    memset(&e, 0, sizeof e);
    fill(&in, &e);
    fill_args(&in, &e.process);
    a407_buf_init(&out, (size_t)1 << 20);
    must(a407_record_json(&(struct a407_record){.event = &e}, SIZE_MAX, &out));
    must(out.n && out.p[out.n - 1] == '\n');
    must(json_valid(out.p, out.n - 1));
    must(!memmem(out.p, out.n, MARK, strlen(MARK)));
    check_short(&e, take_byte(&in) * 16u);
    redact(&e.process);
    for (size_t i = 0; i < e.process.n_args; i++)
        free((void *)(uintptr_t)e.process.args[i]);
    a407_buf_free(&out);
    return 0;
}
