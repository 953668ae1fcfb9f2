/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/settings.h"
#include "configuration.h"
#include "core/base/text.h"

static bool is_stray(char c)
{
    return a407_is_lws(c) || memchr("\"';,", c, 4);
}

/* Without what is around a URL by mistake: typographic quotes, too (UTF-8 of
   U+2018 to U+201F). */
static struct a407_span bare(const char *value)
{
    static const char quote[] = "\xe2\x80";
    struct a407_span s = a407_span_strip(a407_span_str(value), is_stray);

    if (s.n > 3 && a407_span_begins(s, quote))
        s = a407_span_skip(s, 3);
    if (s.n > 3 && memcmp(s.p + s.n - 3, quote, 2) == 0)
        s.n -= 3;
    return s;
}

/* What a URL is made of, as it is meant. */
struct parts {
    struct a407_span scheme;
    struct a407_span info; /* "user:password", as far as an "@" is there */
    struct a407_span rest; /* what is behind the last "@" is no password,
                              whatever is before it */
    bool typo;             /* "http//", "http:/" and the like */
};

static bool is_mark(char c)
{
    return memchr(":/\\", c, 3);
}

static struct parts split(const char *value)
{
    struct a407_span s = bare(value), left = s,
                     word = a407_span_run(&left, a407_is_alpha),
                     marks = a407_span_run(&left, is_mark);
    const char *from = s.n ? memmem(s.p, s.n, "://", 3) : NULL, *at;
    struct parts is = {.rest = s};

    if (marks.n > 1 && !a407_span_eq(marks, "://") &&
        (a407_span_ieq(word, "http") || a407_span_ieq(word, "https"))) {
        is.typo = true;
        is.scheme = word;
        is.rest = left;
    } else if (from) {
        is.scheme = a407_span_before(s, from);
        is.rest = a407_span_from(s, from + 3);
    }
    at = is.rest.n ? memrchr(is.rest.p, '@', is.rest.n) : NULL;
    if (at) {
        is.info = a407_span_before(is.rest, at);
        is.rest = a407_span_from(is.rest, at + 1);
    }
    return is;
}

static bool is_cut(struct a407_span info)
{
    return a407_span_find(info, '/') || a407_span_find(info, '?') ||
           a407_span_find(info, '#');
}

bool a407_written_has_login(const char *value)
{
    return split(value).info.p != NULL;
}

bool a407_written_login(const char *value, struct a407_proxy_url *out)
{
    struct parts is = split(value);
    char text[A407_HOST_MAX + 32];
    bool good;

    if (is.typo || is_cut(is.info)) {
        good =
            (size_t)snprintf(text, sizeof text, "%.*s%s%.*s", (int)is.scheme.n,
                             is.scheme.p, is.scheme.n ? "://" : "",
                             (int)is.rest.n, is.rest.p) < sizeof text &&
            a407_proxy_url_parse(a407_span_str(text), out);
        out->malformed =
            (struct a407_finding){A407_LINT_URL_CUT, A407_LINT_USERINFO};
    } else {
        good = a407_proxy_url_parse(bare(value), out);
    }
    if (!good || out->port_given ||
        out->endpoint.host[strspn(out->endpoint.host, "0123456789")])
        return good;
    a407_proxy_url_clear(out); /* "3128" alone is no host */
    return false;
}

bool a407_written_read(const char *value, struct a407_proxy_url *out)
{
    bool good = a407_written_login(value, out);

    if (good)
        a407_proxy_url_clear(out);
    return good;
}

void a407_add_coded(struct a407_buf *b, struct a407_span text, bool coded)
{
    for (; text.n; a407_span_take(&text))
        if (a407_is_alnum(*text.p) || strchr("-._~", *text.p) ||
            (coded && a407_percent_byte(text) >= 0))
            a407_buf_add(b, text.p, 1);
        else
            a407_buf_fmt(b, "%%%02X", (unsigned char)*text.p);
}

/* The user's name, percent-encoded; nothing where it may be a key. */
static void add_user(struct a407_buf *b, const char *value, const char *behind)
{
    struct a407_span password = split(value).info, user;

    if (!a407_span_cut(&password, ':', &user) || !user.n ||
        !(password.n || a407_user_is_name(user)))
        return;
    a407_add_coded(b, user, true);
    a407_buf_str(b, behind);
}

/* Port 0: "PORT", for that has to be filled in. */
static void put_url(const char *value, const char *behind_user,
                    const char *no_port, char *out, size_t cap)
{
    struct a407_proxy_url url;
    struct a407_buf b;

    a407_buf_init(&b, 1024);
    if (a407_written_read(value, &url)) {
        a407_buf_fmt(&b, "%s://", url.scheme);
        add_user(&b, value, behind_user);
        if (!url.port_given)
            url.endpoint.port = 0;
        a407_endpoint_add(&b, &url.endpoint);
        a407_buf_str(&b, url.port_given ? "" : no_port);
    }
    a407_put(out, cap, a407_span(b.p ? b.p : "", b.n));
    a407_buf_free(&b);
}

