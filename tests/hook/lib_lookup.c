/* SPDX-License-Identifier: MIT */
/*
 * Preloaded after the library: looking a name up takes until the victim says
 * that it is to fail. Addresses in figures are no names.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef int lookup_fn(const char *node, const char *service,
                      const struct addrinfo *hints, struct addrinfo **out);

extern volatile int lookup_inside, lookup_release;
EXPORT volatile int lookup_inside, lookup_release;

EXPORT int getaddrinfo(const char *node, const char *service,
                       const struct addrinfo *hints, struct addrinfo **out)
{
    lookup_fn *next = (lookup_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
    if (hints && (hints->ai_flags & AI_NUMERICHOST))
        return next(node, service, hints, out);
    lookup_inside = 1;
    while (!lookup_release)
        usleep(1000);
    return EAI_AGAIN;
}
