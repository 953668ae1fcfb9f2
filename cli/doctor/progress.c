/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "doctor.h"

void a407_doctor_progress(const struct a407_doctor *d, const char *fmt, ...)
{
    char words[200];
    va_list ap;

    if (d->tty < 0)
        return;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    dprintf(d->tty, "\r\033[K%.70s ...", words);
}

void a407_doctor_progress_end(const struct a407_doctor *d)
{
    if (d->tty >= 0)
        dprintf(d->tty, "\r\033[K");
}
