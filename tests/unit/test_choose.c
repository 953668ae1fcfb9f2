/* SPDX-License-Identifier: MIT */
/* The choice among schemes, challenges and credentials. */
#include "auth_help.h"
#include "unit.h"

#define MAX 3

/* What a choice is made from, with the defaults of a user of all schemes. */
struct table {
    struct a407_challenges offered;
    enum a407_scheme_id order[A407_SCHEMES_MAX];
    size_t n_order;
    struct a407_credential cred[MAX];
    const struct a407_credential *creds[MAX];
    char user[MAX][8], password[8];
    size_t n_creds;
    a407_scheme_set tried[MAX];
    struct a407_candidate got;
    enum a407_cause why;
};

/* `challenges` must outlive the table. */
static struct table *table_new(const char *challenges, size_t n_creds)
{
    struct table *t = calloc(1, sizeof *t);
    assert_non_null(t);
    a407_challenges_add(a407_span_str(challenges), &t->offered);
    for (; a407_scheme_get(t->n_order); t->n_order++)
        t->order[t->n_order] = t->n_order;
    t->n_creds = n_creds;
    strcpy(t->password, "secret");
    for (size_t i = 0; i < n_creds; i++) {
        strcpy(t->user[i], "user");
        t->cred[i].username = t->user[i];
        t->cred[i].password = t->password;
        t->cred[i].schemes = A407_ALL_SCHEMES;
        t->creds[i] = &t->cred[i];
    }
    return t;
}

static bool choose(struct table *t)
{
    return a407_choose(&t->offered, t->order, t->n_order, t->creds, t->n_creds,
                       t->tried, &t->got, &t->why);
}

static void expect(struct table *t, enum a407_scheme_id id, size_t challenge,
                   unsigned cred)
{
    assert_true(choose(t));
    assert_int_equal(t->why, A407_CAUSE_NONE);
    assert_int_equal(t->got.scheme->id, id);
    assert_ptr_equal(t->got.challenge, &t->offered.item[challenge]);
    assert_int_equal(t->got.cred_index, cred);
    assert_ptr_equal(t->got.cred, &t->cred[cred]);
}

static void expect_none(struct table *t, enum a407_cause why)
{
    assert_false(choose(t));
    assert_int_equal(t->why, why);
}

static void order_is(struct table *t, size_t n, enum a407_scheme_id a,
                     enum a407_scheme_id b)
{
    t->n_order = n;
    t->order[0] = a;
    t->order[1] = b;
}

#define BASIC     "Basic realm=\"b\""
#define MD5       "Digest realm=\"d\", nonce=\"1\", qop=\"auth\""
#define SHA256    MD5 ", algorithm=SHA-256"
#define SHA512256 MD5 ", algorithm=SHA-512-256"
#define SHA999    MD5 ", algorithm=SHA-999"

TEST(registry)
{
    for (unsigned i = 0; a407_scheme_names[i] || a407_scheme_get(i); i++) {
        const struct a407_scheme *s = a407_scheme_get(i);
        assert_non_null(s);
        assert_true(
            a407_span_ieq(a407_span_str(s->token), a407_scheme_name(i)));
        assert_int_equal(s->id, i);
        assert_non_null(s->token);
        assert_true(s->state_size > 0);
        assert_true(s->rank && s->init && s->step);
    }
    assert_non_null(a407_scheme_get(A407_BASIC));
    assert_non_null(a407_scheme_get(A407_DIGEST));
    assert_null(a407_scheme_get(A407_SCHEMES_MAX));
}

TEST(order)
{
    struct table *t = table_new(BASIC ", " MD5, 1);
    expect(t, A407_DIGEST, 1, 0);
    order_is(t, 2, A407_BASIC, A407_DIGEST);
    expect(t, A407_BASIC, 0, 0);
    order_is(t, 2, A407_NTLM, A407_BASIC);
    expect(t, A407_BASIC, 0, 0);
    free(t);
}

/* RFC 7616 section 3.7: the strongest that is known, wherever it stands. */
TEST(rank)
{
    static const struct {
        const char *offered;
        size_t best;
    } row[] = {
        {MD5 ", " SHA256 ", " SHA512256, 2},
        {SHA512256 ", " SHA256 ", " MD5, 0},
        {SHA999 ", " MD5 ", " SHA256 ", " BASIC, 2},
        {MD5 ", " MD5, 0}, /* the first among equals */
        {MD5 ", " MD5 ", algorithm=MD5-sess", 0},
        {"digest realm=\"no nonce\", " MD5, 1},
        {"DIGEST realm=r, nonce=n, qop=\"x\", " MD5, 1},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct table *t = table_new(row[i].offered, 1);
        expect(t, A407_DIGEST, row[i].best, 0);
        free(t);
    }
}

/* Each scheme with each credential, once, and then no more. */
TEST(tried)
{
    struct table *t = table_new(BASIC ", " MD5, 3);
    static const struct {
        enum a407_scheme_id id;
        size_t challenge;
        unsigned cred;
    } row[] = {
        {A407_DIGEST, 1, 0}, {A407_DIGEST, 1, 1}, {A407_DIGEST, 1, 2},
        {A407_BASIC, 0, 0},  {A407_BASIC, 0, 1},  {A407_BASIC, 0, 2},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        expect(t, row[i].id, row[i].challenge, row[i].cred);
        t->tried[row[i].cred] |= A407_SCHEME_BIT(row[i].id);
    }
    expect_none(t, A407_CAUSE_REJECTED);
    free(t);
}

