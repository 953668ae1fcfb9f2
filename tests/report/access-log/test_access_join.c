/* SPDX-License-Identifier: MIT */
/* The join of records with a proxy's log, without a proxy. */

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/report/access/internal.h"
#include "tests/unit/unit.h"

#define T ((int64_t)1795295676000000)
#define S ((int64_t)1000000)

static FILE *proxy_log;

static const char *log_path(void)
{
    static char name[64];

    snprintf(name, sizeof name, "/tmp/auth407-access-join.%d", (int)getpid());
    return name;
}

static void log_begin(void)
{
    proxy_log = fopen(log_path(), "w");
    assert_non_null(proxy_log);
}

/* squid's line of a request that came at `start_us`. */
static void squid(int64_t start_us, int64_t millis, const char *what,
                  const char *request, const char *user, int port)
{
    int64_t end = start_us + millis * 1000;

    fprintf(proxy_log, "%lld.%03d %6lld 192.0.2.7 %s 10 %s %s HIER_NONE/- -",
            (long long)(end / S), (int)(end % S / 1000), (long long)millis,
            what, request, user);
    if (port)
        fprintf(proxy_log, " %d", port);
    fputc('\n', proxy_log);
}

static struct a407_report_access *begin(int64_t tolerance_us)
{
    struct a407_report_access_options o = {
        {{log_path()}, 1}, tolerance_us, INT64_MIN, INT64_MAX};
    struct a407_report_access *a;

    assert_int_equal(fclose(proxy_log), 0);
    a = a407_report_access_open(&o);
    assert_non_null(a);
    return a;
}

static struct a407_report_record record(int64_t time_us, const char *request,
                                        int port)
{
    const char *blank = strchr(request, ' ');

    return (struct a407_report_record){
        .time_us = time_us,
        .outcome = A407_NOT_RETRIED,
        .cause = a407_span_str("no_credential"),
        .proxy_address = a407_span_str("proxy.test"),
        .proxy_port = 3128,
        .local_port = port,
        .method = a407_span(request, (size_t)(blank - request)),
        .target = a407_span_str(blank + 1),
        .status = 407,
        .final_status = 407,
        .pid = 77,
        .executable = a407_span_str("/usr/bin/curl"),
        .met_407 = true,
        .unresolved = true};
}

static void add_attempt(struct a407_report_record *r, int status,
                        int64_t duration_us, int port)
{
    r->attempts[r->n_attempts++] =
        (struct a407_report_attempt){status, duration_us, port};
}

static void end(struct a407_report_access *a)
{
    a407_report_access_free(a);
    unlink(log_path());
}

/* Rows of the result, a line each, with "|" between columns. */
static void expect(struct a407_report_access *a, const char *sql,
                   const char *rows)
{
    sqlite3_stmt *s = a407_access_prepare(a, sql);
    char text[512] = "";
    int i;

    while (a407_access_step(a, s))
        for (i = 0; i < sqlite3_column_count(s); i++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
                     a407_access_text(s, i),
                     i + 1 < sqlite3_column_count(s) ? "|" : "\n");
    sqlite3_finalize(s);
    assert_string_equal(text, rows);
}

#define CLIENTS_MAX 1000 /* without a record, in the output: join.sql */

