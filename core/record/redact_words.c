/* SPDX-License-Identifier: MIT */
#include "redact_words.h"

bool a407_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool a407_is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool a407_is_name_char(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool a407_word_starts(struct a407_span t, size_t i)
{
    return !a407_is_blank(t.p[i]) && !a407_is_quote(t.p[i]) &&
           (i == 0 || a407_is_blank(t.p[i - 1]) || a407_is_quote(t.p[i - 1]));
}

size_t a407_word_end(struct a407_span t, size_t from)
{
    while (from < t.n && !a407_is_blank(t.p[from]))
        from++;
    return from;
}

static bool between_words(char c)
{
    return a407_is_blank(c) || a407_is_quote(c) || c == '\\' || c == ',';
}

struct a407_span a407_word_before(struct a407_span t, struct a407_span prev,
                                  size_t from)
{
    size_t end = from;
    while (end > 0 && between_words(t.p[end - 1]))
        end--;
    if (end == 0)
        return prev;
    size_t start = end;
    while (start > 0 && !between_words(t.p[start - 1]))
        start--;
    return a407_span(t.p + start, end - start);
}

bool a407_holds(struct a407_span t, size_t from, size_t to, const char *chars)
{
    static const size_t most = 1024;
    if (!*chars)
        return true;
    size_t end = to - from > most ? from + most : to;
    for (size_t i = from; i < end; i++)
        if (strchr(chars, t.p[i]) && t.p[i])
            return true;
    return end < to;
}

/* To its closing quote, if it has one. */
bool a407_word_holds(struct a407_span t, size_t from, const char *chars)
{
    size_t first = from < t.n && a407_is_quote(t.p[from]) ? from + 1 : from;
    if (first > 0 && a407_is_quote(t.p[first - 1])) {
        const char *q = memchr(t.p + first, t.p[first - 1], t.n - first);
        size_t to = q ? (size_t)(q - t.p) : t.n;
        bool behind = to + 1 < t.n && *chars && strchr(chars, t.p[to + 1]);
        return behind || a407_holds(t, first, to, chars); /* 'a':'b' */
    }
    size_t end = from;
    while (end < t.n && end - from <= 1024 && !a407_is_blank(t.p[end]))
        end++;
    return a407_holds(t, from, end, chars);
}

/* "passive", "bypass" and "author" are no secrets, nor is our own AUTH407_: the
   word of a secret ends at `hit`. */
static bool is_other_word(const char *norm, const char *hit)
{
    static const char *const others[] = {"passive",   "passthrough", "compass",
                                         "bypass",    "tokenizer",   "author",
                                         "authority", "auth407"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        size_t n = strlen(others[i]);
        const char *at = strstr(norm, others[i]);
        for (; at; at = strstr(at + 1, others[i])) {
            bool authorize = strcmp(others[i], "author") == 0 && at[n] == 'i';
            if (at < hit && at + n >= hit && !authorize)
                return true;
        }
    }
    return false;
}

/* Case, "-", "_" and "." don't count, so that api-key, API_KEY and apiKey are
   one. */
bool a407_secret_name(struct a407_span name)
{
    static const char *const words[] = {
        "pass",       "pwd",       "secret",     "token",
        "apikey",     "accesskey", "privatekey", "auth",
        "credential", "cookie",    "bearer",     "signature",
        "session",    "sessid",    "jwt",        "subscriptionkey",
        "accountkey", "masterkey", "signingkey", "encryptionkey",
        "creds"};
    char norm[64];
    size_t n = 0;
    /* the end of a long name tells more than its beginning */
    size_t skip = name.n > sizeof norm - 1 ? name.n - (sizeof norm - 1) : 0;
    for (size_t i = skip; i < name.n; i++)
        if (!memchr("-_.", name.p[i], 3))
            norm[n++] = (char)(name.p[i] | (is_letter(name.p[i]) ? 0x20 : 0));
    norm[n] = '\0';
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
        const char *hit = norm;
        while ((hit = strstr(hit, words[k]))) {
            hit += strlen(words[k]);
            if (!is_other_word(norm, hit))
                return true;
        }
    }
    return false;
}

static bool ends_with(struct a407_span s, const char *z)
{
    size_t n = strlen(z);
    return s.n >= n && memcmp(s.p + s.n - n, z, n) == 0;
}

