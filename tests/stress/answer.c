/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void answer_start(struct answer *a, const struct plan *p)
{
    *a = (struct answer){.plan = p};
}

static void after_head(struct answer *a)
{
    const struct plan *p = a->plan;
    if (a->status >= 100 && a->status < 200) {
        answer_start(a, p); /* an interim answer: the real one follows */
        return;
    }
    if (a->status != 200) {
        a->bad = a->status == 407 ? "a 407" : "a status that is not 200";
        return;
    }
    a->at = AT_CONTENT;
    if (p->kind == KIND_TUNNEL)
        return;
    if (a->chunked != (p->framing == BY_CHUNKS) ||
        a->sized != (p->framing == BY_LENGTH) || a->closes != p->closes ||
        (a->sized && a->length != p->size))
        a->bad = "a head that is not the planned one";
    a->left = a->length;
    if (a->chunked)
        a->at = AT_CHUNK_SIZE;
    else if (a->sized && !a->left)
        a->at = AT_END;
}

static void head_line(struct answer *a)
{
    const char *z = a->line;
    if (!a->status) {
        if (strncmp(z, "HTTP/1.1 ", 9) != 0)
            a->bad = "no status line";
        a->status = atoi(z + 9);
    } else if (!*z) {
        after_head(a);
    } else if (strncasecmp(z, "Content-Length: ", 16) == 0) {
        a->sized = true;
        a->length = strtoul(z + 16, NULL, 10);
    } else if (strcasecmp(z, "Transfer-Encoding: chunked") == 0) {
        a->chunked = true;
    } else if (strcasecmp(z, "Connection: close") == 0) {
        a->closes = true;
    }
}

static void whole_line(struct answer *a)
{
    switch (a->at) {
    case AT_HEAD:
        head_line(a);
        break;
    case AT_CHUNK_SIZE:
        a->left = strtoul(a->line, NULL, 16);
        a->at = a->left ? AT_CONTENT : AT_TRAILER;
        break;
    case AT_CHUNK_END:
        if (a->line_n)
            a->bad = "a chunk longer than it says";
        a->at = AT_CHUNK_SIZE;
        break;
    default:
        a->at = AT_END;
        break;
    }
}

static void take_line_byte(struct answer *a, char c)
{
    if (c == '\n') {
        if (a->line_n && a->line[a->line_n - 1] == '\r')
            a->line_n--;
        a->line[a->line_n] = 0;
        whole_line(a);
        a->line_n = 0;
    } else if (a->line_n + 1 == sizeof a->line) {
        a->bad = "a line too long";
    } else {
        a->line[a->line_n++] = c;
    }
}

static void take_content(struct answer *a, unsigned char c)
{
    const struct plan *p = a->plan;
    bool tunnel = p->kind == KIND_TUNNEL;
    size_t i = a->content_n++;
    if (i >= (tunnel ? p->body : p->size))
        a->bad = "more content than planned";
    else if (c != (tunnel ? plan_up(p->number, i) : plan_down(p->number, i)))
        a->bad = "content that is altered";
    if (!a->chunked && !a->sized)
        return;
    if (--a->left == 0)
        a->at = a->chunked ? AT_CHUNK_END : AT_END;
}

bool answer_feed(struct answer *a, const char *p, size_t n)
{
    for (size_t i = 0; i < n && !a->bad; i++) {
        if (a->at == AT_END)
            a->bad = "bytes after the end";
        else if (a->at == AT_CONTENT)
            take_content(a, (unsigned char)p[i]);
        else
            take_line_byte(a, p[i]);
    }
    return !a->bad;
}

bool answer_ended(struct answer *a, int error)
{
    const struct plan *p = a->plan;
    size_t expected = p->end == END_WHOLE ? p->size : p->end_at;
    if (a->at == AT_HEAD)
        a->bad = "an end before the head's end";
    else if (p->kind == KIND_TUNNEL)
        a->bad = "an end of the tunnel";
    else if (a->content_n != expected)
        a->bad = "an end at another place than planned";
    else if (error != (p->end == END_RESET ? ECONNRESET : 0))
        a->bad = "an end of another kind than planned";
    else if (p->end == END_WHOLE && p->framing != BY_CLOSE)
        a->bad = "an end that is not planned";
    return !a->bad;
}
