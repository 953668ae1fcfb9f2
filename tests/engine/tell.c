/* SPDX-License-Identifier: MIT */
#include "tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {[A407_ASK_SECRET] = "a secret",
                                    [A407_ASK_TOKEN] = "a token",
                                    [A407_ASK_VERIFY] = "a verdict",
                                    [A407_ASK_MARK] = "a mark"};

static const char *not_that(const struct a407_ask *ask)
{
    static char text[64];
    snprintf(text, sizeof text, "the engine asks for %s", kinds[ask->kind]);
    return text;
}

static char *word(const char **z)
{
    size_t n = strcspn(*z, " ");
    char *w = a407_strdup_span(a407_span(*z, n));
    if (!w)
        abort();
    *z += n + ((*z)[n] == ' ');
    return w;
}

static void replace(char **to, char *with)
{
    a407_free_secret(*to);
    *to = with;
}

static const char *tell_secret(const char *rest, bool bearer,
                               const struct a407_ask *ask,
                               struct a407_told *told)
{
    if (ask->kind != A407_ASK_SECRET)
        return not_that(ask);
    struct a407_credential *c = a407_credential_copy(ask->cred);
    if (!c)
        abort();
    if (bearer) {
        replace(&c->token, word(&rest));
    } else {
        replace(&c->username, word(&rest));
        replace(&c->password, word(&rest));
    }
    told->secret = c;
    told->ok = true;
    return NULL;
}

static const char *tell_nothing(const char *rest, struct a407_told *told)
{
    char *code = word(&rest);
    told->cause = a407_cause_from_code(code, strlen(code));
    free(code);
    if (told->cause == A407_CAUSE_COUNT)
        return "there is no such cause";
    snprintf(told->detail, sizeof told->detail, "%s", rest);
    return NULL;
}

const char *tell(const char *text, const struct a407_ask *ask,
                 struct a407_told *told)
{
    const char *rest = text;
    char *what = word(&rest);
    const char *wrong = NULL;
    if (strcmp(what, "token") == 0) {
        a407_buf_init(&told->token, 65536);
        a407_buf_str(&told->token, rest);
        told->ok = true;
        wrong = ask->kind == A407_ASK_TOKEN ? NULL : not_that(ask);
    } else if (strcmp(what, "later") == 0) {
        /* with a line that follows */
    } else if (strcmp(what, "verified") == 0) {
        told->ok = true;
        wrong = ask->kind == A407_ASK_VERIFY ? NULL : not_that(ask);
    } else if (strcmp(what, "nothing") == 0 || strcmp(what, "late") == 0) {
        told->late = what[0] == 'l';
        wrong = tell_nothing(rest, told);
    } else {
        wrong = tell_secret(rest, strcmp(what, "bearer") == 0, ask, told);
        told->known = strcmp(what, "remembered") == 0;
    }
    free(what);
    return wrong;
}
