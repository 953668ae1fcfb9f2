/* SPDX-License-Identifier: MIT */
#ifndef A407_CHALLENGE_H
#define A407_CHALLENGE_H

#include "core/base/span.h"

/*
 * Lists of challenges (RFC 9110 section 11.6.1 and 11.7.1), in one field or in
 * several. A comma separates challenges as well as the parameters of one. Bare
 * schemes, token68 values, quoted commas, empty list elements and blanks around
 * "=" are all met in the wild and accepted.
 */

#define A407_CHALLENGES_MAX 16 /* more in one answer are ignored */
#define A407_PARAMS_MAX     24 /* more in one challenge are ignored */

struct a407_param {
    struct a407_span name;
    struct a407_span value; /* without the quotes, escapes still in it */
    bool quoted;
};

struct a407_challenge {
    struct a407_span scheme;
    struct a407_span token68; /* p NULL if there is none */
    struct a407_param params[A407_PARAMS_MAX];
    size_t n_params;
};

struct a407_challenges {
    struct a407_challenge item[A407_CHALLENGES_MAX];
    size_t n;
    bool malformed; /* something did not parse; what did is in item[] */
    bool truncated; /* more than fit */
};

/* Reads every field called `name` of a complete head, into which the spans
   point. What can't be read is skipped to the next comma. */
void a407_challenges_parse(const char *p, size_t n, const char *name,
                           struct a407_challenges *out);

/* An empty list on the heap, or NULL: its 16 KiB are too much for the stacks of
   some threads. `free` wipes it; NULL is fine. */
struct a407_challenges *a407_challenges_new(void);
void a407_challenges_free(struct a407_challenges *list);

/* The same over one field value; adds to what `out` holds already. */
void a407_challenges_add(struct a407_span value, struct a407_challenges *out);

/* The parameter of that name (any case), or NULL. The first wins. */
const struct a407_param *a407_param_find(const struct a407_challenge *c,
                                         const char *name);

/*
 * A parameter's value without its backslash escapes (RFC 9110 section 5.6.4).
 * Returns its length, or -1 when it does not fit into cap bytes with a NUL, is
 * absent, or holds a NUL, CR or LF.
 */
int a407_param_text(const struct a407_param *p, char *out, size_t cap);

/* Is there such a parameter, and is that its value (in any case)? For words of
   less than 16 bytes: stale=true, charset="UTF-8". */
bool a407_param_is(const struct a407_challenge *c, const char *name,
                   const char *word);

/* Reads name=value,... without a scheme, as in Proxy-Authentication-Info
   (RFC 7615, RFC 7616 section 3.5), into params of `out`. */
void a407_auth_info_parse(struct a407_span value, struct a407_challenge *out);

#endif
