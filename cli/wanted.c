/* SPDX-License-Identifier: MIT */
#include "wanted.h"

#include <stdio.h>
#include <string.h>

#include "core/config/config.h"
#include "core/record/redact.h"

void a407_wanted_root(const struct a407_wanted *w, char *out, size_t cap)
{
    struct a407_endpoint at = w->at;
    char text[A407_HOST_MAX + 16];

    if (at.port == (w->tls ? 443 : 80))
        at.port = 0;
    a407_endpoint_text(&at, text, sizeof text);
    snprintf(out, cap, "%s://%s/", w->tls ? "https" : "http", text);
}

bool a407_wanted_read(const char *text, struct a407_wanted *out)
{
    struct a407_span s = a407_span_str(text);
    bool plain = a407_span_begins(s, "http://");
    struct a407_proxy_url url;

    if (strpbrk(text, " \t\r\n") ||
        (!plain && strstr(text, "://") && !a407_span_begins(s, "https://")) ||
        !a407_proxy_url_parse(s, &url))
        return false;
    a407_proxy_url_clear(&url);
    out->tls = !plain;
    out->at = url.endpoint;
    if (!strstr(text, "://") && !url.port_given)
        out->at.port = 443;
    if (strstr(text, "://"))
        a407_url_redact(s, out->url, sizeof out->url);
    else
        a407_wanted_root(out, out->url, sizeof out->url);
    return true;
}