/* A column of the sums. */
static int64_t sum_of(struct a407_report_access *a, const char *name)
{
    char sql[64];
    sqlite3_stmt *s;
    int64_t n;

    snprintf(sql, sizeof sql, "SELECT %s FROM sums", name);
    s = a407_access_prepare(a, sql);
    assert_true(a407_access_step(a, s));
    n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

/* The requests of the records, unresolved ones first. */
#define ANSWERS                                                                \
    "SELECT answer.found, by_port, port, answer.status, answer.user "          \
    "FROM pair JOIN answer ON answer.record = pair.id "                        \
    "ORDER BY unresolved DESC, pair.time_us, number"

TEST(test_no_temporary_files)
{
    struct a407_report_access_options o = {
        {{"/dev/null"}, 1}, S, INT64_MIN, INT64_MAX};

    setenv("TMPDIR", "/nonexistent", 1);
    assert_null(a407_report_access_open(&o));
    unsetenv("TMPDIR");
    o.files.p[0] = "/nonexistent";
    assert_null(a407_report_access_open(&o));
}

/* A client that answers by NTLM: 407, 407 with its challenge, then the end. Of
   the second there is no record (MS-NTHT section 4). */
TEST(test_handshake_of_client)
{
    static const int ports[2] = {40001, 0};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct a407_report_record r = record(T, "CONNECT o:443", ports[i]);
        struct a407_report_access *a;

        log_begin();
        squid(T, 0, "TCP_DENIED/407", "CONNECT o:443", "-", ports[i]);
        squid(T + 5000, 2, "TCP_DENIED/407", "CONNECT o:443", "-", ports[i]);
        squid(T + 9000, 900, "TCP_TUNNEL/200", "CONNECT o:443", "u", ports[i]);
        a = begin(2 * S);
        a407_report_access_record(a, &r, true);
        r.time_us = T + 9500;
        r.status = r.final_status = 200;
        r.client_sent = true;
        r.client_scheme = a407_span_str("NTLM");
        r.client_user = a407_span_str("u");
        r.resend_count = 1;
        r.unresolved = false;
        a407_report_access_record(a, &r, true);
        assert_true(a407_report_access_finish(a));
        assert_int_equal(sum_of(a, "records"), 2);
        assert_int_equal(sum_of(a, "matched"), 2);
        /* without ports nobody can tell whose it is */
        assert_int_equal(sum_of(a, "without_record"), ports[i] ? 0 : 1);
        end(a);
    }
}

TEST(test_by_port)
{
    struct a407_report_access *a;
    struct a407_report_record r[2];

    log_begin(); /* two at the same moment, told apart by the port alone */
    squid(T, 0, "TCP_DENIED/407", "CONNECT o:443", "-", 40002);
    squid(T, 0, "TCP_DENIED/407", "CONNECT o:443", "-", 40001);
    squid(T + 1000, 61000, "TCP_TUNNEL/200", "CONNECT o:443", "al ice", 40001);
    a = begin(2 * S);
    r[0] = record(T + 500, "CONNECT o:443", 40001);
    add_attempt(&r[0], 200, 4000, 40001);
    r[0].unresolved = false;
    r[0].outcome = A407_RESOLVED;
    r[1] = record(T + 600, "CONNECT O:443", 40002);
    a407_report_access_record(a, &r[0], true);
    a407_report_access_record(a, &r[1], true);
    assert_true(a407_report_access_finish(a));
    assert_int_equal(sum_of(a, "records"), 2);
    assert_int_equal(sum_of(a, "matched"), 2);
    assert_int_equal(sum_of(a, "by_port"), 2);
    assert_int_equal(sum_of(a, "without_record"), 0);
    assert_true(sum_of(a, "ports"));
    assert_true(sum_of(a, "offset_by_port"));
    assert_int_equal(sum_of(a, "offset_us"), -500); /* the later of two */
    expect(a, ANSWERS,
           "1|1|40002|407|\n1|1|40001|407|\n1|1|40001|200|al ice\n");
    end(a);
}

/* Numbers at the end of lines that fit no port of ours are no ports. */
TEST(test_numbers_that_are_no_ports)
{
    struct a407_report_access *a;
    struct a407_report_record r = record(T, "GET http://o/", 40001);

    log_begin();
    squid(T, 0, "TCP_DENIED/407", "GET http://o/", "-", 1234);
    a = begin(2 * S);
    a407_report_access_record(a, &r, true);
    assert_true(a407_report_access_finish(a));
    assert_int_equal(sum_of(a, "matched"), 1);
    assert_int_equal(sum_of(a, "by_port"), 0);
    assert_false(sum_of(a, "ports"));
    end(a);
}

