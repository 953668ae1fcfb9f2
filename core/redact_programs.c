/* SPDX-License-Identifier: MIT */
#include "redact_words.h"

/*
 * Options that hold a secret in one program and something else in most others:
 * "mysql -pSECRET", "mkdir -p DIR". So the program must have been named before,
 * as a word of its own or by its path.
 */

enum {
    MYSQL = 1 << 0,
    ARCHIVER = 1 << 1,
    SSHPASS = 1 << 2,
    ZIP = 1 << 3,
    LDAP = 1 << 4,
    REDIS = 1 << 5,
    LOGIN_P = 1 << 6,
    CONTAINER = 1 << 7,
    CARGO = 1 << 8,
    HTPASSWD = 1 << 9,
    CURL = 1 << 10,
    WGET = 1 << 11,
    HTTPIE = 1 << 12,
    TUNNEL = 1 << 13,
    LFTP = 1 << 14,
    SMB = 1 << 15,
    FREERDP = 1 << 16,
    REST = 1 << 17 /* all that follows: htpasswd -b FILE USER SECRET */
};

static const struct {
    const char *name; /* the beginning of it, where a "*" is at its end */
    unsigned bit;
} programs[] = {
    {"mysql*", MYSQL},
    {"mariadb*", MYSQL},
    {"7z", ARCHIVER},
    {"7za", ARCHIVER},
    {"7zr", ARCHIVER},
    {"rar", ARCHIVER},
    {"unrar", ARCHIVER},
    {"sshpass", SSHPASS},
    {"zip", ZIP},
    {"unzip", ZIP},
    {"ldapsearch", LDAP},
    {"ldapmodify", LDAP},
    {"ldapadd", LDAP},
    {"ldapdelete", LDAP},
    {"ldapwhoami", LDAP},
    {"ldappasswd", LDAP},
    {"redis-cli", REDIS},
    {"docker", CONTAINER},
    {"podman", CONTAINER},
    {"buildah", LOGIN_P},
    {"skopeo", LOGIN_P},
    {"twine", LOGIN_P},
    {"yt-dlp", LOGIN_P},
    {"youtube-dl", LOGIN_P},
    {"rdesktop", LOGIN_P},
    {"cargo", CARGO},
    {"htpasswd", HTPASSWD},
    {"curl", CURL},
    {"wget*", WGET},
    {"http", HTTPIE},
    {"https", HTTPIE},
    {"xh", HTTPIE},
    {"xhs", HTTPIE},
    {"proxytunnel", TUNNEL},
    {"lftp", LFTP},
    {"smbclient", SMB},
    {"smbget", SMB},
    {"rpcclient", SMB},
    {"xfreerdp*", FREERDP},
    {"wlfreerdp*", FREERDP},
    {"sdl-freerdp*", FREERDP},
};

static bool ends_name(char c)
{
    return a407_is_blank(c) || a407_is_quote(c) || memchr(";)(&|,/", c, 7);
}

/* "-b", "-nb": a dash, and short options. */
static bool has_short(struct a407_span word, char option)
{
    return word.n > 1 && word.p[0] == '-' && word.p[1] != '-' &&
           memchr(word.p + 1, option, word.n - 1);
}

void a407_programs_note(unsigned *bits, struct a407_span t, size_t i)
{
    static const size_t longest = 32;
    if (i > 0 && !ends_name(t.p[i - 1]))
        return;
    size_t end = i;
    while (end < t.n && end - i < longest && !ends_name(t.p[end]))
        end++;
    if (end < t.n && (t.p[end] == '/' || !ends_name(t.p[end])))
        return;
    struct a407_span word = a407_span(t.p + i, end - i);
    if ((*bits & HTPASSWD) && has_short(word, 'b'))
        *bits |= REST;
    for (size_t k = 0; k < sizeof programs / sizeof programs[0]; k++) {
        if (word.n == 0 || programs[k].name[0] != word.p[0])
            continue;
        size_t n = strlen(programs[k].name);
        bool begins = programs[k].name[n - 1] == '*';
        n -= begins;
        if (word.n >= n && (begins || word.n == n) &&
            memcmp(word.p, programs[k].name, n) == 0)
            *bits |= programs[k].bit;
    }
}

bool a407_programs_fetch(unsigned bits)
{
    return bits & (CURL | WGET | HTTPIE);
}

/* ---- short options ---- */

static const struct {
    unsigned bits;
    char letter;
    bool glued_only;
    const char *chars; /* one of them must be in the value */
} options[] = {
    {MYSQL | ARCHIVER, 'p', true, ""},
    {SSHPASS | LOGIN_P | CONTAINER, 'p', false, ""},
    {ZIP, 'P', false, ""},
    {LDAP, 'w', false, ""},
    {REDIS | HTTPIE, 'a', false, ""},
    {TUNNEL, 'P', false, ":"},
    {TUNNEL, 'R', false, ":"},
    {LFTP, 'u', false, ","},
    {SMB, 'U', false, "%"},
};

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

/* Only letters, behind one dash, and this one the last. */
static bool ends_short(struct a407_span word, char letter)
{
    if (word.n < 2 || word.p[0] != '-' || word.p[word.n - 1] != letter)
        return false;
    for (size_t i = 1; i < word.n; i++)
        if (!a407_is_name_char(word.p[i]) || word.p[i] == '-')
            return false;
    return true;
}

