/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>

#include "hooks.h"
#include "record.h"
#include "settings.h"

static void track(int fd, const struct sockaddr *addr, socklen_t n)
{
    struct a407_endpoint e;
    int type = 0;
    socklen_t type_n = sizeof type;
    const struct a407_config *config = a407_settings();
    if (!config)
        return;
    const struct a407_known_proxy *known = a407_settings_match(addr);
    if (!known) {
        a407_slot_set(fd, A407_WATCH);
        return;
    }
    /* TLS to the proxy can't be read at the socket. */
    if (known->tls || n > sizeof(struct sockaddr_storage) ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_n) != 0 ||
        type != SOCK_STREAM) {
        a407_slot_drop(fd);
        return;
    }
    e = known->endpoint;
    struct a407_site *site = a407_site_get(&e);
    struct a407_conn *c = site ? a407_conn_new(site, addr, n) : NULL;
    if (!c)
        return;
    c->cookie = a407_socket_cookie(fd);
    a407_slot_set(fd, c);
    a407_conn_put(c);
}

/* Called before the real connect: afterwards another thread, woken by the
   connection, may already write. */
void a407_before_connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    if (a407_guard.depth || !addr || n < sizeof(struct sockaddr_in) ||
        (addr->sa_family != AF_INET && addr->sa_family != AF_INET6) ||
        (addr->sa_family == AF_INET6 && n < sizeof(struct sockaddr_in6)) ||
        (unsigned)fd >= A407_FD_MAX || !a407_own_process())
        return;
    int saved = a407_enter();
    struct a407_conn *c = a407_conn_get(fd);
    /* lynx and ruby call connect() once more to ask whether it is done */
    bool again = c && c->peer_n == n && memcmp(&c->peer, addr, n) == 0 &&
                 a407_same_socket(c, fd);
    if (!again)
        track(fd, addr, n);
    if (c)
        a407_conn_put(c);
    a407_leave(saved);
}

/* The kernel has given it a port by now, also when it is not connected yet. */
static void note_port(int fd)
{
    struct a407_conn *c = a407_conn_get(fd);
    if (!c)
        return;
    uint16_t port = a407_local_port(fd);
    a407_engine_lock(c);
    a407_engine_local_port(c->engine, port);
    a407_engine_unlock(c);
    a407_conn_put(c);
}

void a407_after_connect(int fd, const struct sockaddr *addr, int rc)
{
    if (a407_guard.depth || !a407_slot(fd))
        return;
    int saved = a407_enter();
    bool failed = rc != 0 && saved != EINPROGRESS && saved != EALREADY &&
                  saved != EISCONN && saved != EINTR && saved != EAGAIN;
    if (failed || (rc == 0 && addr && addr->sa_family == AF_UNSPEC))
        a407_slot_drop(fd);
    else
        note_port(fd);
    a407_leave(saved);
}

A407_EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    a407_before_connect(fd, addr, n);
    int rc = REAL(connect)(fd, addr, n);
    a407_after_connect(fd, addr, rc);
    return rc;
}

A407_EXPORT int __connect(int fd, const struct sockaddr *addr, socklen_t n)
{
    a407_before_connect(fd, addr, n);
    int rc = REAL(__connect)(fd, addr, n);
    a407_after_connect(fd, addr, rc);
    return rc;
}

void a407_adopt(int fd, const struct sockaddr *peer, socklen_t n)
{
    if (peer->sa_family == AF_INET || peer->sa_family == AF_INET6)
        track(fd, peer, n);
    note_port(fd);
}
