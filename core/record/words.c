/* SPDX-License-Identifier: MIT */
#include "words.h"

static const struct {
    unsigned char cause;
    char pattern[72];
} rows[] = {
#define ADDRESS                    A407_CAUSE_ADDRESS
#define EXPIRED                    A407_CAUSE_ACCOUNT_EXPIRED
#define LOCKED                     A407_CAUSE_ACCOUNT_LOCKED
#define BACKEND                    A407_CAUSE_BACKEND_DOWN
#define A407_WORDS(cause, pattern) {cause, pattern},
#include "words.def"
#undef A407_WORDS
#undef ADDRESS
#undef EXPIRED
#undef LOCKED
#undef BACKEND
};

/* Words that make a sentence a supposition, or advice. */
static const char supposes[][12] = {
    "if",       "may",      "might",   "maybe",  "whether", "unless",
    "possible", "possibly", "perhaps", "either", "or",      "typically",
    "usually",  "avoid",    "ensure",  "check",  "sure",    "verify",
    "when",     "case",     "will",    "would",  "causes",  "caused",
    "until",    "without",  "accounts"};
/* ... if it begins with them */
static const char advises[][8] = {"after", "for",     "forgot", "to",
                                  "reset", "recover", "renew",  "unlock"};
/* ... that make it one about the other side, not the client's address */
static const char of_target[][12] = {
    "destination", "target", "requested", "url", "website", "site", "domain"};
static const char negates[][8] = {"not", "cannot", "no", "never"};

#define AMONG(word, list) among(word, list[0], sizeof list[0], sizeof list)
static bool among(struct a407_span word, const char *list, size_t each,
                  size_t all)
{
    for (size_t at = 0; at < all; at += each)
        if (a407_span_eq(word, list + at))
            return true;
    return false;
}

/* A sentence: its words in lower case, a blank behind each. */
struct sentence {
    size_t n;
    char words[1024];
};

static bool ends_sentence(char c)
{
    return memchr(".!?;", c, 4) != NULL;
}

/* A URL, a name of a host, a path or a date: no word of anybody's. */
static bool is_name(struct a407_span chunk)
{
    for (size_t i = 1; i + 1 < chunk.n; i++)
        if (memchr("./:@\\", chunk.p[i], 5) &&
            (a407_is_alnum(chunk.p[i - 1]) || chunk.p[i] == '/') &&
            (a407_is_alnum(chunk.p[i + 1]) || chunk.p[i + 1] == '/'))
            return true;
    return false;
}

static void add_words(struct sentence *s, struct a407_span chunk)
{
    bool name = is_name(chunk), within = false, apart = false;
    if (s->n + 2 * chunk.n + 2 >= sizeof s->words)
        return;
    for (size_t i = 0; !name && i < chunk.n; i++) {
        char c = chunk.p[i];
        if (c == '\'' || (unsigned char)c >= 0x80) {
            apart = true; /* "can't", also with a curly one */
            continue;
        }
        if (apart && within && c == 't' && s->words[s->n - 1] == 'n') {
            memcpy(s->words + s->n - 1, " no", 3);
            s->n += 2;
        }
        apart = false;
        if (a407_is_alnum(c))
            s->words[s->n++] = (char)a407_lower(c);
        else if (within)
            s->words[s->n++] = ' ';
        within = a407_is_alnum(c);
    }
    if (name)
        s->words[s->n++] = '-';
    if (within || name)
        s->words[s->n++] = ' ';
}

/* The next sentence off the front; returns the text of it. A question has no
   words. */
static struct a407_span next_sentence(struct a407_span *text,
                                      struct sentence *out)
{
    struct a407_span all = *text, chunk;
    out->n = 0;
    while (a407_span_cut(text, ' ', &chunk)) {
        add_words(out, chunk);
        if (chunk.n && ends_sentence(chunk.p[chunk.n - 1])) {
            if (chunk.p[chunk.n - 1] == '?')
                out->n = 0;
            break;
        }
    }
    return a407_span_trim(a407_span(all.p, all.n - text->n));
}

/* (By hand: each word is compared with the first one of each row.) */
static bool is_meant(struct a407_span word, struct a407_span alternatives)
{
    const char *p = alternatives.p, *end = p + alternatives.n;
    while (p < end) {
        size_t n = 0;
        while (n < word.n && p + n < end && p[n] == word.p[n])
            n++;
        p += n;
        if (p == end || *p == '|' ? n == word.n : *p == '~')
            return true;
        while (p < end && *p++ != '|')
            ;
    }
    return false;
}

/* Do the words begin with the pattern? */
static bool begins(struct a407_span words, struct a407_span pattern)
{
    struct a407_span want, word;
    while (a407_span_cut(&pattern, ' ', &want)) {
        if (a407_span_eq(want, "*")) {
            for (size_t skipped = 0; skipped <= 4; skipped++) {
                if (begins(words, pattern))
                    return true;
                if (!a407_span_cut(&words, ' ', &word) || AMONG(word, negates))
                    return false;
            }
            return false;
        }
        if (!a407_span_cut(&words, ' ', &word) || !is_meant(word, want))
            return false;
    }
    return true;
}

static bool has(struct a407_span words, const char *pattern)
{
    struct a407_span rest = a407_span_str(pattern), first, word;
    if (!a407_span_cut(&rest, ' ', &first))
        return false;
    while (a407_span_cut(&words, ' ', &word))
        if (is_meant(word, first) && begins(words, rest))
            return true;
    return false;
}

static enum a407_cause cause_of(struct a407_span words)
{
    struct a407_span rest = words, word;
    bool target = false;
    if (a407_span_cut(&rest, ' ', &word) && AMONG(word, advises))
        return A407_CAUSE_NONE;
    rest = words;
    while (a407_span_cut(&rest, ' ', &word)) {
        target = target || AMONG(word, of_target);
        bool forbids =
            a407_span_eq(word, "may") && a407_span_begins(rest, "not ");
        if (!forbids && AMONG(word, supposes))
            return A407_CAUSE_NONE;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!(target && rows[i].cause == A407_CAUSE_ADDRESS) &&
            has(words, rows[i].pattern))
            return (enum a407_cause)rows[i].cause;
    return A407_CAUSE_NONE;
}

enum a407_cause a407_words_cause(struct a407_span text, struct a407_span *said)
{
    enum a407_cause cause = A407_CAUSE_NONE;
    struct a407_span line;
    struct sentence s;
    while (cause == A407_CAUSE_NONE && a407_span_cut(&text, '\n', &line))
        while (line.n && cause == A407_CAUSE_NONE) {
            *said = next_sentence(&line, &s);
            cause = cause_of(a407_span(s.words, s.n));
        }
    return cause;
}
