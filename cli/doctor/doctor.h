/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_H
#define A407_DOCTOR_H

#include <stdio.h>

#include "cli/options.h"
#include "cli/term.h"
#include "cli/wanted.h"
#include "core/engine/engine.h"
#include "requests.h"
#include "rows.h"

/* Exit statuses of `auth407 doctor`. */
enum a407_doctor_exit {
    A407_DOCTOR_WORKS,
    A407_DOCTOR_CAUSE,  /* a cause was found */
    A407_DOCTOR_UNKNOWN /* it can't be told; or a mistake in the options */
};

/* ---- what is asked ---- */

struct a407_doctor_options {
    const char *values[A407_OPT_COUNT]; /* NULL: not given; "": a flag */
    const char *proxy; /* PROXY-URL as it was written, or NULL */
    char **command;    /* what stands behind "--", or NULL */
    bool json, offline;
    struct a407_wanted target;
};

/* Reads the command line from `doctor` on (NULL at the end). False: said on
   standard error. With --help nothing else is looked at. */
bool a407_doctor_options_parse(char **argv, struct a407_doctor_options *out);

/* ---- the examination ---- */

struct a407_observed; /* command.h */

/* All that is known; each part fills in what the next ones look at. */
struct a407_doctor {
    struct a407_doctor_options o;
    struct a407_rows rows;
    struct a407_config *config;
    char *url; /* of the proxy, as it is written: may be a secret; or NULL */
    struct a407_place *places; /* what programs have of their own */
    /* Logins that programs have in places of their own, which no setting of
       ours names; label: "git's own login in ~/.gitconfig:3" */
    struct a407_credential *elsewhere;
    struct a407_endpoint proxy; /* port 0: none was found */
    bool tls;                   /* it is spoken to in TLS */
    char proxy_from[256];       /* "the command line", "https_proxy", "PAC" */
    struct addrinfo *addresses; /* of the proxy, or NULL */
    struct a407_peer peer; /* the first that takes connections; zeros: none */
    bool kerberos; /* it is set up here: a krb5.conf, ticket or keytab */
    bool trusted;  /* in TLS: its certificate is good */
    bool is_proxy; /* it answers, and is no web server */
    /* Of ours those that were refused, now or a short time ago. */
    const struct a407_credential *refused[A407_CREDENTIALS_MAX];
    size_t n_refused;
    char at[A407_HOST_MAX + 16];     /* the proxy, "host:port" */
    struct a407_endpoint source;     /* our address on the way to it */
    char tunnel[A407_HOST_MAX + 16]; /* what is asked for: HOST:PORT, and */
    char page[1024];                 /* http://... */
    struct a407_answer to_connect, to_get; /* without a login */
    struct a407_challenges offered;        /* by the first; points into it */
    struct a407_requests requests;         /* that were made */
    struct a407_proxy asked; /* its credentials and memory, as the library has
                               them */
    int64_t waited_ms;       /* for the proxy's answers */
    bool in;                 /* a login was accepted */
    const struct a407_credential *let_in; /* it; NULL: a ticket, or none */
    bool works;    /* the target was reached by a request with all it needs */
    char how[160]; /* if so: "alice, by Digest", "no login" */
    struct a407_observed *command; /* it has run; or NULL */
    enum { A407_NOT_ASKED, A407_TRY_THEM, A407_TRY_NOTHING } trying;
    int tty; /* for progress and questions; -1: none */
};

/* Twice the wait for an answer (wait_ms of the settings) has gone by, all in
   all: nothing new is begun, which is told as a note on `what`. */
bool a407_doctor_is_late(struct a407_doctor *d, const char *what);

/* Accounts are locked after few failures: so many logins of one user. */
#define A407_DOCTOR_OF_ONE_USER 2

