/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/http/http.h"
#include "host/clock.h"
#include "host/talk.h"
#include "pac.h"
#include "places.h"
#include "wire.h"

#define FETCH_MS 10000
#define ASK_MS   2000

/* ---- where it is ---- */

/* The value of "KEY 'VALUE'", of "KEY=VALUE" and of "KEY VALUE". */
static bool value_of(struct a407_span text, const char *key, char *out,
                     size_t cap)
{
    struct a407_span line;

    while (a407_span_line(&text, &line)) {
        if (!a407_span_begins(line, key))
            continue;
        line = a407_span_skip(line, strlen(key));
        while (line.n && strchr("[$e]= '", *line.p))
            a407_span_take(&line);
        while (line.n && strchr(" '", line.p[line.n - 1]))
            line.n--;
        a407_put(out, cap, line);
        return line.n > 0;
    }
    return false;
}

/* GNOME's and its kin's: only in a session of one. */
static bool ask_gnome(char *url, size_t cap)
{
#define SCHEMA "org.gnome.system.proxy"
    static const char *const argv[] = {"gsettings", "list-recursively", SCHEMA,
                                       NULL};
    struct a407_talk t = {.until = a407_now_ms() + ASK_MS, .once = true};
    struct a407_span said;
    char mode[16] = "";
    bool found;

    if (!getenv("XDG_CURRENT_DESKTOP"))
        return false;
    a407_buf_init(&t.answer, 65536);
    if (!a407_child_start(&t.child, "/usr/bin/gsettings", argv, true))
        return false;
    a407_talk_wait(&t);
    said = a407_span(t.answer.p, t.answer.n);
    found = value_of(said, SCHEMA " mode ", mode, sizeof mode) &&
            strcmp(mode, "auto") == 0 &&
            value_of(said, SCHEMA " autoconfig-url ", url, cap);
    a407_talk_drop(&t);
    return found;
}

/* KDE's: ProxyType 2 is a script. */
static bool ask_kde(char *url, size_t cap)
{
    char path[PATH_MAX], type[8] = "";
    struct a407_buf b;
    struct a407_span text;
    bool found;

    a407_buf_init(&b, 65536);
    found = a407_place_path("$XDG_CONFIG_HOME/kioslaverc|~/.config/kioslaverc",
                            path) &&
            a407_place_text(path, &b);
    text = a407_span(b.p, b.n);
    found = found && value_of(text, "ProxyType", type, sizeof type) &&
            strcmp(type, "2") == 0 &&
            value_of(text, "Proxy Config Script", url, cap);
    a407_buf_free(&b);
    return found;
}

bool a407_pac_find(const struct a407_doctor *d, struct a407_pac_source *out)
{
    const char *option = d->o.values[A407_OPT_DOCTOR_PAC];
    const char *variable = getenv("auto_proxy"), *from = NULL;

    *out = (struct a407_pac_source){.named = option != NULL};
    if (option || (variable && *variable)) {
        from = option ? "--pac" : "auto_proxy";
        snprintf(out->url, sizeof out->url, "%s", option ? option : variable);
    } else if (ask_kde(out->url, sizeof out->url)) {
        from = "KDE's settings";
    } else if (ask_gnome(out->url, sizeof out->url)) {
        from = "the desktop's settings";
    }
    snprintf(out->from, sizeof out->from, "%s", from ? from : "");
    return from != NULL;
}

/* ---- getting it ---- */

static bool is_whole(const struct a407_buf *b)
{
    size_t from = 0, head = a407_head_end(b->p, b->n, &from);

    return head && a407_answer_whole(b->p, b->n, head);
}

/* HTTP/1.0: the body is what comes until the end; some servers keep the
   connection in spite of that. */
static bool ask_server(int fd, const struct a407_proxy_url *url,
                       const char *path, struct a407_buf *b)
{
    int64_t until = a407_now_ms() + FETCH_MS;
    struct a407_buf request;
    ssize_t k = -1;
    bool sent;

    a407_buf_init(&request, 8192);
    a407_buf_fmt(
        &request, "GET %s%s HTTP/1.0\r\nHost: %s:%u\r\nAccept: */*\r\n\r\n",
        *path == '/' ? "" : "/", path, url->endpoint.host, url->endpoint.port);
    sent = !request.failed &&
           send(fd, request.p, request.n, MSG_NOSIGNAL) == (ssize_t)request.n;
    a407_buf_free(&request);
    while (sent && k && !is_whole(b) && a407_buf_reserve(b, b->n + 4096) &&
           a407_stream_wait(fd, POLLIN, until)) {
        k = recv(fd, b->p + b->n, b->cap - b->n, 0);
        if (k < 0)
            break;
        b->n += (size_t)k;
    }
    return sent && (k == 0 || is_whole(b));
}

static bool take_answer(struct a407_buf *b, char type[80], char why[240])
{
    size_t from = 0, n = a407_head_end(b->p, b->n, &from);
    struct a407_span to;
    struct a407_response r;

    if (!n || !a407_response_parse(b->p, n, false, false, &r)) {
        snprintf(why, 240, "no HTTP answer came");
        return false;
    }
    to = a407_field_find(b->p, n, "Location");
    if (r.status != 200) {
        snprintf(why, 240, "status %d%s%.*s", r.status,
                 to.p ? ", it has moved to " : "", (int)to.n, to.p ? to.p : "");
        return false;
    }
    a407_put(type, 80, a407_field_find(b->p, n, "Content-Type"));
    a407_buf_drop(b, n);
    return true;
}

static bool fetch_http(const char *url, struct a407_buf *script, char type[80],
                       char why[240])
{
    struct a407_proxy_url at;
    const char *path = url + strlen("http://"), *reason;
    bool good;
    int fd;

    if (!a407_proxy_url_parse(a407_span_str(url), &at)) {
        snprintf(why, 240, "it is no URL");
        return false;
    }
    a407_proxy_url_clear(&at);
    fd = a407_connect_to(&at.endpoint, &reason);
    if (fd < 0) {
        snprintf(why, 240, "%.200s: %s", at.endpoint.host, reason);
        return false;
    }
    path += strcspn(path, "/?#");
    good = ask_server(fd, &at, path, script);
    if (!good)
        snprintf(why, 240, "the answer does not come to its end");
    close(fd);
    return good && take_answer(script, type, why);
}

static bool read_file(const char *path, struct a407_buf *b)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    ssize_t k = fd < 0 ? -1 : 1;

    while (k > 0 && a407_buf_reserve(b, b->n + 4096)) {
        k = read(fd, b->p + b->n, b->cap - b->n);
        b->n += k > 0 ? (size_t)k : 0;
    }
    if (k > 0)
        errno = EFBIG;
    if (fd >= 0)
        close(fd);
    return k == 0;
}

bool a407_pac_fetch(const char *url, struct a407_buf *script, char type[80],
                    char why[240])
{
    bool file = strncmp(url, "file://", 7) == 0;

    *type = *why = '\0';
    if (strncmp(url, "http://", 7) == 0)
        return fetch_http(url, script, type, why);
    if (strstr(url, "://") && !file) {
        snprintf(why, 240,
                 "only http://, file:// and paths are fetched by the doctor");
        return false;
    }
    if (file) /* file://localhost/x: RFC 8089 */
        url += 7 + strcspn(url + 7, "/");
    if (read_file(url, script))
        return true;
    snprintf(why, 240, "%s", strerror(errno));
    return false;
}
