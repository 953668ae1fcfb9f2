/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "session.h"

/* ---- the user ---- */

static bool has_capital(const char *z)
{
    while (*z && (*z < 'A' || *z > 'Z'))
        z++;
    return *z;
}

/* Not toupper(): realms are ASCII, and the locale is not asked. */
static void to_capitals(char *z)
{
    for (; *z; z++)
        if (*z >= 'a' && *z <= 'z')
            *z = (char)(*z - 'a' + 'A');
}

/* A name as krb5_parse_name() takes it: what would be syntax is escaped. */
static char *quoted(const char *name, size_t n)
{
    char *out = malloc(2 * n + 1), *to = out;
    if (!out)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (name[i] == '@' || name[i] == '\\')
            *to++ = '\\';
        *to++ = name[i];
    }
    *to = '\0';
    return out;
}

/* The realm that goes with the name, or NULL: the default one. */
static char *realm_for(const struct a407_gss_request *r, const char *at,
                       const char *slash)
{
    char *realm = NULL;
    if (at) {
        realm = strdup(at + 1);
        if (realm && !has_capital(realm))
            to_capitals(realm);
        return realm;
    }
    /* a NetBIOS name is no realm, but a DNS name is one in capitals */
    if (r->domain && strchr(r->domain, '.'))
        realm = strdup(r->domain);
    else if (slash && memchr(r->username, '.', (size_t)(slash - r->username)))
        realm = strndup(r->username, (size_t)(slash - r->username));
    if (realm)
        to_capitals(realm);
    return realm;
}

bool a407_gss_user(struct a407_gss_session *s)
{
    const struct a407_gss_request *r = &s->request;
    const char *slash = strchr(r->username, '\\');
    const char *name = slash ? slash + 1 : r->username;
    const char *at = strrchr(name, '@');
    size_t n = at ? (size_t)(at - name) : strlen(name);
    char *user = quoted(name, n), *realm = realm_for(r, at, slash);
    char *text = NULL;
    krb5_error_code code = ENOMEM;
    if (user && asprintf(&text, realm ? "%s@%s" : "%s", user, realm) >= 0)
        code = krb5_parse_name(s->k, text, &s->client);
    if (code == KRB5_CONFIG_NODEFREALM)
        a407_gss_fail(s, A407_CAUSE_NO_TICKET,
                      "krb5.conf has no default realm for the user name %.60s",
                      r->username);
    else if (code)
        a407_gss_fail(s, A407_CAUSE_NO_TICKET,
                      "the user name %.60s is no Kerberos principal",
                      r->username);
    free(user);
    free(realm);
    free(text);
    return !code;
}

/* ---- the service ---- */

/* The host's name as DNS has it, behind every alias, or as it was. Names of
   addresses are what their owners say. The caller frees it. */
static char *canonical(const char *host)
{
    struct addrinfo hints = {.ai_flags = AI_CANONNAME,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    char *name = NULL;
    if (getaddrinfo(host, NULL, &hints, &list) == 0) {
        if (list->ai_canonname)
            name = strdup(list->ai_canonname);
        freeaddrinfo(list);
    }
    if (!name)
        return strdup(host);
    size_t n = strlen(name);
    if (n && name[n - 1] == '.')
        name[n - 1] = '\0';
    for (char *p = name; *p; p++)
        *p = (char)a407_lower(*p);
    return name;
}

/* SERVICE@HOST */
static krb5_error_code by_host(struct a407_gss_session *s)
{
    const struct a407_gss_request *r = &s->request;
    const char *at = strchr(r->service, '@');
    char *name = strndup(r->service, (size_t)(at - r->service));
    char *host = r->canonicalize ? canonical(at + 1) : strdup(at + 1);
    krb5_error_code code = ENOMEM;
    /* of an unknown kind: else libkrb5 may make look-ups of its own
       (dns_canonicalize_hostname, rdns); [domain_realm] counts all the same */
    if (name && host)
        code = krb5_sname_to_principal(s->k, host, name, KRB5_NT_UNKNOWN,
                                       &s->server);
    free(name);
    free(host);
    return code;
}

bool a407_gss_service(struct a407_gss_session *s)
{
    const char *service = s->request.service, *at = strchr(service, '@');
    krb5_error_code code =
        at && !strchr(service, '/')
            ? by_host(s)
            : krb5_parse_name_flags(s->k, service,
                                    at ? 0 : KRB5_PRINCIPAL_PARSE_NO_DEF_REALM,
                                    &s->server);
    if (!code) /* a KDC need not refer others to another realm */
        s->server->type = KRB5_NT_SRV_HST;
    else
        a407_gss_fail(s, A407_CAUSE_NO_TICKET,
                      "the service name %.100s can't be used", service);
    return !code;
}
