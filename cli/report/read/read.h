/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_READ_H
#define A407_REPORT_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes into lines, whatever the pieces are that they come in. A line may have
 * A407_LINE_MAX bytes, several times what the library ever writes; of a longer
 * one only the first part is handed on.
 */
#define A407_LINE_MAX ((size_t)1 << 20)

/* One line without its end, which the function may write to. False: enough has
   been read. */
typedef bool a407_line_fn(void *ctx, char *line, size_t n);

struct a407_splitter {
    char *p; /* A407_LINE_MAX bytes */
    size_t n;
    bool skipping;  /* the rest of a line that is too long */
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

/*
 * All lines of fd, which messages call `name`. False: it can't be read, which
 * is said on standard error; or `line` wants no more, or memory ran out. *bytes
 * grows. Blocks and allocates.
 */
bool a407_read_lines(const char *name, int fd, a407_line_fn *line, void *ctx,
                     uint64_t *bytes);

/* Whether a line is how a file begins that gzip has made. */
bool a407_is_gzip(const char *line, size_t n);

#endif
