/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cli/report/model/model.h"
#include "command.h"
#include "configuration.h"
#include "core/record/redact.h"
#include "doctor.h"

static bool is_ours(const struct a407_doctor *d, const char *proxy)
{
    struct a407_endpoint at;

    return a407_endpoint_parse(a407_span_str(proxy), &at) &&
           a407_endpoint_match(&at, &d->proxy) && at.port == d->proxy.port;
}

/* ---- where a login of a program stands ---- */

/* Is the login, "bob, by Basic", of that user? */
static bool is_of(const char *login, const char *user)
{
    size_t n = strcspn(login, ",");

    return user && strlen(user) == n && memcmp(user, login, n) == 0;
}

/* The variable for its request that has a proxy with this user, or NULL; of one
   credential only if it has that secret. */
static const char *variable_of(const struct a407_use *u,
                               const struct a407_credential *c)
{
    const char *const *name =
        a407_variables[strncmp(u->target, "http://", 7) != 0];

    for (; *name; name++) {
        const char *value = getenv(*name);
        struct a407_proxy_url url;
        bool same, it;

        if (!value || !a407_proxy_url_parse(a407_span_str(value), &url))
            continue;
        same = is_of(u->login, url.username);
        it = !c || (url.password && c->password &&
                    !strcmp(url.password, c->password));
        a407_proxy_url_clear(&url);
        if (same)
            return it ? *name : NULL;
    }
    return NULL;
}

/* Does the credential stand in a place of this program, "git's own login in
   FILE", and is it of this user? */
static bool is_own(const struct a407_credential *c, const char *binary,
                   const char *login)
{
    const char *end = strstr(c->label, "'s own login");

    return end &&
           memmem(binary, strlen(binary), c->label, (size_t)(end - c->label)) &&
           is_of(login, c->username);
}

/* Is it a whole word of the command, or what stands in one behind ":" or "="
   and before one of `ends` or the end? `behind` is in that word, or the one
   before. */
static bool is_word(const struct a407_doctor *d, struct a407_span it,
                    const char *behind, const char *ends)
{
    for (char **w = d->o.command; it.n && *w; w++)
        for (const char *at = *w; (at = memmem(at, strlen(at), it.p, it.n));
             at++)
            if ((at == *w ? w != d->o.command && strstr(w[-1], behind)
                          : strchr(":=", at[-1]) && strstr(*w, behind)) &&
                (!at[it.n] || strchr(ends, at[it.n])))
                return true;
    return false;
}

/* Is a login of that user among the command's words, as "-Ubob:...", as
   "--proxy-user=bob" or in a header? */
static bool is_typed(const struct a407_doctor *d, const char *login)
{
    size_t n = strcspn(login, ",");

    for (char **w = d->o.command; n && *w; w++) {
        for (const char *at = *w; (at = strstr(at, ":")); at++)
            if ((size_t)(at - *w) >= n && memcmp(at - n, login, n) == 0)
                return true;
        if (strcasestr(*w, "proxy-authorization:"))
            return true;
    }
    return is_word(d, a407_span(login, n), "user", "");
}

/* Where the login stands that a program has sent, or NULL. */
static const char *place_of(const struct a407_doctor *d,
                            const struct a407_use *u)
{
    const char *name = basename(u->binary);
    const struct a407_credential *c;

    if (is_typed(d, u->login))
        return "the command's own words";
    for (c = d->elsewhere; c; c = c->next)
        if (is_own(c, name, u->login))
            return c->label;
    return variable_of(u, NULL);
}

/* ---- what it was refused with ---- */

/* Is it what this use was refused with? Where nothing else is known, the
   variable's. */
