/* SPDX-License-Identifier: MIT */
#include "event.h"

#include <stdlib.h>

#include "client_auth.h"
#include "core/base/date.h"
#include "core/base/text.h"
#include "core/http/challenge.h"
#include "core/http/http.h"
#include "hide.h"
#include "words.h"

/* What was read, as the record keeps it: bounded. */

const char *a407_event_field_name(const struct a407_event_field *f)
{
    static const char *const names[A407_FIELD_COUNT] = {
#define A407_EVENT_FIELD(row, name) [A407_FIELD_##row] = name,
#include "event_fields.def"
#undef A407_EVENT_FIELD
    };
    return f->id == A407_FIELD_OTHER ? f->other : names[f->id];
}

const char *a407_outcome_name(enum a407_outcome o)
{
    static const char names[][12] = {"resolved", "unresolved", "observed",
                                     "not_retried"};
    return names[(unsigned)o <= A407_NOT_RETRIED ? o : A407_NOT_RETRIED];
}

const char *a407_remedy(enum a407_cause cause, a407_lint_set lint)
{
    unsigned code = 0;
    while (code < A407_LINT_COUNT && !(lint & A407_LINT_BIT(code)))
        code++;
    return cause == A407_CAUSE_MALFORMED && code < A407_LINT_COUNT
               ? a407_lint_info((enum a407_lint_code)code)->remedy
               : a407_cause_info(cause)->remedy;
}

/* ---- challenges ---- */

static void param(char *out, size_t cap, const struct a407_challenge *c,
                  const char *name)
{
    char text[1024];
    int n = a407_param_text(a407_param_find(c, name), text, sizeof text);
    a407_put(out, cap, a407_span(text, n > 0 ? (size_t)n : 0));
}

static void set_challenge(struct a407_event_challenge *o,
                          const struct a407_challenge *c)
{
    a407_put(o->scheme, sizeof o->scheme, c->scheme);
    param(o->realm, sizeof o->realm, c, "realm");
    param(o->algorithm, sizeof o->algorithm, c, "algorithm");
    param(o->qop, sizeof o->qop, c, "qop");
    param(o->charset, sizeof o->charset, c, "charset");
    param(o->error, sizeof o->error, c, "error");
    param(o->scope, sizeof o->scope, c, "scope");
    param(o->error_description, sizeof o->error_description, c,
          "error_description");
    o->stale = a407_param_is(c, "stale", "true");
    o->userhash = a407_param_is(c, "userhash", "true");
    o->token68_n = c->token68.n;
}

void a407_event_set_challenges(struct a407_event *ev,
                               const struct a407_challenges *offered)
{
    for (size_t i = 0; i < offered->n && i < A407_EVENT_CHALLENGES; i++)
        set_challenge(&ev->challenges[i], &offered->item[i]);
    ev->n_challenges = offered->n;
}

/* ---- the answer ---- */

/* Bright Data: X-BRD-Err-Code, X-BRD-Err-Msg; Webshare: X-Webshare-Reason;
   SOAX: X-SOAX-Error, X-SOAX-Detail; ... */
static bool tells_error(const char *name)
{
    struct a407_span s = a407_span_str(name);
    return a407_span_begins(s, "x-") &&
           (strstr(name, "-err") || a407_span_ends(s, "-reason") ||
            a407_span_ends(s, "-detail"));
}

/* False: a field that no record keeps. */
static bool name_field(struct a407_event_field *f, struct a407_span name)
{
    unsigned id = 0;
    for (; id < A407_FIELD_COUNT; id++) {
        f->id = (enum a407_event_field_id)id;
        if (a407_span_ieq(name, a407_event_field_name(f)))
            return true;
    }
    f->id = A407_FIELD_OTHER;
    a407_put(f->other, sizeof f->other, name);
    for (char *p = f->other; *p; p++)
        *p = (char)a407_lower(*p);
    return name.n < sizeof f->other && tells_error(f->other);
}

