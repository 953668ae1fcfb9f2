/* SPDX-License-Identifier: MIT */
#include "lockout.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <nettle/pbkdf2.h>

#include "clock.h"
#include "core/base/buf.h"
#include "core/base/hash.h"
#include "file_at.h"

/* Slow, since a mark's name is derived from a refused password, which may be
   yesterday's right one. */
#define ROUNDS 20000

/* A user name has to fit into a request's head. */
#define SALT_MAX ((size_t)128 * 1024)

/* The path of the marks' folder (a407_path_in). NULL: marks are not used. */
static char *marks_folder(const struct a407_config *c)
{
    return c->lockout_s ? a407_path_in(c->state_dir, "refused") : NULL;
}

/* Appends a mark's name to its folder's path in out. */
static bool mark_path(const struct a407_endpoint *proxy,
                      const struct a407_credential *cred, char *out)
{
    uint8_t key[16];
    struct a407_buf salt;
    const char *secret = cred->password ? cred->password : cred->token;
    size_t n = strlen(out);
    if (!secret || n + 2 * sizeof key + 2 > PATH_MAX)
        return false;
    a407_buf_init(&salt, SALT_MAX);
    if (!a407_buf_fmt(&salt, "auth407 %s %u ", proxy->host, proxy->port) ||
        (cred->username && !a407_buf_str(&salt, cred->username))) {
        a407_buf_free(&salt);
        return false;
    }
    nettle_pbkdf2_hmac_sha256(strlen(secret), (const uint8_t *)secret, ROUNDS,
                              salt.n, (const uint8_t *)salt.p, sizeof key, key);
    a407_buf_free(&salt);
    out[n++] = '/';
    a407_hex(out + n, key, sizeof key);
    return true;
}

static bool is_there(const char *path, int how, struct stat *st)
{
    struct a407_at at;
    bool ok = a407_at_find(&at, path, how) && a407_at_stat(&at, st) == 0;
    a407_at_close(&at);
    return ok;
}

/* Not time(), which may be some milliseconds behind: a file's time is not on
   newer kernels, and what was marked just now is not in the future. */
static time_t now_s(void)
{
    return (time_t)(a407_clock_us(CLOCK_REALTIME) / 1000000);
}

static bool is_young(const struct a407_config *c, const struct stat *st)
{
    return now_s() - st->st_mtime < (time_t)c->lockout_s;
}

/* The folder is as young as its youngest mark (change): where nothing was
   refused of late no name need be derived, which takes some 10 ms. */
static bool may_be_marked(const struct a407_config *c, const char *path)
{
    struct stat st;
    return is_there(path, 0, &st) && is_young(c, &st);
}

/* Its folder is young again, or it is gone. */
static void change(const char *path, bool remove)
{
    struct a407_at at;
    if (a407_at_find(&at, path, A407_AT_NO_LINK))
        (void)(remove ? unlinkat(at.folder, at.name, 0)
                      : utimensat(at.folder, ".", NULL, 0)); /* O_PATH */
    a407_at_close(&at);
}

int64_t a407_lockout_marked(const struct a407_config *c,
                            const struct a407_endpoint *proxy,
                            const struct a407_credential *cred)
{
    struct stat st;
    char *path = marks_folder(c);
    bool marked = path && may_be_marked(c, path) &&
                  mark_path(proxy, cred, path) &&
                  is_there(path, A407_AT_NO_LINK, &st);
    free(path);
    return marked && st.st_mtime <= now_s() && is_young(c, &st)
               ? a407_stat_us(&st)
               : 0;
}

void a407_lockout_mark(const struct a407_config *c,
                       const struct a407_endpoint *proxy,
                       const struct a407_credential *cred, bool accepted)
{
    int fd = -1;
    char *path = marks_folder(c);
    bool usable = path && (!accepted || may_be_marked(c, path)) &&
                  mark_path(proxy, cred, path);
    if (usable && accepted)
        change(path, true);
    else if (usable)
        fd = a407_file_open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0) {
        futimens(fd, NULL);
        close(fd);
        change(path, false);
    }
    free(path);
}
