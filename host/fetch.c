/* SPDX-License-Identifier: MIT */
#include "fetch.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "answers.h"
#include "clock.h"
#include "core/base/text.h"
#include "core/config/helper_text.h"
#include "core/config/netrc.h"
#include "credfile_read.h"
#include "file_at.h"
#include "sink.h"

/* A token is the longest thing that a helper says; a head may hold as much. */
#define ANSWER_MAX ((size_t)64 * 1024)

struct fetch {
    const struct a407_config *config;
    long long ms; /* how long it may take */
    const struct a407_endpoint *proxy;
    const struct a407_credential *from; /* as it was configured */
    struct a407_credential *to;         /* what becomes of it */
    struct a407_told *told;
};

/* Never with a secret. */
#define fail(f, ...)                                                           \
    a407_told_fail((f)->told, A407_CAUSE_HELPER_FAILED, __VA_ARGS__)

static bool no_memory(struct fetch *f)
{
    return fail(f, "out of memory");
}

static bool set(struct fetch *f, char **to, struct a407_span value)
{
    char *z = a407_strdup_span(value);
    if (!z)
        return no_memory(f);
    a407_free_secret(*to);
    *to = z;
    return true;
}

/* ---- files ---- */

static bool read_file(struct fetch *f, const char *key, const char *path,
                      struct a407_buf *text)
{
    static atomic_flag warned = ATOMIC_FLAG_INIT; /* once is enough */
    struct a407_diag diag;
    if (!a407_paths_valid())
        return fail(f, "%s: after chroot() %.100s is another file", key, path);
    switch (a407_credfile_read(path, A407_CREDFILE_MOUNTED, text, &diag)) {
    case A407_CREDFILE_OK:
        if (diag.text[0] && !atomic_flag_test_and_set(&warned))
            a407_sink_problem(f->config, diag.text);
        return true;
    case A407_CREDFILE_ABSENT:
        return fail(f, "%s: %.120s is not there", key, path);
    default:
        return fail(f, "%s: %s", key, diag.text);
    }
}

/* Its first line, as --password-file of auth407 takes it. */
static bool take_line(struct fetch *f, const char *key, const char *path,
                      const struct a407_buf *text, char **to)
{
    struct a407_span line = a407_first_line(text);
    if (!line.n)
        return fail(f, "%s: the first line of %.100s is empty", key, path);
    enum a407_lint_code control = a407_lint_control(line);
    if (control != A407_LINT_NONE)
        return fail(f, "%s: the first line of %.80s %s", key, path,
                    a407_lint_info(control)->seen);
    return set(f, to, line);
}

static bool from_file(struct fetch *f, const char *key, const char *path,
                      char **to)
{
    struct a407_buf text;
    a407_buf_init(&text, A407_CREDFILE_MAX);
    bool ok =
        read_file(f, key, path, &text) && take_line(f, key, path, &text, to);
    a407_buf_free(&text);
    return ok;
}

static bool from_netrc(struct fetch *f)
{
    const char *path = f->from->netrc;
    struct a407_login login = {0};
    struct a407_diag diag;
    struct a407_buf text;
    a407_buf_init(&text, A407_CREDFILE_MAX);
    bool ok = read_file(f, "netrc", path, &text);
    if (ok && !a407_netrc_find(a407_span(text.p, text.n), path, f->proxy,
                               f->from->username, &login, &diag))
        ok = diag.text[0] ? fail(f, "netrc: %s", diag.text)
                          : fail(f, "netrc: %.60s has no password for %.60s",
                                 path, f->proxy->host);
    a407_buf_free(&text);
    if (ok) {
        a407_free_secret(f->to->username);
        a407_free_secret(f->to->password);
        f->to->username = login.username;
        f->to->password = login.password;
    }
    return ok;
}

/* ---- the helper ---- */

static bool ended(struct fetch *f, int status)
{
    const char *where = f->from->label;
    if (status == 0)
        return true;
    if (status < 0)
        return fail(f, "how the helper of %.80s ended is not known", where);
    if (status > 128)
        return fail(f, "the helper of %.100s was ended by signal %d", where,
                    status - 128);
    return fail(f, "the helper of %.80s ended with status %d%s", where, status,
                status == 127   ? " (command not found)"
                : status == 126 ? " (can't be executed)"
                                : "");
}

/* VALUE "$@", with "get" to follow, is how git runs its helpers; so the value
   may be a command with arguments, or several. The caller frees. */
static char *script_of(const char *helper)
{
    size_t n = strlen(helper) + sizeof " \"$@\"";
    char *z = a407_secret_alloc(n);
    if (z)
        snprintf(z, n, "%s \"$@\"", helper);
    return z;
}

static bool not_started(struct fetch *f)
{
    return fail(f, "the helper of %.80s can't be started: %m", f->from->label);
}

/* Starts the helper. A helper need not read the question, nor end with an empty
   line: what counts is that it ends well, and what it has said by then. */
static bool start(struct fetch *f, const char *helper, const char *script,
                  struct a407_talk *t)
{
    const char *const argv[] = {"sh", "-c", script, helper, "get", NULL};
    *t = (struct a407_talk){
        .upto = "\n\n", .once = true, .until = a407_now_ms() + f->ms};
    a407_buf_init(&t->question, ANSWER_MAX);
    a407_buf_init(&t->answer, ANSWER_MAX);
    if (!a407_helper_ask(&t->question, f->proxy, f->from->username))
        return no_memory(f);
    return a407_child_start(&t->child, "/bin/sh", argv, true) || not_started(f);
}

