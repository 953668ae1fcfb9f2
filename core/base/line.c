/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <stdio.h>

#define NAME      "\"truncated\":["
#define NAME_COST (sizeof("," NAME "]") - 1)
#define PATH_COST (sizeof("\"\",") - 1)

enum way { CUT_LIST, CUT_TEXT, LEAVE_OUT };

/*
 * In the order in which they are shortened. What answers "who, where, why" is
 * not here, or comes last.
 */
static const struct step {
    const char *path;
    enum way way;
} steps[] = {{"process.command_args", CUT_LIST},
             {"http.response.header", LEAVE_OUT},
             {"proxy.status", LEAVE_OUT},
             {"process.parents", CUT_LIST},
             {"cause_evidence", LEAVE_OUT},
             {"attempts", CUT_LIST},
             {"proxy.challenges", CUT_LIST},
             {"detail", LEAVE_OUT},
             {"url.target", CUT_TEXT},
             {"message", CUT_TEXT},
             {"process.executable.path", CUT_TEXT}};

#define STEPS (sizeof steps / sizeof *steps)

/* A part of the line, as offsets. */
struct part {
    size_t from, to;
};

/* One character of a string's inside: itself, an escape, or UTF-8 (RFC 8259
   sections 7 and 8.1). Never beyond `end`. */
static size_t character(const char *p, size_t at, size_t end)
{
    unsigned char c = (unsigned char)p[at];
    size_t n = 1;
    if (c == '\\')
        n = at + 1 < end && p[at + 1] == 'u' ? 6 : 2;
    else if (c >= 0xc0)
        n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    return at + n <= end ? at + n : end;
}

static size_t skip_string(const char *p, size_t at, size_t end)
{
    for (at++; at < end && p[at] != '"';)
        at = character(p, at, end);
    return at < end ? at + 1 : end;
}

/* The end of the value that begins at `at`; `end` if it has none. */
static size_t skip_value(const char *p, size_t at, size_t end)
{
    unsigned depth = 0;
    while (at < end) {
        char c = p[at];
        if (c == '"') {
            at = skip_string(p, at, end);
        } else if (c == '{' || c == '[') {
            depth++;
            at++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return at; /* of what the value stands in */
            depth--;
            at++;
        } else if (c == ',' && depth == 0) {
            return at;
        } else {
            at++;
            continue;
        }
        if (depth == 0)
            return at;
    }
    return end;
}

/* The member of that name: from the quote of its name to its value's end. */
static bool find_member(const char *p, struct part object, const char *name,
                        size_t n, struct part *member, struct part *value)
{
    if (object.from >= object.to || p[object.from] != '{')
        return false;
    for (size_t at = object.from + 1; at < object.to && p[at] == '"';) {
        size_t colon = skip_string(p, at, object.to);
        if (colon >= object.to || p[colon] != ':')
            return false;
        *value = (struct part){colon + 1, skip_value(p, colon + 1, object.to)};
        *member = (struct part){at, value->to};
        if (colon - at == n + 2 && memcmp(p + at + 1, name, n) == 0)
            return true;
        at = value->to + (value->to < object.to && p[value->to] == ',');
    }
    return false;
}

static bool find(const struct a407_buf *line, const char *path,
                 struct part *member, struct part *value)
{
    *value = (struct part){0, line->n};
    for (;;) {
        size_t n = strcspn(path, ".");
        if (!find_member(line->p, *value, path, n, member, value))
            return false;
        if (!path[n])
            return true;
        path += n + 1;
    }
}

static size_t take_out(struct a407_buf *line, struct part gone)
{
    size_t n = gone.to - gone.from;
    memmove(line->p + gone.from, line->p + gone.to, line->n - gone.to);
    line->n -= n;
    return n;
}

/* At least `excess` bytes off the end of a list, or all there are in it. */
static size_t cut_list(struct a407_buf *line, struct part list, size_t excess)
{
    size_t kept = list.from + 1, close = list.to - 1;
    if (list.to - list.from < 2 || line->p[list.from] != '[')
        return 0;
    while (kept < close) {
        size_t start = kept + (line->p[kept] == ',');
        size_t end = skip_value(line->p, start, close);
        if (close - end < excess)
            break;
        kept = end;
    }
    return take_out(line, (struct part){kept, close});
}

static size_t cut_text(struct a407_buf *line, struct part text, size_t excess)
{
    size_t kept = text.from + 1, close = text.to - 1;
    if (text.to - text.from < 2 || line->p[text.from] != '"')
        return 0;
    while (kept < close) {
        size_t end = character(line->p, kept, close);
        if (close - end < excess)
            break;
        kept = end;
    }
    return take_out(line, (struct part){kept, close});
}

/* With the comma behind it, or else the one before. */
static size_t leave_out(struct a407_buf *line, struct part member)
{
    if (member.to < line->n && line->p[member.to] == ',')
        member.to++;
    else if (line->p[member.from - 1] == ',')
        member.from--;
    return take_out(line, member);
}

/* How many bytes a step saved; 0 if there was nothing to shorten. */
static size_t shorten(struct a407_buf *line, const struct step *s,
                      size_t excess)
{
    struct part member, value;
    if (!find(line, s->path, &member, &value))
        return 0;
    switch (s->way) {
    case CUT_LIST:
        return cut_list(line, value, excess);
    case CUT_TEXT:
        return cut_text(line, value, excess);
    case LEAVE_OUT:
        break;
    }
    return leave_out(line, member);
}

static bool open_object(struct a407_buf *line)
{
    if (line->n < 3 || memcmp(line->p + line->n - 2, "}\n", 2) != 0)
        return false;
    line->n -= 2;
    return true;
}

bool a407_line_add(struct a407_buf *line, const char *key, unsigned long n)
{
    char member[128];
    int k = snprintf(member, sizeof member, ",\"%s\":%lu}\n", key, n);
    if (k < 0 || (size_t)k >= sizeof member || !open_object(line))
        return false;
    if (a407_buf_add(line, member, (size_t)k))
        return true;
    memcpy(line->p + line->n, "}\n", 2); /* the bytes are still there */
    line->n += 2;
    line->failed = false;
    return false;
}

bool a407_line_fit(struct a407_buf *line, size_t max)
{
    bool done[STEPS] = {false};
    if (line->n <= max)
        return true;
    size_t need = line->n + NAME_COST - max; /* bytes still to be saved */
    for (size_t i = 0; need && i < STEPS; i++) {
        size_t cost = strlen(steps[i].path) + PATH_COST;
        size_t saved = shorten(line, &steps[i], need + cost);
        done[i] = saved > 0;
        if (saved)
            need = need + cost > saved ? need + cost - saved : 0;
    }
    if (need || !open_object(line))
        return false;
    const char *between = "," NAME "\"";
    for (size_t i = 0; i < STEPS; i++) {
        if (!done[i])
            continue;
        a407_buf_str(line, between);
        a407_buf_str(line, steps[i].path);
        a407_buf_str(line, "\"");
        between = ",\"";
    }
    return a407_buf_str(line, "]}\n");
}
