/* SPDX-License-Identifier: MIT */
#include "core/base/text.h"
#include "core/record/redact.h"
#include "event_sample.h"
#include "host/reach.h"
#include "unit.h"

static bool has(const struct a407_event *e, const char *part)
{
    struct a407_buf b = line_of(e);
    bool found = strstr(b.p, part) != NULL;
    a407_buf_free(&b);
    return found;
}

TEST(whole_line)
{
    static const char want[] =
        "{\"timestamp\":\"2026-12-30T23:35:07.000042Z\",\"schema\":1,"
        "\"event\":{\"name\":\"proxy.authentication\"},"
        "\"outcome\":\"unresolved\",\"cause\":\"rejected\","
        "\"cause_evidence\":\"407 to our answer to a fresh challenge\","
        "\"detail\":\"407 to digest\","
        "\"lint\":[\"blank_last\",\"secret_is_username\"],"
        "\"remedy\":\"Check user name and password where "
        "the record says they stand.\","
        "\"proxy\":{\"address\":\"proxy.corp.example\",\"port\":3128,"
        "\"peer\":\"10.0.0.1:3128\",\"challenges\":["
        "{\"scheme\":\"Digest\",\"realm\":\"the realm\","
        "\"algorithm\":\"SHA-256\",\"qop\":\"auth,auth-int\","
        "\"charset\":\"UTF-8\",\"userhash\":true,\"stale\":true},"
        "{\"scheme\":\"Negotiate\",\"realm\":null,\"token68_length\":340},"
        "{\"scheme\":\"Bearer\",\"realm\":null,\"error\":\"invalid_token\","
        "\"error_description\":\"it has expired\",\"scope\":\"a b\"}],"
        "\"clock_skew_s\":-42,\"status\":[{\"name\":\"near\"},"
        "{\"name\":\"far\",\"error\":\"proxy_internal_error\","
        "\"received_status_code\":503,\"next_hop\":\"origin.test\","
        "\"details\":\"no luck\"}],\"message\":\"no login, no luck\"},"
        "\"http\":{\"request\":{\"method\":\"CONNECT\",\"resend_count\":2,"
        "\"proxy_authorization\":{\"present\":true,\"scheme\":\"Basic\","
        "\"username\":\"bob\",\"domain\":\"CORP\",\"sent_before\":"
        "\"connection\"}},"
        "\"response\":{\"status_code\":407,"
        "\"header\":{\"server\":[\"squid/5.7\"],\"via\":[\"1.1 a\",\"1.1 "
        "b\"]}}},"
        "\"url\":{\"target\":\"example.com:443\"},\"source\":{\"port\":40001},"
        "\"final\":{\"status_code\":407},"
        "\"attempts\":[{\"scheme\":\"negotiate\",\"leg\":1,\"status_code\":"
        "null,"
        "\"duration_ms\":0.000,\"reconnected\":false,\"stale\":false,"
        "\"credential\":null,\"cause\":\"no_ticket\",\"detail\":\"no cache\"},"
        "{\"scheme\":\"ntlm\",\"leg\":2,\"status_code\":407,"
        "\"duration_ms\":1.042,\"reconnected\":false,"
        "\"source_port\":40001,\"stale\":false,\"credential\":\"https_proxy\","
        "\"username\":\"CORP\\\\alice\"},"
        "{\"scheme\":\"basic\",\"leg\":1,\"status_code\":null,"
        "\"duration_ms\":60000.000,\"reconnected\":true,\"stale\":true,"
        "\"credential\":\"/x/credentials:3\"}],"
        "\"mutual_authentication\":\"verified\","
        "\"process\":{\"pid\":42,\"parent_pid\":41,"
        "\"executable\":{\"path\":\"/usr/bin/curl\"},"
        "\"command_args\":[\"curl\",\"-U\",\"[redacted]\","
        "\"--proxy=http://[redacted]@h\",\"https://h/?...\"],"
        "\"parents\":[{\"pid\":41,\"executable\":\"/bin/sh\"},"
        "{\"pid\":1,\"executable\":\"/sbin/init\"}],\"user\":{\"id\":1000}},"
        "\"caller\":{\"module\":\"libcurl.so.4\"},\"host\":{\"name\":"
        "\"build7\"}}\n";
    struct a407_buf b = line_of(full());
    size_t i = 0;
    while (b.p[i] && b.p[i] == want[i])
        i++;
    if (b.p[i] != want[i]) /* cmocka shows only the beginning of long ones */
        fail_msg("from %zu: %.80s", i, b.p + i);
    a407_buf_free(&b);
}

