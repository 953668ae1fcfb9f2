# SPDX-License-Identifier: MIT
"""Hook tests of v_polls.c and v_sets.c: unusual ways to wait for an answer."""

import socket
import time

import waits
from cases import ANY, BASIC, DIGEST, NTLM, NTLM_TOO, Case
from harness import difference, helper
from scripted import OK, Scripted, keeps, refusal

SETS = ("reused", "two-numbers", "copied", "none-left", "pool-edge",
        "pool-once", "changed", "taken-out", "dupped-over", "six-sets",
        "closed-sets", "nested", "nested-edge")


def opens(peer):
    """No login is asked for."""
    while peer.head():
        peer.say(OK)


def late(peer):
    """Neither here, and the answer takes its time."""
    if peer.head():
        time.sleep(1)
        peer.say(OK)
    peer.rest()


def ends(peer):
    """A 407 ends the connection."""
    if b"Basic" in peer.head():
        peer.say(OK)
        peer.rest()
    else:
        # its end comes in the same segment
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        peer.say(refusal(end=True))
        peer.close()


def once_more(peer):
    """A 407 ends the connection, and the next one keeps."""
    head = peer.head()
    if head and b"Basic" not in head:
        peer.say(refusal(end=True))
        peer.close()
    while head:
        peer.say(OK)
        head = peer.head()


def continues(peer, bare=False, end=False):
    """Asks for a body, then for a login, and reads no more of it."""
    head = peer.head()
    peer.say(b"HTTP/1.1 100 Continue\r\n\r\n")
    if bare or b"Basic" in head:
        peer.body(1 << 20)
        peer.say(OK)
        peer.rest()
    else:
        time.sleep(0.3)
        peer.say(refusal(end=end))
        if end:
            peer.close()
        else:
            peer.stand_still()


def continues_bare(peer):
    continues(peer, bare=True)


def continues_ends(peer):
    continues(peer, end=True)


def ends_then_silent(peer):
    if b"Basic" not in peer.head():
        peer.say(refusal(end=True))
        peer.close()
    peer.rest()


def shown(h, mode, serve, library=True, helper=False, after=()):
    """What the victim says before that proxy, and what is wrong."""
    folder = h.new_folder()
    victim = "sets" if mode in SETS else "polls"
    with Scripted(folder, serve, 16384 if "room" in mode else 0) as p:
        more = waits.helper_files(folder, p.port) if helper else ()
        return h.launch(folder, p, victim, mode, (*NTLM_TOO, *more), after,
                        library)


def alike(h, mode, serve, reference=opens, helper=False):
    """As without the library before a proxy that asks for no login."""
    wanted, bad = shown(h, mode, reference, False)
    out, worse = shown(h, mode, serve, True, helper)
    return bad + worse + difference(wanted, out)


def says(h, mode, serve, wanted, helper=False, after=()):
    out, bad = shown(h, mode, serve, True, helper, after)
    return bad + ([] if wanted in out else [f"no {wanted!r}:\n{out}"])


def crowded(h):
    """A helper is quick for those who come first."""
    folder, late_one = h.new_folder(), h.new_folder()
    with Scripted(folder, keeps) as p, Scripted(late_one, keeps) as q:
        # all connections to one proxy share a helper
        more = helper(folder, f"mkdir {folder}/first 2>/dev/null && "
                      "sleep 1.5 || sleep 5")
        out, bad = h.launch(folder, p, "sets", "many", (
            *more, ("http_proxy", f"http://127.0.0.1:{q.port}")))
    return bad + difference("answered: 6, others before them: 0\ndone\n", out)


# mode, the proxy, the proxy of the reference, a slow helper
ALIKE = (
    ("early", ends, opens, False),
    ("early-looked", keeps, late, True),
    ("early-looked", ends, late, True),
    ("no-poll", ends, opens, False),
    ("no-poll", keeps, late, True),
    ("time-for-ever", waits.still, waits.still, False),
    ("as-many", ends, opens, False),
    ("as-many", keeps, late, True),
    ("two-numbers", ends, opens, False),
    ("two-numbers", keeps, late, True),
    ("copied", ends, opens, False),
    ("copied", keeps, late, True),
    ("reused", ends, opens, False),
    ("six-sets", ends, late, True),
    ("six-sets", keeps, late, True),
    ("closed-sets", ends, late, True),
    ("closed-sets", keeps, late, True),
    ("sets-kept", waits.still, waits.still, False),
    ("pool-edge", ends, opens, False),
    ("pool-edge", keeps, opens, False),
    ("pool-once", ends, opens, False),
    ("pool-once", keeps, opens, False),
    ("changed", keeps, late, True),
    ("taken-out", keeps, late, True),
    ("dupped-over", keeps, late, True),
    ("dupped-over", ends, late, True),
    ("nested", keeps, opens, False),
    ("nested", keeps, opens, True),
    ("nested", once_more, opens, False),
    ("nested-edge", keeps, opens, False),
    ("nested-edge", keeps, opens, True),
    ("nested-edge", once_more, opens, False),
    ("room-only", continues, continues_bare, False),
    ("room-only", continues_ends, continues_bare, False),
    ("room-block", continues, continues_bare, False),
    ("room-block", continues_ends, continues_bare, False),
    ("no-events", ends, opens, False),
    ("no-events", keeps, late, True),
    ("by-handler", ends, opens, False),
    ("by-handler", keeps, late, True),
    ("small-stack", ends, opens, False),
    ("small-stack", keeps, opens, True),
)


def cases():
    for mode in ("by-usleep", "in-pieces"):
        for auth in (BASIC, DIGEST, NTLM):
            for faults in ((), ("close-after-407=1",)):
                yield Case("polls", mode, auth, faults, env=NTLM_TOO, extra=ANY,
                           label=" ".join((auth[1], *faults)))


def tests():
    """(name, function of the harness) of each."""
    for case in cases():
        yield case.name, lambda h, c=case: h.judge(c)
    for mode, serve, reference, helper in ALIKE:
        name = serve.__name__ + (", slow helper" if helper else "")
        yield (f"polls, {mode}: {name}",
               lambda h, m=mode, s=serve, r=reference, x=helper: alike(
                   h, m, s, r, x))
    yield "polls, many: those who come first are seen to", crowded
    yield ("polls, none-left: the answer of a helper comes too late",
           lambda h: says(h, "none-left", keeps, "HTTP/1.1 407", helper=True))
    yield ("polls, signal-at-work: it ends the poll",
           lambda h: says(h, "signal-at-work", ends_then_silent,
                          "poll: EINTR, handled 1", after=("sigwork",)))
    for mode in ("pool-edge", "pool-once"):
        yield (f"polls, {mode}: who has sent is slow to say so",
               lambda h, m=mode: says(h, m, ends,
                                      "done 40, futile 0, ends 0",
                                      after=("slowsent",)))
