# SPDX-License-Identifier: MIT
"""How many requests a login costs: one 407 for a process, not one for a fetch;
and many transfers at a time."""

from clients import PROGRAMS, PYTHON, SIZE, Run, from_file, proxy_variables
from origin import content
from running import check, check_resolved, explained, statuses


def python(task, program, times):
    argv = [PYTHON, PROGRAMS / program, task.url, task.out, task.proxy.url,
            task.lab.ca]
    return Run([str(a) for a in argv], proxy_variables(task), got=from_file,
               want=content(SIZE) * times)


def curl_list(task, times, *options):
    """One curl process, a configuration file of `times` URLs; what it fetched
    is put together in order."""
    base = task.origin.url(task.target, "/bytes/")
    lines = "".join(f'url = "{base}{3000 + i}/x"\n'
                    f'output = "{task.folder}/out.{i}"\n'
                    for i in range(times))
    (task.folder / "urls").write_text(lines)

    def got(_task, _stdout):
        paths = [task.folder / f"out.{i}" for i in range(times)]
        return b"".join(p.read_bytes() for p in paths if p.exists())
    return Run(["curl", "-sSf", "--cacert", str(task.lab.ca), *options, "-K",
                str(task.folder / "urls")], proxy_variables(task), got=got,
               want=b"".join(content(3000 + i) for i in range(times)))


def counted(proxy, target, build, expected, limit_407=1):
    """The run works, `expected` requests come to the proxy in all, at most
    limit_407 of them refused. On a proxy without login: one less."""
    def run(bench):
        task = bench.task(proxy, target)
        mark = proxy.mark()
        command = build(task)
        result = (bench.preloaded if proxy.scheme else bench.plain)(
            task, command)
        total = expected if proxy.scheme else expected - 1
        seen = proxy.since(mark)
        refused = statuses(seen).count(407)
        with explained(result, proxy, mark):
            check(result.good, "it does not work")
            if proxy.scheme:
                check_resolved(result, task)
                check(1 <= refused <= limit_407, f"{refused} requests met 407")
            check(limit_407 > 1 or len(seen) == total,
                  f"the proxy saw {len(seen)} requests, expected {total}")
            check(len(result.events) == refused or not proxy.scheme
                  or limit_407 > 1, f"{len(result.events)} log lines for "
                  f"{refused} refusals")
    return run


def tests(proxy):
    kept = proxy.package != "tinyproxy-bin"  # it closes after each answer
    # a nonce that is good for two requests is refused when it is used up
    many = 30 if proxy.name == "squid-digest2" else 1
    yield (f"{proxy.name} count: 50 URLs by one curl, http, one 407",
           counted(proxy, "http", lambda t: curl_list(t, 50), 51, many))
    yield (f"{proxy.name} count: 50 URLs by one curl, one tunnel, one 407",
           counted(proxy, "https", lambda t: curl_list(t, 50), 2))
    if kept:
        yield (f"{proxy.name} count: http.client, 50 on a kept connection",
               counted(proxy, "http", lambda t: python(t, "fifty.py", 50), 51,
                       many))
    for target in ("http", "https"):
        yield (f"{proxy.name} count: urllib, 10 connections, {target}, one 407",
               counted(proxy, target, lambda t: python(t, "anew.py", 10), 11,
                       min(many, 6)))
        yield (f"{proxy.name} parallel: 100 transfers in one curl, {target}",
               counted(proxy, target, lambda t: curl_list(
                   t, 100, "--parallel", "--parallel-max", "100",
                   "--parallel-immediate"), 0, 200))
