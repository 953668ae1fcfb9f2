/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_WIRE_H
#define A407_DOCTOR_WIRE_H

#include "cli/stream.h"
#include "core/base/span.h"

/* One question to a server that may be anything, and what it says to it. */

/* Zeros: nothing was asked. */
struct a407_answer {
    char *bytes; /* as they came: head, and the body's first 16 KiB; or NULL */
    size_t n, head;
    int status;    /* 0: no HTTP */
    int64_t at_us; /* when it was asked for: since the epoch, microseconds */
    struct a407_endpoint source; /* this end; port 0: not known */
    int error; /* why there is no more of it: an errno; 0: it ended */
};

/* Connects, sends the bytes and reads the answer, within `ms` milliseconds; of
   a body what comes soon. `out` is freed with a407_answer_free. */
void a407_wire_ask(const struct a407_peer *to, struct a407_span bytes, int ms,
                   struct a407_answer *out);

/* Takes bytes for an answer: its head and status. `bytes` is malloc()'s. */
void a407_answer_read(struct a407_answer *a, char *bytes, size_t n);

/* Is it all within the n bytes, by what its head says of the body? */
bool a407_answer_whole(const char *bytes, size_t n, size_t head);

void a407_answer_free(struct a407_answer *a);

/* The value of the first field of that name; p NULL: there is none. */
struct a407_span a407_answer_field(const struct a407_answer *a,
                                   const char *name);

/* Does a field of that name hold the word, in any case? */
bool a407_answer_has(const struct a407_answer *a, const char *name,
                     const char *word);

/* The realm of its first challenge, or "". */
void a407_answer_realm(const struct a407_answer *a, char *out, size_t cap);

struct a407_span a407_answer_body(const struct a407_answer *a);

/* The first place of the word in the text, in any case of ASCII; or NULL. */
const char *a407_text_find(struct a407_span text, const char *word);

#endif
