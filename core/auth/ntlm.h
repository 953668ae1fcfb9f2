/* SPDX-License-Identifier: MIT */
#ifndef A407_NTLM_H
#define A407_NTLM_H

#include <nettle/arcfour.h>

#include "core/base/buf.h"
#include "core/base/bytes.h"
#include "core/base/cause.h"

/* ---- ntlm_hash.c: keys and one-way functions ---- */

/* MS-NLMP sections 3.3, 3.4 and 6. Who gives memory for a key wipes it. */

#define A407_NTLM_KEY_SIZE      16
#define A407_NTLM_RESPONSE_SIZE 24 /* of version 1, and of LM version 2 */
#define A407_NTLM_SIGNATURE     16

/* NTOWFv1, of the password. False: it is not UTF-8, or no memory. */
bool a407_ntlm_owf(struct a407_span password, uint8_t out[A407_NTLM_KEY_SIZE]);

/* NTOWFv2: also of the user's name, in upper case, and the domain. */
bool a407_ntlm_owf_v2(const uint8_t owf[A407_NTLM_KEY_SIZE],
                      struct a407_span user, struct a407_span domain,
                      uint8_t out[A407_NTLM_KEY_SIZE]);

/* DESL: three times DES, keyed with the hash, over 8 bytes. */
void a407_ntlm_desl(const uint8_t key[A407_NTLM_KEY_SIZE],
                    const uint8_t challenge[8],
                    uint8_t out[A407_NTLM_RESPONSE_SIZE]);

/* HMAC-MD5 over `n` parts, one behind the other. */
void a407_ntlm_hmac(const uint8_t key[A407_NTLM_KEY_SIZE],
                    const struct a407_span *parts, size_t n,
                    uint8_t out[A407_NTLM_KEY_SIZE]);

/* RC4 with a key that is used this once, over 16 bytes. */
void a407_ntlm_rc4(const uint8_t key[A407_NTLM_KEY_SIZE],
                   const uint8_t in[A407_NTLM_KEY_SIZE],
                   uint8_t out[A407_NTLM_KEY_SIZE]);

/* What signs the messages of one side (MS-NLMP section 3.4). */
struct a407_ntlm_signer {
    struct arcfour_ctx seal; /* its state runs on from message to message */
    uint8_t key[A407_NTLM_KEY_SIZE];
    uint32_t number; /* of the next message */
    bool sealed;     /* KEY_EXCH: the checksum is encrypted */
};

/* Starts with the exported session key and the negotiated flags, among which
   EXTENDED_SESSIONSECURITY must be. Each side has keys of its own. */
enum a407_ntlm_side { A407_NTLM_CLIENT, A407_NTLM_SERVER };

void a407_ntlm_signer_init(struct a407_ntlm_signer *s, enum a407_ntlm_side side,
                           uint32_t flags,
                           const uint8_t session_key[A407_NTLM_KEY_SIZE]);

/* Signs the next message: MAC of MS-NLMP section 3.4.4.2. */
void a407_ntlm_sign(struct a407_ntlm_signer *s, struct a407_span message,
                    uint8_t out[A407_NTLM_SIGNATURE]);

/* ---- ntlm_message.c: messages ---- */

/* Negotiate flags that are of use here (MS-NLMP section 2.2.2.5). */
#define A407_NTLM_UNICODE     0x00000001u
#define A407_NTLM_OEM         0x00000002u
#define A407_NTLM_TARGET      0x00000004u /* the server is to name itself */
#define A407_NTLM_SIGN        0x00000010u
#define A407_NTLM_NTLM        0x00000200u
#define A407_NTLM_ALWAYS_SIGN 0x00008000u
#define A407_NTLM_ESS         0x00080000u /* extended session security */
#define A407_NTLM_TARGET_INFO 0x00800000u
#define A407_NTLM_VERSION     0x02000000u
#define A407_NTLM_128         0x20000000u
#define A407_NTLM_KEY_EXCH    0x40000000u
#define A407_NTLM_56          0x80000000u

/* Ids of the pairs in target info (MS-NLMP section 2.2.2.1). */
enum a407_ntlm_av {
    A407_AV_EOL = 0,
    A407_AV_FLAGS = 6,
    A407_AV_TIMESTAMP = 7,
    A407_AV_TARGET_NAME = 9,
    A407_AV_CHANNEL_BINDINGS = 10
};

/* Of a message, which goes back in our answer, and so has to fit into a head of
   64 KiB in base64. Real ones have some 300 bytes. */
#define A407_NTLM_MESSAGE_MAX 16384

/* A Type 2, CHALLENGE_MESSAGE. The span points into what was parsed. */
struct a407_ntlm_challenge {
    uint32_t flags;
    uint8_t nonce[8];             /* ServerChallenge */
    struct a407_span target_info; /* p NULL: there is none */
    bool timed;                   /* it holds MsvAvTimestamp: */
    uint8_t time[8];
};

/* What our answer is made of. The caller has checked that texts are UTF-8. */
struct a407_ntlm_login {
    struct a407_span user, password, domain, workstation;
    struct a407_span host; /* of the service "HTTP/host"; p NULL: unknown */
    uint32_t flags;        /* that our Type 1 had */
    bool v1;               /* answer with NTLMv1 */
    int64_t now;           /* seconds since the epoch */
    a407_random_fn *random;
    void *random_ctx;
};

/* What remains of an answer, for SPNEGO. The caller wipes it. */
struct a407_ntlm_result {
    uint32_t flags; /* negotiated */
    bool mic;       /* the message has a MIC */
    uint8_t session_key[A407_NTLM_KEY_SIZE];
};

/* Does it begin as an NTLM message of that type? */
bool a407_ntlm_is(struct a407_span message, uint32_t type);

/* Appends a Type 1, NEGOTIATE_MESSAGE, with these flags. */
bool a407_ntlm_write_negotiate(struct a407_buf *out, uint32_t flags);

/* Reads a Type 2. False: malformed. */
bool a407_ntlm_read_challenge(struct a407_span message,
                              struct a407_ntlm_challenge *out);

/*
 * Appends a Type 3, AUTHENTICATE_MESSAGE, in answer to a Type 2. False, with
 * nothing appended: `*why` is MALFORMED (a name can't be said in the server's
 * character set) or PROTOCOL (too long, malformed, no memory). Allocates.
 */
bool a407_ntlm_write_authenticate(struct a407_buf *out,
                                  const struct a407_ntlm_login *login,
                                  struct a407_span challenge,
                                  struct a407_ntlm_result *result,
                                  enum a407_cause *why);

#endif