static bool ended_well(struct fetch *f, const struct a407_talk *t)
{
    const struct a407_buf *said = &t->answer;
    errno = t->error;
    if (errno)
        return not_started(f);
    if (t->full)
        return fail(f, "the helper of %.100s says more than 64 KiB",
                    f->from->label);
    if (t->late)
        return fail(f, "the helper of %.90s did not end within %lld s",
                    f->from->label, (f->ms + 999) / 1000);
    /* It may have been about to say more than anybody wants to know. */
    bool whole = said->n && memmem(said->p, said->n, "\n\n", 2);
    return (whole && t->status == 128 + SIGPIPE) || ended(f, t->status);
}

static bool take_answer(struct fetch *f, const struct a407_buf *text)
{
    const char *where = f->from->label;
    struct a407_helper_answer a;
    const char *wrong = a407_helper_read(a407_span(text->p, text->n), &a);
    if (wrong)
        return fail(f, "the helper of %.80s answered with %s", where, wrong);
    if (a.quit)
        return fail(f, "the helper of %.100s said quit", where);
    if ((a.token.n || a.password.p) && a.expires && a.expires <= time(NULL))
        return fail(f, "the helper of %.80s gave a %s that has expired", where,
                    a.token.n ? "token" : "password");
    f->to->ends = a.expires;
    if (a.token.n)
        return set(f, &f->to->token, a.token);
    if (!a.password.p)
        return fail(f, "the helper of %.100s gave no password", where);
    if (!a.username.n && !f->from->username)
        return fail(f, "the helper of %.100s gave no user name", where);
    return (!a.username.n || set(f, &f->to->username, a.username)) &&
           set(f, &f->to->password, a.password);
}

static bool start_helper(struct fetch *f, struct a407_talk *t)
{
    const char *helper = f->from->helper;
    if (*helper == '!') /* in git's settings: this is a command line */
        helper++;
    char *script = script_of(helper);
    bool ok = script ? start(f, helper, script, t) : no_memory(f);
    a407_free_secret(script);
    return ok;
}

/* ---- */

static bool from_files(struct fetch *f)
{
    const struct a407_credential *c = f->from;
    if (c->lost)
        return fail(f, "the secret handed over by auth407 is gone: a program "
                       "in between has closed its file; use a credential "
                       "file");
    if (c->netrc && !from_netrc(f))
        return false;
    if (c->password_file &&
        !from_file(f, "password-file", c->password_file, &f->to->password))
        return false;
    return !c->token_file ||
           from_file(f, "token-file", c->token_file, &f->to->token);
}

static struct fetch new_fetch(const struct a407_config *config,
                              const struct a407_ask *ask, int64_t ms,
                              struct a407_told *told)
{
    struct fetch f = {.config = config,
                      .ms = ms,
                      .proxy = ask->proxy,
                      .from = ask->configured,
                      .told = told};
    return f;
}

static void over(struct fetch *f, bool ok)
{
    f->told->ok = ok;
    if (!ok) {
        a407_credentials_free(f->to);
        return;
    }
    f->told->cause = A407_CAUSE_NONE;
    f->told->secret = f->to;
}

/* A section of the credential file may say something else by now. The library
   asks a helper only that it was told of at the start. False: go on. */
static bool from_section(struct fetch *f, const struct a407_credential *now)
{
    const struct a407_credential *was = f->from;
    bool inside = !a407_credential_is_outside(was);
    if (now && !now->helper) {
        f->from = now;
        f->to = a407_credential_copy(now);
        over(f, f->to ? from_files(f) : no_memory(f));
        f->from = was;
    } else if (inside) {
        f->told->ok = true; /* nothing new */
    }
    return inside || (now && !now->helper);
}

/* What the helper said to another process holds still. */
static bool remembered(const struct a407_owner *o, struct fetch *f)
{
    struct a407_buf text;
    a407_buf_init(&text, ANSWER_MAX);
    f->to = a407_credential_copy(f->from);
    bool ok = f->to && a407_answers_find(o, &text) && take_answer(f, &text);
    a407_buf_free(&text);
    if (ok)
        return true;
    a407_credentials_free(f->to);
    f->to = NULL;
    f->told->detail[0] = '\0';
    return false;
}

bool a407_fetch_begin(const struct a407_config *config,
                      const struct a407_ask *ask, int64_t ms,
                      struct a407_talk *t, struct a407_told *told)
{
    struct fetch f = new_fetch(config, ask, ms, told);
    struct a407_owner owner = {config, ask->proxy, f.from, f.from};
    if (ask->again && f.from->from == A407_FROM_FILE) {
        struct a407_credential *now = a407_credfile_again(config, f.from);
        bool done = from_section(&f, now);
        a407_credentials_free(now);
        if (done)
            return false;
    }
    if (f.from->helper) {
        told->known = !ask->again && remembered(&owner, &f);
        if (!told->known && start_helper(&f, t))
            return true;
        over(&f, told->known);
        return false;
    }
    f.to = a407_credential_copy(f.from);
    over(&f, f.to ? from_files(&f) : no_memory(&f));
    return false;
}

void a407_fetch_end(const struct a407_config *config,
                    const struct a407_ask *ask, int64_t ms,
                    const struct a407_talk *t, struct a407_told *told)
{
    struct fetch f = new_fetch(config, ask, ms, told);
    struct a407_owner owner = {config, ask->proxy, f.from, f.from};
    f.to = a407_credential_copy(f.from);
    bool ok =
        f.to ? ended_well(&f, t) && take_answer(&f, &t->answer) : no_memory(&f);
    if (ok)
        a407_answers_keep(&owner, a407_span(t->answer.p, t->answer.n),
                          a407_secret_end(f.to));
    over(&f, ok);
}
