/* SPDX-License-Identifier: MIT */
#ifndef A407_EVENT_H
#define A407_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "cause.h"
#include "credential.h"

/*
 * The record of one exchange that met a 407, and its JSON line. The keys are
 * in docs/log-schema.json. Every string here is already free of secrets when
 * it is filled in, except args, which a407_event_json redacts.
 */

enum a407_outcome {
    A407_RESOLVED,   /* the program read an answer other than a refusal */
    A407_UNRESOLVED, /* we tried, and the program read a refusal */
    A407_OBSERVED,   /* mode observe, or level request: nothing was tried */
    A407_NOT_RETRIED /* nothing could be tried; the program read the 407 */
};

#define A407_EVENT_CHALLENGES 8
#define A407_EVENT_ATTEMPTS   8
#define A407_EVENT_PARENTS    16
#define A407_EVENT_ARGS       64

struct a407_event_challenge {
    char scheme[24];
    char realm[128];
    char algorithm[24]; /* Digest; empty if absent */
    bool stale;
};

struct a407_event_attempt {
    char scheme[12];     /* lower case; "" if none could be told */
    int status;          /* of the answer; 0: none came */
    int64_t duration_us; /* from the request sent to its answer's head */
    bool reconnected;
    bool stale;           /* sent again because a nonce was stale */
    char credential[160]; /* the label of where it stands, never its value */
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
};

struct a407_event {
    int64_t time_us; /* of the 407, since the epoch; microseconds */
    enum a407_outcome outcome;
    enum a407_cause cause;
    char detail[160];           /* evidence in words, or empty */
    struct a407_endpoint proxy; /* as configured */
    char peer[64];              /* "ip:port" ("[v6]:port") connected to */
    struct a407_event_challenge challenges[A407_EVENT_CHALLENGES];
    size_t n_challenges;
    char method[24];
    char target[1024]; /* without userinfo, query, fragment */
    bool client_sent;  /* Proxy-Authorization came from the program */
    char client_scheme[24];
    char client_user[128]; /* Basic and Digest; empty if not told */
    int status;            /* the first answer */
    int final_status;      /* what the program read; 0: nothing */
    struct a407_event_attempt attempts[A407_EVENT_ATTEMPTS];
    size_t n_attempts; /* may exceed the array: then the last is cut off */
    struct a407_event_process process;
};

/* As in the log: "resolved", ... */
const char *a407_outcome_name(enum a407_outcome o);

/*
 * Appends one JSON object and "\n" to out. Every string is made valid UTF-8
 * (a bad byte becomes U+FFFD) and escaped (RFC 8259 section 7). Arguments are
 * redacted: userinfo and query of URLs, values of options and of fields that
 * carry secrets (--password X, --proxy-user X, -U X, -u X, Authorization: X,
 * Proxy-Authorization: X, Cookie: X, token=...). False: out->failed.
 * Allocates only in out.
 */
bool a407_event_json(const struct a407_event *e, struct a407_buf *out);

/*
 * The words of one command line without secrets, one at a time: `prev` is the
 * word before, or NULL. Writes at most cap - 1 bytes and a NUL. Used for logs.
 */
void a407_redact_arg(const char *prev, const char *arg, char *out, size_t cap);

/* JSON string with quotes, valid whatever the bytes are. */
void a407_json_string(struct a407_buf *out, struct a407_span s);

#endif
