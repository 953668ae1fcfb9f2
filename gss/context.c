/* SPDX-License-Identifier: MIT */
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdio.h>

#include "session.h"

/* 1.3.6.1.5.5.2 (RFC 4178) and 1.2.840.113554.1.2.2 (RFC 4121). */
static unsigned char spnego_bytes[] = {0x2b, 6, 1, 5, 5, 2};
static unsigned char krb5_bytes[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                     0x12, 1,    2,    2};
static gss_OID_desc spnego = {sizeof spnego_bytes, spnego_bytes};
static gss_OID_desc krb5 = {sizeof krb5_bytes, krb5_bytes};
static gss_OID_set_desc only_spnego = {1, &spnego};
static gss_OID_set_desc only_krb5 = {1, &krb5};

/* The mechanism's own words, or those for the call if it has none. */
static void words(OM_uint32 major, OM_uint32 minor, char *out, size_t n)
{
    OM_uint32 ignored, more = 0;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    if (minor)
        gss_display_status(&ignored, minor, GSS_C_MECH_CODE, &spnego, &more,
                           &text);
    else
        gss_display_status(&ignored, major, GSS_C_GSS_CODE, GSS_C_NO_OID, &more,
                           &text);
    snprintf(out, n, "%.*s", (int)text.length, (char *)text.value);
    gss_release_buffer(&ignored, &text);
}

/* What went wrong. SPNEGO gives the mechanism's codes numbers of its own, so
   that only their texts can be compared. */
static bool failed(struct a407_gss_session *s, const char *what,
                   OM_uint32 major, OM_uint32 minor)
{
    char text[120];
    const char *skew = krb5_get_error_message(s->k, KRB5KRB_AP_ERR_SKEW);
    words(major, minor, text, sizeof text);
    if (strstr(text, skew))
        a407_gss_fail(
            s, A407_CAUSE_CLOCK_SKEW,
            "the clocks of this machine and of the proxy differ by too "
            "much");
    else
        a407_gss_fail(s,
                      s->context ? A407_CAUSE_PROTOCOL : A407_CAUSE_NO_TICKET,
                      "%s: %s", what, text);
    krb5_free_error_message(s->k, skew);
    return false;
}

/* SPNEGO with Kerberos and nothing else in it, whatever is installed. */
static bool acquire(struct a407_gss_session *s)
{
    OM_uint32 major, minor;
    char *cache;
    if (krb5_cc_get_full_name(s->k, s->cache, &cache) != 0)
        return failed(s, "the ticket cache has no name", GSS_S_FAILURE, 0);
    gss_key_value_element_desc place = {"ccache", cache};
    gss_key_value_set_desc store = {1, &place};
    major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
                                  &only_spnego, GSS_C_INITIATE, &store,
                                  &s->cred, NULL, NULL);
    krb5_free_string(s->k, cache);
    if (!GSS_ERROR(major))
        major = gss_set_neg_mechs(&minor, s->cred, &only_krb5);
    return !GSS_ERROR(major) ||
           failed(s, "the ticket can't be used", major, minor);
}

static bool import_name(struct a407_gss_session *s)
{
    OM_uint32 major, minor;
    /* as it is, its type too: a host-based name would go through DNS once more,
       and none by its text is referred to another realm */
    gss_buffer_desc name = {sizeof s->server, &s->server};
    major = gss_import_name(&minor, &name, gss_nt_krb5_principal, &s->name);
    return !GSS_ERROR(major) ||
           failed(s, "the service's name can't be used", major, minor);
}

bool a407_gss_step(struct a407_gss_session *s, struct a407_span in,
                   gss_buffer_t out)
{
    OM_uint32 major, minor, flags = 0;
    gss_buffer_desc token = {in.n, (void *)(uintptr_t)in.p};
    if (s->complete) /* and what is there was proved already */
        return true;
    if (!s->name && !(acquire(s) && import_name(s)))
        return false;
    major = gss_init_sec_context(
        &minor, s->cred, &s->context, s->name, &spnego, GSS_C_MUTUAL_FLAG, 0,
        GSS_C_NO_CHANNEL_BINDINGS, in.p ? &token : GSS_C_NO_BUFFER, NULL, out,
        &flags, NULL);
    if (GSS_ERROR(major))
        return failed(s, in.p ? "the proxy's token is no good" : "no token",
                      major, minor);
    s->complete = major == GSS_S_COMPLETE;
    if (s->complete && !(flags & GSS_C_MUTUAL_FLAG))
        return a407_gss_fail(s, A407_CAUSE_PROTOCOL,
                             "the proxy has not proved who it is");
    return true;
}

void a407_gss_session_end(struct a407_gss_session *s)
{
    OM_uint32 ignored;
    gss_delete_sec_context(&ignored, &s->context, GSS_C_NO_BUFFER);
    gss_release_name(&ignored, &s->name);
    gss_release_cred(&ignored, &s->cred);
    if (s->k) {
        if (s->cache_is_ours)
            krb5_cc_destroy(s->k, s->cache);
        else if (s->cache)
            krb5_cc_close(s->k, s->cache);
        krb5_free_principal(s->k, s->client);
        krb5_free_principal(s->k, s->server);
        krb5_free_context(s->k);
    }
    memset(s, 0, sizeof *s);
}