/* Without ports: request, status, time; of two that fit, the user decides. */
TEST(test_by_time)
{
    struct a407_report_access *a;
    struct a407_report_record r;

    log_begin(); /* out of order, too */
    squid(T + 900000, 0, "TCP_DENIED/407", "GET http://o:80/x?", "bob", 0);
    squid(T + 3 * S, 0, "TCP_DENIED/407", "GET http://o/x?", "-", 0);
    squid(T + 100000, 0, "TCP_DENIED/407", "GET http://o/x?", "-", 0);
    squid(T, 0, "TCP_MISS/200", "GET http://o/x?", "bob", 0);
    squid(T, 0, "TCP_DENIED/407", "POST http://o/x?", "-", 0);
    squid(T, 0, "TCP_DENIED/407", "GET http://o/y?", "-", 0);
    a = begin(2 * S);
    r = record(T, "GET http://o/x", 40001);
    r.client_sent = true;
    r.client_user = a407_span_str("BOB");
    a407_report_access_record(a, &r, true);
    r = record(T + 9 * S, "GET http://o/x", 40001);
    a407_report_access_record(a, &r, true);
    assert_true(a407_report_access_finish(a));
    assert_int_equal(sum_of(a, "matched"), 1);
    assert_int_equal(sum_of(a, "without_line"), 1);
    assert_int_equal(sum_of(a, "lines"), 6);
    assert_int_equal(sum_of(a, "lines_407"), 5);
    assert_int_equal(sum_of(a, "without_record"), 4);
    expect(a,
           "SELECT total, list FROM stranger_words", /* most frequent first */
           "4|http://o/x, http://o/y\n");
    expect(a, ANSWERS, "1|0|0|407|bob\n0||||\n");
    end(a);
}

/* A user name that is a key: the record hides it, and so does the other side.
 */
TEST(test_hidden_user)
{
    struct a407_report_access *a;
    struct a407_report_record r = record(T, "GET http://o/", 40001);

    log_begin();
    squid(T, 0, "TCP_DENIED/407", "GET http://o/", "key-12345", 40001);
    a = begin(2 * S);
    r.client_sent = true;
    r.client_user = a407_span_str("[redacted]");
    a407_report_access_record(a, &r, true);
    assert_true(a407_report_access_finish(a));
    expect(a, ANSWERS, "1|1|40001|407|[redacted]\n");
    end(a);
}

/* A record that a filter left out explains its line all the same. */
TEST(test_left_out)
{
    struct a407_report_access *a;
    struct a407_report_record r = record(T, "GET http://o/", 0);

    log_begin();
    squid(T, 0, "TCP_DENIED/407", "GET http://o/", "-", 0);
    a = begin(2 * S);
    a407_report_access_record(a, &r, false);
    assert_true(a407_report_access_finish(a));
    assert_int_equal(sum_of(a, "records"), 0);
    assert_int_equal(sum_of(a, "without_record"), 0);
    end(a);
}

TEST(test_range)
{
    struct a407_report_access_options o = {
        {{log_path()}, 1}, S, T, T + 100 * S};
    struct a407_report_access *a;
    int i;

    log_begin();
    for (i = -10; i < 120; i += 10)
        squid(T + i * S, 0, "TCP_DENIED/407", "GET http://o/", "-", 0);
    fclose(proxy_log);
    a = a407_report_access_open(&o);
    assert_non_null(a);
    assert_true(a407_report_access_finish(a));
    assert_int_equal(sum_of(a, "lines_407"), 13);
    assert_int_equal(sum_of(a, "without_record"), 9); /* 10 ... 90 s */
    end(a);
}

