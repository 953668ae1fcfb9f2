/* SPDX-License-Identifier: MIT */
#include "core/http/lex.h"
#include "redact_rules.h"

/*
 * Options and words that hold a secret in one program and something else in
 * most others: "mysql -pSECRET", "mkdir -p DIR". So the program must have been
 * named before (redact_names.c).
 */

bool a407_programs_fetch(uint64_t rules)
{
    return rules & (CURL | WGET | HTTPIE);
}

/* What the value of an option is. */
enum kind { SECRET, SOURCE, HEADER };

/* ---- short options ---- */

/* Options of curl, ldapsearch and so on that take a value: what is behind one
   of these in the same word is no option. */
#define CURL_VALUES "AbcCdDeEFHhKmoPQrtTuUwxXyYz"
#define LDAP_VALUES "DHbsalzfFTSydeEPphoORUXY"
#define PSQL_VALUES "dfhopUvFPRTL"
#define SNMP_VALUES "vaAcCeElLmMnOrtuxXZ3"
#define PERL_VALUES "IMmDCFVxir"

static const struct {
    uint64_t rules;
    char letter;
    bool glued; /* the value stands in the same word only */
    enum kind kind;
    const char *chars;  /* one of them must be in the value */
    const char *values; /* other options that take one; NULL: not known */
} shorts[] = {
    {MYSQL, 'p', true, SECRET, "", "uhPDSe"},
    {ARCHIVER, 'p', true, SECRET, "", NULL},
    {P | LOGIN_P, 'p', false, SECRET, "", NULL},
    {UPPER_P, 'P', false, SECRET, "", NULL},
    {W, 'w', false, SECRET, "", LDAP_VALUES},
    {NEW, 'N', false, SECRET, "", NULL},
    {NEW, 's', false, SECRET, "", NULL},
    {A, 'a', false, SECRET, "", NULL},
    {K, 'k', false, SECRET, "", NULL},
    {T, 't', false, SECRET, "", NULL},
    {SNMP, 'c', false, SECRET, "", SNMP_VALUES},
    {SNMP, 'A', false, SECRET, "", SNMP_VALUES},
    {SNMP, 'X', false, SECRET, "", SNMP_VALUES},
    {TSIG, 'y', false, SECRET, ":", NULL},
    {LFTP, 'u', false, SECRET, ",", NULL},
    {SMB, 'U', false, SECRET, "%", NULL},
    {SMB, 'a', false, SECRET, "%", NULL},
    {TUNNEL, 'P', false, SECRET, ":", NULL},
    {TUNNEL, 'R', false, SECRET, ":", NULL},
    {STORED, 'b', false, SECRET, "", NULL},
    {CURL, 'd', false, SECRET, "", CURL_VALUES},
    {CURL, 'b', false, SECRET, "=", CURL_VALUES}, /* else it is a file */
    {CURL, 'F', false, SECRET, "=", CURL_VALUES},
    {CURL, 'E', false, SECRET, ":", CURL_VALUES},
    {CURL, 'u', false, SECRET, ":", CURL_VALUES},
    {CURL, 'U', false, SECRET, ":", CURL_VALUES},
    {CURL, 'H', false, HEADER, "", CURL_VALUES},
    {CURL, 'Q', false, SECRET, "", CURL_VALUES},
    {CODE_C, 'c', false, SOURCE, "", "WXm"},
    {PSQL, 'c', false, SOURCE, "", PSQL_VALUES},
    {POWERSHELL, 'c', false, SOURCE, "", NULL},
    {CODE_E, 'e', false, SOURCE, "", PERL_VALUES},
    {CODE_E, 'E', false, SOURCE, "", PERL_VALUES},
    {MYSQL, 'e', false, SOURCE, "", "uhPDSp"},
    {CODE_P, 'p', false, SOURCE, "", PERL_VALUES},
    {CODE_PHP, 'r', false, SOURCE, "", "cdfgz"},
    {CODE_PHP, 'B', false, SOURCE, "", "cdfgz"},
    {CODE_PHP, 'R', false, SOURCE, "", "cdfgz"},
    {CODE_PHP, 'E', false, SOURCE, "", "cdfgz"},
    {CODE_Q, 'Q', false, SOURCE, "", NULL},
    {CODE_Q, 'q', false, SOURCE, "", NULL},
};

