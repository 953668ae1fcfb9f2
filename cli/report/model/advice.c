/* SPDX-License-Identifier: MIT */
#include "cli/report/report.h"

#include <fnmatch.h>

#include "core/config/credential.h"
#include "keys.h"

/* What a client speaks to a proxy: columns of report_fixes.def. */
#define BASIC     (1u << A407_BASIC)
#define DIGEST    (1u << A407_DIGEST)
#define NTLM      (1u << A407_NTLM)
#define NEGOTIATE (1u << A407_NEGOTIATE)
#define BEARER    (1u << A407_BEARER)
#define OURS      (BASIC | DIGEST | NTLM | NEGOTIATE | BEARER)

static const struct fix {
    const char *binary, *script, *module;
    unsigned speaks;
    const char *where, *line, *text;
} fixes[] = {
#define A407_FIX(binary, script, module, speaks, where, line, text)            \
    {binary, script, module, speaks, where, line, text},
#include "fixes.def"
#undef A407_FIX
};

#define CREDENTIAL_FILE "~/.config/auth407/credentials"
#define NOT_OURS                                                               \
    "auth407 speaks none of that, either: ask the proxy's owner for another "  \
    "scheme."

/* What to type or write for a cause, where that is the same for any client. */
static const struct remedy {
    const char *cause, *where, *line;
} remedies[] = {
    {"no_credential", CREDENTIAL_FILE, ""},
    {"credential_for_other_endpoint", CREDENTIAL_FILE, ""},
    {"endpoint_not_configured", "", "auth407 --proxy {proxy} -- COMMAND"},
    {"scheme_not_allowed", "", "auth407 --schemes {offered} -- COMMAND"},
    {"weaker_scheme_offered", "", "auth407 --clear yes -- COMMAND"},
    {"not_replayable", "", "auth407 --replay-max 268435456 -- COMMAND"},
    {"no_ticket", "", "kinit USER@REALM"},
};

/* The row for a client at a proxy, and why there may be none. */
struct choice {
    const struct fix *row; /* NULL: there is none */
    bool known;            /* the client has rows */
    unsigned speaks;       /* all that they speak */
    const char *text;      /* of a row that the client has not heeded */
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

static bool same_client(const struct fix *x, const struct fix *y)
{
    return strcmp(x->binary, y->binary) == 0 &&
           strcmp(x->script, y->script) == 0 &&
           strcmp(x->module, y->module) == 0;
}

/* The variable is what this client was given and did not heed. */
static bool is_unheeded(const struct fix *x,
                        const struct a407_report_finding *f)
{
    return a407_report_group(f) == A407_REPORT_DROPPED &&
           strcmp(x->where, "environment") == 0 &&
           strncmp(x->line, "export http", 11) == 0;
}

static struct choice choose(const struct a407_report_finding *f)
{
    /* a record without challenges: what most clients can do */
    unsigned offered = f->offered ? f->offered : BASIC;
    const struct fix *first = NULL;
    struct choice c = {.text = ""};
    size_t i;

