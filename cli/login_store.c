/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/config/helper_text.h"
#include "host/fetch.h"
#include "host/object.h"
#include "login.h"
#include "msg.h"

/* Secrets of any length that a header can hold. */
#define WORDS_MAX ((size_t)128 * 1024)

/* What git says to its helpers; they are run as git does, and as fetch does.
   With the terminal, for one that must be unlocked. */
static bool words_for(struct a407_buf *out, const struct a407_endpoint *proxy,
                      const struct a407_credential *c)
{
    /* it ends with an empty line, which takes more in its place */
    if (!a407_helper_ask(out, proxy, c->username))
        return false;
    a407_buf_undo(out, out->n - 1);
    if (c->token) {
        a407_buf_str(out, "authtype=Bearer\ncredential=");
        a407_buf_str(out, c->token);
    } else {
        a407_buf_str(out, "password=");
        a407_buf_str(out, c->password);
    }
    return a407_buf_str(out, "\n\n");
}

static void become(const char *helper, int input)
{
    struct a407_buf script;
    char **env = a407_child_env();
    a407_buf_init(&script, WORDS_MAX);
    a407_buf_str(&script, helper);
    a407_buf_str(&script, " \"$@\"");
    a407_buf_add(&script, "", 1);
    if (env && !script.failed && dup2(input, STDIN_FILENO) >= 0 &&
        dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
        execle("/bin/sh", "sh", "-c", script.p, helper, "store", (char *)NULL,
               env);
    _exit(126);
}

static bool ended_well(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFSIGNALED(status))
        a407_error("the helper was ended by signal %d", WTERMSIG(status));
    else
        a407_error("the helper ended with status %d when it was told to store",
                   WEXITSTATUS(status));
    return false;
}

static bool store(const char *helper, struct a407_span words)
{
    int ends[2];
    fflush(NULL);
    pid_t pid = pipe(ends) == 0 ? fork() : -1;
    if (pid == 0) {
        close(ends[1]);
        become(helper, ends[0]);
    }
    if (pid < 0) {
        a407_error("the helper can't be started: %s", strerror(errno));
        return false;
    }
    close(ends[0]);
    /* one that does not read says by its status whether that is well */
    signal(SIGPIPE, SIG_IGN);
    while (words.n) {
        ssize_t k = write(ends[1], words.p, words.n);
        if (k <= 0 && errno != EINTR)
            break;
        words = a407_span_skip(words, k > 0 ? (size_t)k : 0);
    }
    close(ends[1]);
    return ended_well(pid);
}

/* As the library will: many helpers end well whatever they have done. */
static bool gives_back(const struct a407_config *config,
                       const struct a407_endpoint *proxy, char *helper,
                       const struct a407_credential *c)
{
    struct a407_credential asked = {.label = (char *)"this section",
                                    .username = c->username,
                                    .helper = helper,
                                    .from = A407_FROM_FILE};
    struct a407_ask ask = {.kind = A407_ASK_SECRET,
                           .cred = &asked,
                           .configured = &asked,
                           .again = true,
                           .proxy = proxy};
    struct a407_told told = {0};
    struct a407_talk talk = {.child.fd = -1};
    if (a407_fetch_begin(config, &ask, config->helper_ms, &talk, &told)) {
        a407_talk_wait(&talk);
        a407_fetch_end(config, &ask, config->helper_ms, &talk, &told);
    }
    bool same =
        told.ok && a407_same_text(told.secret->token, c->token) &&
        a407_same_text(told.secret->username, c->username) &&
        (c->token || a407_same_text(told.secret->password, c->password));
    if (!told.ok)
        a407_error("what was stored can't be read: %s", told.detail);
    else if (!same)
        a407_error("the helper does not give back what it was given to store");
    a407_talk_drop(&talk);
    a407_told_clear(&told);
    return same;
}

bool a407_login_store(const struct a407_config *config,
                      const struct a407_endpoint *proxy, const char *helper,
                      const struct a407_credential *c)
{
    struct a407_buf words;
    a407_buf_init(&words, WORDS_MAX);
    char *copy = a407_strdup_span(a407_span_str(helper));
    bool ok = copy && words_for(&words, proxy, c);
    if (!ok)
        a407_error("out of memory");
    ok = ok && store(helper + (*helper == '!'), a407_span(words.p, words.n)) &&
         gives_back(config, proxy, copy, c);
    a407_buf_free(&words);
    a407_free_secret(copy);
    return ok;
}
