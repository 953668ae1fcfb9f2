/* SPDX-License-Identifier: MIT */
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>

#include "core/base/text.h"
#include "core/record/redact.h"
#include "place_read.h"
#include "places.h"

/* Far more than such files have. */
#define FILE_MAX ((size_t)1 << 20)
/* Files may include each other; far more than those of a row do. */
#define INCLUDES_MAX 100

const struct a407_tool a407_tools[A407_TOOLS] = {
#define A407_TOOL(id, name, port, several, guesses, remove_in, remove)         \
    {name, port, several, guesses, remove_in, remove},
#include "places.def"
};

static const struct key {
    enum a407_place_tool tool;
    const char *name;
    enum a407_place_field field;
    enum a407_place_for what;
} keys[] = {
#define A407_KEY(tool, name, field, what)                                      \
    {A407_TOOL_##tool, name, A407_##field, A407_FOR_##what},
#include "places.def"
};

static const struct row {
    enum a407_place_tool tool;
    enum a407_place_format format;
    const char *path;
} rows[] = {
#define A407_PLACE(tool, format, path)                                         \
    {A407_TOOL_##tool, A407_PLACE_##format, path},
#include "places.def"
};

struct scan {
    struct a407_place *first, **end;
    struct a407_place **at; /* the first of the row */
    const struct row *row;
    enum a407_place_format format; /* of what is read: the row's, or another */
    const char *path;
    unsigned included; /* files, of the row */
};

/* ---- what is set ---- */

/* Does the key fit? `scope` is what stands for the "*". */
static bool fits(const char *pattern, struct a407_span key,
                 struct a407_span *scope)
{
    const char *star = strchr(pattern, '*');
    size_t before = star ? (size_t)(star - pattern) : 0,
           after = star ? strlen(star + 1) : 0, i;
    char text[PATH_MAX];

    *scope = a407_span(NULL, 0);
    a407_put(text, sizeof text, key);
    for (i = 0; text[i]; i++)
        if (text[i] == '-')
            text[i] = '_';
    if (fnmatch(pattern, text, pattern[1] ? FNM_CASEFOLD : 0) != 0)
        return false;
    if (star)
        *scope = a407_span(key.p + before, key.n - before - after);
    return !star || scope->n;
}

/* The place of that scope in this file; a new one where there is none. */
static struct a407_place *place_of(struct scan *s, struct a407_span scope)
{
    struct a407_place *p;

    for (p = s->first; p; p = p->next)
        if (p->tool == s->row->tool && a407_same_text(p->path, s->path) &&
            (p->scope ? a407_span_eq(scope, p->scope) : !scope.p))
            return p;
    p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->tool = s->row->tool;
    p->path = a407_strdup_span(a407_span_str(s->path));
    p->scope = scope.p ? a407_strdup_span(scope) : NULL;
    *s->end = p;
    s->end = &p->next;
    return p;
}

static void keep(char **where, struct a407_span value)
{
    a407_free_secret(*where);
    *where = value.n ? a407_strdup_span(value) : NULL;
}

/* A URL, or a word that says that there is none, or none of its own. */
static void set_url(struct a407_setting *set, const struct row *row,
                    struct a407_span value)
{
    bool git = row->tool == A407_TOOL_GIT;

    set->off =
        a407_is_one_of_icase(value, "direct _none_") || (git && !value.n);
    if (set->off || a407_is_one_of_icase(value, "null false undefined"))
        value.n = 0;
    keep(&set->text[A407_URL], value);
}

static void set(struct a407_place *p, const struct scan *s,
                const struct key *key, const struct a407_place_line *l)
{
    struct a407_setting *set = &p->of[key->what];
    struct a407_span value = l->value, user = {NULL, 0};

    if (key->field <= A407_HOST || !set->line)
        set->line = l->line;
    if (key->field <= A407_HOST)
        keep(&set->text[A407_KEY_NAME], l->key);
    p->percent = p->percent || l->percent;
    switch (key->field) {
    case A407_URL:
        set_url(set, s->row, value);
        break;
    case A407_LOGIN:
        a407_span_cut(&value, ':', &user);
        keep(&set->text[A407_USER], user);
        keep(&set->text[A407_PASSWORD], value);
        break;
    case A407_ON:
        p->off = a407_is_one_of_icase(value, "off no 0 false");
        break;
    case A407_BYPASS:
        keep(&p->bypass, value);
        p->bypass_line = l->line;
        break;
    default:
        keep(&set->text[key->field], value);
    }
}

/* Of git what is set last counts, whichever file includes the other. */
static void set_last(struct scan *s, struct a407_place *p)
{
    struct a407_place **at = s->at;

    while (*at && *at != p)
        at = &(*at)->next;
    if (at == s->at || !*at)
        return;
    *at = p->next;
    if (!*at)
        s->end = at;
    p->next = *s->at;
    *s->at = p;
}

/* ---- files ---- */

static a407_place_fn take;

static void read_file(struct scan *s, const char *path)
{
    const char *from = s->path;
    struct a407_buf text;

    a407_buf_init(&text, FILE_MAX);
    s->path = path;
    if (a407_place_text(path, &text))
        a407_place_read(s->format, NULL, a407_span(text.p, text.n), take, s);
    s->path = from;
    a407_buf_free(&text);
}

/* Has the tool been read there already? */
static bool known(const struct scan *s, const char *path)
{
    const struct a407_place *p;

    for (p = s->first; p; p = p->next)
        if (p->tool == s->row->tool && p->path && strcmp(p->path, path) == 0)
            return true;
    return false;
}

static void read_paths(struct scan *s, const char *pattern)
{
    char path[PATH_MAX];
    glob_t found;
    size_t i;

    if (!a407_place_path(pattern, path))
        return;
    if (!strchr(path, '*')) {
        if (!known(s, path))
            read_file(s, path);
    } else if (glob(path, 0, NULL, &found) == 0) {
        for (i = 0; i < found.gl_pathc; i++)
            read_file(s, found.gl_pathv[i]);
        globfree(&found);
    }
}

/* A file beside this one, or anywhere. */
static void include(struct scan *s, struct a407_span value,
                    enum a407_place_format format)
{
    bool relative =
        !a407_span_begins(value, "/") && !a407_span_begins(value, "~");
    const char *slash = strrchr(s->path, '/');
    char path[PATH_MAX];

    if (!slash || s->included++ >= INCLUDES_MAX ||
        snprintf(path, sizeof path, "%.*s%.*s",
                 relative ? (int)(slash - s->path) + 1 : 0, s->path,
                 (int)value.n, value.p) >= PATH_MAX)
        return;
    s->format = format;
    read_paths(s, path);
    s->format = s->row->format;
}

/* Is it a line that includes a file? */
static void look_for_more(struct scan *s, const struct a407_place_line *l)
{
    struct a407_span value = l->value, condition;

    if (s->format == A407_PLACE_GIT &&
        (a407_span_ieq(l->key, "include.path") ||
         (fits("includeif.*.path", l->key, &condition) &&
          a407_git_condition(condition, s->path)))) {
        include(s, value, A407_PLACE_GIT);
    } else if (s->format == A407_PLACE_UNIT &&
               a407_span_ends(l->key, ".EnvironmentFile")) {
        if (a407_span_begins(value, "-")) /* it may be missing */
            a407_span_take(&value);
        if (a407_span_begins(value, "/"))
            include(s, value, A407_PLACE_NAMES);
    }
}

static const struct key *key_of(const struct scan *s, struct a407_span name,
                                struct a407_span *scope)
{
    size_t i;

    for (i = 0; i < sizeof keys / sizeof *keys; i++)
        if ((keys[i].tool == s->row->tool || keys[i].tool == A407_TOOL_ANY) &&
            fits(keys[i].name, name, scope))
            return &keys[i];
    return NULL;
}

static void take(void *ctx, const struct a407_place_line *l)
{
    struct scan *s = ctx;
    struct a407_span scope;
    const struct key *key = key_of(s, l->key, &scope);
    struct a407_place *p = key ? place_of(s, scope) : NULL;

    look_for_more(s, l);
    if (!p)
        return;
    set(p, s, key, l);
    if (s->format == A407_PLACE_GIT)
        set_last(s, p);
}

struct a407_place *a407_places_read(void)
{
    struct scan s = {0};
    size_t i;

    s.end = &s.first;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *path = rows[i].path, *value = getenv(path);

        s.row = &rows[i];
        s.format = s.row->format;
        s.at = s.end;
        s.included = 0;
        s.path = path;
        if (s.format < A407_PLACE_OPTIONS)
            read_paths(&s, path);
        else if (value)
            a407_place_read(s.format, path, a407_span_str(value), take, &s);
    }
    return s.first;
}

void a407_places_free(struct a407_place *p)
{
    struct a407_place *next;
    int i, k;

    for (; p; p = next) {
        next = p->next;
        for (i = 0; i < A407_FORS; i++)
            for (k = 0; k < A407_FIELDS; k++)
                a407_free_secret(p->of[i].text[k]);
        a407_free_secret(p->path);
        a407_free_secret(p->scope);
        a407_free_secret(p->bypass);
        free(p);
    }
}
