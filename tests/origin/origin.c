/* SPDX-License-Identifier: MIT */
/*
 * An origin server for tests. What it serves is told by the path, and is the
 * same in every run. It must never meet a Proxy-Authorization: one that comes
 * is logged as a LEAK and answered 500, whatever was asked for.
 */
#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "msg.h"
#include "server.h"

static int log_fd = -1;

struct page {
    int status;
    const char *reason;
    struct text fields; /* besides the framing */
    struct text body;
    enum { LENGTH, CHUNKED, CLOSE } framing;
};

/* The byte at an offset: every value occurs, and no two blocks are alike. */
static char pattern(size_t i)
{
    return (char)(i * 167 + (i >> 8) * 13 + (i >> 16) * 7);
}

static void fill(struct page *g, const char *count)
{
    size_t n = strtoul(count, NULL, 10);
    char part[4096];
    for (size_t i = 0; i < n;) {
        size_t k = 0;
        for (; k < sizeof part && i < n; k++, i++)
            part[k] = pattern(i);
        text_add(&g->body, part, k);
    }
}

static void page_407(struct page *g)
{
    g->status = 407;
    g->reason = "Proxy Authentication Required";
    text_str(&g->fields, "Proxy-Authenticate: Basic realm=\"origin\"\r\n"
                         "Proxy-Authenticate: Digest realm=\"origin\", "
                         "nonce=\"b3JpZ2lu\", qop=\"auth\"\r\n");
    text_str(&g->body, "this is the origin, not a proxy\n");
}

static void page_fields(const struct msg *rq, struct page *g)
{
    text_fmt(&g->body, "%s %s %s\n", rq->word[0], rq->word[1], rq->version);
    for (size_t i = 0; i < rq->n_fields; i++)
        text_fmt(&g->body, "%s: %s\n", rq->field[i].name, rq->field[i].value);
}

/* What follows the prefix, or NULL. */
static const char *after(const char *path, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(path, prefix, n) == 0 ? path + n : NULL;
}

/* An origin is asked in absolute form, too: RFC 9112, section 3.2.2. */
static const char *path_of(const char *target)
{
    const char *authority = after(target, "http://");
    return authority ? strchrnul(authority, '/') : target;
}

static void make_page(const struct msg *rq, struct page *g)
{
    const char *path = path_of(rq->word[1]), *arg;
    char sum[65];
    g->status = 200;
    g->reason = "OK";
    if ((arg = after(path, "/bytes/"))) {
        fill(g, arg);
    } else if ((arg = after(path, "/chunked/"))) {
        g->framing = CHUNKED;
        fill(g, arg);
    } else if ((arg = after(path, "/close/"))) {
        g->framing = CLOSE;
        fill(g, arg);
    } else if ((arg = after(path, "/slow/"))) {
        pause_ms((unsigned)atoi(arg));
        text_str(&g->body, "slow\n");
    } else if ((arg = after(path, "/status/"))) {
        g->status = atoi(arg);
        g->reason = "As Asked";
        text_fmt(&g->body, "%d\n", g->status);
    } else if (strcmp(path, "/sha") == 0) {
        text_sha256(rq->body.p ? rq->body.p : "", rq->body.n, sum);
        text_fmt(&g->body, "%s\n", sum);
    } else if (strcmp(path, "/fields") == 0) {
        page_fields(rq, g);
    } else if (strcmp(path, "/407") == 0) {
        page_407(g);
    } else if (strcmp(path, "/redirect") == 0) {
        g->status = 302;
        g->reason = "Found";
        text_str(&g->fields, "Location: /bytes/10\r\n");
    } else if (strcmp(path, "/leak") == 0 || strcmp(path, "/") == 0) {
        text_str(&g->body, "nothing leaked\n");
    } else {
        g->status = 404;
        g->reason = "Not Found";
    }
}

static void put_chunked(struct text *out, const struct text *body)
{
    /* Sizes that grow, so that chunk ends fall on all kinds of offsets. */
    for (size_t at = 0, n = 1; at < body->n; at += n, n = n * 2 + 1) {
        if (n > body->n - at)
            n = body->n - at;
        text_fmt(out, "%zx\r\n", n);
        text_add(out, body->p + at, n);
        text_str(out, "\r\n");
    }
    text_str(out, "0\r\n\r\n");
}

