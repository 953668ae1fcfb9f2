# SPDX-License-Identifier: MIT
"""Every client through every proxy: served with the library, by the login that
the proxy's log names, for no more requests than the scheme costs; without it
407; and bodies."""

import matrix
from fetchers import CLIENTS, FEW, SEVERAL, uploads
from running import Failure, check, check_resolved, statuses
from ways import BARE, ways


def by_connection(seen):
    out = {}
    for one in seen:
        out.setdefault(one.connection, []).append(one.status)
    return out


def check_cost(acceptor, way, seen, requests=None):
    """`requests`: how many the client made, if that is known, on one
    connection."""
    good = [s for s in seen if s.status != 407]
    check(good, "the proxy let nothing through")
    check({s.user for s in good} == {acceptor.known_as[way.scheme]},
          f"the proxy's log names another user: {good[:3]}")
    if not acceptor.bound:
        # each request needs a token of its own; it may come unasked
        if requests:
            check(len(good) == requests and len(seen) <= 2 * requests,
                  f"{len(seen)} requests for {requests}")
        return
    for connection, line in by_connection(seen).items():
        check(line.count(407) < way.legs, f"connection {connection}: {line}")
        first = next((i for i, s in enumerate(line) if s != 407), len(line))
        check(407 not in line[first:], "asked again on a kept connection: "
              f"{line}")
    if requests:
        wanted = [407] * (way.legs - 1) + [200] * requests
        check(statuses(seen) == wanted, f"the proxy saw {statuses(seen)[:9]}"
              f" ({len(seen)}), expected {wanted[:9]} ({len(wanted)})")


def judged(bench, acceptor, way, task, run, judge, enough=None):
    """Runs with the library and judges the result and the proxy's log."""
    mark = acceptor.mark()
    before = len(acceptor.complaints)
    result = bench.launched(task, run, way.login(task))
    seen = acceptor.since(mark, enough)
    try:
        check(result.good, "it does not work")
        judge(result, seen)
    except Failure as e:
        raise Failure(
            f"{e}\n{result.describe()}\nproxy: {seen[:8]}\n"
            f"{acceptor.complaints[before:][-800:]}") from e


def let_in(client, acceptor, way, target):
    def run(bench):
        matrix.present(client)
        task = bench.task(acceptor, target)

        def judge(result, seen):
            check_resolved(result, task, client.binaries(target),
                           [way.scheme])
            check_cost(acceptor, way, seen,
                       None if client.name in SEVERAL else 1)
        judged(bench, acceptor, way, task, client.build(task), judge,
               None if client.name in SEVERAL else way.legs)
    return run


def refused(client, acceptor, target):
    def run(bench):
        matrix.refused(bench, client, acceptor, target)
    return run


def marked(table, mark, client, column, target, test):
    def run(bench):
        row = f"{client.name} {target}"
        try:
            test(bench)
        except Failure:
            table.cell(row, column, mark)
            raise
        table.cell(row, column, "ok")
    return run


def column(acceptor, way):
    if way.inside:
        return f"{acceptor.name} (NTLM in it)"
    if acceptor.name.startswith(way.scheme):
        return acceptor.name
    return f"{acceptor.name} ({way.scheme})"


def sending(acceptor, way, target, build):
    def run(bench):
        task = bench.task(acceptor, target)
        path, digest, command = build(task)

        def judge(result, seen):
            check_resolved(result, task, None, [way.scheme])
            taken = bench.origin.taken(path)
            check(taken == [(1 << 20, digest)], f"at the origin: {taken}")
            check_cost(acceptor, way, seen)
        judged(bench, acceptor, way, task, command, judge)
    return run


def tests(table, acceptor):
    for i, way in enumerate(ways(acceptor)):
        head = f"{acceptor.name} {way.name}:"
        for client in CLIENTS if way.full else FEW:
            for target in client.targets:
                name = f"{client.name} {target}"
                if i == 0 and acceptor.name in BARE:
                    yield (f"{acceptor.name} {name}: 407 without the library",
                           marked(table, "PASSED407", client,
                                  column(acceptor, way), target,
                                  refused(client, acceptor, target)))
                yield (f"{head} {name} works with auth407 --",
                       marked(table, "FAILS", client, column(acceptor, way),
                              target, let_in(client, acceptor, way, target)))
        if way.deep:
            for name, build in uploads().items():
                for target in ("http", "https"):
                    yield (f"{head} POST by {name} {target}: arrives once, "
                           "whole", sending(acceptor, way, target, build))
