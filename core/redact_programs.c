/* SPDX-License-Identifier: MIT */
#include "redact_words.h"

/*
 * Short options that hold a secret in one program and something else in most
 * others: "mysql -pSECRET", "mkdir -p DIR". So the program must have been named
 * before, as a word of its own or by its path.
 */

enum {
    MYSQL = 1,     /* -pSECRET */
    ARCHIVER = 2,  /* -pSECRET */
    SSHPASS = 4,   /* -p SECRET, -pSECRET */
    ZIP = 8,       /* -P SECRET */
    LDAP = 16,     /* -w SECRET */
    REDIS = 32,    /* -a SECRET */
    LOGIN_P = 64,  /* -p SECRET */
    CARGO = 128,   /* login SECRET */
    HTPASSWD = 256 /* -b FILE USER SECRET: hidden from the user on */
};

static const struct {
    const char *name; /* the beginning of it, where a "*" is at its end */
    unsigned bit;
} programs[] = {
    {"mysql*", MYSQL},     {"mariadb*", MYSQL},  {"7z", ARCHIVER},
    {"7za", ARCHIVER},     {"7zr", ARCHIVER},    {"rar", ARCHIVER},
    {"unrar", ARCHIVER},   {"sshpass", SSHPASS}, {"zip", ZIP},
    {"unzip", ZIP},        {"ldapsearch", LDAP}, {"ldapmodify", LDAP},
    {"ldapadd", LDAP},     {"ldapdelete", LDAP}, {"ldapwhoami", LDAP},
    {"ldappasswd", LDAP},  {"redis-cli", REDIS}, {"docker", LOGIN_P},
    {"podman", LOGIN_P},   {"buildah", LOGIN_P}, {"skopeo", LOGIN_P},
    {"twine", LOGIN_P},    {"yt-dlp", LOGIN_P},  {"youtube-dl", LOGIN_P},
    {"rdesktop", LOGIN_P}, {"cargo", CARGO},     {"htpasswd", HTPASSWD},
};

unsigned a407_programs_of(struct a407_span word)
{
    const char *slash = word.n ? memrchr(word.p, '/', word.n) : NULL;
    if (slash)
        word = a407_span(slash + 1, word.n - (size_t)(slash + 1 - word.p));
    while (word.n && (a407_is_quote(word.p[word.n - 1]) ||
                      memchr(";)&|", word.p[word.n - 1], 4)))
        word.n--;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        size_t n = strlen(programs[i].name);
        bool begins = programs[i].name[n - 1] == '*';
        n -= begins;
        if (word.n >= n && (begins || word.n == n) &&
            memcmp(word.p, programs[i].name, n) == 0)
            return programs[i].bit;
    }
    return 0;
}

/* A port, or several: "-p8080:80". */
static bool is_numbers(struct a407_span t, size_t from, size_t to)
{
    while (from < to && (memchr("0123456789:.-/", t.p[from], 14)))
        from++;
    return from == to;
}

/* "-pSECRET" as a word, its value behind the option. */
static size_t glued(struct a407_span t, size_t from, size_t n, const char *opt)
{
    return n > 2 && memcmp(t.p + from, opt, 2) == 0 ? from + 2 : t.n;
}

size_t a407_program_secret(unsigned bits, struct a407_span before,
                           struct a407_span t, size_t from)
{
    size_t end = a407_word_end(t, from), n = end - from;
    if (bits & (MYSQL | ARCHIVER | SSHPASS)) {
        size_t at = glued(t, from, n, "-p");
        if (at < t.n)
            return at;
    }
    static const struct {
        unsigned bits;
        const char *option;
    } separate[] = {{SSHPASS, "-p"}, {ZIP, "-P"},     {LDAP, "-w"},
                    {REDIS, "-a"},   {LOGIN_P, "-p"}, {CARGO, "login"},
                    {HTPASSWD, "-b"}};
    for (size_t i = 0; i < sizeof separate / sizeof separate[0]; i++)
        if ((bits & separate[i].bits) &&
            a407_span_eq(before, separate[i].option) &&
            !is_numbers(t, from, end))
            return from;
    return t.n;
}
