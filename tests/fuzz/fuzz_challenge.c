/* SPDX-License-Identifier: MIT */
/* Lists of challenges, and the choice among them. */
#include "fuzz.h"

#include "core/auth/scheme.h"

static void check(const struct a407_challenge *c, const char *p, size_t n)
{
    char text[64];
    must(c->n_params <= A407_PARAMS_MAX);
    must(!c->scheme.n || within(c->scheme, p, n));
    must(within(c->token68, p, n));
    for (size_t i = 0; i < c->n_params; i++) {
        const struct a407_param *q = &c->params[i];
        must(within(q->name, p, n) && within(q->value, p, n));
        int len = a407_param_text(q, text, sizeof text);
        must(len < (int)sizeof text);
        if (len < 0)
            continue;
        must(strlen(text) == (size_t)len);
        must(!strpbrk(text, "\r\n"));
    }
}

static void choose(const struct a407_challenges *list)
{
    static const enum a407_scheme_id order[] = {
        A407_NEGOTIATE, A407_DIGEST, A407_NTLM, A407_BEARER, A407_BASIC};
    char user[] = "alice", password[] = "secret";
    struct a407_credential cred = {
        .username = user, .password = password, .schemes = A407_ALL_SCHEMES};
    const struct a407_credential *creds[] = {&cred};
    a407_scheme_set tried[1] = {0};
    struct a407_candidate got;
    enum a407_cause why;
    for (unsigned turns = 0;
         a407_choose(list, order, 5, creds, 1, tried, &got, &why); turns++) {
        must(turns < A407_SCHEMES_MAX);
        must(got.cred_index == 0 && got.cred == &cred);
        must(got.challenge >= list->item &&
             got.challenge < list->item + list->n);
        must(a407_scheme_speaks(got.scheme, got.challenge));
        tried[0] |= A407_SCHEME_BIT(got.scheme->id);
    }
    must(why != A407_CAUSE_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct a407_challenges list;
    static struct a407_challenge info;
    char *p = exact(data, n);
    memset(&list, 0, sizeof list);
    memset(&info, 0, sizeof info);
    a407_challenges_add(a407_span(p, n), &list);
    must(list.n <= A407_CHALLENGES_MAX);
    for (size_t i = 0; i < list.n; i++)
        check(&list.item[i], p, n);
    choose(&list);
    a407_auth_info_parse(a407_span(p, n), &info);
    check(&info, p, n);
    a407_challenges_parse(p, n, "Proxy-Authenticate", &list);
    must(list.n <= A407_CHALLENGES_MAX);
    for (size_t i = 0; i < list.n; i++)
        check(&list.item[i], p, n);
    free(p);
    return 0;
}
