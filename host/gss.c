/* SPDX-License-Identifier: MIT */
#include "gss.h"

#include <errno.h>
#include <limits.h>

#include "clock.h"
#include "core/auth/gss_protocol.h"
#include "core/base/text.h"
#include "object.h"

/* The helper stops a little earlier, so that it can say what it waited for. */
#define LEAD_MS 200

/* ---- what it is told ---- */

/* "HTTP@proxy"; a setting without a host names another service there. */
static bool put_service(struct a407_buf *m, const struct a407_config *config,
                        const struct a407_ask *ask)
{
    const char *set = ask->cred->service ? ask->cred->service : config->service;
    const char *host = ask->proxy->host;
    bool whole = set && strpbrk(set, "@/");
    if (whole)
        return a407_gss_put(m, "service", set);
    return a407_buf_fmt(m, "service=%s@%s\n", set ? set : "HTTP", host);
}

static bool put(struct a407_buf *m, const char *key, const char *value)
{
    return !value || !*value || a407_gss_put(m, key, value);
}

static bool first_message(struct a407_buf *m, const struct a407_config *config,
                          const struct a407_ask *ask, int64_t ms)
{
    const struct a407_credential *c = ask->cred;
    int64_t lead = ms / 5 < LEAD_MS ? ms / 5 : LEAD_MS;
    return put_service(m, config, ask) &&
           put(m, "canonicalize", config->canonicalize ? "yes" : "no") &&
           put(m, "username", c->username) && put(m, "domain", c->domain) &&
           put(m, "password", c->password) && put(m, "keytab", c->keytab) &&
           a407_buf_fmt(m, "limit-ms=%lld\n", (long long)(ms - lead)) &&
           a407_buf_str(m, "\n");
}

static bool not_started(struct a407_told *told)
{
    return a407_told_fail(told, A407_CAUSE_HELPER_FAILED,
                          "%s can't be started: %m", A407_GSS_HELPER);
}

static bool start(struct a407_child *child, struct a407_told *told)
{
    static const char *const argv[] = {A407_GSS_HELPER, NULL};
    char path[PATH_MAX];
    if (!a407_file_beside(A407_GSS_HELPER, path, sizeof path))
        return a407_told_fail(
            told, A407_CAUSE_HELPER_FAILED,
            "the folder of libauth407.so, and so %s, is not known",
            A407_GSS_HELPER);
    return a407_child_start(child, path, argv, false) || not_started(told);
}

/* ---- what it says ---- */

static void ended(const struct a407_talk *t, int64_t ms, struct a407_told *told)
{
    errno = t->error;
    if (errno)
        not_started(told);
    else if (t->late)
        a407_told_fail(told, A407_CAUSE_HELPER_FAILED,
                       "%s said nothing for %lld s", A407_GSS_HELPER,
                       (long long)(ms + 999) / 1000);
    else
        a407_told_fail(
            told, A407_CAUSE_HELPER_FAILED,
            t->status == 127
                ? "%s does not run (exit status %d): is libgssapi-krb5 "
                  "installed?"
                : "%s ended too early (exit status %d)",
            A407_GSS_HELPER, t->status);
}

/* The helper's own words. */
static void read_failure(struct a407_span m, struct a407_told *told)
{
    struct a407_span code = a407_gss_field(m, "cause");
    struct a407_span text = a407_gss_field(m, "text");
    enum a407_cause cause =
        code.p ? a407_cause_from_code(code.p, code.n) : A407_CAUSE_COUNT;
    a407_told_fail(told,
                   cause == A407_CAUSE_COUNT ? A407_CAUSE_HELPER_FAILED : cause,
                   "%.*s", (int)text.n, text.p ? text.p : "");
}

static void read_answer(struct a407_span m, bool verify, struct a407_told *told)
{
    struct a407_span state = a407_gss_field(m, "state");
    bool complete = a407_span_eq(state, "complete");
    if (!complete && !a407_span_eq(state, "continue")) {
        read_failure(m, told);
    } else if (verify) {
        told->ok = complete;
        if (!complete)
            a407_told_fail(
                told, A407_CAUSE_PROTOCOL,
                "the proxy's answer is not the end of the handshake");
    } else {
        a407_put(told->user, sizeof told->user, a407_gss_field(m, "user"));
        told->ok = a407_gss_token(m, &told->token);
        if (!told->ok)
            a407_told_fail(
                told, A407_CAUSE_PROTOCOL,
                "the proxy asks for more, but the handshake is over");
    }
}

/* What the helper has kept for its own words counts as over. */
static void note_late(struct a407_told *told, int64_t ms, int64_t until)
{
    told->late = !told->ok && until - a407_now_ms() <= ms / 4;
}

bool a407_gss_begin(const struct a407_config *config,
                    const struct a407_ask *ask, int64_t ms, struct a407_talk *t,
                    struct a407_told *told)
{
    bool first = ask->kind == A407_ASK_TOKEN && !ask->token.p;
    if (first && t->child.pid)
        a407_child_end(&t->child); /* of a handshake that was given up */
    *t = (struct a407_talk){
        .child = t->child, .upto = A407_GSS_END, .until = a407_now_ms() + ms};
    a407_buf_init(&told->token, A407_GSS_MESSAGE_MAX);
    a407_buf_init(&t->question, A407_GSS_MESSAGE_MAX);
    a407_buf_init(&t->answer, A407_GSS_MESSAGE_MAX);
    if (!first && !t->child.pid)
        return a407_told_fail(told, A407_CAUSE_PROTOCOL,
                              "an answer to a handshake that is over");
    if (!(first ? first_message(&t->question, config, ask, ms)
                : a407_gss_put_token(&t->question,
                                     a407_span(ask->token.p, ask->token.n)) &&
                      a407_buf_str(&t->question, "\n"))) {
        a407_child_end(&t->child);
        return a407_told_fail(told, A407_CAUSE_PROTOCOL,
                              first
                                  ? "the credential does not fit into a message"
                                  : "the proxy's token is too long");
    }
    if (!first || start(&t->child, told))
        return true;
    note_late(told, ms, t->until);
    return false;
}

void a407_gss_end(const struct a407_ask *ask, int64_t ms, struct a407_talk *t,
                  struct a407_told *told)
{
    if (t->complete)
        read_answer(a407_span(t->answer.p, t->answer.n),
                    ask->kind == A407_ASK_VERIFY, told);
    else
        ended(t, ms, told);
    note_late(told, ms, t->until);
}
