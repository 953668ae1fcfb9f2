/* SPDX-License-Identifier: MIT */
/*
 * Log lines in any number, as the library writes them, for measuring what
 * `auth407 report` takes: report_lines N [distinct]. The same N gives the same
 * lines. With `distinct` nearly every line brings a binary, module, proxy and
 * user that no line before it had.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/record/record.h"

#define START_US  (INT64_C(1795219200) * 1000000) /* 2026-11-21 */
#define PERIOD_US (INT64_C(7 * 86400) * 1000000)
#define COUNT(a)  (sizeof(a) / sizeof *(a))

static const struct tool {
    const char *path, *module;
    const char *args[6];
} tools[] = {
    {"/usr/bin/curl", "libcurl.so.4", {"curl", "-fsSL", "-o", "/tmp/x"}},
    {"/usr/bin/wget", "wget", {"wget", "--quiet", "--tries=3"}},
    {"/usr/lib/git-core/git-remote-http",
     "libcurl-gnutls.so.4",
     {"/usr/lib/git-core/git-remote-https", "origin"}},
    {"/usr/bin/python3.11",
     "_socket.cpython-311-x86_64-linux-gnu.so",
     {"/usr/bin/python3", "-m", "pip", "install", "--no-cache-dir",
      "requests"}},
    {"/usr/bin/python3.11",
     "_socket.cpython-311-x86_64-linux-gnu.so",
     {"/usr/bin/python3", "/srv/jobs/fetch-prices.py", "--verbose"}},
    {"/usr/lib/jvm/java-17-openjdk-amd64/bin/java",
     "libnio.so",
     {"java", "-Xmx2g", "-Dhttps.proxyHost=proxy.corp.example", "-jar",
      "/opt/build/agent.jar"}},
    {"/usr/bin/node", "node", {"node", "/usr/share/nodejs/npm/bin/npm", "ci"}},
    {"/usr/lib/apt/methods/http", "http", {"/usr/lib/apt/methods/http"}},
    {"/usr/bin/ncat", "ncat", {"ncat", "--proxy", "proxy.corp.example:3128"}},
    {"/opt/vendor/licence-agent",
     "libQt5Network.so.5",
     {"/opt/vendor/licence-agent", "--check"}},
};

static const struct ancestor {
    int pid;
    const char *path;
} ancestors[] = {
    {41207, "/usr/bin/bash"},
    {41200, "/usr/bin/make"},
    {41151, "/usr/bin/bash"},
    {40992, "/usr/bin/python3.11"},
    {40871, "/usr/bin/runc"},
    {40860, "/usr/bin/containerd-shim-runc-v2"},
    {1, "/usr/lib/systemd/systemd"},
};

static uint64_t state = 407;

/* A small generator of known quality (splitmix64), so that runs repeat. */
static uint64_t next(void)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static size_t below(size_t n)
{
    return (size_t)(next() % n);
}

static void put(char *field, size_t cap, const char *z)
{
    snprintf(field, cap, "%s", z);
}

static void add_process(struct a407_event *e, const struct tool *t)
{
    struct a407_event_process *p = &e->process;
    size_t i;

    p->pid = 1000 + (int)below(60000);
    p->parent_pid = ancestors[0].pid;
    put(p->executable, sizeof p->executable, t->path);
    put(p->caller_module, sizeof p->caller_module, t->module);
    for (i = 0; i < COUNT(t->args) && t->args[i]; i++)
        p->args[p->n_args++] = t->args[i];
    p->args[p->n_args++] = "--header";
    p->args[p->n_args++] = "Accept: application/vnd.example.package+json; q=1";
    p->args[p->n_args++] = e->target;
    for (i = 0; i < COUNT(ancestors); i++) {
        p->parents[i].pid = ancestors[i].pid;
        put(p->parents[i].executable, sizeof p->parents[i].executable,
            ancestors[i].path);
    }
    p->n_parents = COUNT(ancestors);
}

