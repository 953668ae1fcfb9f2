/* SPDX-License-Identifier: MIT */
#ifndef A407_GSS_SESSION_H
#define A407_GSS_SESSION_H

#include <gssapi/gssapi.h>
#include <krb5/krb5.h>
#include <stdbool.h>

#include "core/base/span.h"
#include "trouble.h"

/* What the first message asks for. Strings are owned, or NULL. */
struct a407_gss_request {
    char *service; /* "HTTP@host", or a principal */
    char *username;
    char *domain;
    char *password;
    char *keytab;
    bool canonicalize;
};

/* One handshake. Starts as zeros. */
struct a407_gss_session {
    krb5_context k;
    krb5_principal client; /* NULL: nobody was named, and nobody found yet */
    krb5_principal server;
    krb5_ccache cache; /* where the ticket is */
    bool cache_is_ours;
    gss_cred_id_t cred;
    gss_name_t name;
    gss_ctx_id_t context;
    bool complete; /* the proxy has proved who it is */
};

/* ---- principal.c ---- */

/*
 * Who the user is. user@REALM is whole (a realm in small letters is meant in
 * capitals); else the realm is the domain, if that has a dot, and else the
 * default one. False: trouble.
 */
bool a407_gss_user(struct a407_gss_session *s, const struct a407_gss_request *r,
                   struct a407_gss_trouble *t);

/*
 * The proxy's service: by the name as it was written, or, if that is asked for,
 * by the one that DNS has for it; krb5.conf has no say in this. False: trouble.
 */
bool a407_gss_service(struct a407_gss_session *s,
                      const struct a407_gss_request *r,
                      struct a407_gss_trouble *t);

/* ---- ticket.c ---- */

/*
 * Finds a valid ticket of the user, or gets one by keytab or password, into a
 * cache that nobody else sees. The password is tried once. Needs k and server;
 * client becomes known, if it is not. False: trouble.
 */
bool a407_gss_ticket(struct a407_gss_session *s,
                     const struct a407_gss_request *r,
                     struct a407_gss_trouble *t);

/* And with it the ticket for the service. False: trouble. */
bool a407_gss_ticket_for_service(struct a407_gss_session *s,
                                 struct a407_gss_trouble *t);

/* ---- context.c ---- */

/*
 * The next token, into *out (gss_release_buffer), which may be empty at the
 * end. in: the proxy's, p NULL in the first leg. False: trouble.
 */
bool a407_gss_step(struct a407_gss_session *s, struct a407_span in,
                   gss_buffer_t out, struct a407_gss_trouble *t);

/* Frees all of it; what was in memory only is gone then. */
void a407_gss_session_end(struct a407_gss_session *s);

#endif
