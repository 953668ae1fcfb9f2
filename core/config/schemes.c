/* SPDX-License-Identifier: MIT */
#include "schemes.h"

#include <stdio.h>

const char *a407_scheme_name(enum a407_scheme_id id)
{
    const char *name = id < A407_SCHEMES_MAX ? a407_scheme_names[id] : NULL;
    return name ? name : "unknown";
}

enum a407_scheme_id a407_scheme_from_name(struct a407_span name)
{
    for (unsigned id = 0; a407_scheme_names[id]; id++)
        if (a407_span_ieq(name, a407_scheme_names[id]))
            return id;
    return A407_SCHEMES_MAX;
}

void a407_scheme_list(char out[static A407_SCHEME_LIST_MAX])
{
    size_t n = 0;
    out[0] = '\0';
    for (unsigned id = 0; a407_scheme_names[id] && n < A407_SCHEME_LIST_MAX;
         id++)
        n += (size_t)snprintf(out + n, A407_SCHEME_LIST_MAX - n, "%s%s",
                              id ? ", " : "", a407_scheme_names[id]);
}

bool a407_schemes_parse(struct a407_span list, enum a407_scheme_id *order,
                        size_t *n)
{
    a407_scheme_set seen = 0;
    struct a407_span name;
    *n = 0;
    while (a407_span_cut(&list, ',', &name)) {
        name = a407_span_trim(name);
        if (!name.n)
            continue;
        enum a407_scheme_id id = a407_scheme_from_name(name);
        if (id == A407_SCHEMES_MAX)
            return false;
        if (!(seen & A407_SCHEME_BIT(id)))
            order[(*n)++] = id;
        seen |= A407_SCHEME_BIT(id);
    }
    return *n > 0;
}
