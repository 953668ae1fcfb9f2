# SPDX-License-Identifier: MIT
"""Hook tests of poll, select and epoll_wait: what they say is so, no other call
of a program that does not block sleeps, and they are as exact as without the
library."""

import waits
from cases import ANY, BASIC, DIGEST, NTLM, NTLM_TOO, Case
from harness import difference
from scripted import OK, Scripted, keeps, refusal

LOOPS = ("poll", "select", "epoll", "edge", "oneshot", "blocking", "idle")
FAULTS = ("close-after-407", "close-silently", "trickle", "http10", "big-407",
          "rst", "split-status", "half-close", "interim")


def of(loop, auth, *faults, **more):
    """v_handshake.c is about what the proxy sees."""
    return Case("loop", loop, auth, faults, env=NTLM_TOO, extra=ANY, **more)


def cases():
    for loop in LOOPS:
        for auth in (BASIC, DIGEST, NTLM):
            yield of(loop, auth)
            yield of(loop, auth, "close-after-407=1",
                     label=f"{auth[1]} close-after-407")
        for fault in FAULTS:
            yield of(loop, BASIC, fault)
        yield of(loop, NTLM, "ntlm-close=1", label="ntlm-close")
    for loop in LOOPS[:5]:
        yield of(f"{loop}*100", BASIC, events=(1, 100), unordered=True)
        yield of(f"{loop}*100", NTLM, "close-after-407=1", events=(1, 100),
                 unordered=True, label="ntlm close-after-407")


def answered(h, loop, serve, helper=False, changes=()):
    """One loop before a scripted proxy."""
    folder = h.new_folder()
    with Scripted(folder, serve) as p:
        more = waits.helper_files(folder, p.port) if helper else ()
        out, bad = h.launch(folder, p, "loop", loop, (*more, *changes))
    if not out.endswith("all done\n") or "answer 200" not in out or \
            "asleep for" in out:
        bad.append("not what was wanted:\n" + out)
    return bad


def never_again(peer):
    """A second request on a connection gets no answer."""
    head = peer.head()
    peer.say(OK if b"Basic" in head else refusal())
    waits.still(peer)


def exact(h):
    """The same output with something under way for all of the time, with and
    without the library."""
    outs, bad = [], []
    for library in (False, True):
        folder = h.new_folder()
        with Scripted(folder, waits.still) as p:
            out, wrong = h.launch(
                folder, p, "ready", "", library=library,
                env={"READY_SLACK": str(h.options.timeout_factor)})
        outs.append(out)
        bad += wrong
    return bad + difference(*outs)


def tests():
    """(name, function of the harness) of each."""
    for case in cases():
        yield case.name, lambda h, c=case: h.judge(c)
    yield "readiness: as exact as without the library", exact
    for loop in LOOPS:
        yield (f"readiness, {loop}: a slow helper",
               lambda h, m=loop: answered(h, m, keeps, helper=True))
    for loop in ("poll", "epoll", "edge"):
        yield (f"readiness, {loop}: a repeat that is never answered",
               lambda h, m=loop: answered(
                   h, m, never_again, changes=(("AUTH407_TIMEOUT", "1"),)))
