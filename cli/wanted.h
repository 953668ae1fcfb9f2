/* SPDX-License-Identifier: MIT */
#ifndef A407_WANTED_H
#define A407_WANTED_H

#include "core/config/credential.h"

/* What a program would fetch. */
struct a407_wanted {
    char url[1024]; /* http:// or https://, without userinfo */
    bool tls;       /* so it is asked for by CONNECT */
    struct a407_endpoint at;
};

/* A target as the option writes it: HOST:PORT, or a URL of http or https.
   False: none, and *out is as it was. */
bool a407_wanted_read(const char *text, struct a407_wanted *out);

/* The root of its server, as a URL. */
void a407_wanted_root(const struct a407_wanted *w, char *out, size_t cap);

#endif
