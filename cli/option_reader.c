/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "msg.h"
#include "options.h"

/* Longer words are no misspelt names of ours; bounds the work and the stack. */
#define WORD_MAX 32

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be put in, left out, changed, or swapped with their
   neighbour. */
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

/* "--name" without the value that may follow: it could be a secret. */
static void say_unknown(const struct a407_option_reader *r, const char *word)
{
    const char *names[A407_OPTIONS_MAX], *near;
    size_t n = 0, i, len = strcspn(word, "=");
    char name[65] = "";

    for (i = 0; i < r->n; i++)
        if (r->options[i].in & r->in)
            names[n++] = r->options[i].name;
    memcpy(name, word, len < sizeof name ? len : sizeof name - 1);
    near = a407_suggest(name + strspn(name, "-"), names, n);
    if (near)
        a407_error("unknown option `%s`; did you mean `--%s`?", name, near);
    else
        a407_error("unknown option `%s`", name);
}

/* The option that `name` (n bytes) spells, or a letter; r->n: none. */
static size_t find(const struct a407_option_reader *r, const char *name,
                   size_t n, char letter)
{
    size_t i;

    for (i = 0; i < r->n; i++)
        if (letter ? r->options[i].letter == letter
                   : strlen(r->options[i].name) == n &&
                         memcmp(r->options[i].name, name, n) == 0)
            break;
    return i;
}

/* "--name", "--name=value" or "--name" "value". */
static int read_long(struct a407_option_reader *r)
{
    const char *word = *r->argv++, *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    size_t id = find(r, word + 2, n - 2, 0);
    const struct a407_option *o = &r->options[id];

    if (id == r->n) {
        say_unknown(r, word);
    } else if (!(o->in & r->in)) {
        a407_error("`--%s` is no option of `%s`", o->name, r->command);
    } else if (!o->value) {
        if (!equals)
            return (int)id;
        a407_error("`--%s` takes no value", o->name);
    } else if (equals) {
        r->value = equals + 1;
        return (int)id;
    } else if (*r->argv && strcmp(*r->argv, "--") != 0) {
        r->value = *r->argv++;
        return (int)id;
    } else {
        /* "--" is far more often a forgotten value than one that is meant */
        a407_error("`--%s` needs a value: --%s %s", o->name, o->name, o->value);
    }
    return A407_OPTION_WRONG;
}

/* "-qv": letters stand for flags only. */
static int read_letter(struct a407_option_reader *r)
{
    const char *word = *r->argv;
    char letter = word[++r->letters];
    size_t id = find(r, NULL, 0, letter);

    if (!word[r->letters + 1]) {
        r->letters = 0;
        r->argv++;
    }
    if (id < r->n)
        return (int)id;
    if (find(r, word + 1, strcspn(word + 1, "="), 0) < r->n)
        say_unknown(r, word);
    else
        a407_error("unknown option `-%c`", letter);
    return A407_OPTION_WRONG;
}

int a407_option_next(struct a407_option_reader *r)
{
    const char *word = *r->argv;

    r->value = "";
    if (!word || r->ended || word[0] != '-' || word[1] == '\0')
        return A407_OPTION_NONE; /* "-" alone is a word */
    if (word[1] != '-')
        return read_letter(r);
    if (word[2] != '\0')
        return read_long(r);
    r->ended = true;
    r->argv++;
    return A407_OPTION_NONE;
}

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
