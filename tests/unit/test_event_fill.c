/* SPDX-License-Identifier: MIT */
#include "core/record/record.h"

#include <stdio.h>

#include "core/http/challenge.h"
#include "unit.h"

static struct a407_event ev;

static void answer(const char *head)
{
    char *p = exact(head, strlen(head));
    memset(&ev, 0, sizeof ev);
    ev.time_us = 784111777000000 + 999999; /* Sun, 06 Nov 1994 08:49:37 */
    a407_event_set_answer(&ev, a407_span(p, strlen(head)));
    struct a407_challenges *list = a407_challenges_new();
    assert_non_null(list);
    a407_challenges_parse(p, strlen(head), "Proxy-Authenticate", list);
    a407_event_set_challenges(&ev, list);
    a407_challenges_free(list);
    free(p);
}

#define HEAD  "HTTP/1.1 407 Proxy Authentication Required\r\n"
#define DATE  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define LATER "Date: Sun, 06 Nov 1994 09:49:37 GMT\r\n"

TEST(answer)
{
    answer(HEAD DATE "Server: squid/5.7\r\nVIA: 1.1 a\r\nvia: 1.1 b\r\n"
                     "X-Squid-Error: ERR_CACHE_ACCESS_DENIED 0\r\n"
                     "Proxy-Agent: x\r\nX-Cache: MISS\r\n"
                     "Proxy-Status: a; error=proxy_configuration_error, b\r\n"
                     "\r\n");
    const struct a407_event_answer *a = &ev.answer;
    static const char *const want[][2] = {
        {"date", "Sun, 06 Nov 1994 08:49:37 GMT"},
        {"server", "squid/5.7"},
        {"via", "1.1 a"},
        {"via", "1.1 b"},
        {"x-squid-error", "ERR_CACHE_ACCESS_DENIED 0"},
        {"proxy-agent", "x"},
        {"proxy-status", "a; error=proxy_configuration_error, b"}};
    assert_int_equal(a->n_fields, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < a->n_fields; i++) {
        assert_string_equal(a407_event_field_name(&a->fields[i]), want[i][0]);
        assert_string_equal(a->fields[i].value, want[i][1]);
    }
    assert_int_equal(a->n_statuses, 2);
    assert_string_equal(a->statuses[0].error, "proxy_configuration_error");
    assert_string_equal(a->statuses[1].name, "b");
    assert_true(a->has_skew);
    assert_int_equal(a->skew_s, 0);
}

/* RFC 9110 section 6.6.1: whole seconds, and the first field counts. */
TEST(skew)
{
    answer(HEAD LATER DATE "\r\n");
    assert_int_equal(ev.answer.skew_s, 3600);
    answer(HEAD "Date: yesterday\r\n" DATE "\r\n");
    assert_true(ev.answer.has_skew && ev.answer.skew_s == 0);
    answer(HEAD "\r\n");
    assert_false(ev.answer.has_skew);
    answer(HEAD "Date: Sun, 06 Nov 1994 08:49:36 GMT\r\n\r\n");
    assert_int_equal(ev.answer.skew_s, -1);
}

TEST(bounds)
{
    char head[8192] = HEAD;
    for (int i = 0; i < 20; i++)
        strcat(head, "Via: 1.1 v\r\nServer: s\r\nProxy-Agent: p\r\n"
                     "Proxy-Status: a, b\r\n");
    answer(strcat(head, "\r\n"));
    assert_int_equal(ev.answer.n_fields, A407_EVENT_FIELDS);
    assert_int_equal(ev.answer.n_statuses, A407_EVENT_STATUSES);
    unsigned count[A407_FIELD_COUNT] = {0};
    for (size_t i = 0; i < A407_EVENT_FIELDS; i++)
        assert_in_range(++count[ev.answer.fields[i].id], 1, A407_EVENT_VALUES);
    strcpy(head, HEAD "Server: ");
    memset(head + strlen(head), 'x', 4000);
    answer(strcat(head, "\r\n\r\n"));
    assert_int_equal(strlen(ev.answer.fields[0].value), 1023);
}

