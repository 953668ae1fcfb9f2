# SPDX-License-Identifier: MIT
"""Every client through every proxy: 407 without the library, served with it,
for no more requests than the scheme costs; kept connections, new ones, many at
a time; and bodies."""

import counts
import matrix
from clients import PROGRAMS, PYTHON, SIZE, Run, from_file, proxy_variables
from fetchers import CLIENTS, FEW, SEVERAL, uploads
from origin import content
from running import Failure, check, check_resolved, statuses
from ways import ways


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
    return acceptor.name + (" (in SPNEGO)" if "NTLM in" in way.name else
                            " (NTLM)" if way.scheme == "ntlm"
                            and not acceptor.name.startswith("ntlm") else "")


def several(acceptor, way, target, build, requests, one=True):
    """`build` makes a client that asks for much; `one`: on one connection."""
    def run(bench):
        task = bench.task(acceptor, target)

        def judge(result, seen):
            check_resolved(result, task, None, [way.scheme])
            tunnels = target == "https"
            check_cost(acceptor, way, seen, (1 if tunnels else requests)
                       if one else None)
        judged(bench, acceptor, way, task, build(task), judge)
    return run


def fifty(task):
    argv = [PYTHON, PROGRAMS / "fifty.py", task.url, task.out, task.proxy.url,
            task.lab.ca]
    return Run([str(a) for a in argv], proxy_variables(task), got=from_file,
               want=content(SIZE) * 50)


def anew(task):
    argv = [PYTHON, PROGRAMS / "anew.py", task.url, task.out, task.proxy.url,
            task.lab.ca]
    return Run([str(a) for a in argv], proxy_variables(task), got=from_file,
               want=content(SIZE) * 10)


def at_once(task):
    return counts.curl_list(task, 20, "--parallel", "--parallel-max", "20",
                            "--parallel-immediate")


def much(acceptor, way):
    yield ("50 URLs by one curl, http", several(
        acceptor, way, "http", lambda t: counts.curl_list(t, 50), 50))
    yield ("50 URLs by one curl, one tunnel", several(
        acceptor, way, "https", lambda t: counts.curl_list(t, 50), 50))
    yield ("http.client, 50 on a kept connection", several(
        acceptor, way, "http", fifty, 50))
    for target in ("http", "https"):
        yield (f"urllib, 10 connections, {target}", several(
            acceptor, way, target, anew, 10, False))
        yield (f"20 transfers at once in one curl, {target}", several(
            acceptor, way, target, at_once, 20, False))


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
                if i == 0:
                    yield (f"{acceptor.name} {name}: 407 without the library",
                           marked(table, "PASSED407", client,
                                  column(acceptor, way), target,
                                  refused(client, acceptor, target)))
                yield (f"{head} {name} works with auth407 --",
                       marked(table, "FAILS", client, column(acceptor, way),
                              target, let_in(client, acceptor, way, target)))
        for name, test in much(acceptor, way):
            yield f"{head} {name}", test
        if way.full:
            for name, build in uploads().items():
                for target in ("http", "https"):
                    yield (f"{head} POST by {name} {target}: arrives once, "
                           "whole", sending(acceptor, way, target, build))
