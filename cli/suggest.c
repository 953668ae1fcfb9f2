/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <string.h>

/* Longer words are no misspelt names of ours; bounds the work and the stack. */
#define WORD_MAX 32

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * How many letters must be put in, left out, changed, or swapped with their
 * neighbour: the usual slips of a typist.
 */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1], i, k, n = strlen(b);
    size_t *before = rows[0], *last = rows[1], *row = rows[2], *spare;

    for (k = 0; k <= n; k++)
        row[k] = k;
    for (i = 1; a[i - 1]; i++) {
        spare = before;
        before = last;
        last = row;
        row = spare;
        row[0] = i;
        for (k = 1; k <= n; k++) {
            row[k] = last[k - 1] + (a[i - 1] != b[k - 1]);
            row[k] = least_of(row[k], least_of(last[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                row[k] = least_of(row[k], before[k - 2] + 1);
        }
    }
    return row[n];
}

const char *a407_suggest(const char *word, const char *const *list, size_t n)
{
    const char *best = NULL;
    size_t least = 0, len = strlen(word), i;

    if (len < 2 || len > WORD_MAX)
        return NULL;
    for (i = 0; i < n; i++) {
        size_t d, longer = strlen(list[i]);

        if (longer > WORD_MAX)
            continue;
        /* a name that was cut short is nearer than any other */
        d = len < longer && strncmp(word, list[i], len) == 0
                ? 1
                : distance(word, list[i]);
        if (len > longer)
            longer = len;
        /* at most a third of the letters may differ, or it is a guess */
        if (d <= (longer + 2) / 3 && d <= 3 && (!best || d < least)) {
            best = list[i];
            least = d;
        }
    }
    return best;
}
