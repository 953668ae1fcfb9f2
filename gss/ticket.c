/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "core/base/date.h"
#include "session.h"

/* ---- what a cache holds ---- */

bool a407_gss_is_tgt(krb5_const_principal server, krb5_const_principal client)
{
    return server->length == 2 &&
           a407_span_eq(a407_span(server->data[0].data, server->data[0].length),
                        KRB5_TGS_NAME) &&
           server->data[1].length == client->realm.length &&
           memcmp(server->data[1].data, client->realm.data,
                  client->realm.length) == 0;
}

/* Until when there is a ticket that gets us to the service; 0: none. */
static krb5_timestamp valid_until(struct a407_gss_session *s, krb5_ccache cache,
                                  krb5_const_principal client)
{
    krb5_timestamp best = 0;
    krb5_cc_cursor cursor;
    krb5_creds c;
    if (krb5_cc_start_seq_get(s->k, cache, &cursor) != 0)
        return 0;
    while (krb5_cc_next_cred(s->k, cache, &cursor, &c) == 0) {
        bool useful =
            !krb5_is_config_principal(s->k, c.server) &&
            (a407_gss_is_tgt(c.server, client) ||
             krb5_principal_compare_any_realm(s->k, c.server, s->server));
        /* unsigned: times after January 2038 */
        if (useful && (uint32_t)c.times.endtime > (uint32_t)best)
            best = c.times.endtime;
        krb5_free_cred_contents(s->k, &c);
    }
    krb5_cc_end_seq_get(s->k, cache, &cursor);
    return best;
}

/* Takes the cache over. */
static bool use_if_valid(struct a407_gss_session *s, krb5_ccache cache,
                         krb5_const_principal client)
{
    char name[100], when[32];
    krb5_timestamp now, end = valid_until(s, cache, client);
    if (krb5_timeofday(s->k, &now) == 0 && (uint32_t)end > (uint32_t)now) {
        s->cache = cache;
        return true;
    }
    a407_gss_principal_text(s->k, client, name, sizeof name);
    struct a407_date d = a407_date_of((uint32_t)end);
    snprintf(when, sizeof when, "%04d-%02d-%02d %02d:%02d:%02d UTC", d.year,
             d.month, d.day, d.hour, d.minute, d.second);
    if (end)
        a407_gss_fail(s, A407_CAUSE_NO_TICKET,
                      "the Kerberos ticket of %s expired at %s; run kinit",
                      name, when);
    else
        a407_gss_fail(s, A407_CAUSE_NO_TICKET,
                      "the cache of %s has no Kerberos ticket; run kinit",
                      name);
    krb5_cc_close(s->k, cache);
    return false;
}

/* ---- the caches that the user has ---- */

static bool no_ticket(struct a407_gss_session *s)
{
    char name[100];
    return a407_gss_fail(
        s, A407_CAUSE_NO_TICKET, "there is no Kerberos ticket of %s; run kinit",
        a407_gss_principal_text(s->k, s->client, name, sizeof name));
}

static bool from_own_cache(struct a407_gss_session *s)
{
    krb5_ccache cache;
    return krb5_cc_cache_match(s->k, s->client, &cache) == 0
               ? use_if_valid(s, cache, s->client)
               : no_ticket(s);
}

/* Where there is no cache, nobody has ever said kinit: that is no old ticket,
   but no credential at all. */
static void no_default_cache(struct a407_gss_session *s, krb5_error_code code)
{
    bool absent = code == KRB5_FCC_NOFILE || code == KRB5_CC_NOTFOUND;
    const char *message = absent ? NULL : krb5_get_error_message(s->k, code);
    if (absent)
        a407_gss_fail(s, A407_CAUSE_NO_CREDENTIAL,
                      "there is no Kerberos ticket; run kinit");
    else
        a407_gss_fail(s, A407_CAUSE_NO_TICKET,
                      "the ticket cache is of no use: %s; run kinit", message);
    krb5_free_error_message(s->k, message);
}

/* Of a collection the one that ~/.k5identity or the proxy's realm is for, as
   every program has it; else the first one. *client alone: that user has no
   cache. */
static krb5_error_code choose(struct a407_gss_session *s, krb5_ccache *cache,
                              krb5_principal *client)
{
    krb5_error_code code = krb5_cc_select(s->k, s->server, cache, client);
    if (code != KRB5_CC_NOTFOUND || *client)
        return code;
    code = krb5_cc_default(s->k, cache);
    return code ? code : krb5_cc_get_principal(s->k, *cache, client);
}

static bool from_default_cache(struct a407_gss_session *s)
{
    krb5_ccache cache = NULL;
    krb5_principal client = NULL;
    krb5_error_code code = choose(s, &cache, &client);
    if (code && client) {
        s->client = client;
        return no_ticket(s);
    }
    if (code) {
        no_default_cache(s, code);
        if (cache)
            krb5_cc_close(s->k, cache);
        return false;
    }
    bool ok = use_if_valid(s, cache, client);
    if (ok)
        s->client = client;
    else
        krb5_free_principal(s->k, client);
    return ok;
}

