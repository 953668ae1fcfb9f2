/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "answers.h"
#include "clock.h"
#include "memory_folder.h"
#include "memory_trial.h"

/* A secret that was accepted so lately is right. Not for longer: where it was
   changed at the proxy, all that run side by side would send the old one. */
#define CONFIRMED_S 10

/* What is still used is written anew: often enough that programs which follow
   close upon each other do not wait for one that tries. */
#define REFRESH_S (CONFIRMED_S / 2)

/* A nonce that its server has forgotten costs one request: most keep them for
   half an hour at least. More of them than processes that run side by side. */
#define NONCE_S 3600
#define NONCES  32u

/* Two bytes: of all guesses at the secret one in 65,536 fits. */
static void mark_of(const struct a407_folder *f, const struct a407_owner *o,
                    char out[5])
{
    const char *of[] = {o->proxy->host, o->cred->username, o->cred->password,
                        o->cred->token};
    a407_folder_sum(f, of, sizeof of / sizeof of[0], 2, out);
}

/* ---- what counts ---- */

static void nonce_name(const char *name, unsigned i, a407_file_name out)
{
    snprintf(out, sizeof(a407_file_name), "%.240s.%u", name, i);
}

/* Who moves a file away, to a name of its own, has it alone: its count goes on
   in one process. */
static bool take_nonce(const struct a407_folder *f, const char *name,
                       unsigned i, const char *own, struct a407_buf *out)
{
    a407_file_name from;
    int64_t age = -1;
    nonce_name(name, i, from);
    if (renameat(f->at.folder, from, f->at.folder, own) != 0)
        return false;
    bool ok = a407_folder_read(f, own, out, &age) && age >= 0 && age < NONCE_S;
    unlinkat(f->at.folder, own, 0);
    return ok;
}

static void resume(const struct a407_folder *f, struct a407_proxy *p,
                   unsigned cred, const char *name)
{
    a407_file_name own;
    bool done = false;
    a407_folder_new_name(own);
    for (unsigned i = 0; i < NONCES && !done; i++) {
        struct a407_buf line;
        a407_buf_init(&line, A407_MEMORY_MAX);
        done = take_nonce(f, name, i, own, &line) &&
               a407_proxy_resume(p, cred, a407_span(line.p, line.n));
        a407_buf_free(&line);
    }
}

void a407_memory_hand_on(const struct a407_owner *o, struct a407_span line)
{
    struct a407_folder f;
    a407_file_name name, slot;
    bool done = false;
    if (!a407_folder_open(o->config, A407_FOLDER_MAKE, &f))
        return;
    a407_folder_name(&f, o, name);
    for (unsigned i = 0; i < NONCES && !done; i++) {
        nonce_name(name, i, slot);
        done = a407_folder_write(&f, slot, false, line) || errno != EEXIST;
    }
    a407_at_close(&f.at);
}

/* ---- what worked ---- */

/* The first line: what the rest is about. */
static bool header(const struct a407_folder *f, const struct a407_owner *o,
                   struct a407_buf *out)
{
    char mark[5];
    mark_of(f, o, mark);
    return a407_buf_fmt(out, "auth407 1 %s:%u %s\n", o->proxy->host,
                        o->proxy->port, mark);
}

/* Reads what is there about the owner, and young enough. *rest: behind the
   first line, in text, which the caller frees. secret: of this very one. */
static bool read_about(const struct a407_folder *f, const struct a407_owner *o,
                       bool secret, struct a407_buf *text, int64_t *age,
                       struct a407_span *rest)
{
    a407_file_name name;
    struct a407_buf first;
    struct a407_span line;
    a407_folder_name(f, o, name);
    a407_buf_init(text, A407_MEMORY_MAX);
    a407_buf_init(&first, A407_MEMORY_MAX);
    bool ok = a407_folder_read(f, name, text, age) && *age >= 0 &&
              *age < A407_DAY_S && header(f, o, &first);
    *rest = a407_span(text->p, text->n);
    ok = ok && a407_span_cut(rest, '\n', &line) && line.n + 1 == first.n &&
         memcmp(line.p, first.p, secret ? line.n : line.n - 4) == 0;
    a407_buf_free(&first);
    return ok;
}