/* Says on the terminal what is done now; nothing where there is none. */
void a407_doctor_progress(const struct a407_doctor *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* May logins be tried? Asks on the terminal, the first time, unless --yes. */
bool a407_doctor_may_try(struct a407_doctor *d);

/* Takes that off the terminal. */
void a407_doctor_progress_end(const struct a407_doctor *d);

/* Runs the command first; what it asks for is then the target, and where
   nothing else names a proxy, its proxy is the one to look at. False: said. */
bool a407_doctor_run_command(struct a407_doctor *d);
void a407_doctor_proxy_of_command(struct a407_doctor *d);

/* Each looks at one part and adds rows; blocks as that says. */
void a407_doctor_environment(struct a407_doctor *d); /* variables, the proxy */
void a407_doctor_pac(struct a407_doctor *d); /* auto-config: maybe the proxy */
void a407_doctor_places(struct a407_doctor *d);      /* and who disagrees */
void a407_doctor_credentials(struct a407_doctor *d); /* files */
void a407_doctor_endpoint(struct a407_doctor *d);    /* the proxy's answers */
void a407_doctor_challenges(struct a407_doctor *d);
void a407_doctor_kerberos(struct a407_doctor *d);  /* tickets, a keytab */
void a407_doctor_trials(struct a407_doctor *d);    /* logs in */
void a407_doctor_elsewhere(struct a407_doctor *d); /* by those logins */
void a407_doctor_variables(struct a407_doctor *d); /* against the trials */
void a407_doctor_command(struct a407_doctor *d);   /* against the trials */

/* The schemes of what is offered that the credential can answer, and may. */
a407_scheme_set a407_doctor_usable(const struct a407_doctor *d,
                                   const struct a407_credential *c);

/* Does one of them take a Kerberos ticket? */
bool a407_doctor_takes_ticket(const struct a407_doctor *d);

/* The row of what the first 407 says for people. */
#define A407_ITS_WORDS "its words"

/* The request that the target needs, with this credential, by the best scheme
   alone that it has something for. */
struct a407_trial;
void a407_doctor_try(struct a407_doctor *d, const struct a407_credential *c,
                     struct a407_trial *out);

/* May a refusal of the one count against the account of the other? Case and
   domain are not looked at, for directories don't. Without a user name: no. */
bool a407_doctor_same_account(const struct a407_credential *a,
                              const struct a407_credential *b);

/* Has the command been refused with that very login, as far as can be told? And
   how many failures of its account has it made? One for each program, but those
   with the same login of ours are one. */
bool a407_doctor_command_sent(const struct a407_doctor *d,
                              const struct a407_credential *c);
size_t a407_doctor_command_failed(const struct a407_doctor *d,
                                  const struct a407_credential *c);

/* The answer to the request that the target needs, without a login. */
const struct a407_answer *a407_doctor_first(const struct a407_doctor *d);

/* ---- what is told ---- */

/* Says in the last row, of a finding or of this cause, what is so in this case
   alone, if there is such a text. `label`: of the credential. */
void a407_doctor_say(struct a407_doctor *d, enum a407_cause cause,
                     const char *label);

/* A line to type that makes the target's request as the last login did: curl
   asks for the password where only a user is given. `options`: " -v", or "". */
void a407_doctor_curl(const struct a407_doctor *d, const char *options,
                      char *out, size_t cap);

/* The whole in text; or as JSON. Errors are the stream's; false: and memory ran
   out. */
void a407_doctor_write_text(const struct a407_doctor *d,
                            const struct a407_term *t);
bool a407_doctor_write_json(const struct a407_doctor *d, FILE *f);

/* A file for the proxy's administrator: text, as a mail carries it. Can it be
   made? One that is there already, or a link, is left alone. False: said. */
bool a407_bundle_check(const char *path);

/* Makes it, mode 0600: the verdict, the requests, the answers' heads, all
   checks and a curl command, without secrets. False: said. */
bool a407_bundle_write(const struct a407_doctor *d, const char *path);

#endif