static bool iends_with(struct a407_span s, const char *z)
{
    size_t n = strlen(z);
    return s.n >= n && a407_span_ieq(a407_span(s.p + s.n - n, n), z);
}

/* "--password-file FILE", "--auth-type TYPE": not the secret itself. */
static bool is_place(struct a407_span name)
{
    static const char *const ends[] = {"file",    "path", "dir",   "jar",
                                       "stdin",   "-fd",  "-type", "timeout",
                                       "-method", "-url"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (iends_with(name, ends[i]))
            return true;
    return false;
}

/* "--proxy-passw", "--tok": the last part of an option's name is the beginning
   of a secret's, as getopt_long(3) takes it. */
static bool abbreviates(struct a407_span name)
{
    static const struct {
        const char *word;
        size_t least; /* shorter ones begin other words as well */
    } words[] = {{"password", 3},   {"passphrase", 3}, {"token", 3},
                 {"credential", 4}, {"secret", 4},     {"cookie", 4},
                 {"apikey", 4},     {"api-key", 4}};
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
        size_t most = strlen(words[k].word), at = name.n;
        for (; at > 0 && name.n - at < most; at--) {
            struct a407_span end = a407_span(name.p + at, name.n - at);
            size_t n = 0;
            while (n < end.n && a407_lower(end.p[n]) == words[k].word[n])
                n++;
            if (n == end.n && n >= words[k].least && name.p[at - 1] == '-')
                return true;
        }
    }
    return false;
}

/*
 * Whether the value of a long option, or of a variable of that name, is a
 * secret; the answer is that of announces().
 */
static const char *long_option(struct a407_span name)
{
    static const char *const flags[] = {"anyauth", "proxy-anyauth",
                                        "auth-no-challenge"};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (a407_span_eq(name, flags[i]))
            return NULL;
    if (is_place(name) || (name.n >= 3 && memcmp(name.p, "no-", 3) == 0))
        return NULL;
    static const char *const shorts[] = {"otp", "sig", "pin", "psk", "cred"};
    for (size_t i = 0; i < sizeof shorts / sizeof shorts[0]; i++)
        if (a407_span_ieq(name, shorts[i]))
            return "";
    if (ends_with(name, "pw"))
        return "";
    if (a407_span_eq(name, "user"))
        return ":%"; /* of pip and systemctl as well: they take no password */
    if (a407_span_eq(name, "cert") || a407_span_eq(name, "proxy-cert"))
        return ":";
    return ends_with(name, "user") || a407_secret_name(name) ? "" : NULL;
}

/*
 * A setting that stands as a word of its own, its value behind it: "npm config
 * set //host/:_authToken X", "aws configure set aws_secret_access_key X".
 */
static bool is_setting(struct a407_span word)
{
    static const char *const ends[] = {
        "password",     "authtoken",    "accesstoken",  "accesskey", "apikey",
        "clientsecret", "sessiontoken", "refreshtoken", "psk"};
    char norm[64];
    size_t n = 0, skip = word.n > 63 ? word.n - 63 : 0;
    for (size_t i = skip; i < word.n; i++)
        if (!memchr("-_.", word.p[i], 3))
            norm[n++] = (char)a407_lower(word.p[i]);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends_with(a407_span(norm, n), ends[i]))
            return true;
    return word.n >= 5 && memmem(word.p, word.n, "/:_", 3);
}

/*
 * When the word after this one is a secret: NULL never, "" always, else when
 * it holds one of these characters.
 */
static const char *announces(struct a407_span word)
{
    if (word.n && word.p[word.n - 1] == ':')
        return a407_secret_name(a407_span(word.p, word.n - 1)) ? "" : NULL;
    if (word.n < 2 || word.p[0] != '-' || memchr(word.p, '=', word.n))
        return is_setting(word) ? "" : NULL;
    if (word.p[1] == '-') {
        return abbreviates(a407_span(word.p + 1, word.n - 1))
                   ? ""
                   : long_option(a407_span(word.p + 2, word.n - 2));
    }
    if (a407_span_eq(word, "-b") || a407_span_eq(word, "-F"))
        return "="; /* curl's cookies and forms */
    if (a407_span_eq(word, "-d"))
        return "={\""; /* curl's bodies; a folder for others */
    if (a407_span_eq(word, "-E") || a407_span_eq(word, "-a") ||
        a407_span_eq(word, "-P"))
        return ":"; /* curl's cert:password, httpie's and proxytunnel's
                       user:password */
    if (a407_secret_name(a407_span(word.p + 1, word.n - 1)) ||
        a407_span_eq(word, "-pw"))
        return "";
    /* also bundled: curl -sSu user:password, smbclient -U user%password, lftp
       -u user,password */
    return memchr("uU", word.p[word.n - 1], 2) ? ":%," : NULL;
}