static size_t short_option(unsigned bits, struct a407_span before, bool whole,
                           struct a407_span t, size_t from)
{
    for (size_t k = 0; k < sizeof options / sizeof options[0]; k++) {
        if (!(bits & options[k].bits))
            continue;
        size_t at = t.n;
        if (!options[k].glued_only && ends_short(before, options[k].letter))
            at = from;
        else if (t.n - from > 2 && t.p[from] == '-' &&
                 t.p[from + 1] == options[k].letter)
            at = from + 2;
        if (at == t.n || ((bits & CONTAINER) && is_ports(t, at)))
            continue;
        if (whole && at == from ? a407_holds(t, at, t.n, options[k].chars)
                                : a407_word_holds(t, at, options[k].chars))
            return at;
    }
    return t.n;
}

/* ---- curl ---- */

/* The short option in a word that takes a value, which is the rest of the word
   or the next one: its place, or 0. */
static size_t curl_value(struct a407_span word)
{
    if (word.n < 2 || word.p[0] != '-')
        return 0;
    for (size_t i = 1; i < word.n; i++) {
        if (memchr("AbcCdDeEFHKmoPQrtTuUwxXyYz", word.p[i], 26))
            return i;
        if (word.p[i] == '-' || !a407_is_name_char(word.p[i]))
            return 0;
    }
    return 0;
}

/* What must be in the value of a short option, or NULL. */
static const char *curl_chars(char option)
{
    switch (option) {
    case 'd':
        return "";
    case 'b': /* else it is a file */
    case 'F':
        return "=";
    case 'E':
    case 'u':
    case 'U':
        return ":";
    default:
        return NULL;
    }
}

static size_t curl_secret(struct a407_span before, bool whole,
                          struct a407_span t, size_t from)
{
    size_t i = curl_value(before);
    const char *chars = i && i + 1 == before.n ? curl_chars(before.p[i]) : NULL;
    if (chars && (whole ? a407_holds(t, from, t.n, chars)
                        : a407_word_holds(t, from, chars)))
        return from;
    struct a407_span word = a407_span(t.p + from, t.n - from);
    i = curl_value(word);
    chars = i && i + 1 < word.n && !a407_is_blank(word.p[i + 1])
                ? curl_chars(word.p[i])
                : NULL;
    size_t at = from + i + 1;
    if (chars &&
        (whole ? a407_holds(t, at, t.n, chars) : a407_word_holds(t, at, chars)))
        return at;
    return t.n;
}

/* ---- all of them ---- */

/* "/p:SECRET", "/gateway:g:h,u:u,p:SECRET" */
static size_t freerdp_secret(struct a407_span t, size_t from)
{
    static const char *const names[] = {"/p:", "/gp:", "/pth:", "/gateway:"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i]);
        if (t.n - from > n && memcmp(t.p + from, names[i], n) == 0)
            return from + n;
    }
    return t.n;
}

size_t a407_program_secret(unsigned bits, struct a407_span before, bool whole,
                           struct a407_span t, size_t from)
{
    if ((bits & REST) ||
        ((bits & CARGO) && a407_span_eq(before, "login") && t.p[from] != '-'))
        return from;
    if ((bits & ARCHIVER) && t.n - from > 3 &&
        memcmp(t.p + from, "-hp", 3) == 0)
        return from + 3; /* rar: the names as well */
    size_t at = short_option(bits, before, whole, t, from);
    if (at == t.n && (bits & CURL))
        at = curl_secret(before, whole, t, from);
    if (at == t.n && (bits & FREERDP))
        at = freerdp_secret(t, from);
    return at;
}

static bool begins(const char *name, struct a407_span with)
{
    return strncmp(name, with.p, with.n) == 0;
}

const char *a407_program_option(unsigned bits, struct a407_span name)
{
    static const struct {
        const char *name, *chars;
    } longs[] = {
        {"body-data", ""},
        {"cookie", ""},
        {"data", ""},
        {"data-ascii", ""},
        {"data-binary", ""},
        {"data-raw", ""},
        {"data-urlencode", ""},
        {"form", ""},
        {"form-string", ""},
        {"ftp-password", ""},
        {"ftp-user", ""},
        {"http-passwd", ""},
        {"http-password", ""},
        {"http-user", ""},
        {"json", ""},
        {"oauth2-bearer", ""},
        {"password", ""},
        {"post-data", ""},
        {"proxy-passwd", ""},
        {"proxy-password", ""},
        {"proxy-user", ""},
        {"proxy-tlsuser", ""},
        {"proxy-tlspassword", ""},
        {"tlspassword", ""},
        {"tlsuser", ""},
        {"url-query", ""},
        {"user", ":"},
        {"cert", ":"},
        {"proxy-cert", ":"},
    };
    if (!(bits & (CURL | WGET)) || name.n < 2 || memchr(name.p, '\0', name.n) ||
        begins("proxy", name) || begins("url", name))
        return NULL;
    for (size_t i = 0; i < sizeof longs / sizeof longs[0]; i++)
        if (begins(longs[i].name, name))
            return longs[i].chars;
    return NULL;
}
