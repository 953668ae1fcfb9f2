# SPDX-License-Identifier: MIT
"""The table of hook tests: which victim meets which proxy, and what it must see.

A case names a victim, its mode, and the proxy's options. The proxy of the
reference run is started with the same faults and no login.
"""

import dataclasses


def as_options(faults):
    return tuple(word for fault in faults for word in ("--fault", fault))


# What a case expects.
RESOLVED = "resolved"  # the output of the reference run
REFUSED = "refused"    # the proxy's own refusal, as without the library
EITHER = "either"      # one of the two, but never anything else
AS_BARE = "as bare"    # the output of a run without the library

BASIC = ("--auth", "basic")
DIGEST = ("--auth", "digest")
NTLM = ("--auth", "ntlm")

# How long a silent proxy is waited for, in seconds.
PATIENCE = (("AUTH407_TIMEOUT", "1"),)

# Without a look for a Kerberos ticket, which takes a process of its own.
NTLM_TOO = (("AUTH407_SCHEMES", "ntlm,digest,basic"),)

# Requests more or less: other tests count them.
ANY = (-10**6, 10**6)

ORIGIN, ECHO, TLS, NOWHERE = "origin", "echo", "tls", "nowhere"


@dataclasses.dataclass(frozen=True)
class Case:
    victim: str
    mode: str = ""
    auth: tuple = BASIC        # options of the proxy about its login
    faults: tuple = ()         # also of the reference run's proxy
    options: tuple = ()        # other options, of both
    expect: str = RESOLVED
    extra: tuple = (1, 1)      # requests more than the reference: least, most
    events: tuple = (1, 1)     # lines in the log: least, most
    cause: str = ""            # of the last line, if it must be a certain one
    target: str = ORIGIN
    host: str = "127.0.0.1"    # where the proxy is reached
    env: tuple = ()            # pairs, for the run with the library
    after: tuple = ()          # preloaded after the library: lib_NAME.c
    named: str = ""            # what the settings call the proxy, if not host
    shell: bool = False        # started by a shell
    alone: bool = False        # not under a sanitizer or valgrind
    label: str = ""
    once: bool = False         # the refusal is the first 407, not the last
    unordered: bool = False    # several exchanges at once print in any order

    @property
    def login(self):
        """The proxy's options."""
        return [*self.auth, *self.options, *as_options(self.faults)]

    @property
    def name(self):
        how = self.label or " ".join(self.faults) or " ".join(self.auth[1:])
        return f"{self.victim}{' ' + self.mode if self.mode else ''}: {how}"


WRITERS = ("send", "write", "sendto", "writev", "sendmsg", "sendmmsg", "three",
           "bytes", "more")
READERS = ("read", "recvfrom", "byte", "readv", "recvmsg", "recvmmsg", "peek",
           "waitall", "dontwait", "fionread")
STYLES = ([("styles", f"{w}+recv") for w in WRITERS] +
          [("styles", f"send+{r}") for r in READERS] +
          [("styles", "bytes+byte"), ("styles", "three+dontwait"),
           ("styles", "writev+readv")])
LOOPS = [("loop", f"eager-{loop}") for loop in
         ("poll", "poll-again", "select", "epoll", "epoll-again", "edge",
          "edge-again", "oneshot", "naps")]
FORTIFIED = [("fortify", mode) for mode in ("recv", "read", "recvfrom")]
STDIO = [("stdio", "one"), ("stdio", "pair")]
POSTS = ["block:big", "block:huge", "block:two-posts", "block:head-first",
         "block:stream", "block:expect", "block:expect-hasty", "poll:huge",
         "sendfile-body:big", "splice:big"]
TUNNELS = [("tunnel", "echo", ECHO), ("tunnel", "event", ECHO),
           ("tunnel", "http", ORIGIN)]
CURL = [("curl", mode, ORIGIN) for mode in
        ("get", "reuse", "post", "tunnel")] + [("curl", "https", TLS)]
# More than one exchange meets a 407: requests and events vary.
PARALLEL = [("loop", "eager-epoll*100"), ("loop", "eager-edge*100"),
            ("loop", "eager-poll*20"), ("threads", "many"),
            ("curl", "multi"), ("curl", "multi-tunnel")]
MANY = [("many", mode) for mode in ("kept", "fresh", "mixed", "timeout")]
FDS = [("fds", mode) for mode in
       ("reuse", "dup2", "dup-read", "dup-close", "fork-reader", "spawn")]
# Requests whose answer nobody waits for: the proxy may see them too late.
ABANDONED = [("fds", "reuse-early"), ("fds", "ranges")]

