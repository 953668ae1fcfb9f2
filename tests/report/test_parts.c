/* SPDX-License-Identifier: MIT */
/* The parts around the record: lines, scripts, keys, filters, terminals. */
#include "tests/unit/exact.h"

#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/report/model/model.h"
#include "cli/report/read/read.h"
#include "cli/report/write/write.h"
#include "tests/unit/unit.h"

/* What the splitter handed on, lines parted by "|". */
static char lines[4096];
static size_t longest;

static bool on_line(void *ctx, char *line, size_t n)
{
    (void)ctx;
    if (n > longest)
        longest = n;
    if (n < 100) {
        strncat(lines, line, n);
        strcat(lines, "|");
    }
    return true;
}

static void feed(const char *bytes, size_t n, size_t piece)
{
    struct a407_splitter s;
    size_t at;
    int fds[2];

    lines[0] = '\0';
    assert_int_equal(pipe(fds), 0);
    assert_true(a407_splitter_init(&s, on_line, NULL));
    for (at = 0; at < n; at += piece) {
        size_t now = n - at < piece ? n - at : piece;

        assert_int_equal(write(fds[1], bytes + at, now), now);
        while (s.bytes < at + now)
            assert_int_equal(a407_splitter_read(&s, fds[0]), A407_READ_MORE);
    }
    close(fds[1]);
    assert_int_equal(a407_splitter_read(&s, fds[0]), A407_READ_END);
    assert_true(a407_splitter_flush(&s));
    assert_int_equal(s.bytes, n);
    a407_splitter_free(&s);
    close(fds[0]);
}

TEST(test_lines)
{
    static const char text[] = "one\n\ntwo\r\n\nthree\nwithout an end";
    size_t piece;

    for (piece = 1; piece < sizeof text; piece++) {
        feed(text, sizeof text - 1, piece);
        assert_string_equal(lines, "one|two|three|without an end|");
    }
    feed("", 0, 1);
    assert_string_equal(lines, "");
}

/* Of a line that is too long the first part is handed on, and no more. */
TEST(test_long_line)
{
    size_t n = 3 * A407_LINE_MAX + 9;
    char *text = malloc(n);

    assert_non_null(text);
    memset(text, 'x', n);
    memcpy(text, "a\n", 2);
    memcpy(text + n - 7, "\nb\nend", 6);
    text[n - 1] = '\n';
    longest = 0;
    feed(text, n, 60000);
    assert_string_equal(lines, "a|b|end|");
    assert_int_equal(longest, A407_LINE_MAX);
    free(text);
}

static const struct {
    const char *path;
    const char *args[8];
    const char *script; /* NULL: none */
} scripts[] = {
    {"/usr/bin/wget", {"wget", "http://a/"}, NULL},
    {"/usr/bin/python3.11", {"python3", "-m", "pip", "install"}, "pip"},
    {"/usr/bin/python3", {"/usr/bin/python3", "/usr/bin/pip", "list"}, "pip"},
    {"/usr/bin/python3", {"python3", "-X", "dev", "/a/b.py", "-m"}, "b.py"},
    {"/usr/bin/python3", {"python3", "-c", "print()"}, "-c"},
    {"/usr/bin/python3", {"python3"}, NULL},
    {"/usr/bin/python3", {"python3", "-m"}, NULL},
    {"/usr/bin/pythonic", {"pythonic", "x.py"}, NULL},
    {"/usr/bin/perl", {"perl", "-w", "/x/get.pl"}, "get.pl"},
    {"/usr/bin/perl5.36.0", {"perl", "-e", "1"}, "-e"},
    {"/opt/jdk/bin/java", {"java", "-Xmx1g", "-jar", "/o/a.jar"}, "a.jar"},
    {"/opt/jdk/bin/java", {"java", "@options", "-cp", ".", "Main"}, "Main"},
    {"/opt/jdk/bin/java",
     {"java", "-cp", "x:y", "-Da=b", "org.example.Main", "-q"},
     "org.example.Main"},
    {"/usr/bin/node", {"node", "/usr/lib/npm-cli.js", "ci"}, "npm-cli.js"},
    {"/usr/bin/node", {"npm ci"}, "npm"}, /* a title */
    {"/usr/bin/node", {"npm ci", "", ""}, "npm"},
    {"/usr/bin/node", {"", ""}, NULL},
    {"/usr/bin/node", {"node", "-r", "x", "y.js"}, "y.js"},
    {"/usr/bin/php8.2", {"php", "-d", "a=b", "-f", "g.php"}, "g.php"},
    {"/usr/bin/busybox", {"busybox", "wget", "-q"}, "wget"},
    {"/usr/bin/busybox", {"wget", "-q", "x"}, "wget"},
    {"/usr/bin/python3", {"python3", "-"}, "-"},
};