static bool is_from(const struct a407_doctor *d, const struct a407_use *u,
                    const struct a407_credential *c)
{
    const char *name = basename(u->binary);
    const struct a407_credential *own = d->elsewhere;

    if (!u->refused || !is_ours(d, u->proxy) || !is_of(u->login, c->username))
        return false;
    if (is_typed(d, u->login))
        return c->password && is_word(d, a407_span_str(c->password), "", "@");
    while (own && !is_own(own, name, u->login))
        own = own->next;
    return own ? is_own(c, name, u->login) : variable_of(u, c) != NULL;
}

bool a407_doctor_command_sent(const struct a407_doctor *d,
                              const struct a407_credential *c)
{
    for (size_t i = 0; d->command && i < d->command->n; i++)
        if (is_from(d, &d->command->use[i], c))
            return true;
    return false;
}

/* The first of ours that it is from, or NULL. */
static const struct a407_credential *ours_of(const struct a407_doctor *d,
                                             const struct a407_use *u)
{
    for (size_t i = 0; i < d->asked.n_creds; i++)
        if (is_from(d, u, d->asked.creds[i]))
            return d->asked.creds[i];
    return NULL;
}

size_t a407_doctor_command_failed(const struct a407_doctor *d,
                                  const struct a407_credential *c)
{
    const struct a407_use *use = d->command ? d->command->use : NULL;
    size_t i, k, n = 0;

    for (i = 0; use && i < d->command->n; i++) {
        const struct a407_use *u = &use[i];
        const struct a407_credential *from = ours_of(d, u);
        char user[sizeof u->login];
        const struct a407_credential its = {.username = user};

        snprintf(user, sizeof user, "%.*s", (int)strcspn(u->login, ","),
                 u->login);
        if (!u->refused || !is_ours(d, u->proxy) ||
            !a407_doctor_same_account(&its, c))
            continue;
        for (k = 0; from && k < i && ours_of(d, &use[k]) != from;)
            k++;
        n += !from || k == i;
    }
    return n;
}

/* One line of what may be several, as it is shown in a row. */
static void add_line(char *out, size_t cap, const char *line)
{
    size_t at = strlen(out);

    for (; *line && at + 2 < cap; line++) {
        if (*line == '\n' && !(at && out[at - 1] == ';'))
            out[at++] = ';';
        out[at++] = *line == '\n' ? ' ' : *line;
    }
    out[at] = '\0';
}

#define TYPED_MAX 120

/* The words behind "--", or "" where one of them has a secret, or a line end:
   a row has none. */
static void words_of(const struct a407_doctor *d, char *out)
{
    struct a407_report_record l = {.n_args = 0};
    static char word[A407_EVENT_ARGS][256];
    uint64_t programs = 0;
    char **w = d->o.command;

    for (; w[l.n_args] && l.n_args < A407_EVENT_ARGS; l.n_args++) {
        size_t i = l.n_args;
        a407_redact_next(&programs, i ? w[i - 1] : NULL, w[i], word[i],
                         sizeof word[i]);
        l.args[i] = a407_span_str(word[i]);
    }
    if (w[l.n_args] || !a407_report_command(&l, out) || strchr(out, '\n') ||
        strlen(out) > TYPED_MAX)
        *out = '\0';
}

/* With the command as it was given: what is deep in it may be of no use
   alone. */
static void add_typed(const struct a407_doctor *d, char *out, size_t cap,
                      const char *line)
{
    char typed[1200], command[A407_REPORT_KEY_MAX + 1];

    words_of(d, command);
    a407_report_typed(line, command, typed, sizeof typed);
    add_line(out, cap, typed);
}

/* The word of the command that wants one scheme alone, or NULL: what a file
   says is no matter then. */
static const char *scheme_word(const struct a407_doctor *d)
{
    char **w = d->o.command;

    while (*w && (strncmp(*w, "--proxy-", 8) != 0 ||
                  !a407_is_one_of_icase(a407_span_str(*w + 8),
                                        "basic digest ntlm negotiate")))
        w++;
    return *w;
}

