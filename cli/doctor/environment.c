/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "configuration.h"
#include "core/base/buf.h"
#include "core/record/redact.h"
#include "host/credfile_read.h"
#include "host/settings.h"

/* A proxy of the command line is one more of the environment, for this process
   alone: so its user:password@ is a credential, as in a variable. */
static bool add_to_environment(const char *proxy)
{
    const char *others = getenv("AUTH407_PROXY");
    struct a407_buf b;
    bool good;

    a407_buf_init(&b, SIZE_MAX);
    a407_buf_fmt(&b, "%s%s%s", proxy, others && *others ? "," : "",
                 others ? others : "");
    good = a407_buf_add(&b, "", 1) && setenv("AUTH407_PROXY", b.p, 1) == 0;
    a407_buf_free(&b);
    return good;
}

/* Of each: its two spellings, and who reads which of them first. */
static const struct pair {
    const char *lower, *upper, *by_lower, *by_upper;
} pairs[] = {
    {"http_proxy", "HTTP_PROXY", "curl, wget, Python", "Go"},
    {"https_proxy", "HTTPS_PROXY", "curl, wget, Python", "Go"},
    {"ftp_proxy", "FTP_PROXY", "curl, wget, Python", "few"},
    {"all_proxy", "ALL_PROXY", "curl, Python", "few"},
    {"no_proxy", "NO_PROXY", "curl, wget, Python", "Go"},
};
enum { PAIRS = sizeof pairs / sizeof *pairs, NO = PAIRS - 1 };

static void check_url(struct a407_doctor *d, const char *name, bool chosen)
{
    char before[40];
    struct a407_written w = {name, getenv(name), before, .chosen = chosen};

    snprintf(before, sizeof before, "export %s=", name);
    if (chosen)
        snprintf(d->proxy_from, sizeof d->proxy_from, "%s", name);
    if (a407_written_check(d, &w) && chosen)
        a407_doctor_take(d, name, w.value);
}

