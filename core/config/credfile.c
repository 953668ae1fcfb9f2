/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/date.h"
#include "core/base/text.h"
#include "credential.h"

/* Far more proxies than anyone has; bounds what a damaged file can cost. */
#define MAX_SECTIONS 1024u

enum kind { TEXT, PASSWORD, PATH, SERVICE, SCHEMES, EXPIRES };

#define FIELD(f) offsetof(struct a407_credential, f)

static const struct {
    char name[16];
    enum kind kind;
    size_t field; /* of its string */
} keys[] = {
    {"username", TEXT, FIELD(username)},
    {"password", PASSWORD, FIELD(password)},
    {"password-file", PATH, FIELD(password_file)},
    {"domain", TEXT, FIELD(domain)},
    {"token", TEXT, FIELD(token)},
    {"token-file", PATH, FIELD(token_file)},
    {"helper", TEXT, FIELD(helper)},
    {"netrc", PATH, FIELD(netrc)},
    {"keytab", PATH, FIELD(keytab)},
    {"service", SERVICE, FIELD(service)},
    {"schemes", SCHEMES, 0},
    {"expires", EXPIRES, 0},
};
#define KEYS (sizeof keys / sizeof keys[0])

struct parser {
    const char *file_name;
    unsigned line;
    unsigned sections;
    unsigned keys_seen; /* bits: places in `keys`, of the current section */
    unsigned section_line;
    struct a407_credential *list;
    struct a407_credential *last;
    struct a407_diag *diag;
};

/* Messages hold fixed text only: whatever stands in a line may be a secret. */
static bool complain_at(struct parser *ps, unsigned line, const char *what)
{
    a407_diag_set(ps->diag, "%.255s:%u: %s", ps->file_name, line, what);
    return false;
}

static bool complain(struct parser *ps, const char *what)
{
    return complain_at(ps, ps->line, what);
}

/* Two sources of one secret: which of them is meant can't be known. */
static const char *clash(const struct a407_credential *c)
{
    bool password = c->password || c->password_file;
    if (c->password && c->password_file)
        return "the section has both password and password-file; keep one";
    if (c->token && c->token_file)
        return "the section has both token and token-file; keep one";
    if (c->netrc && password)
        return "the section has both netrc and a password; keep one";
    if (c->helper && (password || c->netrc || c->token || c->token_file))
        return "the section has both helper and another source of a secret; "
               "keep one";
    if (password && !c->username)
        return "the section has a password but no user name; write "
               "username = NAME";
    if (c->keytab && !c->username)
        return "the section has a keytab but no user name; write "
               "username = NAME@REALM";
    return NULL;
}

/* What only shows once a section is complete. */
static bool finish_section(struct parser *ps)
{
    const char *wrong = ps->last ? clash(ps->last) : NULL;
    return !wrong || complain_at(ps, ps->section_line, wrong);
}

static bool is_ipv6_char(char c)
{
    return a407_hex_value(c) >= 0 || c == ':' || c == '.';
}

/* With a port behind it or not: that can't be told. */
static bool is_bare_ipv6(struct a407_span s)
{
    struct a407_span rest = s;
    const char *colon = a407_span_find(s, ':');
    a407_span_run(&rest, is_ipv6_char);
    return !rest.n && colon && memrchr(s.p, ':', s.n) != colon;
}

static bool start_section(struct parser *ps, struct a407_span line)
{
    struct a407_endpoint endpoint;
    char label[300];
    if (!finish_section(ps))
        return false;
    if (line.n < 2 || line.p[line.n - 1] != ']')
        return complain(ps, "a section is a line [HOST:PORT] of its own");
    struct a407_span name = a407_span(line.p + 1, line.n - 2);
    if (is_bare_ipv6(a407_span_trim(name)))
        return complain(ps, "an IPv6 address has brackets of its own: write "
                            "[[IPV6]:PORT] or [[IPV6]]");
    if (memmem(name.p, name.n, "://", 3))
        return complain(ps, "the section's name is a URL; write [HOST:PORT]");
    if (!a407_endpoint_parse(a407_span_trim(name), &endpoint))
        return complain(ps, "bad section name; write [HOST:PORT], [HOST], "
                            "[*.SUFFIX:PORT] or [[IPV6]:PORT]");
    if (++ps->sections > MAX_SECTIONS)
        return complain(ps, "more than 1024 sections");
    struct a407_credential *c = calloc(1, sizeof *c);
    if (!c)
        return complain(ps, "out of memory");
    if (ps->last)
        ps->last->next = c;
    else
        ps->list = c;
    ps->last = c;
    c->endpoint = endpoint;
    c->from = A407_FROM_FILE;
    c->schemes = A407_ALL_SCHEMES;
    ps->keys_seen = 0;
    ps->section_line = ps->line;
    snprintf(label, sizeof label, "%.255s:%u", ps->file_name, ps->line);
    c->label = a407_strdup_span(a407_span_str(label));
    return c->label || complain(ps, "out of memory");
}

