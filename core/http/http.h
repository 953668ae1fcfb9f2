/* SPDX-License-Identifier: MIT */
#ifndef A407_HTTP_H
#define A407_HTTP_H

#include "core/base/span.h"

/*
 * HTTP/1.x message heads and body framing (RFC 9112), as pure functions over
 * bytes. Nothing here allocates, blocks or keeps state outside its arguments.
 * Every span points into the caller's buffer.
 */

/* Why 64 KiB: a Kerberos token with a large PAC needs some 48 KiB in base64. */
#define A407_HEAD_MAX 65536u

/* How long a message's body is (RFC 9112 section 6.3). */
enum a407_body_kind {
    A407_BODY_NONE,
    A407_BODY_LENGTH,
    A407_BODY_CHUNKED,
    A407_BODY_CLOSE /* responses only: until the connection closes */
};

/* A request's target (RFC 9112 section 3.2): the first two go to proxies. */
enum a407_target_form {
    A407_FORM_AUTHORITY, /* CONNECT host:port */
    A407_FORM_ABSOLUTE,  /* METHOD scheme://... */
    A407_FORM_OTHER
};

struct a407_request {
    struct a407_span method;
    struct a407_span target;
    enum a407_target_form form;
    int minor; /* HTTP/1.minor */
    enum a407_body_kind body;
    uint64_t length; /* bytes, for A407_BODY_LENGTH */
    bool keep_alive; /* what the client asked for (RFC 9112 section 9.3) */
    bool expect_continue;
    bool is_head;
    bool is_connect;
    struct a407_span proxy_authorization; /* value of the first such field */
    unsigned n_proxy_authorization;       /* how many such fields there are */
};

struct a407_response {
    int status;
    int minor;
    enum a407_body_kind body;
    uint64_t length;
    bool keep_alive; /* another request may follow on the connection */
};

/* One field line. A folded value (obs-fold) keeps its CRLF and blanks. */
struct a407_field {
    struct a407_span name;
    struct a407_span value; /* trimmed */
    struct a407_span line;  /* the whole line or lines, with the line end */
};

/* What the first bytes of a response are. */
enum a407_sniff {
    A407_SNIFF_NO,      /* no HTTP/1.x 407, and they can't become one */
    A407_SNIFF_MAYBE,   /* a true prefix of one */
    A407_SNIFF_INTERIM, /* a 1xx (RFC 9110 section 15.2): a head follows */
    A407_SNIFF_YES      /* "HTTP/1.x 407" and the blank or line end after it */
};
enum a407_sniff a407_sniff_407(const char *p, size_t n);

/*
 * The same of the first bytes that a program writes, where YES is a request
 * line for a proxy, complete up to " HTTP/1.": CONNECT with host:port, or a
 * method and an absolute URI. Anything else (TLS, SOCKS, origin-form) is NO at
 * the first byte that tells, at the latest beyond A407_HEAD_MAX. An empty line
 * in front is skipped (RFC 9112 section 2.2).
 */
enum a407_sniff a407_sniff_proxy_request(const char *p, size_t n);

/*
 * The length of a head, its blank line included; 0 while it is incomplete. CRLF
 * and bare LF both end lines (RFC 9112 section 2.2). `*from`, 0 at first, is
 * where the search goes on when there are more bytes.
 */
size_t a407_head_end(const char *p, size_t n, size_t *from);

/*
 * Steps over the fields of a complete head; `*at` is 0 at first. The start line
 * is skipped, and so is a line that is no field: without a colon, or with a
 * name that is no token. False at the end.
 */
bool a407_field_next(const char *p, size_t n, size_t *at, struct a407_field *f);

/* The value of the first field of that name; p is NULL if there is none. */
struct a407_span a407_field_find(const char *p, size_t n, const char *name);

/* Parses a complete request head. False: no HTTP/1.x request line, or a framing
   that two readers could understand differently (RFC 9112 section 6.3). */
bool a407_request_parse(const char *p, size_t n, struct a407_request *out);

/*
 * Parses a complete response head, with any reason phrase or none. There is no
 * body in answer to HEAD, with 1xx, 204, 304, and with a 2xx to CONNECT,
 * whatever its fields say (RFC 9112 section 6.3).
 */
bool a407_response_parse(const char *p, size_t n, bool is_head, bool is_connect,
                         struct a407_response *out);

/* A body as it passes: where it ends. Fixed size, copyable. */
struct a407_body {
    enum a407_body_kind kind;
    uint64_t left;  /* LENGTH: bytes to come; CHUNKED: of this chunk */
    uint8_t state;  /* CHUNKED: position in the grammar, private */
    uint8_t digits; /* CHUNKED: hex digits seen in this size line */
    bool done;      /* the last byte of the body has passed */
    bool bad;       /* the framing broke; no end can be told any more */
};

/* Starts a body. NONE, and LENGTH of 0, are done at once. */
void a407_body_init(struct a407_body *b, enum a407_body_kind kind,
                    uint64_t length);

/* Takes the next n bytes. Returns how many of them belong to the body (all,
   unless it ended). On broken chunk framing sets bad and returns n. */
size_t a407_body_feed(struct a407_body *b, const char *p, size_t n);

/* The same; `sink`, which may be NULL, is given what is content, not framing:
   the entity-body of auth-int (RFC 7616 section 3.4.3). */
size_t a407_body_feed_to(struct a407_body *b, const char *p, size_t n,
                         void (*sink)(void *ctx, const char *p, size_t n),
                         void *ctx);

/* How many bytes surely belong to the body from here: a bound for a read. */
uint64_t a407_body_sure(const struct a407_body *b);

/* How many bytes from here are content whatever they are, and not the last of
   it: they need not be fed, but passed over by their number. */
uint64_t a407_body_skippable(const struct a407_body *b);
void a407_body_skip(struct a407_body *b, uint64_t n);

#endif
