/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/settings.h"
#include "cli/sources.h"
#include "configuration.h"
#include "core/base/text.h"
#include "doctor.h"
#include "host/credfile_read.h"
#include "host/lockout.h"
#include "host/memory.h"
#include "host/settings.h"

/* ---- the file ---- */

static void load_file(struct a407_doctor *d)
{
    const char *path = d->config->credentials_path;
    struct a407_diag diag = {{0}};

    if (!path)
        return;
    switch (a407_credfile_load(d->config, &diag)) {
    case A407_CREDFILE_OK:
        a407_row_good(&d->rows, A407_IN_CREDENTIAL, "credential file", "%s",
                      *diag.text ? diag.text : path);
        return;
    case A407_CREDFILE_ABSENT:
        if (d->config->credentials)
            return;
        a407_row_good(&d->rows, A407_IN_CREDENTIAL, "credential file",
                      "%s is not there", path);
        a407_row_last(&d->rows)->status = A407_NOTE;
        return;
    case A407_CREDFILE_REFUSED:
    case A407_CREDFILE_UNREADABLE:
        break;
    }
    a407_doctor_diag(a407_row_found(&d->rows, A407_FOUND_CREDFILE,
                                    "credential file", "%s", diag.text),
                     diag.text);
}

/* ---- one credential ---- */

static struct a407_row *tell(struct a407_doctor *d, const char *label,
                             const char *words,
                             const struct a407_lint_info *info)
{
    struct a407_row *row =
        a407_row_found(&d->rows, A407_FOUND_SOURCE, label, "%s", words);

    if (info) {
        row->code = info->code;
        a407_row_remedy(row, "%s", info->remedy);
    }
    return row;
}

static void tell_source(void *ctx, const struct a407_source_finding *f)
{
    tell(ctx, f->label, f->text, f->lint);
}

/* What may be meant so: it counts where nothing is tried, or when a proxy has
   refused it. */
static void tell_lint(struct a407_doctor *d, const struct a407_credential *c)
{
    struct a407_lint_use use = {.now = time(NULL)};
    char words[A407_LINT_WORDS];
    struct a407_lint lint;
    size_t i;

    a407_lint(c, &use, &lint);
    for (i = 0; i < lint.n; i++) {
        a407_lint_words(lint.found[i], words);
        /* of its time: told as one of its source */
        if (strcmp(a407_row_last(&d->rows)->seen, words) != 0)
            tell(d, c->label, words, a407_lint_info(lint.found[i].code))
                ->status = d->o.offline ? A407_WARNING : A407_NOTE;
    }
}

static void tell_mark(struct a407_doctor *d, const struct a407_credential *c)
{
    time_t until = (time_t)a407_lockout_until(d->config, &d->proxy, c);
    char when[16] = "";
    struct tm tm;

    if (!until || !localtime_r(&until, &tm))
        return;
    strftime(when, sizeof when, "%H:%M", &tm);
    a407_row_found(
        &d->rows, A407_FOUND_HELD_BACK, c->label,
        "refused by this proxy %ld min ago; held back until %s",
        (long)(time(NULL) - until + (time_t)d->config->lockout_s) / 60, when);
}

static void look_at(struct a407_doctor *d, const struct a407_credential *c)
{
    struct a407_buf words;

    a407_buf_init(&words, 4096);
    a407_credential_describe(&words, c);
    a407_row_good(&d->rows, A407_IN_CREDENTIAL, c->label, "for %.*s",
                  (int)words.n, words.n ? words.p : "");
    a407_buf_free(&words);
    a407_sources_check(c, tell_source, d);
    tell_lint(d, c);
    tell_mark(d, c);
}

/* ---- what is meant for another proxy ---- */

/* It counts only where there is no other: somebody may have two proxies. */
static void look_elsewhere(struct a407_doctor *d,
                           const struct a407_credential *c)
{
    const struct a407_endpoint *e = &c->endpoint, *p = &d->proxy;
    struct a407_row *row;

    if (c->from == A407_FROM_VARIABLES || !a407_same_host(e->host, p->host))
        return;
    row = a407_row_found(&d->rows, A407_FOUND_FOR_OTHER, c->label,
                         "for %s, port %u; the proxy is %s, port %u", e->host,
                         e->port, p->host, p->port);
    if (c->from == A407_FROM_FILE)
        a407_row_remedy(row, "In %s name the section [%s]", c->label, d->at);
}

/* ---- whose it is ---- */

/* "CORP\alice" and "alice@CORP" as a directory may know them: ALICE. */
static bool add_account(struct a407_buf *b, const char *username)
{
    struct a407_span name = a407_span_str(username);
    const char *domain = a407_span_find(name, '\\'),
               *realm = a407_span_find(name, '@');

    if (domain)
        name = a407_span_from(name, domain + 1);
    else if (realm)
        name = a407_span_before(name, realm);
    a407_buf_init(b, SIZE_MAX);
    return a407_utf16_add_upper(b, name);
}

bool a407_doctor_same_account(const struct a407_credential *a,
                              const struct a407_credential *b)
{
    struct a407_buf x, y;
    bool same, read;

    if (!a->username || !b->username)
        return false;
    read = add_account(&x, a->username);
    read = add_account(&y, b->username) && read;
    same = (read && x.n && x.n == y.n && memcmp(x.p, y.p, x.n) == 0) ||
           strcmp(a->username, b->username) == 0;
    a407_buf_free(&x);
    a407_buf_free(&y);
    return same;
}

/* ---- all of it ---- */

static void tell_memory(struct a407_doctor *d)
{
    struct a407_proxy *p = &d->asked;

    if (d->config->memory)
        a407_memory_recall(p);
    if (p->scheme)
        a407_row_good(&d->rows, A407_IN_CREDENTIAL, "memory",
                      "%s has worked here with %s", p->scheme->token,
                      p->creds[p->cred_index]->label);
}

void a407_doctor_credentials(struct a407_doctor *d)
{
    const struct a407_credential *c;
    size_t i, n = 0;

    load_file(d);
    if (!d->proxy.port)
        return;
    a407_endpoint_text(&d->proxy, d->at, sizeof d->at);
    a407_proxy_init(&d->asked, d->config, &a407_machine, &d->proxy, true);
    for (i = 0; i < d->asked.n_creds; i++)
        if (d->asked.creds[i] != &d->asked.ticket) {
            look_at(d, d->asked.creds[i]);
            n++;
        }
    for (c = d->config->credentials; c && !n; c = c->next)
        look_elsewhere(d, c);
    tell_memory(d);
}
