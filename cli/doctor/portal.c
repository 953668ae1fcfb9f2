/* SPDX-License-Identifier: MIT */
#include "portal.h"

#include "core/base/buf.h"
#include "core/record/redact.h"

static const struct {
    const char *sign, *whose;
} signs[] = {
#define A407_PORTAL(sign, whose) {sign, whose},
#include "portals.def"
#undef A407_PORTAL
};

static const char *whose(const struct a407_answer *a)
{
    size_t i;

    for (i = 0; i < sizeof signs / sizeof *signs; i++)
        if (a407_text_find(a407_span(a->bytes, a->n), signs[i].sign))
            return signs[i].whose;
    return "";
}

/* The URL of <meta http-equiv="refresh" content="0; url=...">, or of a
   script's location="...". */
static struct a407_span page_goes_to(struct a407_span page)
{
    const char *at = a407_text_find(page, "http-equiv=\"refresh\"");
    struct a407_span rest, url;
    char end;

    if (at)
        at = a407_text_find(a407_span_from(page, at), "url=");
    else
        at = a407_text_find(page, "location=\"");
    if (!at)
        return a407_span(NULL, 0);
    rest = a407_span_from(page, strchr(at, '=') + 1);
    end = *at == 'l' || *at == 'L' ? '"' : a407_span_peek(&rest);
    if (end == '"' || end == '\'')
        a407_span_take(&rest);
    else
        end = '"';
    return a407_span_cut(&rest, end, &url) ? url : a407_span(NULL, 0);
}

/* Is the URL one of the target's own, or of a host of one name with it? */
static bool is_of(struct a407_span url, const struct a407_endpoint *target)
{
    struct a407_proxy_url its;
    const char *a = target->host, *b;
    size_t m = strlen(a), n;

    if (!url.n || url.p[0] == '/' || !a407_proxy_url_parse(url, &its))
        return true;
    a407_proxy_url_clear(&its);
    b = its.endpoint.host;
    n = strlen(b);
    return (m >= n && strcmp(a + m - n, b) == 0) ||
           (n >= m && strcmp(b + n - m, a) == 0);
}

static bool is_page(const struct a407_answer *a)
{
    return a407_answer_has(a, "Content-Type", "html") ||
           a407_text_find(a407_answer_body(a), "<html");
}

bool a407_portal_see(const struct a407_answer *a, bool connect,
                     const struct a407_endpoint *target,
                     struct a407_portal *out)
{
    struct a407_span page = a407_answer_body(a), to;
    bool moves = a->status / 100 == 3, away, form;
    /* it sends nobody elsewhere, and has no form (RFC 2606 section 3) */
    bool known = strcmp(target->host, "example.com") == 0;

    if (!a->status)
        return false;
    to = moves ? a407_answer_field(a, "Location") : page_goes_to(page);
    *out = (struct a407_portal){.whose = whose(a)};
    out->cookie = a407_answer_field(a, "Set-Cookie").p != NULL;
    if (to.n)
        a407_url_redact(to, out->at, sizeof out->at);
    away = to.n && !is_of(to, target);
    form = a407_text_find(page, "type=\"password\"") ||
           a407_text_find(page, "type=password");
    if (a->status == 511) /* RFC 6585 section 6 */
        return true;
    if (moves)
        return away && (connect || known || *out->whose || out->cookie);
    if (a->status != 200 || !is_page(a))
        return false;
    return connect || ((*out->whose || known) && (away || form)) ||
           (away && a407_text_find(page, "refresh"));
}
