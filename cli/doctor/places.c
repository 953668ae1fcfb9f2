/* SPDX-License-Identifier: MIT */
#include "places.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "configuration.h"
#include "core/base/text.h"

/* Room for "~/.gitconfig:3". */
#define WHERE_MAX 200

/* What of a place is used for the target. */
struct used {
    const struct a407_place *place;
    const struct a407_tool *tool;
    const struct a407_setting *set;
    struct a407_buf url; /* may be a secret; empty: none */
    bool off;
    char where[WHERE_MAX];     /* "~/.gitconfig:3" */
    char what[WHERE_MAX + 20]; /* "git (~/.gitconfig:3)" */
};

/* ---- which URL ---- */

/* A URL with the login that stands beside it. */
static void add_url(struct a407_buf *b, const char *url,
                    const struct a407_setting *login)
{
    const char *rest = strstr(url, "://"), *at = strrchr(url, '@');
    const char *user = login->text[A407_USER],
               *password = login->text[A407_PASSWORD];

    rest = rest ? rest + 3 : url;
    a407_buf_add(b, url, (size_t)(rest - url));
    if (user) {
        a407_add_coded(b, a407_span_str(user), false);
        a407_buf_str(b, password ? ":" : "");
        a407_add_coded(b, a407_span_str(password), false);
        a407_buf_str(b, "@");
        rest = at && at >= rest ? at + 1 : rest;
    }
    a407_buf_add(b, rest, strlen(rest) + 1);
}

static void name_it(struct used *u, unsigned line)
{
    const char *home = getenv("HOME"), *path = u->place->path;
    size_t n = home && *home == '/' ? strlen(home) : 0;
    bool below = n > 1 && strncmp(path, home, n) == 0 && path[n] == '/';

    snprintf(u->where, sizeof u->where, line ? "%s%.150s:%u" : "%s%.150s",
             below ? "~" : "", path + (below ? n : 0), line);
    snprintf(u->what, sizeof u->what, "%s (%s)", u->tool->name, u->where);
}

/* Where no login stands beside the URL that of the whole program counts. */
static const struct a407_setting *login_beside(const struct a407_doctor *d,
                                               const struct a407_place *p,
                                               enum a407_place_for what)
{
    const struct a407_place *q = p;

    if (p->scope && !p->of[A407_FOR_ANY].text[A407_USER])
        for (q = d->places; q && (q->tool != p->tool || q->scope); q = q->next)
            continue;
    if (!q)
        q = p;
    return &q->of[q->of[what].text[A407_USER] ? what : A407_FOR_ANY];
}

static void used_init(struct used *u, const struct a407_doctor *d,
                      const struct a407_place *p)
{
    enum a407_place_for what = d->o.target.tls ? A407_FOR_HTTPS : A407_FOR_HTTP;
    const struct a407_setting *login = login_beside(d, p, what),
                              *set = &p->of[what];
    bool own = set->text[A407_URL] || set->text[A407_HOST] || set->off;
    char made[A407_HOST_MAX + 40], port[12];
    const char *url, *host, *given;

    if (!own)
        set = &p->of[A407_FOR_ANY];
    url = set->text[A407_URL];
    host = set->text[A407_HOST];
    given = set->text[A407_PORT];
    *u = (struct used){.place = p, .tool = &a407_tools[p->tool]};
    u->off = p->off || set->off;
    a407_buf_init(&u->url, 4096);
    if (!url && host) {
        snprintf(port, sizeof port, "%u",
                 own && d->o.target.tls && u->tool->port == 80 ? 443
                                                               : u->tool->port);
        snprintf(made, sizeof made, "http://%s:%s", host, given ? given : port);
        url = made;
    } else if (!url && login->text[A407_USER]) {
        set = login;
        url = d->url;
    }
    if (url)
        add_url(&u->url, url, login);
    u->set = set;
    name_it(u, set->line);
}

/* Is what it is limited to the target? Of several one that is switched off says
   nothing. */