/* Fields that proxies have of their own. */
TEST(errors)
{
    answer(HEAD "X-BRD-Err-Code: client_10000\r\nX-brd-ERR-msg: Invalid\r\n"
                "X-Luminati-Error: a\r\nx-luminati-error: b\r\n"
                "X-Webshare-Reason: bandwidthlimit\r\nX-SOAX-Detail: d\r\n"
                "X-Request-Id: 1\r\nError: e\r\nX-Detailed: f\r\n"
                "X-This-Name-Is-Too-Long-For-An-Error: g\r\n\r\n");
    struct a407_buf line;
    a407_buf_init(&line, A407_EVENT_LINE_MAX);
    assert_int_equal(ev.answer.n_fields, A407_EVENT_VALUES);
    assert_true(
        a407_record_json(&(struct a407_record){.event = &ev}, SIZE_MAX, &line));
    static const char want[] =
        ",\"header\":{\"x-brd-err-code\":[\"client_10000\"],"
        "\"x-brd-err-msg\":[\"Invalid\"],\"x-luminati-error\":[\"a\",\"b\"]}";
    assert_non_null(memmem(line.p, line.n, want, sizeof want - 1));
    a407_buf_free(&line);
}

static bool says(const char *fields, const char *body, enum a407_cause cause,
                 const char *message)
{
    char head[1024];
    struct a407_span h = a407_span(
        head, (size_t)snprintf(head, sizeof head, "%s%s\r\n", HEAD, fields));
    memset(&ev, 0, sizeof ev);
    bool more = a407_event_set_words(&ev, h, a407_span_str(body));
    assert_string_equal(ev.message, message);
    assert_int_equal(ev.said, cause);
    return more;
}

TEST(words)
{
    assert_true(says("Content-Length: 9\r\n", "", A407_CAUSE_NONE, ""));
    assert_false(
        says("Content-Length: 9\r\n", "Not you.", A407_CAUSE_NONE, "Not you."));
    assert_false(says("Content-Length: 0\r\n", "", A407_CAUSE_NONE, ""));
    /* nothing behind its end: that is another answer */
    says("Content-Length: 2\r\n", "noHTTP/1.1 200", A407_CAUSE_NONE, "no");
    says("", "IP not whitelisted", A407_CAUSE_ADDRESS, "IP not whitelisted");
    says("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n4\r\ndefg",
         A407_CAUSE_NONE, "abcdefg");
    says("Transfer-Encoding: chunked\r\n", "nonsense", A407_CAUSE_NONE, "");
    assert_false(says("Content-Encoding: br\r\n", "IP not whitelisted",
                      A407_CAUSE_NONE, ""));
    assert_false(says("Content-Type: image/png\r\n", "IP not whitelisted",
                      A407_CAUSE_NONE, ""));
    /* what can't be read as it is says nothing */
    says("Content-Type: text/html; charset=Shift_JIS\r\n", "Not you.",
         A407_CAUSE_NONE, "");
    says("Content-Type: TEXT/html; CharSet=\"UTF-8\"\r\n", "Not you.",
         A407_CAUSE_NONE, "Not you.");
    /* paragraphs end sentences */
    says("", "<h1>Account locked</h1><p>If not, call us.",
         A407_CAUSE_ACCOUNT_LOCKED, "Account locked If not, call us.");
    says("X-Foo-Error: short\r\nX-Foo-Error-Text: Account is locked\r\n", "",
         A407_CAUSE_ACCOUNT_LOCKED, "Account is locked");
    says(
        "Proxy-Status: p; error=proxy_internal_error; details=\"LDAP server is "
        "down\"\r\nContent-Type: text/plain\r\n",
        "no", A407_CAUSE_BACKEND_DOWN, "no");
    /* a leg of a handshake leaves the words of the 407 before it */
    strcpy(ev.message, "before");
    ev.said = A407_CAUSE_ADDRESS;
    a407_event_set_words(&ev, a407_span_str(HEAD "\r\n"), a407_span("", 0));
    assert_string_equal(ev.message, "before");
    assert_int_equal(ev.said, A407_CAUSE_NONE);
}

/* What is in UTF-16, or compressed, does not always say so. */
TEST(nul_in_page)
{
    static const char page[] = "h\0u\0n\0t\0e\0r\0002";
    memset(&ev, 0, sizeof ev);
    a407_event_set_words(&ev, a407_span_str(HEAD "\r\n"),
                         a407_span(page, sizeof page));
    assert_string_equal(ev.message, "");
}

