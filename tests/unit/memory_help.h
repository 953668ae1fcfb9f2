/* SPDX-License-Identifier: MIT */
#ifndef TEST_MEMORY_HELP_H
#define TEST_MEMORY_HELP_H

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/engine/engine.h"
#include "host/answers.h"
#include "host/memory.h"
#include "unit.h"

/* A folder of a test's own, in which the memory of one credential lies. */

#define NONCE "worked digest Digest nc=00000007, realm=\"corp\", nonce=\"n1\"\n"

static char root[] = "/tmp/test_memory.XXXXXX";
static char session[64], lasting[64];
static char user[] = "alice", password[] = "secret", label[] = "here";
static struct a407_credential alice = {.endpoint = {.host = "*"},
                                       .label = label,
                                       .username = user,
                                       .password = password,
                                       .schemes = A407_ALL_SCHEMES};
static struct a407_known_proxy known = {
    .endpoint = {.host = "proxy.test", .port = 3128}, .from_environment = true};
static struct a407_config config = {.runtime_dir = session,
                                    .state_dir = lasting,
                                    .memory = true,
                                    .helper_memory = true,
                                    .schemes = A407_ALL_SCHEMES,
                                    .proxies = &known,
                                    .credentials = &alice};
static const struct a407_host host;

__attribute__((constructor)) static void set_up(void)
{
    if (!mkdtemp(root))
        abort();
    snprintf(session, sizeof session, "%s/run", root);
    snprintf(lasting, sizeof lasting, "%s/state", root);
}

__attribute__((destructor)) static void tear_down(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", root);
    if (system(command) != 0)
        abort();
}

static inline void shell(const char *command)
{
    char text[1024];
    snprintf(text, sizeof text, "cd %s && { %s; }", root, command);
    assert_int_equal(system(text), 0);
}

/* Nothing is remembered, and there is a session. */
static inline void anew(void)
{
    shell("rm -rf run state && mkdir -m 700 run");
}

static inline struct a407_owner owner(void)
{
    return (struct a407_owner){&config, &known.endpoint, &alice, &alice};
}

static inline void keep(const char *text)
{
    struct a407_owner o = owner();
    a407_memory_keep(&o, a407_span_str(text));
}

/* The scheme that the next process starts with; NULL: none. */
static inline const char *recalled(struct a407_proxy *p)
{
    a407_proxy_init(p, &config, &host, &known.endpoint, true);
    a407_memory_recall(p);
    return p->scheme ? p->scheme->token : NULL;
}

static inline const char *recalled_scheme(void)
{
    struct a407_proxy p;
    const char *scheme = recalled(&p);
    a407_proxy_clear(&p);
    return scheme;
}

static inline void expect(const char *scheme)
{
    const char *got = recalled_scheme();
    if (scheme)
        assert_non_null(got);
    if (scheme && got)
        assert_string_equal(got, scheme);
    if (!scheme)
        assert_null(got);
}

#endif