static bool is_for(const struct a407_place *p, const struct a407_wanted *target)
{
    struct a407_span url = a407_span_str(target->url);
    size_t n = p->scope ? strlen(p->scope) : 0;

    if (!p->scope || p->off)
        return !p->scope;
    if (p->tool == A407_TOOL_DNF)
        return !p->of[A407_FOR_ANY].off;
    if (p->tool == A407_TOOL_APT)
        return strcmp(p->scope, target->at.host) == 0;
    if (p->tool != A407_TOOL_GIT || !strstr(p->scope, "://"))
        return true;
    if (strchr(p->scope, '*'))
        return fnmatch(p->scope, target->url, 0) == 0;
    n -= n && p->scope[n - 1] == '/';
    return url.n >= n && memcmp(url.p, p->scope, n) == 0 &&
           (url.n == n || strchr("/:", url.p[n]));
}

/* ---- against the environment's ---- */

static void differs(struct a407_doctor *d, const struct used *u,
                    const char *seen, const char *how, const char *whose)
{
    const struct a407_tool *tool = u->tool;
    struct a407_row *row = a407_row_found(&d->rows, A407_FOUND_PLACE_DISAGREES,
                                          u->what, "%s%s%s", seen, how, whose);
    const char *colon = strrchr(u->where, ':'), *key = NULL;
    int file = colon ? (int)(colon - u->where) : 0;

    if (u->set && u->set->line)
        key = u->set->text[A407_KEY_NAME] ? u->set->text[A407_KEY_NAME] : "";
    if (*tool->remove && key)
        a407_row_remedy(row, "%s%.*s%s%s", tool->remove_in,
                        *tool->remove_in ? file : 0, u->where, tool->remove,
                        key);
    else
        a407_row_remedy(row, "correct or remove it: %s", u->where);
}

/* Adds its login to the list, if it has one. */
static void add_login(const struct a407_doctor *d, const struct used *u,
                      struct a407_credential **list)
{
    struct a407_credential *c = calloc(1, sizeof *c);
    struct a407_proxy_url url;
    char label[300];

    if (!c || !a407_written_login(u->url.p, &url)) {
        free(c);
        return;
    }
    snprintf(label, sizeof label, "%s's own login in %s", u->tool->name,
             u->where);
    c->endpoint = d->proxy; /* by whatever name */
    c->from = A407_FROM_PROXY_URL;
    c->schemes = A407_ALL_SCHEMES;
    c->label = a407_strdup_span(a407_span_str(label));
    c->username = url.username;
    c->password = url.password;
    if (!c->label || !c->username || !c->password || !*c->password) {
        a407_credentials_free(c);
        return;
    }
    while (*list)
        list = &(*list)->next;
    *list = c;
}

/* Does the URL name the proxy that is examined? */
static bool is_that(const struct a407_doctor *d, const char *text)
{
    struct a407_proxy_url url;

    return a407_written_read(text, &url) &&
           a407_same_host(url.endpoint.host, d->proxy.host) &&
           url.endpoint.port == d->proxy.port &&
           (strcmp(url.scheme, "https") == 0) == d->tls;
}

/* In what it differs from what is examined, as far as that has a login; NULL:
   in nothing. */
static const char *difference(const struct a407_doctor *d, const char *url)
{
    if (!d->proxy.port)
        return NULL;
    if (!is_that(d, url))
        return ", which is not that of ";
    if (!d->url || !a407_written_has_login(d->url) || !is_that(d, d->url) ||
        a407_written_same(url, d->url, true))
        return NULL;
    return a407_written_has_login(url) ? ", with another login than "
                                       : ", without the login of ";
}

