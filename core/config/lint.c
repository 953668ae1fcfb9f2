/* SPDX-License-Identifier: MIT */
#include "lint.h"

#include <stdio.h>

#include "core/base/jwt.h"
#include "core/base/text.h"
#include "credential.h"

/* How long before a credential's last day its user is told. */
#define EXPIRY_NOTICE_S (7 * 24 * 3600)

static const struct a407_lint_info rows[A407_LINT_COUNT] = {
#define A407_LINT(id, code, seen, remedy)                                      \
    [A407_LINT_##id] = {code, seen, remedy},
#include "lint.def"
#undef A407_LINT
};

const struct a407_lint_info *a407_lint_info(enum a407_lint_code code)
{
    return &rows[(unsigned)code < A407_LINT_COUNT ? code : A407_LINT_NONE];
}

enum a407_lint_code a407_lint_from_code(struct a407_span name)
{
    unsigned code = A407_LINT_COUNT - 1;
    while (code && !a407_span_eq(name, rows[code].code))
        code--;
    return code;
}

#define PARTS (A407_LINT_VALUE + 1)
static const char parts[PARTS][16] = {
    [A407_LINT_CREDENTIAL] = "the credential",
    [A407_LINT_USERNAME] = "the user name",
    [A407_LINT_PASSWORD] = "the password",
    [A407_LINT_DOMAIN] = "the domain",
    [A407_LINT_TOKEN] = "the token",
    [A407_LINT_USERINFO] = "the userinfo",
    [A407_LINT_VALUE] = "the value",
};

void a407_lint_words(struct a407_finding f, char out[static A407_LINT_WORDS])
{
    out[0] = '\0';
    if (f.code != A407_LINT_NONE)
        snprintf(out, A407_LINT_WORDS, "%s %s", parts[f.part % PARTS],
                 a407_lint_info(f.code)->seen);
}

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

enum a407_lint_code a407_lint_control(struct a407_span s)
{
    if (!a407_text_has_control(s))
        return A407_LINT_NONE;
    return is_line_end(s.p[s.n - 1]) ? A407_LINT_LINE_END_LAST
           : is_line_end(s.p[0])     ? A407_LINT_LINE_END_FIRST
                                     : A407_LINT_CONTROL;
}

/* What has been seen: for each code the parts, as bits. */
struct seen {
    const struct a407_credential *c;
    const struct a407_lint_use *use;
    unsigned char in[A407_LINT_COUNT];
};

static void see(struct seen *l, enum a407_lint_part part,
                enum a407_lint_code code, bool is)
{
    if (is)
        l->in[code] |= (unsigned char)(1u << part);
}

/* ---- characters ---- */

/* Letters of other scripts that look like one of ours. */
static bool looks_latin(unsigned c)
{
    static const uint16_t letters[] = {
        /* Greek */
        0x391, 0x392, 0x395, 0x396, 0x397, 0x399, 0x39a, 0x39c, 0x39d, 0x39f,
        0x3a1, 0x3a4, 0x3a5, 0x3a7, 0x3b1, 0x3b9, 0x3ba, 0x3bd, 0x3bf, 0x3c1,
        0x3c5, 0x3c7,
        /* Cyrillic */
        0x405, 0x406, 0x408, 0x410, 0x412, 0x415, 0x41a, 0x41c, 0x41d, 0x41e,
        0x420, 0x421, 0x422, 0x423, 0x425, 0x430, 0x435, 0x43e, 0x440, 0x441,
        0x443, 0x445, 0x455, 0x456, 0x458, 0x4ae, 0x4bb, 0x501, 0x51b, 0x51d};
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i] == c)
            return true;
    return false;
}

/* The letters of one word. Somebody may well write a Russian word and a Latin
   one together: what is seen is a word whose foreign letters all look Latin. */
struct word {
    bool latin, like, foreign;
};

static void see_word(struct seen *l, enum a407_lint_part part, struct word *w)
{
    see(l, part, A407_LINT_MIXED, w->latin && w->like && !w->foreign);
    *w = (struct word){0};
}

/* A joiner shapes Persian and Hindi words and emoji; among ASCII it was copied
   along. */
static bool is_invisible(unsigned c, unsigned before)
{
    bool joins = c == 0x200c || c == 0x200d;
    return c > 0x9f && a407_is_control(c) && !(joins && before > 0x7f);
}

static void see_character(struct seen *l, enum a407_lint_part part, unsigned c,
                          unsigned before, struct word *w)
{
    see(l, part, A407_LINT_INVISIBLE, is_invisible(c, before));
    see(l, part, A407_LINT_NO_BREAK_SPACE, c == 0xa0);
    see(l, part, A407_LINT_DASH, c >= 0x2010 && c <= 0x2015);
    see(l, part, A407_LINT_CURLY, c >= 0x2018 && c <= 0x201f);
    if (c < 0x80 && !a407_is_alpha((char)c)) {
        see_word(l, part, w);
        return;
    }
    bool like = looks_latin(c);
    w->latin = w->latin || c < 0x80;
    w->like = w->like || like;
    w->foreign = w->foreign || (!like && c >= 0x370 && c < 0x530);
}

