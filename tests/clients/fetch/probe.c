/* SPDX-License-Identifier: MIT */
/*
 * Asks for secrets as the library does: probe HOST:PORT [TIMES]. Each
 * credential that the file of AUTH407_CREDENTIALS has for the proxy is fetched
 * TIMES times, the later ones from what came of the one before; between them a
 * line is read from standard input. Writes a line for each: KEY=VALUE with tabs
 * between. With PROBE_ROOT=FOLDER, that is the root folder before the first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/auth/scheme.h"
#include "host/clock.h"
#include "host/credfile_read.h"
#include "host/fetch.h"
#include "host/file_at.h"
#include "host/settings.h"
#include "tests/fixtures/talk.h"

static void die(const char *what)
{
    fprintf(stderr, "probe: %s\n", what);
    exit(2);
}

static void show(const char *key, const char *value)
{
    if (value)
        printf("\t%s=%s", key, value);
}

static void fetch(const struct a407_config *config, struct a407_ask *ask)
{
    struct a407_told told = {.cause = A407_CAUSE_PROTOCOL};
    int64_t start = a407_now_ms();
    int64_t ms = config->helper_ms ? config->helper_ms : 10000;
    struct a407_talk talk = {.child.fd = -1};
    if (a407_fetch_begin(config, ask, ms, &talk, &told)) {
        talk_wait(&talk);
        a407_fetch_end(config, ask, ms, &talk, &told);
    }
    a407_talk_drop(&talk);
    printf("ok=%d\tcause=%s\tms=%lld", told.ok,
           a407_cause_info(told.cause)->code,
           (long long)(a407_now_ms() - start));
    show("detail", told.detail[0] ? told.detail : NULL);
    if (told.ok != (told.secret != NULL))
        die("a secret without success, or success without a secret");
    if (told.ok) {
        show("username", told.secret->username);
        show("password", told.secret->password);
        show("token", told.secret->token);
        show("label", told.secret->label);
        if (!a407_credential_is_outside(told.secret))
            die("where it comes from was lost");
        a407_credentials_free(ask->cred);
        ask->cred = told.secret;
    }
    puts("");
}

static void wait_for_a_line(void)
{
    int c;
    fflush(stdout);
    while ((c = getchar()) != '\n' && c != EOF)
        ;
}

static struct a407_config *settings(void)
{
    struct a407_diag diag = {""};
    struct a407_config *config = a407_config_new(a407_environment, NULL, &diag);
    if (!config || diag.text[0] ||
        a407_credfile_load(config, &diag) != A407_CREDFILE_OK)
        die(diag.text);
    return config;
}

static void go_elsewhere(void)
{
    const char *root = getenv("PROBE_ROOT");
    if (!root)
        return;
    if (chroot(root) != 0 || chdir("/") != 0)
        die("chroot");
    a407_paths_elsewhere(); /* as the library's hook does */
}

int main(int argc, char **argv)
{
    const struct a407_credential *creds[A407_CREDENTIALS_MAX];
    struct a407_endpoint proxy;
    bool elsewhere;
    if (argc < 2 || !a407_endpoint_parse(a407_span_str(argv[1]), &proxy))
        die("usage: probe HOST:PORT [TIMES]");
    struct a407_config *config = settings();
    size_t n = a407_config_credentials(config, &proxy, creds,
                                       A407_CREDENTIALS_MAX, &elsewhere);
    go_elsewhere();
    for (size_t i = 0; i < n; i++) {
        struct a407_ask ask = {
            .kind = A407_ASK_SECRET, .configured = creds[i], .proxy = &proxy};
        ask.cred = a407_credential_copy(creds[i]);
        for (int k = argc > 2 ? atoi(argv[2]) : 1; ask.cred && k > 0; k--) {
            fetch(config, &ask);
            ask.again = true;
            if (k > 1)
                wait_for_a_line();
        }
        a407_credentials_free(ask.cred);
    }
    a407_config_free(config);
    return 0;
}
