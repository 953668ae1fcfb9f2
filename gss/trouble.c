/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/base/text.h"

void a407_gss_to_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
}

bool a407_gss_fail(struct a407_gss_session *s, enum a407_cause cause,
                   const char *fmt, ...)
{
    struct a407_gss_trouble *t = &s->trouble;
    va_list ap;
    t->cause = cause;
    va_start(ap, fmt);
    vsnprintf(t->text, sizeof t->text, fmt, ap);
    va_end(ap);
    a407_gss_to_line(t->text);
    return false;
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

/* n 0: the KDC is to say it. */
static struct a407_span realm_of(krb5_const_principal p)
{
    return p ? a407_span(p->realm.data, p->realm.length)
             : (struct a407_span){0};
}

/* The one that was asked last, else that of the client, or of the service. */
static struct a407_span realm_asked(const struct a407_gss_session *s)
{
    struct a407_span realm = realm_of(s->client ? s->client : s->server);
    if (s->asked[0])
        return a407_span_str(s->asked);
    return realm.n ? realm : a407_span_str("the realm");
}

/* What a KDC or libkrb5 says. %N: the name, %R: the realm that was asked, %T:
   that of the service, %U: that of the client, %S: what proves who the client
   is. */
static const struct row {
    krb5_error_code code;
    bool client; /* only of one who asks for a first ticket */
    enum a407_cause cause;
    const char *text;
} rows[] = {
    /* no password was looked at: other schemes may know that user */
    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, true, A407_CAUSE_NO_TICKET,
     "the KDC does not know %N"},
    {KRB5KDC_ERR_PREAUTH_FAILED, true, A407_CAUSE_REJECTED,
     "the KDC refuses the %S of %N"},
    {KRB5KRB_AP_ERR_BAD_INTEGRITY, true, A407_CAUSE_REJECTED,
     "the KDC refuses the %S of %N"},
    {KRB5KDC_ERR_CLIENT_REVOKED, true, A407_CAUSE_ACCOUNT_LOCKED,
     "the KDC refuses the account (it is locked or disabled) of %N"},
    {KRB5KDC_ERR_KEY_EXP, true, A407_CAUSE_ACCOUNT_EXPIRED,
     "the KDC refuses the password (it has expired) of %N"},
    {KRB5KDC_ERR_NAME_EXP, true, A407_CAUSE_ACCOUNT_EXPIRED,
     "the KDC refuses the account (it is not valid now) of %N"},
    {KRB5KDC_ERR_CLIENT_NOTYET, true, A407_CAUSE_REJECTED,
     "the KDC refuses the account (it is not valid now) of %N"},
    {KRB5KDC_ERR_POLICY, true, A407_CAUSE_REJECTED,
     "the KDC refuses the request (its policy forbids it) of %N"},
    {KRB5KDC_ERR_POLICY, false, A407_CAUSE_NO_TICKET,
     "the KDC of %R refuses %N to users of %U (by its policy, or for the path "
     "between the realms)"},
    {KRB5KRB_AP_ERR_SKEW, false, A407_CAUSE_CLOCK_SKEW,
     "the clock of this machine and that of the KDC of %R differ by too much"},
    /* seen in the answer, by libkrb5 */
    {KRB5_KDCREP_SKEW, false, A407_CAUSE_CLOCK_SKEW,
     "the clock of this machine and that of the KDC of %R differ by too much"},
    {KRB5_KDC_UNREACH, false, A407_CAUSE_NO_TICKET,
     "no KDC of %R can be reached for %N"},
    {KRB5_REALM_CANT_RESOLVE, false, A407_CAUSE_NO_TICKET,
     "neither krb5.conf nor DNS names a KDC of %R"},
    {KRB5_REALM_UNKNOWN, false, A407_CAUSE_NO_TICKET,
     "neither krb5.conf nor DNS names a KDC of %R"},
    {KRB5_NO_TKT_IN_RLM, false, A407_CAUSE_NO_TICKET,
     "the KDC of %R has no way to %T for %N; run kinit USER@%T"},
    {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, false, A407_CAUSE_NO_TICKET,
     "the KDC of %R does not know %N"},
    {KRB5KRB_AP_ERR_TKT_EXPIRED, false, A407_CAUSE_NO_TICKET,
     "the ticket in the cache has expired; run kinit"},
};

/* The row of what failed, and the realm that it is about; NULL: libkrb5 has its
   own words. */
static const struct row *row_of(const struct a407_gss_session *s,
                                krb5_error_code code, bool first,
                                struct a407_span *realm)
{
    struct a407_span to = realm_of(s->server);
    *realm = realm_asked(s);
    /* who does not know it is not the one that should */
    if (!first && code == KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN && to.n &&
        !a407_span_eq(to, s->asked))
        code = KRB5_NO_TKT_IN_RLM;
    if (!first && code == KRB5_REALM_UNKNOWN) {
        /* it is not asked then; after a referral only libkrb5 knows it */
        *realm = to;
        if (!to.n)
            return NULL;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].code == code && (first || !rows[i].client))
            return &rows[i];
    return NULL;
}

bool a407_gss_fail_krb5(struct a407_gss_session *s, krb5_error_code code,
                        enum a407_gss_attempt attempt)
{
    char name[100], text[A407_GSS_TEXT_MAX + 1] = "";
    bool first = attempt != A407_GSS_FOR_SERVICE;
    bool keytab = attempt == A407_GSS_WITH_KEYTAB;
    struct a407_span realm;
    const struct row *row = row_of(s, code, first, &realm);
    size_t n = 0;
    a407_gss_principal_text(s->k, first ? s->client : s->server, name,
                            sizeof name);
    if (!row) {
        const char *message = krb5_get_error_message(s->k, code);
        a407_gss_fail(s, A407_CAUSE_NO_TICKET, "no ticket for %.60s: %s", name,
                      message);
        krb5_free_error_message(s->k, message);
        return false;
    }
    for (const char *p = row->text; *p; p++, n = strlen(text)) {
        struct a407_span part = a407_span(p, 1);
        if (*p == '%' && *++p)
            part = *p == 'N'   ? a407_span_str(name)
                   : *p == 'R' ? realm
                   : *p == 'T' ? realm_of(s->server)
                   : *p == 'U' ? realm_of(s->client)
                               : a407_span_str(keytab ? "key in the keytab"
                                                      : "password");
        a407_put(text + n, sizeof text - n, part);
    }
    /* a keytab is no password that another scheme could use up */
    bool rejected = a407_cause_refuses(row->cause);
    return a407_gss_fail(
        s, rejected && keytab ? A407_CAUSE_NO_TICKET : row->cause, "%s", text);
}
