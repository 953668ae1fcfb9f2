/* SPDX-License-Identifier: MIT */
#ifndef A407_SCHEME_H
#define A407_SCHEME_H

#include "core/base/buf.h"
#include "core/base/bytes.h"
#include "core/base/cause.h"
#include "core/config/config.h"
#include "core/http/challenge.h"

/* What a scheme is told about the request that it answers for. */
struct a407_auth_request {
    struct a407_span method;
    struct a407_span target; /* as on the request line */
    struct a407_span body;   /* for auth-int; p NULL: not known as a whole */
    a407_random_fn *random;
    void *random_ctx;
    int64_t now;                 /* seconds since the epoch */
    struct a407_span token;      /* after NEED_TOKEN; p NULL: not made yet */
    bool ntlm_v1;                /* NTLMv1 instead of NTLMv2: a setting */
    struct a407_span proxy_host; /* as configured; p NULL: unknown */
};

enum a407_step {
    A407_STEP_DONE,       /* the value was written */
    A407_STEP_NEED_BODY,  /* only auth-int is offered and body.p is NULL */
    A407_STEP_NEED_TOKEN, /* GSSAPI has to make rq->token from `outside` */
    A407_STEP_LEG,        /* written, but the proxy is sure to ask for more: the
                             request needs no body */
    A407_STEP_FAIL        /* `*why` tells; nothing was written */
};

enum a407_reply {
    A407_REPLY_REJECTED, /* the challenge says that the credential is no good */
    A407_REPLY_STALE, /* take this challenge and step again: same credential */
    A407_REPLY_CONTINUE, /* the next leg of a handshake: init() the same state
                            with this challenge, then step */
    A407_REPLY_RESTART   /* the credential was not judged: the handshake begins
                            anew, on any connection */
};

/* What proves who logs in. */
enum a407_secret {
    A407_SECRET_PASSWORD, /* of a user: without one there is no login */
    A407_SECRET_TOKEN,    /* names its user by itself */
    A407_SECRET_TICKET    /* of Kerberos, which GSSAPI finds by itself */
};

/* One authentication scheme. `state` is the caller's: state_size bytes, zeroed
   before init, ended with a407_scheme_wipe. No function blocks. */
struct a407_scheme {
    enum a407_scheme_id id;
    const char *token;   /* as on the wire: "Digest" */
    const char *also;    /* a second name: NTLM comes inside Negotiate. NULL */
    bool per_connection; /* a login is for one connection (NTLM, Negotiate) */
    bool unasked;        /* needs no challenge: init(state, NULL) (Negotiate) */
    enum a407_secret secret;
    bool sends_secret; /* whoever reads its header has the secret */
    bool expires;      /* a challenge can become too old: Digest's nonce */
    size_t state_size;

    /* How good this challenge is among those of its scheme; 0: it can't be
       answered with this credential, `*why` tells. */
    unsigned (*rank)(const struct a407_challenge *ch,
                     const struct a407_credential *cred, enum a407_cause *why);

    /* Copies what it needs of a challenge, the first or a new one. False: it
       can't be used (too long, malformed), or memory ran out. */
    bool (*init)(void *state, const struct a407_challenge *ch);

    /* Appends the value of Proxy-Authorization ("Basic ...") for one request,
       without CR, LF or NUL. After FAIL a part may be there. */
    enum a407_step (*step)(void *state, const struct a407_credential *cred,
                           const struct a407_auth_request *rq,
                           struct a407_buf *out, enum a407_cause *why);

    /* Judges a 407 in answer to our value by the best new challenge. fresh: the
       value was made from a challenge of this exchange. NULL: a refusal. */
    enum a407_reply (*reply)(const void *state, const struct a407_challenge *ch,
                             bool fresh);

    /* Reads Proxy-Authentication-Info of an accepted answer; or NULL. */
    void (*info)(void *state, const struct a407_challenge *info);

    /* What the token of an accepted answer proves. NULL: nothing, or GSSAPI
       finds it out. */
    enum a407_mutual (*prove)(const void *state,
                              const struct a407_challenge *ch);

