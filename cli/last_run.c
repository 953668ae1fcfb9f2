/* SPDX-License-Identifier: MIT */
#include "last_run.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/record/redact.h"
#include "host/clock.h"
#include "host/file_at.h"
#include "msg.h"

/* Makes no folder: who has met no 407 leaves no trace. */
static int open_file(const struct a407_config *c, int flags)
{
    char *path = a407_path_in(c->state_dir, "last-run");
    struct a407_at at;
    int fd = -1;

    if (path && a407_at_find(&at, path, A407_AT_NO_LINK))
        fd = a407_at_open(&at, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (path)
        a407_at_close(&at);
    free(path);
    return fd;
}

/* On one line; a longer command is cut. */
static void add_command(struct a407_buf *out, char *const argv[])
{
    uint64_t programs = 0;
    char shown[256];
    size_t i;

    for (i = 0; argv[i] && out->n < sizeof((struct a407_last_run *)0)->command;
         i++) {
        a407_redact_next(&programs, i ? argv[i - 1] : NULL, argv[i], shown,
                         sizeof shown);
        for (char *p = shown; *p; p++)
            *p = a407_is_ctl(*p) ? '?' : *p;
        a407_buf_fmt(out, "%s%s", i ? " " : "", shown);
    }
}

#define RUNS     8 /* that are kept */
#define FILE_MAX ((size_t)16 * 1024)

/* One of the file. */
struct kept {
    struct a407_span id, command;
    uint64_t time_us, session;
};

/* Takes the next one off the front. False: there is none. */
static bool take(struct a407_span *text, struct kept *out)
{
    struct a407_span line, time;

    return a407_span_line(text, &out->id) && a407_span_line(text, &line) &&
           a407_span_line(text, &out->command) &&
           a407_span_cut(&line, ' ', &time) &&
           a407_span_number(time, INT64_MAX, &out->time_us) &&
           a407_span_number(line, INT64_MAX, &out->session);
}

static struct a407_span read_text(int fd, char text[static FILE_MAX])
{
    ssize_t n = fd < 0 ? -1 : read(fd, text, FILE_MAX);

    return a407_span(text, n > 0 ? (size_t)n : 0);
}

static void add_run(struct a407_buf *out, const struct kept *k)
{
    a407_buf_span(out, k->id);
    a407_buf_fmt(out, "\n%" PRIu64 " %" PRIu64 "\n", k->time_us, k->session);
    a407_buf_span(out, k->command);
    a407_buf_str(out, "\n");
}

/* The newest first, and one of a session. Of two that begin at once one may be
   lost. */
static void write_file(const struct a407_config *c, const struct kept *new)
{
    char old[FILE_MAX];
    int fd = open_file(c, O_RDWR | O_CREAT);
    struct a407_span rest = read_text(fd, old);
    struct a407_buf text;
    struct kept k;
    bool done;

    if (fd < 0)
        return;
    a407_buf_init(&text, FILE_MAX);
    add_run(&text, new);
    for (size_t n = 1; n < RUNS && take(&rest, &k);)
        if (k.session != new->session) {
            add_run(&text, &k);
            n++;
        }
    /* in one write, so that it is not read in halves; half of it is as nothing
     */
    done = !text.failed && pwrite(fd, text.p, text.n, 0) == (ssize_t)text.n;
    done = ftruncate(fd, done ? (off_t)text.n : 0) == 0;
    (void)done;
    a407_buf_free(&text);
    close(fd);
}

/* Without secrets. */
static void name_command(struct a407_buf *out,
                         const struct a407_invocation *inv)
{
    if (inv->command == A407_CMD_ENV || inv->command == A407_CMD_SHELL)
        a407_buf_fmt(out, "auth407 %s", a407_commands[inv->command]);
    else
        add_command(out, inv->argv);
}

/* "20261129T175512Z-4711" */
bool a407_last_run_begin(const struct a407_config *c,
                         const struct a407_invocation *inv)
{
    int64_t now = a407_clock_us(CLOCK_REALTIME);
    time_t seconds = (time_t)(now / 1000000);
    char id[40], when[24];
    struct a407_buf command;
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &utc);
    snprintf(id, sizeof id, "%s-%d", when, (int)getpid());
    if (setenv("AUTH407_RUN", id, 1) != 0) {
        a407_error("can't set AUTH407_RUN: out of memory");
        return false;
    }
    if (c->mode == A407_MODE_OFF)
        return true;
    a407_buf_init(&command, 4096);
    name_command(&command, inv);
    if (!command.failed)
        write_file(c, &(struct kept){a407_span_str(id),
                                     a407_span(command.p, command.n),
                                     (uint64_t)now, (uint64_t)getsid(0)});
    a407_buf_free(&command);
    return true;
}

void a407_last_run_read(const struct a407_config *c, struct a407_last_run *out)
{
    char text[FILE_MAX];
    int fd = open_file(c, O_RDONLY);
    struct a407_span rest = read_text(fd, text);
    struct kept k;

    *out = (struct a407_last_run){.time_us = 0};
    if (fd >= 0)
        close(fd);
    while (take(&rest, &k)) {
        bool ours = k.session == (uint64_t)getsid(0);

        if (*out->id && !ours)
            continue;
        out->time_us = (int64_t)k.time_us;
        a407_put(out->id, sizeof out->id, k.id);
        a407_put(out->command, sizeof out->command, k.command);
        if (ours)
            return;
    }
}
