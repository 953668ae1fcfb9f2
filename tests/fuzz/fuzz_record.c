/* SPDX-License-Identifier: MIT */
/*
 * What a record takes from the answer and from the client's own header: read no
 * further than they go, valid in any case, and without what is hidden.
 */
#include "fuzz.h"

#include "core/base/date.h"
#include "core/http/challenge.h"
#include "core/record/client_auth.h"
#include "core/record/record.h"
#include "json_check.h"

#define SECRET "h0wl0ngisthis"

/* The line is one valid JSON object, and has no secret. */
static void check_line(const struct a407_event *ev)
{
    struct a407_buf line;
    a407_buf_init(&line, A407_EVENT_LINE_MAX);
    must(a407_record_json(&(struct a407_record){.event = ev}, SIZE_MAX, &line));
    must(json_valid(line.p, line.n - 1));
    must(!memmem(line.p, line.n, SECRET, sizeof SECRET - 1));
    a407_buf_free(&line);
}

/* The input is the head of a 407; wherever it names the secret it is hidden. */
static void answer(struct a407_event *ev, const char *p, size_t n)
{
    struct a407_challenges *offered = a407_challenges_new();
    must(offered);
    a407_event_set_answer(ev, a407_span(p, n));
    a407_challenges_parse(p, n, "Proxy-Authenticate", offered);
    a407_event_set_challenges(ev, offered);
    a407_event_hide(ev, a407_span_str(SECRET));
    a407_challenges_free(offered);
}

/* It is the value of a client's header: a word is shown only as a user. */
static void client(struct a407_event *ev, const char *p, size_t n)
{
    struct a407_client_auth a;
    memset(&a, 'x', sizeof a);
    a407_client_auth_read(a407_span(p, n), &a);
    must(memchr(a.scheme, '\0', sizeof a.scheme));
    must(memchr(a.user, '\0', sizeof a.user));
    must(memchr(a.domain, '\0', sizeof a.domain));
    a407_event_set_client(ev, a407_span(p, n));
    memset(ev->client_user, 0, sizeof ev->client_user);
    memset(ev->client_domain, 0, sizeof ev->client_domain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct a407_event ev;
    struct a407_proxy_status statuses[3];
    int64_t when;
    char *p = exact(data, n);
    memset(&ev, 0, sizeof ev);
    answer(&ev, p, n);
    client(&ev, p, n);
    check_line(&ev);
    must(a407_proxy_status_parse(a407_span(p, n), statuses, 3) <= 3);
    a407_http_date(a407_span(p, n), &when);
    free(p);
    return 0;
}
