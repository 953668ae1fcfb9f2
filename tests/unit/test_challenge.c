/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "core/http/challenge.h"
#include "unit.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/*
 * What was read, as text: "Scheme <token68> name=value name="value"", with
 * " | " between challenges; "!" at the end for malformed, "+" for truncated.
 */
static const char *show(const struct a407_challenges *c)
{
    static char out[4096];
    size_t n = 0;
    out[0] = '\0';
#define PUT(...) n += (size_t)snprintf(out + n, sizeof out - n, __VA_ARGS__)
    for (size_t i = 0; i < c->n; i++) {
        const struct a407_challenge *h = &c->item[i];
        PUT("%s%.*s", i ? " | " : "", (int)h->scheme.n, h->scheme.p);
        if (h->token68.p)
            PUT(" <%.*s>", (int)h->token68.n, h->token68.p);
        for (size_t j = 0; j < h->n_params; j++) {
            const struct a407_param *p = &h->params[j];
            const char *q = p->quoted ? "\"" : "";
            assert_non_null(p->value.p);
            PUT(" %.*s=%s%.*s%s", (int)p->name.n, p->name.p, q, (int)p->value.n,
                p->value.p, q);
        }
    }
    PUT("%s%s", c->malformed ? "!" : "", c->truncated ? "+" : "");
#undef PUT
    assert_true(n < sizeof out);
    return out;
}

struct list_case {
    const char *value, *want;
};

static const struct list_case lists[] = {
    /* RFC 9110 section 11.6.1: one, several, bare, with token68 */
    {"Basic realm=\"x\"", "Basic realm=\"x\""},
    {"Negotiate", "Negotiate"},
    {"Bearer", "Bearer"},
    {"Negotiate YIIabc==", "Negotiate <YIIabc==>"},
    {"NTLM TlRMTVNTUAAC+/A=", "NTLM <TlRMTVNTUAAC+/A=>"},
    {"Bearer a.b-c_d~e+f/g", "Bearer <a.b-c_d~e+f/g>"},
    {"Negotiate NTLM", "Negotiate <NTLM>"},
    {"Negotiate, NTLM", "Negotiate | NTLM"},
    {"Negotiate, NTLM, Basic realm=\"a, b\", Digest realm=x, nonce=\"n\", "
     "qop=\"auth,auth-int\"",
     "Negotiate | NTLM | Basic realm=\"a, b\" | Digest realm=x nonce=\"n\" "
     "qop=\"auth,auth-int\""},
    {"Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", "
     "Basic realm=\"simple\"",
     "Newauth realm=\"apps\" type=1 title=\"Login to \\\"apps\\\"\" | "
     "Basic realm=\"simple\""},
    {"NTLM TlRM=, Negotiate YII, Basic realm=\"x\"",
     "NTLM <TlRM=> | Negotiate <YII> | Basic realm=\"x\""},
    {"Basic realm=\"x\",Negotiate", "Basic realm=\"x\" | Negotiate"},
    {"Basic realm=\"Digest realm=y, nonce=z\"",
     "Basic realm=\"Digest realm=y, nonce=z\""},
    {"bAsIc ReAlM=\"x\"", "bAsIc ReAlM=\"x\""},
    /* section 5.6.1.2: empty elements */
    {"", ""},
    {" , ,\t", ""},
    {", ,Basic realm=\"x\",, ,charset=\"UTF-8\", ,NTLM,",
     "Basic realm=\"x\" charset=\"UTF-8\" | NTLM"},
    /* blanks: round "=" (BWS), tabs, several, folds */
    {"Basic realm = \"x\"", "Basic realm=\"x\""},
    {"Basic\trealm\t=\t\"x\"\t,\tcharset = UTF-8",
     "Basic realm=\"x\" charset=UTF-8"},
    {"Basic    realm=\"x\"   ", "Basic realm=\"x\""},
    {"Negotiate   YII=  , NTLM  ", "Negotiate <YII=> | NTLM"},
    {"Digest realm=\"x\",\r\n nonce=\"n\",\r\n\tqop=auth\r\n ",
     "Digest realm=\"x\" nonce=\"n\" qop=auth"},
    /* quoted strings (section 5.6.4) */
    {"Basic realm=\"\"", "Basic realm=\"\""},
    {"Basic realm=\"a\\\\\", x=1", "Basic realm=\"a\\\\\" x=1"},
    {"Basic realm=\"\xc3\xa4\xe4\"", "Basic realm=\"\xc3\xa4\xe4\""},
    {"Basic realm=\xe4", "Basic realm=\xe4"},
    /* values without quotes that hold what a token may not */
    {"Digest nonce=ab/cd+ef==, realm=x", "Digest nonce=ab/cd+ef== realm=x"},
    {"Digest realm=x, nonce=kQ==", "Digest realm=x nonce=kQ=="},
    {"Bearer scope=a:b/c;d", "Bearer scope=a:b/c;d"},
    {"Digest realm=a@b, algorithm=SHA-256, stale=true",
     "Digest realm=a@b algorithm=SHA-256 stale=true"},
    /* the first parameter of a name is not the last */
    {"Basic realm=\"a\", realm=\"b\"", "Basic realm=\"a\" realm=\"b\""},
};

