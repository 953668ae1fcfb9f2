/* SPDX-License-Identifier: MIT */
#ifndef A407_GSS_PROTOCOL_H
#define A407_GSS_PROTOCOL_H

#include "core/base/buf.h"

/*
 * What libauth407.so and its helper auth407-gss say to each other: messages of
 * lines key=value and an empty one at the end. Values hold no NUL, CR or LF;
 * tokens are in base64; unknown keys are passed over. One process makes the
 * tokens of one handshake, and ends when its standard input does.
 *
 * The first message to the helper:
 *
 *     service=HTTP@proxy.test  SERVICE@HOST, or a whole principal HTTP/host or
 *                              HTTP/host@REALM
 *     canonicalize=yes         if the host's name is to go through DNS
 *     username=, domain=, password=, keytab=
 *                              those that there are
 *     limit-ms=9800            how long it may take until it answers
 *
 * Each later one, the proxy's answer:
 *
 *     token=...
 *
 * The helper's answer to each is one of these:
 *
 *     state=continue           a token for the proxy, which has to answer it
 *     token=...
 *     user=alice@KRB.TEST      the principal whose ticket it is from
 *
 *     state=complete           the handshake is over, and the proxy has proved
 *     token=...                who it is; perhaps a last token for it
 *
 *     state=failed             and then nothing more
 *     cause=no_ticket          a code of cause.def
 *     text=...                 in words, without secrets
 */
#define A407_GSS_HELPER "auth407-gss"

#define A407_GSS_END "\n\n" /* of a message */

/* A Kerberos token of 64 KiB in base64, and a path or two. */
#define A407_GSS_MESSAGE_MAX 131072u

/* The longest `text`; with what stands round it a record's detail holds it. */
#define A407_GSS_TEXT_MAX 150

/* The first value of a key, in the message; p NULL if there is none. */
struct a407_span a407_gss_field(struct a407_span message, const char *key);

/* Appends a line. False: it does not fit, or the value holds a line end. */
bool a407_gss_put(struct a407_buf *message, const char *key, const char *value);

/* Appends a line with a token in base64. */
bool a407_gss_put_token(struct a407_buf *message, struct a407_span token);

/* Decodes the message's token into out. False: there is none, or it does not
   fit; then out is as it was. */
bool a407_gss_token(struct a407_span message, struct a407_buf *out);

#endif
