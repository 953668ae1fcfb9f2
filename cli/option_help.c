/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "options.h"

#define WIDTH  79 /* some terminals break a full line of 80 */
#define COLUMN 30 /* where the options' texts begin */

/* Words at `column` and below each other; the line is at `at` already. */
static size_t put_words(FILE *f, const char *text, size_t at, size_t column)
{
    while (*text) {
        size_t n = strcspn(text, " ");

        if (at > column && at + 1 + n > WIDTH) {
            fputc('\n', f);
            at = 0;
        }
        if (at < column)
            at += (size_t)fprintf(f, "%*s", (int)(column - at), "");
        else if (at > column)
            at += (size_t)fprintf(f, " ");
        at += (size_t)fprintf(f, "%.*s", (int)n, text);
        text += n + strspn(text + n, " ");
    }
    return at;
}

void a407_help_option(FILE *f, const struct a407_option *o)
{
    size_t at;

    if (o->letter)
        at = (size_t)fprintf(f, "  -%c, --%s", o->letter, o->name);
    else
        at = (size_t)fprintf(f, "      --%s", o->name);
    if (o->value)
        at += (size_t)fprintf(f, " %s", o->value);
    if (at >= COLUMN) {
        fputc('\n', f);
        at = 0;
    }
    at = put_words(f, o->help, at, COLUMN);
    if (o->variable) {
        /* kept in one piece, so that it can be searched for */
        if (at + strlen(o->variable) + 3 > WIDTH) {
            fputc('\n', f);
            at = 0;
        }
        fprintf(f, "%*s(%s)", at ? 1 : COLUMN, "", o->variable);
    }
    fputc('\n', f);
}
