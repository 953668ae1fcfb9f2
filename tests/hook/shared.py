# SPDX-License-Identifier: MIT
"""Hook tests of programs that run side by side, as one user, at one proxy: what
they know of each other."""

import collections
import concurrent.futures
import os
import re
import time

from cases import BASIC, DIGEST, ORIGIN
from harness import PASSWORD

SINGLE = ("styles", "send+recv")
COUNTED = re.compile(rb"Proxy-Authorization: Digest [^\r]*nonce=\"([^\"]+)\""
                     rb"[^\r]*nc=([0-9a-f]+)")


class User:
    """One user's programs, each in a folder of its own. They share a state."""

    def __init__(self, h, proxy, changes=()):
        self.h, self.proxy, self.changes = h, proxy, dict(changes)
        self.home = h.new_folder()

    def run(self, victim, mode):
        folder = self.h.new_folder()
        env = self.h.library_env(
            folder, f"127.0.0.1:{self.proxy.port}",
            {"XDG_STATE_HOME": str(self.home / "state"), **self.changes})
        return self.h.victim(folder, victim, mode, "127.0.0.1",
                             self.proxy.port, self.h.authority(ORIGIN), env)

    def run_all(self, programs, at_once):
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda p: self.run(*p), programs))

    def a_day_later(self):
        """What is remembered is some hours old; a mark would be over."""
        then = time.time() - 20 * 3600
        for path in self.home.glob("state/auth407/memory/*"):
            os.utime(path, (then, then))


def answers(results, status):
    return sum(out.count(f"answer {status}") for out, _, _ in results)


def wrong(proxy):
    return [r for r in proxy.requests() if r.verdict == "wrong-credential"]


def changed_at_the_proxy(h):
    """The password was good yesterday, and is another one by now: whoever is
    first is refused, and nobody else sends it."""
    folder, bad = h.new_folder(), []
    password = folder / "password"
    password.write_text(PASSWORD)
    with h.proxy(folder, [*BASIC, "--password-file", password]) as proxy:
        user = User(h, proxy)
        before = user.run(*SINGLE)
        password.write_text("a new one")
        user.a_day_later()
        results = user.run_all([SINGLE] * 24, 24)
        sent = wrong(proxy)
    if "answer 200" not in before[0]:
        bad.append(f"it did not work before: {before}")
    if len(sent) != 1:
        bad.append(f"it was sent {len(sent)} times, not once")
    if answers(results, 407) != 24:
        bad.append(f"not all got their 407: {results}")
    return bad


def slow_to_refuse(h):
    """The proxy takes longer to refuse than anybody is waited for: one goes on
    in the place of the first, not all."""
    with h.proxy(h.new_folder(), [*BASIC, "--fault", "slow-407", "--slow-ms",
                                  "4000"]) as proxy:
        user = User(h, proxy, {"AUTH407_PASSWORD": "not the password"})
        results = user.run_all([SINGLE, ("loop", "eager-poll")] * 6, 12)
        sent = wrong(proxy)
    bad = []
    if not 1 <= len(sent) <= 2:
        bad.append(f"it was sent {len(sent)} times, not twice")
    if answers(results, 407) != 12:
        bad.append(f"not all got their 407: {results}")
    return bad


def counts(h):
    """Some 400 Digest requests of single programs, of such that stay on one
    connection and of such with threads: no count of a nonce comes twice."""
    programs = [*([SINGLE] * 120), *([("many", "kept")] * 4),
                *([("many", "fresh")] * 3), *([("threads", "together")] * 8)]
    # not all of one kind at a time
    programs = [programs[i * 47 % len(programs)] for i in range(len(programs))]
    with h.proxy(h.new_folder(), [*DIGEST]) as proxy:
        results = User(h, proxy).run_all(programs, 8)
        requests, wire = proxy.requests(), b"".join(proxy.copies("in"))
    seen = collections.Counter(COUNTED.findall(wire))
    twice = [pair for pair, n in seen.items() if n > 1]
    bad = [f"{pair} came {seen[pair]} times" for pair in twice[:5]]
    verdicts = collections.Counter(r.verdict for r in requests)
    if set(verdicts) - {"missing", "ok"} or sum(seen.values()) < 400:
        bad.append(f"{sum(seen.values())} logins: {verdicts}")
    # one for each that runs side by side, and for each connection of threads
    if verdicts["missing"] > 60:
        bad.append(f"{verdicts['missing']} of {len(requests)} requests were "
                   "sent without a login")
    if any(code for _, _, code in results) or answers(results, 407):
        bad.append(f"not all worked: {[r for r in results if r[2]][:3]}")
    return bad


def tests():
    """(name, function of the harness) of each."""
    yield ("side by side: a password that was changed at the proxy is refused "
           "once", changed_at_the_proxy)
    yield ("side by side: a proxy that takes its time to refuse",
           slow_to_refuse)
    yield "side by side: no count of a nonce comes twice", counts
