# SPDX-License-Identifier: MIT
"""Hook tests of poll, select and epoll_wait: what they say is so, no other call
of a program that does not block sleeps, and they are as exact as without the
library."""

import waits
from cases import BASIC, DIGEST, Case
from harness import as_options, comparable, difference, judge_events, \
    quiet, quiet_output
from scripted import Scripted

LOOPS = ("poll", "select", "epoll", "edge", "oneshot", "blocking", "idle")
NTLM = ("--auth", "ntlm")
ONLY = (("AUTH407_SCHEMES", "ntlm,digest,basic"),)
FAULTS = ("close-after-407", "close-silently", "trickle", "http10", "big-407",
          "rst", "split-status", "half-close", "interim")


def cases():
    for loop in LOOPS:
        for auth in (BASIC, DIGEST, NTLM):
            yield Case("loop", loop, auth, env=ONLY)
            yield Case("loop", loop, auth, ("close-after-407=1",),
                       env=ONLY, label=f"{auth[1]} close-after-407")
        for fault in FAULTS:
            yield Case("loop", loop, faults=(fault,))
        yield Case("loop", loop, NTLM, ("ntlm-close=1",), env=ONLY, label="ntlm-close")
    for loop in LOOPS[:5]:
        yield Case("loop", f"{loop}*100", events=(1, 100), unordered=True)
        yield Case("loop", f"{loop}*100", NTLM, ("close-after-407=1",),
                   events=(1, 100), env=ONLY, unordered=True,
                   label="ntlm close-after-407")


def judge(h, case):
    """As without a login; v_handshake.c is about what the proxy sees."""
    reference = h.reference(case)
    run = h.run(case, [*case.auth, *as_options(case.faults)], case.env)
    bad = quiet(run) + judge_events(case, run, "resolved")
    if comparable(case, run) != comparable(case, reference):
        bad.append(difference(reference.shown, run.shown))
    return bad


def answered(h, loop, serve, helper=False, changes=(), wanted=None):
    """One loop before a scripted proxy."""
    folder = h.new_folder()
    with Scripted(folder, serve) as p:
        more = waits.helper_files(folder, p.port) if helper else ()
        env = h.library_env(folder, f"127.0.0.1:{p.port}", (*more, *changes))
        out, err, code = h.victim(folder, "loop", loop, "127.0.0.1", p.port,
                                  "127.0.0.1:9", env)
    bad = quiet_output(out, err, code)
    if not out.endswith("all done\n") or "answer 200" not in out or \
            "asleep for" in out:
        bad.append("not what was wanted:\n" + out)
    return bad


def takes_alice(peer):
    """Keeps the connection, and lets nobody in without a login."""
    while True:
        head = peer.head()
        if not head:
            return
        peer.say(waits.OK if b"Basic" in head else waits.refusal())


def never_again(peer):
    """A second request on a connection gets no answer."""
    head = peer.head()
    peer.say(waits.OK if b"Basic" in head else waits.refusal())
    waits.still(peer)


def exact(h):
    """The same output with something under way for all of the time, with and
    without the library."""
    outs = []
    for library in (False, True):
        folder = h.new_folder()
        with Scripted(folder, waits.still) as p:
            env = h.library_env(folder, f"127.0.0.1:{p.port}") if library \
                else {}
            env["READY_SLACK"] = str(h.options.timeout_factor)
            out, err, code = h.victim(folder, "ready", "", "127.0.0.1", p.port,
                                      "127.0.0.1:9", env)
        bad = quiet_output(out, err, code)
        if bad:
            return bad
        outs.append(out)
    return [difference(*outs)] if outs[0] != outs[1] else []


def tests():
    """(name, function of the harness) of each."""
    for case in cases():
        yield case.name, lambda h, c=case: judge(h, c)
    yield "readiness: as exact as without the library", exact
    for loop in LOOPS:
        yield (f"readiness, {loop}: a slow helper",
               lambda h, m=loop: answered(h, m, takes_alice, helper=True))
    for loop in ("poll", "epoll", "edge"):
        yield (f"readiness, {loop}: a repeat that is never answered",
               lambda h, m=loop: answered(
                   h, m, never_again, changes=(("AUTH407_TIMEOUT", "1"),)))
