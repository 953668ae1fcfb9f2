/* SPDX-License-Identifier: MIT */
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session.h"

/* The fixture must not become an open door: only this machine is reached. */
static bool is_loopback(const struct addrinfo *ai)
{
    if (ai->ai_family == AF_INET) {
        const struct sockaddr_in *a = (const void *)ai->ai_addr;
        return ntohl(a->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *a = (const void *)ai->ai_addr;
    return IN6_IS_ADDR_LOOPBACK(&a->sin6_addr);
}

/* Cuts "host:port", "[v6]:port" or "host". */
static bool cut_authority(const char *authority, const char *default_port,
                          char host[256], char port[16])
{
    const char *from = authority, *end = strchr(authority, ':');
    if (*authority == '[') {
        from++;
        end = strchr(from, ']');
        if (!end)
            return false;
    }
    size_t n = end ? (size_t)(end - from) : strlen(from);
    if (!n || n > 255)
        return false;
    memcpy(host, from, n);
    host[n] = 0;
    if (end && *end == ']')
        end++;
    snprintf(port, 16, "%s", end && *end == ':' ? end + 1 : default_port);
    return true;
}

enum dial session_dial(const struct session *s, const char *authority,
                       const char *default_port, int *fd)
{
    char host[256], port[16];
    const struct proxy *p = s->proxy;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *ai;
    if (!cut_authority(authority, default_port, host, port))
        return DIAL_FAILED;
    if (p->upstream_host) {
        snprintf(host, sizeof host, "%s", p->upstream_host);
        snprintf(port, sizeof port, "%s", p->upstream_port);
    } else if (demo_is_target(p, authority)) {
        snprintf(host, sizeof host, "127.0.0.1");
        snprintf(port, sizeof port, "%u", p->port);
    } else if (strcmp(host, "localhost") == 0) {
        snprintf(host, sizeof host, "127.0.0.1");
    }
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    if (getaddrinfo(host, port, &hints, &ai) != 0)
        return DIAL_FAILED;
    enum dial result = is_loopback(ai) ? DIAL_FAILED : DIAL_FORBIDDEN;
    if (result == DIAL_FAILED) {
        *fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (*fd >= 0 && connect(*fd, ai->ai_addr, ai->ai_addrlen) == 0)
            result = DIAL_OK;
        else if (*fd >= 0)
            close(*fd);
    }
    freeaddrinfo(ai);
    return result;
}
