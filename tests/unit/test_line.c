/* SPDX-License-Identifier: MIT */
#include "core/base/line.h"

#include <stdio.h>

#include "core/record/event.h"
#include "source_file.h"

static struct a407_buf buf_of(const char *text)
{
    struct a407_buf b;
    a407_buf_init(&b, 1 << 20);
    assert_true(a407_buf_str(&b, text));
    return b;
}

static void is(struct a407_buf *b, const char *text)
{
    assert_true(a407_buf_add(b, "", 1));
    assert_string_equal(b->p, text);
    a407_buf_free(b);
}

static void test_add(void **state)
{
    (void)state;
    struct a407_buf b = buf_of("{\"a\":1}\n");
    assert_true(a407_line_add(&b, "records_lost", 18446744073709551615ul));
    is(&b, "{\"a\":1,\"records_lost\":18446744073709551615}\n");

    static const char *const bad[] = {"", "\n", "}\n", "{\"a\":1}", "[]\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        b = buf_of(bad[i]);
        assert_false(a407_line_add(&b, "x", 1));
        is(&b, bad[i]);
    }
    /* no room: nothing is changed */
    a407_buf_init(&b, 10);
    assert_true(a407_buf_str(&b, "{\"abc\":1}\n"));
    assert_false(a407_line_add(&b, "x", 1));
    assert_int_equal(b.n, 10);
    assert_memory_equal(b.p, "{\"abc\":1}\n", 10);
    assert_false(b.failed);
    a407_buf_free(&b);
}

/* A line of `head`, n times `element`, and `tail`. */
static struct a407_buf long_line(const char *head, const char *element,
                                 size_t n, const char *tail)
{
    struct a407_buf b = buf_of(head);
    for (size_t i = 0; i < n; i++) {
        a407_buf_str(&b, i ? "," : "");
        a407_buf_str(&b, element);
    }
    assert_true(a407_buf_str(&b, tail));
    return b;
}

static void test_whole(void **state)
{
    static const char text[] = "{\"process\":{\"command_args\":[\"a\"]}}\n";
    (void)state;
    struct a407_buf b = buf_of(text);
    assert_true(a407_line_fit(&b, sizeof text - 1));
    is(&b, text);
}

/* Elements go from the end of the list, and no more of them than needed. */
static void test_list(void **state)
{
    (void)state;
    for (size_t max = 100; max < 720; max++) {
        struct a407_buf b =
            long_line("{\"timestamp\":\"x\",\"process\":{\"command_args\":[",
                      "\"12\\\"],\\u0001\"", 50, "],\"pid\":7}}\n");
        assert_true(a407_line_fit(&b, max));
        assert_true(b.n <= max && b.n + 16 > max);
        a407_buf_free(&b);
    }
    struct a407_buf b = long_line("{\"process\":{\"command_args\":[", "\"arg\"",
                                  20, "],\"pid\":7}}\n");
    assert_true(a407_line_fit(&b, 91));
    is(&b, "{\"process\":{\"command_args\":[\"arg\",\"arg\"],\"pid\":7},"
           "\"truncated\":[\"process.command_args\"]}\n");
    /* even the first one is too much */
    b = long_line("{\"process\":{\"command_args\":[", "\"arg\"", 20,
                  "],\"pid\":7}}\n");
    assert_true(a407_line_fit(&b, 82));
    is(&b, "{\"process\":{\"command_args\":[],\"pid\":7},"
           "\"truncated\":[\"process.command_args\"]}\n");
}

/* A member goes with one comma, wherever it stands. */
static void test_member(void **state)
{
    static const char *const cases[][2] = {
        {"{\"detail\":\"%s\",\"b\":1}\n",
         "{\"b\":1,\"truncated\":[\"detail\"]}\n"},
        {"{\"a\":1,\"detail\":\"%s\",\"b\":1}\n",
         "{\"a\":1,\"b\":1,\"truncated\":[\"detail\"]}\n"},
        {"{\"a\":1,\"detail\":\"%s\"}\n",
         "{\"a\":1,\"truncated\":[\"detail\"]}\n"},
        {"{\"a\":1,\"proxy\":{\"status\":[\"%s\"]}}\n",
         "{\"a\":1,\"proxy\":{},\"truncated\":[\"proxy.status\"]}\n"},
        {"{\"a\":\"detail\",\"detail\":{\"detail\":\"%s\"}}\n",
         "{\"a\":\"detail\",\"truncated\":[\"detail\"]}\n"},
    };
    static const char filler[] = "0123456789012345678901234567890123456789"
                                 "0123456789012345678901234567890123456789";
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        const char *at = strstr(cases[i][0], "%s");
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - cases[i][0]),
                 cases[i][0], filler, at + 2);
        struct a407_buf b = buf_of(text);
        assert_true(a407_line_fit(&b, strlen(text) - 1));
        is(&b, cases[i][1]);
    }
}

/* A text is cut between characters, never within an escape or UTF-8. */
static void test_text(void **state)
{
    static const char pattern[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"
                                  "\\u0001\\\"\\\\";
    (void)state;
    for (size_t max = 60; max < 260; max++) {
        struct a407_buf b = buf_of("{\"url\":{\"target\":\"");
        for (int i = 0; i < 20; i++)
            a407_buf_str(&b, pattern);
        a407_buf_str(&b, "\"}}\n");
        assert_true(a407_line_fit(&b, max));
        assert_true(b.n <= max && b.n + 8 > max);
        assert_true(a407_buf_add(&b, "", 1));
        const char *p = b.p + strlen("{\"url\":{\"target\":\"");
        while (strncmp(p, "\"}", 2) != 0) {
            size_t n = 0; /* of the pattern's next character */
            static const size_t lengths[] = {1, 2, 3, 4, 6, 2, 2};
            const char *q = pattern;
            for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
                if (strncmp(p, q, lengths[i]) == 0)
                    n = lengths[i];
                q += lengths[i];
            }
            assert_int_not_equal(n, 0);
            p += n;
        }
        assert_string_equal(p, "\"},\"truncated\":[\"url.target\"]}\n");
        a407_buf_free(&b);
    }
}

