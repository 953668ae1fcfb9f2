/* SPDX-License-Identifier: MIT */
#include "read.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/msg.h"
#include "core/config/log_target.h"
#include "host/settings.h"

/* The file of that name and its length. False: it is not there. */
static bool find(char *out, const char *a, const char *b, uint64_t *length)
{
    struct stat st;

    if (snprintf(out, PATH_MAX, "%s%s", a, b) >= PATH_MAX ||
        stat(out, &st) != 0)
        return false;
    *length = (uint64_t)st.st_size;
    return true;
}

bool a407_report_default_log(struct a407_report_default *out)
{
    struct a407_diag diag = {{0}};
    struct a407_config *c = a407_config_new(a407_environment, NULL, &diag);
    bool good = c && !a407_log_is_word(c->log);
    char lost[PATH_MAX];
    uint64_t length;

    memset(out, 0, sizeof *out);
    if (!c)
        a407_error("out of memory");
    else if (!good)
        a407_error("the log goes to %s, not to a file: name a file", c->log);
    if (good) {
        if (!find(out->before, c->log, ".1", &length))
            out->before[0] = '\0';
        out->there = find(out->path, c->log, "", &length);
        if (c->state_dir && find(lost, c->state_dir, "/lost", &length))
            out->lost = length;
    }
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
