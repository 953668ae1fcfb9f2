/* SPDX-License-Identifier: MIT */
/* The format is docs/credentials.md, "The file". */
#include "core/base/text.h"
#include "core/config/credential.h"
#include "unit.h"

#include <stdio.h>

#define FILE_NAME "/x/credentials"

static struct a407_credential *parse(const char *z, size_t n,
                                     struct a407_diag *diag)
{
    char *p = exact(z, n);
    struct a407_credential *list = a407_credfile_parse(p, n, FILE_NAME, diag);
    free(p);
    return list;
}

static struct a407_credential *parse_good(const char *z)
{
    struct a407_diag diag;
    struct a407_credential *list = parse(z, strlen(z), &diag);
    if (diag.text[0])
        fail_msg("%s", diag.text);
    assert_non_null(list);
    return list;
}

TEST(all_keys)
{
    struct a407_credential *c =
        parse_good("# comments stand on lines of their own\n"
                   "; of either kind\n"
                   "\n"
                   "[Proxy.corp.example:3128]\n"
                   "username = alice\n"
                   "\tPassword\t=  correct horse #1 battery; staple \t\n"
                   "   # an indented comment\n"
                   "domain=CORP\n"
                   "token = abc.def==\n"
                   "keytab = ~/alice.keytab\n"
                   "service = HTTP@proxy.corp.example\n"
                   "schemes = negotiate, NTLM\n"
                   "expires = 2026-12-31\n");
    assert_null(c->next);
    assert_string_equal(c->endpoint.host, "proxy.corp.example");
    assert_int_equal(c->endpoint.port, 3128);
    assert_int_equal(c->from, A407_FROM_FILE);
    assert_string_equal(c->label, FILE_NAME ":4");
    assert_string_equal(c->username, "alice");
    assert_string_equal(c->password, "correct horse #1 battery; staple");
    assert_string_equal(c->domain, "CORP");
    assert_string_equal(c->token, "abc.def==");
    assert_string_equal(c->keytab, "~/alice.keytab");
    assert_string_equal(c->service, "HTTP@proxy.corp.example");
    assert_null(c->helper);
    assert_null(c->netrc);
    assert_null(c->token_file);
    assert_null(c->password_file);
    assert_int_equal(c->schemes, A407_SCHEME_BIT(A407_NEGOTIATE) |
                                     A407_SCHEME_BIT(A407_NTLM));
    assert_int_equal(c->expires, 1798675200); /* date -ud 2026-12-31 +%s */
    assert_false(c->malformed.code);
    a407_credentials_free(c);
}

/* Where a secret is to be taken from, one source to a section. */
TEST(sources)
{
    struct a407_credential *c =
        parse_good("[a]\nhelper = !get --flag=\"x y\"; true\n"
                   "[b]\nnetrc = ~/.netrc\ntoken-file = /run/t\n"
                   "[c]\nusername = u\nnetrc = /n\ntoken = t\nservice=x\n"
                   "[d]\nusername = u\npassword-file = /run/my pw\n"
                   "token-file = \"~/ t \"\nkeytab = /k\n");
    const struct a407_credential *p = c;
    assert_string_equal(p->helper, "!get --flag=\"x y\"; true");
    p = p->next;
    assert_string_equal(p->netrc, "~/.netrc");
    assert_string_equal(p->token_file, "/run/t");
    p = p->next;
    assert_string_equal(p->netrc, "/n");
    assert_string_equal(p->token, "t");
    assert_string_equal(p->service, "x");
    p = p->next;
    assert_string_equal(p->password_file, "/run/my pw");
    assert_string_equal(p->token_file, "~/ t ");
    assert_string_equal(p->keytab, "/k");
    a407_credentials_free(c);
}

TEST(sections)
{
    struct a407_credential *c =
        parse_good("[a:1]\nusername = u\npassword-file = /run/p\n"
                   "[*.b]\ntoken-file = /run/t\n[[::1]:2]\n[ a:1 ]\n");
    const struct a407_credential *p = c;
    assert_string_equal(p->endpoint.host, "a");
    assert_string_equal(p->password_file, "/run/p");
    p = p->next;
    assert_string_equal(p->endpoint.host, "*.b");
    assert_int_equal(p->endpoint.port, 0);
    assert_string_equal(p->token_file, "/run/t");
    p = p->next;
    assert_string_equal(p->endpoint.host, "::1");
    assert_int_equal(p->schemes, A407_ALL_SCHEMES);
    assert_int_equal(p->expires, 0);
    p = p->next;
    assert_string_equal(p->endpoint.host, "a");
    assert_string_equal(p->label, FILE_NAME ":7");
    assert_null(p->next);
    a407_credentials_free(c);
}