/* One more of each, `offset_us` apart; different targets, uneven times. */
static struct a407_report_access *clocks(int64_t offset_us, int n, int port,
                                         int64_t step_us, bool one_target)
{
    struct a407_report_access *a;
    char request[64];
    int i;

    log_begin();
    for (i = 0; i < n; i++) {
        snprintf(request, sizeof request, "GET http://o/%d",
                 one_target ? 0 : i);
        squid(T + i * step_us + i * i * 777777 + offset_us, 0, "TCP_DENIED/407",
              request, "-", port ? port + i : 0);
    }
    a = begin(2 * S);
    for (i = 0; i < n; i++) {
        struct a407_report_record r;

        snprintf(request, sizeof request, "GET http://o/%d",
                 one_target ? 0 : i);
        r = record(T + i * step_us + i * i * 777777, request,
                   port ? port + i : 0);
        a407_report_access_record(a, &r, true);
    }
    assert_true(a407_report_access_finish(a));
    return a;
}

TEST(test_clocks)
{
    static const int64_t offsets[] = {3 * S, -3 * S, 3600 * S + 123000,
                                      -19800 * S, 90000 * S};
    struct a407_report_access *a;
    size_t i;
    int port;

    for (i = 0; i < sizeof offsets / sizeof offsets[0]; i++)
        for (port = 0; port <= 40000; port += 40000) {
            a = clocks(offsets[i], 8, port, 20 * S, i % 2);
            assert_int_equal(sum_of(a, "matched"), 8);
            assert_true(sum_of(a, "shifted"));
            assert_true(sum_of(a, "offset_known"));
            /* squid writes milliseconds */
            assert_true(llabs(sum_of(a, "offset_us") - offsets[i]) <= 1000);
            assert_int_equal(sum_of(a, "offset_by_port"), port != 0);
            end(a);
        }
    /* two are enough where ports say so, and too few where not */
    a = clocks(500 * S, 2, 40000, S, false);
    assert_int_equal(sum_of(a, "matched"), 2);
    end(a);
    a = clocks(500 * S, 2, 0, S, false);
    assert_int_equal(sum_of(a, "matched"), 0);
    assert_false(sum_of(a, "offset_known"));
    assert_int_equal(sum_of(a, "without_record"), 2);
    end(a);
}

/* Another proxy's log: whatever fits by chance is no clock that differs. */
TEST(test_another_proxy)
{
    struct a407_report_access *a;
    uint64_t x = 7;
    int i;

    log_begin();
    for (i = 0; i < 4000; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        squid(T + (int64_t)(x >> 44) * 100000, 0, "TCP_DENIED/407",
              "CONNECT o:443", "-", 0);
    }
    a = begin(10000);
    for (i = 0; i < 5; i++) {
        struct a407_report_record r =
            record(T - (1000 + i * 37) * S, "CONNECT o:443", 0);

        a407_report_access_record(a, &r, true);
    }
    assert_true(a407_report_access_finish(a));
    assert_false(sum_of(a, "shifted"));
    assert_int_equal(sum_of(a, "matched"), 0);
    assert_int_equal(sum_of(a, "without_record"), 4000);
    end(a);
}

/* A program that tries every ten seconds: no multiple of them is taken for an
   offset where the clocks agree. */
TEST(test_steady)
{
    struct a407_report_access *a;
    int i;

    log_begin();
    for (i = 0; i < 50; i++)
        squid(T + i * 10 * S, 0, "TCP_DENIED/407", "GET http://o/", "-", 0);
    a = begin(2 * S);
    for (i = 0; i < 50; i++) {
        struct a407_report_record r =
            record(T + i * 10 * S, "GET http://o/", 0);

        a407_report_access_record(a, &r, true);
    }
    assert_true(a407_report_access_finish(a));
    assert_int_equal(sum_of(a, "matched"), 50);
    assert_int_equal(sum_of(a, "offset_us"), 0);
    end(a);
}

