/* SPDX-License-Identifier: MIT */
#include "cli/tls.h"
#include "configuration.h"
#include "core/base/text.h"

/* What the tables of findings and of causes can't say: with the names of this
   case, and with what was seen. Columns: finding or cause; words that what was
   seen has; sentence, or NULL: the table's; remedy, or NULL. */
#define FOUND(id) A407_FOUND_##id, A407_CAUSE_NONE
#define CAUSE(id) A407_FOUND_CAUSE, A407_CAUSE_##id

static const struct text {
    enum a407_finding_id found;
    enum a407_cause cause;
    const char *words, *sentence, *remedy;
} texts[] = {
    {FOUND(NAME), "Temporary failure",
     "The proxy's name can't be looked up: no name server answers.",
     "Look at the name servers in /etc/resolv.conf: getent ahosts %H"},
    {FOUND(NAME), "", NULL,
     "Correct the name, or look at the resolver: getent ahosts %H"},
    {FOUND(NO_TLS), "", NULL, "%U"},
    {FOUND(WANTS_TLS), "", NULL,
     "Use its port without TLS; or, for programs that speak TLS to a proxy: "
     "%T"},
    {FOUND(SOCKS), "", NULL,
     "export all_proxy=socks5h://%P, for programs that speak SOCKS; or find "
     "the port of the HTTP proxy."},
    {FOUND(WEB_SERVER), "", NULL, "Correct host and port: %P is no proxy."},
    {FOUND(NO_HANDSHAKE), A407_TLS_WANTS_CERTIFICATE,
     "The proxy wants a certificate of the client.",
     "Ask the proxy's owner for one, for programs that can show it: curl "
     "--proxy-cert FILE -x https://%P"},
    {FOUND(NO_HANDSHAKE), "", NULL, "Look at it: openssl s_client -connect %P"},
    {FOUND(CLOSES), "where GET is answered",
     "The proxy answers GET, and closes the connection at each CONNECT.",
     "Ask the proxy's owner to allow CONNECT; for http:// alone: auth407 "
     "doctor --target %G"},
    {FOUND(LOGIN_PAGE), "", NULL,
     "Open %G in a browser on this machine and log in: many such proxies then "
     "know its address (%S). For programs ask the proxy's owner for a login "
     "by 407."},
    {FOUND(BAD_ANSWER), "", NULL, "Try it by hand: %L"},
    {FOUND(NO_TLS_LOGIN), "", NULL,
     "Use the proxy's port without TLS, if it has one; or let the program log "
     "in itself: %K"},
    {FOUND(NO_ANSWER), "", "The proxy never answers the request with a login.",
     "Tell the proxy's owner: what checks its logins, or its name server, may "
     "hang. If it is the way to the target: --target URL"},
    {CAUSE(NO_CREDENTIAL), "", NULL, "Write one: auth407 login %P"},
    {CAUSE(UNMET), "", "%W.",
     "Provide it, or ask the proxy's owner for another scheme."},
    {CAUSE(NOT_ALLOWED), "", NULL,
     "Allow it, if its strength is acceptable to you: AUTH407_CLEAR, "
     "AUTH407_SCHEMES or `schemes =`."},
    {CAUSE(BACKEND_DOWN), "begins the handshake again",
     "The proxy drops the login's handshake before it has seen the login.",
     "Tell the proxy's owner: what checks logins may be down, or something "
     "before the proxy does not keep the connection."},
    {CAUSE(STALE), "",
     "The proxy takes each Digest nonce of its own for an old one: no login "
     "gets in.",
     "Tell the proxy's owner: it may be several nodes that don't know each "
     "other's nonces."},
    {CAUSE(PROTOCOL), "", "The exchange with the proxy fails: %W.",
     "Try it by hand: %L"},
    /* in auth407-gss's own words: nothing that kinit mends */
    {CAUSE(NO_TICKET), "does not know HTTP/", "Kerberos: %W.",
     "Name the proxy as its principal does, by its host's full name; or write "
     "`service = HTTP/NAME` as it is."},
    {CAUSE(NO_TICKET), "does not know ", "Kerberos: %W.",
     "Correct the user name, or write USER@REALM."},
    {CAUSE(NO_TICKET), "no KDC of ", "Kerberos: %W.",
     "Set default_realm in krb5.conf, or write USER@REALM, if that is not your "
     "realm. If it is, look at the way to its KDC: KRB5_TRACE=/dev/stderr "
     "kinit"},
    {CAUSE(NO_TICKET), "names a KDC of ", "Kerberos: %W.",
     "Name its KDC in krb5.conf, or write USER@REALM, if that is not your "
     "realm."},
    {CAUSE(NO_TICKET), "Cannot find KDC", "Kerberos: %W.",
     "Name the KDC of that realm in krb5.conf."},
    {CAUSE(NO_TICKET), "no key of ", "Kerberos: %W.",
     "Correct `keytab` or `username` where they stand."},
    {CAUSE(HELPER_FAILED), "", "No login is sent: %C: %W.", NULL},
    {CAUSE(MALFORMED), "", "No login is sent: %C: %W.", NULL},
    {CAUSE(NO_CHALLENGE), "", NULL,
     "Ask the proxy's owner whether %S (this machine's address) is allowed: no "
     "login is offered."},
    {CAUSE(ADDRESS), "", NULL,
     "Ask the proxy's owner to allow this machine's address, %S here and maybe "
     "another one there."},
    {CAUSE(NOT_CONFIGURED), "", NULL,
     "Name it: export http_proxy=http://%P https_proxy=http://%P"},
    {CAUSE(OTHER_ENDPOINT), "", NULL,
     "Name it for this proxy: [%P] in the credential file, or auth407 login "
     "%P"},
};

/* What stands in a text for %LETTER; `line` is room for it. */
static const char *part_of(const struct a407_doctor *d, char letter,
                           const char *label, const char *seen, char line[300])
{
    switch (letter) {
    case 'C':
        return label;
    case 'W':
        return seen;
    case 'P':
        return d->at;
    case 'H':
        return d->proxy.host;
    case 'S':
        return d->source.host;
    case 'G':
        return d->page;
    case 'T':
    case 'U':
        a407_written_line(d, letter == 'T' ? "https" : "http", line, 300);
        return line;
    default:
        a407_doctor_curl(d, letter == 'L' ? " -v" : "", line, 300);
        return line;
    }
}

static void fill_in(const struct a407_doctor *d, const char *label,
                    const char *seen, const char *text, char *out, size_t cap)
{
    char line[300];
    size_t n;

    for (n = 0, *out = '\0'; *text; text++, n = strlen(out))
        a407_put(out + n, cap - n,
                 *text == '%' && *++text
                     ? a407_span_str(part_of(d, *text, label, seen, line))
                     : a407_span(text, 1));
}

void a407_doctor_say(struct a407_doctor *d, enum a407_cause cause,
                     const char *label)
{
    struct a407_row *row = a407_row_last(&d->rows);
    const struct text *t = texts, *end = t + sizeof texts / sizeof *texts;

    while (t < end && (t->cause != cause || !strstr(row->seen, t->words) ||
                       (cause == A407_CAUSE_NONE && t->found != row->found)))
        t++;
    if (t < end && t->sentence)
        fill_in(d, label, row->seen, t->sentence, row->sentence,
                sizeof row->sentence);
    if (t < end && t->remedy)
        fill_in(d, label, row->seen, t->remedy, row->remedy,
                sizeof row->remedy);
}
