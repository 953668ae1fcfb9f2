/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <unistd.h>

#include "complain.h"
#include "credfile_read.h"
#include "lockout.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct a407_config *config;

static const char *from_environment(void *ctx, const char *name)
{
    (void)ctx;
    return secure_getenv(name);
}

static void read_file(struct a407_config *c, struct a407_diag *diag)
{
    struct a407_buf text;
    if (!c->credentials_path)
        return;
    a407_buf_init(&text, 1024 * 1024);
    if (a407_credfile_read(c->credentials_path, &text, diag) ==
        A407_CREDFILE_OK)
        a407_config_add_file(c, text.p ? text.p : "", text.n, diag);
    a407_buf_free(&text);
}

static void load(void)
{
    struct a407_diag diag = {""};
    uint8_t test;
    if (getauxval(AT_SECURE))
        return;
    struct a407_config *c = a407_config_new(from_environment, NULL, &diag);
    if (!c)
        return;
    if (c->mode == A407_MODE_OFF) {
        a407_config_free(c);
        return;
    }
    if (diag.text[0])
        a407_complain(c, diag.text);
    diag.text[0] = '\0';
    /* Credentials are of no use to an observer: they are not read. Without
       random bytes no Digest can be made; watching still works. */
    if (c->mode == A407_MODE_INJECT) {
        read_file(c, &diag);
        if (getrandom(&test, sizeof test, GRND_NONBLOCK) != sizeof test)
            c->mode = A407_MODE_OBSERVE;
    }
    if (diag.text[0])
        a407_complain(c, diag.text);
    config = c;
}

const struct a407_config *a407_settings(void)
{
    pthread_once(&once, load);
    return config;
}

static void random_bytes(void *ctx, void *p, size_t n)
{
    (void)ctx;
    char *at = p;
    while (n) {
        ssize_t k = getrandom(at, n, 0);
        if (k <= 0)
            continue; /* EINTR; load() has seen it work */
        at += k;
        n -= (size_t)k;
    }
}

static bool held_back(void *ctx, const struct a407_endpoint *proxy,
                      const struct a407_credential *cred)
{
    (void)ctx;
    return a407_lockout_held(config, proxy, cred);
}

static void verdict(void *ctx, const struct a407_endpoint *proxy,
                    const struct a407_credential *cred, bool accepted)
{
    (void)ctx;
    a407_lockout_mark(config, proxy, cred, accepted);
}

const struct a407_host *a407_settings_host(void)
{
    static const struct a407_host host = {
        .random = random_bytes,
        .held_back = held_back,
        .verdict = verdict,
    };
    return &host;
}
