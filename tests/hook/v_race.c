/* SPDX-License-Identifier: MIT */
/*
 * What one thread does to a connection, or to the process, while another waits
 * in a call. MODE is one of the table at the end.
 */
#include <dirent.h>
#include <dlfcn.h>

#include "tests/fixtures/victim.h"

static int shared = -1;

/* In a call that waits: how long it takes to get there is not known. */
static void time_to_sit_down(void)
{
    usleep(100000);
}

static void *ask_and_read(void *arg)
{
    char byte;
    (void)arg;
    send_get(shared, "/bytes/3000");
    ssize_t k = recv(shared, &byte, 1, 0);
    say("reader: %zd %s", k, k < 0 ? errno_name(errno) : "");
    return NULL;
}

/* A reader whose request the proxy has, and does not answer. */
static pthread_t silent_reader(void)
{
    pthread_t t;
    shared = victim_connect();
    pthread_create(&t, NULL, ask_and_read, NULL);
    await_log("verdict=unread");
    time_to_sit_down();
    return t;
}

static void shut(void)
{
    pthread_t t = silent_reader();
    double start = seconds();
    int rc = shutdown(shared, SHUT_RDWR);
    pthread_join(t, NULL);
    say("shutdown %d", rc);
    say_promptness("reader ended", start);
    close(shared);
}

/* ---- fork ---- */

static void *connect_only(void *arg)
{
    int fd = victim_connect();
    (void)arg;
    close(fd);
    return NULL;
}

/*
 * A thread looks the proxy's name up (lib_lookup.c, which the library meets and
 * nothing else calls) when another one forks.
 */
static void fork_in_lookup(void)
{
    pthread_t t;
    const volatile int *inside = dlsym(RTLD_DEFAULT, "lookup_inside");
    volatile int *release = dlsym(RTLD_DEFAULT, "lookup_release");
    pthread_create(&t, NULL, connect_only, NULL);
    while (inside && !*inside)
        usleep(1000);
    double start = seconds();
    pid_t pid = fork();
    if (pid == 0) {
        alarm(4);
        if (release)
            *release = 1;
        connect_only(NULL);
        _exit(0);
    }
    say_promptness("forked", start);
    say_end("child", pid);
    if (release)
        *release = 1;
    pthread_join(t, NULL);
}

#define LOOKERS 6

/* Several threads connect while the name is being looked up for the first. */
static void connect_in_lookup(void)
{
    pthread_t t[LOOKERS];
    const volatile int *inside = dlsym(RTLD_DEFAULT, "lookup_inside");
    volatile int *release = dlsym(RTLD_DEFAULT, "lookup_release");
    const char **answer = dlsym(RTLD_DEFAULT, "lookup_answer");
    if (answer)
        *answer = "127.0.0.1";
    for (size_t i = 0; i < LOOKERS; i++) {
        pthread_create(&t[i], NULL, get_anew, (void *)"/bytes/3000");
        while (inside && !*inside)
            usleep(1000);
    }
    time_to_sit_down();
    if (release)
        *release = 1;
    for (size_t i = 0; i < LOOKERS; i++)
        pthread_join(t[i], NULL);
}

static void *ask_and_read_all(void *arg)
{
    (void)arg;
    do_get(shared, "/bytes/3000");
    return NULL;
}

/* A child forked while a thread reads: both go on. */
static void fork_under_reader(void)
{
    pthread_t t;
    shared = victim_connect();
    pthread_create(&t, NULL, ask_and_read_all, NULL);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(4);
        connect_only(NULL);
        _exit(0);
    }
    pthread_join(t, NULL);
    say_end("child", pid);
    close(shared);
}

/* ---- cancellation ---- */

static void *read_only(void *arg)
{
    char byte;
    (void)arg;
    recv(shared, &byte, 1, 0);
    say("not cancelled");
    return NULL;
}

static void *read_when_told(void *arg)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    usleep(200000);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    return read_only(arg);
}

static void end_by_cancel(pthread_t t)
{
    void *result;
    double start = seconds();
    pthread_cancel(t);
    pthread_join(t, &result);
    say("cancelled: %d", result == PTHREAD_CANCELED);
    say_promptness("ended", start);
}

/* Others go on: on the same connection, and on others. */
static void go_on(void)
{
    do_get(shared, "/bytes/3000");
    close(shared);
    get_anew((void *)"/bytes/4000");
}

/* pending: it is cancelled before it calls recv(). */
static void cancel(void)
{
    pthread_t t;
    shared = victim_connect();
    pthread_create(&t, NULL, in_mode("cancel") ? read_only : read_when_told,
                   NULL);
    time_to_sit_down();
    end_by_cancel(t);
    go_on();
}

/* It waits for an answer that does not come; the connection is of no use. */
static void cancel_silent(void)
{
    pthread_t t = silent_reader();
    end_by_cancel(t);
    double start = seconds();
    close(shared);
    say_promptness("closed", start);
}

/* Is a mark of a refusal being written? There is a file already. */
static bool marking(void)
{
    char path[4096];
    const struct dirent *d = NULL;
    const char *state = getenv("XDG_STATE_HOME");
    snprintf(path, sizeof path, "%s/auth407/refused", state ? state : "");
    DIR *dir = opendir(path);
    while (dir && (d = readdir(dir)) && d->d_name[0] == '.')
        continue;
    if (dir)
        closedir(dir);
    return d;
}

/* One thread's credential is refused, which takes long to write down: nobody
   else waits for that, not fork() and not another connection. */
static void fork_in_marking(void)
{
    pthread_t t;
    shared = victim_connect();
    int other = victim_connect();
    pthread_create(&t, NULL, ask_and_read, NULL);
    double start = seconds();
    while (!marking() && seconds() - start < 10)
        usleep(1000);
    start = seconds();
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    say_promptness("forked", start);
    start = seconds();
    do_get(other, "/bytes/10");
    say_promptness("answered", start);
    close(other);
    pthread_join(t, NULL);
    close(shared);
}

VICTIM_MODES({"shutdown", shut}, {"fork-lookup", fork_in_lookup},
             {"connect-lookup", connect_in_lookup},
             {"fork-reader", fork_under_reader},
             {"fork-marking", fork_in_marking}, {"cancel", cancel},
             {"cancel-pending", cancel}, {"cancel-silent", cancel_silent})
