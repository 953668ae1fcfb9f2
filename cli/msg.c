/* SPDX-License-Identifier: MIT */
#include "msg.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"

static bool quiet;

void a407_msg_quiet(void)
{
    quiet = true;
}

/* A single write: the line stays whole beside the output of other processes. */
__attribute__((format(printf, 2, 0))) static void
put_line(const char *prefix, const char *fmt, va_list ap)
{
    char line[2 * PATH_MAX + 1024];
    size_t cap = sizeof(line) - 1; /* keeps room for the line end */
    int n = snprintf(line, cap, "auth407: %s", prefix);
    int m = vsnprintf(line + n, cap - (size_t)n, fmt, ap);
    size_t len;

    if (m < 0)
        return;
    a407_text_make_plain(line);
    len = strlen(line);
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, len) < 0)
        return; /* nowhere left to say it */
}

void a407_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_line("", fmt, ap);
    va_end(ap);
}

void a407_note(const char *fmt, ...) __attribute__((alias("a407_error")));

void a407_warning(const char *fmt, ...)
{
    va_list ap;

    if (quiet)
        return;
    va_start(ap, fmt);
    put_line("warning: ", fmt, ap);
    va_end(ap);
}

bool a407_msg_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    a407_error("can't write to standard output");
    return false;
}
