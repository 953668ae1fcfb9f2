/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/msg.h"
#include "cli/report/read/read.h"
#include "cli/run.h"
#include "core/base/text.h"

/* ---- running it ---- */

/* In the child. The log has every request: one that met no 407 tells which
   proxy was used. */
static int become(char **argv, const char *proxy, const char *log)
{
    struct a407_invocation inv = {
        .command = A407_CMD_OBSERVE, .argv = argv, .aside = true};

    inv.values[A407_OPT_LOG] = log;
    inv.values[A407_OPT_LOG_LEVEL] = "request";
    inv.values[A407_OPT_LOG_MAX_SIZE] = "0";
    inv.values[A407_OPT_QUIET] = ""; /* the doctor tells of it */
    inv.values[A407_OPT_PROXY] = proxy;
    return a407_run(&inv);
}

static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* It ends us when the command's log is gone; meanwhile the command has it. */
static volatile sig_atomic_t ended_by, command_pid;

static void on_end(int number)
{
    ended_by = number;
    if (command_pid)
        kill(command_pid, number);
}

/* Its exit status, or -1. */
static int run(char **argv, const char *proxy, bool to_stderr, const char *log)
{
    static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    struct sigaction before[4];
    int status = -1;
    pid_t pid;
    size_t i;

    fflush(NULL);
    for (i = 0; i < 4; i++) {
        struct sigaction ours = {.sa_handler = i < 2 ? SIG_IGN : on_end};
        sigaction(numbers[i], &ours, &before[i]);
    }
    pid = fork();
    if (pid == 0) {
        for (i = 0; i < 4; i++)
            sigaction(numbers[i], &before[i], NULL);
        if (to_stderr)
            dup2(STDERR_FILENO, STDOUT_FILENO);
        _exit(become(argv, proxy, log));
    }
    command_pid = pid;
    if (ended_by && pid > 0) /* before it was known */
        kill(pid, ended_by);
    if (pid > 0)
        status = wait_for(pid);
    for (i = 0; i < 4; i++)
        sigaction(numbers[i], &before[i], NULL);
    return status;
}

/* ---- reading what it left ---- */

struct reader {
    struct a407_observed *command;
    struct a407_report_parser *parser;
    struct a407_pending pending;
};

struct a407_use *a407_use_find(struct a407_observed *c, const char *binary,
                               const char *proxy)
{
    for (struct a407_use *u = c->use; u < c->use + c->n; u++)
        if (!strcmp(u->binary, binary) && !strcmp(u->proxy, proxy))
            return u;
    return NULL;
}

static struct a407_use *use_of(struct a407_observed *c,
                               const struct a407_report_record *l)
{
    struct a407_use new = {.requests = 0}, *u;

    a407_report_key(l, A407_REPORT_BINARY, new.binary);
    a407_report_key(l, A407_REPORT_PROXY, new.proxy);
    u = a407_use_find(c, new.binary, new.proxy);
    if (u || c->n == A407_USES)
        return u;
    u = &c->use[c->n++];
    *u = new;
    a407_put(u->target, sizeof u->target, l->target);
    return u;
}

static void note(struct a407_observed *c, const struct a407_report_record *l)
{
    struct a407_use *u = use_of(c, l);
    enum a407_cause cause = a407_cause_from_code(l->cause.p, l->cause.n);
    bool named = l->client_user.n != 0;

    if (!u)
        return;
    u->requests++;
    u->met_407 += l->met_407;
    u->last_status = l->final_status ? l->final_status : l->status;
    u->refused |= cause == A407_CAUSE_CLIENT_REJECTED ||
                  (l->client_sent && a407_cause_refuses(cause));
    if (l->client_sent)
        snprintf(u->login, sizeof u->login, "%.*s%s%.*s", (int)l->client_user.n,
                 named ? l->client_user.p : "", named ? ", by " : "",
                 (int)l->client_scheme.n,
                 l->client_scheme.n ? l->client_scheme.p : "");
}

static void count(void *ctx, const struct a407_report_record *l)
{
    a407_report_add(ctx, l);
}

static bool take_line(void *ctx, char *line, size_t n)
{
    struct reader *r = ctx;
    struct a407_report_record l;
    struct a407_span message;

    if (a407_report_parse(r->parser, line, n, &l, &message) !=
        A407_REPORT_EXCHANGE)
        return true;
    note(r->command, &l);
    return !l.met_407 || a407_pending_take(&r->pending, &l);
}

static bool read_log(struct a407_observed *c, const char *log)
{
    struct reader *r = calloc(1, sizeof *r);
    struct a407_splitter s;
    bool good = r && (r->parser = a407_report_parser_new());

    if (good) {
        r->command = c;
        r->pending.count = count;
        r->pending.ctx = &c->report;
        /* without a request there may be none */
        good = access(log, F_OK) != 0 ||
               a407_read_lines(&s, "", log, take_line, r);
        a407_pending_flush(&r->pending);
        a407_report_parser_free(r->parser);
    }
    free(r);
    a407_report_finish(&c->report);
    return good;
}

/* ---- what the library can't be in ---- */

/* False: there is no such command, said. */
static bool look_at_file(struct a407_observed *c, const char *name)
{
    char path[PATH_MAX];
    struct a407_elf library;
    struct a407_target t;
    enum a407_reach why;

    if (!a407_library_find(path, &library))
        return false;
    if (strcmp(basename(name), "auth407") == 0) {
        a407_error("name the command alone: it is run without a login, to see "
                   "what it does");
        return false;
    }
    a407_target_inspect(name, &library.kind, &t);
    why = t.secure ? A407_REACH_SECURE : t.reach;
    if (t.error)
        a407_error("%s: %s", name, strerror(t.error));
    else if (why)
        snprintf(c->keeps_out, sizeof c->keeps_out, "%.250s %s", t.binary,
                 a407_reach_words(why));
    return !t.error;
}

static bool observe(struct a407_observed *c, char **argv, const char *proxy,
                    bool to_stderr)
{
    const char *temp = getenv("TMPDIR");
    char folder[PATH_MAX], log[PATH_MAX + 16];
    bool good;

    snprintf(folder, sizeof folder, "%s/auth407-doctor.XXXXXX",
             temp && *temp == '/' ? temp : "/tmp");
    if (!mkdtemp(folder)) {
        a407_error("no folder %s: %s", folder, strerror(errno));
        return false;
    }
    snprintf(log, sizeof log, "%s/407.jsonl", folder);
    c->status = run(argv, proxy, to_stderr, log);
    good = c->status >= 0 && read_log(c, log);
    if (c->status < 0)
        a407_error("can't start a process: %s", strerror(errno));
    unlink(log);
    rmdir(folder);
    if (ended_by)
        raise(ended_by);
    return good;
}

struct a407_observed *a407_observe(char **argv, const char *proxy,
                                   bool to_stderr)
{
    struct a407_observed *c = calloc(1, sizeof *c);

    if (c && a407_report_init(&c->report) && look_at_file(c, argv[0]) &&
        observe(c, argv, proxy, to_stderr))
        return c;
    a407_observed_free(c);
    return NULL;
}

void a407_observed_free(struct a407_observed *c)
{
    if (c)
        a407_report_free(&c->report);
    free(c);
}
