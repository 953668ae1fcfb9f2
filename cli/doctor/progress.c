/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/text.h"
#include "doctor.h"

#define CLEAR "\r\033[K"

static volatile sig_atomic_t tty = -1;

/* Of SIGINT: its default action follows. */
static void on_interrupt(int sig)
{
    if (write(tty, CLEAR, sizeof CLEAR - 1) < 0)
        _exit(128 + sig);
    raise(sig);
}

void a407_doctor_progress(const struct a407_doctor *d, const char *fmt, ...)
{
    struct sigaction clear = {.sa_handler = on_interrupt,
                              .sa_flags = (int)SA_RESETHAND};
    char words[200];
    va_list ap;

    if (d->tty < 0)
        return;
    if (tty < 0) {
        tty = d->tty;
        sigaction(SIGINT, &clear, NULL);
    }
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    a407_text_make_plain(words);
    dprintf(d->tty, CLEAR "%.*s ...", (int)a407_term_columns(d->tty) - 5,
            words);
}

void a407_doctor_progress_end(const struct a407_doctor *d)
{
    if (d->tty >= 0)
        dprintf(d->tty, CLEAR);
}
