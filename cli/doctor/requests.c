/* SPDX-License-Identifier: MIT */
#include "requests.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/text.h"
#include "core/http/http.h"
#include "core/record/redact.h"
#include "doctor.h"

/* The next one to be filled in, or NULL. */
static struct a407_request_made *next(struct a407_requests *r,
                                      const char *target)
{
    bool plain = strncmp(target, "http://", 7) == 0;
    struct a407_request_made *m;
    char shown[256];

    if (r->n == A407_REQUESTS)
        return NULL;
    m = &r->made[r->n++];
    a407_url_redact(a407_span_str(target), shown, sizeof shown);
    snprintf(m->request, sizeof m->request, "%s %s", plain ? "GET" : "CONNECT",
             shown);
    return m;
}

void a407_requests_add(struct a407_requests *r, const char *target,
                       const struct a407_answer *a)
{
    struct a407_request_made *m = next(r, target);

    if (!m)
        return;
    m->at_us = a->at_us;
    m->status = a->status;
    a407_put(m->source, sizeof m->source, a407_span_str(a->source));
}

static void put_source(struct a407_request_made *m,
                       const struct a407_endpoint *source, uint16_t port)
{
    struct a407_endpoint e = *source;

    e.port = port;
    if (port)
        a407_endpoint_text(&e, m->source, sizeof m->source);
}

void a407_requests_add_trial(struct a407_requests *r, const char *target,
                             const struct a407_endpoint *source,
                             const struct a407_trial *t)
{
    const struct a407_event *ev = t->event;
    struct a407_request_made *m = ev ? next(r, target) : NULL;
    int64_t at;
    struct a407_span answer = a407_span_str(t->answer);
    size_t i, from = 0, head;

    if (!m)
        return;
    m->at_us = at = ev->time_us;
    m->status = ev->status;
    put_source(m, source, ev->source_port);
    for (i = 0; i < ev->n_attempts && i < A407_EVENT_ATTEMPTS; i++) {
        const struct a407_event_attempt *a = &ev->attempts[i];

        m = next(r, target);
        if (!m)
            break;
        m->at_us = at;
        m->status = a->status;
        snprintf(m->login, sizeof m->login, "%s%s%s", a->scheme,
                 *a->username ? ", " : "", a->username);
        put_source(m, source, a->source_port);
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
    snprintf(out, cap, "curl%s -x %s://%s%s%.*s%s%.*s%s '%.*s'", options,
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
