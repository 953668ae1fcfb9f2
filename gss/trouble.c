/* SPDX-License-Identifier: MIT */
#include "trouble.h"

#include <stdarg.h>
#include <stdio.h>

void a407_gss_trouble_set(struct a407_gss_trouble *t, enum a407_cause cause,
                          const char *fmt, ...)
{
    va_list ap;
    t->cause = cause;
    va_start(ap, fmt);
    vsnprintf(t->text, sizeof t->text, fmt, ap);
    va_end(ap);
    /* names may come from a configuration file */
    for (char *p = t->text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
}

const char *a407_gss_principal_text(krb5_context k, krb5_const_principal p,
                                    char *buf, size_t n)
{
    char *name = NULL;
    if (!p || krb5_unparse_name(k, p, &name) != 0)
        name = NULL;
    snprintf(buf, n, "%s", name ? name : "?");
    krb5_free_unparsed_name(k, name);
    /* "HTTP/proxy@": its realm is for the KDC to say */
    size_t len = strlen(buf);
    if (len && buf[len - 1] == '@')
        buf[len - 1] = '\0';
    return buf;
}

/* Whose KDC was asked: a principal without a realm leaves that to the KDC. */
static struct a407_span realm_of(krb5_const_principal client,
                                 krb5_const_principal server)
{
    krb5_const_principal p = client ? client : server;
    if (!p || !p->realm.length)
        return a407_span_str("the realm");
    return a407_span(p->realm.data, p->realm.length);
}

static void other(struct a407_gss_trouble *t, krb5_context k,
                  krb5_error_code code, const char *name)
{
    const char *message = krb5_get_error_message(k, code);
    a407_gss_trouble_set(t, A407_CAUSE_NO_TICKET, "no ticket for %.60s: %s",
                         name, message);
    krb5_free_error_message(k, message);
}

/* What the KDC says of whoever asks for a first ticket. */
static bool about_client(struct a407_gss_trouble *t, krb5_error_code code,
                         enum a407_gss_attempt attempt, const char *name)
{
    const char *why;
    switch (code) {
    case KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN:
        /* no password was looked at: other schemes may know that user */
        a407_gss_trouble_set(t, A407_CAUSE_NO_TICKET,
                             "the KDC does not know %s", name);
        return true;
    case KRB5KDC_ERR_PREAUTH_FAILED:
    case KRB5KRB_AP_ERR_BAD_INTEGRITY:
        why =
            attempt == A407_GSS_WITH_KEYTAB ? "key in the keytab" : "password";
        break;
    case KRB5KDC_ERR_CLIENT_REVOKED:
        why = "account (it is locked or disabled)";
        break;
    case KRB5KDC_ERR_KEY_EXP:
        why = "password (it has expired)";
        break;
    case KRB5KDC_ERR_NAME_EXP:
    case KRB5KDC_ERR_CLIENT_NOTYET:
        why = "account (it is not valid now)";
        break;
    case KRB5KDC_ERR_POLICY:
        why = "request (its policy forbids it)";
        break;
    default:
        return false;
    }
    /* a keytab is no password that another scheme could use up */
    a407_gss_trouble_set(t,
                         attempt == A407_GSS_WITH_KEYTAB ? A407_CAUSE_NO_TICKET
                                                         : A407_CAUSE_REJECTED,
                         "the KDC refuses the %s of %s", why, name);
    return true;
}

void a407_gss_trouble_krb5(struct a407_gss_trouble *t, krb5_context k,
                           krb5_error_code code, enum a407_gss_attempt attempt,
                           krb5_const_principal client,
                           krb5_const_principal server)
{
    char name[100];
    struct a407_span realm = realm_of(client, server);
    a407_gss_principal_text(k,
                            attempt == A407_GSS_FOR_SERVICE ? server : client,
                            name, sizeof name);
    if (attempt != A407_GSS_FOR_SERVICE && about_client(t, code, attempt, name))
        return;
    switch (code) {
    case KRB5KRB_AP_ERR_SKEW:
    case KRB5_KDCREP_SKEW: /* seen in the answer, by libkrb5 */
        a407_gss_trouble_set(
            t, A407_CAUSE_CLOCK_SKEW,
            "the clock of this machine and that of the KDC of %.*s "
            "differ by too much",
            (int)realm.n, realm.p);
        return;
    case KRB5_KDC_UNREACH:
        a407_gss_trouble_set(t, A407_CAUSE_NO_TICKET,
                             "no KDC of %.*s can be reached for %s",
                             (int)realm.n, realm.p, name);
        return;
    case KRB5_REALM_CANT_RESOLVE:
    case KRB5_REALM_UNKNOWN:
        a407_gss_trouble_set(t, A407_CAUSE_NO_TICKET,
                             "neither krb5.conf nor DNS names a KDC of %.*s",
                             (int)realm.n, realm.p);
        return;
    case KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN:
        a407_gss_trouble_set(t, A407_CAUSE_NO_TICKET,
                             "the KDC of %.*s does not know %s", (int)realm.n,
                             realm.p, name);
        return;
    case KRB5KRB_AP_ERR_TKT_EXPIRED:
        a407_gss_trouble_set(t, A407_CAUSE_NO_TICKET,
                             "the ticket in the cache has expired; run kinit");
        return;
    default:
        other(t, k, code, name);
    }
}
