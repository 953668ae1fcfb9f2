/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "session.h"

/* `auth407-gss --list [KEYTAB]`: for people, through `auth407 doctor`. */

static void print_principal(krb5_context k, const char *kind,
                            krb5_const_principal p)
{
    char name[256];

    printf("%s\t%s", kind, a407_gss_principal_text(k, p, name, sizeof name));
}

static void list_cache(krb5_context k, krb5_ccache cache)
{
    krb5_principal client;
    krb5_timestamp end = 0;
    krb5_cc_cursor cursor;
    krb5_creds c;

    if (krb5_cc_get_principal(k, cache, &client) != 0)
        return;
    if (krb5_cc_start_seq_get(k, cache, &cursor) == 0) {
        while (krb5_cc_next_cred(k, cache, &cursor, &c) == 0) {
            /* unsigned: times after January 2038 */
            if (a407_gss_is_tgt(c.server, client) &&
                (uint32_t)c.times.endtime > (uint32_t)end)
                end = c.times.endtime;
            krb5_free_cred_contents(k, &c);
        }
        krb5_cc_end_seq_get(k, cache, &cursor);
    }
    print_principal(k, "ticket", client);
    printf("\t%lu\t%s:%s\n", (unsigned long)(uint32_t)end,
           krb5_cc_get_type(k, cache), krb5_cc_get_name(k, cache));
    krb5_free_principal(k, client);
}

static void list_caches(krb5_context k)
{
    krb5_cccol_cursor cursor;
    krb5_ccache cache;

    if (krb5_cccol_cursor_new(k, &cursor) != 0)
        return;
    while (krb5_cccol_cursor_next(k, cursor, &cache) == 0 && cache) {
        list_cache(k, cache);
        krb5_cc_close(k, cache);
    }
    krb5_cccol_cursor_free(k, &cursor);
}

/* Each principal of it, unless it is that of the line before. */
static void list_keytab(krb5_context k, const char *path)
{
    krb5_principal before = NULL;
    krb5_keytab keytab;
    krb5_keytab_entry entry;
    krb5_kt_cursor cursor;

    if (krb5_kt_resolve(k, path, &keytab) != 0)
        return;
    if (krb5_kt_start_seq_get(k, keytab, &cursor) == 0) {
        while (krb5_kt_next_entry(k, keytab, &entry, &cursor) == 0) {
            if (!before ||
                !krb5_principal_compare(k, before, entry.principal)) {
                print_principal(k, "key", entry.principal);
                putchar('\n');
                krb5_free_principal(k, before);
                krb5_copy_principal(k, entry.principal, &before);
            }
            krb5_free_keytab_entry_contents(k, &entry);
        }
        krb5_kt_end_seq_get(k, keytab, &cursor);
    }
    krb5_free_principal(k, before);
    krb5_kt_close(k, keytab);
}

int a407_gss_list(const char *keytab)
{
    krb5_context k;

    if (krb5_init_context(&k) != 0)
        return 1;
    list_caches(k);
    if (keytab)
        list_keytab(k, keytab);
    krb5_free_context(k);
    return fflush(stdout) == 0 ? 0 : 1;
}
