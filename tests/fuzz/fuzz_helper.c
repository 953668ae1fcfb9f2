/* SPDX-License-Identifier: MIT */
/* A credential helper's answer, and the question with a hostile user name. */
#include "fuzz.h"

#include "core/base/text.h"
#include "core/config/helper_text.h"

static void check_value(struct a407_span s, const char *p, size_t n)
{
    must(within(s, p, n));
    must(!s.p || !a407_text_has_control(s));
}

static void check_answer(const char *p, size_t n)
{
    struct a407_helper_answer a;
    const char *wrong = a407_helper_read(a407_span(p, n), &a);
    check_value(a.username, p, n);
    check_value(a.password, p, n);
    check_value(a.token, p, n);
    must(a.expires >= 0);
    must(!wrong || (!a.username.p && !a.password.p && !a.token.p && !a.quit));
}

/* Whatever the name holds, it can't end the question or add a key. */
static void check_question(const char *name)
{
    struct a407_endpoint e = {.host = "::1", .port = 3128};
    struct a407_buf b;
    unsigned lines = 0;
    a407_buf_init(&b, 16384);
    if (a407_helper_ask(&b, &e, name)) {
        for (size_t i = 0; i < b.n; i++)
            lines += b.p[i] == '\n';
        must(lines == 5 && memcmp(b.p + b.n - 2, "\n\n", 2) == 0);
    } else {
        must(b.n == 0);
    }
    a407_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *p = exact(data, n);
    char *z = malloc(n + 1);
    must(z);
    if (n)
        memcpy(z, p, n);
    z[n] = '\0';
    check_answer(p, n);
    check_question(z);
    free(z);
    free(p);
    return 0;
}
