/* SPDX-License-Identifier: MIT */
/* The event-loop client on GLib's main loop (poll) and GIO. See loop.h. */
#include <gio/gio.h>

#include "loop.h"

struct client {
    struct job *job;
    GSocketConnection *connection;
    char text[65536];
};

static void over(struct client *c, bool ok)
{
    g_clear_object(&c->connection);
    if (job_over(c->job, ok))
        loop_report();
}

static void read_on(struct client *c);

static void written(GObject *source, GAsyncResult *result, gpointer ctx)
{
    struct client *c = ctx;
    if (g_output_stream_write_finish(G_OUTPUT_STREAM(source), result, NULL) < 0)
        over(c, false);
    else
        read_on(c);
}

static void send_next(struct client *c)
{
    const char *text = job_request(c->job);
    if (!text) {
        over(c, true);
        return;
    }
    g_strlcpy(c->text, text, sizeof c->text);
    g_output_stream_write_async(
        g_io_stream_get_output_stream(G_IO_STREAM(c->connection)), c->text,
        strlen(c->text), G_PRIORITY_DEFAULT, NULL, written, c);
}

static void come(GObject *source, GAsyncResult *result, gpointer ctx)
{
    struct client *c = ctx;
    gssize n = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);
    if (n <= 0)
        over(c, false);
    else if (job_bytes(c->job, c->text, (size_t)n))
        send_next(c);
    else
        read_on(c);
}

static void read_on(struct client *c)
{
    g_input_stream_read_async(
        g_io_stream_get_input_stream(G_IO_STREAM(c->connection)), c->text,
        sizeof c->text, G_PRIORITY_DEFAULT, NULL, come, c);
}

static void connected(GObject *source, GAsyncResult *result, gpointer ctx)
{
    struct client *c = ctx;
    c->connection =
        g_socket_client_connect_finish(G_SOCKET_CLIENT(source), result, NULL);
    if (c->connection)
        send_next(c);
    else
        over(c, false);
}

static struct job *jobs;
static struct client *all;
static GSocketClient *client;

static void begin(unsigned i)
{
    GSocketAddress *to =
        g_inet_socket_address_new_from_string("127.0.0.1", jobs[i].port);
    all[i].job = &jobs[i];
    g_socket_client_connect_async(client, G_SOCKET_CONNECTABLE(to), NULL,
                                  connected, &all[i]);
    g_object_unref(to);
}

static gboolean tick(gpointer ctx)
{
    (void)ctx;
    loop_tick(begin);
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    jobs = loop_start(argc, argv);
    all = g_new0(struct client, loop_all.jobs);
    client = g_socket_client_new();
    g_socket_client_set_enable_proxy(client, FALSE);
    g_timeout_add(1, tick, NULL);
    g_main_loop_run(g_main_loop_new(NULL, FALSE));
    return 0;
}
