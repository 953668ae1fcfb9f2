/* SPDX-License-Identifier: MIT */
#include <fnmatch.h>
#include <stdlib.h>

#include "core/base/text.h"
#include "host/credfile_read.h"
#include "places.h"

/* What the file's first line says behind that word. */
static bool first_line(const char *path, const char *word,
                       char out[static PATH_MAX])
{
    struct a407_span line = {NULL, 0};
    struct a407_buf text;
    bool good;

    a407_buf_init(&text, 2 * (size_t)PATH_MAX);
    good = a407_place_text(path, &text);
    if (good)
        line = a407_first_line(&text);
    good = good && a407_span_begins(line, word);
    if (good)
        a407_put(out, PATH_MAX, a407_span_skip(line, strlen(word)));
    a407_buf_free(&text);
    return good;
}

/* Of the repository that the current folder is in; ".git" of a submodule or a
   worktree is a file, which names it. */
static bool git_dir(char out[static PATH_MAX])
{
    char at[PATH_MAX], named[PATH_MAX], path[2 * PATH_MAX];
    const char *given = getenv("GIT_DIR");

    if (given && *given)
        return realpath(given, out);
    if (!a407_place_above("/.git", at))
        return false;
    snprintf(path, sizeof path, "%s", at);
    if (first_line(at, "gitdir: ", named))
        snprintf(path, sizeof path, "%.*s%s",
                 *named == '/' ? 0 : (int)strlen(at) - 4, at, named);
    return realpath(path, out);
}

static bool branch(char out[static PATH_MAX])
{
    char at[PATH_MAX], path[PATH_MAX + 8];

    if (!git_dir(at))
        return false;
    snprintf(path, sizeof path, "%s/HEAD", at);
    return first_line(path, "ref: refs/heads/", out);
}

static bool one_fits(struct a407_span pattern, struct a407_span name, int how)
{
    char a[NAME_MAX + 1], b[NAME_MAX + 1];

    a407_put(a, sizeof a, pattern);
    a407_put(b, sizeof b, name);
    return fnmatch(a, b, how) == 0;
}

/* Between slashes a "**" is any number of names, and at the end at least one
   (gitignore(5)). */
static bool path_fits(struct a407_span pattern, struct a407_span path, int how)
{
    struct a407_span any = {NULL, 0}, from = any; /* behind the last "**" */
    struct a407_span one, name, pattern_left, path_left;

    while (path.n) {
        bool more;

        pattern_left = pattern;
        more = a407_span_cut(&pattern_left, '/', &one);
        if (more && a407_span_eq(one, "**")) {
            if (!pattern_left.n)
                return true;
            any = pattern = pattern_left;
            from = path;
            continue;
        }
        path_left = path;
        a407_span_cut(&path_left, '/', &name);
        if (more && one_fits(one, name, how)) {
            pattern = pattern_left;
            path = path_left;
        } else if (any.p) {
            a407_span_cut(&from, '/', &name);
            pattern = any;
            path = from;
        } else {
            return false;
        }
    }
    return !pattern.n;
}

bool a407_git_condition(struct a407_span condition, const char *file)
{
    char is[PATH_MAX], pattern[2 * PATH_MAX];
    const char *home = getenv("HOME"), *before = "";
    struct a407_span kind;
    int n = 0, how = 0;

    if (!a407_span_find(condition, ':'))
        return false;
    a407_span_cut(&condition, ':', &kind);
    if (a407_span_eq(kind, "onbranch")) {
        if (!branch(is))
            return false;
    } else {
        if (a407_span_eq(kind, "gitdir/i"))
            how = FNM_CASEFOLD;
        else if (!a407_span_eq(kind, "gitdir"))
            return false;
        if (!git_dir(is))
            return false;
        if (a407_span_begins(condition, "~/") && home)
            before = home, n = (int)strlen(home);
        else if (a407_span_begins(condition, "./"))
            before = file, n = (int)(strrchr(file, '/') - file);
        if (n)
            a407_span_take(&condition);
        else if (!a407_span_begins(condition, "/"))
            before = "**/", n = 3;
    }
    snprintf(pattern, sizeof pattern, "%.*s%.*s%s", n, before, (int)condition.n,
             condition.p, a407_span_ends(condition, "/") ? "**" : "");
    return path_fits(a407_span_str(pattern), a407_span_str(is), how);
}