# The victims that stand for the others where every fault is tried.
SAMPLE = [("styles", "send+recv", ORIGIN), ("styles", "bytes+byte", ORIGIN),
          ("styles", "send+dontwait", ORIGIN), ("styles", "send+peek", ORIGIN),
          ("styles", "writev+readv", ORIGIN),
          ("loop", "eager-poll", ORIGIN), ("loop", "eager-select", ORIGIN),
          ("loop", "eager-epoll", ORIGIN), ("loop", "eager-edge", ORIGIN),
          ("threads", "reader-first", ORIGIN), ("many", "kept", ORIGIN),
          ("handshake", "block:big", ORIGIN), ("tunnel", "echo", ECHO),
          ("tunnel", "event", ECHO), ("curl", "tunnel", ORIGIN)]
FAULTS = ("close-after-407", "close-silently", "close-in-middle-of-407",
          "trickle", "chunked-407", "chunked-empty", "http10", "http10-keep",
          "big-407", "rst", "lower-case", "no-reason", "no-reason-bare",
          "unauthorized-reason", "several-fields", "one-field-many",
          "malformed-among", "split-status", "half-close", "interim")


def plain_cases():
    """Every victim behind Basic and Digest."""
    for auth in (BASIC, DIGEST):
        for victim, mode in STYLES + LOOPS + FORTIFIED + STDIO + MANY + FDS + [
                ("threads", "together"), ("threads", "reader-first")]:
            yield Case(victim, mode, auth)
        for mode in POSTS:
            yield Case("handshake", mode, auth, extra=(1, 2))
        for victim, mode, target in TUNNELS + CURL:
            yield Case(victim, mode, auth, target=target)
        for victim, mode in PARALLEL:
            yield Case(victim, mode, auth, extra=(1, 100), events=(1, 100),
                       unordered=True)
        for victim, mode in ABANDONED:
            yield Case(victim, mode, auth, extra=(-3, 4))
        yield Case("fds", "fork-child", auth, extra=(1, 2), events=(1, 2))
        yield Case("fds", "fork-many", auth, extra=(1, 3), events=(1, 3))
        yield Case("errno", "calls", auth)
    for victim, mode in (("styles", "send+recv"), ("loop", "eager-edge"),
                         ("many", "kept"), ("curl", "get")):
        yield Case(victim, mode, host="::1", label="IPv6")


def fault_cases():
    """Each fault, before a sample of the victims."""
    for fault in FAULTS:
        for victim, mode, target in SAMPLE:
            if (victim, fault) == ("curl", "interim"):
                continue  # curl 7.88 gives a CONNECT up at a 1xx
            yield Case(victim, mode, faults=(fault,), target=target,
                       extra=(1, 2))
    for victim, mode, target in SAMPLE:
        if victim in ("styles", "loop"):
            yield Case(victim, mode, DIGEST, ("close-after-407",),
                       target=target, label="digest close-after-407")
            yield Case(victim, mode, BASIC, ("trickle-all",), target=target)
    for victim, mode in PARALLEL:
        for fault in ("close-after-407", "http10", "rst"):
            yield Case(victim, mode, faults=(fault,), extra=(1, 100),
                       events=(1, 100), unordered=True)
    for victim, mode in (("styles", "send+recv"), ("loop", "eager-poll"),
                         ("loop", "eager-edge")):
        yield Case(victim, mode, faults=("slow-final=1",))
        yield Case(victim, mode, faults=("rst-before-answer=1",),
                   extra=(0, 0), events=(0, 0))
        yield Case(victim, mode, faults=("404-then-407",), expect=AS_BARE,
                   extra=(0, 0), events=(0, 0))
        yield Case(victim, mode, faults=("endless-407",), expect=EITHER,
                   extra=(0, 1))
    # The silence is waited for, here for a second. A non-blocking program
    # makes no call in which that could be done.
    for victim, mode in (("styles", "send+recv"), ("styles", "bytes+byte"),
                         ("many", "kept"), ("threads", "reader-first")):
        yield Case(victim, mode, faults=("silent-second",), extra=(1, 2),
                   env=PATIENCE)


def content_cases():
    """Requests with content before proxies that answer early or close."""
    for mode in POSTS:
        if "expect" in mode or "two" in mode:
            continue
        for fault in ("early-407", "early-407-close", "close-after-407",
                      "rst", "http10"):
            yield Case("handshake", mode, faults=(fault,), extra=(1, 2),
                       env=PATIENCE if fault == "early-407" else ())
    for mode in ("block:expect", "block:expect-hasty"):
        yield Case("handshake", mode, faults=("close-after-407",),
                   extra=(1, 2))
        yield Case("handshake", mode, DIGEST, ("http10",), extra=(1, 2),
                   label="digest http10")
    for mode in ("block:big", "block:head-first", "block:stream"):
        yield Case("handshake", mode, DIGEST + ("--qop", "auth-int"),
                   extra=(1, 2))
    yield Case("handshake", "block:expect", faults=("expect-keep",),
               extra=(1, 2))
    yield Case("handshake", "block:big", expect=REFUSED, extra=(0, 0),
               env=(("AUTH407_REPLAY_MAX", "65536"),), cause="not_replayable",
               label="over the replay limit")