static void add_answer(struct a407_event *e)
{
    static const enum a407_cause causes[] = {
        A407_CAUSE_DROPPED,  A407_CAUSE_DROPPED,        A407_CAUSE_NOT_SENT,
        A407_CAUSE_NOT_SENT, A407_CAUSE_NO_CREDENTIAL,  A407_CAUSE_REJECTED,
        A407_CAUSE_STALE,    A407_CAUSE_CLIENT_REJECTED};
    size_t i;

    e->cause = causes[below(COUNT(causes))];
    e->outcome = (enum a407_outcome)below(4);
    e->status = 407;
    e->final_status = e->outcome == A407_RESOLVED ? 200 : 407;
    put(e->detail, sizeof e->detail,
        "user:password@ stands in https_proxy, and the request had no header");
    put(e->challenges[0].scheme, 24, "Negotiate");
    put(e->challenges[1].scheme, 24, "Digest");
    put(e->challenges[1].realm, 128,
        "Corporate proxy \"west\", d\xc3\xa9p\xc3\xb4t 4");
    put(e->challenges[1].algorithm, 24, "SHA-256");
    put(e->challenges[2].scheme, 24, "Basic");
    put(e->challenges[2].realm, 128, "Corporate proxy \"west\"");
    e->n_challenges = 3;
    if (e->outcome != A407_RESOLVED && e->outcome != A407_UNRESOLVED)
        return;
    for (i = 0; i < 2; i++) {
        struct a407_event_attempt *a = &e->attempts[i];
        put(a->scheme, sizeof a->scheme, i ? "basic" : "digest");
        a->status = i ? e->final_status : 407;
        a->duration_us = 900 + (int64_t)below(90000);
        put(a->credential, sizeof a->credential,
            "/home/build/.config/auth407/credentials:12");
    }
    e->n_attempts = 2;
}

static void make(struct a407_event *e, size_t i, size_t n, bool distinct)
{
    struct tool t = tools[below(COUNT(tools))];
    char path[80], module[40];

    memset(e, 0, sizeof *e);
    e->time_us = START_US + (int64_t)((double)i / (double)n * PERIOD_US);
    snprintf(e->proxy.host, sizeof e->proxy.host, "proxy%zu.corp.example",
             distinct ? i : below(4));
    e->proxy.port = 3128;
    snprintf(e->peer, sizeof e->peer, "10.20.%zu.%zu:3128", below(4),
             below(200));
    put(e->method, sizeof e->method, "CONNECT");
    snprintf(e->target, sizeof e->target,
             "https://packages.example.org/pool/main/%zu/archive-%zu.tar.gz",
             below(100), below(100000));
    snprintf(e->client_user, sizeof e->client_user, "svc-build-%zu",
             distinct ? i : below(50));
    e->client_sent = true;
    put(e->client_scheme, sizeof e->client_scheme, "Basic");
    if (distinct) {
        snprintf(path, sizeof path, "/opt/tools/bin/tool-%zu", i);
        snprintf(module, sizeof module, "libtool-%zu.so", i);
        t.path = path;
        t.module = module;
    }
    add_process(e, &t);
    add_answer(e);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, i;
    bool distinct = argc > 2 && strcmp(argv[2], "distinct") == 0;
    static struct a407_event e;
    struct a407_buf line;

    if (n == 0)
        errx(2, "usage: report_lines N [distinct]");
    a407_buf_init(&line, 1 << 16);
    for (i = 0; i < n; i++) {
        make(&e, i, n, distinct);
        a407_buf_clear(&line);
        if (!a407_record_json(&(struct a407_record){.event = &e}, SIZE_MAX,
                              &line) ||
            fwrite(line.p, 1, line.n, stdout) != line.n)
            err(1, "writing");
    }
    a407_buf_free(&line);
    return fflush(stdout) == 0 ? 0 : 1;
}