static void advise(const struct a407_doctor *d, struct a407_row *row,
                   const struct a407_report_row *f, const struct a407_use *u)
{
    const char *place = u && *u->login ? place_of(d, u) : NULL;
    struct a407_report_advice a;
    char line[400] = "";

    a407_report_advise(f, &a);
    if (place && f->cause_id == A407_CAUSE_CLIENT_REJECTED)
        snprintf(line, sizeof line, "Correct user and password in %s", place);
    else if (f->cause_id != A407_CAUSE_CLIENT_REJECTED && scheme_word(d))
        snprintf(line, sizeof line, "Leave out %s", scheme_word(d));
    else if (!*a.line && !*a.command)
        add_line(line, sizeof line, a.text);
    if (!*line && *a.line) {
        snprintf(line, sizeof line, "%s%s", a.where, *a.where ? ": " : "");
        add_typed(d, line, sizeof line, a.line);
    }
    if (*a.command && strlen(line) < 250) {
        /* with a login that works there is none to be entered */
        const char *then = d->works ? strstr(a.command, "&& ") : NULL;

        add_line(line, sizeof line, *line ? ", or " : "");
        add_typed(d, line, sizeof line, then ? then + 3 : a.command);
    }
    if (*line)
        a407_row_remedy(row, "%s", line);
}

/* ---- the rows ---- */

/* The proxy and the login were seen to be good: it is the program. */
static void blame(struct a407_row *row, const struct a407_report_row *f,
                  const char *name)
{
    if (f->cause_id == A407_CAUSE_CLIENT_REJECTED)
        a407_row_sentence(row,
                          "%s sends another login than the one that "
                          "works, or an old one.",
                          name);
    else if (a407_report_group(f) != A407_REPORT_OTHER)
        a407_row_sentence(row,
                          "%s sends no login; the one that auth407 has "
                          "works.",
                          name);
    else if (f->cause_id == A407_CAUSE_MISMATCH)
        a407_row_sentence(row,
                          "%s logs in by a scheme that the proxy does not "
                          "offer; the login itself works.",
                          name);
}

static void judge_finding(struct a407_doctor *d,
                          const struct a407_report_row *f)
{
    const struct a407_use *u = a407_use_find(d->command, f->binary, f->proxy);
    const char *name = basename(f->binary);
    bool fine = a407_report_is_fine(f->cause_id) || !f->tally.unresolved;
    struct a407_row *row;
    char seen[400];

    snprintf(seen, sizeof seen, "%llu %s at %.150s, %s",
             (unsigned long long)f->tally.total,
             f->tally.total == 1 ? "407" : "407s", f->proxy,
             u && *u->login ? "it sent " : "it sent no login");
    if (u && *u->login)
        add_line(seen, sizeof seen, u->login);
    if (fine) {
        a407_row_good(&d->rows, A407_IN_COMMAND, name, "%s", seen);
        return;
    }
    if (d->proxy.port && !is_ours(d, f->proxy)) {
        row = a407_row_found(&d->rows, A407_FOUND_COMMAND_PROXY, name,
                             "%s; the others use %s", seen, d->at);
        a407_row_sentence(row, "%s uses another proxy: %s.", name, f->proxy);
    }
    row = a407_row_cause(&d->rows, f->cause_id, name, seen);
    row->section = A407_IN_COMMAND;
    if (d->works && is_ours(d, f->proxy))
        blame(row, f, name);
    advise(d, row, f, u);
}

/* Requests that met no 407, and where they went. */
static void judge_use(struct a407_doctor *d, const struct a407_use *u)
{
    const char *name = basename(u->binary);
    bool through = u->last_status && u->last_status != 407;

    if (u->met_407 && !through)
        return;
    a407_row_good(&d->rows, A407_IN_COMMAND, name,
                  "%u request%s by %s, %s%s: %d", u->requests,
                  u->requests == 1 ? "" : "s", u->proxy,
                  *u->login ? "as " : "no login", u->login, u->last_status);
    if (!is_ours(d, u->proxy))
        a407_row_found(&d->rows, A407_FOUND_COMMAND_PROXY, name,
                       "it uses %s, not %s", u->proxy, d->at)
            ->status = A407_NOTE;
    else if (through && !d->works && !d->in && a407_rows_verdict(&d->rows))
        a407_row_found(&d->rows, A407_FOUND_COMMAND_WORKS, name,
                       "it gets through where the trial does not: its login "
                       "is another one");
}

