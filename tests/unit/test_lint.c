/* SPDX-License-Identifier: MIT */
#include "core/base/buf.h"
#include "core/config/credential.h"
#include "core/config/lint.h"
#include "unit.h"

#include <stdio.h>

#include "source_file.h"

#define NOW  1500000000
#define DAY  86400
#define FILE A407_FROM_FILE
#define URL  A407_FROM_PROXY_URL

/* {"alg":"none"} and {"nbf":1000000000,"exp":2000000000} */
#define JWT                                                                    \
    "eyJhbGciOiJub25lIn0.eyJuYmYiOjEwMDAwMDAwMDAsImV4cCI6MjAwMDAwMDAwMH0."

#define NTLM   A407_SCHEME_BIT(A407_NTLM)
#define DIGEST A407_SCHEME_BIT(A407_DIGEST)
#define BASIC  A407_SCHEME_BIT(A407_BASIC)

struct given {
    const char *username, *password, *domain, *token;
    enum a407_credential_from from;
    a407_scheme_set schemes;
    int64_t expires;
    struct a407_finding malformed;
};

static void look(const struct given *g, const struct a407_lint_use *use,
                 struct a407_lint *out)
{
    struct a407_credential c = {.username = (char *)g->username,
                                .password = (char *)g->password,
                                .domain = (char *)g->domain,
                                .token = (char *)g->token,
                                .from = g->from,
                                .schemes = g->schemes,
                                .expires = g->expires,
                                .malformed = g->malformed};
    a407_lint(&c, use, out);
}

/* "password ends with a blank, ...": what is seen, in the order it is told. */
static const char *seen_of(const struct given *g,
                           const struct a407_lint_use *use)
{
    static char all[2 * A407_LINT_MAX * A407_LINT_WORDS];
    char words[A407_LINT_WORDS];
    struct a407_lint lint;
    look(g, use, &lint);
    all[0] = '\0';
    for (size_t i = 0; i < lint.n; i++) {
        a407_lint_words(lint.found[i], words);
        sprintf(all + strlen(all), "%s%s", i ? ", " : "",
                words + strlen("the "));
    }
    return all;
}

static void expect(const char *user, const char *password,
                   enum a407_credential_from from, a407_scheme_set refused,
                   const char *want)
{
    struct given c = {.username = user,
                      .password = password,
                      .schemes = A407_ALL_SCHEMES,
                      .from = from};
    struct a407_lint_use use = {.now = NOW, .refused = refused};
    const char *have = seen_of(&c, &use);
    if (strcmp(have, want) != 0)
        fail_msg("%s:%s: \"%s\", not \"%s\"", user, password, have, want);
}

#define INVISIBLE " holds an invisible character"
#define DASH      " holds a typographic dash, which is not -"
#define CURLY     " holds a typographic quote"
#define MIXED     " mixes Cyrillic or Greek letters with Latin ones"
#define TWICE     " looks percent-encoded twice"
#define ENCODED   " looks percent-encoded, which is undone in URLs only"
#define PART      "user name lacks a part between or behind its hyphens"
#define SAME      "password is the same as the user name"
#define NOT_UTF8                                                               \
    " is not UTF-8: Basic sends its bytes as they are, others can't"
#define VERBATIM                                                               \
    "user name has a DOMAIN\\ in front, which Basic and Digest send as it is"

