/* SPDX-License-Identifier: MIT */
#ifndef A407_DOCTOR_ROWS_H
#define A407_DOCTOR_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/cause.h"

/* What was found: a row for each check. */

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

/* "configuration", ... */
extern const char *const a407_sections[A407_SECTIONS];

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

/* The last one that was added; never NULL. */
struct a407_row *a407_row_last(struct a407_rows *rows);

/* The failure that is nearest to the root, or NULL. */
const struct a407_row *a407_rows_verdict(const struct a407_rows *rows);

/* No failure any more: what was found is no matter. */
void a407_rows_relax(struct a407_rows *rows, enum a407_finding_id id);

void a407_rows_free(struct a407_rows *rows);

#endif