/* What can't be shortened enough is refused; so is what is no line of ours. */
static void test_refused(void **state)
{
    static const char *const bad[] = {
        "{\"other\":\"01234567890123456789012345678901234567890123456789\"}\n",
        "[\"0123456789012345678901234567890123456789012345678901234567\"]\n",
        "01234567890123456789012345678901234567890123456789012345678901234\n",
        "{\"detail\":\"no end ..............................................",
        "{\"detail\" \"no colon .............................................",
        "{\"process\":{\"command_args\":[\"no end ........................\n",
        "{\"url\":{\"target\":\"\\u00\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct a407_buf b = buf_of(bad[i]);
        a407_buf_shrink(&b, b.n); /* exactly sized: over-reads are seen */
        assert_false(a407_line_fit(&b, 40));
        a407_buf_free(&b);
    }
}

/* Text that takes as much room as it can: each byte becomes six. */
static void fill(char *to, size_t cap)
{
    memset(to, 1, cap - 1);
    to[cap - 1] = '\0';
}

#define FILL(array) fill(array, sizeof(array))

static void fill_challenges(struct a407_event *e)
{
    e->n_challenges = A407_EVENT_CHALLENGES + 1;
    for (size_t i = 0; i < A407_EVENT_CHALLENGES; i++) {
        struct a407_event_challenge *c = &e->challenges[i];
        FILL(c->scheme);
        FILL(c->realm);
        FILL(c->algorithm);
        FILL(c->qop);
        FILL(c->charset);
        FILL(c->error);
        FILL(c->error_description);
        FILL(c->scope);
    }
}

static void fill_answer(struct a407_event_answer *a)
{
    a->n_fields = A407_EVENT_FIELDS;
    for (size_t i = 0; i < a->n_fields; i++) {
        a->fields[i].id = (enum a407_event_field_id)(i % A407_FIELD_COUNT);
        FILL(a->fields[i].value);
    }
    a->n_statuses = A407_EVENT_STATUSES;
    for (size_t i = 0; i < a->n_statuses; i++) {
        FILL(a->statuses[i].name);
        FILL(a->statuses[i].error);
        FILL(a->statuses[i].next_hop);
        FILL(a->statuses[i].details);
    }
}

static void fill_process(struct a407_event_process *p, const char *arg)
{
    FILL(p->executable);
    FILL(p->caller_module);
    FILL(p->host);
    p->n_args = A407_EVENT_ARGS;
    for (size_t i = 0; i < p->n_args; i++)
        p->args[i] = arg;
    p->n_parents = A407_EVENT_PARENTS;
    for (size_t i = 0; i < p->n_parents; i++)
        FILL(p->parents[i].executable);
}

static struct a407_event *largest(const char *arg)
{
    static struct a407_event e;
    memset(&e, 0, sizeof e);
    e.outcome = A407_UNRESOLVED;
    e.cause = A407_CAUSE_REJECTED;
    FILL(e.proxy.host);
    FILL(e.detail);
    FILL(e.method);
    FILL(e.target);
    FILL(e.peer);
    FILL(e.client_scheme);
    FILL(e.client_user);
    FILL(e.client_domain);
    e.client_sent = true;
    e.status = e.final_status = 407;
    fill_challenges(&e);
    fill_answer(&e.answer);
    e.n_attempts = A407_EVENT_ATTEMPTS + 1;
    for (size_t i = 0; i < A407_EVENT_ATTEMPTS; i++) {
        strcpy(e.attempts[i].scheme, "negotiate");
        FILL(e.attempts[i].credential);
        FILL(e.attempts[i].detail);
    }
    fill_process(&e.process, arg);
    return &e;
}

/*
 * No record is so large that a syslog message can't hold what matters of it;
 * one with an ordinary proxy, user and program goes into a pipe as well.
 */
static void test_records(void **state)
{
    static const size_t most[] = {7600, 4096};
    char arg[300], command[600], line[8001];
    (void)state;
    FILL(arg);
    source_path("tests/fixtures/check-schema", command, sizeof command);
    for (size_t i = 0; i < 2; i++) {
        struct a407_event *e = largest(arg);
        if (i == 1) {
            strcpy(e->proxy.host, "proxy.corp.example");
            strcpy(e->client_user, "alice");
            strcpy(e->client_domain, "CORP");
            strcpy(e->process.host, "build7");
            strcpy(e->process.caller_module, "libcurl.so.4");
        }
        struct a407_buf b;
        a407_buf_init(&b, 1 << 20);
        assert_true(a407_event_json(e, &b));
        assert_true(b.n > 100000);
        assert_true(a407_line_fit(&b, most[i]));
        assert_true(b.n <= most[i]);
        memcpy(line, b.p, b.n);
        line[b.n] = '\0';
        assert_non_null(strstr(line, "\"cause\":\"rejected\""));
        FILE *f = popen(command, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(b.p, 1, b.n, f), b.n);
        assert_int_equal(pclose(f), 0);
        a407_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),     cmocka_unit_test(test_whole),
        cmocka_unit_test(test_list),    cmocka_unit_test(test_member),
        cmocka_unit_test(test_text),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
