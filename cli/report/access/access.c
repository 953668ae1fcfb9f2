/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/msg.h"
#include "cli/report/model/model.h"
#include "cli/report/read/read.h"
#include "internal.h"

A407_EMBED(a407_access_join, "cli/report/access/join.sql");

/* The number of a leg that stands for no attempt: see has_handshake(). */
#define HANDSHAKE 31
_Static_assert(A407_EVENT_ATTEMPTS < HANDSHAKE,
               "legs of one record have numbers of their own");

struct leg {
    int64_t number, at_us;
    int64_t user; /* a hash of the name, 0: none */
    int port;     /* 0: not told */
};

/* Before the records are read, which may take a while. */
static bool can_read(const char *path)
{
    if (strcmp(path, "-") == 0 || access(path, R_OK) == 0)
        return true;
    a407_error("can't read the proxy's log %s: %s", path, strerror(errno));
    return false;
}

struct a407_report_access *
a407_report_access_open(const struct a407_report_access_options *o)
{
    struct a407_report_access *a = calloc(1, sizeof *a);
    bool good = true;
    size_t i;

    if (!a) {
        a407_error("memory ran out");
        return NULL;
    }
    a->o = *o;
    for (i = 0; i < o->files.n; i++)
        good = good && can_read(o->files.p[i]);
    if (good && a407_access_db_open(a)) {
        a->add_record =
            a407_access_prepare(a, "INSERT INTO record VALUES "
                                   "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
        a->add_leg =
            a407_access_prepare(a, "INSERT INTO leg VALUES (?,?,?,?,?,?)");
        a->add_line = a407_access_prepare(
            a, "INSERT INTO line VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,"
               "NULL,NULL,NULL,NULL)");
        if (!a->failed)
            return a;
    }
    a407_report_access_free(a);
    return NULL;
}

void a407_report_access_free(struct a407_report_access *a)
{
    sqlite3_stmt *s;

    if (!a)
        return;
    while (a->db && (s = sqlite3_next_stmt(a->db, NULL)))
        sqlite3_finalize(s);
    sqlite3_close(a->db);
    free(a);
}

/* The authority without userinfo and, for that scheme, the default port. */
static struct a407_span authority(struct a407_span s, struct a407_span scheme)
{
    static const char *const ports[][2] = {
        {"http", ":80"}, {"https", ":443"}, {"ftp", ":21"}};
    const char *at = s.n ? memrchr(s.p, '@', s.n) : NULL;
    size_t i;

    if (at)
        s = a407_span_from(s, at + 1);
    for (i = 0; i < sizeof ports / sizeof *ports; i++)
        if (a407_span_ieq(scheme, ports[i][0]) &&
            a407_span_ends(s, ports[i][1]))
            s.n -= strlen(ports[i][1]);
    return s;
}

/* Appends, and returns the new length. */
static size_t put(char *out, size_t at, struct a407_span s, bool lower)
{
    size_t i;

    for (i = 0; i < s.n && at < A407_ACCESS_TEXT_MAX; i++) {
        /* squid takes blanks out, and neither log has a use for a NUL */
        if (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\0')
            continue;
        out[at++] = lower ? (char)a407_lower(s.p[i]) : s.p[i];
    }
    return at;
}

size_t a407_access_target(struct a407_span target, char *out)
{
    struct a407_span s = a407_span(NULL, 0), scheme, host;
    const char *colon;
    size_t n;

    a407_span_cut(&target, '#', &s); /* to the fragment, then to the query */
    target = s;
    a407_span_cut(&target, '?', &s);
    colon = s.n ? memmem(s.p, s.n, "://", 3) : NULL;
    if (!colon) /* host:port of a CONNECT */
        return put(out, 0, authority(s, a407_span(NULL, 0)), true);
    scheme = a407_span_before(s, colon);
    n = put(out, 0, a407_span_before(s, colon + 3), true);
    s = host = a407_span_from(s, colon + 3);
    while (s.n && *s.p != '/')
        a407_span_take(&s);
    n = put(out, n, authority(a407_span_before(host, s.p), scheme), true);
    return put(out, n, s.n ? s : a407_span_str("/"), false);
}

static int64_t key_of(struct a407_span method, struct a407_span target,
                      int status)
{
    uint64_t h = a407_hash_text(A407_HASH_START, method);

    h = a407_hash_byte(a407_hash_text(h, target), (unsigned)status);
    return (int64_t)h;
}

/* Case-insensitive (ASCII); 0 for none. */
static int64_t user_key(struct a407_span user)
{
    uint64_t h = A407_HASH_START;
    size_t i;

    for (i = 0; i < user.n; i++) /* squid puts names in lower case */
        h = a407_hash_byte(h, a407_lower(user.p[i]));
    return user.n ? (int64_t)(h | 1) : 0;
}

static void store_record(struct a407_report_access *a,
                         const struct a407_report_record *l,
                         struct a407_span target)
{
    char binary[A407_REPORT_KEY_MAX + 1], proxy[A407_REPORT_KEY_MAX + 1];

    a407_report_key(l, A407_REPORT_BINARY, binary);
    a407_report_key(l, A407_REPORT_PROXY, proxy);
    a407_access_insert(
        a, a->add_record,
        A407_ACCESS_NUMBERS(a->n_records, l->time_us, l->pid, l->client_sent,
                            l->status, l->final_status, l->unresolved),
        (const struct a407_span[]){a407_span_str(a407_outcome_name(l->outcome)),
                                   l->cause, a407_span_str(binary), l->module,
                                   a407_span_str(proxy), l->method, target,
                                   l->client_scheme, l->client_user},
        9);
}

/* One request of the latest record; status 0: no answer to look for. */
static void add_leg(struct a407_report_access *a,
                    const struct a407_report_record *l, struct a407_span target,
                    int status, struct leg leg)
{
    int64_t key = status ? key_of(l->method, target, status) : 0;

    a407_access_insert(a, a->add_leg,
                       A407_ACCESS_NUMBERS(a->n_records, leg.number, key,
                                           leg.at_us, leg.user, leg.port),
                       NULL, 0);
}

/* A client that answers by NTLM, or by NTLM within Negotiate, meets one more
   407, which has no record. Its line in the proxy's log is taken here, if the
   port says whose it is, and is not output. */
static bool has_handshake(const struct a407_report_record *l)
{
    return l->resend_count && (a407_span_ieq(l->client_scheme, "NTLM") ||
                               a407_span_ieq(l->client_scheme, "Negotiate"));
}

void a407_report_access_record(struct a407_report_access *a,
                               const struct a407_report_record *l,
                               bool selected)
{
    char text[A407_ACCESS_TEXT_MAX];
    struct a407_span target = {text, a407_access_target(l->target, text)};
    struct leg leg = {.at_us = l->time_us, .port = l->local_port};
    int64_t sent_us = l->time_us;
    size_t i;

    if (!l->met_407)
        return;
    a->n_records++;
    if (selected)
        store_record(a, l, target);
    leg.user = l->client_sent ? user_key(l->client_user) : 0;
    add_leg(a, l, target, l->status, leg);
    leg.user = 0;
    if (has_handshake(l)) {
        leg.number = HANDSHAKE;
        leg.at_us++; /* the record's own line is chosen first */
        add_leg(a, l, target, 407, leg);
    }
    for (i = 0; i < l->n_attempts && i < A407_EVENT_ATTEMPTS; i++) {
        const struct a407_report_attempt *t = &l->attempts[i];

        leg.number = (int64_t)i + 1;
        /* a refusal is logged when it is sent, anything else may last: there
           the moment when it began is what both sides know */
        leg.at_us = sent_us + (t->status == 407 ? t->duration_us : 0);
        leg.port = t->local_port;
        sent_us += t->duration_us;
        add_leg(a, l, target, t->status, leg);
    }
}

static void add_line(struct a407_report_access *a,
                     const struct a407_access_line *l)
{
    char text[A407_ACCESS_TEXT_MAX];
    struct a407_span target = {text, a407_access_target(l->target, text)};
    int64_t key = key_of(l->method, target, l->status);
    int64_t time_us = l->status == 407 ? l->end_us : l->start_us;
    bool coarse = l->grain_us >= 1000000;

    a->lines_407 += l->status == 407;
    sqlite3_bind_int64(a->has_key, 1, key);
    if (l->status == 407 || a407_access_step(a, a->has_key))
        a407_access_insert(
            a, a->add_line,
            A407_ACCESS_NUMBERS(
                key, coarse ? time_us + l->grain_us / 2 : time_us,
                user_key(l->user), l->client_port, coarse, time_us, l->status),
            (const struct a407_span[]){l->client, l->result, target, l->user},
            4);
    sqlite3_reset(a->has_key);
}

static bool take_line(void *ctx, char *p, size_t n)
{
    struct a407_report_access *a = ctx;
    struct a407_access_line line;

    a->lines++;
    if (n <= A407_ACCESS_LINE_MAX && a407_access_parse(p, n, &line))
        add_line(a, &line);
    else
        a->unreadable++;
    return !a->failed;
}

static bool read_file(struct a407_report_access *a, const char *path)
{
    struct a407_splitter s;
    bool good = a407_read_lines(&s, "the proxy's log ", path, take_line, a);

    if (good && s.packed)
        a407_error("%s is compressed: give what zcat(1) makes of it", path);
    return good && !s.packed;
}

/* What the join is told besides. */
static void store_input(struct a407_report_access *a)
{
    sqlite3_stmt *input =
        a407_access_prepare(a, "INSERT INTO input VALUES (?,?,?,?,?,?)");
    sqlite3_stmt *file = a407_access_prepare(a, "INSERT INTO file VALUES (?)");
    size_t i;

    a407_access_insert(a, input,
                       A407_ACCESS_NUMBERS(a->o.tolerance_us, a->o.since_us,
                                           a->o.until_us, a->lines,
                                           a->lines_407, a->unreadable),
                       NULL, 0);
    for (i = 0; i < a->o.files.n; i++) {
        sqlite3_bind_text(file, 1, a->o.files.p[i], -1, SQLITE_STATIC);
        a407_access_step(a, file);
    }
}

bool a407_report_access_finish(struct a407_report_access *a)
{
    size_t i;

    a407_access_run(a, "CREATE INDEX legs ON leg(key, at_us)");
    a->has_key = a407_access_prepare(a, "SELECT 1 FROM leg WHERE key = ?1");
    for (i = 0; i < a->o.files.n; i++)
        if (!read_file(a, a->o.files.p[i]))
            return false;
    if (a->lines && a->unreadable == a->lines) {
        a407_error("%s is no log of squid's or Apache's format",
                   a->o.files.p[0]);
        return false;
    }
    store_input(a);
    a407_access_run(a, a407_access_join);
    return !a->failed;
}

bool a407_report_access_ok(const struct a407_report_access *a)
{
    return !a->failed;
}
