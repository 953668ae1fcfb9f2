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
    const struct a407_setting *set;
    struct a407_buf url; /* may be a secret; empty: none */
    bool off;
    char where[WHERE_MAX];     /* "~/.gitconfig:3" */
    char what[WHERE_MAX + 20]; /* "git (~/.gitconfig:3)" */
};

/* ---- which URL ---- */

static bool has_proxy(const struct a407_setting *s)
{
    return s->url || s->host || s->off;
}

void a407_add_coded(struct a407_buf *b, const char *text)
{
    for (; *text; text++)
        if (a407_is_alnum(*text) || strchr("-._~", *text))
            a407_buf_add(b, text, 1);
        else
            a407_buf_fmt(b, "%%%02X", (unsigned char)*text);
}

/* "user:password@", if it stands beside the URL. */
static void add_login(struct a407_buf *b, const struct a407_setting *s)
{
    if (!s->user)
        return;
    a407_add_coded(b, s->user);
    if (s->password) {
        a407_buf_add(b, ":", 1);
        a407_add_coded(b, s->password);
    }
    a407_buf_add(b, "@", 1);
}

/* A URL with the login that stands beside it. */
static void add_url(struct a407_buf *b, const char *url,
                    const struct a407_setting *login)
{
    const char *rest = strstr(url, "://"), *at = strrchr(url, '@');

    rest = rest ? rest + 3 : url;
    if (!login->user) {
        a407_buf_str(b, url);
        return;
    }
    a407_buf_add(b, url, (size_t)(rest - url));
    add_login(b, login);
    a407_buf_str(b, at && at >= rest ? at + 1 : rest);
}

static void put_where(const struct a407_place *p, unsigned line, char *out)
{
    const char *home = getenv("HOME");
    size_t n = home && *home == '/' ? strlen(home) : 0;
    bool below = n > 1 && strncmp(p->path, home, n) == 0 && p->path[n] == '/';

    snprintf(out, WHERE_MAX, line ? "%s%.150s:%u" : "%s%.150s",
             below ? "~" : "", p->path + (below ? n : 0), line);
}

static void used_init(struct used *u, const struct a407_doctor *d,
                      const struct a407_place *p)
{
    const struct a407_tool *tool = &a407_tools[p->tool];
    const struct a407_setting
        *any = &p->of[A407_FOR_ANY],
        *one = &p->of[d->o.target.tls ? A407_FOR_HTTPS : A407_FOR_HTTP];
    const struct a407_setting *login = one->user ? one : any;

    u->place = p;
    u->set = has_proxy(one) ? one : any;
    u->off = p->off || u->set->off;
    a407_buf_init(&u->url, 4096);
    if (u->set->url) {
        add_url(&u->url, u->set->url, login);
    } else if (u->set->host) {
        a407_buf_str(&u->url, "http://");
        add_login(&u->url, login);
        a407_buf_fmt(&u->url, "%s:", u->set->host);
        if (u->set->port)
            a407_buf_str(&u->url, u->set->port);
        else
            a407_buf_fmt(&u->url, "%u",
                         tool->port == 80 && u->set == one && d->o.target.tls
                             ? 443
                             : tool->port);
    } else if (login->user && d->url) {
        u->set = login;
        add_url(&u->url, d->url, login);
    }
    if (u->url.n)
        a407_buf_add(&u->url, "", 1);
    put_where(p, u->set->line, u->where);
    snprintf(u->what, sizeof u->what, "%s (%s)", tool->name, u->where);
}

/* Is what it is limited to the target? Of several one that is switched off says
   nothing. */
static bool is_for(const struct a407_place *p, const struct a407_wanted *target)
{
    struct a407_span url = a407_span_str(target->url);
    size_t n = p->scope ? strlen(p->scope) : 0;

    if (!p->scope || p->off)
        return !p->scope;
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
    const struct a407_tool *tool = &a407_tools[u->place->tool];
    struct a407_row *row = a407_row_found(&d->rows, A407_FOUND_PLACE_DISAGREES,
                                          u->what, "%s%s%s", seen, how, whose);
    const char *colon = strrchr(u->where, ':');
    int file = colon ? (int)(colon - u->where) : 0;

    if (*tool->remove && u->set->line)
        a407_row_remedy(row, "%s%.*s%s%s", tool->remove_in,
                        *tool->remove_in ? file : 0, u->where, tool->remove,
                        u->set->key ? u->set->key : "");
    else
        a407_row_remedy(row, "correct or remove it: %s", u->where);
}

enum login { NONE, SAME, ANOTHER };

static enum login login_of(const char *url, const char *than)
{
    struct a407_proxy_url u;
    bool has;

    if (!a407_written_read(url, &u))
        return NONE;
    has = u.username || u.malformed.code;
    a407_free_secret(u.username);
    a407_free_secret(u.password);
    return !has ? NONE : a407_written_same(url, than, true) ? SAME : ANOTHER;
}

/* Its login; NULL: it has none, or no memory. */
static struct a407_credential *candidate(const struct a407_doctor *d,
                                         const struct used *u)
{
    struct a407_credential *c = NULL;
    struct a407_proxy_url url;
    char label[300];

    if (!a407_written_read(u->url.p, &url))
        return NULL;
    if (url.username && url.password && *url.password)
        c = calloc(1, sizeof *c);
    if (!c) {
        a407_free_secret(url.username);
        a407_free_secret(url.password);
        return NULL;
    }
    snprintf(label, sizeof label, "%s's own login in %s",
             a407_tools[u->place->tool].name, u->where);
    c->endpoint = d->proxy; /* by whatever name */
    c->from = A407_FROM_PROXY_URL;
    c->schemes = A407_ALL_SCHEMES;
    c->label = a407_strdup_span(a407_span_str(label));
    c->username = url.username;
    c->password = url.password;
    if (c->label)
        return c;
    a407_credentials_free(c);
    return NULL;
}