static struct a407_report_record record_of(const char *path,
                                           const char *const *args, size_t n)
{
    struct a407_report_record l = {.executable = a407_span_str(path)};

    for (; l.n_args < n && args[l.n_args]; l.n_args++)
        l.args[l.n_args] = a407_span_str(args[l.n_args]);
    return l;
}

TEST(test_scripts)
{
    size_t i;

    for (i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct a407_report_record l =
            record_of(scripts[i].path, scripts[i].args, 8);
        struct a407_span s = a407_report_script(&l);

        if (!scripts[i].script ? s.p != NULL
                               : !a407_span_eq(s, scripts[i].script))
            fail_msg("%zu: %.*s", i, (int)s.n, s.p ? s.p : "");
    }
}

TEST(test_keys)
{
    static const char *const args[] = {"python3", "/a/b.py", NULL};
    struct a407_report_record l = record_of("/usr/bin/python3", args, 2);
    char key[A407_REPORT_KEY_MAX + 1], path[2 * A407_REPORT_KEY_MAX];

    a407_report_key(&l, A407_REPORT_BINARY, key);
    assert_string_equal(key, "/usr/bin/python3 (b.py)");
    l.proxy_address = a407_span_str("proxy.test");
    l.proxy_port = 3128;
    a407_report_key(&l, A407_REPORT_PROXY, key);
    assert_string_equal(key, "proxy.test:3128");
    l.proxy_address = a407_span_str("::1");
    a407_report_key(&l, A407_REPORT_PROXY, key);
    assert_string_equal(key, "[::1]:3128");
    a407_report_key(&l, A407_REPORT_MODULE, key);
    assert_string_equal(key, "(unknown)");
    a407_report_key(&l, A407_REPORT_USER, key);
    assert_string_equal(key, "(nobody)");
    l.credential = a407_span_str("http_proxy");
    a407_report_key(&l, A407_REPORT_USER, key);
    assert_string_equal(key, "(credential of http_proxy)");
    l.client_sent = true;
    l.client_user = a407_span_str("alice");
    a407_report_key(&l, A407_REPORT_USER, key);
    assert_string_equal(key, "alice");
    memset(path, 'p', sizeof path);
    l.executable = a407_span(path, sizeof path);
    a407_report_key(&l, A407_REPORT_BINARY, key);
    assert_int_equal(strlen(key), A407_REPORT_KEY_MAX);
}

static bool matches(enum a407_filter_kind kind, const char *pattern,
                    const struct a407_report_record *l)
{
    struct a407_filter f = {0};

    f.patterns[kind] = (struct a407_report_list){{pattern}, 1};
    return a407_filter_match(&f, l);
}

