/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/msg.h"
#include "internal.h"

/*
 * A leg is one request of a record, number 0 the program's own; also of a
 * record that a filter left out, which is not in its table. leg.key 0: no
 * answer to look for. line.record and line.number are the leg that it answers.
 * at_us is compared, and may be the middle of a second; line.time_us is shown.
 * The indexes are made when their table is full; what they are searched for
 * with the columns of another table has a type, or sqlite would not use them.
 */
#define SCHEMA                                                                 \
    "PRAGMA journal_mode = OFF; PRAGMA cache_size = -2048;"                    \
    "BEGIN;"                                                                   \
    "CREATE TABLE record(id INTEGER PRIMARY KEY, time_us, pid, sent, status, " \
    "  final, unresolved, outcome, cause, binary, module, proxy, method, "     \
    "  target, scheme, user);"                                                 \
    "CREATE TABLE leg(record INTEGER, number INTEGER, key, at_us, user_key, "  \
    "port, "                                                                   \
    "  PRIMARY KEY(record, number)) WITHOUT ROWID;"                            \
    "CREATE TABLE line(id INTEGER PRIMARY KEY, key, at_us, user_key, port, "   \
    "  coarse, time_us, status, client, result, target, user, "                \
    "  record INTEGER, number INTEGER, difference_us, by_port);"               \
    "CREATE TABLE stranger(client, user, target, n, first_us, last_us, "       \
    "  PRIMARY KEY(client, user, target)) WITHOUT ROWID;"                      \
    "CREATE TABLE client(id INTEGER PRIMARY KEY, client, user, total, "        \
    "  first_us, last_us, targets);"

/*
 * What the outputs are made of. pair: a record and whether the proxy's log has
 * its 407. answer: a request of it as that log has it, NULL where it has not;
 * a user name that is a key is hidden in the record, and so here.
 */
#define VIEWS                                                                  \
    "CREATE VIEW pair AS SELECT record.*, line.id NOTNULL AS found, "          \
    "ifnull(line.difference_us, 0) AS difference_us, "                         \
    "ifnull(record.method, '') || ' ' || record.target AS request, "           \
    "iif(record.sent, " /* "Basic as alice" */                                 \
    "ifnull(nullif(record.scheme, ''), 'Proxy-Authorization') || "             \
    "ifnull(' as ' || nullif(record.user, ''), ''), "                          \
    "'no Proxy-Authorization') AS sent_words "                                 \
    "FROM record LEFT JOIN line ON line.record = record.id "                   \
    "AND line.number = 0;"                                                     \
    "CREATE VIEW answer AS SELECT *, " /* "TCP_DENIED/407, user bob, from      \
                                          192.0.2.7:1234" */                   \
    "ifnull(result || '/', '') || status || "                                  \
    "ifnull(', user ' || nullif(user, ''), ', no user') || ', from ' || "      \
    "client || ifnull(iif(instr(client, ':'), ' port ', ':') || "              \
    "nullif(port, 0), '') AS words, "                                          \
    "CASE WHEN status <> 407 THEN '' WHEN result GLOB 'TCP_DENIED*' "          \
    "THEN 'this proxy itself refused; ' WHEN result NOTNULL "                  \
    "THEN 'passed on from a proxy or server behind this one; ' "               \
    "ELSE '' END AS who "                                                      \
    "FROM (SELECT leg.record, leg.number, line.id NOTNULL AS found, "          \
    "line.time_us, line.difference_us, line.by_port, line.client, line.port, " \
    "line.result, line.status, iif(leg.number = 0 AND "                        \
    "record.user = '[redacted]', record.user, line.user) AS user "             \
    "FROM leg JOIN record ON record.id = leg.record LEFT JOIN line "           \
    "ON line.record = leg.record AND line.number = leg.number "                \
    "WHERE leg.number < 31);"                                                  \
    "CREATE VIEW stranger_words AS SELECT *, " /* "192.0.2.7, user bob" */     \
    "client || ifnull(', user ' || nullif(user, ''), ', no user') AS words, "  \
    "(SELECT group_concat(target, ', ') FROM (SELECT target FROM stranger s "  \
    "WHERE s.client = client.client AND s.user = client.user "                 \
    "ORDER BY n DESC, target LIMIT 3)) || iif(targets > 3, ', ...', '') "      \
    "AS list FROM client;"

void a407_access_fail(struct a407_report_access *a, const char *why)
{
    if (!a->failed)
        a407_error("can't compare with the proxy's log: %s", why);
    a->failed = true;
}

/* A file that has no name: sqlite makes it (0600) and unlinks it at once. A
   TMPDIR that is of no use is an error, since sqlite would take another. */
bool a407_access_db_open(struct a407_report_access *a)
{
    const char *folder = getenv("TMPDIR");

    if (folder && *folder && access(folder, W_OK | X_OK) != 0) {
        a407_error("can't make a temporary file in TMPDIR, %s: %s", folder,
                   strerror(errno));
        return false;
    }
    if (sqlite3_open("", &a->db) != SQLITE_OK)
        a407_access_fail(a, sqlite3_errmsg(a->db));
    a407_access_run(a, SCHEMA VIEWS);
    return !a->failed;
}

void a407_access_run(struct a407_report_access *a, const char *sql)
{
    if (!a->failed && sqlite3_exec(a->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        a407_access_fail(a, sqlite3_errmsg(a->db));
}

sqlite3_stmt *a407_access_prepare(struct a407_report_access *a, const char *sql)
{
    sqlite3_stmt *s = NULL;

    if (!a->failed && sqlite3_prepare_v2(a->db, sql, -1, &s, NULL) != SQLITE_OK)
        a407_access_fail(a, sqlite3_errmsg(a->db));
    return s;
}

bool a407_access_step(struct a407_report_access *a, sqlite3_stmt *s)
{
    int result = a->failed ? SQLITE_DONE : sqlite3_step(s);

    if (result == SQLITE_ROW)
        return true;
    if (result != SQLITE_DONE)
        a407_access_fail(a, sqlite3_errmsg(a->db));
    sqlite3_reset(s);
    return false;
}

static void bind_text(sqlite3_stmt *s, int at, struct a407_span text)
{
    char copy[A407_ACCESS_TEXT_MAX];
    size_t n = text.n < sizeof copy ? text.n : sizeof copy, i;

    for (i = 0; i < n; i++)
        copy[i] = text.p[i] ? text.p[i] : '?';
    if (text.p)
        sqlite3_bind_text(s, at, copy, (int)n, SQLITE_TRANSIENT);
    else
        sqlite3_bind_null(s, at);
}

void a407_access_insert(struct a407_report_access *a, sqlite3_stmt *s,
                        const int64_t *numbers, size_t n_numbers,
                        const struct a407_span *texts, size_t n_texts)
{
    int at = 1;

    for (; n_numbers; n_numbers--)
        sqlite3_bind_int64(s, at++, *numbers++);
    for (; n_texts; n_texts--)
        bind_text(s, at++, *texts++);
    a407_access_step(a, s);
}

const char *a407_access_text(sqlite3_stmt *s, int column)
{
    const unsigned char *text = sqlite3_column_text(s, column);

    return text ? (const char *)text : "";
}

uint64_t a407_access_count(sqlite3_stmt *s, int column)
{
    return (uint64_t)sqlite3_column_int64(s, column);
}
