/* SPDX-License-Identifier: MIT */
#include "pac.h"

#include <string.h>
#include <strings.h>

#include "configuration.h"
#include "core/record/redact.h"
#include "host/clock.h"
#include "host/match.h"

/* One entry of the list that a script returns. */
struct choice {
    enum { DIRECT, PROXY, SOCKS, NONSENSE } kind;
    bool tls;
    struct a407_endpoint at;
    char url[300]; /* of a proxy, to be pasted */
};

/* What stands in the line to paste is no more than a host and a port. */
static bool is_host(struct a407_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!a407_is_alnum(s.p[i]) && !strchr("-._:[]", s.p[i]))
            return false;
    return s.n > 0;
}

/* "PROXY host:port", without a port as browsers take it. */
static struct choice read_choice(struct a407_span entry)
{
    struct choice c = {.kind = NONSENSE};
    struct a407_span word = {"", 0}, rest = a407_span_trim(entry);
    struct a407_proxy_url url;

    a407_span_cut(&rest, ' ', &word);
    rest = a407_span_trim(rest);
    c.tls = a407_span_ieq(word, "HTTPS");
    if (a407_span_ieq(word, "DIRECT"))
        c.kind = DIRECT;
    else if (word.n >= 5 && strncasecmp(word.p, "SOCKS", 5) == 0)
        c.kind = SOCKS;
    else if ((c.tls || a407_span_ieq(word, "PROXY") ||
              a407_span_ieq(word, "HTTP")) &&
             is_host(rest))
        c.kind = PROXY;
    if (c.kind != PROXY)
        return c;
    snprintf(c.url, sizeof c.url, "%s://%.*s", c.tls ? "https" : "http",
             (int)(rest.n < 280 ? rest.n : 280), rest.p);
    if (!a407_proxy_url_parse(a407_span_str(c.url), &url)) {
        c.kind = NONSENSE;
        return c;
    }
    c.at = url.endpoint;
    if (!url.port_given) /* programs take another one than browsers */
        snprintf(c.url + strlen(c.url), 8, ":%u", c.at.port);
    return c;
}

/* ---- is it the proxy that is used already? ---- */

static bool same_address(const struct addrinfo *a, const struct addrinfo *all)
{
    for (; all; all = all->ai_next)
        if (a->ai_addrlen == all->ai_addrlen &&
            memcmp(a->ai_addr, all->ai_addr, a->ai_addrlen) == 0)
            return true;
    return false;
}

/* The same host and port, or another name of it. */
static bool is_same(const struct a407_endpoint *a,
                    const struct a407_endpoint *b, bool offline)
{
    struct addrinfo *mine = NULL, *its = NULL, *i;
    bool same = strcasecmp(a->host, b->host) == 0;

    if (a->port != b->port || same || offline)
        return a->port == b->port && same;
    if (a407_look_up(a, &mine) == 0 && a407_look_up(b, &its) == 0)
        for (i = mine; i && !same; i = i->ai_next)
            same = same_address(i, its);
    if (mine)
        freeaddrinfo(mine);
    if (its)
        freeaddrinfo(its);
    return same;
}

static bool is_used(const struct a407_doctor *d, const struct choice *c)
{
    return d->proxy.port && c->tls == d->tls &&
           is_same(&d->proxy, &c->at, d->o.offline);
}

/* Of a list of proxies that one which is used already; else the first that
   takes connections, as a browser would; else the first. */
static struct choice pick(const struct a407_doctor *d, const char *list)
{
    struct choice first = {.kind = NONSENSE}, c;
    size_t n;

    for (int pass = 0; pass < 2; pass++) {
        struct a407_span rest = a407_span_str(list), entry = {"", 0};

        for (n = 0; a407_span_cut(&rest, ';', &entry);) {
            if (!a407_span_trim(entry).n)
                continue;
            c = read_choice(entry);
            if (!n++)
                first = c;
            if (first.kind == PROXY && c.kind == PROXY &&
                (pass ? !a407_unreachable(&c.at) : is_used(d, &c)))
                return c;
        }
        if (d->o.offline || n < 2)
            break;
    }
    return first;
}

/* The script is what counts where its user named it, or nothing else names a
   proxy. */
static void compare(struct a407_doctor *d, const struct a407_pac_source *from,
                    const struct choice *c)
{
    bool any = d->proxy.port != 0;
    char now[A407_HOST_MAX + 16] = "none is set";
    struct a407_row *row;

    if (is_used(d, c))
        return;
    if (any)
        a407_endpoint_text(&d->proxy, now, sizeof now);
    row = a407_row_found(&d->rows, A407_FOUND_PAC_DRIFT,
                         any ? d->proxy_from : "*_proxy variables",
                         "%s, but the PAC names %s%s:%u", now,
                         c->tls ? "https://" : "", c->at.host, c->at.port);
    a407_row_remedy(row, "export http_proxy=%s https_proxy=%s", c->url, c->url);
    if (d->o.proxy || (any && !from->named)) {
        row->status = d->o.proxy ? A407_NOTE : A407_WARNING;
        return;
    }
    a407_rows_relax(&d->rows, A407_FOUND_NO_PROXY_SET);
    d->proxy = c->at;
    d->tls = c->tls;
    snprintf(d->proxy_from, sizeof d->proxy_from, "PAC");
}

/* ---- what the script says ---- */

