/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "configuration.h"
#include "core/base/buf.h"
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

/* The proxy that is examined. */
static void take(struct a407_doctor *d, const char *from,
                 const struct a407_written *w)
{
    struct a407_proxy_url url;

    snprintf(d->proxy_from, sizeof d->proxy_from, "%s", from);
    if (!a407_written_check(d, w) || !a407_written_read(w->value, &url))
        return;
    a407_free_secret(url.username);
    a407_free_secret(url.password);
    d->url = a407_strdup_span(a407_span_str(w->value));
    d->proxy = url.endpoint;
    d->tls = strcmp(url.scheme, "https") == 0;
}

static void take_variable(struct a407_doctor *d, const char *name)
{
    char before[40];
    struct a407_written w = {.what = name,
                             .value = getenv(name),
                             .before = before,
                             .after = "",
                             .chosen = true};

    snprintf(before, sizeof before, "export %s=", name);
    take(d, name, &w);
}

/* The first of them that is set, or NULL. */
static const char *first_set(const char *const *names)
{
    for (; *names; names++) {
        const char *value = getenv(*names);

        if (value && *value &&
            (strcmp(*names, "HTTP_PROXY") != 0 || !getenv("REQUEST_METHOD")))
            return *names;
    }
    return NULL;
}

static const char *const plain[] = {"http_proxy", "HTTP_PROXY", "all_proxy",
                                    "ALL_PROXY", NULL};
static const char *const tls[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                  "ALL_PROXY", NULL};

static void find_proxy(struct a407_doctor *d, const char *name)
{
    const char *other = first_set(d->o.target.tls ? plain : tls);
    struct a407_row *row;

    if (name) {
        take_variable(d, name);
    } else if (other) {
        row = a407_row_found(&d->rows, A407_FOUND_VARIABLE_OTHER, plain[0],
                             "only %s is set", other);
        snprintf(row->what, sizeof row->what, "%s",
                 d->o.target.tls ? tls[0] : plain[0]);
        a407_row_sentence(row,
                          "%s is set, but %s is not: programs go to %s "
                          "directly.",
                          other, row->what, d->o.target.url);
        a407_row_remedy(row, "export %s=\"$%s\"", row->what, other);
        take_variable(d, other);
    } else {
        a407_row_found(&d->rows, A407_FOUND_NO_PROXY_SET, "*_proxy variables",
                       "none names a proxy for %s", d->o.target.url);
    }
}

static void check_case(struct a407_doctor *d, const char *name)
{
    struct a407_row *row;

    if (!name || strncmp(name, "HTTP", 4) != 0)
        return;
    row = a407_row_found(&d->rows, A407_FOUND_VARIABLE_UPPER, name,
                         name[4] == '_' ? "curl, git and wget read only "
                                          "http_proxy"
                                        : "wget reads only https_proxy");
    a407_row_remedy(row, "export %s=\"$%s\"",
                    name[4] == '_' ? plain[0] : tls[0], name);
    if (name[4] != '_')
        row->status = A407_NOTE;
}

/* What is wrong with a URL was said with the corrected line. */
static bool is_about_url(const char *text)
{
    return strstr(text, "_proxy: ") || strstr(text, "_PROXY: no proxy URL");
}

static void take_given(struct a407_doctor *d)
{
    struct a407_written w = {.what = "PROXY-URL",
                             .value = d->o.proxy,
                             .before = "auth407 doctor ",
                             .after = "",
                             .chosen = true};
    struct a407_credential *c;
    char *label;

    take(d, "the command line", &w);
    for (c = d->config ? d->config->credentials : NULL; c; c = c->next)
        if (strcmp(c->label, "AUTH407_PROXY") == 0 &&
            a407_endpoint_match(&c->endpoint, &d->proxy) &&
            (label = a407_strdup_span(a407_span_str(w.what)))) {
            a407_free_secret(c->label);
            c->label = label;
        }
}

void a407_doctor_environment(struct a407_doctor *d)
{
    const char *name =
        d->o.proxy ? NULL : first_set(d->o.target.tls ? tls : plain);
    struct a407_diag diag = {{0}};

    if (d->o.proxy && !add_to_environment(d->o.proxy))
        return;
    d->config = a407_config_new(a407_environment, NULL, &diag);
    if (*diag.text && !is_about_url(diag.text))
        a407_row_found(&d->rows, A407_FOUND_SETTINGS, "settings", "%s",
                       diag.text);
    if (d->o.proxy)
        take_given(d);
    else
        find_proxy(d, name);
    check_case(d, name);
    a407_doctor_variables(d, name);
    if (d->proxy.port == d->o.target.at.port &&
        strcmp(d->proxy.host, d->o.target.at.host) == 0)
        a407_row_found(&d->rows, A407_FOUND_PROXY_IS_TARGET, "--target",
                       "it is %s, as the proxy", d->proxy.host);
}
