/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/auth/gss_protocol.h"
#include "core/base/text.h"
#include "doctor.h"
#include "host/clock.h"
#include "host/object.h"
#include "host/talk.h"

#define LIST_MAX 65536u
#define LIST_MS  10000

/* What auth407-gss prints is t->answer. False: it does not run. */
static bool run_list(const char *keytab, struct a407_talk *t)
{
    const char *argv[] = {A407_GSS_HELPER, "--list", keytab, NULL};
    char path[PATH_MAX];

    *t = (struct a407_talk){.until = a407_now_ms() + LIST_MS, .once = true};
    a407_buf_init(&t->answer, LIST_MAX);
    if (!a407_file_beside(A407_GSS_HELPER, path, sizeof path) ||
        !a407_child_start(&t->child, path, argv, true))
        return false;
    a407_talk_wait(t);
    return t->complete && t->status == 0;
}

static void tell_ticket(struct a407_doctor *d, struct a407_span line)
{
    struct a407_span who = {NULL, 0}, until = {NULL, 0};
    char when[32] = "?";
    uint64_t end = 0;
    time_t t;
    struct tm tm;

    a407_span_cut(&line, '\t', &who);
    a407_span_cut(&line, '\t', &until);
    a407_span_number(until, UINT32_MAX, &end);
    t = (time_t)end;
    if (localtime_r(&t, &tm))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
    if (t > time(NULL))
        a407_row_good(&d->rows, A407_IN_CREDENTIAL, "Kerberos ticket",
                      "%.*s, until %s, in %.*s", (int)who.n, who.p, when,
                      (int)line.n, line.p);
    else
        a407_row_found(&d->rows, A407_FOUND_TICKET, "Kerberos ticket",
                       "%.*s: %s%s, in %.*s", (int)who.n, who.p,
                       end ? "expired at " : "none in the cache",
                       end ? when : "", (int)line.n, line.p);
}

/* krb5.conf(5): KRB5_CONFIG is a list of files. */
static bool has_config(void)
{
    const char *set = getenv("KRB5_CONFIG");
    struct a407_span rest = a407_span_str(set ? set : "/etc/krb5.conf"), one;
    char path[PATH_MAX];
    bool has = false;

    while (!has && a407_span_cut(&rest, ':', &one)) {
        a407_put(path, sizeof path, one);
        has = access(path, R_OK) == 0;
    }
    return has;
}

void a407_doctor_kerberos(struct a407_doctor *d)
{
    struct a407_span list, line, kind = {NULL, 0};
    const char *keytab = NULL;
    struct a407_talk t;
    bool wanted = a407_doctor_takes_ticket(d);
    size_t i;

    for (i = 0; i < d->asked.n_creds && !keytab; i++)
        keytab = d->asked.creds[i]->keytab;
    d->kerberos = keytab || has_config();
    if (!wanted && !keytab && !d->o.offline)
        return;
    if (!run_list(keytab, &t))
        a407_row_found(&d->rows, A407_FOUND_NO_GSS, "Kerberos",
                       "%s does not run", A407_GSS_HELPER);
    else if (wanted && !t.answer.n)
        a407_row_found(&d->rows, A407_FOUND_TICKET, "Kerberos ticket",
                       d->kerberos ? "none"
                                   : "none, and no krb5.conf: there "
                                     "is no Kerberos here");
    list = a407_span(t.answer.p, t.answer.n);
    while (a407_span_line(&list, &line)) {
        a407_span_cut(&line, '\t', &kind);
        d->kerberos = true;
        if (a407_span_eq(kind, "ticket"))
            tell_ticket(d, line);
        else
            a407_row_good(&d->rows, A407_IN_CREDENTIAL, "keytab",
                          "%s has keys of %.*s", keytab, (int)line.n, line.p);
    }
    a407_talk_drop(&t);
}
