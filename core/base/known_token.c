/* SPDX-License-Identifier: MIT */
#include "known_token.h"

#define RUN_MIN 16 /* shorter ones are words that only begin like it */

/* Those of one length stand together: its first byte is that length. */
static const char beginnings[] =
    "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- xoxb- xoxp- xoxa- "
    "xoxs- npm_ pypi- hf_ dop_v1_ sk- AKIA ASIA AIza ya29. eyJ sk_live_ "
    "sk_test_ rk_live_ hvs. hvb. SG. xapp- dckr_pat_ shpat_ "
    "AGE-SECRET-KEY-";

static bool is_run(char c)
{
    return a407_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

size_t a407_known_token_end(struct a407_span t, size_t i)
{
    /* most bytes are none of a beginning's first, and this is asked at each */
    if (i >= t.n || !memchr("gxnphdsAyerS-", t.p[i], 13) ||
        (i && a407_is_alnum(t.p[i - 1])))
        return i;
    static const char pem[] = "-----BEGIN "; /* a private key's, say */
    if (t.n - i > sizeof pem && memcmp(t.p + i, pem, sizeof pem - 1) == 0)
        return t.n;
    for (const char *p = beginnings; *p;) {
        size_t n = strcspn(p, " "), end = i + n;
        if (t.n - i >= n && memcmp(t.p + i, p, n) == 0) {
            while (end < t.n && is_run(t.p[end]))
                end++;
            if (end - i - n >= RUN_MIN)
                return end;
        }
        p += n + (p[n] == ' ');
    }
    return i;
}
