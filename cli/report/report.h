/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_H
#define A407_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What uthash does when memory runs out: the item is left out of the table. */
#define HASH_NONFATAL_OOM         1
#define uthash_nonfatal_oom(item) ((item)->key = NULL)
#include <uthash.h>

#include "cli/term.h"
#include "core/base/bytes.h"
#include "core/base/cause.h"
#include "core/base/span.h"
#include "core/record/event.h"

struct a407_last_run;

/* A file of the source that goes into the program as it is: a string. */
#define A407_EMBED(name, path)                                                 \
    __asm__(".section .rodata\n.global " #name "\n.hidden " #name "\n" #name   \
            ": .incbin \"" path "\"\n.byte 0\n.previous\n");                   \
    extern const char name[]

/* The hash goes on with a text and its end. */
static inline uint64_t a407_hash_text(uint64_t h, struct a407_span s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        h = a407_hash_byte(h, (unsigned char)s.p[i]);
    return a407_hash_byte(h, 0);
}

/* `auth407 report`: what log lines add up to, in memory that does not grow with
   their number. The outputs read it after a407_report_finish. Strings are as
   the log has them, of any bytes but NUL: an output escapes what it writes. */

#define A407_REPORT_KEYS     2000 /* distinct keys of one table */
#define A407_REPORT_FINDINGS 4000 /* distinct findings; DROPPED first */
#define A407_REPORT_KEY_MAX  512  /* bytes of a key; a longer one is cut */
#define A407_REPORT_BUCKETS  480  /* of the timeline */
#define A407_REPORT_OUTCOMES 4    /* indexed by enum a407_outcome */

/* A request of ours, as far as the proxy's own log is compared with it. */
struct a407_report_attempt {
    int status;          /* of its answer; 0: none came */
    int64_t duration_us; /* from the request to its answer's head */
    int local_port;      /* 0: not told */
};

/* One line of the log. Spans are unescaped UTF-8 without NUL, and live until
   the next line is read; p == NULL: not in the line, or null. */
#define A407_REPORT_TEXTS 14 /* besides the command line */
struct a407_report_record {
    int64_t time_us; /* since the epoch, microseconds */
    enum a407_outcome outcome;
    enum a407_cause cause_id; /* A407_CAUSE_COUNT: unknown here */
    union {
        struct a407_span texts[A407_REPORT_TEXTS + A407_EVENT_ARGS];
        struct {
            struct a407_span cause; /* the code, even one that is unknown */
            struct a407_span detail, proxy_address, method, target;
            struct a407_span client_scheme, client_user;
            struct a407_span sent_before; /* "connection", "program", "never" */
            struct a407_span credential, user; /* of the last attempt */
            struct a407_span host;             /* the machine's name */
            struct a407_span run;              /* the start of auth407 */
            struct a407_span executable, module;
            struct a407_span args[A407_EVENT_ARGS]; /* of the command line */
        };
    };
    size_t n_args;
    int proxy_port;
    int local_port;   /* the program's end of the connection; 0: not told */
    unsigned offered; /* bits of enum a407_scheme_id, also of the unknown one */
    a407_lint_set lint;
    int resend_count; /* the program repeats what met so many 407s before */
    bool client_sent;
    int status, final_status; /* 0: none */
    size_t n_attempts;        /* of ours; may exceed the array */
    struct a407_report_attempt attempts[A407_EVENT_ATTEMPTS];
    int64_t pid, lost; /* lines lost before this one */
    bool met_407;      /* false: a request that level `request` wrote */
    bool unresolved;   /* the program was left with the refusal */
};

/* How often, how it ended, and when. */
struct a407_report_tally {
    uint64_t total;
    uint64_t outcome[A407_REPORT_OUTCOMES];
    uint64_t unresolved; /* the program was left with the refusal */
    int64_t first_us, last_us;
};

enum a407_report_table_id {
    A407_REPORT_BINARY, /* path, and in parentheses the script that it runs */
    A407_REPORT_MODULE, /* caller.module */
    A407_REPORT_PROXY,  /* host:port, [host]:port for IPv6 */
    A407_REPORT_CAUSE,  /* code */
    A407_REPORT_USER,   /* whom it sent, or the label of our credential */
    A407_REPORT_KEYED,  /* so many tables have a key of each record */
    A407_REPORT_MESSAGE = A407_REPORT_KEYED, /* of auth407: its message */
    A407_REPORT_NOT_COVERED, /* path, and in parentheses the reason */
    A407_REPORT_FINDING,
    A407_REPORT_TABLES
};

/* How a finding is told: the first group answers "who dropped the header". */
enum a407_report_group {
    A407_REPORT_DROPPED,    /* dropped_by_client */
    A407_REPORT_NEVER_SENT, /* not_sent_first, not_sent_by_client,
                               no_credential */
    A407_REPORT_OTHER,
    A407_REPORT_GROUPS
};

