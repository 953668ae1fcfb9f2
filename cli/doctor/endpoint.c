/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <ifaddrs.h>
#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "cli/tls.h"
#include "cli/trial.h"
#include "host/clock.h"
#include "host/match.h"
#include "kind.h"
#include "portal.h"

/* Longest wait for one answer: whoever asks sits and waits. */
#define WAIT_MS 20000
/* Of a name so many are looked at. */
#define ADDRESSES 64
/* ... and so many dead ones are named. */
#define DEAD 4

/* ---- the way there ---- */

static bool look_up(struct a407_doctor *d)
{
    int error = a407_look_up(&d->proxy, &d->addresses);

    if (!error)
        return true;
    a407_row_found(&d->rows, A407_FOUND_NAME, d->proxy.host, "%s",
                   error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
    a407_doctor_say(d, A407_CAUSE_NONE, NULL);
    return false;
}

/* The interface that has the address, or "". */
static void find_interface(const struct a407_endpoint *e, char *out, size_t cap)
{
    struct ifaddrs *list, *i;
    struct a407_endpoint its;

    *out = '\0';
    if (getifaddrs(&list) != 0)
        return;
    for (i = list; i; i = i->ifa_next)
        if (i->ifa_addr && a407_endpoint_of(i->ifa_addr, &its) &&
            strcmp(its.host, e->host) == 0)
            snprintf(out, cap, " (%s)", i->ifa_name);
    freeifaddrs(list);
}

/* What an allow-list of addresses would have to name, unless there is address
   translation between. */
static void see_source(struct a407_doctor *d, int fd)
{
    char interface[40];

    if (!a407_socket_source(fd, &d->source))
        return;
    find_interface(&d->source, interface, sizeof interface);
    a407_row_good(&d->rows, A407_IN_ENDPOINT, "source address", "%s%s",
                  d->source.host, interface);
}

/* One that can't be reached is passed over by programs, sooner or later; on
   this machine, at once. */
static void tell_unreached(struct a407_doctor *d, const char *ip, int error)
{
    struct a407_row *row;

    row = a407_row_found(&d->rows, A407_FOUND_UNREACHABLE, "TCP",
                         "%s port %u: %s", ip, d->proxy.port, strerror(error));
    if (error == ECONNREFUSED)
        a407_row_remedy(row,
                        "Correct host and port: on that machine nothing "
                        "listens on port %u.",
                        d->proxy.port);
    else if (error == ENETUNREACH || error == EHOSTUNREACH) {
        a407_row_sentence(row, "This machine has no way to the proxy's "
                               "address.");
        a407_row_remedy(row,
                        "Look at the network (VPN?): ip route get %s; or "
                        "correct the host.",
                        ip);
    }
}

static void pardon_unreached(struct a407_doctor *d)
{
    size_t i;

    for (i = 0; i < d->rows.n; i++) {
        struct a407_row *row = &d->rows.row[i];

        if (row->found != A407_FOUND_UNREACHABLE)
            continue;
        row->status =
            strcmp(d->proxy.host, "localhost") == 0 ? A407_NOTE : A407_WARNING;
        a407_row_remedy(row,
                        "Ask the proxy's owner: %s has this address, too, and "
                        "programs may take it first.",
                        d->proxy.host);
    }
}

/* All at once: of many dead ones each would take its time. */
static bool reach(struct a407_doctor *d)
{
    int64_t until = a407_now_ms() + A407_CONNECT_MS;
    struct a407_endpoint e = {{0}, 0};
    const struct addrinfo *a;
    int fds[ADDRESSES], why[ADDRESSES];
    size_t n = 0, i = 0, dead = 0;

    for (a = d->addresses; a && n < ADDRESSES; a = a->ai_next, n++) {
        fds[n] = a407_connect_begin(a);
        why[n] = errno;
    }
    for (a = d->addresses; i < n; a = a->ai_next, i++) {
        int fd = a407_connect_end(fds[i], until);
        int error = fds[i] < 0 ? why[i] : errno;

        a407_endpoint_of(a->ai_addr, &e);
        if (fd < 0) {
            if (dead++ < DEAD)
                tell_unreached(d, e.host, error);
            continue;
        }
        a407_row_good(&d->rows, A407_IN_ENDPOINT, "TCP",
                      "%s port %u takes connections", e.host, d->proxy.port);
        if (!d->peer.at) {
            see_source(d, fd);
            d->peer = (struct a407_peer){a, d->proxy.host, NULL};
        }
        close(fd);
    }
    if (dead > DEAD)
        a407_row_good(&d->rows, A407_IN_ENDPOINT, "TCP",
                      "%zu addresses more take no connections", dead - DEAD)
            ->status = A407_NOTE;
    if (d->peer.at)
        pardon_unreached(d);
    return d->peer.at != NULL;
}

/* ---- its answers ---- */

static void ask(struct a407_doctor *d, const char *target,
                struct a407_answer *out)
{
    char request[2048];

    if (!a407_trial_request(target, request, sizeof request))
        return;
    d->waited_ms -= a407_now_ms();
    a407_wire_ask(&d->peer, a407_span_str(request), (int)d->config->wait_ms,
                  out);
    d->waited_ms += a407_now_ms();
    a407_requests_add(&d->requests, target, out);
}

static void name_targets(struct a407_doctor *d)
{
    const struct a407_wanted *t = &d->o.target;
    struct a407_wanted other = {.tls = false, .at = t->at};

    other.at.port = t->tls ? 80 : 443;
    a407_endpoint_text(t->tls ? &t->at : &other.at, d->tunnel,
                       sizeof d->tunnel);
    if (t->tls)
        a407_wanted_root(&other, d->page, sizeof d->page);
    else
        snprintf(d->page, sizeof d->page, "%s", t->url);
}

static void tell_web_server(struct a407_doctor *d)
{
    struct a407_span name = a407_answer_field(&d->to_get, "Server");

    a407_row_found(&d->rows, A407_FOUND_WEB_SERVER, "kind of server",
                   "%s%.*s; it answers CONNECT with %d, and a request "
                   "for any host with %d",
                   name.n ? "Server: " : "no name is given",
                   (int)(name.n < 80 ? name.n : 80), name.n ? name.p : "",
                   d->to_connect.status, d->to_get.status);
    a407_doctor_say(d, A407_CAUSE_NONE, NULL);
}

/* Who answers, in its own words. */
static void tell_names(struct a407_doctor *d)
{
    static const char *const names[] = {"Server", "Via", "Proxy-Agent",
                                        "X-Squid-Error", "Proxy-Status"};
    const struct a407_answer *a = a407_doctor_first(d);
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        struct a407_span value = a407_answer_field(a, names[i]);

        if (value.n)
            a407_row_good(&d->rows, A407_IN_ENDPOINT, names[i], "%.*s",
                          (int)(value.n < 200 ? value.n : 200), value.p);
    }
}