/* What a password is for each way of writing it. */
static const struct {
    const char *line, *password;
} values[] = {
    {"password = x y", "x y"},
    {"password=x", "x"},
    {"password = \" x \"", " x "},
    {"password = \"", "\""},
    {"password = \"\"", ""},
    {"password = \"\"\"\"", "\"\""},
    {"password = \"a", "\"a"},
    {"password = a\"b\"", "a\"b\""},
    {"password = \"a\"b\"", "a\"b"},
    {"password = a\\nb\\\"", "a\\nb\\\""},
    {"password = 'a'", "'a'"},
    {"password = a=b", "a=b"},
    {"password = = ", "="},
    {"password = [x]", "[x]"},
    {"password = #x", "#x"},
    {"password = %41", "%41"},
    {"password = \xc3\xa9\xff", "\xc3\xa9\xff"},
};

TEST(values)
{
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        for (int crlf = 0; crlf < 3; crlf++) {
            static const char *const last[] = {"", "\r\n", "\r"};
            char text[256];
            const char *end = crlf ? "\r\n" : "\n";
            snprintf(text, sizeof text, "%s[h]%susername = u%s%s%s",
                     crlf ? "\xef\xbb\xbf" : "", end, end, values[i].line,
                     last[crlf]);
            struct a407_credential *c = parse_good(text);
            assert_string_equal(c->username, "u");
            assert_string_equal(c->password, values[i].password);
            a407_credentials_free(c);
        }
}

TEST(dates)
{
    static const struct {
        const char *day;
        int64_t seconds; /* date -ud DAY +%s; 0: refused */
    } dates[] = {
        {"1971-01-01", 31536000},
        {"1972-02-29", 68169600},
        {"1999-12-31", 946598400},
        {"2000-02-29", 951782400},
        {"2000-03-01", 951868800},
        {"2024-12-31", 1735603200},
        {"2038-01-19", 2147472000},
        {"2100-02-28", 4107456000},
        {"2100-03-01", 4107542400},
        {"9999-12-31", 253402214400},
        {"2100-02-29", 0},
        {"2023-02-29", 0},
        {"1970-12-31", 0},
        {"2026-13-01", 0},
        {"2026-00-01", 0},
        {"2026-01-00", 0},
        {"2026-01-32", 0},
        {"2026-04-31", 0},
        {"2026-1-01", 0},
        {"2026/01/01", 0},
        {"2026-01-01 ", 1767225600},
        {"2026-01-01T00:00:00Z", 0},
        {"+026-01-01", 0},
        {"2026-01-1x", 0},
        {"tomorrow", 0},
        {"20260101", 0},
    };
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        char text[64];
        struct a407_diag diag;
        snprintf(text, sizeof text, "[h]\nexpires = %s\n", dates[i].day);
        struct a407_credential *c = parse(text, strlen(text), &diag);
        if ((c ? c->expires : 0) != dates[i].seconds)
            fail_msg("%s: %lld", dates[i].day, c ? (long long)c->expires : -1);
        if (!c)
            assert_string_equal(diag.text,
                                FILE_NAME ":2: bad value; expires is a day "
                                          "written YYYY-MM-DD");
        a407_credentials_free(c);
    }
}