/* A program with a login of its own does not miss ours. */
static void forgive_none(struct a407_doctor *d)
{
    bool own = false;
    size_t i;

    for (i = 0; i < d->command->n; i++)
        own = own || (*d->command->use[i].login &&
                      is_ours(d, d->command->use[i].proxy));
    for (i = 0; own && i < d->rows.n; i++)
        if (d->rows.row[i].found == A407_FOUND_CAUSE &&
            !strcmp(d->rows.row[i].code,
                    a407_cause_info(A407_CAUSE_NO_CREDENTIAL)->code))
            d->rows.row[i].status = A407_NOTE;
}

/* In TLS its status is all there is to go by: it has a login of its own. */
static void ends_well(struct a407_doctor *d)
{
    a407_rows_relax(&d->rows, A407_FOUND_NO_TLS_LOGIN);
    if (a407_rows_verdict(&d->rows) || d->works)
        return;
    d->works = true;
    snprintf(d->how, sizeof d->how, "the command ends well");
}

/* Why may it have asked no proxy? By what was found in the settings, for all
   programs or for this one. */
static const struct a407_row *way_past(const struct a407_doctor *d,
                                       const char *name)
{
    size_t i;

    for (i = 0; i < d->rows.n; i++) {
        const struct a407_row *row = &d->rows.row[i];

        if (row->status == A407_WARNING &&
            (row->found == A407_FOUND_VARIABLE_UPPER ||
             row->found == A407_FOUND_VARIABLE_CGI ||
             row->found == A407_FOUND_NO_PROXY_DIFFERS ||
             (row->found == A407_FOUND_VARIABLE_OTHER &&
              !strcmp(name, "wget")) ||
             (row->found == A407_FOUND_PLACE_DISAGREES &&
              !strncmp(row->what, name, strlen(name)))))
            return row;
    }
    return NULL;
}

static void judge_silence(struct a407_doctor *d)
{
    const struct a407_observed *c = d->command;
    const char *name = basename(d->o.command[0]);
    struct a407_row *row =
        a407_row_found(&d->rows, A407_FOUND_COMMAND_SILENT, d->o.command[0],
                       d->tls ? "what it says in TLS can't be seen"
                              : "no request to a proxy was seen");
    const struct a407_row *why = way_past(d, name);

    if (why) {
        a407_row_sentence(row, "%s sent no request to a proxy: see %s.", name,
                          why->what);
        a407_row_remedy(row, "%s", why->remedy);
    } else if (d->proxy.port && !d->o.proxy) {
        a407_row_remedy(row,
                        "See why it does not go by %s: an option or a file of "
                        "its own, another protocol than HTTP, a proxy that it "
                        "can't reach, or variables taken away (sudo, env -i)",
                        d->proxy_from);
    }
    /* what was ended by a signal may not have come to it */
    if (c->status == 0 || c->status > 128 || d->tls)
        row->status = A407_NOTE;
    if (c->status == 0 && d->tls)
        ends_well(d);
}

static void judge_certificate(struct a407_doctor *d, const char *name,
                              int status)
{
    struct a407_row *row;

    if (!d->tls && !d->o.target.tls)
        return;
    row = a407_row_found(&d->rows, A407_FOUND_COMMAND_CERT, name,
                         "status %d: %s it does not trust %s", status,
                         d->tls ? "at or behind the proxy" : "behind the proxy",
                         d->tls ? "a certificate" : d->o.target.at.host);
    if (!d->tls)
        return;
    a407_row_sentence(row,
                      "%s does not trust the proxy's certificate, or one "
                      "behind it.",
                      name);
    if (d->trusted && getenv("SSL_CERT_FILE") && !strcmp(name, "curl"))
        a407_row_remedy(row, "Give it the proxy's: --proxy-cacert "
                             "\"$SSL_CERT_FILE\"");
}

