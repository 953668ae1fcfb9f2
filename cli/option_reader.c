/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "msg.h"
#include "options.h"

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
