/* SPDX-License-Identifier: MIT */
/*
 * A client that knows nothing of logins and makes as many exchanges with the
 * stress proxy as it can, in every way that a program may, comparing each byte
 * with the plan. At the end it says what happened, and how many descriptors it
 * had before and after.
 *
 * usage: client loop|threads WIDTH SECONDS SEED PORT DIGEST-PORT NTLM-PORT
 *        [children] [signals]
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "calls.h"
#include "exchange.h"

static void nothing(int sig)
{
    (void)sig;
}

/* Interrupts whatever call is being made, and without SA_RESTART. */
static void start_signals(void)
{
    struct sigaction sa = {.sa_handler = nothing};
    struct itimerval often = {.it_interval.tv_usec = 3000,
                              .it_value.tv_usec = 3000};
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
}

int main(int argc, char **argv)
{
    static struct run run;
    if (argc < 5 + PORTS)
        errx(2, "usage: client loop|threads WIDTH SECONDS SEED PORT "
                "DIGEST-PORT NTLM-PORT [children] [signals]");
    run.width = (unsigned)atoi(argv[2]);
    run.seconds = (unsigned)atoi(argv[3]);
    run.seed = strtoull(argv[4], NULL, 10);
    for (int i = 0; i < PORTS; i++)
        run.port[i] = (uint16_t)atoi(argv[5 + i]);
    signal(SIGPIPE, SIG_IGN);
    for (int i = 5 + PORTS; i < argc; i++) {
        if (strcmp(argv[i], "children") == 0)
            run.children = true;
        else if (strcmp(argv[i], "signals") == 0)
            start_signals();
    }
    unsigned before = count_fds();
    if (strcmp(argv[1], "loop") == 0)
        run_loop(&run);
    else
        run_threads(&run);
    unsigned after = count_fds();
    printf("started %u completed %u abandoned %u failed %u before %u "
           "after %u\n",
           run.started, run.completed, run.abandoned, run.failed, before,
           after);
    return run.failed || before != after;
}
