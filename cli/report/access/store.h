/* SPDX-License-Identifier: MIT */
#ifndef A407_REPORT_ACCESS_STORE_H
#define A407_REPORT_ACCESS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/span.h"

/*
 * Where the two sides of a join wait: texts in one temporary file, and entries
 * of a fixed size that refer to them in another one, sorted. So the memory is
 * the same for a thousand lines and for a hundred million. The files have no
 * name, and lie in $TMPDIR or /tmp. Errors are sticky: after one (`error` is
 * an errno) writing does nothing and reading finds nothing.
 */

/* Texts. What add returned is what read wants. */
struct a407_access_texts {
    int fd;
    struct a407_buf pending; /* what is not in the file yet */
    uint64_t size;           /* of the file */
    int error;
};

#define A407_ACCESS_TEXT_MAX                                                   \
    ((size_t)131072) /* bytes; a longer one is lost                            \
                      */
#define A407_ACCESS_PENDING ((size_t)262144)

/* False: t->error is set. Allocates; free with _close. */
bool a407_access_texts_open(struct a407_access_texts *t);
void a407_access_texts_close(struct a407_access_texts *t);
uint64_t a407_access_texts_add(struct a407_access_texts *t,
                               struct a407_span text);
/* Replaces the content of `out`, whose maximum must be A407_ACCESS_TEXT_MAX at
   least. False: error. */
bool a407_access_texts_read(struct a407_access_texts *t, uint64_t ref,
                            struct a407_buf *out);

/* A text of several values. Numbers and strings alternate as written. */
void a407_access_put_number(struct a407_buf *out, int64_t n);
void a407_access_put_span(struct a407_buf *out, struct a407_span s);
/* Take one off at the start of `in`; 0 and an absent span at its end. */
int64_t a407_access_take_number(struct a407_span *in);
struct a407_span a407_access_take_span(struct a407_span *in);

/* What is compared, of one request as one of the sides knows it. */
struct a407_access_entry {
    uint64_t key;          /* a hash of what must be equal on both sides */
    int64_t at_us;         /* the moment that is compared */
    uint64_t ref;          /* of the text */
    uint64_t other;        /* of the other side's, or A407_ACCESS_NONE */
    int64_t record_us;     /* the time of the record, of which it is a part */
    int64_t difference_us; /* the proxy's time less ours */
    uint64_t user;         /* a hash of the name, 0: none */
    uint16_t port;         /* 0: not told */
    uint8_t leg;           /* 0: the program's own request; n: attempt n */
    uint8_t flags;
    uint32_t unused; /* so that nothing undefined gets into a file */
};

#define A407_ACCESS_NONE UINT64_MAX

enum {
    A407_ACCESS_IS_407 = 1,
    A407_ACCESS_SELECTED = 2,   /* the report is on it */
    A407_ACCESS_UNRESOLVED = 4, /* the program was left with the refusal */
    A407_ACCESS_COARSE = 8,     /* at_us is the middle of a whole second */
    A407_ACCESS_BY_PORT = 16,   /* matched, and the ports were equal */
    A407_ACCESS_PORT_ONLY = 32  /* only a line of the same port will do */
};

#define A407_ACCESS_RUN    32768 /* entries sorted in memory: 2 MiB */
#define A407_ACCESS_FAN    32    /* sorted runs that become one longer run */
#define A407_ACCESS_LEVELS 6

struct a407_access_run {
    uint64_t begin, n; /* in entries of the file */
};

/*
 * Entries in the order of key, at_us, ref, leg. Add them all, then go through
 * them once or several times. The memory is at most some 4 MiB.
 */
struct a407_access_sort {
    int fd;                        /* -1: none was needed yet */
    struct a407_access_entry *buf; /* owned */
    size_t n, at;                  /* in buf; the next one of a pass */
    struct a407_access_run runs[A407_ACCESS_LEVELS][A407_ACCESS_FAN];
    size_t n_runs[A407_ACCESS_LEVELS];
    uint64_t written;                           /* entries in the file */
    struct a407_access_cursor *cursors, **heap; /* owned */
    size_t n_heap;
    uint64_t count; /* entries in all */
    int error;
};

bool a407_access_sort_open(struct a407_access_sort *s);
void a407_access_sort_close(struct a407_access_sort *s);
void a407_access_sort_add(struct a407_access_sort *s,
                          const struct a407_access_entry *e);
/* To the first entry; after the last add, and again for another pass. */
void a407_access_sort_rewind(struct a407_access_sort *s);
/* False: no more, or an error (s->error). */
bool a407_access_sort_next(struct a407_access_sort *s,
                           struct a407_access_entry *out);

#endif