static void add_field(struct a407_event_answer *a,
                      const struct a407_event_field *f, struct a407_span value)
{
    size_t same = 0;
    for (size_t i = 0; i < a->n_fields; i++)
        same += a->fields[i].id == f->id;
    if (a->n_fields == A407_EVENT_FIELDS || same == A407_EVENT_VALUES)
        return;
    a->fields[a->n_fields] = *f;
    a407_put(a->fields[a->n_fields].value, sizeof f->value, value);
    a->n_fields++;
}

static void add_statuses(struct a407_event_answer *a, struct a407_span value)
{
    a->n_statuses +=
        a407_proxy_status_parse(value, a->statuses + a->n_statuses,
                                A407_EVENT_STATUSES - a->n_statuses);
}

/* Whole seconds, rounded down on both sides: the same clock gives 0. */
static void set_skew(struct a407_event *ev, struct a407_span date)
{
    int64_t theirs, ours = ev->time_us / 1000000;
    if (ev->answer.has_skew || !a407_http_date(date, &theirs))
        return;
    ev->answer.has_skew = true;
    ev->answer.skew_s = theirs - ours;
}

void a407_event_set_answer(struct a407_event *ev, struct a407_span head)
{
    struct a407_field f;
    size_t at = 0;
    while (head.p && a407_field_next(head.p, head.n, &at, &f)) {
        struct a407_event_field kept = {0};
        if (!name_field(&kept, f.name))
            continue;
        add_field(&ev->answer, &kept, f.value);
        if (kept.id == A407_FIELD_DATE)
            set_skew(ev, f.value);
        else if (kept.id == A407_FIELD_PROXY_STATUS)
            add_statuses(&ev->answer, f.value);
    }
}

/* ---- its words ---- */

/* Of a page. Whatever is of use stands at its beginning. */
#define BODY_MAX ((size_t)16 * 1024)
#define TEXT_MAX 2048

static void collect(void *ctx, const char *p, size_t n)
{
    struct a407_buf *b = ctx;
    a407_buf_add(b, p, n < b->max - b->n ? n : b->max - b->n);
}

/* Text that is sent as it is, in a character set that is known. */
static bool is_readable(struct a407_span head)
{
    static const char sets[][16] = {"utf-8", "utf8", "ascii", "8859-1",
                                    "windows-1252"};
    struct a407_span coding =
        a407_field_find(head.p, head.n, "Content-Encoding");
    char type[128];
    bool known = false;
    a407_put(type, sizeof type,
             a407_field_find(head.p, head.n, "Content-Type"));
    for (char *p = type; *p; p++)
        *p = (char)a407_lower(*p);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        known = known || strstr(type, sets[i]);
    return (!coding.p || a407_span_ieq(coding, "identity")) &&
           (!type[0] || strstr(type, "text") || strstr(type, "json") ||
            strstr(type, "xml")) &&
           (known || !strstr(type, "charset"));
}

static void hear(struct a407_event *ev, struct a407_span text)
{
    struct a407_span said;
    if (ev->said != A407_CAUSE_NONE)
        return;
    ev->said = a407_words_cause(text, &said);
    if (ev->said != A407_CAUSE_NONE)
        a407_put(ev->said_words, sizeof ev->said_words, said);
}

/* Of a head's text the beginning, in so many fields as are kept. */
static void hear_some(struct a407_event *ev, struct a407_span raw)
{
    char text[256];
    a407_page_text(raw, '\n', text, sizeof text);
    hear(ev, a407_span_str(text));
}

/* Where the body has no word, one of the fields stands for it, or the reason
   phrase: whole sentences stand there (ISA Server). */
static struct a407_span hear_head(struct a407_event *ev, struct a407_span head)
{
    static const char usual[] = "Proxy Authentication Required";
    struct a407_span rest = head, line = {0}, best = {0};
    struct a407_field f;
    size_t at = 0, n = 0;
    if (a407_span_line(&rest, &line))
        line = line.n > 13 ? a407_span_skip(line, 13) : a407_span("", 0);
    hear_some(ev, line);
    while (n < A407_EVENT_FIELDS && a407_field_next(head.p, head.n, &at, &f)) {
        struct a407_event_field kept;
        if (!name_field(&kept, f.name) || kept.id < A407_FIELD_PROXY_STATUS)
            continue;
        hear_some(ev, f.value);
        n++;
        if (kept.id == A407_FIELD_OTHER && f.value.n > best.n)
            best = f.value;
    }
    return best.n || a407_span_ieq(line, usual) ? best : line;
}

