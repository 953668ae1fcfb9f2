/* SPDX-License-Identifier: MIT */
#include "sink_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/record/message.h"
#include "fd.h"
#include "file_at.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/*
 * How long to wait for a local daemon whose queue is full: the kernel's default
 * is ten messages. A process waits in vain only once.
 */
#define PATIENCE_US 4000

static atomic_bool stuck;

/* A connected socket, or -1: also if the daemon's backlog is full. */
static int open_socket(int family, int type, const void *to, socklen_t n)
{
    const struct timeval patience = {.tv_usec = PATIENCE_US};
    bool wait = family == AF_UNIX && !atomic_load(&stuck);
    int fd =
        socket(family, type | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK), 0);
    if (fd < 0)
        return -1;
    if ((!wait || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
                             sizeof patience) == 0) &&
        connect(fd, to, n) == 0)
        return fd;
    int why = errno;
    if (why == EAGAIN)
        atomic_store(&stuck, true);
    close(fd);
    errno = why;
    return -1;
}

static bool sent(bool ok)
{
    atomic_store(&stuck, !ok && errno == EAGAIN);
    return ok;
}

static int open_local(const char *path, int type)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n >= sizeof to.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(to.sun_path, path, n + 1);
    return open_socket(AF_UNIX, type, &to, sizeof to);
}

/* Connects to a socket at a configured path, which other users may be able to
   change: to the very inode that was checked. */
static int open_named(const char *path, int type)
{
    char name[48];
    int fd = -1, there = a407_file_open(path, O_PATH);
    if (there >= 0) {
        snprintf(name, sizeof name, "/proc/thread-self/fd/%d", there);
        fd = open_local(name, type);
        int why = errno;
        close(there);
        errno = why;
    }
    return fd;
}

static int open_udp(const struct a407_endpoint *remote)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(remote->port)};
    struct sockaddr_in v4 = {.sin_family = AF_INET,
                             .sin_port = htons(remote->port)};
    if (inet_pton(AF_INET, remote->host, &v4.sin_addr) == 1)
        return open_socket(AF_INET, SOCK_DGRAM, &v4, sizeof v4);
    if (inet_pton(AF_INET6, remote->host, &v6.sin6_addr) == 1)
        return open_socket(AF_INET6, SOCK_DGRAM, &v6, sizeof v6);
    return -1;
}

static bool send_all(int fd, const struct a407_buf *m)
{
    return sent(send(fd, m->p, m->n, MSG_NOSIGNAL) == (ssize_t)m->n);
}

/* A datagram, or where the daemon listens for streams a line (RFC 6587 section
   3.4.2): JSON holds no line end of its own. */
static bool send_local(const char *path, struct a407_buf *m)
{
    bool known = strcmp(path, A407_SYSLOG_SOCKET) == 0;
    int (*open)(const char *, int) = known ? open_local : open_named;
    int fd = open(path, SOCK_DGRAM);
    if (fd < 0 && errno == EPROTOTYPE) {
        if (!a407_buf_str(m, "\n"))
            return false;
        fd = open(path, SOCK_STREAM);
    }
    if (fd < 0)
        return false;
    bool ok = send_all(fd, m);
    close(fd);
    return ok;
}

/* A closed port is reported at once only on this machine. */
static bool send_udp(const struct a407_endpoint *remote,
                     const struct a407_buf *m)
{
    int fd = open_udp(remote), refused = 0;
    socklen_t n = sizeof refused;
    if (fd < 0)
        return false;
    bool ok = send_all(fd, m) &&
              (getsockopt(fd, SOL_SOCKET, SO_ERROR, &refused, &n) != 0 ||
               refused == 0);
    close(fd);
    return ok;
}

bool a407_sink_syslog(const struct a407_log_target *to,
                      const struct a407_record *r, struct a407_buf *line)
{
    struct utsname self;
    struct a407_buf m;
    const char *host = uname(&self) == 0 ? self.nodename : "-";
    a407_buf_init(&m, A407_SYSLOG_MAX + 1);
    bool ok = a407_syslog_message(r, host, line, &m) &&
              (to->kind == A407_TO_UDP ? send_udp(&to->remote, &m)
                                       : send_local(to->path, &m));
    a407_buf_free(&m);
    return ok;
}

/* journald accepts no other memfd. */
static bool send_sealed(int fd, const struct a407_buf *entry)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr m = {.msg_control = &control,
                       .msg_controllen = sizeof control.space};
    int memory = a407_fd_sealed(entry->p, entry->n);
    if (memory < 0)
        return false;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof memory);
    memcpy(CMSG_DATA(c), &memory, sizeof memory);
    bool ok = sent(sendmsg(fd, &m, MSG_NOSIGNAL) == 0);
    close(memory);
    return ok;
}

bool a407_sink_journald(const struct a407_buf *entry)
{
    int fd = open_local(JOURNAL_SOCKET, SOCK_DGRAM);
    if (fd < 0)
        return false;
    bool ok = send_all(fd, entry);
    if (!ok && (errno == EMSGSIZE || errno == ENOBUFS))
        ok = send_sealed(fd, entry);
    close(fd);
    return ok;
}
