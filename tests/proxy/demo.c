/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "session.h"

#define DEMO_HOST "auth407.test"

bool demo_is_target(const struct proxy *p, const char *authority)
{
    size_t n = strlen(DEMO_HOST);
    return p->demo && strncasecmp(authority, DEMO_HOST, n) == 0 &&
           (authority[n] == 0 || authority[n] == ':');
}

bool demo_answer(struct session *s, const struct msg *rq,
                 const struct ruling *why)
{
    struct text page = {0};
    if (strcmp(why->scheme, "none") == 0)
        text_str(&page, "You have reached " DEMO_HOST ".\n");
    else
        text_fmt(&page,
                 "You have reached " DEMO_HOST ".\n"
                 "The proxy knows you as \"%s\" (scheme: %s).\n",
                 why->user, why->scheme);
    session_log(s, rq, why, 200);
    bool more = session_answer(s, rq, 200, "OK", page.p);
    text_free(&page);
    return more;
}
