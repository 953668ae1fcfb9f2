# SPDX-License-Identifier: MIT
"""Secrets that a test plants, and the forms in which one could come out."""
import base64
import hashlib
import random
import re
import string
import urllib.parse

ALPHABET = string.ascii_letters + string.digits


def _inside(raw, encode, group, chars):
    """The encodings of raw inside of something longer, at each alignment: the
    part that does not depend on what stands around it. `group` bytes become
    `chars` characters."""
    for before in range(group):
        text = encode(b"\0" * before + raw + b"\0" * group)
        first = -(-before * chars // group)
        last = (before + len(raw)) * chars // group
        yield text[first:last]


def _base64(raw):
    yield from _inside(raw, base64.b64encode, 3, 4)
    yield from _inside(raw, base64.urlsafe_b64encode, 3, 4)


def _hex(raw):
    digits = raw.hex()
    yield digits.encode()
    yield digits.upper().encode()
    for before in ("\\x", "%", " ", ":", "\\u00"):
        for text in (digits, digits.upper()):
            pairs = re.findall("..", text)
            yield before.join([""] + pairs if len(before) > 1 or
                              before == "%" else pairs).encode()


def _digests(raw):
    for name in ("md5", "sha1", "sha256", "sha512"):
        yield hashlib.new(name, raw).digest()
    try:
        yield hashlib.new("md4", raw.decode().encode("utf-16-le")).digest()
    except ValueError:
        pass  # OpenSSL without MD4: no NT hash


class Secret:
    """`where` tells in which place it stood; `value` is all of it."""

    def __init__(self, where, value=None):
        self.where = where
        self.value = value or "".join(
            random.SystemRandom().choices(ALPHABET, k=18))
        self.raw = self.value.encode()
        self.forms = dict(self._forms())

    def _forms(self):
        """Yields (bytes, the form's name)."""
        raw, text = self.raw, self.value
        wide = {"UTF-16LE": text.encode("utf-16-le"),
                "UTF-16BE": text.encode("utf-16-be")}
        yield raw, "as it is"
        yield raw[::-1], "backwards"
        yield raw.lower(), "in lower case"
        yield raw.upper(), "in upper case"
        for name, form in {"as it is": raw, **wide}.items():
            for x in _base64(form):
                yield x, "base64 of " + name
            for x in _hex(form):
                yield x, "hex of " + name
        yield from ((x, name) for name, x in wide.items())
        for quoted in (urllib.parse.quote(text, safe=""),
                       urllib.parse.quote_plus(text),
                       urllib.parse.quote(text, safe="").lower()):
            yield quoted.encode(), "percent-encoded"
        yield base64.b32encode(raw).rstrip(b"="), "base32"
        for digest in _digests(raw):
            yield digest, "a digest"
            yield digest.hex().encode(), "a digest in hex"
            yield base64.b64encode(digest).rstrip(b"="), "a digest in base64"

    def found_in(self, data):
        """The name of the form that is in there, or None."""
        for form, name in self.forms.items():
            if form in data:
                return name
        return None


def ha1(user, realm, password):
    """Digest's H(A1), which is as good as the password (RFC 7616 section 5.3):
    a secret to look for."""
    return [Secret("H(A1)", hashlib.new(name, f"{user}:{realm}:{password}"
                                        .encode()).hexdigest())
            for name in ("md5", "sha256")]
