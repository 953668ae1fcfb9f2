/* SPDX-License-Identifier: MIT */
#include "core/config/credfile_edit.h"
#include "unit.h"

#define BOM "\xef\xbb\xbf"

/* What is written for alice's new password, unless a row says otherwise. */
static const struct a407_credfile_key usual[] = {
    {"username", "alice"}, {"password", "new"}, {"domain", NULL},
    {"token", NULL},       {"helper", NULL},    {"password-file", NULL},
};
#define USUAL (sizeof usual / sizeof *usual)

static void same(struct a407_buf *out, bool ok, const char *what,
                 const char *expected)
{
    if (!ok || out->n != strlen(expected) ||
        (out->n && memcmp(out->p, expected, out->n) != 0))
        fail_msg("%s: <%.*s>", what, (int)out->n, out->n ? out->p : "");
    a407_buf_free(out);
}

static const struct {
    const char *what, *before, *after;
    size_t section;
} sets[] = {
    {"a key where it stands", "[a:1]\nusername = bob\npassword = old\n",
     "[a:1]\nusername = alice\npassword = new\n", 0},
    {"its order and its spelling",
     "[a:1]\n\tPassWord=old  \nUSERNAME  =\tbob\n",
     "[a:1]\n\tPassWord=new\nUSERNAME  =\talice\n", 0},
    {"comments and blank lines",
     "# top\n\n[a:1] \n; of a\nusername = bob\n\n# pw\npassword = old\n\n"
     "# of b\n[b:1]\npassword = x\n",
     "# top\n\n[a:1] \n; of a\nusername = alice\n\n# pw\npassword = new\n\n"
     "# of b\n[b:1]\npassword = x\n",
     0},
    {"a comment that looks like a key",
     "[a:1]\n# password = older\nusername = bob\n",
     "[a:1]\n# password = older\nusername = alice\npassword = new\n", 0},
    {"keys behind the last one", "[a:1]\n\n# next\n[b:1]\ntoken = t\n",
     "[a:1]\nusername = alice\npassword = new\n\n# next\n[b:1]\ntoken = t\n",
     0},
    {"the second section alone",
     "[a:1]\nusername = x\npassword = y\n[a:1]\nusername = bob\nschemes = ntlm",
     "[a:1]\nusername = x\npassword = y\n[a:1]\nusername = alice\n"
     "schemes = ntlm\npassword = new\n",
     1},
    {"sources that clash go",
     "[a:1]\nhelper = cmd\npassword-file = /p\ndomain = D\ntoken = t\n"
     "service = HTTP@h\n",
     "[a:1]\nservice = HTTP@h\nusername = alice\npassword = new\n", 0},
    {"CRLF", "[a:1]\r\nusername = bob\r\n\r\n[b:1]\n",
     "[a:1]\r\nusername = alice\r\npassword = new\r\n\r\n[b:1]\n", 0},
    {"a byte order mark", BOM "[a:1]\nusername = bob\n",
     BOM "[a:1]\nusername = alice\npassword = new\n", 0},
    {"no end of the last line", "[a:1]\npassword = old",
     "[a:1]\npassword = new\nusername = alice\n", 0},
    {"half an end of it", "[a:1]\r\npassword = old\r",
     "[a:1]\r\npassword = new\r\nusername = alice\r\n", 0},
    {"nothing to add, nothing ended", "[a:1]\nusername = a\npassword = old",
     "[a:1]\nusername = alice\npassword = new", 0},
};

TEST(sets)
{
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct a407_buf out;
        size_t n = strlen(sets[i].before);
        char *text = exact(sets[i].before, n);
        a407_buf_init(&out, 4096);
        bool ok = a407_credfile_set(&out, a407_span(text, n), sets[i].section,
                                    usual, USUAL);
        same(&out, ok, sets[i].what, sets[i].after);
        free(text);
    }
}

TEST(no_such_section)
{
    struct a407_buf out;
    a407_buf_init(&out, 4096);
    assert_false(
        a407_credfile_set(&out, a407_span_str("[a:1]\n"), 1, usual, 1));
    assert_false(a407_credfile_cut(&out, a407_span_str("# [a:1]\n"), 0));
    assert_false(a407_credfile_cut(&out, a407_span_str(""), 0));
    assert_int_equal(out.n, 0);
}

/* Each value is read as it was given, by a key that was there and a new one. */
TEST(values)
{
    static const char *const values[] = {
        "plain",  " front",       "back ",      "a # b", "a ; b",  "#first",
        ";first", "=x = y",       "\"quoted\"", "\"",    "\"half", "half\"",
        "",       "\xc3\xa9\xff", "[x]",        "\"\"",
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const struct a407_credfile_key keys[] = {{"username", "u"},
                                                 {"password", values[i]}};
        struct a407_endpoint e = {"p", 1};
        struct a407_diag diag;
        struct a407_buf made, set;
        a407_buf_init(&made, 4096);
        a407_buf_init(&set, 4096);
        assert_true(a407_credfile_add(&made, a407_span_str(""), &e, keys, 2));
        assert_true(
            a407_credfile_set(&set, a407_span(made.p, made.n), 0, keys, 2));
        assert_int_equal(set.n, made.n);
        assert_memory_equal(set.p, made.p, made.n);
        a407_buf_free(&set);
        struct a407_credential *c =
            a407_credfile_parse(made.p, made.n, "F", &diag);
        if (!c)
            fail_msg("%s: %s", values[i], diag.text);
        assert_string_equal(c->password, values[i]);
        a407_credentials_free(c);
        a407_buf_free(&made);
    }
}