    for (i = 0; i < sizeof fixes / sizeof *fixes; i++) {
        const struct fix *x = &fixes[i];

        if (!is_for(x, f) || (first && !same_client(first, x)))
            continue;
        first = first ? first : x;
        c.speaks |= x->speaks;
        if (c.row || !(offered & x->speaks))
            continue;
        if (is_unheeded(x, f))
            c.text = x->text;
        else
            c.row = x;
    }
    c.known = first != NULL;
    return c;
}

static void append(char *out, size_t cap, const char *z, size_t n)
{
    size_t at = strlen(out);

    if (n < cap - at) {
        memcpy(out + at, z, n);
        out[at + n] = '\0';
    }
}

/* Scheme names with `between` between them: as the settings write them, or as
   people do. */
static void name_schemes(unsigned schemes, bool setting, const char *between,
                         char *out, size_t cap)
{
    static const char *const words[A407_SCHEMES_MAX] = {
        [A407_BASIC] = "Basic",   [A407_DIGEST] = "Digest",
        [A407_NTLM] = "NTLM",     [A407_NEGOTIATE] = "Negotiate",
        [A407_BEARER] = "Bearer",
    };
    size_t i;

    out[0] = '\0';
    for (i = 0; i < A407_SCHEMES_MAX; i++) {
        const char *name =
            setting ? a407_scheme_name((enum a407_scheme_id)i) : words[i];

        if (!(schemes & 1u << i) || !name)
            continue;
        if (*out)
            append(out, cap, between, strlen(between));
        append(out, cap, name, strlen(name));
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
        name_schemes(f->offered, true, ",", out, cap);
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

/* Braces that hold no name of ours are the line's own. */
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
        inner = strcspn(line + 1, "}");
        if (expand(f, line + 1, inner, value, sizeof value)) {
            clean(value);
            append(out, cap, value, strlen(value));
            line += inner + 2;
        } else {
            append(out, cap, line++, 1);
        }
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

/* auth407 speaks nothing of what the proxy offers. */
static bool is_beyond_us(const struct a407_report_finding *f)
{
    return f->offered && !(f->offered & OURS);
}

static bool wants_token(const struct a407_report_finding *f)
{
    return f->offered && (f->offered & OURS) == BEARER;
}

/* The credential that auth407 lacks: with it, it needs nothing else. */
static void write_credential(const struct a407_report_finding *f,
                             struct a407_report_advice *out)
{
    if (is_beyond_us(f)) {
        out->where = "";
        return;
    }
    fill_line(f,
              wants_token(f)
                  ? "[{proxy}]\ntoken = TOKEN"
                  : "[{proxy}]\nusername = USER\npassword = PASSWORD",
              out->line, sizeof out->line);
    out->command = "auth407 -- COMMAND";
    out->command_needs_line = true;
}

static void general(const struct a407_report_finding *f,
                    struct a407_report_advice *out)
{
    size_t i;

    for (i = 0; i < sizeof remedies / sizeof *remedies; i++)
        if (strcmp(remedies[i].cause, f->cause) == 0) {
            out->where = remedies[i].where;
            if (strcmp(out->where, CREDENTIAL_FILE) == 0)
                write_credential(f, out);
            else if (!strstr(remedies[i].line, "{offered}") ||
                     f->offered & OURS)
                fill_line(f, remedies[i].line, out->line, sizeof out->line);
            return;
        }
}

/* The client can't speak what is asked for: no line would help. */
static void say_mute(const struct a407_report_finding *f, unsigned speaks,
                     struct a407_report_advice *out)
{
    char text[256], mine[64], theirs[64];

    name_schemes(speaks, false, " and ", mine, sizeof mine);
    name_schemes(f->offered, false, ", ", theirs, sizeof theirs);
    snprintf(text, sizeof text,
             "To a proxy this client speaks only %s, and this proxy offers "
             "%s: no setting of the client will do.",
             mine, *theirs ? theirs : "nothing that is known here");
    add_text(out, text);
}

/* What stands behind a line end is only for proxies that offer Negotiate. */
static void say_of_row(const struct a407_report_finding *f, const struct fix *x,
                       struct a407_report_advice *out)
{
    const char *more = strchr(x->text, '\n');

    append(out->text, sizeof out->text, x->text, strcspn(x->text, "\n"));
    if (more && f->offered & NEGOTIATE)
        add_text(out, more + 1);
}

static void of_client(const struct a407_report_finding *f,
                      const struct choice *c, struct a407_report_advice *out)
{
    if (c->row) {
        say_of_row(f, c->row, out);
        fill_line(f, c->row->line, out->line, sizeof out->line);
        out->where = c->row->where;
    } else if (f->offered && !(f->offered & c->speaks)) {
        say_mute(f, c->speaks, out);
    } else {
        add_text(out, c->text);
    }
}

/* The client's own header is what is wrong: none, no good, or not fitting. */
static bool is_clients(const struct a407_report_finding *f)
{
    return a407_report_group(f) != A407_REPORT_OTHER ||
           f->cause_id == A407_CAUSE_CLIENT_REJECTED ||
           f->cause_id == A407_CAUSE_MISMATCH;
}

/* How auth407 would do it, without touching the client. */
static const char *command_for(const struct a407_report_finding *f)
{
    if (is_beyond_us(f))
        return "";
    if (wants_token(f))
        return "auth407 --token-file FILE -- COMMAND";
    if (f->cause_id == A407_CAUSE_NOT_SENT || f->cause_id == A407_CAUSE_DROPPED)
        return "auth407 -- COMMAND";
    /* what the client has is not known to auth407, or not good */
    return "auth407 --username USER --password-file FILE -- COMMAND";
}

/* How a sentence on the place of a refused credential begins; NULL: it was not
   refused. */
static const char *refused_words(enum a407_cause c)
{
    if (c == A407_CAUSE_REJECTED)
        return "Check user name and password in";
    if (c == A407_CAUSE_REJECTED_LATER)
        return "Enter the new password in";
    return NULL;
}

static void say_place(const char *words, const struct a407_report_finding *f,
                      struct a407_report_advice *out)
{
    char text[A407_REPORT_KEY_MAX + 64];

    snprintf(text, sizeof text, "%s %s.", words, f->credential);
    add_text(out, text);
}

static void say_remedy(const struct a407_report_finding *f,
                       struct a407_report_advice *out)
{
    const char *words = refused_words(f->cause_id);

    if (words && f->credential[0])
        say_place(words, f, out);
    else if (f->cause_id == A407_CAUSE_COUNT)
        add_text(out, "The remedy stands in the records.");
    else
        add_text(out, a407_cause_info(f->cause_id)->remedy);
}

void a407_report_advise(const struct a407_report_finding *f,
                        struct a407_report_advice *out)
{
    struct choice c = choose(f);

    memset(out, 0, sizeof *out);
    out->where = out->command = "";
    if (is_clients(f)) {
        out->command = command_for(f);
        if (c.known)
            of_client(f, &c, out);
        else
            general(f, out);
        if (!*out->command)
            add_text(out, NOT_OURS);
        return;
    }
    say_remedy(f, out);
    general(f, out);
    if (f->cause_id == A407_CAUSE_OTHER_ENDPOINT && is_beyond_us(f))
        add_text(out, NOT_OURS);
    if (!out->line[0] && f->credential[0] && f->cause_id != A407_CAUSE_STALE &&
        !refused_words(f->cause_id))
        say_place("The credential stands in", f, out);
}

bool a407_report_same_advice(const struct a407_report_finding *f,
                             const struct a407_report_finding *g)
{
    struct a407_report_advice a, b;

    a407_report_advise(f, &a);
    a407_report_advise(g, &b);
    return strcmp(a.text, b.text) == 0 && strcmp(a.line, b.line) == 0 &&
           strcmp(a.where, b.where) == 0 && strcmp(a.command, b.command) == 0 &&
           a.command_needs_line == b.command_needs_line;
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
