# SPDX-License-Identifier: MIT
"""Handshakes of several legs on one connection: NTLM, by its own name and
inside Negotiate, under every kind of program. Besides what the program sees,
what the proxy saw on each connection is compared with what it had to see, and
the attempts in the log with that."""

import dataclasses
import hashlib
import itertools

import cases
import regress
import servers
from cases import ECHO, ORIGIN, PATIENCE, REFUSED, Case, as_options
from cases import NTLM, NTLM_TOO as ONLY
from harness import (comparable, context, difference, judge_events,
                     judge_refusal, quiet)

NEGOTIATE = ("--auth", "negotiate")
BASIC_TOO = ("--auth", "ntlm", "--auth", "basic")

WAYS = ("block", "vec", "msg", "bytes", "peek", "dontwait", "limits", "copy",
        "stdio", "sendfile", "splice", "threads", "poll", "poll-bytes",
        "poll-peek", "select", "epoll", "edge", "edge-vec", "oneshot")
# Of each request of v_handshake.c the length of its body.
BODIES = {"get": 0, "head": 0, "post": 6, "apart": 6, "big": 1 << 20,
          "chunked": 5000, "chunks": 5000, "pieces": 6000, "late": 300000,
          "expect": 30000, "old": 0, "old-post": 6, "close": 0,
          "close-post": 6, "connect": 0, "twice": 0}
# Those whose repeat goes to another connection: too long a body, the end asked
# for by the program, or, for "expect", by the proxy that has not read the body.
AFRESH = ("big", "late", "expect", "old", "old-post", "close", "close-post")
# Ways that don't fit a request: one byte at a time is too slow for a long one;
# what takes EAGAIN for the end can't wait for a 100; nor does that writer.
MISFITS = {("bytes", "big"), ("bytes", "late"), ("poll-bytes", "big"),
           ("poll-bytes", "late"), ("dontwait", "expect"),
           ("threads", "expect")}

# What one 407 after the other leads to. "|" is another connection, "B" the
# body; each line is a fault, what the proxy sees behind the first request, and
# whether that one was met by an end.
FAULTS = (
    ("close-after-407=1", "type1 ok+B", True),
    ("close-silently=1", "type1 ok+B", True),
    ("half-close=1", "type1 ok+B", True),
    ("rst=1", "type1 ok+B", True),
    ("chunked-407", "type1 ok+B", False),
    ("chunked-empty", "type1 ok+B", False),
    ("some-407", "type1 ok+B", False),
    ("trickle", "type1 ok+B", False),
    ("split-status", "type1 ok+B", False),
    ("http10-keep", "type1 ok+B", False),
    ("several-fields", "type1 ok+B", False),
    ("lower-case", "type1 ok+B", False),
    ("ntlm-close=1", "type1 | type1 ok+B", False),
    ("ntlm-close-silently=1", "type1 | type1 ok+B", False),
    ("ntlm-close=2", "type1 | type1 | type1 ok+B", False),
    ("ntlm-again=1", "type1 type1 ok+B", False),
    ("ntlm-each-request", "type1 ok+B", False),
    ("ntlm-oem", "type1 ok+B", False),
    ("ntlm-no-target-info", "type1 ok+B", False),
    ("ntlm-no-time", "type1 ok+B", False),
    ("ntlm-slow", "type1 ok+B", False),
    ("ntlm-type1-enough", "type1 bound+B", False),
)


@dataclasses.dataclass(frozen=True)
class Shape(Case):
    """`wire`: what each connection had to bring, or "" for anything lawful."""
    wire: str = ""
    aside: bool = False  # some exchanges are given up by the program

    @property
    def name(self):
        return f"handshake, {super().name}"


def wire_of(request, then="type1 ok+B", ended=False, early=False):
    """The verdicts that the proxy gives, in order."""
    body = BODIES[request]
    again = " bound+6" if request == "twice" else ""
    first = "missing" if early or request == "expect" else "missing+B"
    afresh = ended or early or request in AFRESH
    # the answer to the Type 1 is the program's, unless it wanted another
    if then == "type1 bound+B" and not body and \
            request not in ("old", "close"):
        then = "type1"
    text = f"{first} {'| ' if afresh else ''}{then}{again}"
    return text.replace("+B", f"+{body}" if body else "")


def shaped(way, request, auth, faults=(), wire=None, label="", **more):
    """One of v_handshake.c. The faults are of the 407s alone: the reference
    has no part in them."""
    return Shape("handshake", f"{way}:{request}", (*auth, *as_options(faults)),
                 target=ECHO if request == "connect" else ORIGIN,
                 extra=(-9, 99), events=more.pop("events", (1, 9)),
                 label=f"{auth[1]} {' '.join(faults)} {label}".strip(),
                 wire=wire if wire is not None else wire_of(request),
                 env=more.pop("env", ONLY), **more)


