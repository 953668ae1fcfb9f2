/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/text.h"
#include "host/file_at.h"
#include "place_read.h"
#include "places.h"

/* Far more than such files have. */
#define FILE_MAX ((size_t)1 << 20)
/* Files may include each other. */
#define INCLUDES_MAX 30

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
enum { KEYS = sizeof keys / sizeof *keys };

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
    unsigned included; /* files, in all */
};

/* ---- what is set ---- */

static bool same_letter(char pattern, char c, bool exact)
{
    if (exact)
        return pattern == c;
    return a407_lower(pattern) == a407_lower(c) || (pattern == '_' && c == '-');
}

/* Does the key fit? `scope` is what stands for the "*". */
static bool fits(const char *pattern, struct a407_span key,
                 struct a407_span *scope)
{
    const char *star = strchr(pattern, '*');
    size_t n = strlen(pattern), before = star ? (size_t)(star - pattern) : n,
           after = n - before - (star != NULL), i;

    *scope = a407_span(NULL, 0);
    if (star ? key.n < before + after + 1 : key.n != n)
        return false;
    for (i = 0; i < before; i++)
        if (!same_letter(pattern[i], key.p[i], n == 1))
            return false;
    for (i = 0; i < after; i++)
        if (!same_letter(star[1 + i], key.p[key.n - after + i], false))
            return false;
    if (star)
        *scope = a407_span(key.p + before, key.n - before - after);
    return true;
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

static bool is_word(struct a407_span value, const char *const *words)
{
    for (; *words; words++)
        if (a407_span_ieq(value, *words))
            return true;
    return false;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A URL, or a word that says that there is none, or none of its own. */
static void set_url(struct a407_setting *set, const struct row *row,
                    struct a407_span value)
{
    bool git = row->tool == A407_TOOL_GIT;

    set->off = is_word(value, WORDS("direct", "_none_")) || (git && !value.n);
    if (set->off || is_word(value, WORDS("null", "false", "undefined")))
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
        p->off = is_word(value, WORDS("off", "no", "0", "false"));
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

bool a407_place_text(const char *path, struct a407_buf *out)
{
    int fd = a407_file_open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    ssize_t n = -1;

    if (fd < 0)
        return false;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        a407_buf_reserve(out, (size_t)st.st_size + 1))
        while ((n = read(fd, out->p + out->n, (size_t)st.st_size - out->n)) > 0)
            out->n += (size_t)n;
    close(fd);
    return n == 0;
}

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

bool a407_place_above(const char *name, char out[static PATH_MAX])
{
    char folder[PATH_MAX];
    char *end;

    if (!getcwd(folder, sizeof folder))
        return false;
    while (snprintf(out, PATH_MAX, "%s%s", folder[1] ? folder : "", name) >=
               PATH_MAX ||
           access(out, F_OK) != 0) {
        if (!folder[1])
            return false;
        end = strrchr(folder, '/');
        end[end == folder] = '\0';
    }
    return true;
}

/* Writes the path with its variable's value. False: that is not set. */
static bool expand(const char *path, char *out, size_t cap)
{
    const char *rest = path + strcspn(path, "/"), *value;
    char name[64];

    if (*path == '^')
        return a407_place_above(rest, out);
    if (*path == '/')
        return (size_t)snprintf(out, cap, "%s", path) < cap;
    a407_put(name, sizeof name,
             a407_span_before(a407_span_str(path + 1), rest));
    value = getenv(*path == '~' ? "HOME" : name);
    return value && *value == '/' &&
           (size_t)snprintf(out, cap, "%s%s", value, rest) < cap;
}

/* "/a/../b" is "/b". */
static void shorten(char *path)
{
    char *up, *from;

    while ((up = strstr(path, "/../"))) {
        *up = '\0';
        from = strrchr(path, '/');
        memmove(from ? from : path, up + 3, strlen(up + 3) + 1);
    }
}

static void read_paths(struct scan *s, const char *pattern)
{
    char path[PATH_MAX];
    glob_t found;
    size_t i;

    if (!expand(pattern, path, sizeof path))
        return;
    shorten(path);
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

static void take(void *ctx, const struct a407_place_line *l)
{
    struct scan *s = ctx;
    struct a407_span scope;
    struct a407_place *p;
    size_t i = 0;

    look_for_more(s, l);
    while (i < KEYS && (keys[i].tool != s->row->tool ||
                        !fits(keys[i].name, l->key, &scope)))
        i++;
    p = i < KEYS ? place_of(s, scope) : NULL;
    if (!p)
        return;
    set(p, s, &keys[i], l);
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