const char *const a407_variables[2][5] = {
    {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"},
    {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}};

/* The first of them that is set, or NULL. */
static const char *first_set(bool tls)
{
    const char *const *names = a407_variables[tls];

    for (; *names; names++) {
        const char *value = getenv(*names);

        if (value && *value &&
            (strcmp(*names, "HTTP_PROXY") != 0 || !getenv("REQUEST_METHOD")))
            return *names;
    }
    return NULL;
}

static void find_proxy(struct a407_doctor *d, const char *name)
{
    const char *other = first_set(!d->o.target.tls);
    const char *lacks = *a407_variables[d->o.target.tls];
    struct a407_row *row;

    if (name) {
        check_url(d, name, true);
    } else if (other) {
        row = a407_row_found(&d->rows, A407_FOUND_VARIABLE_OTHER, lacks,
                             "only %s is set", other);
        a407_row_sentence(row,
                          "%s is set, but %s is not: programs go to %s "
                          "directly.",
                          other, lacks, d->o.target.url);
        a407_row_remedy(row, "export %s=\"$%s\"", lacks, other);
        check_url(d, other, true);
    } else {
        a407_row_found(&d->rows, A407_FOUND_NO_PROXY_SET, "*_proxy variables",
                       "none names a proxy for %s", d->o.target.url);
    }
}

/* What some programs don't read. */
static void check_spelling(struct a407_doctor *d, const char *name)
{
    const char *lower = *a407_variables[d->o.target.tls];
    bool all = name && strcasecmp(name, "all_proxy") == 0;
    struct a407_row *row;

    if (!name || (!all && *name != 'H'))
        return;
    row = a407_row_found(
        &d->rows, all ? A407_FOUND_VARIABLE_OTHER : A407_FOUND_VARIABLE_UPPER,
        name, "%s",
        all               ? "wget and Go do not read it"
        : d->o.target.tls ? "wget reads only https_proxy"
                          : "curl, git and wget read only http_proxy");
    row->status = d->o.target.tls && !all ? A407_NOTE : A407_WARNING;
    a407_row_remedy(row, "export %s=\"$%s\"", lower, name);
}

/* What is wrong with a URL was said with the corrected line. */
static bool is_about_url(const struct a407_doctor *d, const char *text)
{
    return strstr(text, "_proxy: ") || strstr(text, "_PROXY: no proxy URL") ||
           (d->o.proxy && strncmp(text, "AUTH407_PROXY: entry 1 ", 23) == 0);
}

void a407_doctor_diag(struct a407_row *row, const char *text)
{
    const char *rest = strstr(text, "; "), *write = strstr(text, ": write ");

    if (rest) {
        a407_row_sentence(row, "%.*s.", (int)(rest - text), text);
        rest += strncmp(rest, "; run: ", 7) == 0 ? 7 : 2;
        a407_row_remedy(row, "%s", rest);
    } else if (write && strncmp(text, "AUTH407_", 8) == 0) {
        a407_row_sentence(row, "%.*s can't be used as it is written.",
                          (int)(write - text), text);
        a407_row_remedy(row, "%s", write + 2);
    } else {
        a407_row_sentence(row, "%s.", text);
    }
}

/* The proxy of the command line was put among those of the environment. */
static void take_given(struct a407_doctor *d)
{
    struct a407_written w = {"PROXY-URL", d->o.proxy, "auth407 doctor ",
                             .chosen = true, .guessed = true};
    struct a407_credential *c = d->config ? d->config->credentials : NULL;

    snprintf(d->proxy_from, sizeof d->proxy_from, "the command line");
    if (!a407_written_check(d, &w) ||
        !a407_doctor_take(d, "the command line", w.value))
        return;
    for (; c; c = c->next)
        if (c->label && strcmp(c->label, "AUTH407_PROXY") == 0 &&
            a407_endpoint_match(&c->endpoint, &d->proxy))
            memcpy(c->label, "PROXY-URL", sizeof "PROXY-URL");
}

/* ---- all variables ---- */

static void check_value(struct a407_doctor *d, const char *name)
{
    const char *value = getenv(name);

    if (!value || strcmp(d->proxy_from, name) == 0)
        return;
    if (*value)
        check_url(d, name, false);
    else
        a407_row_good(&d->rows, A407_IN_CONFIGURATION, name, "empty")->status =
            A407_NOTE;
}

static const char *shown(const char *value, bool url, char out[static 150])
{
    if (url && *value)
        a407_written_show(value, out, 150);
    else
        snprintf(out, 150, "%.140s", *value ? value : "nothing");
    return out;
}

/* Only programs that read the one are met by what is wrong with the other. */
static void check_pair(struct a407_doctor *d, const struct pair *p,
                       const char *chosen)
{
    const char *a = getenv(p->lower), *b = getenv(p->upper);
    bool url = p != &pairs[NO], same;
    char in_a[150], in_b[150];
    struct a407_row *row;

    if (!a || !b)
        return;
    same = url ? a407_written_same(a, b, false) : strcmp(a, b) == 0;
    if (same && (!url || a407_written_same(a, b, true)))
        return;
    row = a407_row_found(&d->rows, A407_FOUND_VARIABLES_DISAGREE, p->lower,
                         "%s (%s); %s: %s (%s)%s", shown(a, url, in_a),
                         p->by_lower, p->upper, shown(b, url, in_b),
                         p->by_upper, same ? ", with another login" : "");
    a407_row_sentence(row, "%s and %s disagree.", p->lower, p->upper);
    a407_row_remedy(row, "export %s=\"$%s\"", *a ? p->upper : p->lower,
                    *a ? p->lower : p->upper);
    if (!chosen ||
        (strcmp(chosen, p->lower) != 0 && strcmp(chosen, p->upper) != 0))
        row->status = A407_WARNING;
}

/* "curl, wget and Go" */
static const char *readers(unsigned who, char out[static 40])
{
    static const char *const names[] = {"curl", "wget", "Python", "Go"};
    size_t i, n = 0;

    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (who & 1u << i)
            n += (size_t)snprintf(out + n, 40 - n, "%s%s",
                                  !n               ? ""
                                  : who >> (i + 1) ? ", "
                                                   : " and ",
                                  names[i]);
    return out;
}

/* Who reads that one of the two: Go prefers the upper case; of the others some
   read it where there is no lower case. */
static unsigned read_by(const char *name)
{
    const struct pair *p = &pairs[NO];

    if (strcmp(name, p->lower) == 0)
        return getenv(p->upper) ? A407_READERS & ~A407_GO : A407_READERS;
    return getenv(p->lower) ? A407_GO : A407_READERS & ~A407_WGET;
}

/* Of programs that read it Go may differ, and of "*" wget. */
static void check_no_proxy(struct a407_doctor *d, const char *name,
                           bool environment)
{
    const char *list = getenv(name), *host = d->o.target.at.host;
    unsigned by, of = read_by(name), most = of & ~A407_GO;
    char shown[101]; /* a login may stand there by mistake */
    struct a407_buf rest;
    char yes[40], no[40] = "";
    struct a407_row *row;

    if (!list || !*list)
        return;
    if (strcmp(list, "*") == 0)
        most &= ~A407_WGET;
    a407_redact_arg(NULL, list, shown, sizeof shown);
    a407_buf_init(&rest, 300);
    by = of & a407_no_proxy_covers(list, &d->o.target.at, &rest);
    if (!by) {
        a407_row_good(&d->rows, A407_IN_CONFIGURATION, name,
                      "%s does not cover %s", shown, host);
    } else {
        bool all = most && (by & most) == most;

        row = a407_row_found(
            &d->rows,
            all ? A407_FOUND_NO_PROXY_COVERS : A407_FOUND_NO_PROXY_DIFFERS,
            name,
            by == A407_READERS ? "%s covers %s"
                               : "%s covers %s for %s, not for %s",
            shown, host, readers(by, yes), readers(A407_READERS & ~by, no));
        if (all)
            a407_row_sentence(row, "%s covers %s: programs go there directly.",
                              name, host);
        if (!rest.n || !memchr(rest.p, '@', rest.n))
            a407_row_remedy(row, rest.n ? "export %s=%.*s" : "unset %s", name,
                            (int)rest.n, rest.n ? rest.p : "");
        if (!environment)
            row->status = A407_WARNING;
    }
    a407_buf_free(&rest);
}

static void check_variables(struct a407_doctor *d, const char *chosen)
{
    size_t i;

    for (i = 0; i < PAIRS; i++) {
        const char *lower = pairs[i].lower, *upper = pairs[i].upper;
        bool twice = !a407_same_text(getenv(lower), getenv(upper));

        check_pair(d, &pairs[i], chosen);
        if (i == NO) {
            check_no_proxy(d, lower, chosen != NULL);
            if (twice)
                check_no_proxy(d, upper, chosen != NULL);
        } else {
            check_value(d, lower);
            if (twice)
                check_value(d, upper);
        }
    }
    if (getenv("REQUEST_METHOD") && getenv("HTTP_PROXY"))
        a407_row_found(&d->rows, A407_FOUND_VARIABLE_CGI, "HTTP_PROXY",
                       "REQUEST_METHOD is set, as for a CGI program");
}

void a407_doctor_environment(struct a407_doctor *d)
{
    const char *name = d->o.proxy ? NULL : first_set(d->o.target.tls);
    struct a407_diag diag = {{0}};

    if (d->o.proxy && !add_to_environment(d->o.proxy))
        return;
    d->config = a407_config_new(a407_environment, NULL, &diag);
    if (*diag.text && !is_about_url(d, diag.text))
        a407_doctor_diag(a407_row_found(&d->rows, A407_FOUND_SETTINGS,
                                        "settings", "%s", diag.text),
                         diag.text);
    if (d->config && d->config->mode != A407_MODE_INJECT)
        a407_row_found(&d->rows, A407_FOUND_MODE, "AUTH407_MODE",
                       "%s: no login is sent by auth407",
                       getenv("AUTH407_MODE"))
            ->status = A407_WARNING;
    if (d->o.proxy)
        take_given(d);
    else
        find_proxy(d, name);
    check_spelling(d, name);
    check_variables(d, name);
    if (d->proxy.port == d->o.target.at.port &&
        strcmp(d->proxy.host, d->o.target.at.host) == 0)
        a407_row_found(&d->rows, A407_FOUND_PROXY_IS_TARGET, "--target",
                       "it is %s, as the proxy", d->proxy.host);
}

/* ---- what became of them ---- */

const char *a407_unreachable(const struct a407_endpoint *e)
{
    const char *why;
    int fd = a407_connect_to(e, &why);

    if (fd < 0)
        return why;
    close(fd);
    return NULL;
}

/* Does it name another proxy than the one that was looked at? */
static bool names_other(const struct a407_doctor *d, const char *name,
                        struct a407_proxy_url *url)
{
    const char *value = getenv(name);

    return value && a407_written_read(value, url) &&
           !a407_written_same(value, d->url, false);
}

/* Of two values the one that works is to be kept. If none does, that is what is
   wrong. */
static void settle(struct a407_doctor *d, const struct pair *p,
                   struct a407_row *row)
{
    const char *now = d->proxy_from,
               *other = strcmp(now, p->lower) == 0 ? p->upper : p->lower;
    struct a407_proxy_url url;

    if (d->let_in ? strcmp(d->let_in->label, other) == 0
                  : !d->peer.at && names_other(d, other, &url) &&
                        !a407_unreachable(&url.endpoint))
        a407_row_remedy(row, "export %s=\"$%s\"", now, other);
    else if (!d->peer.at || (!d->in && d->n_refused))
        row->status = A407_WARNING;
}

void a407_doctor_variables(struct a407_doctor *d)
{
    const char *name = *a407_variables[!d->o.target.tls], *why = NULL;
    bool variable = getenv(d->proxy_from);
    struct a407_proxy_url url;
    size_t i, j;

    for (i = 0; i < d->rows.n; i++) {
        struct a407_row *row = &d->rows.row[i];

        for (j = 0; j < NO; j++)
            if (row->found == A407_FOUND_VARIABLES_DISAGREE &&
                row->status == A407_FAILURE && variable &&
                strcmp(row->what, pairs[j].lower) == 0)
                settle(d, &pairs[j], row);
        /* what programs send themselves needs no auth407 */
        if (row->found == A407_FOUND_MODE && d->in &&
            !(d->let_in && d->let_in->from == A407_FROM_PROXY_URL))
            row->status = A407_FAILURE;
    }
    if (variable && d->peer.at && names_other(d, name, &url))
        why = a407_unreachable(&url.endpoint);
    if (why)
        a407_row_remedy(a407_row_found(&d->rows, A407_FOUND_VARIABLE_DEAD, name,
                                       "its proxy does not answer: %s", why),
                        "export %s=\"$%s\"", name, d->proxy_from);
}