/* Statuses for a certificate: the proxy's own, or one behind it. */
static void judge_status(struct a407_doctor *d)
{
    static const struct {
        const char *name;
        int status;
    } certificate[] = {{"curl", 60}, {"wget", 5}};
    const char *name = basename(d->o.command[0]);
    int is = d->command->status;
    size_t i;

    a407_row_good(&d->rows, A407_IN_COMMAND, d->o.command[0],
                  is > 128 ? "ended by signal %d" : "ended with status %d",
                  is > 128 ? is - 128 : is)
        ->status = is ? A407_NOTE : A407_GOOD;
    for (i = 0; i < 2; i++)
        if (is == certificate[i].status && !strcmp(name, certificate[i].name))
            judge_certificate(d, name, is);
}

void a407_doctor_command(struct a407_doctor *d)
{
    const struct a407_report_table *t;
    const struct a407_observed *c = d->command;
    bool failed = false;
    size_t i;

    if (!c)
        return;
    forgive_none(d);
    t = &c->report.tables[A407_REPORT_FINDING];
    for (i = 0; i < t->n; i++)
        judge_finding(d, &t->rows[i]);
    for (i = 0; i < c->n; i++) {
        judge_use(d, &c->use[i]);
        failed = failed || c->use[i].last_status == 407;
    }
    if (*c->keeps_out && !c->n)
        a407_row_found(&d->rows, A407_FOUND_COMMAND_NOT_COVERED,
                       d->o.command[0], "%s", c->keeps_out);
    else if (!c->n)
        judge_silence(d);
    judge_status(d);
    if (c->n && !failed && !a407_rows_verdict(&d->rows) && !d->works) {
        d->works = true;
        snprintf(d->how, sizeof d->how, "the command gets through");
    }
}

/* ---- what the others look at ---- */

/* Its first proxy, one that said 407 if there is such. */
static const struct a407_use *main_use(const struct a407_observed *c)
{
    const struct a407_use *best = NULL;

    for (size_t i = 0; i < c->n; i++)
        if (!best || (c->use[i].met_407 && !best->met_407))
            best = &c->use[i];
    return best;
}

/* What a command without a request meant to get: the last URL of its words that
   is no proxy's; or NULL. */
static const char *typed_target(char **w)
{
    const char *last = NULL;

    for (size_t i = 0; w[i]; i++)
        if (strncmp(w[i], "http", 4) == 0 && strstr(w[i], "://") &&
            !(i && (!strcmp(w[i - 1], "-x") || strstr(w[i - 1], "proxy"))))
            last = w[i];
    return last;
}

bool a407_doctor_run_command(struct a407_doctor *d)
{
    const struct a407_use *u;
    const char *target;

    a407_doctor_progress(d, "running %s", d->o.command[0]);
    a407_doctor_progress_end(d);
    d->command = a407_observe(d->o.command, d->o.proxy, d->o.json);
    if (!d->command)
        return false;
    u = main_use(d->command);
    target = u && *u->target ? u->target : typed_target(d->o.command);
    if (target && !d->o.values[A407_OPT_DOCTOR_TARGET])
        a407_wanted_read(target, &d->o.target);
    return true;
}

void a407_doctor_proxy_of_command(struct a407_doctor *d)
{
    const struct a407_use *u = d->command ? main_use(d->command) : NULL;

    if (d->proxy.port || !u ||
        !a407_endpoint_parse(a407_span_str(u->proxy), &d->proxy))
        return;
    snprintf(d->proxy_from, sizeof d->proxy_from, "the command");
    a407_rows_relax(&d->rows, A407_FOUND_NO_PROXY_SET);
}
