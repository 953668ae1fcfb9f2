/* SPDX-License-Identifier: MIT */
#include "core/record/client_auth.h"

#include <stdio.h>

#include <nettle/base64.h>

#include "core/base/text.h"
#include "unit.h"

static struct a407_client_auth auth(const char *z)
{
    struct a407_client_auth a;
    size_t n = strlen(z);
    char *p = exact(z, n);
    memset(&a, 'x', sizeof a);
    a407_client_auth_read(a407_span(p, n), &a);
    free(p);
    return a;
}

static void check(const char *value, const char *want)
{
    struct a407_client_auth a = auth(value);
    char is[512];
    snprintf(is, sizeof is, "%s|%s|%s", a.scheme, a.domain, a.user);
    if (strcmp(is, want) != 0)
        fail_msg("%s: %s", value, is);
}

/* RFC 7617 section 2 */
TEST(basic)
{
    check("Basic YWxpY2U6b3BlbiBzZXNhbWU=", "Basic||alice");
    check("basic  Q09SUFxhbGljZTp4", "basic||CORP\\alice");
    check("Basic OnNlY3JldA==", "Basic||");
    check("Basic YTpiOmM=", "Basic||a"); /* the first colon */
    check("Basic dMOpc3Q6wqM=", "Basic||t\xc3\xa9st");
    /* no password: the name is the key (as some proxies for hire have it) */
    check("Basic c2VjcmV0a2V5Og==", "Basic||[redacted]");
    check("Basic Og==", "Basic||");
    /* so is a token, whose password is a dummy: ghp_...:x-oauth-basic */
    check("Basic Z2hwXzAxMjM0NTY3ODlhYmNkZWZnaGlqOngtb2F1dGgtYmFzaWM=",
          "Basic||[redacted]");
    check("Basic YWxpY2U=", "Basic||"); /* no colon */
    check("Basic !!!", "Basic||");
    check("Basic", "Basic||");
    check("Basic realm=x", "Basic||");
}

/* RFC 7616 section 3.4 */
TEST(digest)
{
    check("Digest username=\"Mufasa\", realm=\"r\", response=\"00\"",
          "Digest||Mufasa");
    check("Digest username=\"a\\\"b\"", "Digest||a\"b");
    check("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe",
          "Digest||J\xc3\xa4s\xc3\xb8n Doe");
    check("Digest username*=UTF-8''a%4, username=\"b\"", "Digest||a%4");
    check("Digest username*=bad", "Digest||");
    check("Digest username=\"488869477bf257147b804c45308cd62ac4e25eb\", "
          "userhash=true",
          "Digest||");
    check("Digest username=\"a\", userhash=false", "Digest||a");
    check("Digest realm=\"r\"", "Digest||");
}

/* A word that is no scheme may be the secret. */
TEST(unknown)
{
    check("Bearer abc.def.ghi", "Bearer||");
    check("Negotiate YIIabc=", "Negotiate||");
    check("hunter2hunter2", "||");
    check("YWxpY2U6b3BlbiBzZXNhbWU=", "||");
    check("Token hunter2hunter2", "||");
    check("", "||");
    check(",,", "||");
    check("=", "||");
}

/* An AUTHENTICATE_MESSAGE (MS-NLMP section 2.2.1.3), in base64. */
struct message {
    unsigned char p[512];
    size_t n;
};

static void field(struct message *m, size_t at, const char *p, size_t n)
{
    unsigned char *f = m->p + at;
    f[0] = f[2] = (unsigned char)n;
    f[4] = (unsigned char)m->n;
    memcpy(m->p + m->n, p, n);
    m->n += n;
}

static struct message type3(const char *domain, size_t dn, const char *user,
                            size_t un, bool wide)
{
    struct message m = {{0}, 64};
    memcpy(m.p, "NTLMSSP\0\3\0\0\0", 12);
    m.p[60] = wide;
    field(&m, 28, domain, dn);
    field(&m, 36, user, un);
    field(&m, 44, "WS", 2);
    return m;
}

static void say(const char *scheme, const unsigned char *p, size_t n,
                const char *want)
{
    char value[2048];
    int k = snprintf(value, sizeof value, "%s ", scheme);
    base64_encode_raw(value + k, n, p);
    value[(size_t)k + BASE64_ENCODE_RAW_LENGTH(n)] = '\0';
    check(value, want);
}