void a407_written_show(const char *value, char *out, size_t cap)
{
    put_url(value, "@", "", out, cap);
}

void a407_written_line(const struct a407_doctor *d, const char *scheme,
                       char *out, size_t cap)
{
    const char *name = d->proxy_from, *rest;
    char url[600];

    put_url(d->url, ":PASSWORD@", "", url, sizeof url);
    rest = strstr(url, "://");
    if (getenv(name))
        snprintf(out, cap, "export %s=\"%s://${%s#*://}\"", name, scheme, name);
    else
        snprintf(out, cap, "export https_proxy=%s://%s", scheme,
                 rest ? rest + 3 : d->at);
}

/* Adds the row, with the line as it should be. */
__attribute__((format(printf, 4, 5))) static struct a407_row *
wrong(struct a407_doctor *d, const struct a407_written *w,
      enum a407_finding_id id, const char *seen, ...)
{
    struct a407_row *row = a407_row_found(&d->rows, id, w->what, "%s", "");
    char url[600];
    const char *rest;
    va_list ap;

    va_start(ap, seen);
    vsnprintf(row->seen, sizeof row->seen, seen, ap);
    va_end(ap);
    put_url(w->value, ":PASSWORD@", ":PORT", url, sizeof url);
    rest = strstr(url, "://");
    if (rest)
        a407_row_remedy(row, "%s%s%s", w->before,
                        strncmp(url, "https:", 6) == 0 ? "https" : "http",
                        rest);
    else
        a407_row_remedy(row, "%shttp://%sHOST:PORT", w->before,
                        a407_written_has_login(w->value) ? "USER:PASSWORD@"
                                                         : "");
    a407_row_sentence(row, "%s: %s.", row->what, row->seen);
    if (!w->chosen && row->status == A407_FAILURE)
        row->status = A407_WARNING;
    return row;
}

/* What is around the URL, in words; NULL: nothing. */
static const char *stray(struct a407_span s)
{
    struct a407_span is = bare(s.p);
    bool last = is.p + is.n < s.p + s.n;
    char c = last ? s.p[s.n - 1] : *s.p;

    if (is.n == s.n)
        return NULL;
    if (c == '\r' || c == '\n')
        return last ? "ends with a line end" : "begins with a line end";
    if (a407_is_ows(c))
        return last ? "ends with a blank" : "begins with a blank";
    if (c == ';' || c == ',')
        return last ? "has a ; or , behind it" : "has a ; or , before it";
    return (unsigned char)c < 0x80 ? "has quotes around it"
                                   : "has typographic quotes around it";
}

/* Why no proxy can be told. */
static const char *why_none(const char *value)
{
    struct parts is = split(value);
    struct a407_span host = is.rest, port;
    const char *colon;

    a407_span_cut(&is.rest, '/', &host);
    port = host;
    a407_span_run(&port, a407_is_digit);
    colon = a407_span_find(host, ':');
    if (!host.n || colon == host.p)
        return "it names no host";
    if (a407_span_find(host, ','))
        return "it has a comma: write one proxy, HOST:PORT";
    if (*host.p != '[' && colon != memrchr(host.p, ':', host.n))
        return "an IPv6 address has brackets: [ADDRESS]:PORT";
    if (colon && *host.p != '[')
        return "behind its last colon is no port: 1 to 65535";
    return port.n ? "it is no URL of a proxy" : "it is a port without a host";
}

/* A character of the userinfo that URLs don't have there (RFC 3986 section
   3.2.1): `hard` ones stop curl and others, the rest some programs. */
static char unescaped(struct a407_span s, bool hard)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if (strchr(hard ? "@/?# \t" : "[]\\\"<>^`{|}", s.p[i]) && s.p[i])
            return s.p[i];
        else if (hard && s.p[i] == '%' &&
                 a407_percent_byte(a407_span_skip(s, i)) < 0)
            return '%';
    return '\0';
}

/* False: a row was added. Where the credential can't be read for it the code is
   that of the log. */
static bool check_login(struct a407_doctor *d, const struct a407_written *w,
                        enum a407_lint_code malformed)
{
    struct a407_span info = split(w->value).info;
    char hard = unescaped(info, true), c;
    struct a407_row *row;

    c = hard ? hard : unescaped(info, false);
    if (!c)
        return true;
    row = wrong(d, w, A407_FOUND_URL_UNESCAPED,
                "the login has a %s that must be written %%%02X",
                a407_is_ows(c) ? "blank" : (char[]){c, '\0'}, (unsigned char)c);
    if (malformed)
        row->code = a407_lint_info(malformed)->code;
    if (!hard)
        row->status = A407_WARNING;
    return false;
}

