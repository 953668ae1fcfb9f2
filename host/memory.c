/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <nettle/hmac.h>

#include "core/base/hash.h"
#include "file_at.h"
#include "quiet.h"
#include "settings.h"

/* A proxy may be another one tomorrow. What is still used is written anew. */
#define DAY_S     86400
#define REFRESH_S 3600

/* A nonce that its server has forgotten costs one request: most keep them for
   half an hour at least. More of them than processes that run side by side. */
#define NONCE_S 3600
#define NONCES  32u

#define TEXT_MAX  ((size_t)16 * 1024)
#define FILES_MAX 4096 /* that are looked at when old ones are removed */

#define KEY_SIZE 32

struct folder {
    struct a407_at at;
    uint8_t key[KEY_SIZE];
};

typedef char file_name[NAME_MAX + 1];

/* ---- files of a folder ---- */

/* Reads a whole file of ours. False: not there, not ours, or too long. *age: in
   seconds, negative where the clock was set back. */
static bool read_text(const struct folder *f, const char *name,
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
    close(fd);
    *age = time(NULL) - st.st_mtime;
    return n == 0 && !out->failed;
}

static void random_name(file_name out)
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

/* Whole or not at all. replace: also if there is one. */
/* Where it is refused because of another, errno is EEXIST. */
static bool write_text(const struct folder *f, const char *name, bool replace,
                       struct a407_span text)
{
    file_name new;
    random_name(new);
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

static void remove_old(const struct folder *f)
{
    int fd = openat(f->at.folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *d;
    struct stat st;
    int64_t now = time(NULL);
    for (int i = 0; list && i < FILES_MAX && (d = readdir(list)); i++)
        if (strcmp(d->d_name, "key") != 0 &&
            fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            !S_ISDIR(st.st_mode) && now - st.st_mtime > DAY_S)
            unlinkat(fd, d->d_name, 0);
    if (list)
        closedir(list);
    else if (fd >= 0)
        close(fd);
}

/* ---- the folder ---- */

static bool read_key(struct folder *f)
{
    struct a407_buf text;
    int64_t age;
    a407_buf_init(&text, KEY_SIZE);
    bool ok = read_text(f, "key", &text, &age) && text.n == KEY_SIZE;
    if (ok)
        memcpy(f->key, text.p, KEY_SIZE);
    a407_buf_free(&text);
    return ok;
}

/* Another process may be first; one that can't be read is replaced. */
static bool make_key(struct folder *f)
{
    uint8_t key[KEY_SIZE];
    struct a407_span text = {(const char *)key, sizeof key};
    a407_machine.random(a407_machine.ctx, key, sizeof key);
    if (write_text(f, "key", false, text) || read_key(f))
        return read_key(f);
    return unlinkat(f->at.folder, "key", 0) == 0 &&
           write_text(f, "key", false, text) && read_key(f);
}

static bool open_one(struct folder *f, char *key_path, bool make)
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

/* Makes it where `make` is set. The caller closes f->at if true. */
static bool open_folder(const struct a407_config *c, bool make,
                        struct folder *f)
{
    if (!c->memory || c->mode != A407_MODE_INJECT)
        return false;
    return ((!make || has_session(c)) &&
            open_one(f, a407_path_in(c->runtime_dir, "auth407/key"), make)) ||
           open_one(f, a407_path_in(c->state_dir, "memory/key"), make);
}

/* ---- names ---- */

/* Of each with its NUL; an absent one is told from an empty one. */
static void sum(const struct folder *f, const char *const *parts, size_t n,
                size_t bytes, char *hex)
{
    struct hmac_sha256_ctx h;
    uint8_t mac[SHA256_DIGEST_SIZE];
    hmac_sha256_set_key(&h, KEY_SIZE, f->key);
    for (size_t i = 0; i < n; i++)
        hmac_sha256_update(&h, parts[i] ? strlen(parts[i]) + 1 : 1,
                           (const uint8_t *)(parts[i] ? parts[i] : "\xff"));
    hmac_sha256_digest(&h, sizeof mac, mac);
    a407_hex(hex, mac, bytes);
    a407_wipe(&h, sizeof h);
    a407_wipe(mac, sizeof mac);
}

static void name_of(const struct folder *f, const struct a407_owner *o,
                    file_name out)
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
    sum(f, id, sizeof id / sizeof id[0], 8, hex);
    snprintf(out, sizeof(file_name), "%.128s:%s-%s", o->proxy->host, port, hex);
}

/* Two bytes: of all guesses at the secret one in 65,536 fits. */
static void mark_of(const struct folder *f, const struct a407_owner *o,
                    char out[5])
{
    const char *of[] = {o->proxy->host, o->cred->username, o->cred->password,
                        o->cred->token};
    sum(f, of, sizeof of / sizeof of[0], 2, out);
}

/* ---- what counts ---- */

static void nonce_name(const char *name, unsigned i, file_name out)
{
    snprintf(out, sizeof(file_name), "%.240s.%u", name, i);
}

/* Who moves a file away has it alone: its count goes on in one process. */
static bool take_nonce(const struct folder *f, const char *name, unsigned i,
                       struct a407_buf *out)
{
    file_name from, own;
    int64_t age = -1;
    nonce_name(name, i, from);
    random_name(own);
    if (renameat(f->at.folder, from, f->at.folder, own) != 0)
        return false;
    bool ok = read_text(f, own, out, &age) && age >= 0 && age < NONCE_S;
    unlinkat(f->at.folder, own, 0);
    return ok;
}

static void resume(const struct folder *f, struct a407_proxy *p, unsigned cred,
                   const char *name)
{
    bool done = false;
    for (unsigned i = 0; i < NONCES && !done; i++) {
        struct a407_buf line;
        a407_buf_init(&line, TEXT_MAX);
        done = take_nonce(f, name, i, &line) &&
               a407_proxy_resume(p, cred, a407_span(line.p, line.n));
        a407_buf_free(&line);
    }
}

void a407_memory_hand_on(const struct a407_owner *o, struct a407_span line)
{
    struct folder f;
    file_name name, slot;
    bool done = false;
    if (!open_folder(o->config, true, &f))
        return;
    name_of(&f, o, name);
    for (unsigned i = 0; i < NONCES && !done; i++) {
        nonce_name(name, i, slot);
        done = write_text(&f, slot, false, line) || errno != EEXIST;
    }
    a407_at_close(&f.at);
}

/* ---- what worked ---- */

/* The first line: what the rest is about. */
static bool header(const struct folder *f, const struct a407_owner *o,
                   struct a407_buf *out)
{
    char mark[5];
    mark_of(f, o, mark);
    return a407_buf_fmt(out, "auth407 1 %s:%u %s\n", o->proxy->host,
                        o->proxy->port, mark);
}

/* Reads what is there about the owner, and young enough. *rest: behind the
   first line, in text, which the caller frees. secret: of this very one. */
static bool read_about(const struct folder *f, const struct a407_owner *o,
                       bool secret, struct a407_buf *text, int64_t *age,
                       struct a407_span *rest)
{
    file_name name;
    struct a407_buf first;
    struct a407_span line;
    name_of(f, o, name);
    a407_buf_init(text, TEXT_MAX);
    a407_buf_init(&first, TEXT_MAX);
    bool ok = read_text(f, name, text, age) && *age >= 0 && *age < DAY_S &&
              header(f, o, &first);
    *rest = a407_span(text->p, text->n);
    ok = ok && a407_span_cut(rest, '\n', &line) && line.n + 1 == first.n &&
         memcmp(line.p, first.p, secret ? line.n : line.n - 4) == 0;
    a407_buf_free(&first);
    return ok;
}

/* A secret that stands outside is not known yet. */
static void recall(const struct folder *f, struct a407_proxy *p, unsigned cred)
{
    struct a407_owner o = {p->config, &p->endpoint,
                           p->standing[cred].configured, p->creds[cred]};
    struct a407_span rest;
    struct a407_buf text;
    file_name name;
    int64_t age;
    if (read_about(f, &o, !a407_credential_is_outside(o.cred), &text, &age,
                   &rest)) {
        name_of(f, &o, name);
        if (a407_proxy_recall(p, cred, rest))
            resume(f, p, cred, name);
        if (age > REFRESH_S)
            p->remembered = (struct a407_remembered){0};
    }
    a407_buf_free(&text);
}

void a407_memory_recall(struct a407_proxy *p)
{
    struct folder f;
    if (!p->configured || !p->n_creds || !open_folder(p->config, false, &f))
        return;
    for (unsigned i = 0; i < p->n_creds; i++)
        recall(&f, p, i);
    a407_at_close(&f.at);
}

void a407_memory_keep(const struct a407_owner *o, struct a407_span text)
{
    struct folder f;
    file_name name;
    struct a407_buf all;
    if (!open_folder(o->config, true, &f))
        return;
    name_of(&f, o, name);
    a407_buf_init(&all, TEXT_MAX);
    if (header(&f, o, &all) && a407_buf_span(&all, text))
        write_text(&f, name, true, a407_span(all.p, all.n));
    a407_buf_free(&all);
    remove_old(&f);
    a407_at_close(&f.at);
}

/* ---- what is not known to be right ---- */

#define TRIAL_MS 3000

static void trial_name(const struct folder *f, const struct a407_owner *o,
                       file_name out)
{
    file_name name;
    char mark[5];
    name_of(f, o, name);
    mark_of(f, o, mark);
    snprintf(out, sizeof(file_name), "%.200s.try-%s", name, mark);
}

static bool is_tried(const struct folder *f, const char *name)
{
    struct stat st;
    struct timespec now;
    if (fstatat(f->at.folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        clock_gettime(CLOCK_REALTIME, &now) != 0)
        return false;
    int64_t ms = (now.tv_sec - st.st_mtim.tv_sec) * 1000 +
                 (now.tv_nsec - st.st_mtim.tv_nsec) / 1000000;
    return ms >= 0 && ms < TRIAL_MS;
}

bool a407_memory_try(const struct a407_owner *o)
{
    struct folder f;
    file_name name;
    struct a407_span rest;
    struct a407_buf text;
    int64_t age;
    bool may = true;
    if (!open_folder(o->config, true, &f))
        return true;
    trial_name(&f, o, name);
    if (!read_about(&f, o, true, &text, &age, &rest) &&
        !write_text(&f, name, false, a407_span("", 0))) {
        may = !is_tried(&f, name);
        if (may) { /* who began with it has ended, or hangs */
            unlinkat(f.at.folder, name, 0);
            write_text(&f, name, false, a407_span("", 0));
        }
    }
    a407_buf_free(&text);
    a407_at_close(&f.at);
    return may;
}

void a407_memory_tried(const struct a407_owner *o, bool refused)
{
    struct folder f;
    file_name name;
    if (!open_folder(o->config, false, &f))
        return;
    trial_name(&f, o, name);
    unlinkat(f.at.folder, name, 0);
    name_of(&f, o, name);
    if (refused)
        unlinkat(f.at.folder, name, 0);
    a407_at_close(&f.at);
}