def plain_cases():
    """Each way with each request."""
    for i, way in enumerate(WAYS):
        for j, request in enumerate(BODIES):
            if (way, request) not in MISFITS:
                yield shaped(way, request, (NTLM, NEGOTIATE)[(i + j) % 2])


def fault_cases():
    """Each fault with each way, and with each request."""
    for i, (fault, then, ended) in enumerate(FAULTS):
        options = ("--slow-ms", "150") if fault == "ntlm-slow" else ()
        for j in range(len(WAYS)):
            request = tuple(BODIES)[(i + j) % len(BODIES)]
            way = WAYS[(5 * i + j) % len(WAYS)]
            # which of the first two 407s is met by an end nobody can tell
            racing = ended and "after" not in fault and request in AFRESH
            if (way, request) in MISFITS or racing:
                way, request = WAYS[(5 * i + j) % len(WAYS)], "apart"
            if fault == "ntlm-each-request" and request == "twice":
                wire = "missing type1 ok missing+6 type1 ok+6"
            else:
                wire = wire_of(request, then, ended)
            yield shaped(way, request, (NTLM, NEGOTIATE)[(i + j) % 2],
                         (fault,), wire, options=options)


def body_cases():
    """The 407 comes before the body, or in its middle."""
    for way in ("block", "sendfile", "threads", "poll", "edge"):
        for request in ("apart", "chunks", "pieces", "late", "big", "expect",
                        "close-post"):
            if (way, request) in MISFITS:
                continue
            for fault in ("early-407=1", "early-407-close=1"):
                yield shaped(way, request, NTLM, (fault,),
                             wire_of(request, early=True))
        # too long for a repeat: but none of it is out when the 407 comes
        yield shaped(way, "late", NTLM, ("early-407=1",),
                     wire_of("late", early=True), label="no repeat is needed",
                     env=(*ONLY, ("AUTH407_REPLAY_MAX", "65536")))
        yield shaped(way, "late", NTLM, (), "missing+300000", expect=REFUSED,
                     cause="not_replayable", label="over the replay limit",
                     env=(*ONLY, ("AUTH407_REPLAY_MAX", "65536")))
    for way in ("block", "poll", "edge"):
        for request in ("get", "late", "expect"):
            case = shaped(way, request, NTLM, (), label="interim")
            yield dataclasses.replace(case, faults=("interim",))


def late_cases():
    """A reader wakes up with the old connection's end when another thread has
    made a new one, and sent the body there."""
    for auth, wire in ((NTLM, "missing | type1 ok+300000"),
                       (cases.BASIC, "missing | ok+300000")):
        yield shaped("threads", "late", auth, ("early-407=1",), wire,
                     after=("late",), label="a late reset")


def refused_cases():
    """The program gets a 407 of the proxy's, whole."""
    wrong = (*ONLY, ("AUTH407_PASSWORD", "not the password"))
    ends = (("ntlm-close", "type1 | type1 | type1"),
            ("close-after-407", "| type1 | type1 | type1"),
            ("http10", "| type1 | type1 | type1"),
            ("ntlm-again", "type1 type1 type1"),
            ("ntlm-garbled", "type1"))
    for way in ("block", "dontwait", "stdio", "threads", "poll", "edge",
                "oneshot"):
        for request in ("get", "apart", "connect"):
            body = "+6" if request == "apart" else ""
            yield shaped(way, request, NTLM, (),
                         f"missing{body} type1 wrong-credential{body}",
                         expect=REFUSED, cause="rejected", env=wrong,
                         label="wrong password")
            for fault, then in ends:
                yield shaped(way, request, NTLM, (fault,),
                             f"missing{body} {then}", expect=REFUSED,
                             cause="backend_down" if fault == "ntlm-again"
                             else "protocol_error")
        # The end of a connection that has carried a body is the program's to
        # see. Without one it gets the first 407. Behind a Type 3, which may
        # have been judged, there is but one more.
        for request in ("get", "connect"):
            yield shaped(way, request, NTLM, ("ntlm-close-silently",),
                         "missing type1 | type1", expect=REFUSED,
                         once=True, cause="protocol_error")


def halfway_cases():
    """There is no way while the program still writes its body: it can write on,
    and then reads the first 407."""
    for way in ("block", "copy", "sendfile", "poll", "edge"):
        for request in ("pieces", "late", "chunks"):
            for fault, then in (("ntlm-garbled", "type1"),
                                ("ntlm-silent", "unread"),
                                ("ntlm-close", "type1 | type1 | type1")):
                yield shaped(way, request, NTLM, ("early-407=1", fault),
                             f"missing | {then}", expect=REFUSED, once=True,
                             cause="protocol_error", env=(*ONLY, *PATIENCE))
            for early in ("early-407", "early-407-close"):
                yield shaped(way, request, cases.BASIC,
                             (early, "refuse-after"), "missing",
                             expect=REFUSED, once=True)