/* What programs differ on; or all is well. */
static void check_rest(struct a407_doctor *d, const struct a407_written *w,
                       const struct a407_proxy_url *url)
{
    bool plain = strcmp(url->scheme, "http") == 0;
    char shown[300];

    a407_written_show(w->value, shown, sizeof shown);
    if (!strstr(w->value, "://") && !w->guessed)
        wrong(d, w, A407_FOUND_URL_SCHEME, "no http:// in front: %s",
              a407_written_has_login(w->value)
                  ? "curl, git and Go guess it; wget, apt, pip and npm take "
                    "USER: for a scheme"
                  : "curl, wget and Go guess it; apt, pip and npm don't");
    else if (!url->port_given && !w->guessed && plain)
        wrong(d, w, A407_FOUND_URL_PORT,
              "no port: curl and git take 1080, others 80");
    else
        a407_row_good(&d->rows, A407_IN_CONFIGURATION, w->what, "%s%s", shown,
                      plain ? "" : " (TLS to the proxy, which wget has not)");
}

/* The path that a PAC has; proxies have none. */
static struct a407_span pac_path(const char *value)
{
    struct a407_span rest = split(value).rest, host, path = {NULL, 0};

    a407_span_cut(&rest, '/', &host);
    a407_span_cut(&rest, '?', &path);
    return path.n && (a407_span_ends(path, ".pac") ||
                      a407_span_ends(path, "wpad.dat"))
               ? path
               : a407_span(NULL, 0);
}

/* False: it is no HTTP proxy's, and a row was added. */
static bool is_http(struct a407_doctor *d, const struct a407_written *w,
                    const struct a407_proxy_url *url)
{
    struct a407_span pac = pac_path(w->value);
    char shown[300];
    struct a407_row *row;

    if (strncmp(url->scheme, "socks", 5) == 0) {
        row = wrong(d, w, A407_FOUND_URL_SOCKS,
                    "%s:// is SOCKS, which never says 407", url->scheme);
        a407_row_remedy(row, "%shttp://HOST:PORT", w->before);
        if (!w->chosen)
            row->status = A407_NOTE; /* as desktops set all_proxy */
    } else if (strcmp(url->scheme, "http") != 0 &&
               strcmp(url->scheme, "https") != 0) {
        wrong(d, w, A407_FOUND_URL_MALFORMED, "%s:// is no scheme of a proxy",
              url->scheme);
    } else if (pac.n) {
        row = wrong(d, w, A407_FOUND_URL_PAC,
                    "it is the URL of a PAC file, and of no proxy");
        a407_written_show(w->value, shown, sizeof shown);
        a407_row_remedy(row, "auth407 doctor --pac %s/%.*s", shown, (int)pac.n,
                        pac.p);
    } else {
        return true;
    }
    return false;
}

bool a407_written_check(struct a407_doctor *d, const struct a407_written *w)
{
    const char *around = stray(a407_span_str(w->value));
    struct a407_proxy_url url;

    if (!a407_written_read(w->value, &url)) {
        wrong(d, w, A407_FOUND_URL_MALFORMED, "%s", why_none(w->value));
        return false;
    }
    if (!is_http(d, w, &url))
        return false;
    if (split(w->value).typo)
        wrong(d, w, A407_FOUND_URL_MALFORMED,
              "between its scheme and the host belongs ://");
    else if (around)
        wrong(d, w, A407_FOUND_URL_STRAY, "%s", around);
    else if (check_login(d, w, url.malformed.code))
        check_rest(d, w, &url);
    return true;
}

static bool is_this_machine(const char *host)
{
    char own[A407_HOST_MAX + 1] = "";

    gethostname(own, sizeof own - 1);
    return strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
           strcmp(host, "::1") == 0 || strcasecmp(host, own) == 0;
}

bool a407_same_host(const char *a, const char *b)
{
    return strcmp(a, b) == 0 || (is_this_machine(a) && is_this_machine(b));
}

bool a407_written_same(const char *a, const char *b, bool login)
{
    struct a407_proxy_url x = {.port_given = false}, y = x;
    bool same, read_a = a407_written_login(a, &x),
               read_b = a407_written_login(b, &y);

    if (!read_a || !read_b)
        same = read_a == read_b && strcmp(a, b) == 0;
    else
        same = strcmp(x.scheme, y.scheme) == 0 &&
               a407_same_host(x.endpoint.host, y.endpoint.host) &&
               x.endpoint.port == y.endpoint.port &&
               (!login || (a407_same_text(x.username, y.username) &&
                           a407_same_text(x.password, y.password)));
    a407_proxy_url_clear(&x);
    a407_proxy_url_clear(&y);
    return same;
}

bool a407_doctor_take(struct a407_doctor *d, const char *from,
                      const char *value)
{
    struct a407_proxy_url url;

    if (!a407_written_read(value, &url))
        return false;
    snprintf(d->proxy_from, sizeof d->proxy_from, "%s", from);
    d->url = a407_strdup_span(a407_span_str(value));
    d->proxy = url.endpoint;
    d->tls = strcmp(url.scheme, "https") == 0;
    return true;
}
