/* SPDX-License-Identifier: MIT */
#include <stdio.h>
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

const char *const a407_commands[A407_COMMANDS] = {
#define A407_COMMAND(id, name, about) name,
#include "commands.def"
#undef A407_COMMAND
};

enum a407_command a407_command_find(const char *word)
{
    size_t i = 0;

    while (i < A407_COMMANDS && strcmp(word, a407_commands[i]) != 0)
        i++;
    return (enum a407_command)i;
}

const struct a407_option a407_options[A407_OPT_COUNT] = {
#define A407_OPTION(id, name, letter, value, kind, variable, in, help)         \
    {name, letter, value, A407_KIND_##kind, variable, A407_OPT_IN_##in, help},
#include "options.def"
#undef A407_OPTION
};

/* "--name" without the value that may follow: it could be a secret. */
static int say_unknown(const struct a407_option_reader *r, const char *word)
{
    const char *names[A407_OPT_COUNT], *near;
    size_t n = 0, i, len = strcspn(word, "=");
    char name[65] = "";

    for (i = 0; i < A407_OPT_COUNT; i++)
        if (a407_options[i].in & A407_OPT_IN(r->command))
            names[n++] = a407_options[i].name;
    memcpy(name, word, len < sizeof name ? len : sizeof name - 1);
    near = a407_suggest(name + strspn(name, "-"), names, n);
    if (near)
        a407_error("unknown option `%s`; did you mean `--%s`?", name, near);
    else
        a407_error("unknown option `%s`", name);
    return A407_OPTION_WRONG;
}

static int say_foreign(const struct a407_option_reader *r, const char *word,
                       size_t n)
{
    a407_error("`%.*s` is no option of `%s`", (int)n, word,
               a407_commands[r->command]);
    return A407_OPTION_WRONG;
}

/* The option that `name` (n bytes) spells, or its first letter stands for: the
   command's, else that of another one; A407_OPT_COUNT: none. */
static size_t find(enum a407_command command, const char *name, size_t n,
                   bool letter)
{
    size_t i, foreign = A407_OPT_COUNT;
    const struct a407_option *o;

    for (i = 0; i < A407_OPT_COUNT; i++) {
        o = &a407_options[i];
        if (letter ? o->letter != *name
                   : strlen(o->name) != n || memcmp(o->name, name, n) != 0)
            continue;
        if (o->in & A407_OPT_IN(command))
            return i;
        foreign = i;
    }
    return foreign;
}

/* "--name", "--name=value" or "--name" "value". */
static int read_long(struct a407_option_reader *r)
{
    const char *word = *r->argv++, *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    size_t id = find(r->command, word + 2, n - 2, false);
    const struct a407_option *o = &a407_options[id];

    if (id == A407_OPT_COUNT)
        return say_unknown(r, word);
    if (!(o->in & A407_OPT_IN(r->command)))
        return say_foreign(r, word, n);
    if (!o->value && equals) {
        a407_error("`--%s` takes no value", o->name);
        return A407_OPTION_WRONG;
    }
    if (equals) {
        r->value = equals + 1;
    } else if (o->value && *r->argv && strcmp(*r->argv, "--") != 0) {
        r->value = *r->argv++;
    } else if (o->value) {
        /* "--" is far more often a forgotten value than one that is meant */
        a407_error("`--%s` needs a value: --%s %s", o->name, o->name, o->value);
        return A407_OPTION_WRONG;
    }
    return (int)id;
}

/* "-qv": letters stand for flags only. */
static int read_letter(struct a407_option_reader *r)
{
    const char *word = *r->argv;
    char letter[] = {'-', word[++r->letters], '\0'};
    size_t id = find(r->command, &letter[1], 1, true);

    if (!word[r->letters + 1]) {
        r->letters = 0;
        r->argv++;
    }
    if (id < A407_OPT_COUNT)
        return a407_options[id].in & A407_OPT_IN(r->command)
                   ? (int)id
                   : say_foreign(r, letter, 2);
    /* "-username" */
    id = find(r->command, word + 1, strcspn(word + 1, "="), false);
    return say_unknown(r, id < A407_OPT_COUNT ? word : letter);
}

int a407_option_next(struct a407_option_reader *r)
{
    const char *word = *r->argv;

    r->value = "";
    if (!word)
        return A407_OPTION_END;
    if (r->ended || word[0] != '-' || word[1] == '\0') {
        r->argv++;
        r->value = word; /* also "-" alone */
        return A407_OPTION_WORD;
    }
    if (word[1] != '-')
        return read_letter(r);
    if (word[2] != '\0')
        return read_long(r);
    r->ended = true;
    r->argv++;
    return a407_option_next(r);
}

int a407_option_take(struct a407_option_reader *r, const char **values)
{
    int id;

    do {
        id = a407_option_next(r);
        if (id >= 0 && id != A407_OPTION_WORD)
            values[id] = r->value;
    } while (id >= 0 && id != A407_OPTION_WORD && id != A407_OPT_HELP &&
             id != A407_OPT_HELP_ALL && id != A407_OPT_VERSION);
    return id;
}

bool a407_option_hint(enum a407_command c)
{
    if (c == A407_COMMANDS)
        a407_error("try `auth407 --help`");
    else
        a407_error("try `auth407 %s --help`", a407_commands[c]);
    return false;
}

int a407_option_choose(enum a407_option_id id, const char *word,
                       const char *const *list, size_t n)
{
    const char *option = a407_options[id].name;
    const char *near = a407_suggest(word, list, n);
    char words[96] = "";
    size_t i, at = 0;

    for (i = 0; i < n; i++) {
        if (strcmp(list[i], word) == 0)
            return (int)i;
        if (at < sizeof words)
            at += (size_t)snprintf(words + at, sizeof words - at, "%s%s",
                                   i == 0      ? ""
                                   : i + 1 < n ? ", "
                                               : " or ",
                                   list[i]);
    }
    if (at < sizeof words)
        a407_error("`--%s %s`: write %s", option, word, words);
    else if (near)
        a407_error("`--%s %s`: did you mean `%s`?", option, word, near);
    else
        a407_error("`--%s %s` is none of those that there are", option, word);
    return -1;
}
