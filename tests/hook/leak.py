# SPDX-License-Identifier: MIT
"""Hook tests of where a credential must never go: to another socket that has
taken a connection's number, and into a tunnel."""

from cases import BASIC, Case, as_options
import swaps
from harness import alike, helper, quiet

CLOSING = ("close-after-407",)
# v_swap: how the number is taken
HOWS = ("fclose", "raw-close", "accept", "close-range", "dup2", "dup3",
        "raw-dup3", "dupfd", "socket", "open", "signal", "signal-restart")
ASLEEP = ("slow-407",)


def swapped(h, mode, faults, after):
    """Whoever has the number now gets what the program writes, no more."""
    case = Case("swap", mode, after=after)
    helped = mode.startswith("helper")
    asleep = mode.startswith("asleep")
    slow_ms = int(500 * h.options.timeout_factor)
    options = [*BASIC, "--slow-ms", str(slow_ms), *as_options(faults)]
    late = as_options(ASLEEP)
    bare = h.run(case, [*options, *late])
    folder = h.new_folder()
    late_helper = f"touch {folder}/helping; sleep 2"
    run = h.run(case, [*options, *(late if asleep else ())],
                helper(folder, late_helper) if helped else (), folder)
    bad = alike(bare.shown, run)
    if bare.code != 0 or not bare.out.endswith("done\n"):
        bad.append("the victim fails by itself:\n" + bare.shown)
    if helped and not (folder / "helping").exists():
        bad.append("no helper was run")
    return bad


def swap_tests():
    for when in ("asleep", "helper"):
        modes = [(f"{when}:{how}", (), ()) for how in HOWS]
        modes += [(f"{when}:{how}:silent", (), ()) for how in
                  ("fclose", "dup2")]
        modes += [(f"{when}:{how}", CLOSING, after) for how in
                  ("raw-close", "accept", "dup2", "signal")
                  for after in ((), ("nounspec",))]
        for mode, faults, after in modes:
            how = " ".join([*faults, *after]) or "basic"
            yield (f"swap {mode}: the number is another socket's, {how}",
                   lambda h, m=mode, f=faults, a=after: swapped(h, m, f, a))
    # while a connection that was closed after its 407 is made again
    for when in ("apart", "again", "anew"):
        for how in ("raw-close", "accept", "dup2", "signal"):
            if (when, how) == ("anew", "accept"):
                continue  # the record's file has the number before accept()
            yield (f"swap {when}:{how}: the number is another socket's",
                   lambda h, m=f"{when}:{how}":
                   swapped(h, m, CLOSING, ("slowagain",)))


def cases():
    """Nothing in a tunnel is the proxy's, however the tunnel came to be."""
    for how in ("raw", "raw-write", "raw-read", "raw-inside", "urgent-out",
                "urgent-in", "again", "child-opens", "child-reads",
                "child-asks", "handed"):
        faults = ("connect-200-urgent",) if how == "urgent-in" else ()
        yield Case("unseen", how, BASIC, faults, extra=(0, 0), events=(0, 0),
                   label="after the origin's 407")
        yield Case("unseen", f"{how}+known", BASIC, faults,
                   label="with one that works")
        yield Case("unseen", f"{how}+open", ("--auth", "none"), faults,
                   extra=(0, 0), events=(0, 0), label="no login to the proxy")
    for how in ("moved", "moved-fresh", "child-moves"):
        first = int(how == "moved")
        yield Case("unseen", how, BASIC, extra=(first, first),
                   events=(first, first), label="to an origin that says 407")
        yield Case("unseen", f"{how}+known", BASIC,
                   label="to an origin, with one that works")
    yield Case("unseen", "handed-half", label="its 407 not read yet")
    yield Case("unseen", "handed-fresh", label="before any byte")
    # the other process remembers what has worked
    yield Case("unseen", "handed-half+known", label="its 407 not read yet")
    yield Case("unseen", "handed-fresh+known", label="before any byte")


def handed_used(h, mode):
    """Whoever is handed a connection can't know what went through it before:
    it is left alone, even where it still leads to the proxy."""
    run = h.run(Case("unseen", mode), [*BASIC], ())
    bad = quiet(run)
    login = [("none", 407), ("basic", 200)]
    if mode.endswith("+known"):  # to the other process, too
        login.append(("basic", 200))
    want = login + [("none", 407)]
    seen = [(r.auth, r.status) for r in run.requests]
    if seen != want:
        bad.append(f"the proxy saw {seen}, not {want}")
    if run.code != 0 or run.out.count("answer 407") != 1:
        bad.append("the worker was not shown the 407:\n" + run.shown)
    return bad


def tests():
    """(name, function of the harness) of each."""
    yield from swap_tests()
    yield "swaps: numbers swapped under requests, at random", swaps.swaps
    for mode in ("handed-used", "handed-used+known"):
        yield (f"unseen {mode}: it is left alone",
               lambda h, m=mode: handed_used(h, m))
