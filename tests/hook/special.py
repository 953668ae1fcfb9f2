# SPDX-License-Identifier: MIT
"""Hook tests that are not of the form "as the reference"."""

import json

from cases import BASIC, DIGEST, ECHO, ORIGIN, Case
from harness import alike, difference, quiet

WATCHED = [("styles", "send+recv", ORIGIN), ("styles", "bytes+byte", ORIGIN),
           ("styles", "three+dontwait", ORIGIN), ("loop", "eager-poll", ORIGIN),
           ("loop", "eager-edge", ORIGIN), ("handshake", "block:big", ORIGIN),
           ("handshake", "block:stream", ORIGIN), ("many", "kept", ORIGIN),
           ("tunnel", "echo", ECHO), ("curl", "get", ORIGIN),
           ("curl", "tunnel", ORIGIN)]


def untouched(h, case, changes, outcome, cause):
    """With these settings the wire must look as without the library."""
    bare = h.run(case, case.login)
    run = h.run(case, case.login, changes)
    bad = alike(bare.shown, run)
    if run.sent != bare.sent:
        bad.append(f"sent {[c[:300] for c in run.sent]}\n"
                   f"not  {[c[:300] for c in bare.sent]}")
    if outcome is None:
        if run.log:
            bad.append(f"something was logged: {run.log[:300]!r}")
        return bad
    if not run.events:
        bad.append("nothing was logged")
    for event in run.events:
        if event["outcome"] != outcome or \
                (cause and event["cause"] != cause):
            bad.append(f"logged {event['outcome']}, {event['cause']}, not "
                       f"{outcome}, {cause}")
    return bad


def settings_tests():
    nobody = (("AUTH407_USERNAME", None), ("AUTH407_PASSWORD", None))
    elsewhere = (("AUTH407_PROXY", "127.0.0.1:9"),)
    for label, changes, outcome, cause in (
            ("observe", (("AUTH407_MODE", "observe"),), "observed", None),
            ("no credential", nobody, "not_retried", "no_credential"),
            ("mode off", (("AUTH407_MODE", "off"),), None, None),
            ("proxy not configured", elsewhere, "not_retried",
             "endpoint_not_configured"),
            ("scheme not allowed", (("AUTH407_SCHEMES", "ntlm"),),
             "not_retried", "scheme_not_allowed")):
        for victim, mode, target in WATCHED:
            case = Case(victim, mode, BASIC, target=target)
            yield (f"{victim} {mode}: {label}, the wire is untouched",
                   lambda h, c=case, s=changes, o=outcome, w=cause:
                   untouched(h, c, s, o, w))


def unrelated(h, mode):
    """Descriptors that are no proxy's: the same output, and nothing logged."""
    target = {"tcp": ECHO}.get(mode, ORIGIN)
    case = Case("unrelated", mode, target=target)
    bare, run = h.run(case, BASIC), h.run(case, BASIC, ())
    bad = alike(bare.shown, run)
    if bare.code != 0:
        bad.append("the victim fails by itself:\n" + bare.shown)
    if run.log:
        bad.append(f"something was logged: {run.log[:300]!r}")
    return bad


def origin_as_proxy(h):
    """An origin stands where a proxy is configured; requests are in origin
    form. Its 407 is its own business."""
    case = Case("unrelated", "origin-407")
    changes = (("AUTH407_PROXY", h.authority(ORIGIN)),)
    bare = h.run(case, ["--auth", "none"])
    run = h.run(case, ["--auth", "none"], changes)
    return alike(bare.shown, run) + h.leaks()


def origin_behind_proxy(h):
    """The proxy lets a request pass and the origin behind it answers 407."""
    case = Case("curl", "tunnel", target=ORIGIN)
    folder = h.new_folder()
    with h.proxy(folder, ["--auth", "digest"]) as proxy:
        env = h.library_env(folder, f"127.0.0.1:{proxy.port}")
        out, err, code = h.victim(folder, "tunnel", "407", "127.0.0.1",
                                  proxy.port, h.authority(case.target), env)
    inside = [copy.split(b"\r\n\r\n", 1)[-1] for copy in proxy.copies("in")]
    bad = [] if code == 0 and out.count("answer 407") == 2 else [out + err]
    # only the CONNECT that was repeated may carry it: nothing after its head
    for copy in inside:
        rest = copy[copy.find(b"GET /407"):]
        if b"Proxy-Authorization" in rest or b"roxy-auth" in rest:
            bad.append(f"inside the tunnel: {rest[:300]!r}")
    return bad + h.leaks()


def inside_407(h):
    """A tunnel whose other end speaks like a proxy that wants a login."""
    case = Case("tunnel", "http", faults=("connect-200-then-407-inside",))
    run = h.run(case, case.login, ())
    bad = quiet(run)
    everything = b"".join(run.sent)
    if everything.count(b"Proxy-Authorization") != 1:
        bad.append(f"sent {everything!r}")
    if run.out.count("answer 407") != 2:
        bad.append("the 407s inside were not shown:\n" + run.out)
    return bad


