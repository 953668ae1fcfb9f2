/* SPDX-License-Identifier: MIT */
#ifndef A407_CONFIG_H
#define A407_CONFIG_H

#include "credential.h"

enum a407_mode { A407_MODE_INJECT, A407_MODE_OBSERVE, A407_MODE_OFF };
enum a407_log_level { A407_LOG_CHALLENGE, A407_LOG_REQUEST };

/* Proxies of the *_proxy variables and AUTH407_PROXY, and file sections. */
struct a407_known_proxy {
    struct a407_endpoint endpoint; /* exact: port is never 0 */
    bool tls;                      /* https://: not readable at the socket */
    bool from_environment;         /* named by a variable, not only the file */
    bool url_has_userinfo;         /* clients could have sent it */
    struct a407_known_proxy *next;
};

/* May schemes that send the secret itself go unencrypted to another machine? */
enum a407_clear {
    A407_CLEAR_AUTO, /* until one that hides it has worked with that proxy */
    A407_CLEAR_YES,
    A407_CLEAR_NO
};

/* Bytes of a run's id: a token of HTTP. */
#define A407_RUN_MAX 64

/* All settings of one process; immutable, so that threads need no lock. */
struct a407_config {
    enum a407_mode mode;
    enum a407_log_level log_level;
    char *log; /* AUTH407_LOG or its default (log_target.h); "none" where no
                  folder for it is known. Never NULL */
    uint64_t log_max_size;  /* AUTH407_LOG_MAX_SIZE: bytes at which the file is
                               renamed to FILE.1; 0: never */
    char *credentials_path; /* or NULL */
    char *credentials_else; /* the user's own file, where that is a service's
                               and may be missing; or NULL */
    enum a407_scheme_id order[A407_SCHEMES_MAX]; /* allowed, best first */
    size_t n_order;
    a407_scheme_set schemes; /* those of `order` */
    size_t replay_max;   /* AUTH407_REPLAY_MAX: bytes of a request kept for a
                            replay */
    unsigned wait_ms;    /* AUTH407_TIMEOUT: longest wait within one call for a
                            retried answer */
    unsigned silence_ms; /* AUTH407_SILENCE_TIMEOUT: how long a CONNECT may be
                            unanswered on the connection of its 407 before it
                            goes to a new one */
    unsigned lockout_s;  /* AUTH407_RETRY_AFTER: how long a rejected credential
                            is not tried again */
    unsigned helper_ms; /* AUTH407_HELPER_TIMEOUT: for one answer of a helper */
    enum a407_clear clear; /* AUTH407_CLEAR */
    bool memory;           /* AUTH407_MEMORY */
    bool notify;           /* AUTH407_NOTIFY: on the terminal */
    bool helper_memory;    /* AUTH407_HELPER_MEMORY */
    bool ntlm_v1;          /* AUTH407_NTLM */
    bool canonicalize; /* AUTH407_CANONICALIZE: the proxy's service name has the
                          name that DNS has for it */
    char *service;     /* AUTH407_SERVICE: GSSAPI service name, or NULL */
    struct a407_known_proxy *proxies;
    struct a407_credential *credentials; /* in the order they are tried:
                              variables, proxy URLs, file */
    char *state_dir;   /* $XDG_STATE_HOME/auth407 or the default; or NULL */
    char *runtime_dir; /* $XDG_RUNTIME_DIR, or NULL */
    char *home;        /* HOME, or NULL: what ~/ stands for in the file */
    char machine[65];  /* this machine's name, by whom has read it; or "" */
    char run[A407_RUN_MAX + 1]; /* AUTH407_RUN: which start of the command this
                                   process belongs to; or empty */
};

/* Looks a variable up: returns its value or NULL. secure_getenv in preload. */
typedef const char *a407_getenv_fn(void *ctx, const char *name);

/*
 * Builds the settings from the environment alone. The first bad value is told
 * in diag, and its default used: no program fails for our settings, while the
 * launcher makes an error of it. A credential that can't be sent is kept as
 * `malformed`, without its strings, so that a 407 can be explained by it. Empty
 * values count as unset. NULL: no memory. The caller frees.
 *
 * The *_proxy variables are read in both cases; HTTP_PROXY is not where
 * REQUEST_METHOD is set (CGI). Only schemes http and https name endpoints; an
 * http URL without a port stands for 80 and 1080: clients differ on it.
 */
struct a407_config *a407_config_new(a407_getenv_fn *get, void *ctx,
                                    struct a407_diag *diag);

/* The credential file's sections, in their order; NULL: diag says why, or there
   are none. The caller frees. */
struct a407_credential *a407_config_sections(const struct a407_config *c,
                                             const char *text, size_t n,
                                             struct a407_diag *diag);

/*
 * Adds what the credential file says: credentials after those of the
 * environment, and an endpoint for each exact host:port section. The caller has
 * checked owner and mode. False: diag says why; nothing is added.
 */
bool a407_config_add_file(struct a407_config *c, const char *text, size_t n,
                          struct a407_diag *diag);

/* Wipes and frees. */
void a407_config_free(struct a407_config *c);

/* The known proxy with exactly this host and port, or NULL. */
const struct a407_known_proxy *a407_config_proxy(const struct a407_config *c,
                                                 const struct a407_endpoint *e);

#endif