/* A row of a table, told from others by a key; in the table of findings, what
   is to be fixed: one cause in one program, module and proxy. */
#define A407_REPORT_ROW_TEXTS 11 /* of a finding; four tell it from others */
struct a407_report_row {
    union {
        const char *texts[A407_REPORT_ROW_TEXTS]; /* in one block, which the
                                                     first one begins */
        const char *key;
        struct {
            const char *cause;  /* the code */
            const char *binary; /* the key of A407_REPORT_BINARY */
            const char *module; /* "" if not told */
            const char *proxy;  /* the key of A407_REPORT_PROXY */
            /* of the first such line: */
            const char *path;   /* of the executable, without the script */
            const char *script; /* "" without one */
            const char *host;
            const char *detail;     /* "" without one */
            const char *credential; /* where ours stands; "" without one */
            const char *command;    /* for a shell; "" if it is not known */
            const char *machine;    /* its host name, "" if not told */
        };
    };
    struct a407_report_tally tally;
    UT_hash_handle hh; /* private to model.c, until the rows are sorted */
    /* of a finding: */
    enum a407_cause cause_id;
    int port;
    unsigned offered;        /* schemes, as in the record */
    a407_lint_set lint;      /* what looked wrong, in any such line */
    uint64_t after_sending;  /* it had sent a header before: dropped on reuse */
    uint64_t weight;         /* all 407s of this cause and binary */
    bool whole;              /* the command can be typed: nothing is left out */
    size_t program;          /* their number in their group, from 1 */
    enum a407_cause else_is; /* of one that was not asked by itself: what
                                another finding shows it to do, or NONE */
};

/* Sorted after a407_report_finish: most 407s first, then by key; findings by
   cause (dropped header first), by how often per binary, then the rest. */
struct a407_report_table {
    const char *name; /* "binary", ... */
    struct a407_report_row *rows;
    size_t n, most; /* rows that there are, and that are kept */
    /* what is beyond them; total == 0: nothing */
    struct a407_report_tally others;
    struct a407_report_row *index; /* private to model.c */
};

/* 407s over time. Bucket i begins at start_us + i * width_us: at a round time
   of the local clock, as it was at the first 407 that was read. */
struct a407_report_timeline {
    int64_t start_us, width_us;
    int64_t zone_us; /* the local clock is so far ahead of UTC */
    size_t n;        /* buckets in use; 0: no 407 */
    uint64_t count[A407_REPORT_BUCKETS][A407_REPORT_OUTCOMES];
};

/* What lines are that can't be counted, in words. */
#define A407_REPORT_NEWER_LINE   "of a newer version of auth407"
#define A407_REPORT_UNKNOWN_LINE "of a kind that this version does not know"

/* What was read. */
#define A407_REPORT_COUNTS 12 /* of which the JSON tells */
struct a407_report_input {
    union {
        uint64_t counts[A407_REPORT_COUNTS];
        struct {
            uint64_t files, bytes, lines;
            uint64_t torn;    /* no JSON object: cut off, or no log at all */
            uint64_t foreign; /* JSON, but nothing that this version can read */
            uint64_t newer;   /* of them, lines of a later schema of ours */
            uint64_t unknown; /* of them, lines of ours by an unknown event */
            uint64_t problems;    /* lines on a problem of auth407 itself */
            uint64_t not_covered; /* lines on a program that we can't reach */
            uint64_t without_407; /* requests that met no 407 */
            uint64_t filtered;    /* 407s that the filters left out */
            uint64_t lost; /* lines that could not be written, says the log */
        };
    };
    uint64_t ours; /* lines that are to be in a log of this version */
};

struct a407_report {
    struct a407_report_input input;
    struct a407_report_tally all; /* total: 407s that the report is on */
    struct a407_report_table tables[A407_REPORT_TABLES];
    size_t programs[A407_REPORT_GROUPS]; /* with findings, after finish */
    struct a407_report_timeline timeline;
    bool out_of_memory;
};

/* Empty. False: memory ran out. Allocates. */
bool a407_report_init(struct a407_report *r);
void a407_report_free(struct a407_report *r);

/* Counts one 407 that passed the filters. */
void a407_report_add(struct a407_report *r, const struct a407_report_record *l);

/* Counts one line on a problem of auth407 itself. */
void a407_report_add_problem(struct a407_report *r, int64_t time_us,
                             struct a407_span message);

/* Counts one program that the library can't work in. */
void a407_report_add_not_covered(struct a407_report *r,
                                 const struct a407_report_record *l,
                                 struct a407_span reason);

/* Sorts; to be called once, before an output. */
void a407_report_finish(struct a407_report *r);

