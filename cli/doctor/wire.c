/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "core/http/challenge.h"
#include "core/http/http.h"
#include "host/clock.h"

/* Of a body: enough for the words of any proxy's page. */
#define BODY_MAX   16384u
#define ANSWER_MAX (A407_HEAD_MAX + BODY_MAX)
/* The head is what counts: little is waited for behind it, all in all and for
   each part. */
#define BODY_MS  2000
#define PAUSE_MS 300

void a407_answer_read(struct a407_answer *a, char *bytes, size_t n)
{
    struct a407_response head;
    size_t from = 0;

    a->bytes = bytes;
    a->n = n;
    a->head = n ? a407_head_end(bytes, n, &from) : 0;
    if (a->head && a407_response_parse(bytes, a->head, false, false, &head))
        a->status = head.status;
}

bool a407_answer_whole(const char *bytes, size_t n, size_t head)
{
    struct a407_response r;

    return a407_response_parse(bytes, head, false, false, &r) &&
           (r.body == A407_BODY_NONE ||
            (r.body == A407_BODY_LENGTH && n - head >= r.length));
}

static int64_t sooner(int64_t until, int ms)
{
    int64_t then = a407_now_ms() + ms;

    return then < until ? then : until;
}

/* Reads to the end, or as long as it pays. Returns what came. */
static size_t read_all(struct a407_stream *s, char *to, int ms, int *error)
{
    int64_t until = a407_now_ms() + ms, soon = until;
    size_t n = 0, from = 0, head = 0;
    ssize_t k = -1;

    errno = EAGAIN;
    while (n < ANSWER_MAX && !(head && a407_answer_whole(to, n, head))) {
        if (k < 0 &&
            (errno != EAGAIN || !a407_stream_wait(s->fd, POLLIN, soon)))
            break;
        k = a407_stream_read(s, to + n, ANSWER_MAX - n);
        if (k == 0)
            break;
        if (k < 0)
            continue;
        n += (size_t)k;
        if (!head && (head = a407_head_end(to, n, &from)))
            until = sooner(until, BODY_MS);
        soon = head ? sooner(until, PAUSE_MS) : until;
    }
    *error = k < 0 && !head ? errno : 0;
    return n;
}

void a407_wire_ask(const struct a407_peer *to, struct a407_span bytes, int ms,
                   struct a407_answer *out)
{
    char *got = malloc(ANSWER_MAX);
    struct a407_stream s;

    *out = (struct a407_answer){.at_us = a407_clock_us(CLOCK_REALTIME)};
    a407_stream_open(&s, to, a407_now_ms() + A407_CONNECT_MS);
    if (s.fd < 0 || !got || a407_stream_write(&s, bytes.p, bytes.n) < 0)
        out->error = errno;
    a407_socket_source(s.fd, &out->source);
    if (!out->error)
        a407_answer_read(out, got, read_all(&s, got, ms, &out->error));
    if (!out->bytes)
        free(got);
    a407_stream_close(&s);
}

void a407_answer_free(struct a407_answer *a)
{
    free(a->bytes);
    *a = (struct a407_answer){0};
}

struct a407_span a407_answer_field(const struct a407_answer *a,
                                   const char *name)
{
    return a->head ? a407_field_find(a->bytes, a->head, name)
                   : a407_span(NULL, 0);
}

const char *a407_text_find(struct a407_span text, const char *word)
{
    size_t n = strlen(word), i;

    for (i = 0; i + n <= text.n; i++)
        if (a407_span_ieq(a407_span(text.p + i, n), word))
            return text.p + i;
    return NULL;
}

bool a407_answer_has(const struct a407_answer *a, const char *name,
                     const char *word)
{
    struct a407_field f;
    size_t at = 0;

    while (a->head && a407_field_next(a->bytes, a->head, &at, &f))
        if (a407_span_ieq(f.name, name) && a407_text_find(f.value, word))
            return true;
    return false;
}

void a407_answer_realm(const struct a407_answer *a, char *out, size_t cap)
{
    struct a407_challenges *list = a407_challenges_new();

    *out = '\0';
    if (list && a->head)
        a407_challenges_parse(a->bytes, a->head, "Proxy-Authenticate", list);
    if (list && list->n &&
        a407_param_text(a407_param_find(&list->item[0], "realm"), out, cap) < 0)
        *out = '\0';
    a407_challenges_free(list);
}

struct a407_span a407_answer_body(const struct a407_answer *a)
{
    return a->head ? a407_span(a->bytes + a->head, a->n - a->head)
                   : a407_span(NULL, 0);
}
