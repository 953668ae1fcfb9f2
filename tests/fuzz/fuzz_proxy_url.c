/* SPDX-License-Identifier: MIT */
/* Proxy URLs and endpoints; what is shown of them in a log. */
#include "fuzz.h"

#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/config/credential.h"
#include "core/record/redact.h"

static void check_host(const struct a407_endpoint *e)
{
    size_t n = strnlen(e->host, sizeof e->host);
    size_t zone = strcspn(e->host, "%"); /* a name of its own rules */
    must(n > 0 && n < sizeof e->host);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)e->host[i];
        must(c > ' ' && c != 0x7f && c != '@');
        must(i > zone || c < 'A' || c > 'Z');
    }
}

static void check_url(const char *p, size_t n)
{
    struct a407_proxy_url u;
    if (!a407_proxy_url_parse(a407_span(p, n), &u))
        return;
    check_host(&u.endpoint);
    must(u.endpoint.port != 0);
    must(strnlen(u.scheme, sizeof u.scheme) < sizeof u.scheme);
    must(!u.username || !a407_text_has_control(a407_span_str(u.username)));
    must(!u.password || !a407_text_has_control(a407_span_str(u.password)));
    a407_free_secret(u.username);
    a407_free_secret(u.password);
}

static void check_redaction(const char *p, size_t n)
{
    char once[300], twice[300];
    memset(once, 'x', sizeof once);
    a407_url_redact(a407_span(p, n), once, sizeof once);
    size_t len = strnlen(once, sizeof once);
    must(len < sizeof once);
    a407_url_redact(a407_span(once, len), twice, sizeof twice);
    must(strlen(twice) <= len);
    char small[3] = {'x', 'x', 'x'};
    a407_url_redact(a407_span(p, n), small, 2);
    must(memchr(small, '\0', 2) && small[2] == 'x');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct a407_endpoint e;
    char *p = exact(data, n);
    check_url(p, n);
    check_redaction(p, n);
    if (a407_endpoint_parse(a407_span(p, n), &e)) {
        check_host(&e);
        must((e.host[0] == '*') || a407_endpoint_match(&e, &e) > 0);
    }
    free(p);
    return 0;
}