TEST(ntlm)
{
    struct message m = type3("C\0O\0", 4, "\xe9\0l\0=\xd8\0\xde", 8, true);
    say("NTLM", m.p, m.n, "NTLM|CO|\xc3\xa9l\xf0\x9f\x98\x80");
    say("Negotiate", m.p, m.n, "Negotiate|CO|\xc3\xa9l\xf0\x9f\x98\x80");
    m = type3("CORP", 4, "alice", 5, false);
    say("NTLM", m.p, m.n, "NTLM|CORP|alice");
    /* inside SPNEGO: some framing in front and behind */
    struct message w = {{0xa1, 0x82, 1, 2, 4}, 5};
    memcpy(w.p + 5, m.p, m.n);
    w.n += m.n + 20;
    say("Negotiate", w.p, w.n, "Negotiate|CORP|alice");
    /* half of a pair, and an odd byte */
    m = type3("", 0,
              "\x3d\xd8"
              "a\0b",
              5, true);
    say("NTLM", m.p, m.n,
        "NTLM||\xef\xbf\xbd"
        "a");
    /* the other messages have no user */
    m.p[8] = 1;
    say("NTLM", m.p, m.n, "NTLM||");
}

/* Lengths and offsets that lie, and every cut. */
TEST(ntlm_broken)
{
    struct message m = type3("CORP", 4, "alice", 5, false);
    for (size_t n = 0; n < m.n; n++) {
        char value[1024] = "NTLM ";
        base64_encode_raw(value + 5, n, m.p);
        value[5 + BASE64_ENCODE_RAW_LENGTH(n)] = '\0';
        struct a407_client_auth a = auth(value);
        assert_true(strlen(a.user) <= 5);
    }
    m.p[36 + 4] = 0xff;
    say("NTLM", m.p, m.n, "NTLM|CORP|");
    m.p[36 + 7] = 0xff;
    say("NTLM", m.p, m.n, "NTLM|CORP|");
    m.p[28 + 1] = 0xff;
    say("NTLM", m.p, m.n, "NTLM||");
}

TEST(long)
{
    unsigned char raw[600];
    char value[1024] = "Basic ", want[200] = "Basic||";
    memset(raw, 'u', sizeof raw);
    raw[300] = ':';
    base64_encode_raw(value + 6, sizeof raw, raw);
    value[6 + BASE64_ENCODE_RAW_LENGTH(sizeof raw)] = '\0';
    memset(want + 7, 'u', 127);
    check(value, want);
}

/* What does not fit whole is not begun. */
TEST(put)
{
    char out[5];
    a407_put(out, sizeof out, a407_span_str("abc\xe2\x82\xac"));
    assert_string_equal(out, "abc");
    a407_put(out, sizeof out, a407_span_str("a\xe2\x82\xac"));
    assert_string_equal(out, "a\xe2\x82\xac");
    a407_put(out, sizeof out, a407_span_str("\x80\x80\x80\x80\x80\x80"));
    assert_string_equal(out, "\x80\x80\x80\x80"); /* no UTF-8 */
    a407_put(out, sizeof out, a407_span(NULL, 0));
    assert_string_equal(out, "");
    a407_put_utf16(out, sizeof out,
                   a407_span("a\0b\0\xac\x20"
                             "c\0",
                             8));
    assert_string_equal(out, "ab");
    a407_put_utf16(out, sizeof out, a407_span("\0\0", 2));
    assert_string_equal(out, "\xef\xbf\xbd");
}

TEST(put_user)
{
    static const struct {
        const char *user;
        bool password;
        const char *shown;
    } users[] = {
        {"alice", true, "alice"},
        {"alice", false, "[redacted]"},
        {"", false, ""},
        {"ghp_0123456789abcdefghij", true, "[redacted]"},
        {"bot+glpat-0123456789abcdefgh", true, "[redacted]"},
        {"sk-short", true, "sk-short"},
    };
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        char out[32];
        size_t n = strlen(users[i].user);
        char *p = exact(users[i].user, n);
        a407_put_user(out, sizeof out, a407_span(p, n), users[i].password);
        free(p);
        assert_string_equal(out, users[i].shown);
    }
}
