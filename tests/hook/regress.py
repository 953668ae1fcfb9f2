# SPDX-License-Identifier: MIT
"""Hook tests of what once went wrong, or nearly did: threads, signals, narrow
conditions, descriptors that change behind the library's back."""

import os

from cases import (ANY, AS_BARE, BASIC, DIGEST, ECHO, ORIGIN, PATIENCE, REFUSED,
                   Case)
import servers
from harness import alike, difference, read_bytes

CLOSING = ("close-after-407",)
WATCHERS = ("level", "edge", "armed", "disarmed", "hand-edge", "hand-oneshot")


def plain_cases():
    """Those whose victim shows a 407 when it meets one."""
    for fault in ((), CLOSING):
        for auth in (BASIC, DIGEST):
            yield Case("narrow", "stack", auth, fault, alone=True,
                       label=" ".join([auth[1], *fault]))
        yield Case("signal", "same", faults=fault)
        for mode in ("cancel", "cancel-pending"):
            yield Case("race", mode, faults=fault)
        yield Case("ways", "half-closed", faults=fault)
        yield Case("ways", "nothing", faults=fault)
        for mode in ("bound", "mapped", "mptcp", "options", "nonblocking",
                     "copies", "level", "edge", "oneshot"):
            yield Case("kept", mode, faults=fault)
    yield Case("narrow", "stderr", env=(("AUTH407_LOG", "stderr"),),
               events=(0, 0), label="standard error nobody reads")
    yield Case("narrow", "fsize", events=(0, 0),
               label="a log that may not grow")
    yield Case("narrow", "seccomp", DIGEST, label="digest without getrandom")


def narrow_cases():
    for mode in ("rcvbuf", "rcvbuf-poll"):
        yield Case("narrow", mode)
        # a small window is not a full one
        for fault in ("trickle", "split-status", "some-407"):
            for auth in (BASIC, DIGEST):
                yield Case("narrow", mode, auth, (fault,), extra=(1, 2),
                           label=f"{auth[1]} {fault}",
                           options=("--trickle-us", "1000"))
        for fault in ("large-head", "oversize-head"):
            yield Case("narrow", mode, faults=(fault,), expect=AS_BARE,
                       extra=(0, 0))


def overtaken_cases():
    """Bytes, or the end, that come while what was there is being thought over:
    a part of a head is then neither the last of it nor all that there is room
    for."""
    for fault in ("trickle", "split-status"):
        for end in ((), CLOSING, ("close-silently",)):
            for victim, mode in (("styles", "send+recv"),
                                 ("loop", "eager-poll"),
                                 ("loop", "eager-edge")):
                yield Case(victim, mode, BASIC, (fault, *end),
                           options=("--trickle-us", "1500"),
                           after=("slowlook",), extra=(1, 2),
                           label=" ".join(["overtaken", fault, *end]))


def replaced_cases():
    """A kernel that can't take a connection apart: a new socket is put in the
    old one's place."""
    more = {"faults": CLOSING, "after": ("nounspec",),
            "label": "a new socket in its place"}
    for mode in ("options", "nonblocking", "copies", "level", "edge",
                 "oneshot", "mapped", "mptcp"):
        yield Case("kept", mode, **more)
    for mode in ("epoll", "edge", "oneshot", "poll", "edge-again"):
        yield Case("loop", f"eager-{mode}", **more)
    for victim, mode, target in (
            ("styles", "send+recv", ORIGIN), ("fds", "dup-read", ORIGIN),
            ("threads", "reader-first", ORIGIN),
            ("handshake", "block:huge", ORIGIN),
            ("tunnel", "event", ECHO)):
        yield Case(victim, mode, target=target, extra=(1, 2), **more)


def watched_cases():
    """Rounds, each with a stale nonce and a connection that is closed."""
    stale = DIGEST + ("--nonce-count", "1")
    for mode in WATCHERS:
        for rounds, after in ((200, ()), (40, ("nounspec",))):
            yield Case("watch", f"{mode}*{rounds}", stale, CLOSING,
                       extra=(rounds, rounds), events=(rounds, rounds),
                       after=after,
                       label=" ".join(["a thread in epoll_wait", *after]))
    # the library's own wait ends before the answer comes
    for mode in ("hand-edge", "hand-oneshot"):
        yield Case("watch", mode, BASIC, ("close-after-407", "slow-final"),
                   options=("--slow-ms", "1300"), env=PATIENCE,
                   label="an answer after the library's patience")