/* GET is answered, and CONNECT is not. */
static void tell_no_tunnel(struct a407_doctor *d)
{
    struct a407_judged get = {&d->to_get, "GET", "", false, true};
    struct a407_portal page;

    d->is_proxy = false;
    if (a407_portal_see(&d->to_get, false, &d->o.target.at, &page)) {
        a407_doctor_judge(d, &get);
        return;
    }
    a407_row_found(&d->rows, A407_FOUND_CLOSES, "CONNECT",
                   "closed without an answer, where GET is answered %d",
                   d->to_get.status);
    a407_doctor_say(d, A407_CAUSE_NONE, NULL);
}

void a407_doctor_endpoint(struct a407_doctor *d)
{
    const struct a407_answer *a = a407_doctor_first(d);
    struct a407_portal page;

    if (d->config->wait_ms > WAIT_MS)
        d->config->wait_ms = WAIT_MS;
    name_targets(d);
    a407_doctor_progress(d, "connecting to %s", d->at);
    if (!look_up(d) || !reach(d))
        return;
    a407_doctor_progress(d, "asking %s without a login", d->at);
    if (d->tls &&
        !a407_kind_look_at_tls(&d->rows, &d->peer, (int)d->config->wait_ms,
                               &d->trusted)) {
        a407_doctor_say(d, A407_CAUSE_NONE, NULL);
        return;
    }
    d->peer.layer = d->tls ? &a407_tls_any : NULL;
    ask(d, d->tunnel, &d->to_connect);
    /* of a slow proxy only what is needed */
    if (a == &d->to_get || (d->to_connect.error != ETIMEDOUT &&
                            (d->to_connect.status != 407 ||
                             d->waited_ms < d->config->wait_ms / 2)))
        ask(d, d->page, &d->to_get);
    if (!a->status && (a == &d->to_get || !d->to_get.status)) {
        const char *why = d->tls ? a407_tls_error() : NULL;

        if (why && a->error != ETIMEDOUT)
            a407_row_found(&d->rows, A407_FOUND_NO_HANDSHAKE, "protocol",
                           "it ends TLS behind the handshake: %s", why);
        else
            a407_kind_tell(&d->rows, &d->peer, a);
        a407_doctor_say(d, A407_CAUSE_NONE, NULL);
        return;
    }
    tell_names(d);
    d->is_proxy =
        a407_portal_see(a->status ? a : &d->to_get,
                        a->status && d->o.target.tls, &d->o.target.at, &page) ||
        !a407_kind_is_web_server(&d->peer, &d->to_connect, &d->to_get);
    if (!d->is_proxy)
        tell_web_server(d);
    else if (!a->status)
        tell_no_tunnel(d);
}
