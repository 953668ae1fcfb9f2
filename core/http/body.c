/* SPDX-License-Identifier: MIT */
#include "lex.h"

/* Where in chunked-body (RFC 9112 section 7.1) the next byte stands. Lines may
   end with bare LF, but not with CR, which other readers could take for an end.
 */
enum chunk_state {
    SIZE,        /* in the hex digits */
    SIZE_END,    /* after them: blanks, then ";" or the line end */
    EXT,         /* in a chunk extension */
    EXT_QUOTED,  /* in its quoted string */
    EXT_ESCAPED, /* after a backslash in there */
    SIZE_LF,     /* CR seen */
    DATA,        /* `left` bytes to come */
    DATA_END,    /* the line end after them */
    DATA_LF,     /* CR seen */
    TRAILER,     /* at the start of a trailer line, or the last line end */
    TRAILER_TEXT,
    TRAILER_LF, /* CR seen after text */
    LAST_LF     /* CR seen: only LF is missing */
};

/* 16 hex digits are 64 bits: more could overflow, and nobody sends them. */
#define DIGITS_MAX 16

/* "0", the line end and the empty trailer's: the least that ends a body. */
#define LAST_CHUNK_MIN 3u

void a407_body_init(struct a407_body *b, enum a407_body_kind kind,
                    uint64_t length)
{
    *b = (struct a407_body){.kind = kind, .state = SIZE};
    if (kind == A407_BODY_LENGTH)
        b->left = length;
    b->done =
        kind == A407_BODY_NONE || (kind == A407_BODY_LENGTH && length == 0);
}

static void size_line_done(struct a407_body *b)
{
    b->state = b->left ? DATA : TRAILER;
    b->digits = 0;
}

/* Bytes of chunk-size and what may follow it in its line. */
static void size_byte(struct a407_body *b, char c)
{
    int v = b->state == SIZE ? a407_hex_value(c) : -1;
    if (v >= 0) {
        if (b->digits == DIGITS_MAX) {
            b->bad = true;
            return;
        }
        b->left = b->left << 4 | (uint64_t)v;
        b->digits++;
    } else if (b->state == SIZE && b->digits == 0) {
        b->bad = true;
    } else if (c == '\n') {
        size_line_done(b);
    } else if (c == '\r') {
        b->state = SIZE_LF;
    } else if (b->state == EXT) {
        if (c == '"')
            b->state = EXT_QUOTED;
    } else if (c == ';') {
        b->state = EXT;
    } else if (c == ' ' || c == '\t') {
        b->state = SIZE_END;
    } else {
        b->bad = true;
    }
}

/* A line end in a quoted string is one for readers that know no quotes. */
static void quoted_byte(struct a407_body *b, char c)
{
    if (c == '\r' || c == '\n')
        b->bad = true;
    else if (b->state == EXT_ESCAPED)
        b->state = EXT_QUOTED;
    else if (c == '\\')
        b->state = EXT_ESCAPED;
    else if (c == '"')
        b->state = EXT;
}

static void trailer_byte(struct a407_body *b, char c)
{
    bool start = b->state == TRAILER;
    if (c == '\n') {
        b->done = start;
        b->state = TRAILER;
    } else if (c == '\r') {
        b->state = start ? LAST_LF : TRAILER_LF;
    } else {
        b->state = TRAILER_TEXT;
    }
}

/* A byte of the framing: anything but chunk-data. */
static void framing_byte(struct a407_body *b, char c)
{
    switch ((enum chunk_state)b->state) {
    case SIZE:
    case SIZE_END:
    case EXT:
        size_byte(b, c);
        return;
    case EXT_QUOTED:
    case EXT_ESCAPED:
        quoted_byte(b, c);
        return;
    case DATA_END:
        b->state = c == '\r' ? DATA_LF : SIZE;
        b->bad = c != '\r' && c != '\n';
        return;
    case TRAILER:
    case TRAILER_TEXT:
        trailer_byte(b, c);
        return;
    case DATA: /* not reached: chunk_data() takes those */
    case SIZE_LF:
    case DATA_LF:
    case TRAILER_LF:
    case LAST_LF:
        break;
    }
    b->bad = c != '\n';
    if (b->state == SIZE_LF)
        size_line_done(b);
    else if (b->state == LAST_LF)
        b->done = !b->bad;
    else
        b->state = b->state == DATA_LF ? SIZE : TRAILER;
}

