/* SPDX-License-Identifier: MIT */
#include "memory_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <nettle/hmac.h>

#include "clock.h"
#include "core/base/hash.h"
#include "quiet.h"
#include "settings.h"

#define FILES_MAX 4096 /* that are looked at when old ones are removed */

/* ---- files of a folder ---- */

bool a407_folder_read(const struct a407_folder *f, const char *name,
                      struct a407_buf *out, int64_t *age)
{
    struct stat st;
    char some[1024];
    ssize_t n = -1;
    int fd = openat(f->at.folder, name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (a407_fd_stat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_uid == a407_euid() && !(st.st_mode & 077))
        while ((n = read(fd, some, sizeof some)) > 0)
            if (!a407_buf_add(out, some, (size_t)n))
                break;
    a407_wipe(some, sizeof some);
    close(fd);
    /* not time(), which may be behind a file that was written just now */
    *age = a407_clock_us(CLOCK_REALTIME) / 1000000 - st.st_mtime;
    return n == 0 && !out->failed;
}

void a407_folder_new_name(a407_file_name out)
{
    uint8_t some[8];
    a407_machine.random(a407_machine.ctx, some, sizeof some);
    memcpy(out, "new.", 4);
    a407_hex(out + 4, some, sizeof some);
}

static bool write_all(int fd, struct a407_span s)
{
    struct a407_quiet quiet;
    ssize_t n = 1;
    a407_quiet_begin(&quiet);
    while (s.n && n > 0) {
        n = write(fd, s.p, s.n);
        if (n > 0)
            s = a407_span_skip(s, (size_t)n);
    }
    a407_quiet_end(&quiet, s.n);
    return !s.n;
}

bool a407_folder_write(const struct a407_folder *f, const char *name,
                       bool replace, struct a407_span text)
{
    a407_file_name new;
    a407_folder_new_name(new);
    int at = f->at.folder;
    int fd = openat(at, new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = write_all(fd, text);
    close(fd);
    ok = ok && (replace ? renameat(at, new, at, name)
                        : linkat(at, new, at, name, 0)) == 0;
    int error = errno;
    if (!ok || !replace)
        unlinkat(at, new, 0);
    errno = error;
    return ok;
}

void a407_folder_sweep(const struct a407_folder *f)
{
    int fd = openat(f->at.folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *d;
    struct stat st;
    int64_t now = a407_clock_us(CLOCK_REALTIME) / 1000000;
    for (int i = 0; list && i < FILES_MAX && (d = readdir(list)); i++)
        if (strcmp(d->d_name, "key") != 0 &&
            fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            !S_ISDIR(st.st_mode) && now - st.st_mtime > A407_DAY_S)
            unlinkat(fd, d->d_name, 0);
    if (list)
        closedir(list);
    else if (fd >= 0)
        close(fd);
}

/* ---- the folder ---- */

static bool read_key(struct a407_folder *f)
{
    struct a407_buf text;
    int64_t age;
    a407_buf_init(&text, A407_FOLDER_KEY);
    bool ok =
        a407_folder_read(f, "key", &text, &age) && text.n == A407_FOLDER_KEY;
    if (ok)
        memcpy(f->key, text.p, A407_FOLDER_KEY);
    a407_buf_free(&text);
    return ok;
}

/* Another process may be first; one that can't be read is replaced. */
static bool make_key(struct a407_folder *f)
{
    uint8_t key[A407_FOLDER_KEY];
    struct a407_span text = {(const char *)key, sizeof key};
    a407_machine.random(a407_machine.ctx, key, sizeof key);
    if (a407_folder_write(f, "key", false, text) || read_key(f))
        return read_key(f);
    return unlinkat(f->at.folder, "key", 0) == 0 &&
           a407_folder_write(f, "key", false, text) && read_key(f);
}

static bool open_one(struct a407_folder *f, char *key_path, bool make)
{
    bool ok = key_path &&
              a407_at_find(&f->at, key_path,
                           A407_AT_NO_LINK | (make ? A407_AT_MAKE : 0)) &&
              f->at.st.st_uid == a407_euid() && !(f->at.st.st_mode & 077) &&
              (read_key(f) || (make && make_key(f)));
    if (!ok && key_path)
        a407_at_close(&f->at);
    free(key_path);
    return ok;
}

/* The folder of a session is made by who made the session. */
static bool has_session(const struct a407_config *c)
{
    struct a407_at at;
    struct stat st;
    bool ok = c->runtime_dir &&
              a407_at_find(&at, c->runtime_dir, A407_AT_NO_LINK) &&
              a407_at_stat(&at, &st) == 0 && S_ISDIR(st.st_mode) &&
              st.st_uid == a407_euid();
    if (c->runtime_dir)
        a407_at_close(&at);
    return ok;
}

bool a407_folder_open(const struct a407_config *c, enum a407_folder_how how,
                      struct a407_folder *f)
{
    bool make = how != A407_FOLDER_LOOK;
    if (!c->memory || c->mode != A407_MODE_INJECT)
        return false;
    return (c->runtime_dir && (!make || has_session(c)) &&
            open_one(f, a407_path_in(c->runtime_dir, "auth407/key"), make)) ||
           (how != A407_FOLDER_SESSION &&
            open_one(f, a407_path_in(c->state_dir, "memory/key"), make));
}

bool a407_folder_first(const struct a407_config *c, const char *what)
{
    struct a407_folder f;
    a407_file_name name;
    if (!*c->run || !a407_folder_open(c, A407_FOLDER_MAKE, &f))
        return true;
    snprintf(name, sizeof name, "run.%s%s", c->run, what);
    bool first =
        a407_folder_write(&f, name, false, a407_span("", 0)) || errno != EEXIST;
    if (first)
        a407_folder_sweep(&f);
    a407_at_close(&f.at);
    return first;
}

/* ---- names ---- */

/* Of each with its NUL; an absent one is told from an empty one. */
void a407_folder_sum(const struct a407_folder *f, const char *const *parts,
                     size_t n, size_t bytes, char *hex)
{
    struct hmac_sha256_ctx h;
    uint8_t mac[SHA256_DIGEST_SIZE];
    hmac_sha256_set_key(&h, A407_FOLDER_KEY, f->key);
    for (size_t i = 0; i < n; i++)
        hmac_sha256_update(&h, parts[i] ? strlen(parts[i]) + 1 : 1,
                           (const uint8_t *)(parts[i] ? parts[i] : "\xff"));
    hmac_sha256_digest(&h, sizeof mac, mac);
    a407_hex(hex, mac, bytes);
    a407_wipe(&h, sizeof h);
    a407_wipe(mac, sizeof mac);
}

void a407_folder_name(const struct a407_folder *f, const struct a407_owner *o,
                      a407_file_name out)
{
    const struct a407_credential *c = o->configured;
    char port[8], hex[17];
    snprintf(port, sizeof port, "%u", o->proxy->port);
    const char *id[] = {o->proxy->host,
                        port,
                        c->username,
                        c->domain,
                        c->helper,
                        c->token_file,
                        c->netrc,
                        c->keytab,
                        c->password_file,
                        c->service,
                        c->token ? "token" : "password"};
    a407_folder_sum(f, id, sizeof id / sizeof id[0], 8, hex);
    snprintf(out, sizeof(a407_file_name), "%.128s:%s-%s", o->proxy->host, port,
             hex);
}
