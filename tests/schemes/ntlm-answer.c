/* SPDX-License-Identifier: MIT */
/*
 * Our side of an NTLM handshake, for comparison with other implementations.
 * Prints the value of Proxy-Authorization that begins it; then, for each line
 * on standard input, which is what a proxy would say in Proxy-Authenticate, the
 * next value, or "restart" or "rejected" where that is what it means. A line
 * that begins with "200" is the field of an accepted answer: it prints what
 * that proves, "verified", "absent" or "failed".
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/auth/scheme.h"

static void some_random(void *ctx, void *p, size_t n)
{
    (void)ctx;
    if (getentropy(p, n) != 0)
        abort();
}

static bool say_next(void *state, const struct a407_credential *cred,
                     const struct a407_auth_request *rq)
{
    struct a407_buf value;
    enum a407_cause why;
    a407_buf_init(&value, 65536);
    enum a407_step step = a407_ntlm.step(state, cred, rq, &value, &why);
    if (step == A407_STEP_FAIL)
        puts(why == A407_CAUSE_MALFORMED ? "malformed" : "failed");
    else
        printf("%.*s\n", (int)value.n, value.p);
    fflush(stdout);
    a407_buf_free(&value);
    return step != A407_STEP_FAIL;
}

/* One challenge of the proxy. False: the handshake is over. */
static bool hear(void *state, const struct a407_credential *cred,
                 const struct a407_auth_request *rq, const char *text,
                 bool first)
{
    static struct a407_challenges list;
    enum a407_cause why;
    memset(&list, 0, sizeof list);
    a407_challenges_add(a407_span_str(text), &list);
    if (list.n != 1 || !a407_ntlm.rank(&list.item[0], cred, &why)) {
        puts("failed");
        return false;
    }
    enum a407_reply reply = first ? A407_REPLY_RESTART
                                  : a407_ntlm.reply(state, &list.item[0], true);
    if (reply == A407_REPLY_REJECTED) {
        puts("rejected");
        return false;
    }
    if (!a407_ntlm.init(state, &list.item[0])) {
        puts("malformed");
        return false;
    }
    if (reply == A407_REPLY_RESTART && !first)
        puts("restart");
    return say_next(state, cred, rq);
}

static void judge(const void *state, const char *text)
{
    static const char *const words[] = {[A407_MUTUAL_VERIFIED] = "verified",
                                        [A407_MUTUAL_ABSENT] = "absent",
                                        [A407_MUTUAL_FAILED] = "failed"};
    static struct a407_challenges list;
    memset(&list, 0, sizeof list);
    a407_challenges_add(a407_span_str(text), &list);
    puts(list.n == 1 ? words[a407_ntlm.prove(state, &list.item[0])] : "none");
    fflush(stdout);
}

static int usage(void)
{
    fputs("usage: ntlm-answer [-1] [-d DOMAIN] [-h PROXY-HOST] CARRIER USER "
          "PASSWORD\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct a407_credential cred = {0};
    struct a407_auth_request rq = {.random = some_random, .now = time(NULL)};
    char *line = NULL;
    size_t size = 0;
    int opt;
    while ((opt = getopt(argc, argv, "1d:h:")) != -1) {
        if (opt == '1')
            rq.ntlm_v1 = true;
        else if (opt == 'd')
            cred.domain = optarg;
        else if (opt == 'h')
            rq.proxy_host = a407_span_str(optarg);
        else
            return usage();
    }
    if (argc - optind != 3)
        return usage();
    cred.username = argv[optind + 1];
    cred.password = argv[optind + 2];
    void *state = calloc(1, a407_ntlm.state_size);
    if (!state)
        return 1;
    bool more = hear(state, &cred, &rq, argv[optind], true);
    while (more && getline(&line, &size, stdin) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (strncmp(line, "200 ", 4) == 0)
            judge(state, line + 4);
        else
            more = hear(state, &cred, &rq, line, false);
    }
    fflush(stdout);
    free(line);
    a407_scheme_wipe(&a407_ntlm, state);
    free(state);
    return more ? 0 : 1;
}
