/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "complain.h"
#include "core/config/log_target.h"
#include "host/credfile_read.h"

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
    a407_buf_init(&text, A407_CREDFILE_MAX);
    if (a407_credfile_read(c->credentials_path, &text, diag) ==
        A407_CREDFILE_OK)
        a407_config_add_file(c, text.p ? text.p : "", text.n, diag);
    a407_buf_free(&text);
}

/* The program may change its folder: what the log's path is relative to is
   settled now. */
static void settle_log(struct a407_config *c)
{
    if (c->log[0] == '/' || a407_log_is_word(c->log))
        return;
    char *folder = getcwd(NULL, 0);
    size_t n = folder ? strlen(folder) + strlen(c->log) + 2 : 0;
    char *path = folder ? malloc(n) : NULL;
    if (path) {
        snprintf(path, n, "%s/%s", folder, c->log);
        free(c->log);
        c->log = path;
    }
    free(folder);
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
    settle_log(c);
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
    __atomic_store_n(&config, c, __ATOMIC_RELEASE);
}

const struct a407_config *a407_settings(void)
{
    pthread_once(&once, load);
    return config;
}

/*
 * A sandbox that the program has put up since may forbid getrandom(). What is
 * made here from the kernel's bytes at start and the time is no key: a cnonce
 * has to be new, and hard to foretell for the proxy (RFC 7616 section 5.8).
 */
static void last_resort(uint8_t *p, size_t n)
{
    static atomic_uint count;
    const uint8_t *seed = (const uint8_t *)getauxval(AT_RANDOM);
    while (n) {
        struct sha256_ctx ctx;
        uint8_t out[SHA256_DIGEST_SIZE];
        struct timespec t[2];
        unsigned c = atomic_fetch_add(&count, 1);
        clock_gettime(CLOCK_REALTIME, &t[0]);
        clock_gettime(CLOCK_MONOTONIC, &t[1]);
        sha256_init(&ctx);
        if (seed)
            sha256_update(&ctx, 16, seed);
        sha256_update(&ctx, sizeof t, (const uint8_t *)t);
        sha256_update(&ctx, sizeof c, (const uint8_t *)&c);
        sha256_digest(&ctx, sizeof out, out);
        size_t k = n < sizeof out ? n : sizeof out;
        memcpy(p, out, k);
        p += k;
        n -= k;
    }
}

bool a407_settings_loaded(void)
{
    return __atomic_load_n(&config, __ATOMIC_ACQUIRE) != NULL;
}

static void random_bytes(void *ctx, void *p, size_t n)
{
    (void)ctx;
    uint8_t *at = p;
    while (n) {
        ssize_t k = getrandom(at, n, 0);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0) {
            last_resort(at, n);
            return;
        }
        at += k;
        n -= (size_t)k;
    }
}

const struct a407_host *a407_settings_host(void)
{
    static const struct a407_host host = {.random = random_bytes};
    return &host;
}
