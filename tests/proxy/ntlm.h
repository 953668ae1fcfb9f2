/* SPDX-License-Identifier: MIT */
#ifndef FX_NTLM_H
#define FX_NTLM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth.h"
#include "fault.h"
#include "text.h"

/*
 * NTLM (MS-NLMP) as a proxy does it: a reading of its own, on nettle alone, for
 * names and passwords in ASCII. What Samba and gss-ntlmssp make of a hash,
 * other tests ask; this is for proxies that are packaged nowhere.
 */

enum ntlm_phase { NTLM_NOTHING, NTLM_ASKED, NTLM_IN };

/* What a connection has said so far. */
struct ntlm {
    enum ntlm_phase phase;
    struct text type1,
        type2;             /* as they went over the wire: the MIC is theirs */
    uint32_t flags;        /* offered in the Type 2 */
    bool wrapped;          /* the client speaks SPNEGO */
    struct text challenge; /* what is to be sent: "NTLM ..."; p NULL: none */
};

/*
 * Rules on a request of that connection. False: it is not about NTLM. A Type 1
 * is ruled AUTH_MISSING, with n->challenge to be sent.
 */
bool ntlm_judge(struct ntlm *n, struct auth *a, struct faults *f,
                const struct msg *rq, struct ruling *out);

/* Whether it carries a Type 1, by either name. */
bool ntlm_begins(const struct msg *rq);

void ntlm_free(struct ntlm *n);

/* ntlm_check.c: a word about a Type 3: "ok", or "ok-...", or what is wrong. */
const char *ntlm_check(const struct ntlm *n, const struct auth *a, bool v1,
                       const struct text *type3, struct ruling *out);

/* Numbers with the low byte first. */
uint32_t ntlm_get16(const char *p);
uint32_t ntlm_get32(const char *p);
void ntlm_put16(struct text *t, uint32_t v);
void ntlm_put32(struct text *t, uint32_t v);

#define NTLM_UNICODE     0x00000001u
#define NTLM_OEM         0x00000002u
#define NTLM_SIGN        0x00000010u
#define NTLM_ESS         0x00080000u
#define NTLM_TARGET_INFO 0x00800000u
#define NTLM_KEY_EXCH    0x40000000u

#endif