static void judge_list(struct a407_doctor *d,
                       const struct a407_pac_source *from, const char *url,
                       const struct a407_pac_answer *a)
{
    struct choice c = pick(d, a->text);
    struct a407_row *row;

    if (c.kind == NONSENSE) {
        a407_row_found(&d->rows, A407_FOUND_PAC_FAILS, from->from,
                       "%s: it returns \"%s\"", url, a->text);
    } else if (c.kind == PROXY) {
        a407_row_good(&d->rows, A407_IN_CONFIGURATION, from->from,
                      "%s: %s for %s", url, a->text, d->o.target.url);
        compare(d, from, &c);
    } else {
        row = a407_row_found(
            &d->rows,
            c.kind == SOCKS ? A407_FOUND_PAC_SOCKS : A407_FOUND_PAC_DIRECT,
            from->from, "%s: %s for %s", url, a->text, d->o.target.url);
        if (d->proxy.port && (d->o.proxy || !from->named))
            row->status = A407_NOTE;
    }
}

static void tell_fault(struct a407_doctor *d,
                       const struct a407_pac_source *from, const char *url,
                       const struct a407_pac_answer *a)
{
    bool unread = a->state == A407_PAC_UNREADABLE;
    struct a407_row *row;
    char line[40] = "";

    if (a->line && !strstr(a->text, "(line "))
        snprintf(line, sizeof line, "line %d: ", a->line);
    row = a407_row_found(
        &d->rows, unread ? A407_FOUND_PAC_UNPARSED : A407_FOUND_PAC_FAILS,
        from->from, "%s: %s%s", url, line, a->text);
    if (unread && a->line)
        a407_row_sentence(row, "The PAC can't be judged here: it is no "
                               "JavaScript up to ES5.");
    if (*a->unanswered)
        a407_row_remedy(row,
                        "Look at the name servers in /etc/resolv.conf: getent "
                        "ahosts %s",
                        a->unanswered);
}

static void judge(struct a407_doctor *d, const struct a407_pac_source *from,
                  const char *url, struct a407_span script)
{
    struct a407_pac_answer a;

    a407_doctor_progress(d, "asking the PAC");
    a407_pac_run(script, &d->o.target, !d->o.offline, &a);
    if (*a.alert)
        a407_row_good(&d->rows, A407_IN_CONFIGURATION, "the PAC says", "%s",
                      a.alert)
            ->status = A407_NOTE;
    if (a.state != A407_PAC_SAYS)
        tell_fault(d, from, url, &a);
    else if (a.asked && d->o.offline)
        a407_row_good(&d->rows, A407_IN_CONFIGURATION, from->from,
                      "%s looks names up: not judged, as nothing is sent", url)
            ->status = A407_NOTE;
    else
        judge_list(d, from, url, &a);
}

static bool is_page(struct a407_span s)
{
    if (a407_span_begins(s, "\xef\xbb\xbf"))
        s = a407_span_skip(s, 3);
    s = a407_span_strip(s, a407_is_lws);
    return s.n && *s.p == '<';
}

static void look_at(struct a407_doctor *d, const struct a407_pac_source *from)
{
    char type[80], why[240], url[240];
    struct a407_buf script;
    struct a407_row *row;
    bool got;

    a407_url_redact(a407_span_str(from->url), url, sizeof url);
    a407_buf_init(&script, A407_PAC_SCRIPT);
    a407_doctor_progress(d, "reading %s", url);
    got = a407_pac_fetch(from->url, &script, type, why);
    if (got && !script.n)
        snprintf(why, sizeof why, "it is empty");
    if (!got || !script.n) {
        row = a407_row_found(&d->rows, A407_FOUND_PAC_UNREADABLE, from->from,
                             "%s: %s", url, why);
        if (strncmp(url, "https:", 6) == 0)
            a407_row_remedy(
                row, "curl -o proxy.pac '%s' && auth407 doctor --pac proxy.pac",
                url);
    } else if (is_page(a407_span(script.p, script.n))) {
        a407_row_found(&d->rows, A407_FOUND_PAC_IS_PAGE, from->from,
                       "%s: it begins with \"<\"%s%s", url,
                       *type ? " and is called " : "", type);
    } else {
        if (*type && !strcasestr(type, "proxy-autoconfig") &&
            !strcasestr(type, "javascript"))
            a407_row_found(&d->rows, A407_FOUND_PAC_TYPE, from->from,
                           "%s is called %s", url, type);
        judge(d, from, url, a407_span(script.p, script.n));
    }
    a407_buf_free(&script);
}

/* A name alone, which the resolver tries in its domains. What lies there is not
   fetched: nobody has asked for it. */
static void look_for_wpad(struct a407_doctor *d)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_CANONNAME},
                    *all = NULL;
    struct a407_endpoint e;

    a407_doctor_progress(d, "looking for WPAD");
    if (a407_look_up_until("wpad", NULL, &hints,
                           a407_now_ms() + A407_LOOK_UP_MS, &all) != 0)
        return;
    if (a407_endpoint_of(all->ai_addr, &e))
        a407_row_found(&d->rows, A407_FOUND_WPAD, "WPAD", "%s is %s",
                       all->ai_canonname ? all->ai_canonname : "wpad", e.host);
    freeaddrinfo(all);
}

void a407_doctor_pac(struct a407_doctor *d)
{
    struct a407_pac_source from;

    if (!a407_pac_find(d, &from)) {
        if (!d->o.offline && !d->proxy.port)
            look_for_wpad(d);
    } else if (d->o.offline && strncmp(from.url, "http", 4) == 0) {
        a407_row_good(&d->rows, A407_IN_CONFIGURATION, from.from,
                      "not fetched, as nothing is sent")
            ->status = A407_NOTE;
    } else {
        look_at(d, &from);
    }
}