/* One past that option in "-xyz", or 0. */
static size_t short_end(struct a407_span word, char letter, const char *values)
{
    if (word.n < 2 || word.p[0] != '-')
        return 0;
    for (size_t i = 1; i < word.n; i++) {
        char c = word.p[i];
        if (c == letter && (values || i == 1 || i + 1 == word.n))
            return i + 1;
        if (c == '-' || !a407_is_name_char(c) || (values && strchr(values, c)))
            return 0;
    }
    return 0;
}

/* ---- long options, and words that are as good as one ---- */

#define FETCH (CURL | WGET)
#define CODE  (CODE_C | CODE_E | CODE_P | CODE_PHP | PSQL | MYSQL)

static const struct {
    const char *name; /* "--" left out */
    uint64_t rules;   /* of these, also where its end is left out */
    bool any;         /* of each program, where it is written out */
    enum kind kind;
    const char *chars;
} longs[] = {
    {"body-data", FETCH, true, SECRET, ""},
    {"cookie", FETCH, true, SECRET, ""},
    {"data", FETCH, true, SECRET, ""},
    {"data-ascii", FETCH, true, SECRET, ""},
    {"data-binary", FETCH, true, SECRET, ""},
    {"data-raw", FETCH, true, SECRET, ""},
    {"data-urlencode", FETCH, true, SECRET, ""},
    {"form", FETCH, true, SECRET, ""},
    {"form-string", FETCH, true, SECRET, ""},
    {"json", FETCH, true, SECRET, ""},
    {"post-data", FETCH, true, SECRET, ""},
    {"url-query", FETCH, true, SECRET, ""},
    {"ftp-account", FETCH, false, SECRET, ""},
    {"quote", FETCH, false, SECRET, ""},
    {"ftp-password", FETCH, false, SECRET, ""},
    {"ftp-user", FETCH, false, SECRET, ""},
    {"http-passwd", FETCH, false, SECRET, ""},
    {"http-password", FETCH, false, SECRET, ""},
    {"http-user", FETCH, false, SECRET, ""},
    {"oauth2-bearer", FETCH, false, SECRET, ""},
    {"password", FETCH, false, SECRET, ""},
    {"proxy-pass", FETCH, false, SECRET, ""},
    {"proxy-passwd", FETCH, false, SECRET, ""},
    {"proxy-password", FETCH, false, SECRET, ""},
    {"proxy-user", FETCH, false, SECRET, ""},
    {"proxy-tlsuser", FETCH, false, SECRET, ""},
    {"proxy-tlspassword", FETCH, false, SECRET, ""},
    {"tlspassword", FETCH, false, SECRET, ""},
    {"tlsuser", FETCH, false, SECRET, ""},
    {"user", FETCH, false, SECRET, ":"},
    {"cert", FETCH, false, SECRET, ":"},
    {"proxy-cert", FETCH, false, SECRET, ":"},
    {"header", FETCH, true, HEADER, ""},
    {"proxy-header", FETCH, true, HEADER, ""},
    {"from-literal", 0, true, SECRET, ""}, /* kubectl create secret */
    {"body", STORED, false, SECRET, ""},
    {"value", STORED, false, SECRET, ""},
    {"eval", CODE, false, SOURCE, ""},
    {"print", CODE, false, SOURCE, ""},
    {"run", CODE, false, SOURCE, ""},
    {"command", CODE, false, SOURCE, ""},
    {"execute", CODE, false, SOURCE, ""},
    {"process-code", CODE, false, SOURCE, ""},
    {"query", CODE_Q, false, SOURCE, ""},
};

static bool begins(const char *name, struct a407_span with)
{
    return strncmp(name, with.p, with.n) == 0;
}

/* An option that has this beginning counts, whether others have it or not; but
   for those that are options themselves. */
static bool is_long(size_t k, uint64_t rules, struct a407_span name)
{
    if (longs[k].any && a407_span_eq(name, longs[k].name))
        return true;
    return (rules & longs[k].rules) && name.n >= 2 &&
           begins(longs[k].name, name) && !begins("proxy", name) &&
           !begins("url", name);
}

