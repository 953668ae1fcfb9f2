# SPDX-License-Identifier: MIT
"""Hook tests of streams: what a call says was written must arrive, and a 407
that is given back must be read, whole or with an error that says so."""

import os
import re
import socket

from harness import read_bytes
from scripted import BASIC, BASIC_ONLY, OK, OURS, Scripted, refusal

ERRORS = ("EPIPE", "ETIMEDOUT", "ECONNRESET", "EAGAIN")
HEAD_N = 60000  # v_cut.c's
READ_N = 10240


# ---- a request that is cut ----

def stall(pause_s):
    """Lets the first request in; of a long head it reads a part, and the rest
    after a pause."""
    def serve(peer):
        peer.fill(READ_N)
        while b"/login" in peer.got:
            head = peer.head()
            if not head:
                return
            peer.say(OK if b"Basic" in head or serve.bare else refusal())
        while len(peer.got) < READ_N and peer.fill(READ_N - len(peer.got)):
            pass
        peer.proxy.stopped.wait(pause_s)
        peer.sock.settimeout(1)
        try:
            peer.rest()
        except TimeoutError:
            peer.end = "open"
        peer.proxy.log(f"ended {peer.end}")
        peer.proxy.stopped.wait(5)
    serve.bare = False
    return serve


def cut(h, mode, pause_s, library=True):
    """What the proxy got is all that was said to be sent, or an error was
    told, and the connection is at an end."""
    folder = h.new_folder()
    serve = stall(pause_s)
    serve.bare = not library
    with Scripted(folder, serve, 4096) as proxy:
        out, bad = h.launch(folder, proxy, "cut", mode,
                            (*BASIC_ONLY, ("AUTH407_TIMEOUT", "1")),
                            library=library)
        peer = proxy.peers[-1]
        wire = OURS.sub(b"", peer.got)
    told = read_bytes(folder / "sent")
    says = next((line[6:] for line in out.splitlines()
                 if line.startswith("send: ")), "nothing")
    story = (f"the call: {says}; said to be sent {len(told)}, arrived "
             f"{len(wire)}, then {peer.end}")
    if says == "all" and wire == told and b"\r\n\r\n" in wire:
        return bad  # it is all there, and what came later behind it
    # to a program that does not block it counts as sent, like what the kernel
    # has taken and has not brought out
    taken = HEAD_N if library and mode == "poll" else 0
    if says not in (("all",) if taken else ERRORS):
        bad.append("a head that was cut counts as sent: " + story)
    if len(told) > taken:
        bad.append("bytes behind an error count as sent: " + story)
    if b"smuggled" in wire:
        bad.append("later bytes came behind a head that was cut: " + story)
    if peer.end not in ("eof", "reset"):
        bad.append("the connection goes on: " + story)
    return bad


def cut_short_pause(h, mode, library):
    """The proxy goes on in time: all of it arrives."""
    folder = h.new_folder()
    serve = stall(0.5)
    serve.bare = not library
    with Scripted(folder, serve, 4096) as proxy:
        out, bad = h.launch(folder, proxy, "cut", mode,
                            (*BASIC_ONLY, ("AUTH407_TIMEOUT", "5")),
                            library=library)
        wire = OURS.sub(b"", proxy.peers[-1].got)
    told = read_bytes(folder / "sent")
    if "send: all" not in out or wire != told or len(told) < 60000:
        bad.append(f"{out}said to be sent {len(told)}, arrived {len(wire)}")
    return bad


# ---- a head whose rest somebody else writes, or nobody ----

PARTS = ("closed", "replaced", "shut-write", "shut-both", "ends", "executes",
         "hands-on", "child-goes-on", "child-ends")


def part(h, mode):
    """The proxy gets the same as without the library, but for our headers."""
    wire, bad = [], []
    for library in (False, True):
        folder = h.new_folder()

        def serve(peer, bare=not library):
            while head := peer.head():
                first = b"/part" not in head and b"Basic" not in head
                peer.say(refusal() if first and not bare else OK)

        with Scripted(folder, serve) as proxy:
            _, wrong = h.launch(folder, proxy, "part", mode, BASIC_ONLY,
                                library=library)
            proxy.threads[0].join(5)
            peer = proxy.peers[0]
            got = OURS.sub(b"", peer.got)
        wire.append(got[got.rfind(b"GET"):])
        bad += wrong
    if len(wire[0]) < 20 or wire[0] != wire[1]:
        bad.append(f"without the library it gets {wire[0]!r}, with {wire[1]!r}")
    return bad