/* As much of `left` as there is. */
static size_t counted(struct a407_body *b, size_t n)
{
    size_t k = b->left < n ? (size_t)b->left : n;
    b->left -= k;
    return k;
}

static size_t feed_chunked(struct a407_body *b, const char *p, size_t n,
                           void (*sink)(void *ctx, const char *p, size_t n),
                           void *ctx)
{
    size_t i = 0;
    while (i < n && !b->done && !b->bad) {
        if (b->state != DATA) {
            framing_byte(b, p[i++]);
            continue;
        }
        size_t k = counted(b, n - i);
        if (sink)
            sink(ctx, p + i, k);
        i += k;
        if (b->left == 0)
            b->state = DATA_END;
    }
    return b->bad ? n : i;
}

size_t a407_body_feed_to(struct a407_body *b, const char *p, size_t n,
                         void (*sink)(void *ctx, const char *p, size_t n),
                         void *ctx)
{
    if (b->done)
        return 0;
    if (b->bad || n == 0)
        return n;
    if (b->kind == A407_BODY_CHUNKED)
        return feed_chunked(b, p, n, sink, ctx);
    size_t k = n;
    if (b->kind == A407_BODY_LENGTH) {
        k = counted(b, n);
        b->done = b->left == 0;
    }
    if (sink)
        sink(ctx, p, k);
    return k;
}

size_t a407_body_feed(struct a407_body *b, const char *p, size_t n)
{
    return a407_body_feed_to(b, p, n, NULL, NULL);
}

/* From inside a size line whose size so far is `left`, to the body's end. */
static uint64_t sure_from_size(uint64_t left)
{
    if (left == 0)
        return 2;
    uint64_t framing = 2 + LAST_CHUNK_MIN;
    return left > UINT64_MAX - framing ? UINT64_MAX : left + framing;
}

/* The shortest way to the end of the body: with bare LFs, no trailers. */
static uint64_t sure_chunked(const struct a407_body *b)
{
    switch ((enum chunk_state)b->state) {
    case SIZE:
        return b->digits ? sure_from_size(b->left) : LAST_CHUNK_MIN;
    case SIZE_END:
    case EXT:
    case EXT_QUOTED: /* and a quote at least, which is not counted */
    case EXT_ESCAPED:
    case SIZE_LF:
        return sure_from_size(b->left);
    case DATA:
        return sure_from_size(b->left) - 1;
    case DATA_END:
    case DATA_LF:
        return 1 + LAST_CHUNK_MIN;
    case TRAILER_TEXT:
    case TRAILER_LF:
        return 2;
    case TRAILER:
    case LAST_LF:
        break;
    }
    return 1;
}

uint64_t a407_body_sure(const struct a407_body *b)
{
    if (b->done || b->bad)
        return 0;
    switch (b->kind) {
    case A407_BODY_CHUNKED:
        return sure_chunked(b);
    case A407_BODY_LENGTH:
        return b->left;
    case A407_BODY_CLOSE:
        return UINT64_MAX;
    case A407_BODY_NONE:
        break;
    }
    return 0;
}

uint64_t a407_body_skippable(const struct a407_body *b)
{
    if (b->done || b->bad)
        return 0;
    if (b->kind == A407_BODY_CLOSE)
        return UINT64_MAX;
    bool counted = b->kind == A407_BODY_LENGTH ||
                   (b->kind == A407_BODY_CHUNKED && b->state == DATA);
    return counted && b->left ? b->left - 1 : 0;
}

void a407_body_skip(struct a407_body *b, uint64_t n)
{
    if (b->kind != A407_BODY_CLOSE && n <= a407_body_skippable(b))
        b->left -= n;
}