def scheme_cases():
    """Digest in all its forms, and what servers do with nonces."""
    for algorithm in ("MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256",
                      "SHA-512-256-sess"):
        auth = DIGEST + ("--algorithm", algorithm)
        yield Case("styles", "send+recv", auth)
        yield Case("many", "kept", auth)
    for options in (("--qop", "none"), ("--qop", "auth,auth-int"),
                    ("--userhash",), ("--charset",),
                    ("--algorithm", "MD5-sess", "--sess-first"),
                    ("--algorithm", "SHA-256", "--algorithm", "MD5"),
                    ("--scheme-header", "Negotiate")):
        yield Case("many", "kept", DIGEST + options)
    yield Case("many", "kept", ("--auth", "list"))
    yield Case("tunnel", "echo", ("--auth", "list"), target=ECHO)
    # 50 requests: a nonce for each three, so 17 challenges at most
    yield Case("many", "kept", DIGEST + ("--nonce-count", "3"),
               extra=(17, 17), events=(17, 17), label="stale nonces")
    yield Case("many", "kept", DIGEST + ("--nonce-count", "1"),
               faults=("nextnonce",), label="nextnonce")
    for victim, mode, target in SAMPLE[:2] + SAMPLE[-3:-2]:
        yield Case(victim, mode, DIGEST, ("stale-always",), expect=REFUSED,
                   extra=(1, 2), target=target)


def tunnel_cases():
    for mode in ("echo", "event"):
        for fault in ("connect-200-with-length", "connect-http10-200"):
            yield Case("tunnel", mode, faults=(fault,), target=ECHO)
    # A proxy that keeps the connection and never answers a second CONNECT
    # there: the third one, on a new connection, is sent in good time.
    for victim, mode, target in (("tunnel", "echo", ECHO),
                                 ("tunnel", "event", ECHO),
                                 ("tunnel", "http", ORIGIN),
                                 ("curl", "https", TLS)):
        yield Case(victim, mode, faults=("silent-second",), target=target,
                   extra=(1, 2))
    yield Case("tunnel", "407", label="an origin that answers 407")
    yield Case("tunnel", "http", faults=("connect-200-then-407-inside",))
    yield Case("tunnel", "early", target=ECHO, expect=EITHER, extra=(-1, 3),
               label="data before the answer")


def refused_cases():
    """The program must get the proxy's own refusal, whole."""
    wrong = (("AUTH407_PASSWORD", "not the password"),)
    for victim, mode, target in SAMPLE:
        if mode in ("kept", "reader-first"):
            continue  # several requests: judged below
        for auth in (BASIC, DIGEST):
            yield Case(victim, mode, auth, expect=REFUSED, env=wrong,
                       target=target, cause="rejected",
                       label=f"{auth[1]}, wrong password")
        yield Case(victim, mode, faults=("no-challenge",), expect=REFUSED,
                   extra=(0, 0), target=target, cause="no_challenge")
    for victim, mode, target in SAMPLE[:1] + SAMPLE[7:9] + SAMPLE[-2:-1]:
        for fault in ("malformed-challenge", "oversize-head"):
            yield Case(victim, mode, faults=(fault,), expect=REFUSED,
                       extra=(0, 0), target=target)
        for fault in ("close-after-407", "http10", "rst"):
            yield Case(victim, mode, faults=(fault,), expect=REFUSED,
                       env=wrong, target=target, cause="rejected",
                       label=f"{fault}, wrong password")
        # An origin could have said 401 to a GET; to CONNECT only a proxy can.
        yield Case(victim, mode, faults=("wrong-password-401",),
                   expect=REFUSED if victim == "tunnel" else EITHER, env=wrong,
                   target=target, label="401 to a wrong password")
        # The retry needs a new connection, and there is none to be had.
        yield Case(victim, mode, faults=("close-after-407", "refuse-after"),
                   expect=REFUSED, extra=(0, 0), target=target, once=True)
    # One wrong attempt, then 49 requests that pass without a credential.
    yield Case("many", "kept", expect=REFUSED, env=wrong, extra=(1, 1),
               events=(50, 50), label="wrong password")
    yield Case("many", "pipeline", expect=REFUSED, extra=(0, 0), events=(1, 2),
               cause="not_replayable")


def all_cases():
    for make in (plain_cases, fault_cases, content_cases, scheme_cases,
                 tunnel_cases, refused_cases):
        yield from make()


def without_pairs():
    """The victims that must show a 407 without the library."""
    seen = {}
    for case in plain_cases():
        seen.setdefault((case.victim, case.mode), case)
    return list(seen.values())
