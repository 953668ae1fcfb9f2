/* SPDX-License-Identifier: MIT */
#include "kind.h"

#include <errno.h>

#include "cli/tls.h"
#include "core/base/text.h"
#include "host/clock.h"

/* For a question to what may say nothing at all. */
#define PROBE_MS 2000

/* ---- by what it says at once ---- */

static const struct {
    char begins[5];
    unsigned char n;
    enum a407_finding_id found;
    const char *what;
} openings[] = {
    {"\x15\x03", 2, A407_FOUND_WANTS_TLS, "it answers with a TLS alert"},
    {"\x16\x03", 2, A407_FOUND_WANTS_TLS, "it answers with TLS"},
    {"\x05", 1, A407_FOUND_SOCKS, "it answers as SOCKS 5 does"},
    {"\0\x5b", 2, A407_FOUND_SOCKS, "it answers as SOCKS 4 does"},
    {"SSH-", 4, A407_FOUND_NOT_HTTP, "an SSH server"},
    {"220", 3, A407_FOUND_NOT_HTTP, "a mail or FTP server"},
    {"+OK", 3, A407_FOUND_NOT_HTTP, "a POP3 server"},
    {"* OK", 4, A407_FOUND_NOT_HTTP, "an IMAP server"},
    {"RFB ", 4, A407_FOUND_NOT_HTTP, "a VNC server"},
};

#define OPENINGS (sizeof openings / sizeof *openings)

/* OPENINGS: none of them. */
static size_t opening_of(const struct a407_answer *a)
{
    size_t i = 0;

    while (i < OPENINGS &&
           (a->n < openings[i].n ||
            memcmp(a->bytes, openings[i].begins, openings[i].n) != 0))
        i++;
    return i;
}

static bool by_opening(struct a407_rows *rows, const struct a407_answer *a)
{
    char line[64] = "";
    size_t i = opening_of(a), n = 0;

    if (i == OPENINGS)
        return false;
    while (n < a->n && n < sizeof line - 1 && !a407_is_ctl(a->bytes[n]))
        n++;
    if (openings[i].found == A407_FOUND_NOT_HTTP)
        a407_put(line, sizeof line, a407_span(a->bytes, n));
    a407_row_found(rows, openings[i].found, "protocol", "%s%s%s",
                   openings[i].what, *line ? ": " : "", line);
    return true;
}

/* ---- by what it says to other questions ---- */

static struct a407_answer probe(const struct a407_peer *at,
                                struct a407_span bytes)
{
    struct a407_answer a;

    a407_wire_ask(at, bytes, PROBE_MS, &a);
    return a;
}

static bool opens(const struct a407_peer *at, struct a407_span bytes,
                  enum a407_finding_id found)
{
    struct a407_answer a = probe(at, bytes);
    size_t i = opening_of(&a);

    a407_answer_free(&a);
    return i < OPENINGS && openings[i].found == found;
}

/* Nobody has that name (RFC 6761 section 6.4): a proxy says so. */
static const char request[] = "GET http://auth407-doctor.invalid/ HTTP/1.1\r\n"
                              "Host: auth407-doctor.invalid\r\n"
                              "Connection: close\r\n\r\n";

/* Does it take a request in plain text, and answer nothing? */
static bool says_nothing(const struct a407_peer *at)
{
    struct a407_answer a = probe(at, a407_span_str(request));
    bool is = !a.n && a.error == ETIMEDOUT;

    a407_answer_free(&a);
    return is;
}

static bool speaks_tls(const struct a407_peer *at)
{
    /* A ClientHello (RFC 5246 section 7.4.1.2) with one cipher suite: whoever
       speaks TLS answers with a ServerHello or an alert. */
    static const unsigned char hello[] = {
        0x16, 3,   1,   0,   45,  1,   0,   0,    41,   3,   3,   'a', 'u',
        't',  'h', '4', '0', '7', ' ', 'd', 'o',  'c',  't', 'o', 'r', ' ',
        'a',  's', 'k', 's', ' ', 'i', 'f', ' ',  't',  'h', 'i', 's', ' ',
        'i',  's', ' ', 'T', 0,   0,   2,   0xc0, 0x2f, 1,   0};

    return opens(at, a407_span(hello, sizeof hello), A407_FOUND_WANTS_TLS);
}

