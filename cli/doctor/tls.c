/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include <errno.h>

#include "host/clock.h"
#include "kind.h"

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

bool a407_tls_look(struct a407_rows *rows, const struct a407_peer *peer, int ms,
                   bool *trusted)
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
    else if (a407_kind_speaks_tls(peer))
        a407_row_found(rows, A407_FOUND_NO_HANDSHAKE, "TLS",
                       "the handshake fails: %s", why ? why : "it is closed");
    else if (late && a407_kind_says_nothing(peer))
        a407_row_found(rows, A407_FOUND_SILENT, "TLS",
                       "it takes a TLS hello and says nothing");
    else
        a407_row_found(rows, A407_FOUND_NO_TLS, "TLS",
                       "a TLS hello is not answered as TLS would");
    a407_stream_close(&s);
    return is;
}
