/* SPDX-License-Identifier: MIT */
/* Lines of the log that have to be short. */
#include "event_sample.h"
#include "unit.h"

/* The line of at most `max` bytes, NUL-terminated, or NULL; the caller frees.
 */
static char *short_line(const struct a407_record *r, size_t max)
{
    struct a407_buf b;
    a407_buf_init(&b, 1 << 20);
    bool ok = a407_record_json(r, max, &b);
    assert_true(!b.failed && (ok || b.n == 0) && b.n <= max);
    char *z = ok ? strndup(b.p, b.n) : NULL;
    a407_buf_free(&b);
    return z;
}

static void short_is(const struct a407_record *r, size_t max, const char *part)
{
    char *line = short_line(r, max);
    assert_non_null(line);
    if (!strstr(line, part))
        fail_msg("%zu: no %s in %s", max, part, line);
    free(line);
}

/* The least important goes first, one part after the other, and as little of it
   as needed; what is left out is named at the end. */
TEST(short)
{
    static const char *const order[] = {"\"process.command_args\"",
                                        "\"http.response.header\"",
                                        "\"proxy.status\"",
                                        "\"proxy.message\"",
                                        "\"process.parents\"",
                                        "\"cause_evidence\"",
                                        "\"attempts\"",
                                        "\"proxy.challenges\"",
                                        "\"detail\"",
                                        "\"url.target\"",
                                        "\"process.executable.path\""};
    struct a407_event *e = full();
    struct a407_record r = {.event = e, .lost = 7, .run = "20260101T000000Z-1"};
    struct a407_buf all;
    size_t named = 0;
    memset(e->process.executable, 'x', 100);
    char *line = short_line(&r, SIZE_MAX);
    size_t max = strlen(line);
    assert_string_equal(line + max - 18, "\"records_lost\":7}\n");
    a407_buf_init(&all, 1 << 24);
    while (line) {
        const char *list = strstr(line, "\"records_lost\":7");
        size_t n = 0;
        a407_buf_str(&all, line);
        for (const char *at = list; n < 11; n++, at++)
            if (!(at = strstr(at, order[n])))
                break;
        assert_true(n >= named);
        assert_true(n > 0 || !strstr(line, "truncated"));
        named = n;
        free(line);
        line = short_line(&r, --max);
    }
    assert_int_equal(named, 11);
    assert_int_equal(check_schema(all.p, all.n, false), 0);
    a407_buf_free(&all);
}

/* Elements go from the end of a list, and no more of them than needed. */
TEST(short_list)
{
    static struct a407_event e;
    struct a407_record r = {.event = &e};
    e.process.n_args = 50;
    for (size_t i = 0; i < 50; i++)
        e.process.args[i] = "12\"],\001";
    struct a407_buf whole = line_of(&e);
    for (size_t max = whole.n - 1; max > whole.n - 600; max--) {
        char *line = short_line(&r, max), *end;
        assert_true(strlen(line) + strlen("\"12\\\"],\\u0001\",") >= max);
        assert_non_null(end = strstr(line, "\\u0001\"],\"parents\":[]"));
        free(line);
    }
    short_is(&r, whole.n - 700, "\"command_args\":[],\"parents\"");
    a407_buf_free(&whole);
}

/* A text is cut between characters, never within an escape or UTF-8. */
TEST(short_text)
{
    static const char piece[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\001\"\\";
    static const char *const shown[] = {
        "a",       "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
        "\\u0001", "\\\"",     "\\\\"};
    char text[20 * sizeof piece] = "";
    struct a407_record r = {.problem = text, .pid = 7};
    for (int i = 0; i < 20; i++)
        strcat(text, piece);
    char *line = short_line(&r, SIZE_MAX);
    for (size_t max = strlen(line) - 1; max > 160; max--) {
        free(line);
        line = short_line(&r, max);
        assert_true(line && strlen(line) + 24 >= max);
        const char *p = strstr(line, "\"message\":\"") + 11;
        for (size_t i = 0; strncmp(p, "\",", 2) != 0; i++) {
            assert_int_equal(strncmp(p, shown[i % 7], strlen(shown[i % 7])), 0);
            p += strlen(shown[i % 7]);
        }
        assert_string_equal(
            p, "\",\"process\":{\"pid\":7},\"truncated\":[\"message\"]}\n");
    }
    assert_int_equal(check_schema(line, strlen(line), false), 0);
    free(line);
    assert_null(short_line(&r, 100));
}

/*
 * No record is so large that a syslog message can't hold what matters of it;
 * one with an ordinary proxy, user and program goes into a pipe as well.
 */
TEST(short_largest)
{
    struct a407_event *e = full();
    struct a407_record r = {.event = e};
    char arg[300];
    memset(arg, 1, sizeof arg - 1);
    arg[sizeof arg - 1] = '\0';
    fill(e, 1);
    e->process.n_args = A407_EVENT_ARGS;
    for (size_t i = 0; i < A407_EVENT_ARGS; i++)
        e->process.args[i] = arg;
    short_is(&r, 7600, "\"cause\":\"rejected\"");
    strcpy(e->proxy.host, "proxy.corp.example");
    strcpy(e->client_user, "alice");
    strcpy(e->client_domain, "CORP");
    strcpy(e->process.host, "build7");
    strcpy(e->process.caller_module, "libcurl.so.4");
    short_is(&r, 4096, "\"cause\":\"rejected\"");
}
