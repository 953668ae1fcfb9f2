/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <stdlib.h>

#include "configuration.h"
#include "core/base/text.h"

/* Is the address in that net? "192.168.0.0/16" */
static bool in_net(struct a407_span net, const char *host)
{
    unsigned char a[16], b[16];
    const char *slash = a407_span_find(net, '/');
    char text[INET6_ADDRSTRLEN];
    int family = strchr(host, ':') ? AF_INET6 : AF_INET;
    uint64_t bits, i;

    if (!slash || !a407_span_number(a407_span_from(net, slash + 1),
                                    family == AF_INET ? 32 : 128, &bits))
        return false;
    a407_put(text, sizeof text, a407_span_before(net, slash));
    if (inet_pton(family, text, a) != 1 || inet_pton(family, host, b) != 1)
        return false;
    for (i = 0; i < bits; i++)
        if ((a[i / 8] ^ b[i / 8]) & 0x80 >> i % 8)
            return false;
    return true;
}

/* Is the host below that domain, which has no dot in front? */
static bool is_below(const char *host, struct a407_span domain)
{
    size_t n = strlen(host);

    return domain.n && n > domain.n && host[n - domain.n - 1] == '.' &&
           !a407_is_address(host) && a407_span_ieq(domain, host + n - domain.n);
}

/* A name, an address or a domain; with a port, which curl and wget don't know.
 */
static unsigned covers_name(struct a407_span name, const char *host)
{
    bool dot = name.n && *name.p == '.';

    if (name.n > 1 && *name.p == '[' && name.p[name.n - 1] == ']')
        name = a407_span(name.p + 1, name.n - 2);
    if (a407_span_begins(name, "*."))
        return is_below(host, a407_span_skip(name, 2)) ? A407_GO : 0;
    if (dot)
        name = a407_span_skip(name, 1);
    if (a407_span_ieq(name, host))
        return dot ? A407_CURL | A407_PYTHON : A407_READERS;
    return is_below(host, name) ? A407_READERS : 0;
}

/* One entry, without blanks. As measured with curl 7.88, wget 1.21, Python's
   urllib; Go's golang.org/x/net/http/httpproxy. */
static unsigned covers(struct a407_span entry,
                       const struct a407_endpoint *target, bool alone)
{
    const char *colon = entry.n ? memrchr(entry.p, ':', entry.n) : NULL;
    uint64_t port;

    if (a407_span_eq(entry, "*"))
        return alone ? A407_CURL | A407_PYTHON | A407_GO : A407_GO;
    if (a407_span_find(entry, '/'))
        return in_net(entry, target->host) ? A407_CURL | A407_GO : 0;
    if (colon && (colon == a407_span_find(entry, ':') || colon[-1] == ']') &&
        a407_span_number(a407_span_from(entry, colon + 1), 65535, &port))
        return port == target->port
                   ? covers_name(a407_span_before(entry, colon), target->host) &
                         (A407_PYTHON | A407_GO)
                   : 0;
    return covers_name(entry, target->host);
}

unsigned a407_no_proxy_covers(const char *list,
                              const struct a407_endpoint *target,
                              struct a407_buf *rest)
{
    struct a407_span s = a407_span_str(list), item, word;
    bool alone = strcmp(list, "*") == 0;
    unsigned all = 0;

    while (a407_span_cut(&s, ',', &item)) {
        /* only curl takes a blank for a comma */
        bool many = a407_span_find(item = a407_span_trim(item), ' ') != NULL;

        while (a407_span_cut(&item, ' ', &word)) {
            unsigned by = covers(a407_span_trim(word), target, alone);

            all |= many ? by & A407_CURL : by;
            if (!by && word.n && rest) {
                a407_buf_str(rest, rest->n ? "," : "");
                a407_buf_span(rest, word);
            }
        }
    }
    return all;
}