/* Each rule, and what is next to it. */
TEST(passwords)
{
    static const struct {
        const char *password, *file, *url; /* what is seen there */
    } rows[] = {
        {"secret ", "password ends with a blank", NULL},
        {" secret", "password begins with a blank", NULL},
        {" ", "password ends with a blank", NULL},
        {" x ", "password ends with a blank, password begins with a blank",
         NULL},
        {"secret\n", "password ends with a line end", NULL},
        {"secret\r\n", "password ends with a line end", NULL},
        {"\nsecret", "password begins with a line end", NULL},
        {"sec\tret", "password holds a control character", NULL},
        {"'secret'", "password has quotes around it", NULL},
        {"\"secret\"", "password has quotes around it", NULL},
        {"\"secret'", "", NULL},
        {"\"", "", NULL},
        {"sec\xe2\x80\x8bret", "password" INVISIBLE, NULL},
        {"secret\xef\xbb\xbf", "password" INVISIBLE, NULL},
        {"sec\xe2\x80\x8cret", "password" INVISIBLE, NULL},
        {"\xe2\x80\xaesecret", "password" INVISIBLE, NULL},
        {"sec\xc2\xa0ret", "password holds a no-break space", NULL},
        {"sec\xe2\x80\x90ret", "password" DASH, NULL},
        {"sec\xe2\x80\x95ret", "password" DASH, NULL},
        {"\xe2\x80\x98secret\xe2\x80\x99", "password" CURLY, NULL},
        {"sec\xe2\x80\x9fret", "password" CURLY, NULL},
        {"s\xd0\xb5"
         "cret",
         "password" MIXED, NULL},
        {"\xce\x91"
         "lpha",
         "password" MIXED, NULL},
        {"a-\xd0\xb5", "", NULL},
        {"s\xe9"
         "cret",
         "password" NOT_UTF8, NULL},
        {"p%40ss", "password" ENCODED, "password" TWICE},
        {"p%2540ss", "password" TWICE, "password" TWICE},
        {"p%C3%BCss", "password" ENCODED, "password" TWICE},
        {"p%40ss%", "", NULL},
        {"100%deal", "", NULL},
        {"100%", "", NULL},
        {"%41", "", NULL},
        {"%25", "password" ENCODED, "password" TWICE},
        {"alice", SAME, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        expect("alice", rows[i].password, FILE, 0, rows[i].file);
        expect("alice", rows[i].password, URL, 0,
               rows[i].url ? rows[i].url : rows[i].file);
    }
}

/* Nothing that somebody may well have, refused or not. */
TEST(no_false_alarm)
{
    static const char *const passwords[] = {
        "correct horse #1 battery; staple",
        "it's \"quoted\" inside",
        "50% off, 100%sure",
        "%d%s%n",
        "a/b?c#d@e:f",
        "back\\slash",
        "x--y-",
        "Bearer",
        "Basic",
        "$Tuesday",
        "p\xc3\xa4ssw\xc3\xb6rt",
        "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c",
        "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8cXyz1",
        NULL};
    static const char *const users[] = {
        "jean-luc", "svc-proxy-01", "user-country-us-session-7f3a",
        "web-session", "CORP\\alice", "alice@CORP.EXAMPLE", "o'brien",
        "customer-bob-zone-residential-cc-de", "country-club",
        "a@xn--bcher-kva.example", "J\xc3\xbcrgen", "\xe7\x94\xa8\xe6\x88\xb7",
        /* with a joiner, as it is spelt */
        "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae\xd9\x88", NULL};
    for (size_t i = 0; passwords[i]; i++) {
        expect("bob", passwords[i], FILE, 0, "");
        expect("bob", passwords[i], FILE, NTLM, "");
        expect("bob", passwords[i], URL, 0, "");
    }
    for (size_t i = 0; users[i]; i++) {
        expect(users[i], "open sesame", FILE, 0, "");
        expect(users[i], "open sesame", FILE, NTLM, "");
    }
    expect("alice", "", FILE, BASIC, "");
    expect("alice", NULL, FILE, 0, "");
    expect("alice", NULL, FILE, BASIC, "password is missing");
    expect("alice", "", URL, BASIC, "password is missing");
    expect(NULL, NULL, FILE, BASIC, "");
    expect("", "", FILE, BASIC, "");
}

TEST(user_names)
{
    static const struct {
        const char *user;
        a407_scheme_set refused;
        const char *want;
    } rows[] = {
        {"user-country--session-", 0, PART},
        {"user-country-us-session-", 0, PART},
        {"user--us", 0, PART},
        {"-us", 0, PART},
        {"user-country-session-7f3a", 0, PART},
        {"customer-bob-zone-x-country", 0, PART},
        {"CORP\\user-country-", NTLM, PART},
        {"user-country-@corp", 0, PART},
        {" alice", 0, "user name begins with a blank"},
        {"al:ice", 0, "user name holds a colon, which Basic can't send"},
        {"al:ice", BASIC, "user name holds a colon, which Basic can't send"},
        {"al:ice", DIGEST, ""},
        {"CORP\\bob", BASIC, VERBATIM},
        {"CORP\\bob", DIGEST | NTLM, VERBATIM},
        {"sec", BASIC, ""},
        {"secret", 0, SAME},
        {"CORP\\secret", 0, SAME},
        {"secret@corp", 0, SAME},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(rows[i].user, "secret", FILE, rows[i].refused, rows[i].want);
    struct given c = {.username = "a:b", .schemes = DIGEST};
    assert_string_equal(seen_of(&c, &(struct a407_lint_use){.now = NOW}), "");
}

#define WENT " is not ASCII and went as UTF-8"

TEST(charset)
{
    struct given c = {.username = "J\xc3\xbcrgen", .password = "x"};
    struct a407_lint_use use = {.now = NOW, .refused = BASIC};
    assert_string_equal(seen_of(&c, &use),
                        "user name" WENT "; the proxy names no charset");
    use.utf8 = true;
    use.refused = DIGEST;
    assert_string_equal(seen_of(&c, &use),
                        "user name" WENT ", as the proxy asks");
    c.password = "\xfc"; /* it is something else */
    assert_string_equal(seen_of(&c, &use),
                        "password" NOT_UTF8 ", user name" WENT
                        ", as the proxy asks");
}

static const char *token_at(const char *token, int64_t now)
{
    struct given c = {.token = token};
    return seen_of(&c, &(struct a407_lint_use){.now = now});
}

TEST(tokens)
{
    assert_string_equal(token_at("Az09-._~+/==", NOW), "");
    assert_string_equal(token_at("Bearer abc", NOW),
                        "token begins with the name of a scheme");
    assert_string_equal(token_at("basic abc", NOW),
                        "token begins with the name of a scheme");
    assert_string_equal(token_at("abc,", NOW),
                        "token holds a character that no Bearer token has");
    assert_string_equal(token_at(JWT, NOW), "");
    assert_string_equal(token_at(JWT, 2000000000),
                        "token is a JWT that has expired");
    assert_string_equal(token_at(JWT, 999999940), "");
    assert_string_equal(token_at(JWT, 999999939),
                        "token is a JWT that is not valid yet");
    struct given c = {.username = "u", .password = JWT};
    assert_string_equal(seen_of(&c, &(struct a407_lint_use){.now = 2000000000}),
                        "password is a JWT that has expired");
}

TEST(days)
{
    static const struct {
        int64_t left;
        const char *want;
    } rows[] = {{0, "credential is past its expires day"},
                {-1, "credential is past its expires day"},
                {1, "credential expires within 7 days"},
                {7 * DAY - 1, "credential expires within 7 days"},
                {7 * DAY, ""}};
    struct given c = {.username = "u", .password = "secret"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        c.expires = NOW + rows[i].left;
        assert_string_equal(seen_of(&c, &(struct a407_lint_use){.now = NOW}),
                            rows[i].want);
    }
}

/* What a value was not kept for is told as well, without the value. */
TEST(malformed)
{
    static const struct {
        const char *url, *want;
    } rows[] = {
        {"http://u:%zz@h:1",
         "password has a % that two hexadecimal digits do not follow"},
        {"http://u%4:p@h:1",
         "user name has a % that two hexadecimal digits do not follow"},
        {"http://u:p%0a@h:1", "password ends with a line end"},
        {"http://u:p%0d%0aX:%20y@h:1", "password holds a control character"},
        {"http://u:p%00@h:1", "password holds a control character"},
        {"http://u:a/b@h:1",
         "userinfo has a /, ? or # that is not percent-encoded"},
        {"http://u:p@h:1", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct a407_proxy_url u;
        struct given c = {0};
        assert_true(a407_proxy_url_parse(a407_span_str(rows[i].url), &u));
        c.malformed = u.malformed;
        assert_string_equal(seen_of(&c, &(struct a407_lint_use){.now = NOW}),
                            rows[i].want);
        a407_free_secret(u.username);
        a407_free_secret(u.password);
    }
}

/* The most telling first, and no more than there is room for. */
TEST(many)
{
    struct given c = {.username = " '%40--\xd0\xb0z\xe2\x80\x90' ",
                      .password = " \x01'\xe2\x80\x8b ",
                      .domain = " x ",
                      .schemes = A407_ALL_SCHEMES,
                      .expires = 1};
    struct a407_lint lint;
    look(&c, &(struct a407_lint_use){.now = NOW}, &lint);
    assert_int_equal(lint.n, A407_LINT_MAX);
    assert_int_equal(lint.found[0].code, A407_LINT_EXPIRED);
    for (size_t i = 1; i < lint.n; i++)
        assert_true(lint.found[i - 1].code <= lint.found[i].code);
}

TEST(rows)
{
    char words[A407_LINT_WORDS];
    for (unsigned code = 1; code < A407_LINT_COUNT; code++) {
        const struct a407_lint_info *row = a407_lint_info(code);
        a407_lint_words((struct a407_finding){code, A407_LINT_CREDENTIAL},
                        words);
        assert_int_equal(
            strspn(row->code, "abcdefghijklmnopqrstuvwxyz_0123456789"),
            strlen(row->code));
        assert_string_equal(words + strlen("the credential "), row->seen);
        assert_int_equal(a407_lint_from_code(a407_span_str(row->code)), code);
        assert_int_equal(row->remedy[strlen(row->remedy) - 1], '.');
    }
    assert_string_equal(a407_lint_info(A407_LINT_COUNT)->code, "");
    assert_int_equal(a407_lint_from_code(a407_span_str("blank")), 0);
    assert_int_equal(a407_lint_from_code(a407_span_str("")), 0);
    a407_lint_words((struct a407_finding){A407_LINT_NONE, 0}, words);
    assert_string_equal(words, "");
}

/* docs/credentials.md has the table, in its order. */
TEST(document)
{
    char *doc = source_file("docs/credentials.md"), row[512];
    const char *at = doc;
    for (unsigned code = 1; code < A407_LINT_COUNT; code++) {
        const struct a407_lint_info *i = a407_lint_info(code);
        snprintf(row, sizeof row, "\n| `%s` | %s | %s |\n", i->code, i->seen,
                 i->remedy);
        at = strstr(at, row);
        if (!at)
            fail_msg("docs/credentials.md lacks, or has out of order:%s", row);
    }
    free(doc);
}
