/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
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

enum field { URL, HOST, PORT, USER, PASSWORD, LOGIN, ON, BYPASS, PERCENT };

static const struct key {
    enum a407_place_tool tool;
    const char *name;
    enum field field;
    enum a407_place_for what;
} keys[] = {
#define A407_KEY(tool, name, field, what)                                      \
    {A407_TOOL_##tool, name, field, A407_FOR_##what},
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
    const struct row *row;
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
    keep(&set->url, value);
}

static void set(struct a407_place *p, const struct scan *s,
                const struct key *key, struct a407_span name,
                struct a407_span value, unsigned line)
{
    struct a407_setting *set = &p->of[key->what];
    const char *colon;

    if (key->field <= HOST) {
        set->line = line;
        keep(&set->key, name);
    } else if (!set->line) {
        set->line = line;
    }
    switch (key->field) {
    case URL:
        set_url(set, s->row, value);
        break;
    case HOST:
        keep(&set->host, value);
        break;
    case PORT:
        keep(&set->port, value);
        break;
    case LOGIN:
        colon = a407_span_find(value, ':');
        keep(&set->password,
             colon ? a407_span_from(value, colon + 1) : a407_span(NULL, 0));
        keep(&set->user, colon ? a407_span_before(value, colon) : value);
        break;
    case USER:
        keep(&set->user, value);
        break;
    case PASSWORD:
        keep(&set->password, value);
        break;
    case ON:
        p->off = is_word(value, WORDS("off", "no", "0", "false"));
        break;
    case BYPASS:
        keep(&p->bypass, value);
        p->bypass_line = line;
        break;
    case PERCENT:
        p->percent = true;
        break;
    }
}

/* ---- files ---- */

static a407_place_fn take;

/* False: nothing is there, or it can't be read. */
static bool read_file(struct scan *s, const char *path)
{
    int fd = a407_file_open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct a407_buf text;
    struct stat st;
    ssize_t n = -1;

    if (fd < 0)
        return false;
    a407_buf_init(&text, FILE_MAX);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_size < (off_t)FILE_MAX &&
        a407_buf_reserve(&text, (size_t)st.st_size + 1))
        while ((n = read(fd, text.p + text.n, (size_t)st.st_size - text.n)) > 0)
            text.n += (size_t)n;
    close(fd);
    if (n == 0) {
        s->path = path;
        a407_place_read(s->row->format, NULL, a407_span(text.p, text.n), take,
                        s);
    }
    a407_buf_free(&text);
    return n == 0;
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

/* In the current folder, or the nearest above. */
static void read_above(struct scan *s, const char *name)
{
    char folder[PATH_MAX], path[2 * PATH_MAX];
    bool root = false;
    char *slash;

    if (!getcwd(folder, sizeof folder))
        return;
    while (!root) {
        root = !folder[1];
        snprintf(path, sizeof path, "%s%s", root ? "" : folder, name);
        if (known(s, path) || read_file(s, path))
            return;
        slash = strrchr(folder, '/');
        slash[slash == folder] = '\0';
    }
}

/* Writes the path with its variable's value. False: that is not set. */
static bool expand(const char *path, char *out, size_t cap)
{
    const char *rest = path + strcspn(path, "/"), *value;
    char name[64];

    if (*path == '/') {
        snprintf(out, cap, "%s", path);
        return true;
    }
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

/* Of git: a file beside this one, or anywhere. */
static void include(struct scan *s, struct a407_span value)
{
    char path[PATH_MAX], written[PATH_MAX];
    const char *here = s->path, *slash = strrchr(here, '/');

    a407_put(written, sizeof written, value);
    if (s->included == INCLUDES_MAX || !slash ||
        !(*written == '~' || *written == '/'
              ? expand(written, path, sizeof path)
              : (size_t)snprintf(path, sizeof path, "%.*s/%s",
                                 (int)(slash - here), here,
                                 written) < sizeof path))
        return;
    shorten(path);
    if (known(s, path))
        return;
    s->included++;
    read_file(s, path);
    s->path = here;
}

static void take(void *ctx, struct a407_span name, struct a407_span value,
                 unsigned line)
{
    struct scan *s = ctx;
    struct a407_span scope;
    struct a407_place *p;
    size_t i;

    if (s->row->format == A407_PLACE_GIT && a407_span_ieq(name, "include.path"))
        include(s, value);
    for (i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].tool == s->row->tool && fits(keys[i].name, name, &scope) &&
            (p = place_of(s, scope)))
            set(p, s, &keys[i], name, value, line);
}

static void read_paths(struct scan *s)
{
    char path[PATH_MAX];
    glob_t found;
    size_t i;

    if (*s->row->path == '^') {
        read_above(s, s->row->path + 1);
    } else if (!expand(s->row->path, path, sizeof path)) {
        return;
    } else if (!strchr(path, '*')) {
        if (!known(s, path))
            read_file(s, path);
    } else if (glob(path, 0, NULL, &found) == 0) {
        for (i = 0; i < found.gl_pathc; i++)
            read_file(s, found.gl_pathv[i]);
        globfree(&found);
    }
}

static void read_variable(struct scan *s)
{
    const char *value = getenv(s->row->path);

    s->path = s->row->path;
    if (value)
        a407_place_read(s->row->format, s->path, a407_span_str(value), take, s);
}

struct a407_place *a407_places_read(void)
{
    struct scan s = {0};
    size_t i;

    s.end = &s.first;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        s.row = &rows[i];
        if (s.row->format >= A407_PLACE_VARIABLE)
            read_variable(&s);
        else
            read_paths(&s);
    }
    return s.first;
}

void a407_places_free(struct a407_place *p)
{
    struct a407_place *next;
    int i;

    for (; p; p = next) {
        next = p->next;
        for (i = 0; i < A407_FORS; i++) {
            a407_free_secret(p->of[i].url);
            a407_free_secret(p->of[i].host);
            a407_free_secret(p->of[i].port);
            a407_free_secret(p->of[i].user);
            a407_free_secret(p->of[i].password);
            a407_free_secret(p->of[i].key);
        }
        a407_free_secret(p->path);
        a407_free_secret(p->scope);
        a407_free_secret(p->bypass);
        free(p);
    }
}
