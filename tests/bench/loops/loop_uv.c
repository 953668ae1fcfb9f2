/* SPDX-License-Identifier: MIT */
/* The event-loop client on libuv. See loop.h. */
#include <uv.h>

#include "loop.h"

struct client {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    struct job *job;
};

static void over(struct client *c, bool ok)
{
    uv_close((uv_handle_t *)&c->tcp, NULL);
    if (job_over(c->job, ok))
        loop_report();
}

static void written(uv_write_t *w, int status)
{
    if (status < 0 && status != UV_ECANCELED)
        over(w->data, false);
}

static void send_next(struct client *c)
{
    const char *text = job_request(c->job);
    if (!text) {
        over(c, true);
        return;
    }
    uv_buf_t b = uv_buf_init((char *)(uintptr_t)text, (unsigned)strlen(text));
    c->write.data = c;
    uv_write(&c->write, (uv_stream_t *)&c->tcp, &b, 1, written);
}

static void room(uv_handle_t *h, size_t n, uv_buf_t *b)
{
    static char text[65536];
    (void)h, (void)n;
    *b = uv_buf_init(text, sizeof text);
}

static void come(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct client *c = s->data;
    if (n < 0)
        over(c, false);
    else if (n > 0 && job_bytes(c->job, b->base, (size_t)n))
        send_next(c);
}

static void connected(uv_connect_t *q, int status)
{
    struct client *c = q->data;
    if (status < 0) {
        over(c, false);
        return;
    }
    uv_read_start((uv_stream_t *)&c->tcp, room, come);
    send_next(c);
}

static struct job *jobs;
static struct client *all;

static void begin(unsigned i)
{
    struct client *c = &all[i];
    struct sockaddr_in to;
    c->job = &jobs[i];
    c->tcp.data = c->connect.data = c;
    uv_ip4_addr("127.0.0.1", (int)jobs[i].port, &to);
    uv_tcp_init(uv_default_loop(), &c->tcp);
    uv_tcp_connect(&c->connect, &c->tcp, (const struct sockaddr *)&to,
                   connected);
}

static void tick(uv_timer_t *t)
{
    (void)t;
    loop_tick(begin);
}

int main(int argc, char **argv)
{
    uv_timer_t timer;
    jobs = loop_start(argc, argv);
    all = calloc(loop_all.jobs, sizeof *all);
    uv_timer_init(uv_default_loop(), &timer);
    uv_timer_start(&timer, tick, 1, 1);
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