/* A refusal is what there is to tell, whatever else stands in the way. */
TEST(rejected)
{
    struct table *t = table_new(BASIC, 2);
    t->cred[1].malformed.code = A407_LINT_CONTROL;
    t->tried[0] = A407_SCHEME_BIT(A407_BASIC);
    expect_none(t, A407_CAUSE_REJECTED);
    t->offered.n = 0;
    expect_none(t, A407_CAUSE_REJECTED);
    free(t);
}

/* What one credential can't do, the next may. */
TEST(credentials)
{
    struct table *t = table_new(BASIC ", " MD5, 3);
    t->cred[0].malformed.code = A407_LINT_CONTROL;
    t->cred[1].schemes = A407_SCHEME_BIT(A407_BASIC);
    expect(t, A407_DIGEST, 1, 2);
    t->cred[2].username = NULL;
    expect(t, A407_BASIC, 0, 1);
    strcpy(t->user[1], "a:b");
    expect_none(t, A407_CAUSE_MALFORMED);
    free(t);
    /* Digest takes a colon in a name; Basic can't */
    t = table_new(BASIC ", " MD5, 1);
    strcpy(t->user[0], "a:b");
    expect(t, A407_DIGEST, 1, 0);
    order_is(t, 2, A407_BASIC, A407_DIGEST);
    expect(t, A407_DIGEST, 1, 0);
    free(t);
}

TEST(nothing)
{
    struct table *t = table_new("", 1);
    expect_none(t, A407_CAUSE_NO_CHALLENGE);
    t->offered.malformed = true; /* there was a field, but nothing in it */
    expect_none(t, A407_CAUSE_PROTOCOL);
    free(t);
    t = table_new(BASIC, 0);
    expect_none(t, A407_CAUSE_NO_CREDENTIAL);
    free(t);
}

TEST(unsupported)
{
    static const char *const offered[] = {
        "Hoba result=\"x\"",
        "Nego, Foo bar=baz",
        SHA999,
        "Digest realm=r, nonce=n, qop=\"auth-conf\"",
        "Basically realm=x",
    };
    for (size_t i = 0; i < sizeof offered / sizeof *offered; i++) {
        struct table *t = table_new(offered[i], 1);
        expect_none(t, A407_CAUSE_UNSUPPORTED);
        t->n_order = 0; /* to allow it would not help */
        expect_none(t, A407_CAUSE_UNSUPPORTED);
        free(t);
    }
}

/* By the settings, or by the credential's own list. */
TEST(not_allowed)
{
    struct table *t = table_new(BASIC ", Foo", 2);
    order_is(t, 1, A407_DIGEST, A407_DIGEST);
    expect_none(t, A407_CAUSE_NOT_ALLOWED);
    t->cred[0].malformed.code = A407_LINT_CONTROL;
    expect_none(t, A407_CAUSE_NOT_ALLOWED);
    t->cred[0].malformed.code = A407_LINT_NONE;
    order_is(t, 1, A407_BASIC, A407_BASIC);
    t->cred[0].schemes = t->cred[1].schemes = A407_SCHEME_BIT(A407_DIGEST);
    expect_none(t, A407_CAUSE_NOT_ALLOWED);
    free(t);
}

/* One obstacle after the other is taken away: the most telling one shows. */
TEST(weight)
{
    struct table *t =
        table_new("Foo, Digest realm=\"no nonce\", " BASIC ", " SHA999, 3);
    t->cred[0].malformed.code = A407_LINT_CONTROL;
    t->cred[1].username = NULL;
    t->cred[2].schemes = 0;
    expect_none(t, A407_CAUSE_MALFORMED);
    t->creds[0] = &t->cred[1];
    expect_none(t, A407_CAUSE_UNMET);
    t->creds[0] = t->creds[1] = &t->cred[2];
    expect_none(t, A407_CAUSE_NOT_ALLOWED);
    t->offered.n = 2; /* Foo and the Digest without a nonce */
    expect_none(t, A407_CAUSE_PROTOCOL);
    t->offered.n = 1;
    expect_none(t, A407_CAUSE_UNSUPPORTED);
    free(t);
}

/* A password that could not be read is no empty one. */
TEST(unread_password)
{
    static char path[] = "/p", token[] = "t";
    static const char offered[] = "NTLM, " BASIC ", " MD5;
    for (int source = 0; source < 3; source++) {
        struct table *t = table_new(offered, 1);
        struct a407_credential *c = &t->cred[0];
        char **at = source == 0   ? &c->password_file
                    : source == 1 ? &c->netrc
                                  : &c->helper;
        *at = path;
        c->password = NULL;
        expect_none(t, A407_CAUSE_UNMET);
        c->password = t->password;
        expect(t, A407_DIGEST, 2, 0);
        free(t);
    }
    /* the token of the same section can go all the same */
    struct table *t = table_new(BASIC ", Bearer", 1);
    t->cred[0].password = NULL;
    t->cred[0].password_file = path;
    t->cred[0].token = token;
    expect(t, A407_BEARER, 1, 0);
    /* and a name that stands alone in a URL or a section has an empty password
       on purpose; in a variable it has none */
    t->cred[0].password_file = t->cred[0].token = NULL;
    expect_none(t, A407_CAUSE_UNMET);
    t->cred[0].from = A407_FROM_PROXY_URL;
    expect(t, A407_BASIC, 0, 0);
    free(t);
}
