/* SPDX-License-Identifier: MIT */
#include "cli/report/report.h"

#include <fnmatch.h>
#include <stdarg.h>

#include "core/config/credential.h"
#include "model.h"

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

#define NOT_OURS                                                               \
    "auth407 speaks none of that, either: ask the proxy's owner for another "  \
    "scheme."

/* What to type for a cause, where that is the same for any client. */
static const struct remedy {
    const char *cause, *line;
} remedies[] = {
    {"endpoint_not_configured", "auth407 --proxy {proxy} -- COMMAND"},
    {"scheme_not_allowed", "auth407 --schemes {offered} -- COMMAND"},
    {"weaker_scheme_offered", "auth407 --clear yes -- COMMAND"},
    {"not_replayable", "auth407 --replay-max 268435456 -- COMMAND"},
    {"no_ticket", "kinit USER@REALM"},
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

static bool is_for(const struct fix *x, const struct a407_report_row *f)
{
    const char *slash = strchr(x->binary, '/') ? NULL : strrchr(f->path, '/');

    return fits(x->binary, slash ? slash + 1 : f->path) &&
           fits(x->script, f->script) && fits(x->module, f->module);
}

static bool same_client(const struct fix *x, const struct fix *y)
{
    return !strcmp(x->binary, y->binary) && !strcmp(x->script, y->script) &&
           !strcmp(x->module, y->module);
}

/* The variable is what this client was given and did not heed. */
static bool is_unheeded(const struct fix *x, const struct a407_report_row *f)
{
    return a407_report_group(f) == A407_REPORT_DROPPED &&
           strcmp(x->where, "environment") == 0 &&
           strncmp(x->line, "export http", 11) == 0;
}

static struct choice choose(const struct a407_report_row *f)
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

/* One more sentence, if it is not empty. */
__attribute__((format(printf, 2, 3))) static void
say(struct a407_report_advice *out, const char *fmt, ...)
{
    size_t at = strlen(out->text), from = at + (at != 0);
    va_list ap;

    if (from + 1 >= sizeof out->text)
        return;
    va_start(ap, fmt);
    vsnprintf(out->text + from, sizeof out->text - from, fmt, ap);
    va_end(ap);
    if (at && out->text[from])
        out->text[at] = ' ';
}

/* Scheme names with `between` between them: as the settings write them, or as
   people do. */
static void name_schemes(unsigned schemes, bool setting, const char *between,
                         char out[static 64])
{
    static const char *const words[A407_SCHEMES_MAX] = {
        [A407_BASIC] = "Basic",   [A407_DIGEST] = "Digest",
        [A407_NTLM] = "NTLM",     [A407_NEGOTIATE] = "Negotiate",
        [A407_BEARER] = "Bearer",
    };
    size_t i, at = 0;

    out[0] = '\0';
    for (i = 0; i < A407_SCHEMES_MAX && at < 64; i++) {
        const char *name =
            setting ? a407_scheme_name((enum a407_scheme_id)i) : words[i];

        if (schemes & 1u << i && name)
            at += (size_t)snprintf(out + at, 64 - at, "%s%s", at ? between : "",
                                   name);
    }
}

/* auth407 speaks nothing of what the proxy offers. */
static bool is_beyond_us(const struct a407_report_row *f)
{
    return f->offered && !(f->offered & OURS);
}

/* The line with {proxy} and the like filled in; other braces are its own. A
   proxy's name comes from a log, and the line is to be pasted into a shell:
   what no host name or address holds is left out. */
static void fill_line(const struct a407_report_row *f, const char *line,
                      unsigned speaks, char out[static A407_ADVICE_LINE])
{
    char port[16], offered[64], method[64], *to = out;
    unsigned both = f->offered & speaks;
    const struct {
        const char *name, *value;
    } values[] = {{"{proxy}", f->proxy},
                  {"{host}", f->host},
                  {"{port}", port},
                  {"{method}", method},
                  {"{offered}", offered}};
    const char *end = out + A407_ADVICE_LINE - 1, *z;
    size_t i, n = sizeof values / sizeof *values;

    snprintf(port, sizeof port, "%d", f->port);
    name_schemes(f->offered, true, ",", offered);
    name_schemes(both & DIGEST ? DIGEST
                 : both & NTLM ? NTLM
                               : BASIC,
                 true, "", method);
    while (*line && to < end) {
        for (i = 0; i < n; i++)
            if (strncmp(line, values[i].name, strlen(values[i].name)) == 0)
                break;
        if (i == n) {
            *to++ = *line++;
            continue;
        }
        line += strlen(values[i].name);
        for (z = values[i].value; *z && to < end; z++)
            if (a407_is_alnum(*z) || strchr("-._:[],", *z))
                *to++ = *z;
    }
    *to = '\0';
}

static void of_client(const struct a407_report_row *f, const struct choice *c,
                      struct a407_report_advice *out)
{
    char mine[64], theirs[64];

    if (c->row) {
        /* what stands behind a line end is only for a proxy with Negotiate */
        const char *text = c->row->text, *more = strchr(text, '\n');

        say(out, "%.*s", (int)strcspn(text, "\n"), text);
        if (more && f->offered & NEGOTIATE)
            say(out, "%s", more + 1);
        fill_line(f, c->row->line, c->row->speaks, out->line);
        out->where = c->row->where;
    } else if (f->offered && !(f->offered & c->speaks)) {
        name_schemes(c->speaks, false, " and ", mine);
        name_schemes(f->offered, false, ", ", theirs);
        say(out,
            "To a proxy this client speaks only %s, and this proxy offers "
            "%s: no setting of the client will do.",
            mine, *theirs ? theirs : "nothing that is known here");
    } else {
        say(out, "%s", c->text);
    }
}

/* The client's own header is what is wrong: none, no good, or not fitting. */
static bool is_clients(const struct a407_report_row *f)
{
    return a407_report_group(f) != A407_REPORT_OTHER ||
           f->cause_id == A407_CAUSE_CLIENT_REJECTED ||
           f->cause_id == A407_CAUSE_MISMATCH;
}

/* No login that the proxy takes is known to auth407: login asks for one, tries
   it, and writes it where it has its turn after those that are refused. */
static bool needs_login(const struct a407_report_row *f)
{
    switch (f->cause_id) {
    case A407_CAUSE_NO_CREDENTIAL:
    case A407_CAUSE_OTHER_ENDPOINT:
    case A407_CAUSE_CLIENT_REJECTED:
    case A407_CAUSE_REJECTED:
    case A407_CAUSE_REJECTED_LATER:
    case A407_CAUSE_LOCKED_OUT:
        return true;
    case A407_CAUSE_DROPPED:
        return f->tally.outcome[A407_NOT_RETRIED];
    case A407_CAUSE_MISMATCH: /* what the client has may do in another scheme */
        return !f->tally.outcome[A407_OBSERVED];
    default:
        return false;
    }
}

/* How auth407 would do it, without touching the client. */
static void add_command(const struct a407_report_row *f,
                        struct a407_report_advice *out)
{
    const char *line = !needs_login(f)
                           ? (is_clients(f) ? "auth407 -- COMMAND" : "")
                       : f->tally.outcome[A407_OBSERVED]
                           ? "auth407 login {proxy} && auth407 -- COMMAND"
                           : "auth407 login {proxy}";

    if (!is_beyond_us(f))
        fill_line(f, line, 0, out->command);
}

static void fill_remedy(const struct a407_report_row *f,
                        char out[static A407_ADVICE_LINE])
{
    const struct remedy *r = remedies, *end = r + sizeof remedies / sizeof *r;

    while (r < end && strcmp(r->cause, f->cause) != 0)
        r++;
    if (r < end && (!strstr(r->line, "{offered}") || f->offered & OURS))
        fill_line(f, r->line, 0, out);
}

/* How a sentence on the place of a refused credential begins; or NULL. */
static const char *refused_words(enum a407_cause c)
{
    return c == A407_CAUSE_REJECTED         ? "Check user name and password in"
           : c == A407_CAUSE_REJECTED_LATER ? "Enter the new password in"
                                            : NULL;
}

static void say_remedy(const struct a407_report_row *f,
                       struct a407_report_advice *out)
{
    const char *words = refused_words(f->cause_id);

    if (words && f->credential[0])
        say(out, "%s %s.", words, f->credential);
    else if (f->cause_id == A407_CAUSE_COUNT)
        say(out, "The remedy stands in the records.");
    else
        say(out, "%s", a407_remedy(f->cause_id, f->lint));
}

void a407_report_advise(const struct a407_report_row *f,
                        struct a407_report_advice *out)
{
    struct choice c = choose(f);

    memset(out, 0, sizeof *out);
    out->where = "";
    if (f->else_is == A407_CAUSE_BY_CLIENT) {
        say(out, "By other records this client answers a 407 by itself: it "
                 "needs no setting.");
        return;
    }
    add_command(f, out);
    if (is_clients(f)) {
        if (f->cause_id == A407_CAUSE_NOT_SENT_FIRST)
            say(out, "%s",
                f->else_is == A407_CAUSE_NONE
                    ? "That is for a client that does not answer a 407 by "
                      "itself: auth407 observe -- COMMAND shows whether it "
                      "does."
                    : "By other records this client leaves a 407 unanswered.");
        if (c.known)
            of_client(f, &c, out);
        if (!*out->command)
            say(out, NOT_OURS);
        return;
    }
    say_remedy(f, out);
    fill_remedy(f, out->line);
    if (f->cause_id == A407_CAUSE_OTHER_ENDPOINT && is_beyond_us(f))
        say(out, NOT_OURS);
    if (!out->line[0] && f->credential[0] && f->cause_id != A407_CAUSE_STALE &&
        !refused_words(f->cause_id))
        say(out, "The credential stands in %s.", f->credential);
}

void a407_report_typed(const char *line, const char *command, char *out,
                       size_t cap)
{
    const char *at = *command ? strstr(line, "COMMAND") : NULL;

    snprintf(out, cap, "%.*s%s%s", at ? (int)(at - line) : 0, line,
             at ? command : "", at ? at + strlen("COMMAND") : line);
}