def next_cases():
    """What the first 407 offered besides is tried when NTLM leads nowhere,
    though the proxy names nothing but NTLM any more."""
    for way in ("block", "dontwait", "poll", "edge"):
        for request in ("get", "apart", "connect"):
            body = "+6" if request == "apart" else ""
            for fault, then in (
                    ("ntlm-garbled", "type1 | ok"),
                    ("ntlm-close", "type1 | type1 | type1 | ok"),
                    ("ntlm-close-silently", "type1 | type1 | ok"),
                    ("ntlm-again", "type1 type1 type1 ok")):
                yield shaped(way, request, BASIC_TOO, (fault,),
                             f"missing{body} {then}{body}",
                             label="basic is next")


def silent_cases():
    """A proxy that falls silent between two legs holds nobody up for longer
    than the settings say."""
    env = (*ONLY, *PATIENCE)
    for way in ("block", "dontwait", "limits", "threads"):
        for request in ("get", "apart", "connect"):
            body = "+6" if request == "apart" else ""
            yield shaped(way, request, NTLM, ("ntlm-silent",),
                         f"missing{body} unread | unread", expect=REFUSED,
                         once=True, cause="protocol_error", env=env)
            yield shaped(way, request, NTLM, ("ntlm-silent=1",),
                         f"missing{body} unread | type1 ok{body}", env=env)
            yield shaped(way, request, NTLM, ("ntlm-stall=1",),
                         f"missing{body} type1 | type1 ok{body}", env=env)
    for way in ("block", "sendfile", "copy"):
        # in the middle of the body: the program waits in a write
        yield shaped(way, "pieces", NTLM, ("early-407=1", "ntlm-stall=1"),
                     "missing | type1 | type1 ok+6000", env=env)
    for way in ("block", "poll", "edge"):
        # on another connection: a program that does not block waits as well
        yield shaped(way, "late", NTLM, ("ntlm-silent",),
                     "missing+300000 | unread", expect=REFUSED, once=True,
                     cause="protocol_error", env=env)
    # An origin that takes its time is not asked twice.
    for way in ("block", "threads", "dontwait"):
        for auth in (NTLM, NEGOTIATE):
            if (way, auth) != ("dontwait", NTLM):
                yield shaped(way, "post" if way != "dontwait" else "head",
                             auth, ("slow-final",), env=env, label="slow",
                             options=("--slow-ms", "700")
                             if way == "dontwait" else ("--slow-ms", "2500"))


def leg_cases():
    """What a program does in the middle."""
    for mode in ("close", "reuse", "shutdown", "moved", "to-blocking", "fork",
                 "beside-fork", "spawn", "exec", "handed-on", "short-limits",
                 "threads", "closed-beside"):
        several = mode in ("close", "shutdown", "reuse", "closed-beside",
                           "fork")
        for faults, options in (((), ()),
                                (("ntlm-slow",), ("--slow-ms", "250")),
                                (("trickle",), ("--trickle-us", "1000")),
                                (("ntlm-close=1",), ())):
            yield Shape("legs", mode, (*NTLM, *as_options(faults)),
                        options=options, extra=(-2, 200),
                        events=(60, 60) if mode == "threads" else (1, 3),
                        env=ONLY, unordered=mode == "threads",
                        label=" ".join(["ntlm", *faults]),
                        aside=several)
    yield Shape("signal", "restart", (*NTLM, *as_options(["trickle"])),
                ("slow-final",), ("--slow-ms", "300", "--trickle-us", "1000"),
                extra=(2, 2), env=ONLY, label="ntlm in pieces")
    yield Shape("signal", "interrupt", (*NTLM, *as_options(["trickle"])),
                ("slow-final",), ("--slow-ms", "300", "--trickle-us", "1000"),
                extra=(2, 2), env=ONLY, label="ntlm in pieces")


def kin_cases():
    """The victims of the other tables."""
    for case in [*cases.plain_cases(), *regress.plain_cases()]:
        if case.auth != cases.BASIC or case.faults or case.host != "127.0.0.1":
            continue
        if case.events != (0, 0) and (case.victim, case.mode) != \
                ("errno", "calls"):
            yield from kin(case)
    for mode in regress.WATCHERS:
        for after in ((), ("nounspec",)):
            yield Shape("watch", f"{mode}*40",
                        (*NTLM, *as_options(["ntlm-each-request"])),
                        extra=(80, 80), events=(40, 40), after=after, env=ONLY,
                        label=" ".join(["ntlm for each request", *after]))


