# SPDX-License-Identifier: MIT
"""A login, and what comes of it."""

import base64
import urllib.parse

import scripted
from place import SECRET, finds, works
from tap import test

LOGIN = f"alice:{urllib.parse.quote(SECRET, safe='')}"


def proxy(good):
    """A proxy that wants alice's password, and says 200 to its tunnels."""
    header = b"Basic " + base64.b64encode(f"alice:{good}".encode())

    def serve(peer):
        while head := peer.head():
            peer.say(b"HTTP/1.1 200 fine\r\nContent-Length: 0\r\n\r\n"
                     if header in head else scripted.refusal())
    return scripted.Scripted(None, serve)


@test
def right_password():
    """a right password works"""
    with proxy(SECRET) as p:
        works("--yes", f"http://{LOGIN}@127.0.0.1:{p.port}")


@test
def wrong_password():
    """a wrong password is refused"""
    with proxy("another") as p:
        finds("rejected", "--yes", f"http://{LOGIN}@127.0.0.1:{p.port}")


@test
def no_password():
    """no credential at all"""
    with proxy("another") as p:
        finds("no_credential", "--yes", f"http://127.0.0.1:{p.port}")


@test
def nobody_there():
    """nothing listens there, and no such name"""
    finds("proxy_unreachable", "http://127.0.0.1:1")
    finds("proxy_name_not_found", "http://nosuch.invalid:3128")