static void see_characters(struct seen *l, enum a407_lint_part part,
                           struct a407_span s)
{
    struct word w = {0};
    for (unsigned c, before = 0; s.n; before = c) {
        size_t n = a407_utf8_next(s, &c);
        see(l, part, A407_LINT_NOT_UTF8, !n);
        if (!n)
            return;
        see_character(l, part, c, before, &w);
        s = a407_span_skip(s, n);
    }
    see_word(l, part, &w);
}

/* ---- percent-encoding ---- */

/* Does %XX at the front, with those behind it, stand for a character that
   somebody would encode? "100%deal" has a % and two digits as well. */
static bool stands_for_one(struct a407_span s)
{
    char bytes[4];
    size_t n = 0;
    unsigned c;
    for (int byte; n < sizeof bytes && (byte = a407_percent_byte(s)) >= 0;
         n++) {
        bytes[n] = (char)byte;
        s = a407_span_skip(s, 3);
    }
    bool is = n && a407_utf8_next(a407_span(bytes, n), &c) &&
              !a407_is_control(c) && !(c < 0x80 && a407_is_alnum((char)c));
    a407_wipe(bytes, sizeof bytes);
    return is;
}

static void see_encoding(struct seen *l, enum a407_lint_part part,
                         struct a407_span s)
{
    bool in_url = l->c->from == A407_FROM_PROXY_URL, is = false, twice = in_url;
    for (; s.n; a407_span_take(&s)) {
        if (s.p[0] != '%')
            continue;
        int byte = a407_percent_byte(s);
        if (byte < 0)
            return; /* whoever encodes encodes each % */
        is = is || stands_for_one(s);
        twice =
            twice || (byte == '%' && s.n > 4 && a407_hex_value(s.p[3]) >= 0 &&
                      a407_hex_value(s.p[4]) >= 0); /* %25XX */
    }
    see(l, part, twice ? A407_LINT_TWICE : A407_LINT_ENCODED, is);
}

/* ---- the values ---- */

static bool is_capital(char c)
{
    return a407_is_digit(c) || c == '_' || (c >= 'A' && c <= 'Z');
}

/* As examples have it, or a variable that nobody has put in. */
static bool stands_for_another(struct a407_span s)
{
    static const char words[][12] = {"USER", "USERNAME", "PASSWORD", "PASS",
                                     "TOKEN"};
    struct a407_span name = s;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (a407_span_eq(s, words[i]))
            return true;
    if (a407_span_begins(s, "${"))
        return a407_span_ends(s, "}");
    if (a407_span_begins(s, "<"))
        return a407_span_ends(s, ">");
    return a407_span_take(&name) == '$' &&
           a407_span_run(&name, is_capital).n > 1 && !name.n;
}

static void see_text(struct seen *l, enum a407_lint_part part,
                     struct a407_span s)
{
    enum a407_lint_code control = a407_lint_control(s);
    if (!s.n)
        return;
    char first = s.p[0], last = s.p[s.n - 1];
    see(l, part, control, control != A407_LINT_NONE);
    see(l, part, A407_LINT_BLANK_LAST, last == ' ');
    see(l, part, A407_LINT_BLANK_FIRST, first == ' ' && s.n > 1);
    see(l, part, A407_LINT_QUOTED,
        s.n > 1 && first == last && (first == '"' || first == '\''));
    see(l, part, A407_LINT_PLACEHOLDER, stands_for_another(s));
    see(l, part, A407_LINT_COMMENT,
        l->use->refused && l->c->from == A407_FROM_FILE &&
            memmem(s.p, s.n, " # ", 3));
    see_characters(l, part, s);
    see_encoding(l, part, s);
}

/* A JWT also comes as a password, for Basic. */
static void see_jwt(struct seen *l, enum a407_lint_part part,
                    struct a407_span s)
{
    struct a407_jwt jwt;
    a407_jwt_read(s, &jwt);
    see(l, part, A407_LINT_JWT_EXPIRED,
        jwt.expires && jwt.expires <= l->use->now);
    see(l, part, A407_LINT_JWT_EARLY,
        jwt.not_before && jwt.not_before > l->use->now + A407_JWT_LEEWAY_S);
}

static bool is_scheme_name(struct a407_span s)
{
    return a407_span_ieq(s, "Bearer") || a407_span_ieq(s, "Basic");
}

static void see_token(struct seen *l, struct a407_span s)
{
    struct a407_span rest = s, word;
    bool named = a407_span_cut(&rest, ' ', &word) && is_scheme_name(word);
    see(l, A407_LINT_TOKEN, A407_LINT_SCHEME_FIRST, named);
    a407_span_run(&s, a407_is_token68_char);
    while (a407_span_peek(&s) == '=')
        a407_span_take(&s);
    see(l, A407_LINT_TOKEN, A407_LINT_TOKEN_CHARACTER, s.n && !named);
}

