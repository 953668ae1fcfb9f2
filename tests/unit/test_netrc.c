/* SPDX-License-Identifier: MIT */
/* .netrc: the manual of GNU inetutils, "The .netrc file"; curl(1),
   --netrc-file; docs/credentials.md. */
#include "core/config/netrc.h"

#include "core/base/buf.h"
#include "unit.h"

#include <stdio.h>

/* "USER PASSWORD", "-" for nothing, or the message, for HOST:PORT. */
static void look(const char *text, size_t n, const char *host,
                 const char *username, char out[600])
{
    struct a407_endpoint e;
    struct a407_diag diag;
    struct a407_login login;
    char *p = exact(text, n);
    assert_true(a407_endpoint_parse(a407_span_str(host), &e));
    bool found =
        a407_netrc_find(a407_span(p, n), "F", &e, username, &login, &diag);
    free(p);
    if (found) {
        assert_string_equal(diag.text, "");
        snprintf(out, 600, "%s %s", login.username, login.password);
    } else {
        assert_true(!login.username && !login.password);
        snprintf(out, 600, "%s", diag.text[0] ? diag.text : "-");
    }
    a407_free_secret(login.username);
    a407_free_secret(login.password);
}

struct example {
    const char *text, *host, *username, *result;
};

static void check(const struct example *e, size_t n)
{
    for (; n--; e++) {
        char got[600];
        look(e->text, strlen(e->text), e->host ? e->host : "p.test:3128",
             e->username, got);
        if (strcmp(got, e->result) != 0)
            fail_msg("[%s]: got [%s], not [%s]", e->text, got, e->result);
    }
}

#define CHECK(list) check(list, sizeof list / sizeof list[0])

TEST(entries)
{
    static const struct example list[] = {
        {"machine p.test login u password w", NULL, NULL, "u w"},
        {"machine p.test\n  login u\n\tpassword w\n", NULL, NULL, "u w"},
        {"machine p.test\r\nlogin u\r\npassword w\r\n", NULL, NULL, "u w"},
        {"machine p.test password w login u", NULL, NULL, "u w"},
        {"machine p.test login u account a password w", NULL, NULL, "u w"},
        {"machine p.test login u password w account password", NULL, NULL,
         "u w"},
        {"", NULL, NULL, "-"},
        {"\n \n", NULL, NULL, "-"},
        {"machine q.test login u password w", NULL, NULL, "-"},
        {"machine q.test login a password b machine p.test login u password w",
         NULL, NULL, "u w"},
        {"machine P.Test. login u password w", NULL, NULL, "u w"},
        {"machine p.test login machine password default", NULL, NULL,
         "machine default"},
        {"machine p.test login u password w x y machine", NULL, NULL, "u w"},
        {"login u password w", NULL, NULL, "-"},
    };
    CHECK(list);
}

/* An entry may name the port as well; the first that fits counts. */
TEST(ports)
{
    static const char both[] = "machine p.test:81 login a password b\n"
                               "machine p.test login c password d\n"
                               "machine p.test:82 login e password f\n";
    static const struct example list[] = {
        {both, "p.test:81", NULL, "a b"},
        {both, "p.test:82", NULL, "c d"},
        {"machine [::1]:81 login a password b", "[::1]:81", NULL, "a b"},
        {"machine ::1 login a password b", "[::1]:81", NULL, "-"},
        {"machine [::1] login a password b", "[::1]:81", NULL, "a b"},
        {"machine 192.0.2.1 login a password b", "192.0.2.1:81", NULL, "a b"},
        {"machine *.test login a password b", "p.test:81", NULL, "-"},
        {"machine p.test:0 login a password b", "p.test:81", NULL, "-"},
        {"machine http://p.test login a password b", "p.test:81", NULL, "-"},
    };
    CHECK(list);
}

TEST(default)
{
    static const struct example list[] = {
        {"default login u password w", NULL, NULL, "u w"},
        {"machine p.test login a password b default login u password w", NULL,
         NULL, "a b"},
        {"machine q.test login a password b default login u password w", NULL,
         NULL, "u w"},
        {"default login u password w machine p.test login a password b", NULL,
         NULL, "u w"},
        {"default login u machine p.test login a password b", NULL, NULL,
         "a b"},
    };
    CHECK(list);
}

/* What is asked for must be whole, and of that user. */
TEST(user)
{
    static const char two[] = "machine p.test login a password b\n"
                              "machine p.test login c password d\n";
    static const struct example list[] = {
        {two, NULL, NULL, "a b"},
        {two, NULL, "a", "a b"},
        {two, NULL, "c", "c d"},
        {two, NULL, "A", "-"},
        {two, NULL, "", "-"},
        {"machine p.test password w", NULL, NULL, "-"},
        {"machine p.test password w", NULL, "u", "u w"},
        {"machine p.test login u", NULL, NULL, "-"},
        {"machine p.test login u\nmachine p.test login u password w", NULL,
         NULL, "u w"},
        {"machine p.test login u password \"\"", NULL, NULL, "u "},
    };
    CHECK(list);
}

