# SPDX-License-Identifier: MIT
"""Proxies that proxy407 is not: one that echoes what it was sent, and one that
speaks just enough NTLM to be sent all three messages."""
import base64
import re
import struct

from scripted import Scripted


class Proxy(Scripted):
    """Reads each request whole, and gives `answer` to its head."""

    def __init__(self):
        super().__init__(None, self._talk)

    def _talk(self, peer):
        peer.sock.settimeout(20)
        while head := peer.head().strip():
            length = re.search(rb"(?i)\ncontent-length: *(\d+)", head)
            peer.body(int(length.group(1)) if length else 0)
            peer.say(self.answer(head))
            if b"connection: close" in head.lower():
                peer.close()
                return

    @property
    def sent(self):
        """All that clients said."""
        return b"".join(peer.got for peer in self.peers)

    def answer(self, head):
        """The bytes of an answer to that head."""
        raise NotImplementedError


def authorization(head):
    found = re.search(rb"(?i)\r\nproxy-authorization: *([^\r\n]*)", head)
    return found.group(1) if found else b""


class Echo(Proxy):
    """Refuses everybody, and shows each what it was sent, in every field."""

    def answer(self, head):
        line = b" ".join(head.split(b"\r\n"))[:900].replace(b'"', b"'")
        credential = authorization(head)
        plain = b""
        if credential.lower().startswith(b"basic "):
            plain = base64.b64decode(credential[6:] + b"==")
        shown = plain + b" " + credential + b" " + line
        password = plain.partition(b":")[2]
        spelled = b" ".join((
            b"".join(b"%%%02X" % c for c in password), password.hex().encode(),
            b"".join(b"\\x%02x" % c for c in password),
            base64.b64encode(password).rstrip(b"=")))
        body = b"<h1>Refused</h1>" + spelled + b" " + shown
        fields = [b'Proxy-Authenticate: Basic realm="' + shown[:200] + b'"',
                  b'Proxy-Authenticate: Bearer realm="r", error="' +
                  credential[:80] + b'", error_description="' + shown[:200] +
                  b'", scope="' + plain + b'"',
                  b"Via: 1.1 " + shown, b"Server: " + plain,
                  b"Proxy-Agent: " + credential,
                  b"X-Squid-Error: ERR_CACHE_ACCESS_DENIED " + shown,
                  b"X-Echo-Error: " + spelled,
                  b'Proxy-Status: echo; error=x; next-hop="' + plain +
                  b'"; details="' + shown.replace(b"\\", b"")[:400] + b'"']
        return (b"HTTP/1.1 407 " + plain + b"\r\n" + b"\r\n".join(fields) +
                b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def challenge_message():
    """MS-NLMP section 2.2.1.2, with a target name and target information."""
    name = "CORP".encode("utf-16-le")
    info = struct.pack("<HH", 2, len(name)) + name + struct.pack("<HH", 0, 0)
    flags = 0x00000001 | 0x00000200 | 0x00008000 | 0x00010000 | 0x00080000 | \
        0x00800000 | 0x20000000
    fixed = 56
    return (b"NTLMSSP\0" + struct.pack("<I", 2) +
            struct.pack("<HHI", len(name), len(name), fixed) +
            struct.pack("<I", flags) + bytes(range(1, 9)) + bytes(8) +
            struct.pack("<HHI", len(info), len(info), fixed + len(name)) +
            b"\6\1\xb1\x1d\0\0\0\x0f" + name + info)


class Ntlm(Proxy):
    """Takes any Type 3 message for right, or none."""

    def __init__(self, accepts=True):
        self.accepts = accepts
        self.last = False  # a Type 3 message came
        super().__init__()

    def answer(self, head):
        credential = authorization(head)
        message = b""
        if credential.startswith(b"NTLM "):
            message = base64.b64decode(credential[5:] + b"==")
        kind = struct.unpack_from("<I", message, 8)[0] if len(message) > 12 \
            else 0
        self.last = self.last or kind == 3
        if kind == 3 and self.accepts:
            return b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"
        challenge = b"NTLM"
        if kind == 1:
            challenge += b" " + base64.b64encode(challenge_message())
        return (b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                b"Proxy-Authenticate: " + challenge +
                b"\r\nContent-Length: 6\r\n\r\nsorry\n")