/* A secret that stands outside is not known yet. */
static void recall(const struct a407_folder *f, struct a407_proxy *p,
                   unsigned cred)
{
    struct a407_owner o = {p->config, &p->endpoint,
                           p->standing[cred].configured, p->creds[cred]};
    struct a407_span rest;
    struct a407_buf text;
    a407_file_name name;
    int64_t age;
    if (read_about(f, &o, !a407_credential_is_outside(o.cred), &text, &age,
                   &rest)) {
        a407_folder_name(f, &o, name);
        if (a407_proxy_recall(p, cred, rest,
                              a407_clock_us(CLOCK_REALTIME) / 1000000))
            resume(f, p, cred, name);
        if (age >= REFRESH_S)
            p->remembered = (struct a407_remembered){0};
    }
    a407_buf_free(&text);
}

void a407_memory_recall(struct a407_proxy *p)
{
    struct a407_folder f;
    if (!p->configured || !p->n_creds ||
        !a407_folder_open(p->config, A407_FOLDER_LOOK, &f))
        return;
    for (unsigned i = 0; i < p->n_creds; i++)
        recall(&f, p, i);
    a407_at_close(&f.at);
}

void a407_memory_keep(const struct a407_owner *o, struct a407_span text)
{
    struct a407_folder f;
    a407_file_name name;
    struct a407_buf all;
    if (!a407_folder_open(o->config, A407_FOLDER_MAKE, &f))
        return;
    a407_folder_name(&f, o, name);
    a407_buf_init(&all, A407_MEMORY_MAX);
    if (header(&f, o, &all) && a407_buf_span(&all, text))
        a407_folder_write(&f, name, true, a407_span(all.p, all.n));
    a407_buf_free(&all);
    a407_folder_sweep(&f);
    a407_at_close(&f.at);
}

/* ---- what is not known to be right ---- */

/* A file about this very secret. */
static void secrets_name(const struct a407_folder *f,
                         const struct a407_owner *o, const char *what,
                         a407_file_name out)
{
    a407_file_name name;
    char mark[5];
    a407_folder_name(f, o, name);
    mark_of(f, o, mark);
    snprintf(out, sizeof(a407_file_name), "%.200s.%s-%s", name, what, mark);
}

/* Of its last change, microseconds since the epoch; 0: not there, or in the
   future. */
static int64_t time_of(const struct a407_folder *f, const char *name)
{
    struct stat st;
    return fstatat(f->at.folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                   a407_stat_us(&st) <= a407_clock_us(CLOCK_REALTIME)
               ? a407_stat_us(&st)
               : 0;
}

void a407_memory_replaces(const struct a407_owner *o)
{
    struct a407_folder f;
    a407_file_name name;
    if (!a407_folder_open(o->config, A407_FOLDER_MAKE, &f))
        return;
    secrets_name(&f, o, "since", name);
    a407_folder_write(&f, name, false, a407_span("", 0));
    a407_at_close(&f.at);
}

bool a407_memory_excuses(const struct a407_owner *o, int64_t marked_us)
{
    struct a407_folder f;
    a407_file_name name;
    if (!a407_folder_open(o->config, A407_FOLDER_LOOK, &f))
        return false;
    secrets_name(&f, o, "since", name);
    int64_t since = time_of(&f, name);
    a407_at_close(&f.at);
    return since && (marked_us <= since ||
                     (marked_us - since < A407_CHANGING_S * 1000000 &&
                      a407_clock_us(CLOCK_REALTIME) - marked_us >=
                          A407_SHORT_S * 1000000));
}

enum a407_may a407_memory_try(const struct a407_owner *o)
{
    struct a407_folder f;
    a407_file_name name;
    struct a407_span rest;
    struct a407_buf text;
    int64_t age;
    enum a407_may may = A407_MAY_KNOWN;
    if (!a407_folder_open(o->config, A407_FOLDER_MAKE, &f))
        return A407_MAY_TRY;
    secrets_name(&f, o, "try", name);
    if (!read_about(&f, o, true, &text, &age, &rest) || age >= CONFIRMED_S)
        may = a407_trial_begin(&f, name);
    a407_buf_free(&text);
    a407_at_close(&f.at);
    return may;
}

void a407_memory_tried(const struct a407_owner *o, bool refused)
{
    struct a407_folder f;
    a407_file_name name;
    struct a407_span rest;
    struct a407_buf text;
    int64_t age;
    if (!a407_folder_open(o->config, A407_FOLDER_LOOK, &f))
        return;
    secrets_name(&f, o, "try", name);
    a407_trial_end(&f, name);
    a407_folder_name(&f, o, name);
    /* what there is may be about another secret by now */
    if (refused && read_about(&f, o, true, &text, &age, &rest))
        unlinkat(f.at.folder, name, 0);
    if (refused)
        a407_buf_free(&text);
    a407_at_close(&f.at);
    if (refused)
        a407_answers_drop(o);
}
