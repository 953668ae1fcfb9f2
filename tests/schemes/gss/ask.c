/* SPDX-License-Identifier: MIT */
/*
 * host/gss.c by hand: reads commands, one a line, and answers each with one
 * line. The helper is the auth407-gss beside this program.
 *
 *   set NAME VALUE    username password domain keytab service (of the
 *                     credential), shared (of the settings), host, canonicalize
 *                     ms; without VALUE: none
 *   token SLOT [B64]  "ok B64", or "fail CAUSE TEXT"
 *   verify SLOT B64   "ok", or the same
 *   pid SLOT          of what was started; 0: it has ended
 *   end SLOT          "ok"
 *   seen              SIGCHLD so far, and whether wait() finds a child
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "core/auth/gss_protocol.h"
#include "host/gss.h"
#include "tests/fixtures/talk.h"

#define SLOTS 4

static struct a407_config config;
static struct a407_credential cred;
static struct a407_endpoint proxy = {.host = "proxy.test", .port = 3128};
static struct a407_child child[SLOTS];
static volatile sig_atomic_t chld;

static void on_chld(int sig)
{
    (void)sig;
    chld++;
}

static void set(const char *name, const char *value)
{
    static const struct {
        const char *name;
        char **at;
    } texts[] = {
        {"username", &cred.username}, {"password", &cred.password},
        {"domain", &cred.domain},     {"keytab", &cred.keytab},
        {"service", &cred.service},   {"shared", &config.service},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(name, texts[i].name) == 0) {
            free(*texts[i].at);
            *texts[i].at = value ? strdup(value) : NULL;
        }
    if (strcmp(name, "host") == 0)
        snprintf(proxy.host, sizeof proxy.host, "%s", value);
    if (strcmp(name, "canonicalize") == 0)
        config.canonicalize = value != NULL;
    if (strcmp(name, "ms") == 0)
        config.helper_ms = value ? (unsigned)atoi(value) : 0;
    puts("ok");
}

static void show(const struct a407_told *told)
{
    struct a407_buf line;
    if (!told->ok) {
        printf("fail %s %s\n", a407_cause_info(told->cause)->code,
               told->detail);
        return;
    }
    a407_buf_init(&line, A407_GSS_MESSAGE_MAX);
    if (told->token.n)
        a407_gss_put_token(&line, a407_span(told->token.p, told->token.n));
    else
        a407_buf_str(&line, "token=\n");
    printf("ok %.*s", (int)line.n - 6, line.p + 6);
    a407_buf_free(&line);
}

static void ask(enum a407_ask_kind kind, unsigned slot, const char *text)
{
    struct a407_ask a = {.kind = kind, .cred = &cred, .proxy = &proxy};
    struct a407_told told = {.cause = A407_CAUSE_PROTOCOL};
    struct a407_buf line, token;
    a407_buf_init(&line, A407_GSS_MESSAGE_MAX);
    a407_buf_init(&token, A407_GSS_MESSAGE_MAX);
    if (text && a407_buf_str(&line, "token=") && a407_buf_str(&line, text) &&
        a407_gss_token(a407_span(line.p, line.n), &token))
        a.token = token;
    int64_t ms = config.helper_ms ? config.helper_ms : 10000;
    struct a407_talk talk = {.child = child[slot]};
    if (a407_gss_begin(&config, &a, ms, &talk, &told)) {
        talk_wait(&talk);
        a407_gss_end(&a, ms, &talk, &told);
    }
    child[slot] = (struct a407_child){.fd = -1};
    if (kind == A407_ASK_TOKEN && told.ok) {
        child[slot] = talk.child;
        talk.child = (struct a407_child){.fd = -1};
    }
    a407_talk_drop(&talk);
    show(&told);
    a407_buf_free(&told.token);
    a407_buf_free(&line);
    a407_buf_free(&token);
}

static void seen(void)
{
    pid_t pid = waitpid(-1, NULL, WNOHANG);
    printf("sigchld %d wait %s\n", (int)chld,
           pid < 0 && errno == ECHILD ? "ECHILD" : "a child");
}

static void command(char *line)
{
    static const char *const blanks = " \n";
    char *rest = NULL, *verb = strtok_r(line, blanks, &rest);
    char *one = strtok_r(NULL, blanks, &rest);
    unsigned slot = one ? (unsigned)atoi(one) % SLOTS : 0;
    if (!verb)
        return;
    if (strcmp(verb, "set") == 0 && one) {
        set(one, strtok_r(NULL, "\n", &rest));
    } else if (strcmp(verb, "token") == 0) {
        ask(A407_ASK_TOKEN, slot, strtok_r(NULL, blanks, &rest));
    } else if (strcmp(verb, "verify") == 0) {
        ask(A407_ASK_VERIFY, slot, strtok_r(NULL, blanks, &rest));
    } else if (strcmp(verb, "pid") == 0) {
        printf("%d\n", (int)child[slot].pid);
    } else if (strcmp(verb, "end") == 0) {
        a407_child_end(&child[slot]);
        puts("ok");
    } else {
        seen();
    }
}

int main(void)
{
    static char line[A407_GSS_MESSAGE_MAX];
    struct sigaction act = {.sa_handler = on_chld};
    sigaction(SIGCHLD, &act, NULL);
    while (fgets(line, sizeof line, stdin)) {
        command(line);
        fflush(stdout);
    }
    for (unsigned i = 0; i < SLOTS; i++)
        a407_child_end(&child[i]);
    char **texts[] = {&cred.username, &cred.password, &cred.domain,
                      &cred.keytab,   &cred.service,  &config.service};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(*texts[i]);
    return 0;
}