/* Of the names that services with many exits take apart: "user-country-us". */
static bool is_key(struct a407_span s)
{
    static const char keys[][12] = {"country", "session", "sessid",
                                    "city",    "state",   "region",
                                    "zone",    "cc",      "lifetime"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (a407_span_ieq(s, keys[i]))
            return true;
    return false;
}

/* A part is empty, or a key has no value behind it. One word that is also a key
   may be a name of its own, as in "web-session". */
static bool lacks_part(struct a407_span name)
{
    bool lacks = a407_span_ends(name, "-"), key = false, no_value = false;
    unsigned keys = 0;
    struct a407_span part;
    for (bool first = true; a407_span_cut(&name, '-', &part); first = false) {
        bool was = key;
        key = !first && is_key(part);
        keys += key;
        no_value = no_value || (was && key);
        lacks = lacks || !part.n;
    }
    return lacks || (keys > 1 && (no_value || key));
}

static const a407_scheme_set basic = A407_SCHEME_BIT(A407_BASIC);
static const a407_scheme_set digest = A407_SCHEME_BIT(A407_DIGEST);

/* The name without a domain on either side. */
static struct a407_span bare(struct a407_span s)
{
    const char *slash = a407_span_find(s, '\\'), *at;
    if (slash)
        s = a407_span_from(s, slash + 1);
    at = a407_span_find(s, '@');
    return at ? a407_span_before(s, at) : s;
}

static void see_username(struct seen *l, struct a407_span s)
{
    static const enum a407_lint_part part = A407_LINT_USERNAME;
    a407_scheme_set refused = l->use->refused;
    const char *secret = l->c->password ? l->c->password : l->c->token;
    if (!s.n)
        return;
    see(l, part, A407_LINT_COLON,
        (refused ? refused : l->c->schemes) & basic && a407_span_find(s, ':'));
    /* an empty one in the file was meant */
    see(l, A407_LINT_PASSWORD, A407_LINT_NO_PASSWORD,
        refused & (basic | digest) && !l->c->keytab &&
            (!secret || (!*secret && l->c->from == A407_FROM_PROXY_URL)) &&
            !a407_credential_is_outside(l->c));
    see(l, part, A407_LINT_PART_MISSING, lacks_part(bare(s)));
    see(l, part, A407_LINT_DOMAIN_VERBATIM,
        refused & (basic | digest) && a407_span_find(s, '\\'));
    see(l, l->c->password ? A407_LINT_PASSWORD : A407_LINT_TOKEN,
        A407_LINT_SAME,
        secret && (a407_span_eq(s, secret) || a407_span_eq(bare(s), secret)));
}

/* NTLM and Kerberos say for themselves how letters are coded. */
static void see_charset(struct seen *l, enum a407_lint_part part,
                        struct a407_span s)
{
    if (l->use->refused & (basic | digest) && a407_text_is_utf8(s))
        see(l, part,
            l->use->utf8 ? A407_LINT_NON_ASCII_ASKED : A407_LINT_NON_ASCII,
            !a407_text_is_ascii(s));
}

static void see_time(struct seen *l)
{
    int64_t left = l->c->expires - l->use->now;
    if (l->c->expires)
        see(l, A407_LINT_CREDENTIAL,
            left > 0 ? A407_LINT_EXPIRES_SOON : A407_LINT_EXPIRED,
            left < EXPIRY_NOTICE_S);
}

static void list(const struct seen *l, struct a407_lint *out)
{
    out->n = 0;
    for (unsigned code = 1; code < A407_LINT_COUNT; code++)
        for (unsigned part = 0; part < PARTS && out->n < A407_LINT_MAX; part++)
            if (l->in[code] & 1u << part)
                out->found[out->n++] = (struct a407_finding){code, part};
}

void a407_lint(const struct a407_credential *c, const struct a407_lint_use *use,
               struct a407_lint *out)
{
    struct seen l = {.c = c, .use = use};
    struct a407_span name = a407_span_str(c->username),
                     password = a407_span_str(c->password),
                     token = a407_span_str(c->token);
    see(&l, c->malformed.part, c->malformed.code,
        c->malformed.code != A407_LINT_NONE);
    see_text(&l, A407_LINT_USERNAME, name);
    see_text(&l, A407_LINT_PASSWORD, password);
    see_text(&l, A407_LINT_DOMAIN, a407_span_str(c->domain));
    see_text(&l, A407_LINT_TOKEN, token);
    see_jwt(&l, A407_LINT_PASSWORD, password);
    see_jwt(&l, A407_LINT_TOKEN, token);
    see_token(&l, token);
    see_username(&l, name);
    see_charset(&l, A407_LINT_USERNAME, name);
    see_charset(&l, A407_LINT_PASSWORD, password);
    see_time(&l);
    list(&l, out);
}