enum a407_report_group a407_report_group(const struct a407_report_row *f);

/* Causes that ask for nothing: the client answered by itself, a stale nonce. */
bool a407_report_is_fine(enum a407_cause c);

#define A407_ADVICE_LINE 1024 /* bytes */

/* What to do about a finding. In lines USER and PASSWORD stand for the login,
   and COMMAND for the client's command line. Needs no freeing; texts may be the
   finding's; "" is none. */
struct a407_report_advice {
    char text[640];              /* a sentence or two */
    char line[A407_ADVICE_LINE]; /* what to type or to add, maybe several */
    const char *where;           /* its file, or a word of fixes.def */
    /* of auth407: the same without touching the client */
    char command[A407_ADVICE_LINE];
};

void a407_report_advise(const struct a407_report_row *f,
                        struct a407_report_advice *out);

/* One of these lines with this command, unless it is "", in COMMAND's place. */
void a407_report_typed(const char *line, const char *command, char *out,
                       size_t cap);

/* What an option gave that may be repeated. */
#define A407_REPORT_LIST_MAX 64
struct a407_report_list {
    const char *p[A407_REPORT_LIST_MAX];
    size_t n;
};

/* A range that is open at that end. */
#define A407_TIME_FIRST INT64_MIN
#define A407_TIME_LAST  INT64_MAX

/* RFC 3339 section 5.6; a blank or "_" may stand for the "T". False: none. */
bool a407_report_time_rfc3339(struct a407_span s, int64_t *us);

/*
 * What --since and --until take: RFC 3339; "2026-11-21", "2026-11-21 14:03",
 * "14:03:05" in the local time zone; now, today, yesterday; an age such as 90s,
 * 2h, 3d, 1w or 1h30m. RFC 3339 may lack the seconds here. A day given as an
 * end (`until`) includes that day, a minute that minute, a second that second.
 * `now_us` is the clock. False: it is none of them.
 */
bool a407_report_time_parse(const char *text, int64_t now_us, bool until,
                            int64_t *us);

/* "2026-11-21T14:03:05Z" (RFC 3339), or "2026-11-21 14:03:05" of the local time
   zone. */
void a407_report_time_show(bool utc, int64_t us, char out[static 32]);

/*
 * Joins 407s with the proxy's own log (access/), in a temporary database in
 * $TMPDIR: the memory does not grow with the logs. Errors are said on standard
 * error. Open finds out if the files can be read; NULL: one can't. Record is
 * told each 407 that the report is on, and each that a filter other than that
 * of the time left out (`selected` false), or its line in the proxy's log would
 * look like one of a program without a record. Finish follows the last record:
 * reads the files and compares. Then each output writes its section: text with
 * its heading, JSON as one value, CSV as rows. With `most` JSON is that of a
 * page: so many rows of each kind, and the sums in words. ok: no output failed.
 */
#define A407_REPORT_TOLERANCE_US ((int64_t)2000000)

struct a407_report_access;
struct a407_report_access_options {
    struct a407_report_list files;
    int64_t tolerance_us;       /* between both clocks, besides an offset */
    int64_t since_us, until_us; /* as those of the records */
};
struct a407_report_access *
a407_report_access_open(const struct a407_report_access_options *o);
void a407_report_access_record(struct a407_report_access *a,
                               const struct a407_report_record *l,
                               bool selected);
bool a407_report_access_finish(struct a407_report_access *a);
void a407_report_access_text(struct a407_report_access *a,
                             const struct a407_term *t);
void a407_report_access_json(struct a407_report_access *a, FILE *f,
                             size_t most);
void a407_report_access_csv(struct a407_report_access *a, FILE *f);
bool a407_report_access_ok(const struct a407_report_access *a);
void a407_report_access_free(struct a407_report_access *a);

/* The outputs. `access` may be NULL; `top`: how many rows a table shows, 0 for
   all. Errors of the stream are its own. */
struct a407_report_view {
    const struct a407_report *report;
    struct a407_report_access *access;
    size_t top;
    bool tables; /* text: all of it, not only what is to be done */
    const struct a407_last_run *last; /* only that is in it, or NULL */
    const char *filters;              /* the filters in words, or "" */
};

void a407_report_text(const struct a407_report_view *v,
                      const struct a407_term *t);
/* What still fails and the line that mends it, on a screen; with `top` 0 all of
   it. */
void a407_report_brief(const struct a407_report_view *v,
                       const struct a407_term *t);
/* For a page: `top` programs of each group with all their findings, and so many
   rows of the join. */
void a407_report_json(const struct a407_report_view *v, bool page, FILE *f);
void a407_report_csv(const struct a407_report_view *v, FILE *f);
/* False: memory ran out. */
bool a407_report_html(const struct a407_report_view *v, FILE *f);

#endif