/* Not as the RFC says, and what is made of it. */
static const struct list_case odd_lists[] = {
    {"realm=\"x\", Basic realm=\"y\"", "Basic realm=\"y\"!"},
    {"=\"x\", Basic realm=\"y\"", "Basic realm=\"y\"!"},
    {"\"Basic\", NTLM", "NTLM!"},
    {"@, NTLM", "NTLM!"},
    {"Basic/x, NTLM", "NTLM!"},
    {"Basic\"x, y\", NTLM", "NTLM!"},
    {"Basic \"x, y\", NTLM", "Basic | NTLM!"},
    {"Basic foo bar, NTLM", "Basic | NTLM!"},
    {"Basic @, NTLM", "Basic | NTLM!"},
    {"Negotiate a=b=c==d, NTLM", "Negotiate a=b=c==d | NTLM"},
    /* an open quote: what precedes is kept, what follows is its text */
    {"Negotiate, Basic realm=\"x, NTLM", "Negotiate | Basic!"},
    {"Digest realm=\"a\", nonce=\"b\\\"", "Digest realm=\"a\"!"},
    {"Digest realm=\"a\", nonce=\"b\\", "Digest realm=\"a\"!"},
    {"Basic realm=\"", "Basic!"},
    {"Basic realm=\"x\" y \"z, NTLM", "Basic realm=\"x\"!"},
    /* after a value */
    {"Basic realm=\"it\"s, NTLM", "Basic realm=\"it\" | NTLM!"},
    {"Basic realm=\"a\"b\"c, d\", NTLM", "Basic realm=\"a\" | NTLM!"},
    {"Basic realm=x\"y, z\", NTLM", "Basic realm=x | NTLM!"},
    /* forgotten commas and quotes */
    {"Digest realm=\"a\" nonce=\"b\" qop=auth stale=false",
     "Digest realm=\"a\" nonce=\"b\" qop=auth stale=false!"},
    {"Digest realm=\"a\"nonce=\"b\"", "Digest realm=\"a\" nonce=\"b\"!"},
    {"Basic realm=My @Proxy, NTLM", "Basic realm=My @Proxy | NTLM!"},
    {"Basic realm=My Own Proxy, NTLM", "Basic realm=My Own Proxy | NTLM!"},
    {"Basic realm=My Proxy charset = UTF-8",
     "Basic realm=My Proxy charset=UTF-8!"},
    /* no value; RFC 9110 reads the first one as token68 */
    {"Digest a=1, realm=, nonce=\"n\"", "Digest a=1 realm= nonce=\"n\"!"},
    {"Digest realm=, nonce=\"n\"", "Digest <realm=> nonce=\"n\"!"},
    {"Digest a=1, realm=", "Digest a=1 realm=!"},
};

static const char *parse_value(const char *z, size_t n)
{
    static struct a407_challenges c;
    memset(&c, 0, sizeof c);
    static char copy[4096];
    char *p = exact(z, n);
    a407_challenges_add(a407_span(p, n), &c);
    strcpy(copy, show(&c));
    free(p);
    return copy;
}

TEST(lists)
{
    for (size_t i = 0; i < COUNT(lists); i++)
        assert_string_equal(parse_value(lists[i].value, strlen(lists[i].value)),
                            lists[i].want);
}

TEST(odd_lists)
{
    for (size_t i = 0; i < COUNT(odd_lists); i++)
        assert_string_equal(
            parse_value(odd_lists[i].value, strlen(odd_lists[i].value)),
            odd_lists[i].want);
}

/* Every beginning, and with every byte made a strange one: no over-read, no
   endless loop, never more than fits. */