TEST(macros)
{
    static const struct example list[] = {
        {"macdef init\nmachine p.test login a password b\n\n"
         "machine p.test login u password w",
         NULL, NULL, "u w"},
        {"macdef init\r\nlogin \"a\r\n\r\nmachine p.test login u password w",
         NULL, NULL, "u w"},
        {"machine p.test login u\nmacdef init\nput x\n\npassword w", NULL, NULL,
         "u w"},
        {"macdef init\nx\n \nmachine p.test login u password w", NULL, NULL,
         "-"},
        {"macdef init\n\nmachine p.test login u password w", NULL, NULL, "u w"},
        {"machine p.test login u password w macdef i\nmachine", NULL, NULL,
         "u w"},
        {"macdef init", NULL, NULL, "-"},
    };
    CHECK(list);
}

TEST(quotes)
{
    static const struct example list[] = {
        {"machine p.test login \"a b\" password \" c \"", NULL, NULL,
         "a b  c "},
        {"machine \"p.test\" login u password \"a\\\"b\\\\c\\d\"", NULL, NULL,
         "u a\"b\\cd"},
        {"machine p.test login D\\u password a\"b\\", NULL, NULL,
         "D\\u a\"b\\"},
        {"machine p.test login D\\u password a\"b\\", NULL, "D\\u",
         "D\\u a\"b\\"},
        {"machine p.test login \"u\"password \"w\"", NULL, NULL, "u w"},
        {"machine p.test login \"D\\\\u\" password w", NULL, "D\\u", "D\\u w"},
        {"machine p.test login u password \xc3\xa9\xff", NULL, NULL,
         "u \xc3\xa9\xff"},
    };
    CHECK(list);
}

TEST(comments)
{
    static const struct example list[] = {
        {"# machine p.test login a password b\nmachine p.test login u "
         "password w",
         NULL, NULL, "u w"},
        {"machine p.test # login a\nlogin u #password b\npassword w", NULL,
         NULL, "u w"},
        {"machine p.test login #u password #", NULL, NULL, "#u #"},
        {"machine p.test login u password w#x", NULL, NULL, "u w#x"},
        {"#", NULL, NULL, "-"},
    };
    CHECK(list);
}

TEST(errors)
{
    static const struct example list[] = {
        {"machine p.test login u password", NULL, NULL,
         "F:1: the last keyword has no value"},
        {"\nmachine p.test\nlogin\n\n", NULL, NULL,
         "F:3: the last keyword has no value"},
        {"machine", NULL, NULL, "F:1: the last keyword has no value"},
        {"macdef", NULL, NULL, "F:1: the last keyword has no value"},
        {"machine p.test\nlogin u password \"s3cret\n", NULL, NULL,
         "F:2: a double quote is not closed on its line"},
        {"machine p.test login u password \"w\\", NULL, NULL,
         "F:1: a double quote is not closed on its line"},
        {"machine p.test login u password \"w\\\"", NULL, NULL,
         "F:1: a double quote is not closed on its line"},
        {"\"", NULL, NULL, "F:1: a double quote is not closed on its line"},
        {"machine p.test login u\npassword \"a\\nb\"\n\n\n", NULL, NULL,
         "F:2: a value holds a control character"},
        {"machine p.test login \"a\\rb\" password w", NULL, NULL,
         "F:1: a value holds a control character"},
        {"machine p.test login u password a\x7f", NULL, NULL,
         "F:1: a value holds a control character"},
        {"machine \"p\\t\" login u password w", NULL, NULL,
         "F:1: a value holds a control character"},
        /* not what is looked for: no matter */
        {"machine q.test login u password \"a\\nb\"", NULL, NULL, "-"},
    };
    char got[600];
    CHECK(list);
    look("machine p.test login u password a\0b", 35, "p.test:1", NULL, got);
    assert_string_equal(got, "F:1: a value holds a control character");
}

/* Cut at every byte: never more than the whole says, never a crash. */
TEST(cut)
{
    static const char text[] =
        "# c\nmachine q.test login a password b\nmacdef m\nx\n\n"
        "machine p.test login \"u\\\\v\" password \"w\"\n";
    char got[600];
    for (size_t n = 0; n < sizeof text; n++) {
        look(text, n, "p.test:1", NULL, got);
        if (n >= sizeof text - 2)
            assert_string_equal(got, "u\\v w");
        else
            assert_true(got[0] == '-' || got[0] == 'F');
    }
}