bool a407_takes_proxy(struct a407_span option)
{
    if (option.n < 2 || option.p[0] != '-')
        return false;
    return memmem(option.p, option.n, "proxy", 5) ||
           (option.p[1] != '-' && option.p[option.n - 1] == 'x');
}

/*
 * "Authorization" schemes as words inside a text: credentials follow. Some are
 * common words as well: those count behind a quote or a colon.
 */
static bool is_auth_scheme(struct a407_span t, struct a407_span word)
{
    static const char *const names[] = {"Bearer", "Basic", "Negotiate",
                                        "NTLM",   "Token", "ApiKey",
                                        "Digest", "OAuth"};
    size_t k = 0, at = (size_t)(word.p - t.p);
    while (k < 8 && !a407_span_ieq(word, names[k]))
        k++;
    while (k >= 4 && at > 0 && a407_is_blank(t.p[at - 1]))
        at--;
    return k < 4 || (k < 8 && at > 0 &&
                     (a407_is_quote(t.p[at - 1]) || t.p[at - 1] == ':'));
}

/* In "-uuser:password" or "-sSuuser:password" where the value is, or t.n. */
static size_t glued_user(struct a407_span t, size_t from)
{
    size_t i = from + 1;
    if (t.p[from] != '-')
        return t.n;
    while (i < t.n && is_letter(t.p[i]) && (t.p[i] | 0x20) != 'u')
        i++;
    if (i + 1 >= t.n || (t.p[i] | 0x20) != 'u')
        return t.n;
    return a407_word_holds(t, i + 1, ":") ? i + 1 : t.n;
}

/* In "-dname=value" where the value is, or t.n; curl's bodies. */
static size_t glued_data(struct a407_span t, size_t from)
{
    if (t.n - from < 3 || memcmp(t.p + from, "-d", 2) != 0 ||
        !a407_word_holds(t, from + 2, "="))
        return t.n;
    for (size_t i = from + 2; i + 1 < t.n && !a407_is_blank(t.p[i]); i++)
        if (t.p[i] == '=')
            return i + 1;
    return t.n;
}

/* add_header('Authorization', 'SECRET'): the word at i is behind a comma, and
   what is before that is the name of a secret. */
static bool is_argument(struct a407_span t, struct a407_span before, size_t i)
{
    size_t end = (size_t)(before.p - t.p) + before.n;
    return memchr(t.p + end, ',', i - end) && a407_secret_name(before);
}

/* The word is a secret, wholly or from the offset returned; or t.n. */
static size_t secret_word(const struct a407_place *p)
{
    struct a407_span t = p->text, before = p->before;
    size_t i = p->from;
    if (t.p[i] == ',')
        return t.n;
    size_t at = a407_program_secret(p);
    if (at < t.n)
        return at;
    const char *chars = announces(before);
    if (chars && (p->whole ? a407_holds(t, i, t.n, chars)
                           : a407_word_holds(t, i, chars)))
        return i;
    if (!p->whole && (is_auth_scheme(t, before) || is_argument(t, before, i)))
        return i;
    at = glued_user(t, i);
    if (at == t.n)
        at = glued_data(t, i);
    return at < t.n ? at : a407_piped_secret(t, i);
}

/* What calls encode or take a secret: base64_encode('user:SECRET'). */
static bool takes_secret(struct a407_span name)
{
    return a407_secret_name(name) || memmem(name.p, name.n, "base64", 6) ||
           memmem(name.p, name.n, "b64", 3) || a407_span_eq(name, "btoa");
}

/* The secret that starts behind the mark at i, which is right behind a name:
   "add_password(", and curl's "Cookie;". Or t.n. */