/* What a page shows of a secret is what is left of it there. */
TEST(secret_in_page)
{
    static const char *const secrets[] = {"hunter 2 &amp; 3", "hun  \tter2",
                                          "hun<b>ter2", "hun&#116;er2"};
    for (size_t i = 0; i < 4; i++) {
        char body[256];
        snprintf(body, sizeof body, "<p>User alice (%s) is locked.</p>",
                 secrets[i]);
        memset(&ev, 0, sizeof ev);
        a407_event_set_words(&ev, a407_span_str(HEAD "\r\n"),
                             a407_span_str(body));
        a407_event_hide(&ev, a407_span_str(secrets[i]));
        assert_string_equal(ev.message, "User alice (***) is locked.");
    }
}

/* Somebody else's words may hold a URL, or echo what was sent. */
TEST(secrets)
{
    answer(HEAD "Via: 1.1 http://u:hunter2@h/?hunter2\r\n"
                "X-Squid-Error: ERR Proxy-Authorization: Basic hunter2\r\n"
                "Proxy-Status: p; details=\"GET http://h/?token=hunter2\"; "
                "next-hop=\"http://u:hunter2@h\"\r\n"
                "Proxy-Authenticate: Bearer realm=\"r\", "
                "error_description=\"token=hunter2\"\r\n\r\n");
    struct a407_buf line;
    a407_buf_init(&line, A407_EVENT_LINE_MAX);
    assert_true(
        a407_record_json(&(struct a407_record){.event = &ev}, SIZE_MAX, &line));
    assert_null(memmem(line.p, line.n, "hunter2", 7));
    a407_buf_free(&line);
}

TEST(challenges)
{
    char head[4096] = HEAD;
    answer(
        HEAD
        "Proxy-Authenticate: Digest realm=\"a \\\"b\\\"\", nonce=\"n\", "
        "qop=\"auth,auth-int\", algorithm=SHA-256, charset=UTF-8, "
        "userhash=true, stale=TRUE\r\n"
        "Proxy-Authenticate: NTLM TlRMTVNTUAACAAAA\r\n"
        "Proxy-Authenticate: Bearer realm=\"x\", error=\"invalid_token\", "
        "error_description=\"The token has expired\", scope=\"a b\"\r\n\r\n");
    assert_int_equal(ev.n_challenges, 3);
    const struct a407_event_challenge *c = ev.challenges;
    assert_string_equal(c[0].realm, "a \"b\"");
    assert_string_equal(c[0].qop, "auth,auth-int");
    assert_string_equal(c[0].algorithm, "SHA-256");
    assert_string_equal(c[0].charset, "UTF-8");
    assert_true(c[0].stale && c[0].userhash && !c[0].token68_n);
    assert_string_equal(c[1].scheme, "NTLM");
    assert_int_equal(c[1].token68_n, 16);
    assert_string_equal(c[2].error, "invalid_token");
    assert_string_equal(c[2].error_description, "The token has expired");
    assert_string_equal(c[2].scope, "a b");
    for (int i = 0; i < 12; i++)
        strcat(head, "Proxy-Authenticate: Basic realm=\"r\"\r\n");
    answer(strcat(head, "\r\n"));
    assert_int_equal(ev.n_challenges, 12);
    assert_string_equal(ev.challenges[7].scheme, "Basic");
}

static void hide(const char *z)
{
    a407_event_hide(&ev, a407_span_str(z));
}

TEST(hide)
{
    answer(HEAD "Server: s-hunter2-hunter2\r\nProxy-Authenticate: Basic "
                "realm=\"hunter2\"\r\nProxy-Status: hunter2\r\n\r\n");
    strcpy(ev.detail, "hunter2");
    hide("hunter2");
    assert_string_equal(ev.answer.fields[0].value, "s-***-***");
    assert_string_equal(ev.challenges[0].realm, "***");
    assert_string_equal(ev.answer.statuses[0].name, "***");
    assert_string_equal(ev.detail, "***");
    /* too short to be told from other words */
    strcpy(ev.detail, "abc");
    hide("abc");
    hide("");
    a407_event_hide(&ev, a407_span(NULL, 0));
    assert_string_equal(ev.detail, "abc");
    hide("****");
    strcpy(ev.detail, "********");
    hide("****");
    assert_string_equal(ev.detail, "******");
}

