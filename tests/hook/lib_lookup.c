/* SPDX-License-Identifier: MIT */
/*
 * Preloaded after the library: looking a name up takes until the victim says
 * that it is to fail, or that it gives an address. Addresses in figures are no
 * names.
 */
#include <netdb.h>
#include <unistd.h>

#include "lib.h"

extern volatile int lookup_inside, lookup_release;
extern const char *lookup_answer;
EXPORT volatile int lookup_inside, lookup_release;
EXPORT const char *lookup_answer;

EXPORT int getaddrinfo(const char *node, const char *service,
                       const struct addrinfo *hints, struct addrinfo **out)
{
    if (hints && (hints->ai_flags & AI_NUMERICHOST))
        return NEXT(getaddrinfo)(node, service, hints, out);
    lookup_inside = 1;
    while (!lookup_release)
        usleep(1000);
    return lookup_answer ? NEXT(getaddrinfo)(lookup_answer, service, hints, out)
                         : EAI_AGAIN;
}