static const struct {
    const char *what, *before, *endpoint, *header;
} adds[] = {
    {"to nothing", "", "p:3128", "[p:3128]\n"},
    {"behind a blank line", "# c\n", "p", "# c\n\n[p]\n"},
    {"behind a line without an end", "[a:1]", "*.p:1", "[a:1]\n\n[*.p:1]\n"},
    {"in lines that end with CRLF", BOM "[a:1]\r\n", "p:1",
     BOM "[a:1]\r\n\r\n[p:1]\r\n"},
    {"to a byte order mark", BOM, "p:1", BOM "[p:1]\n"},
    {"an IPv6 address", "", "[2001:DB8::1]:3128", "[[2001:db8::1]:3128]\n"},
};

TEST(adds)
{
    for (size_t i = 0; i < sizeof adds / sizeof *adds; i++) {
        struct a407_endpoint e;
        struct a407_buf out;
        a407_buf_init(&out, 4096);
        assert_true(a407_endpoint_parse(a407_span_str(adds[i].endpoint), &e));
        bool ok =
            a407_credfile_add(&out, a407_span_str(adds[i].before), &e, NULL, 0);
        same(&out, ok, adds[i].what, adds[i].header);
    }
}

static const struct {
    const char *what, *before, *after;
    size_t section;
} cuts[] = {
    {"the only one", "[a:1]\nusername = x\n", "", 0},
    {"the first", "[a:1]\ntoken = x\n\n[b:1]\n", "[b:1]\n", 0},
    {"one in the middle", "[a:1]\n\n[b:1]\ntoken = x\n\n[c:1]\n",
     "[a:1]\n\n[c:1]\n", 1},
    {"the last", "[a:1]\n\n[b:1]\ntoken = x\n", "[a:1]\n", 1},
    {"the last, CRLF", "[a:1]\r\n\r\n[b:1]\r\n", "[a:1]\r\n", 1},
    {"comments outside stay",
     "# top\n[a:1]\n# in a\ntoken = x\n# of b\n[b:1]\n",
     "# top\n# of b\n[b:1]\n", 0},
    {"a mark stays", BOM "[a:1]\n\n[b:1]\n", BOM "[b:1]\n", 0},
};

TEST(cuts)
{
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct a407_buf out;
        a407_buf_init(&out, 4096);
        bool ok = a407_credfile_cut(&out, a407_span_str(cuts[i].before),
                                    cuts[i].section);
        same(&out, ok, cuts[i].what, cuts[i].after);
    }
}

static struct a407_credential *parsed(const struct a407_buf *b)
{
    struct a407_diag diag;
    struct a407_credential *list = a407_credfile_parse(b->p, b->n, "F", &diag);
    assert_string_equal(diag.text, "");
    return list;
}

/* All sections but that one are what they were. */
static void others_stay(const struct a407_credential *before,
                        const struct a407_credential *after, size_t section,
                        bool cut)
{
    for (size_t i = 0; before; before = before->next, i++) {
        if (i == section && cut)
            continue;
        assert_non_null(after);
        assert_string_equal(before->endpoint.host, after->endpoint.host);
        if (i != section)
            assert_true(a407_credential_same(before, after, true));
        after = after->next;
    }
    assert_null(after);
}

static void edit(struct a407_span text, const struct a407_credential *list)
{
    size_t i = 0;
    for (const struct a407_credential *c = list; c; c = c->next, i++) {
        struct a407_buf set, cut;
        a407_buf_init(&set, 4096);
        a407_buf_init(&cut, 4096);
        assert_true(a407_credfile_set(&set, text, i, usual, USUAL));
        assert_true(a407_credfile_cut(&cut, text, i));
        struct a407_credential *now = parsed(&set), *its = now;
        others_stay(list, now, i, false);
        for (size_t k = 0; k < i; k++)
            its = its->next;
        assert_string_equal(its->username, "alice");
        assert_string_equal(its->password, "new");
        assert_null(its->token);
        a407_credentials_free(now);
        now = cut.n ? parsed(&cut) : NULL;
        others_stay(list, now, i, true);
        a407_credentials_free(now);
        a407_buf_free(&set);
        a407_buf_free(&cut);
    }
}

/* Of any file that the parser takes: each prefix of one, and each that differs
   in a byte. */
TEST(any_file)
{
    static const char text[] =
        BOM "# c\r\n[a:1]\r\nusername = u\npassword=\" x\"\n\n;k=v\n[a:1]\n"
            " Token\t=[t]\n#\n\n[*.b]\nhelper = h = \"\"\r\ndomain = \"d\"\r";
    const size_t n = sizeof text - 1;
    size_t taken = 0;
    for (size_t k = 0; k < n * 257; k++) {
        struct a407_diag diag;
        size_t most = k < n ? k : n;
        char *p = exact(text, most);
        if (k >= n)
            p[k % n] = (char)(k / n - 1);
        struct a407_credential *list = a407_credfile_parse(p, most, "F", &diag);
        taken += list != NULL;
        edit(a407_span(p, most), list);
        a407_credentials_free(list);
        free(p);
    }
    assert_in_range(taken, 1000, n * 257);
}
