# SPDX-License-Identifier: MIT
"""What the matrix does not show: the tests of the other rooms, together."""

import bodies
import counts
import origins
import refusals
import settings
from clients import BY_NAME
from proxies import ODD_PASSWORD, ODD_USER, PASSWORD, USER
from running import check, statuses


def leaks(origin):
    """Lines, if a login field ever came to an origin."""
    for scheme, server in origin.refusers.items():
        origin.leaks += [f"{scheme} origin that answers 407: {head}"
                         for head in server.heads
                         if b"authorization" in head.lower()]
    return origin.leaks


def own_login(proxy, user, password):
    """The proxy's login itself works: a client that has one gets through."""
    def run(bench):
        for target in ("http", "https"):
            task = bench.task(proxy, target)
            mark = proxy.mark()
            command = BY_NAME["curl"].build(task)
            command.argv += ["--proxy-anyauth", "-U", f"{user}:{password}"]
            result = bench.plain(task, command)
            check(result.good, result.describe())
            seen = proxy.since(mark, enough=2)
            check(statuses(seen) == [407, 200] and seen[1].user == user,
                  f"the proxy's log: {seen}")
    return run


def tests(proxy):
    if proxy.scheme:
        yield (f"{proxy.name} login: a client of its own gets through",
               own_login(proxy, USER, PASSWORD))
        if proxy.package == "squid":
            odd = own_login(proxy, ODD_USER.replace(":", ""), ODD_PASSWORD)
            yield f"{proxy.name} login: odd characters", odd
    for room in (bodies, counts, origins, refusals, settings):
        yield from room.tests(proxy)