/* Seconds since the epoch of the start of YYYY-MM-DD, or -1. */
static int64_t parse_date(struct a407_span s)
{
    struct a407_date d = {0};
    return a407_date_take(&s, "%Y-%m-%d", &d) && !s.n && d.year > 1970 &&
                   a407_date_ok(&d)
               ? a407_date_seconds(&d)
               : -1;
}

static bool set_schemes(struct parser *ps, struct a407_span value)
{
    enum a407_scheme_id order[A407_SCHEMES_MAX];
    size_t n;
    if (!a407_schemes_parse(value, order, &n)) {
        char known[A407_SCHEME_LIST_MAX], what[A407_SCHEME_LIST_MAX + 64];
        a407_scheme_list(known);
        snprintf(what, sizeof what, "bad value; schemes is a comma list of %s",
                 known);
        return complain(ps, what);
    }
    ps->last->schemes = 0;
    for (size_t i = 0; i < n; i++)
        ps->last->schemes |= A407_SCHEME_BIT(order[i]);
    return true;
}

static bool set_key(struct parser *ps, size_t k, struct a407_span value)
{
    enum kind kind = keys[k].kind;
    char wrong[A407_LINT_WORDS];
    bool quoted =
        value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"';
    if (quoted)
        value = a407_span(value.p + 1, value.n - 2);
    a407_lint_words(
        (struct a407_finding){a407_lint_control(value), A407_LINT_VALUE},
        wrong);
    if (wrong[0])
        return complain(ps, wrong);
    /* only a password may be empty, and only on purpose */
    if (value.n == 0 && !(kind == PASSWORD && quoted))
        return complain(ps, "the value is empty; remove the line, or write "
                            "\"\" for an empty password");
    if (kind == SCHEMES)
        return set_schemes(ps, value);
    if (kind == EXPIRES)
        return (ps->last->expires = parse_date(value)) >= 0 ||
               complain(ps, "bad value; expires is a day written YYYY-MM-DD");
    if (kind == PATH && value.p[0] != '/' &&
        !(value.n > 2 && value.p[0] == '~' && value.p[1] == '/'))
        return complain(ps, "bad value; the file is read by programs in any "
                            "folder: start its path with / or ~/");
    if (kind == SERVICE && !a407_service_name_ok(value))
        return complain(ps, "bad value; service is written HTTP or HTTP@HOST");
    char *copy = a407_strdup_span(value);
    if (!copy)
        return complain(ps, "out of memory");
    memcpy((char *)ps->last + keys[k].field, &copy, sizeof copy);
    return true;
}

static bool take_line(struct parser *ps, struct a407_span line)
{
    line = a407_span_trim(line);
    if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
        return true;
    if (line.p[0] == '[')
        return start_section(ps, line);
    const char *eq = a407_span_find(line, '=');
    if (!eq)
        return complain(ps, "a line is KEY = VALUE, [HOST:PORT] or # comment");
    if (!ps->last)
        return complain(ps, "no section yet; write [HOST:PORT] above it");
    struct a407_span name = a407_span_trim(a407_span_before(line, eq));
    size_t k = 0;
    while (k < KEYS && !a407_span_ieq(name, keys[k].name))
        k++;
    if (k == KEYS)
        return complain(ps, "unknown key; known are username, password, "
                            "password-file, domain, token, token-file, "
                            "helper, netrc, keytab, service, schemes, "
                            "expires");
    if (ps->keys_seen & (1u << k))
        return complain(ps, "the key stands twice in its section; a second "
                            "credential needs a section of its own");
    ps->keys_seen |= 1u << k;
    return set_key(ps, k, a407_span_trim(a407_span_from(line, eq + 1)));
}

struct a407_credential *a407_credfile_parse(const char *text, size_t n,
                                            const char *file_name,
                                            struct a407_diag *diag)
{
    struct a407_span left = a407_span(text, n), line;
    struct parser ps = {.file_name = file_name, .diag = diag};
    bool ok = true;
    diag->text[0] = '\0';
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) /* a BOM */
        left = a407_span(text + 3, n - 3);
    left.n -= left.n && left.p[left.n - 1] == '\r'; /* CRLF, half of it */
    while (ok && a407_span_line(&left, &line)) {
        ps.line++;
        /* a NUL would cut off what the eye still sees, even in a comment */
        if (line.n && memchr(line.p, '\0', line.n))
            ok = complain(&ps, "a NUL byte; the file is not text");
        else
            ok = take_line(&ps, line);
    }
    if (ok && finish_section(&ps))
        return ps.list;
    a407_credentials_free(ps.list);
    return NULL;
}
