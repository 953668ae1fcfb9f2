/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_H
#define A407_DOCTOR_H

#include <netdb.h>
#include <stdio.h>

#include "cli/options.h"
#include "core/base/cause.h"
#include "core/config/config.h"

/* Exit statuses of `auth407 doctor`. */
enum a407_doctor_exit {
    A407_DOCTOR_WORKS,
    A407_DOCTOR_CAUSE,  /* a cause was found */
    A407_DOCTOR_UNKNOWN /* it can't be told; or a mistake in the options */
};

/* ---- what was found ---- */

/* In the order in which they are looked at and shown. */
enum a407_section {
    A407_IN_CONFIGURATION,
    A407_IN_CREDENTIAL,
    A407_IN_ENDPOINT,
    A407_IN_CHALLENGE,
    A407_IN_TRIAL,
    A407_IN_COMMAND,
    A407_SECTIONS
};

enum a407_status {
    A407_GOOD,
    A407_NOTE,    /* neither good nor bad, or not looked at */
    A407_WARNING, /* may trouble some program, or later */
    A407_FAILURE
};

/* The rows of findings.def: the first of them that is a failure is the verdict,
   for it is nearest to the root. */
enum a407_finding_id {
#define A407_DOCTOR_FINDING(id, section, status, code, sentence, remedy)       \
    A407_FOUND_##id,
#include "findings.def"
#undef A407_DOCTOR_FINDING
    A407_FINDINGS
};

/* One check. Texts hold no secret; they may come from anywhere, and are shown
   without what a terminal obeys. */
struct a407_row {
    enum a407_section section;
    enum a407_status status;
    enum a407_finding_id found; /* A407_FINDINGS: nothing */
    const char *code;           /* as in the JSON; NULL: nothing was found */
    char what[96];              /* was checked */
    char seen[400];
    char sentence[240]; /* the verdict, where it is this row's */
    char remedy[400];   /* a command or a line to paste, or words; or empty */
};

struct a407_rows {
    struct a407_row *row;
    size_t n, cap;
    struct a407_row spare; /* takes what there is no memory for */
};

/* Adds a check that found nothing wrong. Returns it, never NULL, valid until
   the next one is added. Allocates. */
struct a407_row *a407_row_good(struct a407_rows *rows, enum a407_section in,
                               const char *what, const char *seen, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a row of findings.def, which has its section, status, code,
   sentence and remedy. */
struct a407_row *a407_row_found(struct a407_rows *rows, enum a407_finding_id id,
                                const char *what, const char *seen, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a cause of a 407; NONE is good. `detail`: of the event. */
struct a407_row *a407_row_cause(struct a407_rows *rows, enum a407_cause cause,
                                const char *what, const char *detail);

/* Replaces what the table says. */
void a407_row_remedy(struct a407_row *row, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void a407_row_sentence(struct a407_row *row, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The failure that is nearest to the root, or NULL. */
const struct a407_row *a407_rows_verdict(const struct a407_rows *rows);

void a407_rows_free(struct a407_rows *rows);

/* ---- what is asked ---- */

enum a407_doctor_option_id {
#define A407_DOCTOR_OPTION(id, name, letter, value, help) A407_DOCTOR_OPT_##id,
#include "options.def"
#undef A407_DOCTOR_OPTION
    A407_DOCTOR_OPT_COUNT
};

/* What a program would fetch. */
struct a407_wanted {
    char url[1024]; /* http:// or https://, without userinfo */
    bool tls;       /* so it is asked for by CONNECT */
    struct a407_endpoint at;
};

struct a407_doctor_options {
    const char *values[A407_DOCTOR_OPT_COUNT]; /* NULL: not given; "": a flag */
    const char *proxy; /* PROXY-URL as it was written, or NULL */
    char **command;    /* what stands behind "--", or NULL */
    bool json;
    struct a407_wanted target;
};

/* Reads the command line from `doctor` on (NULL at the end). False: said on
   standard error. With --help nothing else is looked at. */
bool a407_doctor_options_parse(char **argv, struct a407_doctor_options *out);

/* `auth407 doctor --help`; 80 columns wide. */
void a407_doctor_help(FILE *f);

/* ---- the examination ---- */

/* What a proxy answered to one request without a login. */
struct a407_answer {
    char *bytes; /* as they came: head, and the body's first 16 KiB. NULL: none
                    was asked for */
    size_t n, head;
    int status; /* 0: no HTTP */
    int error;  /* why there is no more of it: an errno; 0: it ended */
};

/* All that is known; each part fills in what the next ones look at. */
struct a407_doctor {
    struct a407_doctor_options o;
    struct a407_rows rows;
    struct a407_config *config;
    /* Logins that programs have in places of their own, which no setting of
       ours names; label: "git's own login in ~/.gitconfig:3" */
    struct a407_credential *elsewhere;
    struct a407_endpoint proxy; /* port 0: none was found */
    bool tls;                   /* it is spoken to in TLS */
    char proxy_from[64];        /* "the command line", "https_proxy", "PAC" */
    struct addrinfo *addresses; /* of the proxy, or NULL */
    const struct addrinfo *reached;        /* one that takes connections */
    struct a407_answer to_connect, to_get; /* asked without a login */
    bool works;    /* the target was reached by a request with all it needs */
    char how[160]; /* if so: "alice, by Digest", "no login" */
    enum { A407_NOT_ASKED, A407_MAY_TRY, A407_MAY_NOT } trying;
    int tty; /* for progress and questions; -1: none */
};

/* Says on the terminal what is done now; nothing where there is none. */
void a407_doctor_progress(const struct a407_doctor *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* May logins be tried? Asks on the terminal, the first time, unless --yes. */
bool a407_doctor_may_try(struct a407_doctor *d);

/* Each looks at one part and adds rows; blocks as that says. */
void a407_doctor_environment(struct a407_doctor *d); /* variables, the proxy */
void a407_doctor_credentials(struct a407_doctor *d); /* files */
void a407_doctor_endpoint(struct a407_doctor *d);    /* the proxy's answers */
void a407_doctor_challenges(struct a407_doctor *d);
void a407_doctor_trials(struct a407_doctor *d);    /* logs in */
void a407_doctor_elsewhere(struct a407_doctor *d); /* by those logins */

/* ---- what is told ---- */

/* The whole in text, `width` columns wide (at least 40), or as JSON. False: it
   can't be written. */
bool a407_doctor_write_text(const struct a407_doctor *d, FILE *f, int width);
bool a407_doctor_write_json(const struct a407_doctor *d, FILE *f);

#endif
