/* SPDX-License-Identifier: MIT */
/*
 * What our Digest answers, for comparison with other implementations. Prints
 * the response for a given cnonce and nc, and on a second line a whole value
 * as it would be sent, whose cnonce is its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/auth/digest.h"
#include "core/auth/scheme.h"

static void some_random(void *ctx, void *p, size_t n)
{
    (void)ctx;
    if (getentropy(p, n) != 0)
        abort();
}

static int answer(struct a407_digest_state *state,
                  const struct a407_credential *cred,
                  const struct a407_auth_request *rq, const char *cnonce,
                  const char *nc)
{
    char response[A407_DIGEST_HEX];
    enum a407_cause why;
    struct a407_buf value;
    a407_digest_response(state, cred, rq, cnonce,
                         (uint32_t)strtoul(nc, NULL, 16), response);
    puts(response);
    a407_buf_init(&value, 65536);
    int status = 0;
    if (a407_digest.step(state, cred, rq, &value, &why) == A407_STEP_DONE)
        printf("%.*s\n", (int)value.n, value.p);
    else
        status = 1;
    a407_buf_free(&value);
    return status;
}

int main(int argc, char **argv)
{
    static struct a407_challenges list;
    struct a407_digest_state state = {0};
    enum a407_cause why;
    if (argc < 8) {
        fputs("usage: digest-answer CHALLENGE USER PASSWORD METHOD TARGET "
              "CNONCE NC [BODY]\n",
              stderr);
        return 2;
    }
    struct a407_credential cred = {.username = argv[2], .password = argv[3]};
    struct a407_auth_request rq = {
        .method = a407_span_str(argv[4]),
        .target = a407_span_str(argv[5]),
        .body = a407_span_str(argc > 8 ? argv[8] : ""),
        .random = some_random,
    };
    a407_challenges_add(a407_span_str(argv[1]), &list);
    if (list.n != 1 || !a407_digest.rank(&list.item[0], &cred, &why) ||
        !a407_digest.init(&state, &list.item[0])) {
        fputs("digest-answer: that challenge can't be answered\n", stderr);
        return 1;
    }
    int status = answer(&state, &cred, &rq, argv[6], argv[7]);
    a407_scheme_wipe(&a407_digest, &state);
    return status;
}
