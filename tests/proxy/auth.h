/* SPDX-License-Identifier: MIT */
#ifndef FX_AUTH_H
#define FX_AUTH_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "digest.h"
#include "msg.h"

#define CHALLENGES_MAX 12
#define NC_MAX         4096

enum verdict { AUTH_OK, AUTH_MISSING, AUTH_WRONG, AUTH_STALE };

/* One nonce that was given out. */
struct nonce {
    char text[40];
    unsigned uses;
    unsigned char seen[NC_MAX / 8]; /* bits: nc values that came */
    char first_cnonce[256];
};

/* What the proxy asks for, and what it gave out so far. */
struct auth {
    bool basic, digest, bearer, ntlm, negotiate;
    const char *user, *realm;
    const char *domain;        /* that NTLM must name; NULL: any */
    const char *password;      /* and the token of bearer */
    const char *password_file; /* its first line is that, as of now; or NULL */
    const struct digest_algorithm *algorithms[6];
    size_t n_algorithms;
    const char *qop;      /* as offered; "" for none */
    unsigned nonce_count; /* uses of one nonce; 0: no limit */
    unsigned valid_for;   /* requests until the password is revoked; 0: ever */
    bool userhash, charset, sess_first;
    const char *extra[CHALLENGES_MAX]; /* raw challenges */
    size_t n_extra;

    pthread_mutex_t lock; /* of what follows */
    struct nonce *nonces;
    size_t n_nonces;
    unsigned accepted;
    char current[8192]; /* what password_file held */
    char opaque[33];
};

struct ruling {
    enum verdict verdict;
    const char *reason; /* a word for the log */
    char scheme[16];    /* of the client; "none" */
    char user[128];     /* that it sent, or "-" */
};

/* Fills what is random. The options must be set. */
void auth_init(struct auth *a);

/* Whether the proxy asks at all. */
bool auth_needed(const struct auth *a);

/* The password as of now. With the lock held. */
void auth_read_password(struct auth *a);

/* Judges a request whose content has been read (auth-int needs it). */
void auth_judge(struct auth *a, const struct msg *rq, struct ruling *out);

/* Whether a verdict needs the content of the request. */
bool auth_wants_body(const struct msg *rq);

struct challenges {
    struct text item[CHALLENGES_MAX];
    size_t n;
};

/* Makes new challenges, each with a fresh nonce. The caller frees. */
void auth_challenges(struct auth *a, bool stale, struct challenges *out);
void challenges_free(struct challenges *c);

/* A fresh nonce that counts as given out, for nextnonce. */
void auth_fresh_nonce(struct auth *a, char out[40]);

#endif
