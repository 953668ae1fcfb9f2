# SPDX-License-Identifier: MIT
"""An origin that answers 407 is not the proxy: it gets no credential, not
directly, not in a tunnel, not through the proxy. And no answer of an origin is
a refusal of the login."""

from clients import BY_NAME, Run, proxy_variables
from running import check, look


def fetch(way):
    """curl to the origin that answers 407, by `way`."""
    def build(task):
        secure = "tls" in way
        server = task.origin.refusers["https" if secure else "http"]
        url = f"{'https' if secure else 'http'}://origin.test:{server.port}" \
            f"/{task.folder.name}"
        argv = ["curl", "-sS", "-m", "10", "--cacert", str(task.lab.ca), "-w",
                "\n%{http_code}"]
        env = proxy_variables(task)
        if way.startswith("direct"):
            argv += ["--noproxy", "*", "--resolve",
                     f"origin.test:{server.port}:127.0.0.1"]
        if way == "direct, proxy form":
            argv += ["--request-target", url]
        if way == "tunnel":
            argv += ["-p"]
        return Run([*argv, url], env), server
    return build


def quiet(proxy, way):
    def run(bench):
        task = bench.task(proxy)
        command, server = fetch(way)(task)
        result = bench.preloaded(task, command, bench.login(task))
        got = server.told(f"/{task.folder.name}")
        check(len(got) == 1, f"the origin was asked {len(got)} times: {got}\n"
              + result.describe())
        check(b"authorization" not in got[0].lower(),
              f"the origin was sent {got}\n" + result.describe())
        if way != "through the proxy":
            check(result.code == 0 and result.out == b"mine\n407",
                  "curl did not read the origin's answer\n"
                  + result.describe())
        if way == "direct, proxy form":
            causes = [look(e, "cause") for e in result.events]
            check(causes == ["endpoint_not_configured"],
                  f"log: causes {causes}\n" + result.describe())
    return run


def blameless(proxy):
    """An origin's 407 that a proxy hands on says nothing about our login: the
    next request to another origin is served."""
    def run(bench):
        task = bench.task(proxy)
        command, _ = fetch("through the proxy")(task)
        foreign = bench.preloaded(task, command)
        result = bench.preloaded(task, BY_NAME["curl"].build(task))
        check(result.good, "after an origin's 407 the login is not used\n"
              f"{foreign.describe()}\nand then:\n{result.describe()}")
    return run


def past_the_proxy(proxy, way):
    """An origin that gets the next request raw, since the proxy has handed the
    connection over to it, gets no login; nor does what it says cost the user
    theirs."""
    def run(bench):
        task = bench.task(proxy)
        server = task.origin.refusers["staying"]
        mark = f"/{way}-{task.folder.name}"
        url = f"http://origin.test:{server.port}{mark}"
        foreign = bench.preloaded(
            task, Run(["curl", "-sS", "-m", "10", url, url + "-2"],
                      proxy_variables(task)))
        got = server.told(mark) + server.told(mark + "-2")
        check(len(got) > 1, f"the origin was asked {len(got)} times\n"
              + foreign.describe())
        check(not any(b"authorization" in head.lower() for head in got),
              f"the origin was sent {got}\n" + foreign.describe())
        result = bench.preloaded(task, BY_NAME["curl"].build(task))
        check(result.good, "after that the login is not used\n"
              f"{foreign.describe()}\nand then:\n{result.describe()}")
    return run


def unforged(proxy):
    """Nor does an origin's 401, not even one in tinyproxy's name: the user's
    next process logs in."""
    def run(bench):
        task = bench.task(proxy)
        url = task.origin.url("http", f"/401/{task.folder.name}")
        foreign = bench.preloaded(task, Run(
            ["curl", "-sS", "-m", "10", "-w", "%{http_code}", url],
            proxy_variables(task)))
        check(foreign.out == b"mine\n401", "curl did not read the origin's "
              "answer\n" + foreign.describe())
        result = bench.preloaded(task, BY_NAME["curl"].build(task))
        check(result.good, "after an origin's 401 the login is not used\n"
              f"{foreign.describe()}\nand then:\n{result.describe()}")
    return run


def tests(proxy):
    if proxy.package == "tinyproxy-bin":
        for way in ("next", "interim"):
            yield (f"{proxy.name} hands its connection over to an origin: no "
                   f"credential, {way}", past_the_proxy(proxy, way))
    if not proxy.scheme:
        yield (f"{proxy.name} origin answers 407: no credential, through the "
               "proxy", quiet(proxy, "through the proxy"))
        return
    ways = ["tunnel", "tunnel with tls", "through the proxy"]
    if proxy.name == "squid-basic":
        ways += ["direct", "direct with tls", "direct, proxy form"]
    yield (f"{proxy.name} origin answers 407: the login is not held back for "
           "it", blameless(proxy))
    yield (f"{proxy.name} origin answers 401 as tinyproxy would: the login is "
           "not held back for it", unforged(proxy))
    for way in ways:
        yield (f"{proxy.name} origin answers 407: no credential, {way}",
               quiet(proxy, way))
