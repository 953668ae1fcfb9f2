/* SPDX-License-Identifier: MIT */
#include "redact_int.h"

/* ---- words of a command line ---- */

#define LOOK_MAX 1024u

bool a407_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool a407_is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

bool a407_is_name_char(char c)
{
    return a407_is_alnum(c) || c == '_' || c == '-';
}

bool a407_is_between(char c)
{
    return a407_is_blank(c) || a407_is_quote(c) || c == '\\' || c == ',';
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

struct a407_span a407_word_before(struct a407_span t, struct a407_span prev,
                                  size_t from)
{
    size_t end = from;
    while (end > 0 && a407_is_between(t.p[end - 1]))
        end--;
    if (end == 0)
        return prev;
    size_t start = end;
    while (start > 0 && !a407_is_between(t.p[start - 1]))
        start--;
    return a407_span(t.p + start, end - start);
}

static bool holds(struct a407_span t, size_t from, size_t to, const char *chars)
{
    if (!*chars)
        return true;
    size_t end = to - from > LOOK_MAX ? from + LOOK_MAX : to;
    for (size_t i = from; i < end; i++)
        if (strchr(chars, t.p[i]) && t.p[i])
            return true;
    return end < to;
}

bool a407_word_holds(struct a407_span t, size_t from, const char *chars)
{
    size_t first = from < t.n && a407_is_quote(t.p[from]) ? from + 1 : from;
    if (first > 0 && a407_is_quote(t.p[first - 1])) {
        const char *q = memchr(t.p + first, t.p[first - 1], t.n - first);
        size_t to = q ? (size_t)(q - t.p) : t.n;
        bool behind = to + 1 < t.n && *chars && strchr(chars, t.p[to + 1]);
        return behind || holds(t, first, to, chars); /* 'a':'b' */
    }
    size_t end = from;
    while (end < t.n && end - from <= LOOK_MAX && !a407_is_blank(t.p[end]))
        end++;
    return holds(t, from, end, chars);
}

bool a407_value_holds(const struct a407_place *p, size_t at, const char *chars)
{
    return p->whole ? holds(p->text, at, p->text.n, chars)
                    : a407_word_holds(p->text, at, chars);
}

bool a407_next_name(const char **list, struct a407_span *name)
{
    const char *p = *list + strspn(*list, " ");
    *name = a407_span(p, strcspn(p, " "));
    *list = p + name->n;
    return name->n > 0;
}

bool a407_iends_with(struct a407_span s, struct a407_span end)
{
    for (size_t i = 1; i <= end.n; i++)
        if (i > s.n || a407_lower(s.p[s.n - i]) != a407_lower(end.p[end.n - i]))
            return false;
    return true;
}

bool a407_is_one_of(struct a407_span word, const char *list)
{
    struct a407_span name;
    while (a407_next_name(&list, &name))
        if (name.n == word.n && memcmp(name.p, word.p, name.n) == 0)
            return true;
    return false;
}

bool a407_is_one_of_icase(struct a407_span word, const char *list)
{
    struct a407_span name;
    while (a407_next_name(&list, &name))
        if (name.n == word.n && a407_iends_with(word, name))
            return true;
    return false;
}

/* ---- names of secrets ---- */

/* A name as it is compared: lower case, without "-", "_" and ".", so that
   api-key, API_KEY and apiKey are one. */
struct plain {
    char z[64];
    size_t n;
};

static struct plain plain_of(struct a407_span name)
{
    struct plain p = {.n = 0};
    /* the end of a long name tells more than its beginning */
    size_t skip = name.n > sizeof p.z - 1 ? name.n - (sizeof p.z - 1) : 0;
    for (size_t i = skip; i < name.n; i++)
        if (!memchr("-_.", name.p[i], 3))
            p.z[p.n++] = (char)a407_lower(name.p[i]);
    return p;
}

/* "passive", "bypass" and "author" are no secrets, nor is our own AUTH407_: the
   word of a secret ends at `end`. */
static bool is_other_word(const struct plain *p, const char *end)
{
    const char *list = "passive passthrough compass bypass tokenizer author "
                       "authority auth407";
    for (struct a407_span w; a407_next_name(&list, &w);) {
        const char *at = p->z;
        for (; (at = memmem(at, (size_t)(p->z + p->n - at), w.p, w.n)); at++) {
            bool authorize = a407_span_eq(w, "author") && at[w.n] == 'i';
            if (at < end && at + w.n >= end && !authorize)
                return true;
        }
    }
    return false;
}

bool a407_secret_name(struct a407_span name)
{
    const char *list = "pass pwd secret token apikey accesskey privatekey auth "
                       "credential cookie bearer signature session sessid jwt "
                       "subscriptionkey accountkey masterkey signingkey "
                       "encryptionkey creds";
    struct plain p = plain_of(name);
    for (struct a407_span w; a407_next_name(&list, &w);) {
        const char *at = p.z;
        while ((at = memmem(at, (size_t)(p.z + p.n - at), w.p, w.n))) {
            at += w.n;
            if (!is_other_word(&p, at))
                return true;
        }
    }
    return false;
}

static bool ends_with_one_of(struct a407_span s, const char *list)
{
    for (struct a407_span w; a407_next_name(&list, &w);)
        if (a407_iends_with(s, w))
            return true;
    return false;
}

/* The last part of an option's name, behind a "-", has at least that many
   bytes and is the beginning of one of these words. */
static bool is_beginning(struct a407_span name, const char *list, size_t least)
{
    for (struct a407_span w; a407_next_name(&list, &w);)
        for (size_t n = least; n < w.n && n < name.n; n++)
            if (name.p[name.n - n - 1] == '-' &&
                a407_iends_with(name, a407_span(w.p, n)))
                return true;
    return false;
}

/* "--proxy-passw", "--tok": as getopt_long(3) takes it. Shorter ones begin
   other words as well. */
static bool abbreviates(struct a407_span name)
{
    return is_beginning(name, "password passphrase token", 3) ||
           is_beginning(name, "credential secret cookie apikey api-key", 4);
}

/* The value of a long option, or of a variable of that name; the answer is that
   of a407_announces(). */
static const char *long_option(struct a407_span name)
{
    if (a407_is_one_of(name, "anyauth proxy-anyauth auth-no-challenge"))
        return NULL;
    /* "--password-file FILE", "--auth-type TYPE": not the secret itself */
    if (ends_with_one_of(name, "file path dir jar stdin -fd -type timeout "
                               "-method -url") ||
        a407_span_begins(name, "no-"))
        return NULL;
    if (a407_is_one_of_icase(name, "otp sig pin psk cred") ||
        a407_span_ends(name, "pw"))
        return "";
    if (a407_span_eq(name, "user"))
        return ":%"; /* of pip and systemctl as well: they take no password */
    if (a407_is_one_of(name, "cert proxy-cert"))
        return ":";
    return a407_span_ends(name, "user") || a407_secret_name(name) ? "" : NULL;
}

/* A setting that stands as a word of its own, its value behind it: "npm config
   set //host/:_authToken X", "aws configure set aws_secret_access_key X". */
static bool is_setting(struct a407_span word)
{
    struct plain p = plain_of(word);
    return ends_with_one_of(a407_span(p.z, p.n),
                            "password authtoken accesstoken accesskey apikey "
                            "clientsecret sessiontoken refreshtoken psk") ||
           (word.n >= 5 && memmem(word.p, word.n, "/:_", 3));
}

const char *a407_announces(struct a407_span word)
{
    if (word.n && word.p[word.n - 1] == ':')
        return a407_secret_name(a407_span(word.p, word.n - 1)) ? "" : NULL;
    if (word.n < 2 || word.p[0] != '-' || memchr(word.p, '=', word.n))
        return is_setting(word) ? "" : NULL;
    if (word.p[1] == '-')
        return abbreviates(a407_span_skip(word, 1))
                   ? ""
                   : long_option(a407_span_skip(word, 2));
    if (a407_is_one_of(word, "-b -F"))
        return "="; /* curl's cookies and forms */
    if (a407_span_eq(word, "-d"))
        return "={\""; /* curl's bodies; a folder for others */
    if (a407_is_one_of(word, "-E -a -P"))
        return ":"; /* curl's cert:password, httpie's and proxytunnel's
                       user:password */
    if (a407_secret_name(a407_span_skip(word, 1)) || a407_span_eq(word, "-pw"))
        return "";
    /* also bundled: curl -sSu user:password, smbclient -U user%password, lftp
       -u user,password */
    return memchr("uU", word.p[word.n - 1], 2) ? ":%," : NULL;
}

const char *a407_announces_value(struct a407_span name, bool colon)
{
    if (colon) { /* "Ocp-Apim-Subscription-Key: SECRET" as well */
        bool key = name.n > 4 && ends_with_one_of(name, "-key");
        return key || a407_secret_name(name) ? "" : NULL;
    }
    if (name.n > 2 && a407_span_begins(name, "--") && abbreviates(name))
        return "";
    while (name.n && name.p[0] == '-')
        name = a407_span_skip(name, 1);
    return long_option(name);
}

bool a407_takes_proxy(struct a407_span option)
{
    if (option.n < 2 || option.p[0] != '-')
        return false;
    return memmem(option.p, option.n, "proxy", 5) ||
           (option.p[1] != '-' && option.p[option.n - 1] == 'x');
}

/* ---- tokens ---- */

#define RUN_MIN 16 /* shorter ones are words that only begin like it */

/* Those of one length stand together: its first byte is that length. */
static const char beginnings[] =
    "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- xoxb- xoxp- xoxa- "
    "xoxs- npm_ pypi- hf_ dop_v1_ sk- AKIA ASIA AIza ya29. eyJ sk_live_ "
    "sk_test_ rk_live_ hvs. hvb. SG. xapp- dckr_pat_ shpat_ "
    "AGE-SECRET-KEY-";

static bool is_run(char c)
{
    return a407_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

size_t a407_known_token_end(struct a407_span t, size_t i)
{
    /* most bytes are none of a beginning's first, and this is asked at each */
    if (i >= t.n || !memchr("gxnphdsAyerS-", t.p[i], 13) ||
        (i && a407_is_alnum(t.p[i - 1])))
        return i;
    if (a407_begins_at(t, i, "-----BEGIN "))
        return t.n; /* a private key, say */
    for (const char *p = beginnings; *p;) {
        size_t n = strcspn(p, " "), end = i + n;
        if (t.n - i >= n && memcmp(t.p + i, p, n) == 0) {
            while (end < t.n && is_run(t.p[end]))
                end++;
            if (end - i - n >= RUN_MIN)
                return end;
        }
        p += n + (p[n] == ' ');
    }
    return i;
}
