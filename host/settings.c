/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "core/base/hash.h"
#include "core/config/log_target.h"
#include "credfile_read.h"
#include "file_at.h"
#include "handed.h"
#include "sink.h"

const char *a407_environment(void *ctx, const char *name)
{
    (void)ctx;
    const char *value = secure_getenv(name);
    return value ? value : a407_handed(name);
}

/* The program may change its folder: what a path is relative to is settled now.
 */
static void settle(char **path)
{
    char whole[PATH_MAX];
    char *z = *path && a407_path_absolute(*path, whole) ? strdup(whole) : NULL;
    if (z) {
        free(*path);
        *path = z;
    }
}

static void complain(const struct a407_config *c, struct a407_diag *diag)
{
    if (diag->text[0])
        a407_sink_problem(c, diag->text);
    diag->text[0] = '\0';
}

struct a407_config *a407_settings_read(a407_getenv_fn *get, void *ctx)
{
    struct a407_diag diag = {""};
    uint8_t test;
    struct a407_config *c = a407_config_new(get, ctx, &diag);
    if (c && gethostname(c->machine, sizeof c->machine - 1) != 0)
        c->machine[0] = '\0';
    if (!c || c->mode == A407_MODE_OFF) {
        a407_config_free(c);
        return NULL;
    }
    if (!a407_log_is_word(c->log))
        settle(&c->log);
    complain(c, &diag);
    /* An observer says by it what is missing, and sends nothing of it. Without
       random bytes no Digest can be made; watching still works. */
    a407_credfile_load(c, &diag);
    if (c->mode == A407_MODE_INJECT) {
        settle(&c->credentials_path); /* it is read again */
        if (syscall(SYS_getrandom, &test, sizeof test, GRND_NONBLOCK) !=
            sizeof test)
            c->mode = A407_MODE_OBSERVE;
        complain(c, &diag);
    }
    return c;
}

/* A sandbox that was put up since may forbid getrandom(). What is made here is
   no key: a cnonce has to be new, and hard to foretell (RFC 7616 section 5.8).
 */
static void last_resort(uint8_t *p, size_t n)
{
    static atomic_uint count;
    const void *seed = (const void *)getauxval(AT_RANDOM);
    while (n) {
        uint8_t out[A407_HASH_MAX];
        int64_t once[] = {a407_clock_us(CLOCK_REALTIME),
                          a407_clock_us(CLOCK_MONOTONIC),
                          atomic_fetch_add(&count, 1)};
        struct a407_span parts[] = {a407_span(seed, seed ? 16 : 0),
                                    a407_span(once, sizeof once)};
        a407_hash(&nettle_sha256, "", parts, 2, out);
        size_t k = n < sizeof out ? n : sizeof out;
        memcpy(p, out, k);
        p += k;
        n -= k;
    }
}

static void random_bytes(void *ctx, void *p, size_t n)
{
    (void)ctx;
    uint8_t *at = p;
    while (n) {
        ssize_t k = syscall(SYS_getrandom, at, n, 0);
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

const struct a407_host a407_machine = {.random = random_bytes};
