/* SPDX-License-Identifier: MIT */
#include "redact_int.h"

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

static bool ends_with(struct a407_span s, const char *z)
{
    size_t n = strlen(z);
    return s.n >= n && memcmp(s.p + s.n - n, z, n) == 0;
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
        (name.n >= 3 && memcmp(name.p, "no-", 3) == 0))
        return NULL;
    if (a407_is_one_of_icase(name, "otp sig pin psk cred") ||
        ends_with(name, "pw"))
        return "";
    if (a407_span_eq(name, "user"))
        return ":%"; /* of pip and systemctl as well: they take no password */
    if (a407_is_one_of(name, "cert proxy-cert"))
        return ":";
    return ends_with(name, "user") || a407_secret_name(name) ? "" : NULL;
}

/*
 * A setting that stands as a word of its own, its value behind it: "npm config
 * set //host/:_authToken X", "aws configure set aws_secret_access_key X".
 */
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
        return abbreviates(a407_span(word.p + 1, word.n - 1))
                   ? ""
                   : long_option(a407_span(word.p + 2, word.n - 2));
    if (a407_is_one_of(word, "-b -F"))
        return "="; /* curl's cookies and forms */
    if (a407_span_eq(word, "-d"))
        return "={\""; /* curl's bodies; a folder for others */
    if (a407_is_one_of(word, "-E -a -P"))
        return ":"; /* curl's cert:password, httpie's and proxytunnel's
                       user:password */
    if (a407_secret_name(a407_span(word.p + 1, word.n - 1)) ||
        a407_span_eq(word, "-pw"))
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
    if (name.n > 2 && memcmp(name.p, "--", 2) == 0 && abbreviates(name))
        return "";
    while (name.n && name.p[0] == '-')
        name = a407_span(name.p + 1, name.n - 1);
    return long_option(name);
}

bool a407_takes_proxy(struct a407_span option)
{
    if (option.n < 2 || option.p[0] != '-')
        return false;
    return memmem(option.p, option.n, "proxy", 5) ||
           (option.p[1] != '-' && option.p[option.n - 1] == 'x');
}
