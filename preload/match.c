/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "guard.h"
#include "settings.h"

/*
 * Which proxy an address belongs to. A program connects to an address; the
 * settings name a host. Names are looked up here at most once a minute, and
 * only when the port of the connection is that of a proxy.
 */

#define ADDRS_MAX    16
#define LOOK_AGAIN_S 60

struct known_addrs {
    const struct a407_known_proxy *proxy;
    struct in6_addr addr[ADDRS_MAX]; /* IPv4 as v4-mapped */
    size_t n;
    time_t looked;
    struct known_addrs *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct known_addrs *all;

static bool address_of(const struct sockaddr *sa, struct in6_addr *out,
                       uint16_t *port)
{
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
        *out = (struct in6_addr){0};
        out->s6_addr[10] = out->s6_addr[11] = 0xff;
        memcpy(out->s6_addr + 12, &in->sin_addr, 4);
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

/*
 * A wait, and a long one at times: outside, with nothing held. Connections that
 * libc makes for it are deeper in this stack than the frame that is noted.
 */
static int resolve(const char *host, struct addrinfo **list)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    a407_guard.looking_up = __builtin_frame_address(0);
    a407_leave(0);
    int rc = getaddrinfo(host, NULL, &hints, list);
    a407_enter();
    a407_guard.looking_up = NULL;
    return rc;
}

static size_t look_up(const char *host, struct in6_addr out[static ADDRS_MAX])
{
    struct addrinfo *list = NULL;
    uint16_t port;
    size_t n = 0;
    if (resolve(host, &list) != 0)
        return 0;
    for (struct addrinfo *a = list; a && n < ADDRS_MAX; a = a->ai_next)
        if (address_of(a->ai_addr, &out[n], &port))
            n++;
    freeaddrinfo(list);
    return n;
}

static struct known_addrs *entry(const struct a407_known_proxy *p)
{
    struct known_addrs *k;
    for (k = all; k; k = k->next)
        if (k->proxy == p)
            return k;
    k = calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->proxy = p;
    k->next = all;
    all = k;
    /* a literal needs no look-up, ever */
    struct in_addr v4;
    if (inet_pton(AF_INET, p->endpoint.host, &v4) == 1) {
        k->addr[0].s6_addr[10] = k->addr[0].s6_addr[11] = 0xff;
        memcpy(k->addr[0].s6_addr + 12, &v4, 4);
        k->n = 1;
        k->looked = -1;
    } else if (inet_pton(AF_INET6, p->endpoint.host, &k->addr[0]) == 1) {
        k->n = 1;
        k->looked = -1;
    }
    return k;
}

static bool has(const struct known_addrs *k, const struct in6_addr *a)
{
    for (size_t i = 0; i < k->n; i++)
        if (memcmp(&k->addr[i], a, sizeof *a) == 0)
            return true;
    return false;
}

/* Is a an address of that proxy? Looks its name up if need be. */
static bool belongs(const struct a407_known_proxy *p, const struct in6_addr *a)
{
    struct in6_addr found[ADDRS_MAX];
    pthread_mutex_lock(&lock);
    struct known_addrs *k = entry(p);
    bool yes = k && has(k, a);
    /* Not among the known ones: a pool of proxies may answer with others by
       now. */
    bool look = k && !yes && k->looked != -1 &&
                (!k->looked || time(NULL) - k->looked >= LOOK_AGAIN_S);
    pthread_mutex_unlock(&lock);
    if (!look)
        return yes;
    size_t n = look_up(p->endpoint.host, found);
    pthread_mutex_lock(&lock);
    /* Only now: a thread that connects in the meantime has to know as well,
       and looks by itself. */
    k->looked = time(NULL);
    if (n) {
        memcpy(k->addr, found, n * sizeof *found);
        k->n = n;
    }
    yes = has(k, a);
    pthread_mutex_unlock(&lock);
    return yes;
}

const struct a407_known_proxy *a407_settings_match(const struct sockaddr *sa)
{
    const struct a407_config *c = a407_settings();
    struct in6_addr a;
    uint16_t port;
    if (!c || !address_of(sa, &a, &port))
        return NULL;
    for (const struct a407_known_proxy *p = c->proxies; p; p = p->next)
        if (p->endpoint.port == port && belongs(p, &a))
            return p;
    return NULL;
}

void a407_match_lock(void)
{
    pthread_mutex_lock(&lock);
}

void a407_match_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void a407_match_child(void)
{
    pthread_mutex_unlock(&lock);
    pthread_mutex_init(&lock, NULL);
}