static const struct {
    uint64_t rules; /* 0: of each program */
    const char *word;
    bool glued; /* the value is the rest of this word, not the next one */
    enum kind kind;
} words[] = {
    {ARCHIVER, "-hp", true, SECRET}, /* rar: the names as well */
    {FREERDP, "/p:", true, SECRET},
    {FREERDP, "/gp:", true, SECRET},
    {FREERDP, "/pth:", true, SECRET},
    {FREERDP, "/gateway:", true, SECRET},
    {OPENSSL, "-k", false, SECRET},
    {OPENSSL, "-K", false, SECRET},
    {OPENSSL, "-hmac", false, SECRET},
    {OPENSSL, "-macopt", false, SECRET},
    {OPENSSL, "-psk", false, SECRET},
    {TWO, "-ap", false, SECRET},
    {TWO, "-xp", false, SECRET},
    {TWO, "-gp", false, SECRET},
    {TWO, "-vp", false, SECRET},
    {0, "-upw", false, SECRET}, /* pdftotext's and pdftk's */
    {0, "-opw", false, SECRET},
    {0, "input_pw", false, SECRET},
    {0, "user_pw", false, SECRET},
    {0, "owner_pw", false, SECRET},
    {0, "<<<", false, SECRET},
    {0, "-H", false, HEADER},
    {0, "-header", false, HEADER},
    {CODE_E, "eval", false, SOURCE},
    {CODE_E, "runner", false, SOURCE},
    {0, "-eval", false, SOURCE},
    {0, "-ex", false, SOURCE},
    {0, "-execute", false, SOURCE},
    {0, "--python-expr", false, SOURCE},
    {POWERSHELL, "-Command", false, SOURCE},
    {POWERSHELL, "-command", false, SOURCE},
    {POWERSHELL, "-EncodedCommand", false, SECRET},
    {POWERSHELL, "-enc", false, SECRET},
};

/* ---- all of them ---- */

/* In user/SECRET@database, what is behind the "/". */
static size_t oracle_secret(struct a407_span t, size_t from)
{
    size_t i = from;
    while (i < t.n && (a407_is_name_char(t.p[i]) || t.p[i] == '='))
        i++;
    return i > from && i + 1 < t.n && t.p[from] != '-' && t.p[i] == '/' ? i + 1
                                                                        : t.n;
}

/* HTTPie's Field:value, name=value, name:=value, name==value. */
static size_t item_secret(struct a407_span t, size_t from)
{
    size_t i = from;
    while (i < t.n && i - from < 64 && a407_is_name_char(t.p[i]))
        i++;
    if (t.p[from] == '-' || i == from || t.n - i < 2)
        return t.n;
    if (t.p[i] == ':' && t.p[i + 1] != '=') /* or a host's port, or a path */
        return memchr("0123456789/", t.p[i + 1], 11)
                   ? t.n
                   : a407_header_secret(t, from, true);
    return t.p[i] == '=' || t.p[i] == ':' ? i + 1 : t.n;
}

/* Of a container: "-p8080:80". */
static bool is_ports(struct a407_span t, size_t from)
{
    bool colon = false;
    for (; from < t.n && !a407_is_blank(t.p[from]); from++) {
        if (!memchr("0123456789:.-/", t.p[from], 14))
            return false;
        colon = colon || t.p[from] == ':';
    }
    return colon;
}

/* Where the secret is in an option's value, which starts at `at`; or t.n. */
static size_t in_value(const struct a407_place *p, size_t at, enum kind kind,
                       const char *chars)
{
    struct a407_span t = p->text;
    if (at >= t.n || a407_is_blank(t.p[at]))
        return t.n;
    if (kind == SOURCE)
        return a407_source_secret(t, at, p->whole, p->to);
    if (kind == HEADER)
        return a407_header_secret(t, at, a407_programs_fetch(p->rules));
    return (p->whole ? a407_holds(t, at, t.n, chars)
                     : a407_word_holds(t, at, chars))
               ? at
               : t.n;
}