def credit_cases():
    """Bodies that nobody looks at, piece by piece; in between, one more refusal
    for each download, and none for the uploads, which are too large to be
    kept."""
    stale = DIGEST + ("--nonce-count", "1")
    small = (("AUTH407_REPLAY_MAX", "20000"),)
    for how in ("alone", "handler", "thread", "copies", "forks"):
        yield Case("credit", f"get-{how}", stale, extra=(4, 4), events=(4, 4),
                   label="a stale nonce behind each body")
        yield Case("credit", f"post-{how}", env=small,
                   label="bodies that are not kept")
    for what in ("get", "post"):
        # how many requests are begun is a matter of time
        yield Case("credit", f"{what}-jump", env=small, extra=ANY)


def signal_cases():
    for mode in ("restart", "crash", "interrupt"):
        for fault in ((), CLOSING):
            yield Case("signal", mode, options=("--slow-ms", "300"),
                       faults=(*fault, "slow-final"))
    for fault in ("trickle", "split-status"):
        yield Case("signal", "limits", faults=("slow-final", fault),
                   options=("--slow-ms", "300", "--trickle-us", "4000"))
    yield Case("signal", "other", options=("--slow-ms", "500"),
               faults=("slow-final",), extra=(1, 2), events=(1, 2))


def way_cases():
    for fault in ("early-407", "early-407-close", "close-after-407",
                  "http10"):
        for auth in (BASIC, DIGEST):
            yield Case("ways", "hesitant", auth, (fault,), extra=(1, 2),
                       label=f"{auth[1]} {fault}")
    for fault in ((), CLOSING):
        yield Case("ways", "asking", faults=(*fault, "slow-final"),
                   options=("--slow-ms", "1500"))
    for fault in ("http10", "http10-keep", "half-close", "rst"):
        for mode in ("half-closed", "half-closed-late"):
            yield Case("ways", mode, faults=(fault,), extra=(1, 2))


def own_cases():
    """The program sends a credential of its own."""
    mallory = (("AUTH407_USERNAME", "mallory"), ("AUTH407_PASSWORD", "wrong"))
    yield Case("ways", "own-right", extra=(0, 0), events=(0, 0))
    yield Case("ways", "own-wrong", cause="client_rejected")
    yield Case("ways", "own-wrong", env=mallory, expect=REFUSED, extra=(0, 0),
               cause="client_rejected", label="ours is the same")


def fork_cases():
    yield Case("race", "fork-lookup", extra=(0, 0), events=(0, 0),
               after=("lookup",), named="proxy.test")
    yield Case("race", "fork-reader")
    yield Case("race", "connect-lookup", extra=(1, 6), events=(1, 6),
               after=("lookup",), named="proxy.test", unordered=True)


def musl_cases():
    """Two of its three requests take what the first has found."""
    for fault in ((), CLOSING):
        yield Case("musl", shell=True, faults=fault, alone=True,
                   label=" ".join(["started by a shell", *fault]))


def cases():
    for make in (plain_cases, narrow_cases, overtaken_cases,
                 replaced_cases, watched_cases,
                 credit_cases, signal_cases, way_cases, own_cases, fork_cases, musl_cases):
        yield from make()


def without_pairs():
    seen = {}
    for case in [*plain_cases(), *credit_cases(), *signal_cases(),
                 *way_cases(), *fork_cases()]:
        if case.mode not in ("fork-lookup",):
            seen.setdefault((case.victim, case.mode), case)
    return list(seen.values())


# ---- not of the form "as the reference" ----

def silence(h, mode, env=()):
    """A proxy that does not answer the repeat, and without the library one
    that answers nothing: the program sees the same."""
    case = Case("race", mode)
    bare = h.run(case, ["--auth", "none", "--fault", "silent"])
    run = h.run(case, [*BASIC, "--fault", "silent-second"], env)
    bad = alike(bare.shown, run)
    if [r.verdict for r in run.requests] != ["missing", "unread"]:
        bad.append(f"the proxy saw {run.requests}")
    return bad


