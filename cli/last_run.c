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

/* In one write, so that it is not read in halves. */
static void write_file(const struct a407_config *c, const char *id,
                       int64_t time_us, const struct a407_invocation *inv)
{
    struct a407_buf text;
    int fd = open_file(c, O_WRONLY | O_CREAT | O_TRUNC);
    bool done;

    if (fd < 0)
        return;
    a407_buf_init(&text, 8192);
    a407_buf_fmt(&text, "%s\n%" PRId64 "\n", id, time_us);
    if (inv->command == A407_CMD_ENV || inv->command == A407_CMD_SHELL)
        a407_buf_fmt(&text, "auth407 %s",
                     inv->command == A407_CMD_ENV ? "env" : "shell");
    else
        add_command(&text, inv->argv);
    a407_buf_str(&text, "\n");
    done = !text.failed && write(fd, text.p, text.n) == (ssize_t)text.n;
    done = done || ftruncate(fd, 0) == 0; /* half of it is as nothing */
    (void)done;
    a407_buf_free(&text);
    close(fd);
}

/* "20261129T175512Z-4711" */
bool a407_last_run_begin(const struct a407_config *c,
                         const struct a407_invocation *inv)
{
    int64_t now = a407_clock_us(CLOCK_REALTIME);
    time_t seconds = (time_t)(now / 1000000);
    char id[40], when[24];
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &utc);
    snprintf(id, sizeof id, "%s-%d", when, (int)getpid());
    if (setenv("AUTH407_RUN", id, 1) != 0) {
        a407_error("can't set AUTH407_RUN: out of memory");
        return false;
    }
    if (c->mode != A407_MODE_OFF)
        write_file(c, id, now, inv);
    return true;
}

void a407_last_run_read(const struct a407_config *c, struct a407_last_run *out)
{
    char text[2048];
    int fd = open_file(c, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    struct a407_span rest = a407_span(text, n > 0 ? (size_t)n : 0);
    struct a407_span id, when, command;
    uint64_t us;

    *out = (struct a407_last_run){.time_us = 0};
    if (fd >= 0)
        close(fd);
    if (!a407_span_line(&rest, &id) || !a407_span_line(&rest, &when) ||
        !a407_span_line(&rest, &command) ||
        !a407_span_number(when, INT64_MAX, &us))
        return;
    out->time_us = (int64_t)us;
    a407_put(out->id, sizeof out->id, id);
    a407_put(out->command, sizeof out->command, command);
}
