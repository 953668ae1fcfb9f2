/* SPDX-License-Identifier: MIT */
/* git-credential(1), "INPUT/OUTPUT FORMAT" */
#include "core/config/helper_text.h"

#include "unit.h"

static void asked(const char *host, const char *username, const char *text)
{
    struct a407_endpoint e;
    struct a407_buf b;
    a407_buf_init(&b, 1000);
    assert_true(a407_endpoint_parse(a407_span_str(host), &e));
    assert_true(a407_helper_ask(&b, &e, username));
    assert_int_equal(b.n, strlen(text));
    assert_memory_equal(b.p, text, b.n);
    a407_buf_free(&b);
}

TEST(ask)
{
    asked("P.test:3128", NULL,
          "capability[]=authtype\nprotocol=http\nhost=p.test:3128\n\n");
    asked("p.test:3128", "D\\u=v",
          "capability[]=authtype\nprotocol=http\nhost=p.test:3128\n"
          "username=D\\u=v\n\n");
    asked("[::1]:80", "",
          "capability[]=authtype\nprotocol=http\nhost=[::1]:80\nusername=\n\n");
}

/* Nothing that could be a line of its own; nothing half. */
TEST(ask_refused)
{
    struct a407_endpoint e = {.host = "p", .port = 1};
    struct a407_buf b;
    for (size_t max = 0; max < 46; max++) {
        a407_buf_init(&b, max);
        assert_false(a407_helper_ask(&b, &e, NULL));
        assert_int_equal(b.n, 0);
        a407_buf_free(&b);
    }
    a407_buf_init(&b, 1000);
    assert_false(a407_helper_ask(&b, &e, "u\npath=x"));
    assert_false(a407_helper_ask(&b, &e, "u\r"));
    assert_int_equal(b.n, 0);
    assert_true(a407_helper_ask(&b, &e, NULL));
    assert_int_equal(b.n, 46);
    a407_buf_free(&b);
}

struct answer {
    const char *text;
    const char *username, *password, *token;
    int64_t expires;
    bool quit;
};

TEST(answers)
{
    static const struct answer answers[] = {
        {"", NULL, NULL, NULL, 0, false},
        {"\n", NULL, NULL, NULL, 0, false},
        {"username=u\npassword=w\n", "u", "w", NULL, 0, false},
        {"username=u\npassword=w", "u", "w", NULL, 0, false},
        {"username=u\r\npassword=w\r\n\r\n", "u", "w", NULL, 0, false},
        {"password=\n", NULL, "", NULL, 0, false},
        {"password= a=b \n", NULL, " a=b ", NULL, 0, false},
        {"protocol=http\nhost=x\nusername=u\nuseless=1\n\npassword=w\n", "u",
         NULL, NULL, 0, false},
        {"\nusername=u\n", NULL, NULL, NULL, 0, false},
        {"username=a\nusername=u\n", "u", NULL, NULL, 0, false},
        {"capability[]=authtype\nauthtype=Bearer\ncredential=a.b=\n", NULL,
         NULL, "a.b=", 0, false},
        {"credential=t\nauthtype=bearer\n", NULL, NULL, "t", 0, false},
        {"authtype=\nusername=u\n", "u", NULL, NULL, 0, false},
        {"authtype=Bearer\n", NULL, NULL, NULL, 0, false},
        {"state[]=x\nephemeral=1\n=\n", NULL, NULL, NULL, 0, false},
        {"password=w\npassword_expiry_utc=1700000000\n", NULL, "w", NULL,
         1700000000, false},
        {"password_expiry_utc=soon\n", NULL, NULL, NULL, 0, false},
        {"password_expiry_utc=99999999999999999999999\n", NULL, NULL, NULL, 0,
         false},
        {"quit=1\n", NULL, NULL, NULL, 0, true},
        {"quit=TRUE\n", NULL, NULL, NULL, 0, true},
        {"quit=0\n", NULL, NULL, NULL, 0, false},
        {"username=\xc3\xa9\xff\n", "\xc3\xa9\xff", NULL, NULL, 0, false},
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        const struct answer *want = &answers[i];
        size_t n = strlen(want->text);
        char *p = exact(want->text, n);
        struct a407_helper_answer got;
        const char *wrong = a407_helper_read(a407_span(p, n), &got);
        if (wrong)
            fail_msg("[%s]: %s", want->text, wrong);
        assert_span(got.username, want->username);
        assert_span(got.password, want->password);
        assert_span(got.token, want->token);
        assert_int_equal(got.expires, want->expires);
        assert_int_equal(got.quit, want->quit);
        free(p);
    }
}

static void wrong(const char *text, size_t n, const char *what)
{
    struct a407_helper_answer got;
    char *p = exact(text, n);
    const char *said = a407_helper_read(a407_span(p, n), &got);
    if (!said || strcmp(said, what) != 0)
        fail_msg("[%s]: %s", text, said ? said : "accepted");
    assert_true(!got.username.p && !got.password.p && !got.token.p);
    free(p);
}

TEST(wrong)
{
    static const char control[] = "a control character";
    static const char form[] = "a line that is not KEY=VALUE";
    static const char other[] = "an authtype other than Bearer";
    wrong("username=u\nhello\n", 17, form);
    wrong("username=u\npassword=a\rb\n", 24, control);
    wrong("username=u\npassword=a\r", 22, control);
    wrong("password=a\r\r\n", 13, control);
    wrong("password=a\0b\n", 13, control);
    wrong("password=a\tb\n", 13, control);
    wrong("password=a\x7f\n", 12, control);
    wrong("\0", 1, control);
    wrong("authtype=Basic\ncredential=dTp3\n", 31, other);
    wrong("authtype=Digest\nusername=u\npassword=w\n", 38, other);
    wrong("credential=t\nusername=u\n", 24,
          "a credential without its "
          "authtype");
    wrong("credential=t\nauthtype=\n", 23,
          "a credential without its "
          "authtype");
}

/* Cut at every byte: a line may be lost, nothing is read past the end. */
TEST(cut)
{
    static const char text[] = "username=u\r\npassword=w\r\nquit=1\n\nx";
    for (size_t n = 0; n < sizeof text; n++) {
        char *p = exact(text, n);
        struct a407_helper_answer got;
        const char *said = a407_helper_read(a407_span(p, n), &got);
        assert_int_equal(got.quit, n >= 30);
        assert_true(said || !got.username.p || got.username.n <= 1);
        free(p);
    }
}