/* The line that is named, and a part of what is said. */
static const struct {
    const char *text;
    unsigned line;
    const char *says;
} errors[] = {
    {"username = u\n", 1, "no section"},
    {"\n\n[h]\nuser = hunter2\n", 4, "unknown key"},
    {"[h]\npass word = hunter2\n", 2, "unknown key"},
    {"[h]\n= hunter2\n", 2, "unknown key"},
    {"[h]\nhunter2\n", 2, "KEY = VALUE"},
    {"[h\nusername = hunter2\n", 1, "section"},
    {"[", 1, "section"},
    {"[]\n", 1, "section name"},
    {"[h:hunter2]\n", 1, "section name"},
    {"[::1]\n", 1, "brackets of its own: write [[IPV6]:PORT]"},
    {"[ 2001:db8::1:3128 ]\n", 1, "brackets of its own"},
    {"[a:b:c]\n", 1, "brackets of its own"},
    {"[*]\n", 1, "section name"},
    {"[http://h:1]\n", 1, "is a URL"},
    {"[h] # hunter2\n", 1, "of its own"},
    {"[h]\nusername = hunter2\nusername = b\n", 3, "twice"},
    {"[h]\nusername = u\npassword = hunter2\nPASSWORD = b\n", 4, "twice"},
    {"[h]\nusername =\n", 2, "empty"},
    {"[h]\nusername = \"\"\n", 2, "empty"},
    {"[h]\nusername = u\npassword =  \n", 3, "empty"},
    {"[h]\nusername = u\npassword = hunt\rer2\n", 3, "control character"},
    {"[h]\nusername = u\npassword = hunt\x01\n", 3, "control character"},
    {"[h]\nusername = u\npassword = hunter2\x7f\n", 3, "control character"},
    {"[h]\nschemes = basic, hunter2\n", 2, "schemes"},
    {"[h]\nschemes = ,\n", 2, "schemes"},
    {"\n[h]\npassword = hunter2\n", 2, "user name"},
    {"\n[h]\npassword-file = /hunter2\n[g]\n", 2, "user name"},
    {"[h]\nusername = u\npassword = hunter2\npassword-file = /b\n", 1,
     "password-file"},
    {"[h]\ntoken = hunter2\ntoken-file = /b\n", 1, "token-file"},
    {"[h]\nusername = u\npassword = hunter2\nnetrc = /b\n", 1, "netrc"},
    {"[h]\nusername = u\npassword-file = /b\nnetrc = /b\n", 1, "netrc"},
    {"[h]\nusername = u\npassword = hunter2\nhelper = b\n", 1, "helper"},
    {"[h]\nusername = u\npassword-file = /b\nhelper = b\n", 1, "helper"},
    {"[h]\ntoken = hunter2\nhelper = b\n", 1, "helper"},
    {"[h]\ntoken-file = /hunter2\nhelper = b\n", 1, "helper"},
    {"[h]\nnetrc = /hunter2\nhelper = b\n", 1, "helper"},
    {"[h]\nkeytab = /hunter2\n", 1, "user name"},
    {"[h]\npassword-file = hunter2\n", 2, "path"},
    {"[h]\ntoken-file = ./hunter2\n", 2, "path"},
    {"[h]\nnetrc = ~\n", 2, "path"},
    {"[h]\nnetrc = ~/\n", 2, "path"},
    {"[h]\nnetrc = ~hunter2/.netrc\n", 2, "path"},
    {"[h]\nkeytab = FILE:/hunter2\n", 2, "path"},
    {"[h]\nservice = hunter2/\n", 2, "HTTP@HOST"},
    {"[h]\nservice = @hunter2\n", 2, "HTTP@HOST"},
    {"[h]\nservice = hunter2@\n", 2, "HTTP@HOST"},
    {"[h]\nservice = hunter2@a b\n", 2, "HTTP@HOST"},
};

TEST(errors)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct a407_diag diag;
        char start[64];
        assert_null(parse(errors[i].text, strlen(errors[i].text), &diag));
        snprintf(start, sizeof start, FILE_NAME ":%u: ", errors[i].line);
        if (strncmp(diag.text, start, strlen(start)) != 0 ||
            !strstr(diag.text, errors[i].says))
            fail_msg("%s: \"%s\"", errors[i].text, diag.text);
        /* the message is no place for what stood there */
        assert_null(strstr(diag.text, "hunt"));
    }
}

TEST(nul)
{
    static const char text[] = "[h]\nusername = u\n# c\0 x\npassword = p\n";
    struct a407_diag diag;
    assert_null(parse(text, sizeof text - 1, &diag));
    assert_non_null(strstr(diag.text, ":3: a NUL byte"));
}

/* No credential is no error. */
TEST(empty)
{
    static const char *const texts[] = {
        "", "\n", "# c", "\xef\xbb\xbf", " \t\r\n;\n", "\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct a407_diag diag = {"left over"};
        assert_null(parse(texts[i], strlen(texts[i]), &diag));
        assert_string_equal(diag.text, "");
    }
    struct a407_diag diag = {"left over"};
    assert_null(a407_credfile_parse(NULL, 0, FILE_NAME, &diag));
    assert_string_equal(diag.text, "");
}

TEST(many_sections)
{
    enum { MOST = 1024 };
    static char text[(MOST + 1) * 4];
    struct a407_diag diag;
    for (size_t i = 0; i <= MOST; i++)
        memcpy(text + 4 * i, "[h]\n", 4);
    struct a407_credential *c = parse(text, MOST * 4, &diag);
    assert_non_null(c);
    a407_credentials_free(c);
    assert_null(parse(text, sizeof text, &diag));
    assert_non_null(strstr(diag.text, ":1025: more than 1024"));
}

/* Any prefix, and any one byte changed to any other, is survived. */
TEST(any_bytes)
{
    static const char text[] =
        "\xef\xbb\xbf[*.h:80]\r\n#c\nusername = \"a\"\nexpires = 2026-12-31\n"
        "schemes=basic,ntlm\n[[::1]:80]\ntoken=x";
    const size_t n = sizeof text - 1;
    struct a407_diag diag;
    char changed[sizeof text];
    for (size_t k = 0; k <= n; k++)
        a407_credentials_free(parse(text, k, &diag));
    for (size_t k = 0; k < n; k++)
        for (int c = 0; c < 256; c++) {
            memcpy(changed, text, n);
            changed[k] = (char)c;
            struct a407_credential *list = parse(changed, n, &diag);
            assert_true(!list || !diag.text[0]);
            for (const struct a407_credential *p = list; p; p = p->next)
                assert_true(!p->username ||
                            !a407_text_has_control(a407_span_str(p->username)));
            a407_credentials_free(list);
        }
}
