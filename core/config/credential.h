/* SPDX-License-Identifier: MIT */
#ifndef A407_CREDENTIAL_H
#define A407_CREDENTIAL_H

#include "core/base/buf.h"
#include "lint.h"

#define A407_HOST_MAX 255

/* Which proxies something is for. */
struct a407_endpoint {
    char host[A407_HOST_MAX + 1]; /* lower case, "::1", no dot at its end;
                                     "*.suffix" */
    uint16_t port;                /* host byte order; 0: any */
};

/* Reads "host", "host:port", "[v6]:port", "*.suffix:port". False: not of that
   form. */
bool a407_endpoint_parse(struct a407_span s, struct a407_endpoint *out);

/* "host:port", "[v6]:port", without a port "host": as much as fits; the second
   appends it. */
void a407_endpoint_text(const struct a407_endpoint *e, char *out, size_t cap);
void a407_endpoint_add(struct a407_buf *b, const struct a407_endpoint *e);

/* Is it an IP address, and no name? */
bool a407_is_address(const char *host);

/* How well pattern fits the exact endpoint e: 0 not at all; most of all with
   host and port, then with the host, then with a longer suffix. */
unsigned a407_endpoint_match(const struct a407_endpoint *pattern,
                             const struct a407_endpoint *e);

enum a407_credential_from {
    A407_FROM_VARIABLES, /* AUTH407_USERNAME, ... */
    A407_FROM_PROXY_URL, /* user:pass@ in a *_proxy variable or AUTH407_PROXY */
    A407_FROM_FILE,
    A407_FROM_TICKET /* no secret of ours: whatever Kerberos ticket there is */
};

/* One credential. Strings are owned by the list that holds it, or NULL; none
   holds CR or LF. */
struct a407_credential {
    struct a407_endpoint endpoint; /* host "*" port 0: every endpoint that the
                                      environment names */
    enum a407_credential_from from;
    char *label; /* where it stands, without secrets: "https_proxy",
                    "AUTH407_USERNAME", "FILE:12" */
    char *username;
    char *password;
    char *domain;
    char *token;
    char *token_file; /* this and the next four are as written, but for "~/" */
    char *password_file;
    char *helper;
    char *netrc;
    char *keytab;  /* Kerberos keys of `username`: a file */
    char *service; /* GSSAPI service name, "HTTP@host"; NULL: the proxy's */
    a407_scheme_set schemes; /* allowed */
    int64_t expires;         /* seconds since the epoch; 0: never */
    int64_t ends; /* ... of the secret, as its helper says; 0: not said */
    struct a407_finding malformed; /* why it can't be sent, if it can't */
    bool lost; /* the secret was handed over by AUTH407_SECRETS_FD, and is not
                  there any more */
    struct a407_credential *next;
};

/* Are both absent, or the same text? */
static inline bool a407_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* A copy of one credential, not linked to others, or NULL: no memory. */
struct a407_credential *a407_credential_copy(const struct a407_credential *c);

/* When its secret ends: as its helper says, or by the JWT that the token or the
   password is; seconds since the epoch, 0: not known. */
int64_t a407_secret_end(const struct a407_credential *c);

/* Is its secret elsewhere: in a file, said by a command, or lost? */
bool a407_credential_is_outside(const struct a407_credential *c);

/* Are user name and password UTF-8, as far as there are any? */
bool a407_credential_is_utf8(const struct a407_credential *c);

/* Are they the same but for where they stand and what they are allowed for?
   kerberos: keytab and service count. */
bool a407_credential_same(const struct a407_credential *a,
                          const struct a407_credential *b, bool kerberos);

/* Wipes and frees the whole list; NULL is fine. */
void a407_credentials_free(struct a407_credential *list);

/* A service for GSSAPI: "HTTP" (at the proxy), "HTTP@host", or a principal
   "HTTP/host@REALM". No empty part at either end, no blanks nor control bytes.
 */
bool a407_service_name_ok(struct a407_span s);

/* A problem found while reading settings: said once, never with a secret. */
struct a407_diag {
    char text[512]; /* empty: no problem */
};

/* Says a problem, unless one is there already: the first is what counts. */
void a407_diag_set(struct a407_diag *diag, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Reads a credential file's text, whose format is in docs/credentials.md, with
 * or without a byte order mark, in the order of its sections. NULL: diag is
 * "FILE:LINE: what is wrong and what to write", without a value, or empty as
 * the file is. Allocates.
 */
struct a407_credential *a407_credfile_parse(const char *text, size_t n,
                                            const char *file_name,
                                            struct a407_diag *diag);

/* What a proxy URL says (RFC 3986; a missing scheme means http). */
struct a407_proxy_url {
    char scheme[16]; /* lower case: "http", "https", "socks5", ... */
    struct a407_endpoint endpoint;
    bool port_given; /* else it is 80 for http, 443 for https, 1080 for others;
                        for http, too, curl takes 1080 */
    struct a407_finding malformed; /* why the userinfo is of no use */
    char *username;                /* percent-decoded, or NULL */
    char *password;                /* the same; NULL if there was no ":" */
};

/* Reads one proxy URL or host[:port]. The userinfo ends at the last "@" before
   the path: passwords may hold others. False: no host; nothing is allocated. */
bool a407_proxy_url_parse(struct a407_span s, struct a407_proxy_url *out);

/* Wipes and frees its user name and password, which are NULL then. */
void a407_proxy_url_clear(struct a407_proxy_url *url);

#endif
