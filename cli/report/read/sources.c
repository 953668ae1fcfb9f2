/* SPDX-License-Identifier: MIT */
#include "sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/msg.h"
#include "core/config/config.h"
#include "core/config/log_target.h"

static const char *look_up(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

/* The length of a file, or -1. */
static off_t length_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_size : -1;
}

static bool exists(const char *path)
{
    return length_of(path) >= 0;
}

static bool join(char *out, size_t cap, const char *a, const char *b)
{
    return (size_t)snprintf(out, cap, "%s%s", a, b) < cap;
}

/* From the settings as the library reads them. */
static bool fill(const struct a407_config *c, struct a407_report_default *out)
{
    char lost[PATH_MAX];

    if (a407_log_is_word(c->log)) {
        a407_error("the log goes to %s, not to a file: name a file", c->log);
        return false;
    }
    if (!join(out->path, sizeof out->path, c->log, "")) {
        a407_error("the name of the log is too long");
        return false;
    }
    out->there = exists(out->path);
    if (!join(out->before, sizeof out->before, c->log, ".1") ||
        !exists(out->before))
        out->before[0] = '\0';
    if (c->state_dir && join(lost, sizeof lost, c->state_dir, "/lost") &&
        exists(lost))
        out->lost = (uint64_t)length_of(lost);
    return true;
}

bool a407_report_default_log(struct a407_report_default *out)
{
    struct a407_diag diag = {{0}};
    struct a407_config *c = a407_config_new(look_up, NULL, &diag);
    bool good;

    memset(out, 0, sizeof *out);
    if (!c) {
        a407_error("out of memory");
        return false;
    }
    good = fill(c, out);
    a407_config_free(c);
    return good;
}

bool a407_report_stdin_given(void)
{
    struct stat st;

    return fstat(STDIN_FILENO, &st) == 0 &&
           (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
            (S_ISREG(st.st_mode) && st.st_size > 0));
}
