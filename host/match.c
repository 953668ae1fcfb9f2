/* SPDX-License-Identifier: MIT */
#include "match.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "clock.h"

#define ADDRS_MAX     16
#define LOOK_AGAIN_MS 60000

struct a407_known_addrs {
    const struct a407_known_proxy *proxy;
    struct in6_addr addr[ADDRS_MAX]; /* IPv4 as v4-mapped */
    size_t n;
    int64_t look_after; /* by a407_now_ms() */
    struct a407_known_addrs *next;
};

static struct in6_addr mapped(const struct in_addr *v4)
{
    struct in6_addr a = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(a.s6_addr + 12, v4, sizeof *v4);
    return a;
}

static bool address_of(const struct sockaddr *sa, struct in6_addr *out,
                       uint16_t *port)
{
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
        *out = mapped(&in->sin_addr);
        *port = ntohs(in->sin_port);
        return true;
    }
    if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)sa;
        *out = in->sin6_addr;
        *port = ntohs(in->sin6_port);
        return true;
    }
    return false;
}

bool a407_endpoint_of(const struct sockaddr *sa, struct a407_endpoint *out)
{
    struct in6_addr a;
    *out = (struct a407_endpoint){0};
    if (!address_of(sa, &a, &out->port))
        return false;
    if (IN6_IS_ADDR_V4MAPPED(&a))
        return inet_ntop(AF_INET, a.s6_addr + 12, out->host, sizeof out->host);
    return inet_ntop(AF_INET6, &a, out->host, sizeof out->host);
}

static size_t look_up(a407_look_up_fn *how, const char *host,
                      struct in6_addr out[static ADDRS_MAX])
{
    struct addrinfo *list = NULL;
    uint16_t port;
    size_t n = 0;
    if (how(host, &list) != 0)
        return 0;
    for (struct addrinfo *a = list; a && n < ADDRS_MAX; a = a->ai_next)
        if (address_of(a->ai_addr, &out[n], &port))
            n++;
    freeaddrinfo(list);
    return n;
}

/* A literal needs no look-up, ever. */
static bool read_literal(const char *host, struct in6_addr *out)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, host, &v4) != 1)
        return inet_pton(AF_INET6, host, out) == 1;
    *out = mapped(&v4);
    return true;
}

static struct a407_known_addrs *entry(struct a407_match *m,
                                      const struct a407_known_proxy *p)
{
    struct a407_known_addrs *k = m->known;
    while (k && k->proxy != p)
        k = k->next;
    if (k || !(k = calloc(1, sizeof *k)))
        return k;
    k->proxy = p;
    k->next = m->known;
    m->known = k;
    if (read_literal(p->endpoint.host, &k->addr[0])) {
        k->n = 1;
        k->look_after = INT64_MAX;
    }
    return k;
}

static bool has(const struct a407_known_addrs *k, const struct in6_addr *a)
{
    for (size_t i = 0; i < k->n; i++)
        if (memcmp(&k->addr[i], a, sizeof *a) == 0)
            return true;
    return false;
}

/* Is a an address of that proxy? Looks its name up if need be. */
static bool belongs(struct a407_match *m, const struct a407_known_proxy *p,
                    const struct in6_addr *a)
{
    struct in6_addr found[ADDRS_MAX];
    pthread_mutex_lock(&m->lock);
    struct a407_known_addrs *k = entry(m, p);
    bool yes = k && has(k, a);
    /* Not among the known ones: a pool of proxies may answer with others by
       now. */
    bool look = k && !yes && a407_now_ms() >= k->look_after;
    pthread_mutex_unlock(&m->lock);
    if (!look)
        return yes;
    size_t n = look_up(m->look_up, p->endpoint.host, found);
    pthread_mutex_lock(&m->lock);
    /* Only now: a thread that connects in the meantime has to know as well,
       and looks by itself. */
    k->look_after = a407_now_ms() + LOOK_AGAIN_MS;
    if (n) {
        memcpy(k->addr, found, n * sizeof *found);
        k->n = n;
    }
    yes = has(k, a);
    pthread_mutex_unlock(&m->lock);
    return yes;
}

const struct a407_known_proxy *a407_match(struct a407_match *m,
                                          const struct a407_config *c,
                                          const struct sockaddr *sa)
{
    struct in6_addr a;
    uint16_t port;
    if (!address_of(sa, &a, &port))
        return NULL;
    for (const struct a407_known_proxy *p = c->proxies; p; p = p->next)
        if (p->endpoint.port == port && belongs(m, p, &a))
            return p;
    return NULL;
}