/* Does the URL name the proxy that is examined? */
static bool is_that(const struct a407_doctor *d, const char *text)
{
    struct a407_proxy_url url;

    if (!a407_written_read(text, &url))
        return false;
    a407_free_secret(url.username);
    a407_free_secret(url.password);
    return a407_same_host(url.endpoint.host, d->proxy.host) &&
           url.endpoint.port == d->proxy.port &&
           (strcmp(url.scheme, "https") == 0) == d->tls;
}

/* In what it differs from what is examined, as far as that has a login; NULL:
   in nothing. */
static const char *difference(const struct a407_doctor *d, const char *url)
{
    bool login = d->url && login_of(d->url, "") != NONE && is_that(d, d->url);

    if (!d->proxy.port)
        return NULL;
    if (!is_that(d, url))
        return ", which is not that of ";
    if (login && login_of(url, d->url) == NONE)
        return ", without the login of ";
    return login && login_of(url, d->url) == ANOTHER
               ? ", with another login than "
               : NULL;
}

static void judge_url(struct a407_doctor *d, const struct used *u)
{
    char before[WHERE_MAX + 40], shown[300];
    struct a407_written w = {.what = u->what,
                             .value = u->url.p,
                             .before = before,
                             .after = "",
                             .guessed = a407_tools[u->place->tool].guesses};
    const char *how = difference(d, u->url.p);
    bool good, that = is_that(d, u->url.p);
    struct a407_credential **at = &d->elsewhere;
    size_t n = d->rows.n;

    snprintf(before, sizeof before, "in %s write ", u->where);
    if (!a407_written_check(d, &w))
        return;
    good = d->rows.n == n + 1 && d->rows.row[n].status == A407_GOOD;
    if (how && good)
        d->rows.n = n; /* one row says both */
    a407_written_show(u->url.p, shown, sizeof shown);
    if (how && (good || !that)) /* else it follows from what was said */
        differs(d, u, shown, how, d->proxy_from);
    if (!that)
        return;
    while (*at)
        at = &(*at)->next;
    *at = candidate(d, u);
}

/* "*.example.com|localhost" of Java, or a list as in no_proxy. */
static bool bypasses(const struct a407_place *p,
                     const struct a407_endpoint *target)
{
    struct a407_span list = a407_span_str(p->bypass), one;
    char pattern[300];

    if (!list.n || (!a407_span_find(list, '|') && p->tool != A407_TOOL_MAVEN &&
                    p->tool != A407_TOOL_JAVA && p->tool != A407_TOOL_GRADLE))
        return a407_no_proxy_covers(list.n ? p->bypass : "", target, NULL);
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
    put_where(u->place, u->place->bypass_line, list.where);
    snprintf(list.what, sizeof list.what, "%s (%s)",
             a407_tools[u->place->tool].name, list.where);
    snprintf(list_text, sizeof list_text, "%.100s", u->place->bypass);
    list.set = &(struct a407_setting){0};
    differs(d, &list, list_text, " has programs go directly to ",
            d->o.target.at.host);
}

/* Does an earlier place of the program count, for the same scope? */
static bool hidden(const struct a407_doctor *d, const struct a407_place *p)
{
    const struct a407_place *q;
    bool says = false;

    if (a407_tools[p->tool].several)
        return false;
    for (q = d->places; q != p && !says; q = q->next) {
        struct used u;

        if (q->tool != p->tool || !is_for(q, &d->o.target) ||
            (p->tool != A407_TOOL_MAVEN && !a407_same_text(q->scope, p->scope)))
            continue;
        used_init(&u, d, q);
        says = u.url.n || u.off;
        a407_buf_free(&u.url);
    }
    return says;
}

/* Examines that where nothing else names a proxy; its login is one of ours
   then. */
static void take(struct a407_doctor *d, const struct used *u)
{
    struct a407_proxy_url url;
    struct a407_credential **at = &d->config->credentials;

    if (!a407_written_read(u->url.p, &url))
        return;
    a407_free_secret(url.username);
    a407_free_secret(url.password);
    d->proxy = url.endpoint;
    d->tls = strcmp(url.scheme, "https") == 0;
    d->url = a407_strdup_span(a407_span_str(u->url.p));
    snprintf(d->proxy_from, sizeof d->proxy_from, "%s", u->what);
    a407_rows_relax(&d->rows, A407_FOUND_NO_PROXY_SET);
    while (*at)
        at = &(*at)->next;
    *at = candidate(d, u);
}

void a407_doctor_places(struct a407_doctor *d)
{
    const struct a407_row *verdict = a407_rows_verdict(&d->rows);
    const struct a407_place *p;
    struct used u;
    bool none =
        !d->proxy.port && verdict && verdict->found == A407_FOUND_NO_PROXY_SET;

    d->places = a407_places_read();

    for (p = d->places; p; p = p->next) {
        if (!is_for(p, &d->o.target))
            continue;
        used_init(&u, d, p);
        if (none && !d->proxy.port && u.url.n && !u.off)
            take(d, &u);
        if (u.url.n && hidden(d, p))
            a407_row_good(&d->rows, A407_IN_CONFIGURATION, u.what,
                          "not used: another place comes first")
                ->status = A407_NOTE;
        else if (u.url.n || u.off || p->bypass)
            judge(d, &u);
        a407_buf_free(&u.url);
    }
}