def locked_out(h, change):
    """A rejected credential is held back by the next process, too; a changed
    one is tried at once."""
    case = Case("styles", "send+recv")
    wrong = (("AUTH407_PASSWORD", "not the password"),)
    folder = h.new_folder()
    state = (("XDG_STATE_HOME", str(folder / "state")),
             ("AUTH407_LOG", str(folder / "auth407.jsonl")))
    # one proxy for both: the mark is about this endpoint
    with h.proxy(folder, BASIC) as proxy:
        def start(changes, name):
            sub = folder / name
            sub.mkdir()
            env = h.library_env(sub, f"127.0.0.1:{proxy.port}",
                                (*state, *changes))
            return h.victim(sub, case.victim, case.mode, case.host,
                            proxy.port, h.authority(case.target), env)
        first = start(wrong, "first")
        before = len(proxy.requests())
        second = start(() if change else wrong, "second")
        requests = proxy.requests()
    bad = [] if before == 2 else [f"{before} requests by the first, not 2"]
    if "answer 407" not in first[0]:
        bad.append("the first one: " + first[0] + first[1])
    later = [r.auth for r in requests[before:]]
    if change and (later != ["none", "basic"] or "answer 200" not in second[0]):
        bad.append(f"the second one: {later} {second}")
    if not change and (later != ["none"] or "answer 407" not in second[0]):
        bad.append(f"the second one: {later} {second}")
    causes = [json.loads(line)["cause"] for line in
              (folder / "auth407.jsonl").read_text().splitlines()]
    if not change and causes != ["rejected", "held_back_after_rejection"]:
        bad.append(f"causes {causes}")
    return bad


def revoked(h, auth):
    """A password that is revoked after ten requests is not tried for ever."""
    case = Case("many", "kept", auth)
    run = h.run(case, [*auth, "--valid-for", "10"], ())
    bad = quiet(run)
    if run.out.count("answer 200") != 10 or run.out.count("answer 407") != 40:
        bad.append(f"200: {run.out.count('answer 200')}, "
                   f"407: {run.out.count('answer 407')}")
    tried = [r for r in run.requests if r.verdict == "revoked"]
    # the header that went along, and one answer to a fresh challenge
    if not 1 <= len(tried) <= 2:
        bad.append(f"the revoked credential was sent {len(tried)} times")
    if "rejected_after_success" not in [e["cause"] for e in run.events]:
        bad.append(f"causes {sorted({e['cause'] for e in run.events})}")
    return bad


def refused_by_end(h, auth, *more):
    """A proxy that ends the connection instead of refusing a wrong password is
    sent that twice, not twice for each of twenty requests."""
    case = Case("many", "fresh", auth)
    run = h.run(case, [*auth, "--fault", "wrong-password-close", *more],
                (("AUTH407_PASSWORD", "not the password"),))
    bad = quiet(run)
    wrong = [r for r in run.requests if r.verdict == "wrong-credential"]
    if len(wrong) != 2:
        bad.append(f"it was sent {len(wrong)} times, not twice")
    if run.out.count("answer 407") != 20:
        bad.append(f"{run.out.count('answer 407')} answers were 407, not 20:\n"
                   + run.out[:600])
    causes = [e["cause"] for e in run.events]
    if set(causes[2:]) != {"held_back_after_rejection"}:
        bad.append(f"causes {causes}")
    return bad


def slow_mark(h):
    """While one thread writes down a refusal, others are not kept waiting."""
    case = Case("race", "fork-marking", after=("slowmark",))
    run = h.run(case, BASIC, (("AUTH407_PASSWORD", "not the password"),))
    bad = quiet(run)
    for line in ("forked: at once", "answered: at once", "answer 407"):
        if line not in run.out:
            bad.append(f"it does not say {line!r}:\n" + run.out)
    if "rejected" not in [e["cause"] for e in run.events]:
        bad.append(f"causes {[e['cause'] for e in run.events]}")
    return bad


def refused_port(h):
    """Nobody listens where the proxy should be."""
    out = []
    for library in (False, True):
        folder = h.new_folder()
        env = h.library_env(folder, f"127.0.0.1:{h.closed_port}") \
            if library else {}
        out.append(h.victim(folder, "errno", "refused", "127.0.0.1",
                            h.closed_port, h.authority(ORIGIN), env))
    return difference(str(out[0]), str(out[1]))


def client_digest(h):
    """Only what the judge of Digest calls right may be sent: no fault."""
    run = h.run(Case("many", "fresh", DIGEST), [*DIGEST], ())
    verdicts = {r.verdict for r in run.requests}
    return [] if verdicts == {"missing", "ok"} else [f"{verdicts}"]


def tests():
    """(name, function of the harness) of each."""
    yield from settings_tests()
    for mode in ("local", "tcp", "origin", "origin-407"):
        yield (f"unrelated {mode}: untouched",
               lambda h, m=mode: unrelated(h, m))
    yield "leak: an origin where a proxy is configured", origin_as_proxy
    yield "leak: an origin that answers 407 in a tunnel", origin_behind_proxy
    yield "leak: a tunnel that looks like a proxy", inside_407
    yield ("a rejected credential is held back by the next process",
           lambda h: locked_out(h, False))
    yield ("a changed credential is tried at once",
           lambda h: locked_out(h, True))
    for auth, *more in ((BASIC,), (DIGEST,),
                        (BASIC, "--fault", "close-after-407"),
                        (("--auth", "ntlm"),)):
        yield ("a refusal by an end of the connection counts: "
               + " ".join([auth[1], *more[1:]]),
               lambda h, a=auth, m=more: refused_by_end(h, a, *m))
    yield "a slow mark of a refusal keeps no other thread waiting", slow_mark
    for auth in (BASIC, DIGEST):
        yield (f"a revoked credential is not tried for ever: {auth[1]}",
               lambda h, a=auth: revoked(h, a))
    yield "errno: connection refused", refused_port
    yield "every Digest answer is right", client_digest