TEST(test_filters)
{
    static const char *const args[] = {"python3", "/a/b.py", NULL};
    struct a407_report_record l = record_of("/usr/bin/python3", args, 2);
    struct a407_filter f = {0};

    l.proxy_address = a407_span_str("proxy.test");
    l.proxy_port = 3128;
    l.cause = a407_span_str("rejected");
    l.outcome = A407_OBSERVED;
    assert_true(matches(A407_FILTER_BINARY, "/usr/*", &l));
    assert_true(matches(A407_FILTER_BINARY, "python3", &l));
    assert_true(matches(A407_FILTER_BINARY, "b.py", &l));
    assert_true(matches(A407_FILTER_BINARY, "*python3 (b.py)", &l));
    assert_false(matches(A407_FILTER_BINARY, "python", &l));
    assert_true(matches(A407_FILTER_PROXY, "proxy.*", &l));
    assert_true(matches(A407_FILTER_PROXY, "*:3128", &l));
    assert_false(matches(A407_FILTER_PROXY, "*:80", &l));
    assert_true(matches(A407_FILTER_CAUSE, "rej*", &l));
    assert_false(matches(A407_FILTER_CAUSE, "rejected_after_success", &l));
    assert_true(matches(A407_FILTER_OUTCOME, "observed", &l));
    /* one of each kind must fit */
    assert_true(a407_filter_match(&f, &l));
    f.patterns[A407_FILTER_CAUSE] =
        (struct a407_report_list){{"none", "rejected"}, 2};
    assert_true(a407_filter_match(&f, &l));
    f.patterns[A407_FILTER_OUTCOME] =
        (struct a407_report_list){{"resolved"}, 1};
    assert_false(a407_filter_match(&f, &l));
}

/* What the terminal functions write. */
static char *shown;
static size_t n_shown;

static struct a407_term open_term(size_t width)
{
    struct a407_term t = {.f = open_memstream(&shown, &n_shown),
                          .width = width};

    assert_non_null(t.f);
    return t;
}

static void check_shown(struct a407_term *t, const char *expected)
{
    fclose(t->f);
    assert_string_equal(shown, expected);
    free(shown);
}

static const struct {
    const char *text, *shown;
} escapes[] = {
    {"plain", "plain"},
    {"\x1b[31mred", "\\x1b[31mred"},
    {"a\r\n\tb\x7f", "a\\x0d\\x0a\\x09b\\x7f"},
    {"\xc2\x9b"
     "31m",
     "\\u{9b}31m"}, /* C1: CSI in one character */
    {"\x9b"
     "31m",
     "\\x9b31m"},                        /* and as a byte */
    {"\xe2\x80\xaegpj", "\\u{202e}gpj"}, /* turns the text round */
    {"a\xe2\x80\x8b"
     "b",
     "a\\u{200b}b"}, /* no width: not seen */
    {"\xef\xbb\xbfx", "\\u{feff}x"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* a surrogate */
    {"\xc0\xaf", "\\xc0\\xaf"},          /* too long a form */
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {"\xc3", "\\xc3"},
    {"\xe2\x80", "\\xe2\\x80"},
};

TEST(test_escapes)
{
    size_t i;

    for (i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        struct a407_term t = open_term(80);
        char *text = exact(escapes[i].text, strlen(escapes[i].text) + 1);

        a407_term_put(&t, text);
        check_shown(&t, escapes[i].shown);
        assert_int_equal(a407_term_width(text), strlen(escapes[i].shown));
        free(text);
    }
}

/* Widths are columns, not bytes. */
TEST(test_cells)
{
    struct a407_term t = open_term(80);

    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        skip();
    assert_int_equal(a407_term_width("d\xc3\xa9p\xc3\xb4t"), 5);
    assert_int_equal(a407_term_width("\xe6\xbc\xa2"), 2);
    assert_int_equal(a407_term_width("e\xcc\x81"), 1); /* combining */
    a407_term_cell(&t, "d\xc3\xa9", 4, true);
    a407_term_cell(&t, "|", 1, true);
    a407_term_cell(&t, "/usr/lib/jvm/java-17/bin/java", 20, true);
    a407_term_cell(&t, "|", 1, true);
    a407_term_cell(&t, "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 5, true);
    a407_term_cell(&t, "|", 1, true);
    check_shown(&t, "d\xc3\xa9  |/usr/...-17/bin/java|"
                    "\xe6\xbc\xa2\xe6\xbc\xa2 |");
    setlocale(LC_CTYPE, "C");
}

TEST(test_wrap)
{
    struct a407_term t = open_term(12);

    a407_term_wrap(&t, "one two three four", 0, 2);
    a407_term_wrap(&t, "a-word-longer-than-the-line", 4, 4);
    a407_term_wrap(&t, "", 0, 0);
    check_shown(&t, "one two\n  three four\na-word-l\n    onger-th\n"
                    "    an-the-l\n    ine\n\n");
}