/* Apache: whole seconds, cut off. */
TEST(test_whole_seconds)
{
    struct a407_report_access *a;
    int i;

    log_begin();
    for (i = 0; i < 10; i++)
        fprintf(proxy_log,
                "192.0.2.7 - - [21/Nov/2026:21:14:%02d +0000] \"CONNECT o:443 "
                "HTTP/1.1\" 407 1\n",
                36 + i);
    a = begin(0);
    for (i = 0; i < 10; i++) {
        struct a407_report_record r =
            record(T + i * S + i * 99999, "CONNECT o:443", 0);

        a407_report_access_record(a, &r, true);
    }
    assert_true(a407_report_access_finish(a));
    assert_int_equal(sum_of(a, "matched"), 10);
    assert_true(sum_of(a, "offset_coarse"));
    end(a);
}

TEST(test_junk)
{
    struct a407_report_access *a;

    log_begin();
    squid(T, 0, "TCP_DENIED/407", "GET http://o/", "-", 0);
    fputs("torn li\n\n", proxy_log);
    fwrite("\0\xff\n", 1, 3, proxy_log);
    fprintf(proxy_log, "%0*d\n", 200000, 7);
    a = begin(S);
    assert_true(a407_report_access_finish(a));
    assert_int_equal(sum_of(a, "lines"), 4);
    assert_int_equal(sum_of(a, "lines_unreadable"), 3); /* one is too long */
    assert_int_equal(sum_of(a, "without_record"), 1);
    end(a);
}

/* More clients than are told of one by one. */
TEST(test_many_clients)
{
    struct a407_report_access *a;
    int i;

    log_begin();
    for (i = 0; i < CLIENTS_MAX + 500; i++)
        fprintf(proxy_log,
                "1795295676.000 0 192.0.2.7 TCP_DENIED/407 1 GET http://o/ u%d "
                "HIER_NONE/- -\n",
                i);
    a = begin(S);
    assert_true(a407_report_access_finish(a));
    assert_int_equal(sum_of(a, "clients"), CLIENTS_MAX);
    assert_int_equal(sum_of(a, "clients_lines"), CLIENTS_MAX);
    assert_int_equal(sum_of(a, "without_record"), CLIENTS_MAX + 500);
    end(a);
}

/* Far more than the cache of the database holds, in the wrong order. */
TEST(test_spilled)
{
    enum { N = 40000 };
    struct a407_report_access *a;
    char request[64];
    int i;

    log_begin();
    for (i = N - 1; i >= 0; i--) {
        snprintf(request, sizeof request, "GET http://o/%d", i % 7);
        squid(T + i * S / 10 + i % 3 * 1000, 0, "TCP_DENIED/407", request, "-",
              1024 + i);
    }
    a = begin(2 * S);
    for (i = 0; i < N; i++) {
        int k = (int)((int64_t)i * 7919 % N); /* each once */
        struct a407_report_record r;

        snprintf(request, sizeof request, "GET http://o/%d", k % 7);
        r = record(T + k * S / 10, request, 1024 + k);
        a407_report_access_record(a, &r, true);
    }
    assert_true(a407_report_access_finish(a));
    assert_int_equal(sum_of(a, "by_port"), N);
    assert_int_equal(sum_of(a, "without_record"), 0);
    assert_int_equal(sum_of(a, "offset_us"), 1000); /* of 0, 1000 and 2000 */
    expect(a,
           "SELECT count(*) FROM pair JOIN answer "
           "ON answer.record = pair.id WHERE answer.status = 407 AND "
           "port = 1024 + (pair.time_us - 1795295676000000) / 100000",
           "40000\n");
    assert_true(a407_report_access_ok(a));
    end(a);
}

/* No room for the database's file: an error, and no report that lacks rows. */
TEST(test_full)
{
    struct a407_report_access *a;
    struct rlimit old, limit;
    int i;

    log_begin();
    squid(T, 0, "TCP_DENIED/407", "GET http://o/", "-", 0);
    a = begin(S);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = (struct rlimit){65536, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (i = 0; i < 40000; i++) {
        struct a407_report_record r = record(T + i, "GET http://o/", 0);

        a407_report_access_record(a, &r, true);
    }
    assert_false(a407_report_access_finish(a));
    assert_false(a407_report_access_ok(a));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    end(a);
}
