/* SPDX-License-Identifier: MIT */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/un.h>
#include <time.h>

#include "paths.h"
#include "real.h"

static atomic_uint lost;

unsigned a407_sink_lost(void)
{
    return atomic_load(&lost);
}

/*
 * write() for a program that must not notice: a pipe without a reader, or a
 * file-size limit, would end it by a signal.
 */
static bool quiet_write(int fd, const struct a407_buf *line)
{
    static const struct timespec now = {0};
    sigset_t ours, before, pending;
    sigemptyset(&ours);
    sigaddset(&ours, SIGPIPE);
    sigaddset(&ours, SIGXFSZ);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    bool ok = REAL(write)(fd, line->p, line->n) == (ssize_t)line->n;
    /* only what this write has raised is taken */
    if (sigismember(&pending, SIGPIPE))
        sigdelset(&ours, SIGPIPE);
    if (sigismember(&pending, SIGXFSZ))
        sigdelset(&ours, SIGXFSZ);
    if (!ok)
        sigtimedwait(&ours, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

/* With O_APPEND the lines of many processes do not mix. */
static bool to_file(const char *path, const struct a407_buf *line)
{
    if (!a407_paths_valid())
        return false;
    const int how =
        O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int fd = open(path, how, 0600);
    if (fd < 0 && errno == ENOENT) {
        a407_make_parents(path);
        fd = open(path, how, 0600);
    }
    if (fd < 0)
        return false;
    bool ok = quiet_write(fd, line);
    REAL(close)(fd);
    return ok;
}

static bool to_socket(const char *path, const struct a407_buf *message)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    memcpy(to.sun_path, path, n + 1);
    ssize_t k = REAL(sendto)(
        fd, message->p, message->n, MSG_NOSIGNAL, (struct sockaddr *)&to,
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1));
    REAL(close)(fd);
    return k == (ssize_t)message->n;
}

/* user.notice, RFC 5424 section 6; the sender's time is inside the record. */
static bool to_syslog(const struct a407_buf *line)
{
    struct a407_buf m;
    a407_buf_init(&m, line->n + 128);
    a407_buf_fmt(&m, "<13>1 - - auth407 %d 407 - ", (int)getpid());
    a407_buf_add(&m, line->p, line->n - 1);
    bool ok = !m.failed && to_socket("/dev/log", &m);
    a407_buf_free(&m);
    return ok;
}

static bool to_journal(const struct a407_buf *line)
{
    struct a407_buf m;
    a407_buf_init(&m, line->n + 128);
    a407_buf_str(&m, "PRIORITY=5\nSYSLOG_IDENTIFIER=auth407\nMESSAGE=");
    a407_buf_add(&m, line->p, line->n);
    bool ok = !m.failed && to_socket("/run/systemd/journal/socket", &m);
    a407_buf_free(&m);
    return ok;
}

void a407_sink_put(const struct a407_config *c, const struct a407_buf *line)
{
    bool ok = true;
    if (strcmp(c->log, "stderr") == 0)
        ok = quiet_write(2, line);
    else if (strcmp(c->log, "syslog") == 0)
        ok = to_syslog(line);
    else if (strcmp(c->log, "journald") == 0)
        ok = to_journal(line);
    else if (strcmp(c->log, "none") != 0)
        ok = to_file(c->log, line);
    if (!ok)
        atomic_fetch_add(&lost, 1);
}
