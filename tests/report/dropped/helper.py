#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""squid's helper for NTLM: gss-ntlmssp judges the messages, with the password
in the file that NTLM_USER_FILE names. squid-2.5-ntlmssp is the protocol: YR
begins a handshake, KK goes on; TT asks for more, AF accepts, NA refuses.

curl and Java know nothing of the Version field (MS-NLMP section 2.2.2.10),
which gss-ntlmssp wants in a first message and then expects in the last one, as
its flags have it. So both sides are told that there is none. Of a client that
has it nothing may be changed: its last message signs the others."""

import base64
import struct
import sys

import gssapi

NTLMSSP = gssapi.OID.from_int_seq("1.3.6.1.4.1.311.2.2.10")
NEGOTIATE_LENGTH = 40      # with the Version field
CHALLENGE_FLAGS = 20       # where they stand
NEGOTIATE_VERSION = 0x02000000


def begin():
    mine = gssapi.Credentials(usage="accept", mechs=[NTLMSSP])
    return gssapi.SecurityContext(creds=mine, usage="accept")


def without_version(challenge):
    out = bytearray(challenge)
    flags, = struct.unpack_from("<I", out, CHALLENGE_FLAGS)
    struct.pack_into("<I", out, CHALLENGE_FLAGS, flags & ~NEGOTIATE_VERSION)
    return bytes(out)


def main():
    context, bare = None, False
    for line in sys.stdin:
        verb, _, token = line.strip().partition(" ")
        try:
            message = base64.b64decode(token.split()[0])
            if verb == "YR":
                context, bare = begin(), len(message) < NEGOTIATE_LENGTH
                message = message.ljust(NEGOTIATE_LENGTH, b"\0")
            reply = context.step(message)
            if context.complete:
                # without a domain, the name ends in a NUL
                user = str(context.initiator_name).rstrip("\0")
                print(f"AF {user}", flush=True)
            else:
                reply = without_version(reply) if bare else reply
                print("TT", base64.b64encode(reply).decode(), flush=True)
        except (gssapi.exceptions.GSSError, AttributeError, IndexError,
                ValueError) as e:
            print("NA", str(e).replace("\n", " "), flush=True)


main()