def behind(h, mode, fault):
    """The same output as without the library, and no credential anywhere but
    at the proxy."""
    case = Case("behind", mode)
    bare = h.run(case, ["--auth", "none"])
    run = h.run(case, [*BASIC, *fault], ())
    bad = alike(bare.shown, run)
    if bare.code != 0:
        bad.append("the victim fails by itself:\n" + bare.shown)
    return bad + h.leaks()


def behind_early(h):
    """As above; what is connected to instead answers 407 before it has read
    the body. That 407 is not the proxy's: it is the program's to read, and no
    credential goes there."""
    shown, bad = [], []
    for library in (False, True):
        folder = h.new_folder()
        other_folder = h.new_folder()
        with servers.Proxy(h.build, other_folder,
                           ["--auth", "basic", "--fault", "early-407"]) as \
                other, h.proxy(folder, BASIC if library else ()) as proxy:
            env = h.library_env(folder, f"127.0.0.1:{proxy.port}") \
                if library else {}
            out, err, code = h.victim(
                folder, "behind", f"early:127.0.0.1:{other.port}",
                "127.0.0.1", proxy.port, h.authority(ORIGIN), env)
        shown.append(f"{out}exit {code}\n")
        bad += [f"sent {copy[:300]!r}" for copy in other.copies("in")
                if b"roxy-Auth" in copy]
        bad += [err] if err else []
    if b'"rejected' in read_bytes(folder / "auth407.jsonl"):
        bad.append("that 407 was taken for a refusal by the proxy")
    return bad + difference(*shown)


def stalled(h):
    """"HTTP/1.1 4" and no more: the program's own time limit holds."""
    run = h.run(Case("narrow", "stalled"),
                [*BASIC, "--fault", "stall-status"], ())
    want = "read: -1 EAGAIN\nin time\n" * 2 + "done\nexit 0\n"
    return alike(want, run)


def pipe_log(h):
    """The log is a FIFO that nobody reads."""
    folder = h.new_folder()
    os.mkfifo(folder / "fifo")
    case = Case("styles", "send+recv")
    run = h.run(case, BASIC, (("AUTH407_LOG", str(folder / "fifo")),))
    return alike(h.reference(case).shown, run)


def gives_up(h):
    """A proxy that never answers a second CONNECT on a connection, and a
    program that does not block. Nobody looks at the clock in its place: its own
    time limit ends the first exchange. The next one is repeated on a fresh
    connection."""
    case = Case("ways", "impatient", target=ECHO)
    run = h.run(case, [*BASIC, "--fault", "silent-second"], ())
    fine = h.reference(Case("ways", "impatient", target=ECHO))
    # what it says of one CONNECT that is answered
    answered = "\n".join(fine.out.splitlines()[:2])
    want = f"gave up\n{answered}\ndone\nexit 0\n"
    bad = alike(want, run)
    if run.connections != 3:
        bad.append(f"{run.connections} connections, not 3")
    return bad


def basic_to_digest(h, mode):
    """The program offers Basic, the proxy wants Digest: ours is tried."""
    case = Case("ways", mode, DIGEST)
    run = h.run(case, DIGEST, ())
    bad = alike(h.reference(case).shown, run)
    verdicts = [r.verdict for r in run.requests]
    if verdicts != ["scheme-not-offered", "ok"]:
        bad.append(f"the proxy's verdicts were {verdicts}")
    return bad


def tests():
    """(name, function of the harness) of each."""
    # (what else may be done to it then is in waits.py)
    yield ("race shutdown: while a repeat is not answered",
           lambda h: silence(h, "shutdown"))
    yield ("race cancel: while a repeat is not answered",
           lambda h: silence(h, "cancel-silent", (("AUTH407_TIMEOUT", "4"),)))
    for mode in ("file", "pipe", "pair", "origin"):
        for fault in ((), ("--fault", "close-after-407")):
            how = " ".join(fault[1:]) or "basic"
            yield (f"behind {mode}: a number used again, {how}",
                   lambda h, m=mode, f=fault: behind(h, m, f))
    yield ("behind early: a number used again, an early 407 there",
           behind_early)
    yield "narrow stalled: half a status line", stalled
    yield "styles send+recv: the log is a FIFO without a reader", pipe_log
    yield "ways impatient: the second CONNECT goes elsewhere", gives_up
    for mode in ("own-right", "own-wrong"):
        yield (f"ways {mode}: Basic where Digest is wanted",
               lambda h, m=mode: basic_to_digest(h, m))