    /* Appends, in one line, the challenge that `resume` makes such a state of
       in another process, without a secret. NULL: it is the bare name. False:
       no memory. */
    bool (*save)(const void *state, struct a407_buf *out);

    /* init, from what save has written: the state goes on where that was. NULL:
       init does. */
    bool (*resume)(void *state, const struct a407_challenge *saved);

    /* Frees what the state points to; NULL: nothing. */
    void (*wipe)(void *state);

    /* After NEED_TOKEN: the proxy's token, p NULL in the first leg. Valid until
       the next call. NULL where step never says NEED_TOKEN. */
    struct a407_span (*outside)(const void *state);
};

/* s->step; after FAIL `out` is as it was, and `*why` is not NONE. */
enum a407_step a407_scheme_step(const struct a407_scheme *s, void *state,
                                const struct a407_credential *cred,
                                const struct a407_auth_request *rq,
                                struct a407_buf *out, enum a407_cause *why);

/* s->reply, or REJECTED where there is none. */
enum a407_reply a407_scheme_reply(const struct a407_scheme *s,
                                  const void *state,
                                  const struct a407_challenge *ch, bool fresh);

/* Frees what the state points to, and wipes it. */
void a407_scheme_wipe(const struct a407_scheme *s, void *state);

/* Is that challenge one for this scheme, by either of its names? */
bool a407_scheme_speaks(const struct a407_scheme *s,
                        const struct a407_challenge *ch);

/* The challenge of that scheme that ranks best with the credential, the first
   among equals, or NULL; carrier: only those of that name. */
const struct a407_challenge *
a407_best_challenge(const struct a407_scheme *scheme,
                    const struct a407_challenges *offered,
                    const struct a407_credential *cred, const char *carrier);

/* The implementations, a file each. */
#define A407_SCHEME(id, name) extern const struct a407_scheme a407_##name;
#include "core/config/schemes.def"
#undef A407_SCHEME

/* All of them, by id, NULL behind the last; as a407_scheme_names is. */
extern const struct a407_scheme *const a407_schemes[A407_SCHEMES_MAX + 1];

/* The scheme, or NULL if there is none of that id. */
const struct a407_scheme *a407_scheme_get(enum a407_scheme_id id);

/* The schemes that log in with a Kerberos ticket. */
a407_scheme_set a407_ticket_schemes(void);

/* Can a Kerberos ticket answer that challenge? */
bool a407_takes_ticket(const struct a407_challenge *ch);

/*
 * The credentials for an endpoint, in the order they are to be tried: those of
 * the variables (only if the environment names the endpoint), of its proxy
 * URLs, and of the file's most specific section(s); the same secret only once.
 * Fills at most `max` pointers into c; returns how many. `*elsewhere`: there is
 * none, but there are some for other endpoints.
 */
size_t a407_config_credentials(const struct a407_config *c,
                               const struct a407_endpoint *e,
                               const struct a407_credential **out, size_t max,
                               bool *elsewhere);

/* One (scheme, credential, challenge) that can be tried. */
struct a407_candidate {
    const struct a407_scheme *scheme;
    const struct a407_challenge *challenge;
    const struct a407_credential *cred;
    unsigned cred_index;
};

/*
 * The best candidate that is not in `tried`, a set of schemes for each
 * credential: by the order of schemes, then of credentials, then by the
 * challenge's rank. False: none is left; `*why` is the most telling reason:
 * REJECTED if something was tried; NO_CHALLENGE, or PROTOCOL if a field had
 * nothing in it; NO_CREDENTIAL; else the first of MALFORMED, UNMET,
 * NOT_ALLOWED, PROTOCOL and UNSUPPORTED that is met.
 */
bool a407_choose(const struct a407_challenges *offered,
                 const enum a407_scheme_id *order, size_t n_order,
                 const struct a407_credential *const *creds, size_t n_creds,
                 const a407_scheme_set *tried, struct a407_candidate *out,
                 enum a407_cause *why);

#endif