/* ---- from the KDC, into memory ---- */

/* Not krb5_get_init_creds_password(): that one asks a second KDC if the first
   one refused, and so uses up two of the tries that an account has. */
static krb5_error_code ask_kdc(struct a407_gss_session *s, const char *password,
                               krb5_keytab keytab)
{
    krb5_get_init_creds_opt *options = NULL;
    krb5_init_creds_context asking = NULL;
    krb5_error_code code = krb5_cc_new_unique(s->k, "MEMORY", NULL, &s->cache);
    s->cache_is_ours = !code;
    if (!code)
        code = krb5_get_init_creds_opt_alloc(s->k, &options);
    if (!code)
        code = krb5_get_init_creds_opt_set_out_ccache(s->k, options, s->cache);
    if (!code) {
        /* it is used once, and here */
        krb5_get_init_creds_opt_set_forwardable(options, 0);
        krb5_get_init_creds_opt_set_proxiable(options, 0);
        code = krb5_init_creds_init(s->k, s->client, NULL, NULL, 0, options,
                                    &asking);
    }
    if (!code && password)
        code = krb5_init_creds_set_password(s->k, asking, password);
    else if (!code)
        code = krb5_init_creds_set_keytab(s->k, asking, keytab);
    if (!code)
        code = krb5_init_creds_get(s->k, asking);
    krb5_init_creds_free(s->k, asking);
    krb5_get_init_creds_opt_free(s->k, options);
    return code;
}

static bool got(struct a407_gss_session *s, krb5_error_code code,
                enum a407_gss_attempt attempt)
{
    if (!code)
        return true;
    a407_gss_fail_krb5(s, code, attempt);
    if (s->cache_is_ours)
        krb5_cc_destroy(s->k, s->cache);
    s->cache = NULL;
    s->cache_is_ours = false;
    return false;
}

/* Whose keys they are, if nobody said. */
static krb5_error_code first_in(struct a407_gss_session *s, krb5_keytab keytab)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    krb5_error_code code = krb5_kt_start_seq_get(s->k, keytab, &cursor);
    if (code)
        return code;
    code = krb5_kt_next_entry(s->k, keytab, &entry, &cursor);
    krb5_kt_end_seq_get(s->k, keytab, &cursor);
    if (code)
        return code;
    code = krb5_copy_principal(s->k, entry.principal, &s->client);
    krb5_free_keytab_entry_contents(s->k, &entry);
    return code;
}

static krb5_error_code look_in(struct a407_gss_session *s, krb5_keytab keytab)
{
    krb5_keytab_entry entry;
    if (!s->client)
        return first_in(s, keytab);
    krb5_error_code code =
        krb5_kt_get_entry(s->k, keytab, s->client, 0, 0, &entry);
    if (!code)
        krb5_free_keytab_entry_contents(s->k, &entry);
    return code;
}

/* The keytab of the credential, or the one that krb5.conf or the environment
   has for clients; whether that is there says nothing. */
static bool from_keytab(struct a407_gss_session *s, const char *path)
{
    krb5_keytab keytab;
    char name[100];
    krb5_error_code code = path ? krb5_kt_resolve(s->k, path, &keytab)
                                : krb5_kt_client_default(s->k, &keytab);
    if (code)
        return false;
    code = look_in(s, keytab);
    if (code && path) {
        const char *message = krb5_get_error_message(s->k, code);
        if (s->client)
            a407_gss_fail(
                s, A407_CAUSE_NO_TICKET, "no key of %.60s: %s",
                a407_gss_principal_text(s->k, s->client, name, sizeof name),
                message);
        else
            a407_gss_fail(s, A407_CAUSE_NO_TICKET, "no key: %s", message);
        krb5_free_error_message(s->k, message);
    }
    bool ok = !code && got(s, ask_kdc(s, NULL, keytab), A407_GSS_WITH_KEYTAB);
    krb5_kt_close(s->k, keytab);
    return ok;
}

/* ---- for the service ---- */

bool a407_gss_ticket_for_service(struct a407_gss_session *s)
{
    krb5_creds in, *out = NULL;
    memset(&in, 0, sizeof in);
    in.client = s->client;
    in.server = s->server;
    krb5_error_code code = krb5_get_credentials(s->k, 0, s->cache, &in, &out);
    if (code)
        a407_gss_fail_krb5(s, code, A407_GSS_FOR_SERVICE);
    krb5_free_creds(s->k, out);
    return !code;
}

bool a407_gss_ticket(struct a407_gss_session *s)
{
    const struct a407_gss_request *r = &s->request;
    bool found = s->client ? from_own_cache(s) : from_default_cache(s);
    if (!found && r->keytab)
        found = from_keytab(s, r->keytab);
    if (!found)
        found = from_keytab(s, NULL);
    if (!found && s->client && r->password)
        found = got(s, ask_kdc(s, r->password, NULL), A407_GSS_WITH_PASSWORD);
    return found;
}
