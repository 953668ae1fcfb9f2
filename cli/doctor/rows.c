/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

const char *const a407_sections[A407_SECTIONS] = {
    "configuration", "credential", "endpoint", "challenge", "trial", "command"};

static const struct {
    enum a407_section section;
    enum a407_status status;
    const char *code, *sentence, *remedy;
} findings[A407_FINDINGS] = {
#define A407_DOCTOR_FINDING(id, section, status, code, sentence, remedy)       \
    {A407_IN_##section, A407_##status, code, sentence, remedy},
#include "findings.def"
#undef A407_DOCTOR_FINDING
};

__attribute__((format(printf, 3, 0))) static struct a407_row *
add(struct a407_rows *rows, const char *what, const char *seen, va_list ap)
{
    struct a407_row *row = &rows->spare;

    if (rows->n == rows->cap) {
        size_t cap = rows->cap ? 2 * rows->cap : 32;
        struct a407_row *more = reallocarray(rows->row, cap, sizeof *row);

        if (more) {
            rows->row = more;
            rows->cap = cap;
        }
    }
    if (rows->n < rows->cap)
        row = &rows->row[rows->n++];
    *row = (struct a407_row){.found = A407_FINDINGS};
    snprintf(row->what, sizeof row->what, "%s", what);
    vsnprintf(row->seen, sizeof row->seen, seen, ap);
    return row;
}

struct a407_row *a407_row_good(struct a407_rows *rows, enum a407_section in,
                               const char *what, const char *seen, ...)
{
    va_list ap;
    struct a407_row *row;

    va_start(ap, seen);
    row = add(rows, what, seen, ap);
    va_end(ap);
    row->section = in;
    return row;
}

struct a407_row *a407_row_found(struct a407_rows *rows, enum a407_finding_id id,
                                const char *what, const char *seen, ...)
{
    va_list ap;
    struct a407_row *row;

    va_start(ap, seen);
    row = add(rows, what, seen, ap);
    va_end(ap);
    row->section = findings[id].section;
    row->status = findings[id].status;
    row->found = id;
    row->code = findings[id].code;
    a407_row_sentence(row, "%s", findings[id].sentence);
    a407_row_remedy(row, "%s", findings[id].remedy);
    return row;
}

struct a407_row *a407_row_cause(struct a407_rows *rows, enum a407_cause cause,
                                const char *what, const char *detail)
{
    const struct a407_cause_info *info = a407_cause_info(cause);
    const char *seen = *detail ? detail : info->meaning;
    struct a407_row *row;

    if (cause == A407_CAUSE_NONE)
        return a407_row_good(rows, A407_IN_TRIAL, what, "%s", seen);
    row = a407_row_found(rows, A407_FOUND_CAUSE, what, "%s", seen);
    row->code = info->code;
    a407_row_sentence(row, "%s", info->meaning);
    a407_row_remedy(row, "%s", info->remedy);
    return row;
}

void a407_row_remedy(struct a407_row *row, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(row->remedy, sizeof row->remedy, fmt, ap);
    va_end(ap);
}

void a407_row_sentence(struct a407_row *row, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(row->sentence, sizeof row->sentence, fmt, ap);
    va_end(ap);
}

struct a407_row *a407_row_last(struct a407_rows *rows)
{
    return rows->n ? &rows->row[rows->n - 1] : &rows->spare;
}

const struct a407_row *a407_rows_verdict(const struct a407_rows *rows)
{
    const struct a407_row *best = NULL, *row;
    size_t i;

    for (i = 0; i < rows->n; i++) {
        row = &rows->row[i];
        if (row->status == A407_FAILURE && (!best || row->found < best->found))
            best = row;
    }
    return best;
}

void a407_rows_relax(struct a407_rows *rows, enum a407_finding_id id)
{
    for (size_t i = 0; i < rows->n; i++)
        if (rows->row[i].found == id)
            rows->row[i].status = A407_NOTE;
}

void a407_rows_free(struct a407_rows *rows)
{
    free(rows->row);
    *rows = (struct a407_rows){0};
}