TEST(damaged)
{
    static const char strange[] = "\"\\,= \t\r\n@\xff";
    for (size_t i = 0; i < COUNT(lists) + COUNT(odd_lists); i++) {
        const char *z = i < COUNT(lists) ? lists[i].value
                                         : odd_lists[i - COUNT(lists)].value;
        size_t n = strlen(z);
        char text[256];
        assert_true(n < sizeof text);
        for (size_t k = 0; k < n; k++) {
            parse_value(z, k);
            for (size_t s = 0; s < sizeof strange; s++) { /* NUL as well */
                memcpy(text, z, n);
                text[k] = strange[s];
                parse_value(text, n);
            }
        }
    }
}

/* RFC 9110 section 5.3: several fields are one list. */
TEST(fields)
{
    static const char head[] = "HTTP/1.1 407 Proxy Authentication Required\r\n"
                               "Proxy-Authenticate: Negotiate\r\n"
                               "proxy-authenticate:Basic realm=\"x\"\n"
                               "WWW-Authenticate: Digest realm=\"origin\"\r\n"
                               "Proxy-Authenticate:\r\n"
                               "PROXY-AUTHENTICATE: Digest realm=\"y\",\r\n"
                               " nonce=\"n\"\r\n"
                               "Proxy-Authenticate: qop=auth, NTLM\r\n"
                               "\r\n"
                               "Proxy-Authenticate: Bearer\r\n\r\n";
    size_t n = sizeof head - 1;
    char *p = exact(head, n);
    static struct a407_challenges c;
    memset(&c, 0xa5, sizeof c); /* what was there before doesn't matter */
    a407_challenges_parse(p, n, "Proxy-Authenticate", &c);
    assert_string_equal(show(&c), "Negotiate | Basic realm=\"x\" | "
                                  "Digest realm=\"y\" nonce=\"n\" qop=auth | "
                                  "NTLM");
    a407_challenges_parse(p, n, "www-authenticate", &c);
    assert_string_equal(show(&c), "Digest realm=\"origin\"");
    a407_challenges_parse(p, n, "Authenticate", &c);
    assert_string_equal(show(&c), "");
    free(p);
    for (size_t k = 0; k < n; k++) {
        p = exact(head, k);
        a407_challenges_parse(p, k, "Proxy-Authenticate", &c);
        assert_true(c.n <= 4);
        free(p);
    }
}

/* An open quote ends with its field. */
TEST(open_field)
{
    static const char head[] = "HTTP/1.1 407 P\r\n"
                               "Proxy-Authenticate: Basic realm=\"x\r\n"
                               "Proxy-Authenticate: NTLM\r\n\r\n";
    static struct a407_challenges c;
    a407_challenges_parse(head, sizeof head - 1, "Proxy-Authenticate", &c);
    assert_string_equal(show(&c), "Basic | NTLM!");
}

TEST(too_many)
{
    static struct a407_challenges c;
    char text[1024] = "";
    size_t n = 0;
    for (int i = 0; i < 20; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "S%d a=%d, b=2, ", i,
                              i);
    memset(&c, 0, sizeof c);
    a407_challenges_add(a407_span(text, n), &c);
    assert_int_equal(c.n, A407_CHALLENGES_MAX);
    assert_true(c.truncated && !c.malformed);
    for (size_t i = 0; i < c.n; i++)
        assert_int_equal(c.item[i].n_params, 2);
    /* Parameters of a dropped one don't fall to the last that was kept. */
    a407_challenges_add(a407_span_str("c=3, S x"), &c);
    assert_int_equal(c.n, A407_CHALLENGES_MAX);
    assert_int_equal(c.item[c.n - 1].n_params, 2);
    assert_null(c.item[c.n - 1].token68.p);
    assert_true(c.truncated && !c.malformed);
    /* Exactly as many as fit. */
    memset(&c, 0, sizeof c);
    for (int i = 0; i < A407_CHALLENGES_MAX; i++)
        a407_challenges_add(a407_span_str("NTLM"), &c);
    assert_int_equal(c.n, A407_CHALLENGES_MAX);
    assert_false(c.truncated);
}

TEST(too_many_params)
{
    static struct a407_challenges c;
    char text[1024] = "Digest ";
    size_t n = strlen(text);
    for (int i = 0; i < A407_PARAMS_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "p%d=%d, ", i, i);
    memset(&c, 0, sizeof c);
    a407_challenges_add(a407_span(text, n), &c);
    assert_int_equal(c.item[0].n_params, A407_PARAMS_MAX);
    assert_false(c.truncated);
    strcpy(text + n, "one=more, Basic realm=x");
    memset(&c, 0, sizeof c);
    a407_challenges_add(a407_span_str(text), &c);
    assert_int_equal(c.n, 2);
    assert_int_equal(c.item[0].n_params, A407_PARAMS_MAX);
    assert_int_equal(c.item[1].n_params, 1);
    assert_true(c.truncated && !c.malformed);
}

