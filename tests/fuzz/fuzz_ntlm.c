/* SPDX-License-Identifier: MIT */
/* NTLM with the Type 2 of a hostile proxy. The first byte chooses the
   credential and the name; the rest is the proxy's token, decoded. */
#include "fuzz.h"

#include <nettle/base64.h>

#include "core/auth/ntlm.h"
#include "core/auth/scheme.h"

enum { PLAIN, NEGOTIATE = 1, VERSION1 = 2, HOST = 4, RAW_TEXT = 8 };

static void some_random(void *ctx, void *p, size_t n)
{
    (void)ctx;
    memset(p, 0x5a, n);
}

static uint32_t number(const char *at, unsigned bytes)
{
    uint32_t v = 0;
    while (bytes--)
        v = v << 8 | (unsigned char)at[bytes];
    return v;
}

/* What is read lies within the message, and is the same as when read again. */
static void check_read(const char *p, size_t n)
{
    struct a407_ntlm_challenge ch;
    if (!a407_ntlm_read_challenge(a407_span(p, n), &ch))
        return;
    must(n >= 32 && memcmp(p, "NTLMSSP", 8) == 0);
    must(within(ch.target_info, p, n));
    must(!ch.timed || ch.target_info.n >= 12);
    must(memcmp(ch.nonce, p + 24, 8) == 0);
}

/* A Type 3 whose fields lie in it, in order, behind its head. */
static void check_type3(struct a407_span m)
{
    size_t end = 72;
    static const unsigned fields[] = {28, 36, 44, 12, 20, 52};
    must(a407_ntlm_is(m, 3) && m.n >= end);
    uint32_t flags = number(m.p + 60, 4);
    must((flags & 3) != 3);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        size_t n = number(m.p + fields[i], 2);
        size_t at = number(m.p + fields[i] + 4, 4);
        must(number(m.p + fields[i] + 2, 2) == n);
        must(i ? at == end : at == 72 || at == 88);
        end = at + n;
        must(end <= m.n);
    }
    must(end == m.n);
    must(number(m.p + 52, 2) == (flags & A407_NTLM_KEY_EXCH ? 16 : 0));
}

/* One value: "NTLM " or "Negotiate ", and base64. */
static void check_value(const struct a407_buf *value, unsigned how, bool last)
{
    const char *name = how & NEGOTIATE ? "Negotiate " : "NTLM ";
    size_t skip = strlen(name), n = value->n - skip;
    struct base64_decode_ctx ctx;
    must(value->n > skip && memcmp(value->p, name, skip) == 0);
    char *out = malloc(BASE64_DECODE_LENGTH(n));
    must(out);
    base64_decode_init(&ctx);
    size_t len = BASE64_DECODE_LENGTH(n);
    must(base64_decode_update(&ctx, &len, (uint8_t *)out, n, value->p + skip) &&
         base64_decode_final(&ctx));
    if (last && !(how & NEGOTIATE))
        check_type3(a407_span(out, len));
    free(out);
}

static enum a407_step step(void *state, const struct a407_credential *cred,
                           const struct a407_auth_request *rq, unsigned how)
{
    struct a407_buf value;
    enum a407_cause why = A407_CAUSE_NONE;
    a407_buf_init(&value, 65536);
    enum a407_step got =
        a407_scheme_step(&a407_ntlm, state, cred, rq, &value, &why);
    if (got == A407_STEP_FAIL)
        must(why != A407_CAUSE_NONE && value.n == 0);
    else
        check_value(&value, how, got == A407_STEP_DONE);
    must(got == A407_STEP_LEG || got == A407_STEP_DONE ||
         got == A407_STEP_FAIL);
    a407_buf_free(&value);
    return got;
}

/* The token68 of the second leg: the input in base64, or as it is. */
static struct a407_span token_of(const char *p, size_t n, unsigned how,
                                 char **text)
{
    size_t len = how & RAW_TEXT ? n : BASE64_ENCODE_RAW_LENGTH(n);
    *text = malloc(len ? len : 1);
    must(*text);
    if (how & RAW_TEXT)
        memcpy(*text, p, n);
    else
        base64_encode_raw(*text, n, (const uint8_t *)p);
    return a407_span(*text, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const users[] = {"alice", "D\\J\xc3\xa4n", "a@b", "u"};
    struct input in = {data, n};
    unsigned how = take_byte(&in);
    char *p = exact(in.p, in.n), *text;
    const char *user = users[how >> 6];
    char *name = exact(user, strlen(user) + 1);
    struct a407_credential cred = {.username = name, .password = name};
    struct a407_auth_request rq = {
        .random = some_random, .now = 1700000000, .ntlm_v1 = how & VERSION1};
    struct a407_challenge ch = {
        .scheme = a407_span_str(how & NEGOTIATE ? "Negotiate" : "NTLM")};
    if (how & HOST)
        rq.proxy_host = a407_span_str("proxy.test");
    void *state = calloc(1, a407_ntlm.state_size);
    must(state);
    check_read(p, in.n);
    must(a407_ntlm.init(state, &ch));
    must(step(state, &cred, &rq, how) == A407_STEP_LEG);
    must(a407_ntlm.reply(state, &ch, true) == A407_REPLY_RESTART);
    ch.token68 = token_of(p, in.n, how, &text);
    must(a407_ntlm.reply(state, &ch, true) == A407_REPLY_CONTINUE);
    bool taken = a407_ntlm.init(state, &ch);
    free(text);
    free(p);
    if (taken && step(state, &cred, &rq, how) == A407_STEP_DONE)
        must(a407_ntlm.reply(state, &ch, true) == A407_REPLY_REJECTED);
    a407_scheme_wipe(&a407_ntlm, state);
    free(state);
    free(name);
    return 0;
}
