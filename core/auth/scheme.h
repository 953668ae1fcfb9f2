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
    struct a407_span target; /* as on the request line: Digest's uri
                                (RFC 7616 section 3.4.6) */
    struct a407_span body;   /* the content, for auth-int; p NULL if it isn't
                                known whole (then auth-int can't be used) */
    a407_random_fn *random;
    void *random_ctx;
    int64_t now;            /* seconds since the epoch */
    struct a407_span token; /* what was made outside, after NEED_TOKEN; p NULL:
                               nothing yet */
    bool ntlm_v1;           /* NTLMv1 instead of NTLMv2: a setting */
    struct a407_span proxy_host; /* the proxy's name as configured, for the
                                    service name in NTLM; p NULL: unknown */
};

enum a407_step {
    A407_STEP_DONE,       /* the value was written */
    A407_STEP_NEED_BODY,  /* only auth-int is offered and body.p is NULL */
    A407_STEP_NEED_TOKEN, /* a token must come from outside (GSSAPI): see
                             `outside`, then step again with rq->token */
    A407_STEP_LEG, /* the value was written, and the proxy is sure to ask for
                      more: what goes with it needs no body */
    A407_STEP_FAIL /* `*why` tells; nothing was written */
};

enum a407_reply {
    A407_REPLY_REJECTED, /* the challenge says that the credential is no good */
    A407_REPLY_STALE, /* take this challenge and step again: same credential */
    A407_REPLY_CONTINUE, /* the next leg of a handshake: init() the same state
                            with this challenge, then step */
    A407_REPLY_RESTART   /* the handshake has to begin anew, on any connection:
                            init() and step as at first. The credential was not
                            judged */
};

/* What proves who logs in. */
enum a407_secret {
    A407_SECRET_PASSWORD, /* of a user: without one there is no login */
    A407_SECRET_TOKEN,    /* names its user by itself */
    A407_SECRET_TICKET    /* of Kerberos, which GSSAPI finds: whatever else the
                             credential holds or lacks */
};

/*
 * One authentication scheme. `state` is memory of state_size bytes, zeroed
 * before init, owned by the caller, ended with a407_scheme_wipe. No function
 * blocks; none touches anything but its arguments.
 */
struct a407_scheme {
    enum a407_scheme_id id;
    const char *token;   /* as on the wire: "Digest" */
    const char *also;    /* a second name that it answers to, or NULL: NTLM can
                            come inside Negotiate */
    bool per_connection; /* bound to its connection (NTLM, Negotiate): what
                            succeeded on one says nothing for another */
    bool unasked;        /* can be sent without a challenge, by a state of
                            init(state, NULL): Negotiate */
    enum a407_secret secret;
    bool sends_secret; /* whoever reads its header has the secret */
    bool expires;      /* a 407 may mean only that the challenge which was
                          answered is too old: Digest's nonce */
    size_t state_size;

    /*
     * How good this challenge is among those of the same scheme (Digest's
     * algorithm); 0: can't be answered with this credential, `*why` tells.
     */
    unsigned (*rank)(const struct a407_challenge *ch,
                     const struct a407_credential *cred, enum a407_cause *why);

    /*
     * Takes a challenge, the first or a new one; copies what it needs. False:
     * it can't be used (too long, malformed) or memory ran out. NULL is given
     * only where `unasked` is set.
     */
    bool (*init)(void *state, const struct a407_challenge *ch);

    /*
     * Appends the value of Proxy-Authorization ("Basic ...") to `out`,
     * without CR, LF or NUL. Digest counts its nonce up here, so each call is
     * one request. After FAIL a part of it may be there: a407_scheme_step.
     */
    enum a407_step (*step)(void *state, const struct a407_credential *cred,
                           const struct a407_auth_request *rq,
                           struct a407_buf *out, enum a407_cause *why);

    /*
     * Judges a 407 that came in answer to our value; `ch` is the best new
     * challenge of the same scheme. STALE only for Digest: stale=true, or,
     * when `fresh` is false (the value was made from a challenge of an earlier
     * exchange), any new nonce. NULL: a 407 is always a refusal.
     */
    enum a407_reply (*reply)(const void *state, const struct a407_challenge *ch,
                             bool fresh);

    /* Proxy-Authentication-Info of an accepted answer (nextnonce). May be
       NULL. */
    void (*info)(void *state, const struct a407_challenge *info);

    /* What the token of an accepted answer proves; after the value that was the
       last. NULL: nothing ever, or that is found out outside. */
    enum a407_mutual (*prove)(const void *state,
                              const struct a407_challenge *ch);

    /* Frees what the state points to; NULL: nothing. a407_scheme_wipe. */
    void (*wipe)(void *state);

    /* After NEED_TOKEN: the proxy's token, decoded, or p NULL in the first leg.
       Valid until the next call. NULL where step never says NEED_TOKEN. */
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
 * the variables (only for an endpoint that the environment names), of its
 * proxy URLs, then the file's most specific section(s). Fills at most `max`
 * pointers into c, the same secret only once; returns how many. `*elsewhere` is
 * set when there is none but some credential exists for another endpoint (the
 * cause "credential_for_other_endpoint").
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
 * The best candidate that `tried` does not hold: schemes in the order of
 * `order`, within a scheme the best-ranked challenge, and for each scheme the
 * credentials in order. `tried[cred_index]` holds schemes. Returns false
 * when none is left; then `*why` is the most telling reason: REJECTED if
 * something was tried; NO_CHALLENGE, or PROTOCOL if there was a field but
 * nothing in it; NO_CREDENTIAL; then the first that is met of MALFORMED, UNMET,
 * NOT_ALLOWED, PROTOCOL (a challenge without what its scheme requires) and
 * UNSUPPORTED.
 */
bool a407_choose(const struct a407_challenges *offered,
                 const enum a407_scheme_id *order, size_t n_order,
                 const struct a407_credential *const *creds, size_t n_creds,
                 const a407_scheme_set *tried, struct a407_candidate *out,
                 enum a407_cause *why);

#endif
