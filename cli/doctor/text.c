/* SPDX-License-Identifier: MIT */
#include "doctor.h"

static void write_row(const struct a407_row *row, const struct a407_term *t)
{
    static const char *const marks[] = {"ok", "-", "warning", "FAILED"};
    char line[600];

    fprintf(t->f, "  %-8s", marks[row->status]);
    snprintf(line, sizeof line, "%s: %s", row->what, row->seen);
    a407_term_wrap(t, line, 10, 10);
    if (row->status >= A407_WARNING && *row->remedy)
        a407_term_say(t, 10, 14, "do: %s", row->remedy);
}

static void write_section(const struct a407_rows *rows, enum a407_section in,
                          const struct a407_term *t)
{
    char title[24] = "";

    for (size_t i = 0; i < rows->n; i++) {
        if (rows->row[i].section != in)
            continue;
        if (!*title) {
            snprintf(title, sizeof title, "%s", a407_sections[in]);
            *title -= 'a' - 'A';
            a407_term_heading(t, title);
        }
        write_row(&rows->row[i], t);
    }
}

void a407_doctor_write_text(const struct a407_doctor *d,
                            const struct a407_term *t)
{
    const struct a407_row *verdict = a407_rows_verdict(&d->rows);
    int in;

    a407_term_say(t, 0, 2, "%s%s%s%s", d->at, *d->at ? ": " : "",
                  verdict    ? verdict->sentence
                  : d->works ? "works: "
                             : "It can't be told whether it works.",
                  !verdict && d->works ? d->how : "");
    if (verdict && *verdict->remedy)
        a407_term_say(t, 0, 4, "do: %s", verdict->remedy);
    for (in = 0; in < A407_SECTIONS; in++)
        write_section(&d->rows, (enum a407_section)in, t);
}