TEST(find)
{
    static struct a407_challenges c;
    a407_challenges_add(
        a407_span_str("Digest Realm=\"a\", realm=\"b\", nonce=n"), &c);
    const struct a407_param *p = a407_param_find(&c.item[0], "REALM");
    assert_non_null(p);
    assert_span(p->value, "a");
    assert_true(p->quoted);
    p = a407_param_find(&c.item[0], "nonce");
    assert_non_null(p);
    assert_span(p->value, "n");
    assert_false(p->quoted);
    assert_null(a407_param_find(&c.item[0], "real"));
    assert_null(a407_param_find(&c.item[0], "realms"));
    assert_null(a407_param_find(&c.item[0], ""));
    /* What an earlier answer left beyond n_params is not there. */
    c.item[0].params[c.item[0].n_params].name = a407_span_str("qop");
    assert_null(a407_param_find(&c.item[0], "qop"));
}

static const struct {
    const char *value;
    size_t n;
    bool quoted;
    const char *want; /* NULL: refused */
} texts[] = {
    {"abc", 3, false, "abc"},
    {"abc", 3, true, "abc"},
    {"", 0, true, ""},
    {"a\\\"b\\\\c\\d", 9, true, "a\"b\\cd"},
    {"a\\b", 3, false, "a\\b"},
    {"a\\", 2, true, "a\\"},
    {"\xc3\xa4\t", 3, true, "\xc3\xa4\t"},
    {"a\0b", 3, true, NULL},
    {"a\rb", 3, true, NULL},
    {"a\nb", 3, false, NULL},
    {"a\\\r", 3, true, NULL},
    {"a\\\n", 3, true, NULL},
    {"a\\\0", 3, true, NULL},
};

/* RFC 9110 section 5.6.4, at every size of the room for it. */
TEST(text)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        char *v = exact(texts[i].value, texts[i].n);
        struct a407_param p = {.value = {v, texts[i].n},
                               .quoted = texts[i].quoted};
        size_t len = texts[i].want ? strlen(texts[i].want) : SIZE_MAX;
        for (size_t cap = 0; cap < 16; cap++) {
            char *out = malloc(cap);
            assert_non_null(out);
            if (cap)
                memset(out, 'x', cap);
            int n = a407_param_text(&p, out, cap);
            if (cap > len) {
                assert_int_equal(n, len);
                assert_string_equal(out, texts[i].want);
            } else {
                assert_int_equal(n, -1);
                if (cap)
                    assert_string_equal(out, "");
            }
            free(out);
        }
        free(v);
    }
    char out[4] = "xyz";
    assert_int_equal(a407_param_text(NULL, out, sizeof out), -1);
    assert_string_equal(out, "");
    assert_int_equal(a407_param_text(&(struct a407_param){0}, out, sizeof out),
                     -1);
}

/* RFC 7615 section 4, RFC 7616 section 3.5. */
static const struct list_case infos[] = {
    {"nextnonce=\"abc==\"", " nextnonce=\"abc==\""},
    {"qop=auth, rspauth=\"6629\" ,cnonce = \"c\",nc=00000001",
     " qop=auth rspauth=\"6629\" cnonce=\"c\" nc=00000001"},
    {",, nextnonce=ab/c=,", " nextnonce=ab/c="},
    {"", ""},
    {"Digest nextnonce=\"a\", nc=1", " nc=1"},
    {"bare, nc=1", " nc=1"},
    {"\"a, b\", nc=1", " nc=1"},
    {"nc=1, nextnonce=\"a, qop=auth", " nc=1"},
};

TEST(auth_info)
{
    static struct a407_challenges c;
    for (size_t i = 0; i < COUNT(infos); i++) {
        size_t n = strlen(infos[i].value);
        for (size_t k = 0; k <= n; k++) {
            char *p = exact(infos[i].value, k);
            memset(&c, 0, sizeof c);
            memset(&c.item[0], 0xa5, sizeof c.item[0]);
            c.n = 1;
            a407_auth_info_parse(a407_span(p, k), &c.item[0]);
            assert_span(c.item[0].scheme, "");
            assert_null(c.item[0].token68.p);
            if (k == n)
                assert_string_equal(show(&c), infos[i].want);
            free(p);
        }
    }
}
