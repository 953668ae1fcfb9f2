/* SPDX-License-Identifier: MIT */
#include "ask.h"

#include "fetch.h"
#include "gate.h"
#include "gss.h"

static bool next_ask(struct a407_conn *c, struct a407_ask *ask, bool *copied)
{
    a407_engine_lock(c);
    bool any = a407_engine_want(c->engine).kind == A407_WANT_ASK;
    *copied = any && a407_engine_ask(c->engine, ask);
    a407_engine_unlock(c);
    return any;
}

void a407_answer_asks(struct a407_conn *c)
{
    const struct a407_config *config = c->site->proxy.config;
    struct a407_ask ask = {0};
    bool copied;
    while (next_ask(c, &ask, &copied)) {
        struct a407_told told = {.cause = A407_CAUSE_PROTOCOL};
        if (ask.kind == A407_ASK_TOKEN && !ask.token.p)
            a407_end_asks(c); /* of a handshake that came to nothing */
        if (copied && ask.kind == A407_ASK_SECRET)
            a407_fetch_answer(config, &ask, &told);
        else if (copied)
            a407_gss_answer(config, &c->child, &ask, &told);
        a407_engine_lock_now(c);
        a407_engine_told(c->engine, &told);
        a407_engine_unlock(c);
        a407_ask_clear(&ask);
    }
}

void a407_end_asks(struct a407_conn *c)
{
    if (c->child.pid)
        a407_child_end(&c->child, 0);
}