void a407_kind_tell(struct a407_rows *rows, const struct a407_peer *at,
                    const struct a407_answer *a)
{
    if (by_opening(rows, a))
        return;
    /* RFC 1928 section 3: version 5, one method, no authentication */
    if (!at->layer && opens(at, a407_span("\5\1", 3), A407_FOUND_SOCKS))
        a407_row_found(rows, A407_FOUND_SOCKS, "protocol",
                       "it answers a SOCKS 5 greeting, and no HTTP");
    else if (!at->layer && speaks_tls(at))
        a407_row_found(rows, A407_FOUND_WANTS_TLS, "protocol",
                       "it answers a TLS hello, and no plain HTTP");
    else if (a407_span_begins(a407_span(a->bytes, a->n), "HTTP/1."))
        a407_row_found(rows, A407_FOUND_SILENT, "protocol",
                       "its answer begins, and does not come to the end of "
                       "its head");
    else if (a->n)
        a407_row_found(rows, A407_FOUND_NOT_HTTP, "protocol",
                       "what it answers is no HTTP");
    else if (a->error == ETIMEDOUT)
        a407_row_found(rows, A407_FOUND_SILENT, "protocol",
                       "it takes the request and says nothing");
    else
        a407_row_found(rows, A407_FOUND_CLOSES, "protocol",
                       "it takes the connection and closes it: %s",
                       a->error ? strerror(a->error) : "end of file");
}

/* ---- in TLS ---- */

static bool tell_certificate(struct a407_rows *rows,
                             const struct a407_stream *s, const char *host)
{
    static const enum a407_finding_id found[] = {
        [A407_TLS_EXPIRED] = A407_FOUND_CERT_EXPIRED,
        [A407_TLS_OTHER_NAME] = A407_FOUND_CERT_NAME,
        [A407_TLS_UNTRUSTED] = A407_FOUND_CERT_UNTRUSTED};
    char why[80];
    enum a407_tls_certificate is = a407_tls_certificate(s, why);
    bool other = is == A407_TLS_OTHER_NAME;

    if (is != A407_TLS_GOOD) {
        a407_row_found(rows, found[is], "certificate", "%s%s",
                       other ? "it is not one for " : why, other ? host : "");
        return false;
    }
    a407_row_good(rows, A407_IN_ENDPOINT, "certificate", "valid, for %s", host);
    return true;
}

bool a407_kind_look_at_tls(struct a407_rows *rows, const struct a407_peer *peer,
                           int ms, bool *trusted)
{
    struct a407_peer any = {peer->at, peer->host, &a407_tls_any};
    struct a407_stream s;
    bool is = a407_stream_open(&s, &any, a407_now_ms() + ms),
         late = !is && errno == ETIMEDOUT;
    const char *why = a407_tls_error();

    if (is)
        *trusted = tell_certificate(rows, &s, peer->host);
    else if (why && strcmp(why, A407_TLS_NOT_HERE) == 0)
        a407_row_found(rows, A407_FOUND_NO_LIBSSL, "TLS", "%s", why);
    else if (speaks_tls(peer))
        a407_row_found(rows, A407_FOUND_NO_HANDSHAKE, "TLS",
                       "the handshake fails: %s", why ? why : "it is closed");
    else if (late && says_nothing(peer))
        a407_row_found(rows, A407_FOUND_SILENT, "TLS",
                       "it takes a TLS hello and says nothing");
    else
        a407_row_found(rows, A407_FOUND_NO_TLS, "TLS",
                       "a TLS hello is not answered as TLS would");
    a407_stream_close(&s);
    return is;
}

/* ---- a web server ---- */

/* What servers that are no proxies never say. */
static bool says_proxy(const struct a407_answer *a)
{
    static const char *const names[] = {
        "Via",     "Proxy-Agent",   "Proxy-Authenticate", "Proxy-Status",
        "X-Cache", "X-Squid-Error", "Proxy-Connection",   "X-Cache-Lookup"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (a407_answer_field(a, names[i]).p)
            return true;
    return a->status == 407;
}

static bool is_own_page(int status)
{
    return status / 100 == 2 || status / 100 == 3 || status == 400 ||
           status == 404 || status == 405 || status == 421;
}

bool a407_kind_is_web_server(const struct a407_peer *at,
                             const struct a407_answer *to_connect,
                             const struct a407_answer *to_get)
{
    struct a407_answer a;
    bool is;

    if (says_proxy(to_connect) || says_proxy(to_get) ||
        !is_own_page(to_get->status) ||
        (to_connect->status / 100 == 2 && to_connect->n == to_connect->head) ||
        to_connect->status == 403)
        return false;
    a = probe(at, a407_span_str(request));
    is = is_own_page(a.status) && !says_proxy(&a);
    a407_answer_free(&a);
    return is;
}
