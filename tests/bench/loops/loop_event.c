/* SPDX-License-Identifier: MIT */
/* The event-loop client on libevent's buffer events. See loop.h. */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "loop.h"

static void over(struct bufferevent *b, struct job *j, bool ok)
{
    bufferevent_free(b);
    if (job_over(j, ok))
        loop_report();
}

static void send_next(struct bufferevent *b, struct job *j)
{
    const char *text = job_request(j);
    if (text)
        bufferevent_write(b, text, strlen(text));
    else
        over(b, j, true);
}

static void come(struct bufferevent *b, void *ctx)
{
    char text[65536];
    size_t n = bufferevent_read(b, text, sizeof text);
    if (n && job_bytes(ctx, text, n))
        send_next(b, ctx);
}

static void happened(struct bufferevent *b, short what, void *ctx)
{
    if (what & BEV_EVENT_CONNECTED)
        send_next(b, ctx);
    else
        over(b, ctx, false);
}

static struct event_base *base;
static struct job *jobs;

static void begin(unsigned i)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)jobs[i].port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct bufferevent *b =
        bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(b, come, NULL, happened, &jobs[i]);
    bufferevent_enable(b, EV_READ | EV_WRITE);
    bufferevent_socket_connect(b, (struct sockaddr *)&to, sizeof to);
}

static void tick(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what, (void)ctx;
    loop_tick(begin);
}

int main(int argc, char **argv)
{
    jobs = loop_start(argc, argv);
    base = event_base_new();
    struct timeval ms = {.tv_usec = 1000};
    struct event *timer = event_new(base, -1, EV_PERSIST, tick, NULL);
    event_add(timer, &ms);
    return event_base_dispatch(base);
}