# ---- a 407 that is given back ----

def chunked(body):
    pieces = [body[i:i + 30000] for i in range(0, len(body), 30000)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + \
        b"0\r\n\r\n"


def unanswerable(size, framing):
    """Every byte of a 407 behind which the connection ends."""
    body = bytes((i * 7 + (i >> 9)) & 255 for i in range(size))
    field = {"length": f"Content-Length: {size}\r\n",
             "chunked": "Transfer-Encoding: chunked\r\n",
             "close": ""}[framing]
    return ("HTTP/1.1 407 Proxy Authentication Required\r\n"
            f"{BASIC}{field}Connection: close\r\n\r\n").encode() + \
        (chunked(body) if framing == "chunked" else body)


def given_back(h, way, size, framing, library=True):
    """The program reads the 407 that was taken, whole, and then the end."""
    folder = h.new_folder()
    answer = unanswerable(size, framing)

    def serve(peer):
        peer.head()
        peer.proxy.refuse_more()
        peer.say(answer)
        peer.close()

    with Scripted(folder, serve) as proxy:
        out, bad = h.launch(folder, proxy, "givenback", way, BASIC_ONLY,
                            ("stockbuf",), library)
    raw = read_bytes(folder / "raw")
    lines = out.splitlines()
    if not lines or not lines[0].startswith("answer 407") or \
            lines[-2:] != ["the end", "done"] or "cut short" in out:
        bad.append(out)
    if raw != answer:
        same = len(os.path.commonprefix([raw, answer]))
        bad.append(f"read {len(raw)} bytes of {len(answer)}, the first {same} "
                   "are right")
    return bad


# ---- urgent bytes ----

def inline(peer):
    """Reads urgent bytes where they stand, and asks for a login."""
    while True:
        head = peer.head()
        if not head:
            return
        length = re.search(rb"Content-Length: (\d+)", head)
        if length:
            peer.body(int(length[1]))
        peer.say(OK if b"Basic" in head else refusal())


def urgent(h, mode):
    """A stream with an urgent byte is the program's alone from that byte on:
    nothing is put into it or repeated, and nothing changes places."""
    folder = h.new_folder()
    with Scripted(folder, inline) as proxy:
        proxy.sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        out, bad = h.launch(folder, proxy, "urgent", mode, BASIC_ONLY)
        peers = [p for p in proxy.peers if b"!" in p.got]
        last = proxy.peers[-1].got
    sent = read_bytes(folder / "sent")
    before, _, behind = sent.partition(b"!")
    wire = peers[0].got if peers else b""
    if not out.endswith("done\n"):
        bad.append(out)
    if len(peers) != 1 or wire != last:
        bad.append(f"it came on {len(peers)} connections; then {last!r}")
    if not wire.endswith(b"!" + behind):
        bad.append(f"wrote {b'!' + behind!r}, arrived {wire!r}")
    if mode != "between" and not wire.startswith(before + b"!"):
        bad.append(f"wrote {before + b'!'!r} first, arrived {wire!r}")
    return bad


def tests():
    """(name, function of the harness) of each."""
    for mode in ("block", "poll"):
        for library in (False, True):
            yield (f"cut {mode}: the proxy reads on in time"
                   f"{'' if library else ', no library'}",
                   lambda h, m=mode, y=library: cut_short_pause(h, m, y))
        yield (f"cut {mode}: a head that the proxy stops reading",
               lambda h, m=mode: cut(h, m, 2.5))
    for mode in PARTS:
        yield f"part {mode}: a part of a head", lambda h, m=mode: part(h, m)
    for mode in ("before", "between", "head", "body"):
        yield (f"urgent {mode}: an urgent byte",
               lambda h, m=mode: urgent(h, m))
    for way in ("block", "poll", "edge"):
        yield (f"given back, {way}: 1000000 length, no library",
               lambda h, w=way: given_back(h, w, 1000000, "length", False))
        for size in (100000, 400000, 500000, 1000000):
            for framing in ("length", "chunked", "close"):
                yield (f"given back, {way}: {size} {framing}",
                       lambda h, w=way, s=size, f=framing:
                       given_back(h, w, s, f))