def kin(case):
    """One of them before NTLM; and, where a connection may end, with that."""
    more = {"extra": (case.extra[0], 300), "events": (1, 150), "env": ONLY}
    yield Shape(**{**fields(case), **more, "auth": NTLM, "label": "ntlm"})
    if case.victim in ("kept", "ways", "race", "narrow", "threads", "tunnel"):
        for after in ((), ("nounspec",)):
            if after and case.mode == "bound":
                continue  # a new socket has another port
            yield Shape(**{**fields(case), **more, "after": after,
                           "auth": (*NTLM, *as_options(["ntlm-close=1"])),
                           "label": " ".join(["ntlm-close=1", *after])})


def fields(case):
    return {f.name: getattr(case, f.name) for f in dataclasses.fields(Case)}


def ticket_cases():
    """With all schemes allowed: a ticket is looked for first, in vain."""
    for way in ("block", "dontwait", "threads", "poll", "edge"):
        for request in ("get", "apart", "late", "connect"):
            yield shaped(way, request, NEGOTIATE, env=(),
                         label="no ticket")


def all_cases():
    for make in (plain_cases, fault_cases, body_cases, late_cases,
                 refused_cases, halfway_cases, next_cases, silent_cases,
                 leg_cases, kin_cases, ticket_cases):
        yield from make()


def without_pairs():
    """Each way, and each request, shows its 407 without the library."""
    for way in WAYS:
        yield shaped(way, "get", NTLM)
    for request in BODIES:
        yield shaped("block", request, NTLM)


# ---- judgement ----

# What may follow what on one connection. A login is proved by the last leg of
# a handshake and holds from then on; no leg but the last has a body.
FOLLOW = {"": ("missing", "type1", "ok", "unread", "cut-short"),
          "missing": ("missing", "type1", "ok", "unread", "cut-short"),
          "type1": ("type1", "ok", "bound", "missing", "unread",
                    "wrong-credential", "cut-short"),
          "ok": ("bound", "missing", "cut-short"),
          "bound": ("bound", "cut-short"),
          "wrong-credential": ("missing", "ok")}


def wire_seen(run):
    """The verdicts, those of each connection together, as `wire_of` has it."""
    seen = {}
    for r in run.requests:
        body = "" if r.body in ("0", "-") else f"+{r.body}"
        seen.setdefault(r.conn, []).append(r.verdict + body)
    return " | ".join(" ".join(words) for words in seen.values())


def judge_wire(case, run):
    seen = wire_seen(run)
    if case.wire and seen != case.wire:
        return [f"the proxy saw   {seen}\nand not what is {case.wire}"]
    for words in seen.split(" | "):
        for before, word in itertools.pairwise(["", *words.split()]):
            if word.split("+")[0] not in FOLLOW.get(before.split("+")[0], ()) \
                    or word.startswith("type1+"):
                return [f"\"{before}\" and then \"{word}\" in {seen}"]
    return []


def judge_body(case, run):
    """What was let in has come whole, and once."""
    size = BODIES[case.mode.split(":")[1]]
    twice = case.mode.endswith(":twice")
    want = hashlib.sha256(servers.pattern(6 if twice else size)).hexdigest()
    done = [r.sha256 for r in run.requests if r.verdict in ("ok", "bound")]
    if case.expect == REFUSED:
        return ["something was let in"] if done else []
    if twice:
        done = done[-1:]
    if "ntlm-type1-enough" in case.auth and not done:
        return []  # it was the first leg itself
    return [] if done == [want] else [f"let in: {done}, not once {want}"]


def attempts_due(run):
    """(leg, status, another connection) of each answer to a leg."""
    due, conn = [], None
    for r in run.requests:
        other, conn = r.conn != conn, r.conn
        if r.verdict == "type1":
            due.append((1, r.status, other))
        elif r.verdict in ("ok", "wrong-credential"):
            due.append((1 if r.auth == "basic" else 2, r.status, other))
    return due


def judge_attempts(run):
    """The records, of one exchange after the other, against the wire."""
    told = [(a["leg"], a["status_code"], a["reconnected"])
            for event in run.events for a in event["attempts"]
            if a["status_code"] is not None]
    due = attempts_due(run)
    return [] if told == due else [f"attempts {told}\nnot      {due}"]


def judge(h, case):
    h.possible(case)
    reference = h.reference(case)
    run = h.run(case, case.login, case.env)
    bad = quiet(run)
    if case.expect == REFUSED:
        bad += judge_refusal(case, run)
        bad += judge_events(case, run, None)
    else:
        bad += difference(comparable(case, reference), comparable(case, run))
        bad += judge_events(case, run, None if case.aside else "resolved")
    bad += judge_wire(case, run)
    if case.wire:
        bad += judge_body(case, run)
        bad += judge_attempts(run)
    if bad:
        bad += context(case, run)
    return bad


def tests(alone):
    """(name, function of the harness) of each."""
    for case in all_cases():
        if alone or not case.alone:
            yield case.name, lambda h, c=case: judge(h, c)
