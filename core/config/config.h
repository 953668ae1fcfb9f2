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
    bool url_has_userinfo;         /* a *_proxy variable holds a credential
                                      that a client could have sent */
    struct a407_known_proxy *next;
};

/* May schemes that send the secret itself go over a connection that is not
   encrypted, and not to this machine? */
enum a407_clear {
    A407_CLEAR_AUTO, /* until one that hides it has worked with that proxy */
    A407_CLEAR_YES,
    A407_CLEAR_NO
};

/*
 * All settings of one process, read once. Immutable afterwards, so that it may
 * be shared by threads without a lock.
 */
struct a407_config {
    enum a407_mode mode;
    enum a407_log_level log_level;
    char *log; /* AUTH407_LOG as given: a path, "stderr", "syslog", "journald",
                  "none", see log_target.h; never NULL: the default path is
                  filled in, or "none" when neither XDG_STATE_HOME nor HOME is
                  set */
    uint64_t log_max_size; /* AUTH407_LOG_MAX_SIZE: bytes at which a file is put
                              aside as FILE.1; 0, the default: never */
    char *credentials_path;                      /* the file's path, or NULL */
    enum a407_scheme_id order[A407_SCHEMES_MAX]; /* allowed, best first */
    size_t n_order;
    a407_scheme_set schemes; /* those of `order` */
    size_t replay_max;       /* bytes of request kept for a replay:
                                AUTH407_REPLAY_MAX, default 16 MiB */
    unsigned wait_ms;      /* longest wait inside one call for a retried answer:
                              AUTH407_TIMEOUT in seconds, default 60 */
    unsigned silence_ms;   /* how long a repeated CONNECT may be unanswered on
                              the connection of its 407 before it goes to a new
                              one: AUTH407_SILENCE_TIMEOUT in seconds, default 2
                            */
    unsigned lockout_s;    /* how long a rejected credential is not tried again:
                              AUTH407_RETRY_AFTER in seconds, default 900 */
    unsigned helper_ms;    /* longest run of a helper process for one answer:
                              AUTH407_HELPER_TIMEOUT in seconds, default 10 */
    enum a407_clear clear; /* AUTH407_CLEAR */
    bool ntlm_v1;          /* AUTH407_NTLM=v1|v2, default v2 */
    bool canonicalize;     /* the proxy's name goes through DNS for its service
                              name: AUTH407_CANONICALIZE=yes|no, default no */
    char *service; /* AUTH407_SERVICE: GSSAPI service name for the proxies
                      that the environment names; or NULL */
    struct a407_known_proxy *proxies;
    struct a407_credential *credentials; /* in the order they are tried:
                              variables, proxy URLs, file */
    char *state_dir; /* $XDG_STATE_HOME/auth407 or the default; or NULL */
    char *home;      /* HOME, or NULL: what ~/ stands for in the file */
};

/* Looks a variable up: returns its value or NULL. secure_getenv in preload. */
typedef const char *a407_getenv_fn(void *ctx, const char *name);

/*
 * Builds the settings from the environment alone. A bad value is reported in
 * diag (the first one) and its default used, so that a program never fails for
 * our settings; the launcher turns the same diag into an error. A credential
 * that can't be sent is no bad value: it is kept, without its strings and with
 * `malformed` set, so that a 407 can be explained by it. Empty values count as
 * unset. Returns NULL only when memory runs out. Allocates; frees with
 * a407_config_free.
 *
 * http_proxy, https_proxy, all_proxy, ftp_proxy are read in both cases; values
 * whose scheme is not http or https are no endpoints of ours. HTTP_PROXY is
 * ignored where REQUEST_METHOD is set (CGI). A URL of scheme http without a
 * port stands for two endpoints, 80 and 1080: clients differ on it.
 */
struct a407_config *a407_config_new(a407_getenv_fn *get, void *ctx,
                                    struct a407_diag *diag);

/*
 * Adds the credential file's text (already checked for owner and mode by the
 * caller): its credentials after those of the environment, and an endpoint
 * for each exact host:port section. Paths of files that start with ~/ get HOME
 * for it. False: diag says why; nothing is added.
 */
bool a407_config_add_file(struct a407_config *c, const char *text, size_t n,
                          struct a407_diag *diag);

/* Wipes and frees. */
void a407_config_free(struct a407_config *c);

/* The known proxy with exactly this host and port, or NULL. */
const struct a407_known_proxy *a407_config_proxy(const struct a407_config *c,
                                                 const struct a407_endpoint *e);

#endif
