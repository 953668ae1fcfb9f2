/* SPDX-License-Identifier: MIT */
#ifndef A407_LINT_H
#define A407_LINT_H

#include "schemes.h"

/*
 * What looks wrong in a credential: for the log's record of a refusal, for
 * `auth407 login` and for whatever else speaks of a credential. No word of it
 * holds a value.
 */

enum a407_lint_code {
    A407_LINT_NONE, /* nothing */
#define A407_LINT(id, code, seen, remedy) A407_LINT_##id,
#include "lint.def"
#undef A407_LINT
    A407_LINT_COUNT
};

/* One bit for each. */
typedef uint64_t a407_lint_set;
#define A407_LINT_BIT(code) ((a407_lint_set)1 << (code))
_Static_assert(A407_LINT_COUNT <= 64, "a bit for each code");

/* In place: pointers would be relocated in every process that is started. */
struct a407_lint_info {
    char code[32];   /* as in the log */
    char seen[80];   /* "ends with a blank": goes on behind "the password" */
    char remedy[96]; /* one sentence */
};

/* The row of a code; an empty one for NONE. */
const struct a407_lint_info *a407_lint_info(enum a407_lint_code code);

/* The code of that name, or NONE. */
enum a407_lint_code a407_lint_from_code(struct a407_span name);

/* What a finding is about. */
enum a407_lint_part {
    A407_LINT_CREDENTIAL, /* as a whole */
    A407_LINT_USERNAME,
    A407_LINT_PASSWORD,
    A407_LINT_DOMAIN,
    A407_LINT_TOKEN,
    A407_LINT_USERINFO, /* of a URL */
    A407_LINT_VALUE     /* of a line of the file */
};

struct a407_finding {
    enum a407_lint_code code;
    enum a407_lint_part part;
};

/* More than a record shows in words. */
#define A407_LINT_MAX 8

struct a407_lint {
    size_t n;
    struct a407_finding found[A407_LINT_MAX]; /* the most telling first */
};

/* Room for one finding in words. */
#define A407_LINT_WORDS 96

/* Writes "the password ends with a blank"; nothing for NONE. */
void a407_lint_words(struct a407_finding f, char out[static A407_LINT_WORDS]);

/* What is known when a credential is looked at. */
struct a407_lint_use {
    int64_t now;             /* seconds since the epoch */
    a407_scheme_set refused; /* schemes that it was refused by; 0: it was not
                                tried. Some of what may be meant so is a finding
                                only then */
    bool utf8; /* the challenge said charset="UTF-8" (RFC 7617 section 2.1) */
};

struct a407_credential;

/* Looks at a credential. A secret that has yet to be read from a file or a
   helper is not seen. Allocates nothing. */
void a407_lint(const struct a407_credential *c, const struct a407_lint_use *use,
               struct a407_lint *out);

/* Why a text can't be in a field of HTTP: a control character in it, and where
   that is telling; or NONE. */
enum a407_lint_code a407_lint_control(struct a407_span s);

#endif
