/* SPDX-License-Identifier: MIT */
#include "answers.h"

#include <stdlib.h>

#include "core/base/text.h"
#include "core/record/event.h"
#include "portal.h"
#include "refused.h"

/* ---- in its own words ---- */

/* ": " and what it says for people, or ""; and the cause that is in that. */
static enum a407_cause words_of(const struct a407_answer *a, char *out,
                                size_t cap)
{
    static const char *const fields[] = {"X-Squid-Error", "Proxy-Status"};
    struct a407_event *ev = calloc(1, sizeof *ev);
    enum a407_cause said = A407_CAUSE_NONE;
    struct a407_span words = {NULL, 0};
    size_t i;

    *out = '\0';
    if (!ev)
        return said;
    a407_event_set_words(ev, a407_span(a->bytes, a->head), a407_answer_body(a));
    said = ev->said;
    for (i = 0; i < sizeof fields / sizeof *fields && !words.n; i++)
        words = a407_answer_field(a, fields[i]);
    if (said != A407_CAUSE_NONE)
        words = a407_span_str(ev->said_words);
    else if (!words.n)
        words = a407_span_str(ev->message);
    if (words.n) {
        a407_put(out, cap, a407_span_str(": "));
        a407_put(out + 2, cap - 2, words);
    }
    free(ev);
    return said;
}

/* ---- whose it is ---- */

/* An answer to a GET may be the target's. Proxies name themselves in their own
   pages; what they pass on they put a Via to. */
static bool is_proxys(const struct a407_answer *a, bool connect)
{
    static const char *const names[] = {"squid",   "tinyproxy", "mitmproxy",
                                        "zscaler", "bluecoat",  "proxy"};
    size_t i;

    if (connect || a407_answer_field(a, "X-Squid-Error").p ||
        a407_answer_has(a, "Proxy-Status", "error="))
        return true;
    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (a407_answer_has(a, "Server", names[i]))
            return true;
    return !a407_answer_field(a, "Via").p && !a407_answer_field(a, "X-Cache").p;
}

/* ---- what it says ---- */

static void tell_page(struct a407_doctor *d, const struct a407_answer *a,
                      const char *what, const struct a407_portal *p)
{
    struct a407_row *row;

    row = a407_row_found(&d->rows, A407_FOUND_LOGIN_PAGE, what, "%d%s%s%s",
                         a->status, *p->at ? ", to " : ", a page", p->at,
                         p->cookie ? ", with a cookie" : "");
    if (*p->whose)
        a407_row_sentence(row,
                          "In place of a 407 comes a login page of %s, which "
                          "programs can't use.",
                          p->whose);
    a407_doctor_say(d, A407_CAUSE_NONE, NULL);
}

static void tell_403(struct a407_doctor *d, const struct a407_judged *j,
                     const char *words)
{
    struct a407_row *row;
    char what[120];

    snprintf(what, sizeof what, "%s %.99s", j->connect ? "CONNECT" : "GET",
             j->connect ? d->tunnel : d->page);
    row = a407_row_found(
        &d->rows, *j->login ? A407_FOUND_FORBIDDEN : A407_FOUND_NOT_ADMITTED,
        j->what, "403%s", words);
    if (*j->login) {
        a407_row_sentence(
            row, "The login works, but the proxy's rules forbid %s.", what);
        return;
    }
    if (*words)
        a407_row_sentence(row,
                          "The proxy refuses the request, and does not ask "
                          "for a login%s",
                          words);
    a407_row_remedy(row,
                    "Ask the proxy's owner whether %s (this machine's address) "
                    "and %s are allowed.",
                    d->source.host, what);
}

/* The target that the user named is to be reached; the other one stands for
   any, and may be out of reach where the login works. */
static void tell_unreached(struct a407_doctor *d, const struct a407_judged *j,
                           const char *words)
{
    struct a407_row *row;
    bool named = d->o.values[A407_OPT_DOCTOR_TARGET] != NULL;

    row = a407_row_found(&d->rows, A407_FOUND_TARGET, j->what, "%d%s",
                         j->answer->status, words);
    a407_row_sentence(row, "%s the proxy can't reach %s.",
                      *j->login ? "The login works, but"
                                : "No login is asked "
                                  "for, but",
                      d->o.target.at.host);
    if (!named)
        row->status = A407_NOTE;
    d->works |= !named && j->first;
}

/* A 500 to a login, where none gets a 407: is it for the target all the same,
   as tinyproxy has it? Then it says so. */
static bool is_own_error(const struct a407_judged *j, const char *words)
{
    static const char *const ways[] = {"connect", "resol", "lookup",
                                       "reach",   "route", "DNS"};
    size_t i;

    if (j->answer->status != 500 || !*j->login ||
        !is_proxys(j->answer, j->connect))
        return false;
    for (i = 0; i < sizeof ways / sizeof *ways; i++)
        if (a407_text_find(a407_span_str(words), ways[i]))
            return false;
    return true;
}

static void tell_own_error(struct a407_doctor *d, const struct a407_judged *j,
                           const char *words)
{
    char line[300];
    struct a407_row *row =
        a407_row_found(&d->rows, A407_FOUND_BAD_ANSWER, j->what, "%d%s",
                       j->answer->status, words);

    a407_doctor_curl(d, " -v", line, sizeof line);
    a407_row_sentence(row, "The proxy answers the login with 500, an error of "
                           "its own: whether it is right can't be told.");
    a407_row_remedy(row,
                    "Tell the proxy's owner: what checks its logins may fail. "
                    "By hand: %s",
                    line);
}

void a407_doctor_judge(struct a407_doctor *d, const struct a407_judged *j)
{
    const struct a407_answer *a = j->answer;
    struct a407_portal page;
    char words[162], seen[200];
    struct a407_row *row;
    enum a407_cause said = words_of(a, words, sizeof words);

    if (a407_portal_see(a, j->connect, &d->o.target.at, &page))
        tell_page(d, a, j->what, &page);
    else if (a->status / 100 == 2 || a->status / 100 == 3) {
        a407_row_good(&d->rows, A407_IN_TRIAL, j->what, "%d%s%s", a->status,
                      *j->login ? ", " : "", j->login);
        d->works |= j->first;
    } else if (said != A407_CAUSE_NONE && is_proxys(a, j->connect)) {
        snprintf(seen, sizeof seen, "%d%s", a->status, words);
        a407_refused_cause(d, said, NULL, j->what, seen);
    } else if (a->status == 401)
        a407_row_found(
            &d->rows,
            j->connect ? A407_FOUND_SAYS_401 : A407_FOUND_ORIGIN_LOGIN, j->what,
            "401%s", j->connect ? " to a CONNECT" : ", passed on by the proxy");
    else if (is_own_error(j, words))
        tell_own_error(d, j, words);
    else if (a->status == 500 || a->status == 502 || a->status == 503 ||
             a->status == 504)
        tell_unreached(d, j, words);
    else if (!is_proxys(a, j->connect)) {
        a407_row_good(&d->rows, A407_IN_TRIAL, j->what,
                      "%d by the target itself%s", a->status,
                      a->status == 403 ? words : "");
        d->works |= j->first;
    } else if (a->status == 403)
        tell_403(d, j, words);
    else {
        a407_row_found(&d->rows, A407_FOUND_BAD_ANSWER, j->what, "%d%s",
                       a->status, words);
        a407_doctor_say(d, A407_CAUSE_NONE, NULL);
    }
    row = a407_row_last(&d->rows);
    if (!j->first && row->status != A407_GOOD)
        row->status =
            row->found == A407_FOUND_LOGIN_PAGE ? A407_WARNING : A407_NOTE;
}
