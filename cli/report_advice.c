/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <fnmatch.h>

#include "credential.h"
#include "report_script.h"

/* What a client speaks to a proxy. */
#define BASIC  (1u << A407_BASIC)
#define DIGEST (BASIC | 1u << A407_DIGEST)
#define ANY    (DIGEST | 1u << A407_NTLM | 1u << A407_NEGOTIATE)

static const struct fix {
    const char *binary, *script, *module;
    unsigned speaks;
    const char *where, *line, *text;
} fixes[] = {
#define A407_FIX(binary, script, module, speaks, where, line, text)            \
    {binary, script, module, speaks, where, line, text},
#include "report_fixes.def"
#undef A407_FIX
};

#define CREDENTIAL_FILE "~/.config/auth407/credentials"

/* What to type or write for a cause, where that is the same for any client. */
static const struct remedy {
    const char *cause, *where, *line;
} remedies[] = {
    {"no_credential", CREDENTIAL_FILE,
     "[{proxy}]\nusername = USER\npassword = PASSWORD"},
    {"credential_for_other_endpoint", CREDENTIAL_FILE,
     "[{proxy}]\nusername = USER\npassword = PASSWORD"},
    {"endpoint_not_configured", "", "auth407 --proxy {proxy} -- COMMAND"},
    {"scheme_not_allowed", "", "auth407 --schemes {offered} -- COMMAND"},
    {"not_replayable", "", "auth407 --replay-max 268435456 -- COMMAND"},
    {"no_ticket", "", "kinit USER@REALM"},
};

static bool fits(const char *pattern, const char *z)
{
    return strcmp(pattern, "*") == 0 || fnmatch(pattern, z, FNM_EXTMATCH) == 0;
}

static bool is_for(const struct fix *x, const struct a407_report_finding *f)
{
    const char *slash = strchr(x->binary, '/') ? NULL : strrchr(f->path, '/');

    return fits(x->binary, slash ? slash + 1 : f->path) &&
           fits(x->script, f->script) && fits(x->module, f->module);
}

/*
 * The row for a client and what its proxy offers; without one that speaks
 * that, the client's first, and *mute is set. NULL: no such client is known.
 */
static const struct fix *find_fix(const struct a407_report_finding *f,
                                  bool *mute)
{
    const struct fix *first = NULL;
    size_t i;

    *mute = false;
    for (i = 0; i < sizeof fixes / sizeof *fixes; i++) {
        const struct fix *x = &fixes[i];

        if (!is_for(x, f) || (first && strcmp(first->binary, x->binary) != 0))
            continue;
        if (!f->offered || (f->offered & x->speaks))
            return x;
        if (!first)
            first = x;
    }
    *mute = first != NULL;
    return first;
}

/* "digest,basic": those that the proxy offered and that have a name. */
static void offered(const struct a407_report_finding *f, char *out, size_t cap)
{
    size_t i, at = 0;

    out[0] = '\0';
    for (i = 0; i < A407_SCHEME_COUNT; i++)
        if (f->offered & 1u << i && at < cap)
            at += (size_t)snprintf(out + at, cap - at, "%s%s", at ? "," : "",
                                   a407_scheme_name((enum a407_scheme_id)i));
}

static void append(char *out, size_t cap, const char *z, size_t n)
{
    size_t at = strlen(out);

    if (n < cap - at) {
        memcpy(out + at, z, n);
        out[at + n] = '\0';
    }
}

/* {name} of a line; false: it is none of ours. */
static bool expand(const struct a407_report_finding *f, const char *name,
                   size_t n, char *out, size_t cap)
{
    if (n == 5 && memcmp(name, "proxy", n) == 0)
        snprintf(out, cap, "%s", f->proxy);
    else if (n == 4 && memcmp(name, "host", n) == 0)
        snprintf(out, cap, "%s", f->host);
    else if (n == 4 && memcmp(name, "port", n) == 0)
        snprintf(out, cap, "%d", f->port);
    else if (n == 7 && memcmp(name, "offered", n) == 0)
        offered(f, out, cap);
    else
        return false;
    return true;
}

