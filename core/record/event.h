/* SPDX-License-Identifier: MIT */
#ifndef A407_EVENT_H
#define A407_EVENT_H

#include "core/base/buf.h"
#include "core/base/cause.h"
#include "core/config/credential.h"
#include "core/http/proxy_status.h"

/*
 * The record of one exchange that met a 407, as docs/log.md explains it. Its
 * strings are free of secrets when they are filled in, but for args and the
 * texts of the proxy, which a407_record_json redacts: a secret that the proxy
 * was sent is looked for in all that it said.
 */

enum a407_outcome {
    A407_RESOLVED,   /* the program read an answer other than a refusal */
    A407_UNRESOLVED, /* we tried, and the program read a refusal */
    A407_OBSERVED,   /* mode observe, or level request: nothing was tried */
    A407_NOT_RETRIED /* nothing could be tried; the program read the 407 */
};

/* Few, since each is shown and some sinks take only short lines. */
#define A407_EVENT_CHALLENGES 8
#define A407_EVENT_ATTEMPTS   16
#define A407_EVENT_PARENTS    16
#define A407_EVENT_ARGS       64
#define A407_EVENT_FIELDS     12
#define A407_EVENT_VALUES     4 /* of one field */
#define A407_EVENT_STATUSES   4
#define A407_EVENT_LINE_MAX   (256u * 1024u)

/* A text that is empty is absent. */
struct a407_event_challenge {
    char scheme[24];
    char realm[128];
    char algorithm[24]; /* Digest */
    bool stale;
    bool userhash;
    char qop[32];     /* Digest */
    char charset[16]; /* Basic, Digest */
    char error[64];   /* Bearer (RFC 6750 section 3), as are the next two */
    char error_description[512]; /* as it came: less is shown */
    char scope[128];
    size_t token68_n; /* how long the token68 was; the token is never kept */
};

struct a407_event_attempt {
    char scheme[12];     /* lower case; "" if none could be told */
    int status;          /* of the answer; 0: none came */
    int64_t duration_us; /* from the request sent to its answer's head */
    bool reconnected;
    bool stale;            /* sent again because a nonce was stale */
    char credential[160];  /* the label of where it stands, never its value */
    char username[128];    /* a407_put_user; "": nobody was named */
    unsigned leg;          /* of a handshake, from 1 */
    uint16_t source_port;  /* 0: not known */
    enum a407_cause cause; /* NONE: the status says it */
    char detail[160];
};

/* Fields of the answer that tell who answered: the rows of event_fields.def. */
enum a407_event_field_id {
#define A407_EVENT_FIELD(id, name) A407_FIELD_##id,
#include "event_fields.def"
#undef A407_EVENT_FIELD
    A407_FIELD_COUNT,
    A407_FIELD_OTHER = A407_FIELD_COUNT /* X-...-Error and its like */
};

struct a407_event_field {
    enum a407_event_field_id id;
    char value[1024]; /* as it came: less is shown */
    char other[32];   /* OTHER: its name in lower case */
};

/* What the first answer says of who made it. */
struct a407_event_answer {
    struct a407_event_field fields[A407_EVENT_FIELDS];
    size_t n_fields;
    struct a407_proxy_status statuses[A407_EVENT_STATUSES];
    size_t n_statuses;
    bool has_skew;
    int64_t skew_s; /* the proxy's clock less ours; seconds */
};

/* Whether the program had sent a Proxy-Authorization before. */
enum a407_sent_before {
    A407_SENT_NEVER,
    A407_SENT_PROGRAM,   /* this process, to this proxy */
    A407_SENT_CONNECTION /* in an earlier request on this connection */
};

struct a407_event_process {
    int pid, parent_pid;
    char executable[512];
    const char *args[A407_EVENT_ARGS]; /* as in /proc/self/cmdline */
    size_t n_args;
    struct {
        int pid;
        char executable[256];
    } parents[A407_EVENT_PARENTS];
    size_t n_parents; /* nearest first */
    char caller_module[128];
    unsigned uid; /* the effective one */
    char host[65];
};

struct a407_event {
    int64_t time_us; /* of the 407, since the epoch; microseconds */
    enum a407_outcome outcome;
    enum a407_cause cause;
    char detail[160];   /* evidence in words, or empty */
    a407_lint_set lint; /* what looks wrong in the credentials refused */
    /* what the last 407 says for people, and the cause that it speaks of (NONE:
       none that is known), in which sentence */
    char message[201];
    enum a407_cause said;
    char said_words[112];
    struct a407_endpoint proxy; /* as configured */
    char peer[64];              /* "ip:port" ("[v6]:port") connected to */
    struct a407_event_challenge challenges[A407_EVENT_CHALLENGES];
    size_t n_challenges; /* may exceed the array */
    struct a407_event_answer answer;
    char method[24];
    char target[1024]; /* what a407_url_redact() leaves */
    bool client_sent;  /* Proxy-Authorization came from the program */
    char client_scheme[24];
    char client_user[128];   /* see a407_client_auth_read */
    char client_domain[128]; /* NTLM */
    enum a407_sent_before sent_before;
    unsigned resend_count; /* by the program, with a header of its own */
    uint16_t source_port;  /* this end of the connection; 0: not known */
    int status;            /* the first answer */
    int final_status;      /* what the program read; 0: nothing */
    struct a407_event_attempt attempts[A407_EVENT_ATTEMPTS];
    size_t n_attempts; /* of an exchange: no more are made */
    enum a407_mutual mutual;
    struct a407_event_process process;
};

/* As in the log: "resolved", ... */
const char *a407_outcome_name(enum a407_outcome o);

/* The name of a field as the record spells it: lower case. */
const char *a407_event_field_name(const struct a407_event_field *f);

/* Seconds; a difference beyond it breaks Kerberos (RFC 4120 section 1.6). */
#define A407_SKEW_MAX 300

/* ---- filling it in (event_fill.c) ---- */

struct a407_challenges;

/* What to do about a cause, one sentence. What is wrong in a credential that
   can't be sent is known, and its own remedy says more. */
const char *a407_remedy(enum a407_cause cause, a407_lint_set lint);

/* What was offered, bounded. */
void a407_event_set_challenges(struct a407_event *ev,
                               const struct a407_challenges *offered);

/* What the head of the first answer says; ev->time_us must be set. */
void a407_event_set_answer(struct a407_event *ev, struct a407_span head);

/* What a 407 says for people: its head, and as much of its body as is there.
   Takes the place of what an earlier one said. False: its body is of no use, or
   has been of use. Allocates, and frees that. */
bool a407_event_set_words(struct a407_event *ev, struct a407_span head,
                          struct a407_span body);

struct a407_body;

/* ... its body from where `at`, a copy, is in it. */
void a407_event_set_page(struct a407_event *ev, struct a407_body at,
                         struct a407_span body);

/* The Proxy-Authorization that the program sent. */
void a407_event_set_client(struct a407_event *ev, struct a407_span value);

/* Takes a text out of all that the proxy has said: it may show what it was
   sent. One of less than 4 bytes would be found everywhere, and stays. */
void a407_event_hide(struct a407_event *ev, struct a407_span secret);

#endif