void a407_event_set_page(struct a407_event *ev, struct a407_body at,
                         struct a407_span body)
{
    char *text = malloc(TEXT_MAX); /* some stacks are small */
    struct a407_buf content;
    if (!text)
        return;
    a407_buf_init(&content, BODY_MAX);
    a407_body_feed_to(&at, body.p, body.n, collect, &content);
    struct a407_span page = a407_span(content.p, content.n);
    if (page.n && !memchr(page.p, '\0', page.n)) { /* UTF-16, gzip, ... */
        a407_page_text(page, '\n', text, TEXT_MAX);
        hear(ev, a407_span_str(text));
        if (text[0])
            a407_page_text(page, ' ', ev->message, sizeof ev->message);
    }
    a407_buf_free(&content);
    free(text);
}

bool a407_event_set_words(struct a407_event *ev, struct a407_span head,
                          struct a407_span body)
{
    struct a407_response r;
    struct a407_body at;
    char before[sizeof ev->message];
    ev->said = A407_CAUSE_NONE;
    ev->said_words[0] = '\0';
    memcpy(before, ev->message, sizeof before);
    a407_page_text(hear_head(ev, head), ' ', ev->message, sizeof ev->message);
    if (!ev->message[0]) /* a leg of a handshake mostly has no words */
        memcpy(ev->message, before, sizeof before);
    if (!is_readable(head) ||
        !a407_response_parse(head.p, head.n, false, false, &r))
        return false;
    a407_body_init(&at, r.body, r.length);
    if (body.n)
        a407_event_set_page(ev, at, body);
    return !body.n && !at.done;
}

/* ---- the program's own ---- */

void a407_event_set_client(struct a407_event *ev, struct a407_span value)
{
    struct a407_client_auth c;
    a407_client_auth_read(value, &c);
    ev->client_sent = true;
    memcpy(ev->client_scheme, c.scheme, sizeof ev->client_scheme);
    memcpy(ev->client_user, c.user, sizeof ev->client_user);
    memcpy(ev->client_domain, c.domain, sizeof ev->client_domain);
}

/* ---- hiding ---- */

#define HIDE(text) a407_text_hide(text, sizeof text, secret)

static void hide_challenge(struct a407_event_challenge *c,
                           struct a407_span secret)
{
    HIDE(c->scheme);
    HIDE(c->realm);
    HIDE(c->algorithm);
    HIDE(c->qop);
    HIDE(c->charset);
    HIDE(c->error);
    HIDE(c->error_description);
    HIDE(c->scope);
}

static void hide_words(struct a407_event *ev, struct a407_span secret)
{
    HIDE(ev->message);
    HIDE(ev->said_words);
}

void a407_event_hide(struct a407_event *ev, struct a407_span secret)
{
    struct a407_event_answer *a = &ev->answer;
    if (!secret.p)
        return;
    for (size_t i = 0; i < ev->n_challenges && i < A407_EVENT_CHALLENGES; i++)
        hide_challenge(&ev->challenges[i], secret);
    for (size_t i = 0; i < a->n_fields; i++)
        HIDE(a->fields[i].value);
    for (size_t i = 0; i < a->n_statuses; i++) {
        HIDE(a->statuses[i].name);
        HIDE(a->statuses[i].error);
        HIDE(a->statuses[i].next_hop);
        HIDE(a->statuses[i].details);
    }
    HIDE(ev->detail);
    hide_words(ev, secret);
    /* a page that shows it has lost its markup and blanks */
    char text[sizeof ev->message];
    a407_page_text(secret, ' ', text, sizeof text);
    hide_words(ev, a407_span_str(text));
    a407_wipe(text, sizeof text);
}
