/* SPDX-License-Identifier: MIT */
#ifndef A407_SCHEMES_H
#define A407_SCHEMES_H

#include "core/base/span.h"

/* The schemes as settings and logs name them; see core/auth/scheme.h. */

/* Tells them apart: a place in the tables below. */
enum a407_scheme_id {
#define A407_SCHEME(id, name) A407_##id,
#include "schemes.def"
#undef A407_SCHEME
};

/* Room for more schemes than there are; as an id it stands for none. */
#define A407_SCHEMES_MAX 8u

typedef unsigned a407_scheme_set;
#define A407_SCHEME_BIT(id) ((a407_scheme_set)1 << (id))
#define A407_ALL_SCHEMES    (A407_SCHEME_BIT(A407_SCHEMES_MAX) - 1)

/* Their names; NULL behind the last. In a file of its own, so that a program
   with another list is linked with that instead. */
extern const char *const a407_scheme_names[A407_SCHEMES_MAX + 1];

/* "basic", ...; "unknown" for an id that is none. */
const char *a407_scheme_name(enum a407_scheme_id id);

/* The scheme of that name in any case, or A407_SCHEMES_MAX. */
enum a407_scheme_id a407_scheme_from_name(struct a407_span name);

/* All names, best first, as a message tells them: "negotiate, digest, ...". */
#define A407_SCHEME_LIST_MAX 128u
void a407_scheme_list(char out[static A407_SCHEME_LIST_MAX]);

/* Reads a comma-separated list of names, best first, into A407_SCHEMES_MAX
   places; a repeated name counts once. False: an unknown name, or none. */
bool a407_schemes_parse(struct a407_span list, enum a407_scheme_id *order,
                        size_t *n);

#endif