/* In each spelling that a page, a URL, JSON or a log may have. */
TEST(hide_spelled)
{
    static const char secret[] = "p@ss w/\"1";
    static const char *const shown[] = {"p@ss w/\"1",
                                        "p%40ss%20w%2F%221",
                                        "p%40ss+w%2f%221",
                                        "%70%40%73%73%20%77%2F%22%31",
                                        "p@ss w\\/\\\"1",
                                        "p\\u0040ss w/\\u00221",
                                        "p\\x40ss w/\\x221",
                                        "7040737320772f2231",
                                        "70:40:73:73:20:77:2F:22:31",
                                        "70 40 73 73 20 77 2f 22 31"};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        snprintf(ev.detail, sizeof ev.detail, "x=%s, %s.", shown[i], shown[i]);
        hide(secret);
        assert_string_equal(ev.detail, "x=***, ***.");
    }
    strcpy(ev.detail, "p@ss w/ p%40ss%20w%2F%221%");
    hide(secret);
    assert_string_equal(ev.detail, "p@ss w/ ***%");
    /* one that looks as if it were escaped */
    strcpy(ev.detail, "C\\\\D%25 C%5c%5CD%2525");
    hide("C\\\\D%25");
    assert_string_equal(ev.detail, "*** ***");
    hide("%%%%");
    strcpy(ev.detail, "\\u0 %2 \\x % \\");
    hide("\\u0 %2 \\x % \\?");
    assert_string_equal(ev.detail, "\\u0 %2 \\x % \\");
    /* a client's may hold any byte, and a text ends with a NUL */
    memcpy(ev.detail, "hunt\\\0rest", 11);
    a407_event_hide(&ev, a407_span("hunt\0", 5));
    assert_string_equal(ev.detail, "hunt\\");
}

/* A secret of characters that redaction knows is found in what was said, not
   in what redaction leaves of it. */
TEST(hide_marks)
{
    static const char *const secrets[] = {"p@ss?word#x", "pass=word@x",
                                          "ab@cd@ef", "x y@z", "?hunter"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        char head[1024];
        const char *z = secrets[i];
        snprintf(head, sizeof head,
                 HEAD "Via: 1.1 you sent a:%s h\r\nServer: %s\r\n"
                      "Proxy-Status: p; details=\"http://%s was %s\"; "
                      "next-hop=\"%s\"\r\n"
                      "Proxy-Authenticate: Bearer realm=\"r\", "
                      "error_description=\"no %s.\"\r\n\r\n",
                 z, z, z, z, z, z);
        answer(head);
        hide(z);
        struct a407_buf line;
        a407_buf_init(&line, A407_EVENT_LINE_MAX);
        assert_true(a407_record_json(&(struct a407_record){.event = &ev},
                                     SIZE_MAX, &line));
        assert_true(a407_buf_add(&line, "", 1));
        for (size_t k = 0; k + 3 < strlen(z); k++) {
            char part[5] = "";
            memcpy(part, z + k, 4);
            if (strstr(line.p, part))
                fail_msg("%s: %s", z, line.p);
        }
        a407_buf_free(&line);
    }
}

/* A text that was cut within the secret holds its beginning. */
TEST(hide_cut)
{
    static const char coded[] = "hunter%402%40hunter%402";
    for (size_t left = 4; left < 20; left++) {
        memset(ev.detail, '.', sizeof ev.detail - 1);
        memcpy(ev.detail + sizeof ev.detail - 1 - left, coded, left);
        hide("hunter@2@hunter@2");
        assert_null(strstr(ev.detail, "hunt"));
        assert_string_equal(strchr(ev.detail, '*'), "***");
    }
    for (size_t left = 4; left < 12; left++) {
        memset(&ev, 0, sizeof ev);
        memset(ev.detail, '.', sizeof ev.detail - 1);
        memcpy(ev.detail + sizeof ev.detail - 1 - left, "hunter2hunter2", left);
        hide("hunter2hunter2");
        assert_null(strstr(ev.detail, "hunt"));
        assert_string_equal(strchr(ev.detail, '*'), "***");
    }
}
