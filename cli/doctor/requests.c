/* SPDX-License-Identifier: MIT */
#include "requests.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/text.h"
#include "core/http/http.h"
#include "core/record/redact.h"
#include "doctor.h"

/* NULL: there is no room. `port`: of our end; 0: not known. */
static struct a407_request_made *
add(struct a407_requests *r, const char *target, int64_t at_us, int status,
    const struct a407_endpoint *source, uint16_t port)
{
    bool plain = strncmp(target, "http://", 7) == 0;
    struct a407_endpoint from = *source;
    struct a407_request_made *m;
    char shown[256];

    if (r->n == A407_REQUESTS)
        return NULL;
    m = &r->made[r->n++];
    m->at_us = at_us;
    m->status = status;
    a407_url_redact(a407_span_str(target), shown, sizeof shown);
    snprintf(m->request, sizeof m->request, "%s %s", plain ? "GET" : "CONNECT",
             shown);
    from.port = port;
    if (port)
        a407_endpoint_text(&from, m->source, sizeof m->source);
    return m;
}

void a407_requests_add(struct a407_requests *r, const char *target,
                       const struct a407_answer *a)
{
    add(r, target, a->at_us, a->status, &a->source, a->source.port);
}

void a407_requests_add_trial(struct a407_requests *r, const char *target,
                             const struct a407_endpoint *source,
                             const struct a407_trial *t)
{
    const struct a407_event *ev = t->event;
    struct a407_span answer = a407_span_str(t->answer);
    struct a407_request_made *m;
    size_t i, from = 0, head;
    int64_t at;

    if (!ev)
        return;
    at = ev->time_us;
    add(r, target, at, ev->status, source, ev->source_port);
    for (i = 0; i < ev->n_attempts; i++) {
        const struct a407_event_attempt *a = &ev->attempts[i];

        m = add(r, target, at, a->status, source, a->source_port);
        if (m)
            snprintf(m->login, sizeof m->login, "%s%s%s", a->scheme,
                     *a->username ? ", " : "", a->username);
        at += a->duration_us;
    }
    head = a407_head_end(answer.p, answer.n, &from);
    if (head && ev->n_attempts) {
        free(r->head);
        r->head = strndup(answer.p, head);
    }
}

const struct a407_answer *a407_doctor_first(const struct a407_doctor *d)
{
    return d->o.target.tls ? &d->to_connect : &d->to_get;
}

void a407_doctor_curl(const struct a407_doctor *d, const char *options,
                      char *out, size_t cap)
{
    const char *login = "", *user, *url = d->o.target.url;
    struct a407_span scheme;
    size_t i;

    for (i = 0; i < d->requests.n; i++)
        if (*d->requests.made[i].login)
            login = d->requests.made[i].login;
    user = strstr(login, ", ");
    user = user ? user + 2 : "";
    scheme = a407_span(login, strcspn(login, ","));
    if (!a407_is_one_of_icase(scheme, "negotiate digest ntlm"))
        scheme = a407_span_str("basic");
    /* unlike OpenSSL by itself, curl has that variable for targets only */
    snprintf(out, cap, "curl%s%s -x %s://%s%s%.*s%s%.*s%s '%.*s'", options,
             d->tls && getenv("SSL_CERT_FILE")
                 ? " --proxy-cacert \"$SSL_CERT_FILE\""
                 : "",
             d->tls ? "https" : "http", d->at, *login ? " --proxy-" : "",
             *login ? (int)scheme.n : 0, scheme.p, *user ? " -U '" : "",
             (int)strcspn(user, "'"), user, *user ? "'" : "",
             (int)strcspn(url, "'"), url);
}

void a407_requests_free(struct a407_requests *r)
{
    free(r->head);
    r->head = NULL;
}
