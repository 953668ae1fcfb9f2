#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The proxy's side of a handshake: libgssapi's acceptor, and one that speaks
SPNEGO (RFC 4178) itself, so that it can ask for a second leg. Reads lines
"new [legs]" and "token BASE64", and says "continue B64", "complete B64 NAME"
or "failed WHY". KRB5_KTNAME names its keys."""

import base64
import sys

import gssapi

KRB5 = gssapi.OID.from_int_seq("1.2.840.113554.1.2.2")
SPNEGO = bytes.fromhex("06062b0601050502")
KRB5_DER = bytes.fromhex("06092a864886f712010202")


# ---- DER

def wrap(tag, body):
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def read(data):
    """tag, body, and what stands behind it."""
    tag, n, at = data[0], data[1], 2
    if n & 0x80:
        count = n & 0x7f
        n, at = int.from_bytes(data[2:2 + count], "big"), 2 + count
    return tag, data[at:at + n], data[at + n:]


def children(data):
    while data:
        tag, body, data = read(data)
        yield tag, body


def first_message(token):
    """The list of mechanisms, with its tag, and the mechanism's token."""
    tag, body, _ = read(token)
    assert tag == 0x60 and body.startswith(SPNEGO), "no NegTokenInit"
    fields = dict(children(read(read(body[len(SPNEGO):])[1])[1]))
    return fields[0xa0], read(fields[0xa2])[1]


def later_message(token):
    """The MIC of a NegTokenResp."""
    fields = dict(children(read(read(token)[1])[1]))
    return read(fields[0xa3])[1]


def answer(state, token=None, mic=None, mech=True):
    fields = wrap(0xa0, bytes([0x0a, 1, state]))
    if mech:
        fields += wrap(0xa1, KRB5_DER)
    if token is not None:
        fields += wrap(0xa2, wrap(0x04, token))
    if mic is not None:
        fields += wrap(0xa3, wrap(0x04, mic))
    return wrap(0xa1, wrap(0x30, fields))


# ---- acceptors

class Plain:
    def __init__(self):
        self.context = gssapi.SecurityContext(usage="accept")

    def step(self, token):
        reply = self.context.step(token) or b""
        return self.context.complete, reply, self.context.initiator_name


class Legs(Plain):
    """Signs the list of mechanisms, and wants that of the other side: a second
    leg."""
    def __init__(self):
        super().__init__()
        self.mechanisms = None

    def step(self, token):
        if self.mechanisms is None:
            self.mechanisms, inner = first_message(token)
            reply = self.context.step(inner)
            mic = self.context.get_signature(self.mechanisms)
            return False, answer(1, reply, mic), None  # accept-incomplete
        self.context.verify_signature(self.mechanisms, later_message(token))
        return True, answer(0, mech=False), self.context.initiator_name


class Unproved(Plain):
    """Accepts, and proves nothing of itself."""
    def step(self, token):
        super().step(token)
        return True, answer(0), self.context.initiator_name


KINDS = {"plain": Plain, "legs": Legs, "unproved": Unproved}


def main():
    acceptor = None
    for line in sys.stdin:
        verb, what = line.split()
        try:
            if verb == "new":
                acceptor = KINDS[what]()
                print("ok", flush=True)
                continue
            done, reply, name = acceptor.step(base64.b64decode(what))
            text = base64.b64encode(reply).decode() or "-"
            print(f"complete {text} {name}" if done else f"continue {text}",
                  flush=True)
        except (gssapi.exceptions.GSSError, AssertionError) as e:
            print("failed", str(e).replace("\n", " "), flush=True)


main()
