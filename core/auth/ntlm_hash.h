/* SPDX-License-Identifier: MIT */
#ifndef A407_NTLM_HASH_H
#define A407_NTLM_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nettle/arcfour.h>

#include "core/base/span.h"

/*
 * The one-way functions and keys of NTLM (MS-NLMP sections 3.3, 3.4 and 6). Who
 * gives memory for a key wipes it.
 */

#define A407_NTLM_KEY_SIZE      16
#define A407_NTLM_RESPONSE_SIZE 24 /* of version 1, and of LM version 2 */
#define A407_NTLM_SIGNATURE     16

/* NTOWFv1: what stands for the password. False: it is not UTF-8, or no
   memory. */
bool a407_ntlm_owf(struct a407_span password, uint8_t out[A407_NTLM_KEY_SIZE]);

/*
 * NTOWFv2 from NTOWFv1, the user's name (taken in upper case) and the domain
 * (taken as it is). False: not UTF-8, or no memory.
 */
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

/*
 * Starts with the exported session key and the negotiated flags, among which
 * EXTENDED_SESSIONSECURITY must be: the older form (section 3.4.4.1) is not
 * made here. Each side has keys of its own.
 */
enum a407_ntlm_side { A407_NTLM_CLIENT, A407_NTLM_SERVER };

void a407_ntlm_signer_init(struct a407_ntlm_signer *s, enum a407_ntlm_side side,
                           uint32_t flags,
                           const uint8_t session_key[A407_NTLM_KEY_SIZE]);

/* Signs the next message: MAC of MS-NLMP section 3.4.4.2. */
void a407_ntlm_sign(struct a407_ntlm_signer *s, struct a407_span message,
                    uint8_t out[A407_NTLM_SIGNATURE]);

#endif