static void judge_url(struct a407_doctor *d, const struct used *u)
{
    char before[WHERE_MAX + 40], shown[300];
    struct a407_written w = {.what = u->what,
                             .value = u->url.p,
                             .before = before,
                             .guessed = u->tool->guesses};
    const char *how = difference(d, u->url.p), *own = u->set->text[A407_URL];
    bool good, that = is_that(d, u->url.p);
    size_t n = d->rows.n;

    if (u->place->tool == A407_TOOL_WGET && own && a407_written_has_login(own))
        w.guessed = false; /* it takes USER: for a scheme */
    snprintf(before, sizeof before, "in %s write ", u->where);
    if (!a407_written_check(d, &w))
        return;
    good = d->rows.n == n + 1 && d->rows.row[n].status == A407_GOOD;
    if (how && good)
        d->rows.n = n; /* one row says both */
    a407_written_show(u->url.p, shown, sizeof shown);
    if (how && (good || !that)) /* else it follows from what was said */
        differs(d, u, shown, how, d->proxy_from);
    if (that)
        add_login(d, u, &d->elsewhere);
}

/* "*.example.com|localhost" of Java, or a list as in no_proxy. */
static bool bypasses(const struct a407_place *p,
                     const struct a407_endpoint *target)
{
    struct a407_span list = a407_span_str(p->bypass), one;
    char pattern[300];

    if (!a407_tools[p->tool].port) /* none of Java's */
        return a407_no_proxy_covers(p->bypass, target, NULL);
    while (a407_span_cut(&list, '|', &one)) {
        a407_put(pattern, sizeof pattern, a407_span_trim(one));
        if (fnmatch(pattern, target->host, FNM_CASEFOLD) == 0)
            return true;
    }
    return false;
}

static void judge(struct a407_doctor *d, const struct used *u)
{
    struct used list = *u;
    char list_text[101];

    if (u->off && d->proxy.port)
        differs(d, u, "turns the proxy off", "", "");
    else if (u->url.n && !u->off)
        judge_url(d, u);
    if (u->place->percent)
        a407_row_remedy(a407_row_found(&d->rows, A407_FOUND_PLACE_DISAGREES,
                                       u->what,
                                       "a %% there is for names of the unit"),
                        "write %%%% for each %% in %s", u->where);
    if (!u->place->bypass || !d->proxy.port ||
        !bypasses(u->place, &d->o.target.at))
        return;
    name_it(&list, u->place->bypass_line);
    snprintf(list_text, sizeof list_text, "%.100s", u->place->bypass);
    list.set = NULL;
    differs(d, &list, list_text, " has programs go directly to ",
            d->o.target.at.host);
}

/* Does an earlier place of the program count, for the same scope? */
static bool hidden(const struct a407_doctor *d, const struct a407_place *p)
{
    const struct a407_place *q = d->places;

    if (a407_tools[p->tool].several)
        return false;
    while (q != p && !(q->says && q->tool == p->tool &&
                       (p->tool == A407_TOOL_MAVEN ||
                        a407_same_text(q->scope, p->scope))))
        q = q->next;
    return q != p;
}

void a407_doctor_places(struct a407_doctor *d)
{
    const struct a407_row *verdict = a407_rows_verdict(&d->rows);
    bool none =
        !d->proxy.port && verdict && verdict->found == A407_FOUND_NO_PROXY_SET;
    struct a407_place *p;
    struct used u;

    d->places = a407_places_read();
    for (p = d->places; p; p = p->next) {
        if (!is_for(p, &d->o.target))
            continue;
        used_init(&u, d, p);
        p->says = u.url.n || u.off;
        if (none && !d->proxy.port && u.url.n && !u.off &&
            a407_doctor_take(d, u.what, u.url.p)) {
            /* nothing else names a proxy; its login is one of ours then */
            a407_rows_relax(&d->rows, A407_FOUND_NO_PROXY_SET);
            a407_row_good(&d->rows, A407_IN_CONFIGURATION, u.what,
                          "only %s has this proxy: others go directly",
                          u.tool->name)
                ->status = A407_NOTE;
            add_login(d, &u, &d->config->credentials);
        }
        if (u.url.n && hidden(d, p))
            a407_row_good(&d->rows, A407_IN_CONFIGURATION, u.what,
                          "not used: another place comes first")
                ->status = A407_NOTE;
        else if (p->says || p->bypass)
            judge(d, &u);
        a407_buf_free(&u.url);
    }
}