static bool send_page(struct wire *w, const struct msg *rq, struct page *g)
{
    struct text out = {0};
    bool old = strcmp(rq->version, "HTTP/1.0") == 0;
    if (old && g->framing == CHUNKED)
        g->framing = CLOSE;
    bool keep = g->framing != CLOSE && msg_keep_alive(rq);
    bool bodiless = strcmp(rq->word[0], "HEAD") == 0 || g->status == 204 ||
                    g->status == 304;
    text_fmt(&out, "HTTP/1.1 %d %s\r\nServer: origin\r\n", g->status,
             g->reason);
    text_add(&out, g->fields.p, g->fields.n);
    if (g->framing == CHUNKED)
        text_str(&out, "Transfer-Encoding: chunked\r\n");
    else if (g->framing == LENGTH && g->status != 204)
        text_fmt(&out, "Content-Length: %zu\r\n", g->body.n);
    text_fmt(&out, "Connection: %s\r\n\r\n", keep ? "keep-alive" : "close");
    if (!bodiless && g->framing == CHUNKED)
        put_chunked(&out, &g->body);
    else if (!bodiless)
        text_add(&out, g->body.p, g->body.n);
    bool sent = wire_write(w, out.p, out.n);
    text_free(&out);
    return sent && keep;
}

static bool serve_one(struct wire *w, struct msg *rq)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct page g = {0};
    if (!msg_request(rq, w))
        return false;
    if (msg_has_token(rq, "Expect", "100-continue") && msg_has_body(rq))
        wire_write(w, go_on, strlen(go_on));
    if (!msg_read_body(rq, w))
        return false;
    const char *leak = msg_field(rq, "Proxy-Authorization");
    if (leak) {
        g.status = 500;
        g.reason = "Leak";
        text_str(&g.body, "a Proxy-Authorization reached the origin\n");
    } else {
        make_page(rq, &g);
    }
    server_log(log_fd, "%s conn=%u method=%s path=%s body=%zu status=%d\n",
               leak ? "LEAK" : "request", w->id, rq->word[0], rq->word[1],
               rq->body.n, g.status);
    bool more = send_page(w, rq, &g);
    text_free(&g.fields);
    text_free(&g.body);
    return more;
}

static void serve_http(void *ctx, int fd, unsigned id)
{
    struct wire w;
    bool more = true;
    (void)ctx;
    wire_init(&w, fd, id, NULL);
    while (more) {
        struct msg rq;
        more = serve_one(&w, &rq);
        msg_free(&rq);
    }
    wire_close(&w);
}

/* Sends back what comes. A header in it is a leak here as well. */
static void serve_echo(void *ctx, int fd, unsigned id)
{
    struct wire w;
    struct text all = {0};
    char part[65536];
    size_t n;
    (void)ctx;
    wire_init(&w, fd, id, NULL);
    while ((n = wire_read(&w, part, sizeof part)) > 0) {
        size_t from = all.n > 64 ? all.n - 64 : 0;
        text_add(&all, part, n);
        if (memmem(all.p + from, all.n - from, "Proxy-Authorization", 19))
            server_log(log_fd, "LEAK conn=%u echo\n", id);
        if (!wire_write(&w, part, n))
            break;
    }
    server_log(log_fd, "echo conn=%u bytes=%zu\n", id, all.n);
    text_free(&all);
    wire_close(&w);
}

static void usage(FILE *out)
{
    fputs("usage: origin [--port N] [--log FILE] [--stdin]\n"
          "Listens on 127.0.0.1 and ::1, prints \"port N\" and \"echo N\".\n"
          "  /bytes/N /chunked/N /close/N   N bytes of a fixed pattern\n"
          "  /sha       SHA-256 of the request's content\n"
          "  /fields    the request head as it came\n"
          "  /status/N /slow/MS /redirect /407 /leak\n"
          "The echo port sends back what it gets. --stdin: end when it does.\n",
          out);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"log", required_argument, NULL, 'l'},
        {"stdin", no_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {0}};
    struct server servers[2] = {{.serve = serve_http}, {.serve = serve_echo}};
    unsigned long port = 0;
    bool stdin_too = false;
    int opt;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt == 'p')
            port = strtoul(optarg, NULL, 10);
        else if (opt == 'l')
            log_fd = server_log_open(optarg);
        else if (opt == 's')
            stdin_too = true;
        else {
            usage(opt == 'h' ? stdout : stderr);
            return opt == 'h' ? 0 : 2;
        }
    }
    if (optind != argc || port > 65535) {
        usage(stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    server_listen(&servers[0], (uint16_t)port);
    server_listen(&servers[1], 0);
    printf("port %u\necho %u\n", servers[0].port, servers[1].port);
    fflush(stdout);
    server_run(servers, 2, stdin_too);
}