/* What is not known is null or absent, never invented. */
TEST(empty)
{
    static const struct a407_event none;
    static const char *const parts[] = {
        "\"timestamp\":\"1970-01-01T00:00:00.000000Z\"",
        "\"outcome\":\"resolved\",\"cause\":\"none\",\"cause_evidence\":",
        "\"proxy\":{\"address\":\"\",\"port\":0,\"challenges\":[]}",
        "{\"present\":false,\"scheme\":null,\"username\":null,",
        ",\"sent_before\":\"never\"}",
        "\"response\":{\"status_code\":null}",
        "\"final\":{\"status_code\":null}",
        "\"attempts\":[],\"process\":",
        "\"command_args\":[],\"parents\":[],\"user\":{\"id\":0}}}\n"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!has(&none, parts[i]))
            fail_msg("lacks %s", parts[i]);
}

TEST(timestamps)
{
    static const struct {
        int64_t us;
        const char *text;
    } times[] = {
        /* date -ud @SECONDS */
        {0, "1970-01-01T00:00:00.000000Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {951782399999999, "2000-02-28T23:59:59.999999Z"},
        {951782400000000, "2000-02-29T00:00:00.000000Z"},
        {951868800000001, "2000-03-01T00:00:00.000001Z"},
        {1709164800000000, "2024-02-29T00:00:00.000000Z"},
        {1735689599000000, "2024-12-31T23:59:59.000000Z"},
        {1767225600000000, "2026-01-01T00:00:00.000000Z"},
        {2147483648000000, "2038-01-19T03:14:08.000000Z"},
        {4107542400000000, "2100-03-01T00:00:00.000000Z"},
        {-62167219200000000, "0000-01-01T00:00:00.000000Z"},
        {-62162035201000000, "0000-02-29T23:59:59.000000Z"},
        {253402300799999999, "9999-12-31T23:59:59.999999Z"},
        /* beyond four digits: held at the ends */
        {253402300800000000, "9999-12-31T23:59:59.000000Z"},
        {INT64_MAX, "9999-12-31T23:59:59.775807Z"},
        {INT64_MIN, "0000-01-01T00:00:00.224192Z"},
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct a407_event e = {.time_us = times[i].us};
        struct a407_buf b = line_of(&e);
        assert_int_equal(strncmp(b.p, "{\"timestamp\":\"", 14), 0);
        b.p[14 + 27] = '\0';
        assert_string_equal(b.p + 14, times[i].text);
        a407_buf_free(&b);
    }
}

TEST(outcomes)
{
    static const char *const names[] = {"resolved", "unresolved", "observed",
                                        "not_retried"};
    for (unsigned i = 0; i < 4; i++) {
        struct a407_event e = {.outcome = (enum a407_outcome)i};
        char part[64];
        snprintf(part, sizeof part, "\"outcome\":\"%s\"", names[i]);
        assert_true(has(&e, part));
    }
}

/* RFC 8259 section 7, and Unicode's table of well-formed UTF-8. */
TEST(strings)
{
    static const struct {
        const char *in;
        size_t n;
        const char *out;
    } strings[] = {
        {"", 0, ""},
        {"a\"b\\c/", 6, "a\\\"b\\\\c/"},
        {"\n\r\t", 3, "\\n\\r\\t"},
        {"\0\x01\x1f\x7f", 4, "\\u0000\\u0001\\u001f\\u007f"},
        /* what a terminal obeys: C1, and what turns the direction */
        {"\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8", 11,
         "\\u009b\\u202e\\u2066\\u2028"},
        /* what nobody sees: a soft hyphen, a tag (as a surrogate pair) */
        {"\xc2\xad\xf3\xa0\x81\x81", 6, "\\u00ad\\udb40\\udc41"},
        {"\xc2\xa0\xe2\x80\xb0", 5, "\xc2\xa0\xe2\x80\xb0"},
        {"\xc3\xa9", 2, "\xc3\xa9"},
        {"\xe2\x82\xac", 3, "\xe2\x82\xac"},
        {"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
        {"\xf4\x8f\xbf\xbf", 4, "\xf4\x8f\xbf\xbf"},
        {"\xef\xbf\xbf", 3, "\xef\xbf\xbf"},
#define BAD "\xef\xbf\xbd"
        {"a\xff"
         "b",
         3, "a" BAD "b"},
        {"\x80", 1, BAD},
        {"\xc3", 1, BAD},
        {"\xe2\x82", 2, BAD BAD},
        {"\xf0\x9f\x98", 3, BAD BAD BAD},
        {"\xe2\x82x", 3, BAD BAD "x"},
        {"\xc3\"", 2, BAD "\\\""},
        {"\xc0\xaf", 2, BAD BAD},                 /* overlong */
        {"\xe0\x9f\xbf", 3, BAD BAD BAD},         /* overlong */
        {"\xf0\x8f\xbf\xbf", 4, BAD BAD BAD BAD}, /* overlong */
        {"\xed\xa0\x80", 3, BAD BAD BAD},         /* a surrogate */
        {"\xf4\x90\x80\x80", 4, BAD BAD BAD BAD}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", 4, BAD BAD BAD BAD},
    };
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        struct a407_buf b;
        char want[64];
        char *p = exact(strings[i].in, strings[i].n);
        a407_buf_init(&b, 256);
        a407_json_string(&b, a407_span(p, strings[i].n));
        free(p);
        snprintf(want, sizeof want, "\"%s\"", strings[i].out);
        assert_int_equal(b.n, strlen(want));
        assert_memory_equal(b.p, want, b.n);
        a407_buf_free(&b);
    }
    struct a407_buf b;
    a407_buf_init(&b, 8);
    a407_json_string(&b, a407_span(NULL, 0));
    assert_memory_equal(b.p, "\"\"", 2);
    a407_buf_free(&b);
}

/* The count may be larger than the array, but for the attempts. */
TEST(counts)
{
    static struct a407_event e;
    static char word[600];
    memset(word, 'w', sizeof word - 1);
    for (size_t i = 0; i < A407_EVENT_ARGS; i++)
        e.process.args[i] = word;
    e.n_attempts = A407_EVENT_ATTEMPTS;
    e.n_challenges = A407_EVENT_CHALLENGES + 3;
    e.process.n_args = A407_EVENT_ARGS + 3;
    e.process.n_parents = A407_EVENT_PARENTS + 3;
    struct a407_buf b = line_of(&e);
    assert_non_null(strstr(b.p, "],\"challenges_omitted\":3}"));
    assert_true(b.n < 64 * 260 + 6144);
    assert_int_equal(check_schema(b.p, b.n, false), 0);
    a407_buf_free(&b);
}

/* No room: nothing is claimed to be a line. */
TEST(no_room)
{
    struct a407_buf whole = line_of(full());
    for (size_t max = 0; max <= whole.n; max += max + 9 < whole.n ? 9 : 1) {
        struct a407_buf b;
        a407_buf_init(&b, max);
        assert_int_equal(
            a407_record_json(&(struct a407_record){.event = full()}, SIZE_MAX,
                             &b),
            max == whole.n);
        assert_int_equal(b.failed, max != whole.n);
        a407_buf_free(&b);
    }
    a407_buf_free(&whole);
}

TEST(schema)
{
    static const struct a407_event none;
    struct a407_buf all;
    a407_buf_init(&all, 1 << 24);
    assert_true(a407_record_json(&(struct a407_record){.event = &none},
                                 SIZE_MAX, &all));
    assert_true(a407_record_json(&(struct a407_record){.event = full()},
                                 SIZE_MAX, &all));
    for (unsigned i = 0; i <= A407_CAUSE_COUNT; i++) {
        struct a407_event *e = full();
        e->cause = (enum a407_cause)i;
        e->outcome = (enum a407_outcome)(i % 4);
        e->final_status = (int)i * 30 - 20;
        assert_true(a407_record_json(&(struct a407_record){.event = e},
                                     SIZE_MAX, &all));
    }
    for (unsigned c = 1; c < 256; c += c < 0x22 ? 1 : 31) {
        struct a407_event *e = full();
        const char word[] = {(char)c, '\0'};
        fill(e, (char)c);
        e->process.args[1] = word;
        assert_true(a407_record_json(&(struct a407_record){.event = e},
                                     SIZE_MAX, &all));
    }
    for (int i = A407_REACH_STATIC; i < A407_REACH_COUNT; i++) {
        struct a407_event *e = full();
        *e->process.caller_module = '\0';
        assert_true(a407_record_json(
            &(struct a407_record){
                .event = e, .not_covered = a407_reach_name((enum a407_reach)i)},
            SIZE_MAX, &all));
    }
    assert_int_equal(check_schema(all.p, all.n, false), 0);
    a407_buf_free(&all);
}

/* A program that is not covered: what it is, and nothing of an exchange. */
TEST(not_covered)
{
    struct a407_event *e = full();
    struct a407_buf b;
    a407_buf_init(&b, 1 << 16);
    *e->process.caller_module = '\0';
    assert_true(a407_record_json(
        &(struct a407_record){.event = e, .not_covered = "static", .run = "R"},
        SIZE_MAX, &b));
    a407_buf_add(&b, "", 1);
    assert_non_null(strstr(b.p, "\"event\":{\"name\":\"process.not_covered\"},"
                                "\"reason\":\"static\",\"detail\":"));
    assert_non_null(strstr(b.p, "\"run\":{\"id\":\"R\"}}\n"));
    assert_null(strstr(b.p, "proxy\":"));
    a407_buf_free(&b);
}

/* The schema says no to what we don't write: it is no formality. */
TEST(schema_refuses)
{
    static const char *const edits[][2] = {
        {"\"schema\":1", "\"schema\":2"},
        {"\"pid\":42", "\"pid\":\"42\""},
        {"\"pid\":42", "\"pid\":42,\"pid\":43"},
        {"\"pid\":42", "\"pid\":42,\"extra\":1"},
        {"\"port\":3128,", ""},
        {"\"cause\":\"rejected\"", "\"cause\":\"moody\""},
        {"\"outcome\":\"unresolved\"", "\"outcome\":\"\""},
        {"42Z", "42+00:00"},
        {"}\n", "}"},
        {"}\n", "\n"},
        {"{\"t", "\xff{\"t"},
    };
    struct a407_buf b = line_of(full());
    assert_int_equal(check_schema(b.p, b.n, false), 0);
    assert_int_not_equal(check_schema("", 0, true), 0);
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct a407_buf changed;
        const char *at = strstr(b.p, edits[i][0]);
        assert_non_null(at);
        a407_buf_init(&changed, 1 << 18);
        a407_buf_add(&changed, b.p, (size_t)(at - b.p));
        a407_buf_str(&changed, edits[i][1]);
        assert_true(a407_buf_str(&changed, at + strlen(edits[i][0])));
        if (check_schema(changed.p, changed.n, true) == 0)
            fail_msg("taken: %s", edits[i][1]);
        a407_buf_free(&changed);
    }
    a407_buf_free(&b);
}
