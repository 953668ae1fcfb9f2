/* SPDX-License-Identifier: MIT */
#include "memory_trial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "core/base/text.h"
#include "process.h"

/* The first one is waited for so long, the next ones each twice as long as the
   one before: every one is a login that may be counted. A domain locks an
   account after five or ten; the sixth comes after a minute and a half. */
#define TRIAL_MS  3000
#define TURNS_MAX 8

/* "ID TURN": of the process (a407_process_id), or "-", and how many have been
   in its place before it. */
struct trial {
    char id[A407_PROCESS_ID];
    unsigned turn;
    bool own;
};

/* False: it is not there any more, or no file of ours. */
static bool read_trial(const struct a407_folder *f, const char *name,
                       struct trial *t)
{
    struct a407_buf text;
    struct a407_span id = {0}, turn;
    char own[A407_PROCESS_ID];
    uint64_t n = 0;
    int64_t age;
    a407_buf_init(&text, 2 * A407_PROCESS_ID);
    bool ok = a407_folder_read(f, name, &text, &age);
    turn = a407_span(text.p, text.n);
    a407_span_cut(&turn, '\n', &id);
    a407_span_number(turn, TURNS_MAX, &n);
    a407_put(t->id, sizeof t->id, id);
    t->turn = (unsigned)n;
    t->own = a407_process_id(0, own) && strcmp(own, t->id) == 0;
    a407_buf_free(&text);
    return ok;
}

static bool write_trial(const struct a407_folder *f, const char *name,
                        unsigned turn, bool replace)
{
    char id[A407_PROCESS_ID], text[A407_PROCESS_ID + 16];
    if (!a407_process_id(0, id))
        snprintf(id, sizeof id, "-");
    snprintf(text, sizeof text, "%s\n%u", id, turn);
    return a407_folder_write(f, name, replace, a407_span_str(text));
}

static bool is_young(const struct stat *st, unsigned turn)
{
    int64_t ms =
        a407_clock_us(CLOCK_REALTIME) / 1000 -
        ((int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000);
    return ms >= 0 && ms < (int64_t)TRIAL_MS << turn;
}

/* In the place of who had it, alone: the name leads to the file that is locked,
   or somebody else has been first. */
static enum a407_may take_over(const struct a407_folder *f, const char *name,
                               int fd)
{
    struct stat st, now;
    struct trial t;
    if ((flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) ||
        fstat(fd, &st) != 0 ||
        fstatat(f->at.folder, name, &now, AT_SYMLINK_NOFOLLOW) != 0 ||
        st.st_ino != now.st_ino)
        return A407_MAY_NOT;
    bool ended = !read_trial(f, name, &t) || a407_process_ended(t.id);
    if (!ended && is_young(&st, t.own ? 0 : t.turn))
        return A407_MAY_NOT;
    if (!ended && !t.own && t.turn < TURNS_MAX)
        t.turn++;
    write_trial(f, name, t.turn, true);
    return t.own ? A407_MAY_ALONE : A407_MAY_TRY;
}

enum a407_may a407_trial_begin(const struct a407_folder *f, const char *name)
{
    int fd = openat(f->at.folder, name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno != ENOENT || write_trial(f, name, 0, false) ||
                       errno != EEXIST
                   ? A407_MAY_TRY
                   : A407_MAY_NOT;
    enum a407_may may = take_over(f, name, fd);
    close(fd);
    return may;
}

void a407_trial_end(const struct a407_folder *f, const char *name)
{
    struct trial t;
    if (read_trial(f, name, &t) && (t.own || strcmp(t.id, "-") == 0))
        unlinkat(f->at.folder, name, 0);
}
