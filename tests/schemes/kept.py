# SPDX-License-Identifier: MIT
"""What a login costs where much is asked: a kept connection pays once, each new
one for itself, and many at a time do not mix up their handshakes."""

import json

import counts
from cells import by_connection, check_cost, judged
from clients import PROGRAMS as COMMON
from clients import PYTHON, SIZE, Run, from_file, proxy_variables
from fetchers import PROGRAMS, java_words
from origin import content
from running import check, check_resolved
from ways import ways

LANES, TIMES = 20, 3       # connections at once, and what each is asked


def script(times, interpreter, *more):
    """A program that fetches the URL so often."""
    def build(task):
        argv = [interpreter, more[0], task.url, task.out, task.proxy.url,
                task.lab.ca, *more[1:]]
        return Run([str(a) for a in argv], proxy_variables(task),
                   got=from_file, want=content(SIZE) * times)
    return build


def python(times, program, *more):
    return script(times, PYTHON, program, *more)


def node(lanes, times):
    return script(lanes * times, "node", PROGRAMS / "many.js", lanes, times)


def java(api, what, times):
    def build(task):
        return Run(java_words(task, api, task.url, what, str(times)),
                   got=from_file, want=content(SIZE) * times)
    return build


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


def at_once(acceptor, way, target, build, each):
    """LANES connections, each of which asks `each` times; with 1, a client may
    do with fewer connections. A lane may begin with a first leg, without being
    asked, once another lane got in."""
    def run(bench):
        task = bench.task(acceptor, target)
        wanted = 1 if target == "https" else each

        def judge(result, seen):
            check_resolved(result, task, None, [way.scheme])
            # Digest's nonce is shared: a count that overtakes another one
            # makes it stale
            if way.scheme != "digest":
                check_cost(acceptor, way, seen)
            good = [s for s in seen if s.status != 407]
            check(len(good) == LANES * wanted, f"{len(good)} requests got in")
            if acceptor.name == "ntlm-closing" or not acceptor.bound:
                return
            lanes = [lane for lane in by_connection(seen).values()
                     if 200 in lane]
            check(len(lanes) == LANES or each == 1 < len(lanes) < LANES,
                  f"{len(lanes)} connections")
            check(each == 1 or all(n.count(200) == wanted for n in lanes),
                  f"the lanes: {lanes}")
        judged(bench, acceptor, way, task, build(task), judge)
    return run


def at_once_in_curl(task):
    return counts.curl_list(task, 20, "--parallel", "--parallel-max", "20",
                            "--parallel-immediate")


def on_one_connection(acceptor, way):
    """The counts that the issue states: legs - 1 refusals, then none."""
    yield ("50 URLs by one curl, http", several(
        acceptor, way, "http", lambda t: counts.curl_list(t, 50), 50))
    yield ("50 URLs by one curl, one tunnel", several(
        acceptor, way, "https", lambda t: counts.curl_list(t, 50), 50))
    yield ("http.client, 50 on a kept connection", several(
        acceptor, way, "http", python(50, COMMON / "fifty.py"), 50))
    if not way.deep:
        return
    for target in ("http", "https"):
        for name, build in (("node", node(1, 5)),
                            ("java-url", java("url", "times", 5)),
                            ("java-http", java("http", "times", 5))):
            yield (f"{name}, 5 on a kept connection, {target}", several(
                acceptor, way, target, build, 5))


def many_connections(acceptor, way):
    for target in ("http", "https"):
        yield (f"urllib, 10 connections, {target}", several(
            acceptor, way, target, python(10, COMMON / "anew.py"), 10, False))
        yield (f"20 transfers at once in one curl, {target}", several(
            acceptor, way, target, at_once_in_curl, 20, False))
        if not way.deep:
            continue
        lanes = f"{LANES} connections at once"
        yield (f"{lanes}, a thread each, requests, {target}", at_once(
            acceptor, way, target, python(
                LANES * TIMES, PROGRAMS / "crowd.py", LANES, TIMES), TIMES))
        yield (f"{lanes}, node, {target}", at_once(
            acceptor, way, target, node(LANES, TIMES), TIMES))
        for api in ("url", "http"):
            yield (f"{lanes}, a thread each, java-{api}, {target}", at_once(
                acceptor, way, target, java(api, "at-once", LANES), 1))


def gap(result):
    """For how long node's event loop stood still, in milliseconds."""
    return json.loads(result.out)["gap"]


def tests(acceptor):
    for way in ways(acceptor):
        for name, test in (*on_one_connection(acceptor, way),
                           *many_connections(acceptor, way)):
            yield f"{acceptor.name} {way.name}: {name}", test