/*
 * A proxy's name comes from a log, and the line is to be pasted into a shell:
 * what no host name or address holds is left out.
 */
static void clean(char *z)
{
    char *to = z;

    for (; *z; z++)
        if ((*z >= '0' && *z <= '9') ||
            (a407_lower(*z) >= 'a' && a407_lower(*z) <= 'z') ||
            strchr("-._:[],", *z))
            *to++ = *z;
    *to = '\0';
}

static void fill_line(const struct a407_report_finding *f, const char *line,
                      char *out, size_t cap)
{
    out[0] = '\0';
    while (*line) {
        size_t n = strcspn(line, "{"), inner;
        char value[A407_REPORT_KEY_MAX + 1];

        append(out, cap, line, n);
        line += n;
        if (!*line)
            break;
        inner = strcspn(++line, "}");
        if (expand(f, line, inner, value, sizeof value)) {
            clean(value);
            append(out, cap, value, strlen(value));
        }
        line += inner + (line[inner] == '}');
    }
}

static void add_text(struct a407_report_advice *out, const char *z)
{
    if (!*z)
        return;
    if (out->text[0])
        append(out->text, sizeof out->text, " ", 1);
    append(out->text, sizeof out->text, z, strlen(z));
}

static void general(const struct a407_report_finding *f,
                    struct a407_report_advice *out)
{
    size_t i;

    for (i = 0; i < sizeof remedies / sizeof *remedies; i++)
        if (strcmp(remedies[i].cause, f->cause) == 0) {
            fill_line(f, remedies[i].line, out->line, sizeof out->line);
            out->where = remedies[i].where;
            return;
        }
}

/* The client has a setting of its own; or it can't speak what is asked for. */
static void of_client(const struct a407_report_finding *f, const struct fix *x,
                      bool mute, struct a407_report_advice *out)
{
    if (mute) {
        add_text(out, "The client speaks none of the schemes that this proxy "
                      "offers: no setting of its own will do.");
        return;
    }
    add_text(out, x->text);
    fill_line(f, x->line, out->line, sizeof out->line);
    out->where = x->where;
}

void a407_report_advise(const struct a407_report_finding *f,
                        struct a407_report_advice *out)
{
    enum a407_report_group group = a407_report_group(f);
    bool rejected = f->cause_id == A407_CAUSE_CLIENT_REJECTED, mute;
    const struct fix *x = find_fix(f, &mute);

    memset(out, 0, sizeof *out);
    out->where = "";
    out->other_way = group != A407_REPORT_OTHER || rejected;
    /* the variable is what the client did not heed: no use in setting it */
    if (x && group == A407_REPORT_DROPPED &&
        strcmp(x->where, "environment") == 0 &&
        strncmp(x->line, "export http", 11) == 0) {
        add_text(out, x->text);
        return;
    }
    if (out->other_way && x) {
        of_client(f, x, mute, out);
        return;
    }
    if (f->cause_id == A407_CAUSE_COUNT)
        add_text(out, "The remedy stands in the records.");
    else if (group == A407_REPORT_OTHER)
        add_text(out, a407_cause_info(f->cause_id)->remedy);
    general(f, out);
    if (!out->line[0] && f->credential[0] && f->cause_id != A407_CAUSE_STALE) {
        add_text(out, "The credential stands in");
        add_text(out, f->credential);
    }
}

void a407_report_place(const char *where, char *out, size_t cap)
{
    if (!*where)
        snprintf(out, cap, "Type");
    else if (strcmp(where, "environment") == 0)
        snprintf(out, cap, "Put into the environment");
    else if (strcmp(where, "program") == 0)
        snprintf(out, cap, "Write in the program");
    else if (strcmp(where, "command line") == 0)
        snprintf(out, cap, "Add to its command line");
    else
        snprintf(out, cap, "Add to %s", where);
}
