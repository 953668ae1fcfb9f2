/* SPDX-License-Identifier: MIT */
#ifndef A407_GSS_SESSION_H
#define A407_GSS_SESSION_H

#include <gssapi/gssapi.h>
#include <krb5/krb5.h>

#include "core/auth/gss_protocol.h"
#include "core/base/cause.h"

/* What the first message asks for. Strings are owned, or NULL. */
struct a407_gss_request {
    char *service; /* "HTTP@host", or a principal */
    char *username;
    char *domain;
    char *password;
    char *keytab;
    bool canonicalize;
};

/* Why there is no token: a cause of the log, and words for its reader. */
struct a407_gss_trouble {
    enum a407_cause cause;
    char text[A407_GSS_TEXT_MAX + 1]; /* one line, without secrets */
};

/* One handshake. Starts as zeros. What returns false has set `trouble`. */
struct a407_gss_session {
    struct a407_gss_request request; /* until there is a ticket */
    struct a407_gss_trouble trouble;
    krb5_context k;
    krb5_principal client; /* NULL: nobody was named, and nobody found yet */
    krb5_principal server;
    krb5_ccache cache; /* where the ticket is */
    bool cache_is_ours;
    char asked[128]; /* the realm whose KDC was asked last; "": none was */
    gss_cred_id_t cred;
    gss_name_t name;
    gss_ctx_id_t context;
    bool complete; /* the proxy has proved who it is */
    long limit_ms; /* for each answer */
};

/* ---- trouble.c ---- */

/* Names may come from a configuration file, or a KDC: no control character. */
void a407_gss_to_line(char *text);

/* Says what is wrong, in place of what was said before. False. */
bool a407_gss_fail(struct a407_gss_session *s, enum a407_cause cause,
                   const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The realm that trouble is about: the one that was asked last, else that of
   the client, else of the service. */
struct a407_span a407_gss_realm(const struct a407_gss_session *s);

/* What is being done when libkrb5 reports an error. */
enum a407_gss_attempt {
    A407_GSS_WITH_PASSWORD, /* a ticket from the KDC */
    A407_GSS_WITH_KEYTAB,
    A407_GSS_FOR_SERVICE /* with a ticket, the proxy's */
};

/* Says the error of libkrb5, as our reader sees it. False. */
bool a407_gss_fail_krb5(struct a407_gss_session *s, krb5_error_code code,
                        enum a407_gss_attempt attempt);

/* A principal's name in buf, which is returned; "?" for NULL. */
const char *a407_gss_principal_text(krb5_context k, krb5_const_principal p,
                                    char *buf, size_t n);

/* ---- principal.c ---- */

/*
 * Who the user is. user@REALM is whole (a realm in small letters is meant in
 * capitals); else the realm is the domain, if that has a dot, and else the
 * default one.
 */
bool a407_gss_user(struct a407_gss_session *s);

/* The proxy's service: by the name as it was written, or, if that is asked for,
   by the one that DNS has for it; krb5.conf has no say in this. */
bool a407_gss_service(struct a407_gss_session *s);

/* ---- ticket.c ---- */

/*
 * Finds a valid ticket of the user, or gets one by keytab or password, into a
 * cache that nobody else sees. The password is tried once. Needs k and server;
 * client becomes known, if it is not.
 */
bool a407_gss_ticket(struct a407_gss_session *s);

/* Is it the ticket that gets the others? */
bool a407_gss_is_tgt(krb5_const_principal server, krb5_const_principal client);

/* And with it the ticket for the service. */
bool a407_gss_ticket_for_service(struct a407_gss_session *s);

/* ---- list.c ---- */

/*
 * Prints a line for each cache that the user has ("ticket", principal, when its
 * ticket ends in seconds since the epoch or 0, cache) and for each principal of
 * the keytab, which may be NULL ("key", principal); a tab between. Returns the
 * exit status.
 */
int a407_gss_list(const char *keytab);

/* ---- context.c ---- */

/* The next token, into *out (gss_release_buffer), which may be empty at the
   end. in: the proxy's, p NULL in the first leg. */
bool a407_gss_step(struct a407_gss_session *s, struct a407_span in,
                   gss_buffer_t out);

/* Frees all of it; what was in memory only is gone then. */
void a407_gss_session_end(struct a407_gss_session *s);

#endif