static size_t by_short(const struct a407_place *p, struct a407_span word,
                       bool source)
{
    struct a407_span t = p->text;
    uint64_t rules = p->rules & ~(p->rules & LOGIN ? 0 : LOGIN_P);
    for (size_t k = 0; k < sizeof shorts / sizeof shorts[0]; k++) {
        if (!(rules & shorts[k].rules) || source != (shorts[k].kind == SOURCE))
            continue;
        char letter = shorts[k].letter;
        size_t at = t.n;
        if (!shorts[k].glued &&
            short_end(p->before, letter, shorts[k].values) == p->before.n)
            at = in_value(p, p->from, shorts[k].kind, shorts[k].chars);
        size_t end = short_end(word, letter, shorts[k].values);
        if (at == t.n && end && end < word.n)
            at = in_value(p, p->from + end, shorts[k].kind, shorts[k].chars);
        if (at < t.n && !((p->rules & LOGIN_P) && is_ports(t, at)))
            return at;
    }
    return t.n;
}

static size_t by_word(const struct a407_place *p, struct a407_span word,
                      bool source)
{
    struct a407_span t = p->text;
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
        size_t n = strlen(words[k].word), at = t.n;
        if ((words[k].rules && !(p->rules & words[k].rules)) ||
            source != (words[k].kind == SOURCE))
            continue;
        if (!words[k].glued && a407_span_eq(p->before, words[k].word))
            at = in_value(p, p->from, words[k].kind, "");
        else if (words[k].glued && word.n > n &&
                 memcmp(word.p, words[k].word, n) == 0)
            at = in_value(p, p->from + n, words[k].kind, "");
        if (at < t.n)
            return at;
    }
    return t.n;
}

/* The name in "--name" and "--name=value"; none is in other words. */
static struct a407_span long_name(struct a407_span word)
{
    if (word.n < 3 || word.p[0] != '-' || word.p[1] != '-')
        return a407_span(NULL, 0);
    size_t i = 2;
    while (i < word.n && word.p[i] && a407_is_name_char(word.p[i]))
        i++;
    return a407_span(word.p + 2, i - 2);
}

static size_t by_long(const struct a407_place *p, struct a407_span word,
                      bool source)
{
    struct a407_span t = p->text;
    struct a407_span before = long_name(p->before), name = long_name(word);
    bool next = before.n && before.n + 2 == p->before.n;
    bool here = name.n && name.n + 2 < word.n && name.p[name.n] == '=';
    for (size_t k = 0; k < sizeof longs / sizeof longs[0]; k++) {
        size_t at = t.n;
        if (source != (longs[k].kind == SOURCE))
            continue;
        if (next && is_long(k, p->rules, before))
            at = in_value(p, p->from, longs[k].kind, longs[k].chars);
        if (at == t.n && here && is_long(k, p->rules, name))
            at = in_value(p, p->from + name.n + 3, longs[k].kind,
                          longs[k].chars);
        if (at < t.n)
            return at;
    }
    return t.n;
}

static size_t by_option(const struct a407_place *p, bool source)
{
    static const size_t longest = 64; /* no option is longer */
    struct a407_span t = p->text;
    size_t end = p->from;
    while (end < t.n && end - p->from < longest && !a407_is_blank(t.p[end]))
        end++;
    struct a407_span word = a407_span(t.p + p->from, end - p->from);
    size_t at = by_short(p, word, source);
    if (at == t.n)
        at = by_word(p, word, source);
    return at == t.n ? by_long(p, word, source) : at;
}

size_t a407_program_secret(const struct a407_place *p)
{
    struct a407_span t = p->text;
    if ((p->rules & REST) || ((p->rules & WORDS) && t.p[p->from] != '-'))
        return p->from;
    size_t at = by_option(p, false);
    if (at == t.n && (p->rules & HTTPIE))
        at = item_secret(t, p->from);
    return at == t.n && (p->rules & ORACLE) ? oracle_secret(t, p->from) : at;
}

size_t a407_program_source(const struct a407_place *p)
{
    size_t at = by_option(p, true);
    bool quoted =
        p->whole || (p->from && a407_is_quote(p->text.p[p->from - 1]));
    return at == p->text.n && (p->rules & SCRIPT) && quoted
               ? a407_source_secret(p->text, p->from, p->whole, p->to)
               : at;
}
