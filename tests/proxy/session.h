/* SPDX-License-Identifier: MIT */
#ifndef FX_SESSION_H
#define FX_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "auth.h"
#include "fault.h"
#include "msg.h"
#include "ntlm.h"
#include "wire.h"

/* All settings of one proxy407. */
struct proxy {
    struct auth auth;
    struct faults faults;
    const char *upstream_host; /* everything goes there, or NULL */
    const char *upstream_port;
    const char *capture; /* path prefix, or NULL */
    int log;             /* descriptor, or -1 */
    unsigned trickle_us;
    unsigned slow_ms;
    bool demo;
    uint16_t port;
};

/* One connection of a client. */
struct session {
    struct proxy *proxy;
    struct wire wire;
    unsigned requests; /* seen so far */
    bool refused;      /* a 407 has been sent */
    struct ntlm ntlm;
};

/* Serves one connection until it ends; takes over fd. */
void session_serve(void *proxy, int fd, unsigned id);

/* Logs one request: what was sent, what was ruled, what is answered. */
void session_log(const struct session *s, const struct msg *rq,
                 const struct ruling *why, int status);

/*
 * Answers with a small text of our own. Returns whether the connection can
 * go on.
 */
bool session_answer(struct session *s, const struct msg *rq, int status,
                    const char *reason, const char *text);

/*
 * refuse.c: answers 407 (or what a fault makes of it). Returns whether the
 * connection can go on.
 */
bool session_refuse(struct session *s, const struct msg *rq,
                    const struct ruling *why);

/* forward.c: passes a request on, and its answer back. As above. */
bool session_forward(struct session *s, const struct msg *rq,
                     const struct ruling *why);

/* tunnel.c: serves a CONNECT until either side closes. */
void session_tunnel(struct session *s, const struct msg *rq,
                    const struct ruling *why);

/* The fields of an accepted answer that are the proxy's own, or "". */
void session_own_fields(struct session *s, struct text *out);

/* dial.c: connects to where the authority (host[:port]) is to be found. */
enum dial { DIAL_OK, DIAL_FORBIDDEN, DIAL_FAILED };
enum dial session_dial(const struct session *s, const char *authority,
                       const char *default_port, int *fd);

/* demo.c: whether the request is for the demonstration's own page. */
bool demo_is_target(const struct proxy *p, const char *authority);
bool demo_answer(struct session *s, const struct msg *rq,
                 const struct ruling *why);

#endif