static size_t behind_name(struct a407_span t, size_t i)
{
    size_t start = i;
    while (start > 0 && a407_is_name_char(t.p[start - 1]))
        start--;
    struct a407_span name = a407_span(t.p + start, i - start);
    if (i + 1 >= t.n || !name.n)
        return t.n;
    bool found = t.p[i] == '('
                     ? t.p[i + 1] != ')' && takes_secret(name)
                     : !a407_is_blank(t.p[i + 1]) && a407_secret_name(name);
    return found ? i + 1 : t.n;
}

/* "Ocp-Apim-Subscription-Key: SECRET" */
static bool is_key_field(struct a407_span name)
{
    return name.n > 4 &&
           a407_span_ieq(a407_span(name.p + name.n - 4, 4), "-key");
}

/* What must be in the value of that name before the "=" or ":", or NULL. */
static const char *value_chars(struct a407_span name, bool colon)
{
    if (colon)
        return a407_secret_name(name) || is_key_field(name) ? "" : NULL;
    bool option = name.n > 2 && name.p[0] == '-' && name.p[1] == '-';
    if (option && abbreviates(name))
        return "";
    while (name.n && name.p[0] == '-')
        name = a407_span(name.p + 1, name.n - 1);
    return long_option(name);
}

/* "PasswordAuthentication=no", "PWD=/home/alice" */
static bool is_no_secret(struct a407_span name, struct a407_span t, size_t i)
{
    static const char *const words[] = {"yes", "no", "true", "false"};
    struct a407_span value = a407_span(t.p + i, 0);
    while (i + value.n < t.n && value.n < 8 &&
           a407_is_name_char(value.p[value.n]))
        value.n++;
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
        if (a407_span_ieq(value, words[k]))
            return true;
    return t.p[i] == '/' &&
           (a407_span_eq(name, "PWD") || a407_span_eq(name, "OLDPWD"));
}

/* A secret follows the "=" or ":" at i: where it starts, or t.n. */
static size_t secret_value(struct a407_span t, size_t i)
{
    size_t end = i;
    bool colon = t.p[i] == ':';
    while (end > 0 && between_words(t.p[end - 1]))
        end--;
    size_t start = end;
    while (start > 0 && (a407_is_name_char(t.p[start - 1]) ||
                         (!colon && t.p[start - 1] == '.')))
        start--;
    struct a407_span name = a407_span(t.p + start, end - start);
    if (!colon && iends_with(name, "extraheader"))
        return a407_header_secret(t, i + 1, true); /* git's */
    const char *chars = value_chars(name, colon);
    if (!chars)
        return t.n;
    /* the host and port of a URL are no field name and value */
    if (colon && start >= 2 && memcmp(t.p + start - 2, "//", 2) == 0)
        return t.n;
    if (colon && t.n - i >= 3 && memcmp(t.p + i, "://", 3) == 0)
        return t.n;
    for (i++; i < t.n && a407_is_blank(t.p[i]); i++)
        ;
    if (i == t.n || is_no_secret(name, t, i))
        return t.n;
    return a407_word_holds(t, i, chars) ? i : t.n;
}

/* What the mark at i announces. */
static size_t behind_mark(struct a407_span t, size_t i)
{
    switch (t.p[i]) {
    case '=':
    case ':':
        return secret_value(t, i);
    case '(':
    case ';':
        return behind_name(t, i);
    case '<':
        return a407_here_secret(t, i);
    default:
        return t.n;
    }
}

size_t a407_secret_start(struct a407_span t, struct a407_span prev,
                         uint64_t programs, size_t from, size_t to)
{
    struct a407_place p = {.text = t, .to = to, .rules = programs};
    size_t source = t.n, start = t.n; /* source: of a script's literal */
    for (size_t i = 0; i < to && i < t.n && i < source && start == t.n; i++) {
        if (a407_word_starts(t, i)) {
            p.from = i;
            p.before = a407_word_before(t, prev, i);
            p.whole = p.before.p == prev.p;
            size_t at = a407_program_source(&p);
            if (at < source) /* a URL in front of it may have been shown */
                source = at > from ? at : from;
            if (i >= from)
                start = secret_word(&p);
        }
        a407_programs_note(&p.rules, t, i);
        if (i >= from && start == t.n)
            start = behind_mark(t, i);
    }
    return start < source ? start : source;
}
