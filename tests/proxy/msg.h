/* SPDX-License-Identifier: MIT */
#ifndef FX_MSG_H
#define FX_MSG_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"
#include "wire.h"

#define MSG_FIELDS 128

/*
 * One HTTP/1.x head, cut into strings, and the content that followed it. All
 * of it is the fixtures' own reading of RFC 9112: nothing of core/ is used,
 * so that the two can disagree.
 */
struct msg {
    char *head;          /* owned; the strings below point into it */
    char *word[3];       /* the start line: METHOD TARGET VERSION, or
                            VERSION STATUS REASON */
    const char *version; /* "HTTP/1.1" */
    struct {
        char *name, *value;
    } field[MSG_FIELDS];
    size_t n_fields;
    struct text body;
    bool body_read; /* false: it was left on the wire */
};

/* Reads a request head. False: the stream ended or it is not HTTP. */
bool msg_request(struct msg *m, struct wire *w);

/* Reads a response head. */
bool msg_response(struct msg *m, struct wire *w);

void msg_free(struct msg *m);

/* The value of the first field of that name, or NULL. */
const char *msg_field(const struct msg *m, const char *name);
size_t msg_count(const struct msg *m, const char *name);

/* Whether a comma-separated field holds the token (any case). */
bool msg_has_token(const struct msg *m, const char *name, const char *token);

/* Whether content follows the head of a request (RFC 9112 section 6.3). */
bool msg_has_body(const struct msg *m);

/* Reads the content of a request into m->body. False: cut short or broken. */
bool msg_read_body(struct msg *m, struct wire *w);

/* Whether the client wants the connection kept (RFC 9112 section 9.3). */
bool msg_keep_alive(const struct msg *m);

/* Whether the field belongs to one connection only and is not passed on. */
bool msg_hop_by_hop(const char *name);

#endif
