/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/buf.h"
#include "doctor.h"
#include "host/credfile_read.h"
#include "host/settings.h"

/* A proxy of the command line is one more of the environment, for this process
   alone: so its user:password@ is a credential, as in a variable. */
static bool add_to_environment(const char *proxy)
{
    const char *others = getenv("AUTH407_PROXY");
    struct a407_buf b;
    bool good;

    a407_buf_init(&b, SIZE_MAX);
    a407_buf_fmt(&b, "%s%s%s", proxy, others && *others ? "," : "",
                 others ? others : "");
    good = a407_buf_add(&b, "", 1) && setenv("AUTH407_PROXY", b.p, 1) == 0;
    a407_buf_free(&b);
    return good;
}

static bool take(struct a407_doctor *d, const char *text, const char *from)
{
    struct a407_proxy_url url;

    if (!a407_proxy_url_parse(a407_span_str(text), &url))
        return false;
    a407_free_secret(url.username);
    a407_free_secret(url.password);
    d->proxy = url.endpoint;
    d->tls = strcmp(url.scheme, "https") == 0;
    snprintf(d->proxy_from, sizeof d->proxy_from, "%s", from);
    a407_row_good(&d->rows, A407_IN_CONFIGURATION, from, "%s://%s:%u",
                  url.scheme, url.endpoint.host, url.endpoint.port);
    return true;
}

static void find_proxy(struct a407_doctor *d)
{
    static const char *const plain[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
    static const char *const tls[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                      "ALL_PROXY"};
    const char *const *names = d->o.target.tls ? tls : plain;
    size_t n = d->o.target.tls ? 4 : 3, i;
    const char *value;

    for (i = 0; i < n; i++) {
        value = getenv(names[i]);
        if (value && *value && take(d, value, names[i]))
            return;
    }
    a407_row_found(&d->rows, A407_FOUND_NO_PROXY_SET, "*_proxy variables",
                   "none names a proxy for %s", d->o.target.url);
}

void a407_doctor_environment(struct a407_doctor *d)
{
    struct a407_diag diag = {{0}};

    if (d->o.proxy && !add_to_environment(d->o.proxy))
        return;
    d->config = a407_config_new(a407_environment, NULL, &diag);
    if (*diag.text)
        a407_row_found(&d->rows, A407_FOUND_SETTINGS, "settings", "%s",
                       diag.text);
    if (!d->o.proxy)
        find_proxy(d);
    else if (!take(d, d->o.proxy, "the command line"))
        a407_row_found(&d->rows, A407_FOUND_SETTINGS, "PROXY-URL",
                       "it is no URL of a proxy");
}
