/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/msg.h"
#include "core/base/date.h"
#include "core/base/text.h"
#include "core/http/http.h"
#include "doctor.h"
#include "host/clock.h"
#include "wire.h"

/* A longer word of a field is a token, a cookie or a key. */
#define WORD_MAX 64
#define LINE     76

/* -1: said. */
static int make(const char *path)
{
    int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        a407_error("`--bundle %s`: %s", path, strerror(errno));
    return fd;
}

bool a407_bundle_check(const char *path)
{
    int fd = make(path);

    return fd >= 0 && close(fd) == 0 && unlink(path) == 0;
}

/* ---- what and where ---- */

static void put_time(FILE *f, int64_t us)
{
    struct a407_date t = a407_date_of(us / 1000000);

    fprintf(f, "%04d-%02d-%02d %02d:%02d:%02d.%03d", t.year, t.month, t.day,
            t.hour, t.minute, t.second, (int)(us / 1000 % 1000));
}

/* "Debian GNU/Linux 12 (bookworm)": os-release(5). */
static void put_distribution(FILE *f)
{
    FILE *in = fopen("/etc/os-release", "re");
    char line[256];

    while (in && fgets(line, sizeof line, in))
        if (strncmp(line, "PRETTY_NAME=", 12) == 0) {
            const char *name = line + 12 + (line[12] == '"');
            fprintf(f, ", %.*s", (int)strcspn(name, "\"\n"), name);
        }
    if (in)
        fclose(in);
}

static void put_place(const struct a407_doctor *d, FILE *f)
{
    struct utsname self = {.nodename = "?"};

    uname(&self);
    if (d->proxy.port)
        fprintf(f, "Proxy:    %s%s, named by %s\n", d->at,
                d->tls ? ", in TLS" : "", d->proxy_from);
    fprintf(f, "Target:   %s\n", d->o.target.url);
    fprintf(f, "Client:   %s, address %s\n", self.nodename,
            *d->source.host ? d->source.host : "not known");
    fprintf(f, "Versions: auth407 " A407_VERSION ", %s %s, glibc %s",
            self.sysname, self.release, gnu_get_libc_version());
    put_distribution(f);
    fprintf(f, "\nWritten:  ");
    put_time(f, a407_clock_us(CLOCK_REALTIME));
    fprintf(f, " UTC\n");
}

/* ---- for the proxy's log ---- */

static void put_requests(const struct a407_doctor *d, FILE *f)
{
    fprintf(f, "\n## Requests, for the proxy's log (times in UTC)\n\n");
    if (!d->requests.n)
        fprintf(f, "None was made.\n");
    for (size_t i = 0; i < d->requests.n; i++) {
        const struct a407_request_made *m = &d->requests.made[i];

        put_time(f, m->at_us);
        fprintf(f, "  %s\n    %s\n    login: %s; answer: ",
                *m->source ? m->source : "(port not known)", m->request,
                *m->login ? m->login : "none");
        fprintf(f, m->status ? "%d\n" : "none\n", m->status);
    }
}

/* A field without cookies, and without what is too long to be words. */
static void put_field(FILE *f, const struct a407_field *field)
{
    struct a407_span rest = field->value, word;
    int at = fprintf(f, "    %.*s:", (int)field->name.n, field->name.p);

    if (a407_text_find(field->name, "cookie")) {
        fprintf(f, " (left out)\n");
        return;
    }
    while (a407_span_cut(&rest, ' ', &word)) {
        bool cut = word.n > WORD_MAX;

        if (at + 1 + (cut ? 12 : (int)word.n) > LINE && at > 8)
            at = fprintf(f, "\n       ") - 1;
        at += cut ? fprintf(f, " (%zu bytes)", word.n)
                  : fprintf(f, " %.*s", (int)word.n, word.n ? word.p : "");
    }
    fprintf(f, "\n");
}

static void put_head(FILE *f, const char *what, const char *p, size_t n)
{
    struct a407_field field;
    size_t at = 0;

    if (!n)
        return;
    fprintf(f, "\nTo %s:\n\n    %.*s\n", what, (int)strcspn(p, "\r\n"), p);
    while (a407_field_next(p, n, &at, &field))
        put_field(f, &field);
}

/* ---- by hand ---- */

static void put_curl(const struct a407_doctor *d, FILE *f)
{
    char line[2048];

    a407_doctor_curl(d, " -v -o /dev/null", line, sizeof line);
    fprintf(f, "\n## The same by hand\n\n    %s\n", line);
}

/* ---- all of it ---- */

static void compose(const struct a407_doctor *d, FILE *f)
{
    const struct a407_term lines = {.f = f, .width = LINE, .whole = true};
    const struct a407_row *verdict = a407_rows_verdict(&d->rows);

    fprintf(f, "# auth407 doctor: %s\n\n",
            verdict    ? verdict->sentence
            : d->works ? "it works"
                       : "it can't be told whether it works");
    put_place(d, f);
    put_requests(d, f);
    if (d->to_connect.head || d->to_get.head)
        fprintf(f, "\n## Answers\n");
    put_head(f, "CONNECT without a login", d->to_connect.bytes,
             d->to_connect.head);
    put_head(f, "GET without a login", d->to_get.bytes, d->to_get.head);
    if (d->requests.head)
        put_head(f, "the last login", d->requests.head,
                 strlen(d->requests.head));
    fprintf(f, "\n## Checks\n\n");
    a407_doctor_write_text(d, &lines);
    if (d->proxy.port)
        put_curl(d, f);
}

/* What a mail program or a terminal would obey: controls of two bytes, too. */
static void make_plain(char *p, size_t n)
{
    size_t i, k;

    for (i = 0; i < n; i += k ? k : 1) {
        unsigned c = (unsigned char)p[i];

        k = a407_utf8_next(a407_span(p + i, n - i), &c);
        if (p[i] != '\n' && (!k || a407_is_control(c)))
            memset(p + i, '?', k ? k : 1);
    }
}

bool a407_bundle_write(const struct a407_doctor *d, const char *path)
{
    char *text = NULL;
    size_t n = 0, at = 0;
    FILE *f = open_memstream(&text, &n);
    int fd = make(path);
    bool good;

    if (f)
        compose(d, f);
    good = f && fclose(f) == 0 && fd >= 0;
    if (good)
        make_plain(text, n = strlen(text));
    while (good && at < n) {
        ssize_t k = write(fd, text + at, n - at);
        good = k > 0;
        at += good ? (size_t)k : 0;
    }
    if (fd >= 0 && (close(fd) != 0 || !good)) {
        a407_error("can't write %s: %s", path, strerror(errno));
        good = false;
    }
    free(text);
    return good;
}
