/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_READ_H
#define A407_REPORT_READ_H

#include <limits.h>

#include "cli/report/model/model.h"

/* Bytes into lines. Of a line only so much is handed on: several times what the
   library ever writes. */
#define A407_LINE_MAX ((size_t)1 << 20)

/* One line without its end, to be written to. False: enough has been read. */
typedef bool a407_line_fn(void *ctx, char *line, size_t n);

struct a407_splitter {
    char *p; /* A407_LINE_MAX bytes */
    size_t n;
    bool skipping;  /* the rest of a line that is too long */
    bool packed;    /* it begins as what gzip has made */
    uint64_t bytes; /* read in all */
    a407_line_fn *line;
    void *ctx;
};

/* False: memory ran out. Allocates. */
bool a407_splitter_init(struct a407_splitter *s, a407_line_fn *line, void *ctx);
void a407_splitter_free(struct a407_splitter *s);

enum a407_read {
    A407_READ_MORE,  /* lines were read; there may be more */
    A407_READ_END,   /* the end, for now */
    A407_READ_STOP,  /* `line` wants no more */
    A407_READ_FAILED /* errno tells why */
};

/* One read(2) from fd, and the lines that are complete with it. Blocks. */
enum a407_read a407_splitter_read(struct a407_splitter *s, int fd);

/* Hands on the line without an end that is left at the end of a file. */
bool a407_splitter_flush(struct a407_splitter *s);

/* All lines of a file, or of standard input ("-"), which messages call `what`
   and `path`. Of *s its sums stay. False: it can't be read, or memory ran out,
   said on standard error; or `line` wants no more. Blocks and allocates. */
bool a407_read_lines(struct a407_splitter *s, const char *what,
                     const char *path, a407_line_fn *line, void *ctx);

/* One line of the log into a record. JSON is read strictly (RFC 8259); keys
   that are not known are skipped, so that later versions may add some. Reading
   begins at the first "{": syslog daemons put something in front. */

enum a407_report_kind {
    A407_REPORT_EXCHANGE, /* `out` is filled in */
    A407_REPORT_PROBLEM,  /* of auth407 itself: `message` and time_us */
    A407_REPORT_BEYOND,   /* a program that is not covered: the process, time_us
                             and, in `message`, the reason */
    A407_REPORT_FOREIGN,  /* JSON, but none of auth407's */
    A407_REPORT_NEWER,    /* of a later schema */
    A407_REPORT_UNKNOWN,  /* of this schema, by an event that is new to it */
    A407_REPORT_TORN,     /* no JSON object */
    A407_REPORT_NO_MEMORY
};

struct a407_report_parser;

/* NULL: memory ran out. Freed with a407_report_parser_free (NULL is fine). */
struct a407_report_parser *a407_report_parser_new(void);
void a407_report_parser_free(struct a407_report_parser *p);

/*
 * Reads n bytes, without the line end. Spans in *out and *message live in the
 * parser until the next call. yajl allocates while it reads; nothing is kept.
 */
enum a407_report_kind a407_report_parse(struct a407_report_parser *p,
                                        const char *line, size_t n,
                                        struct a407_report_record *out,
                                        struct a407_span *message);

/* What happens to each line on its way into the report. */
struct a407_report_run {
    struct a407_report report;
    struct a407_report_parser *parser;
    struct a407_pending pending;
    const struct a407_filter *filter;
    struct a407_report_access *access; /* or NULL */
    /* Told each 407 that passed, and its JSON (n bytes); or NULL. */
    void (*each)(void *ctx, const struct a407_report_record *l,
                 const char *json, size_t n);
    void *ctx;
};

/* False: memory ran out, nothing is to be freed. Allocates. */
bool a407_report_run_init(struct a407_report_run *r,
                          const struct a407_filter *filter);
void a407_report_run_free(struct a407_report_run *r);

/* An a407_line_fn, with the run as ctx. A line that another one was written
   into is counted as torn, and the last record in it is read. */
bool a407_report_line(void *run, char *text, size_t n);

/* After the last line: counts what was held back, and sorts. */
void a407_report_run_finish(struct a407_report_run *r);

/*
 * Reads what is added to files, and if `from_start` what they hold already,
 * until SIGINT or SIGTERM, or until standard input ("-") and pipes without a
 * name were all and have ended. A FIFO may have one writer after the other. A
 * file that is renamed or removed is read to its end, then the new one of that
 * name; one that got shorter, or begins in another way, from its beginning; one
 * that is not there yet is waited for. False: said on standard error. Blocks,
 * and looks five times a second: what comes and goes between is not seen.
 */
bool a407_report_follow(struct a407_report_run *r, const char *const *files,
                        size_t n, bool from_start);

#endif
