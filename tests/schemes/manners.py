# SPDX-License-Identifier: MIT
"""How clients differ: those of HTTP/1.0 or that close, apt's pipelines, bodies
on several connections, event loops, and what the record says of proofs."""

import json

import bodies
from cells import check_cost, judged
from clients import (BY_NAME, PYTHON, Run, apt_config, apt_update, from_file)
from clients import PROGRAMS as COMMON
from fetchers import PROGRAMS
from kept import gap, node, several
from origin import content
from realm import SilentPort
from running import check, check_resolved, look
from troubles import credentials, secret_of
from ways import NOWHERE, password, proxy_at, ways

# ---- connections that the client does not mean to keep


def curl_with(*options):
    def build(task):
        run = BY_NAME["curl"].build(task)
        run.argv[1:1] = options
        return run
    return build


def wget_closing(task):
    run = BY_NAME["wget"].build(task)
    run.argv[1:1] = ["--no-http-keep-alive"]
    return run


def bare(task):
    """A request of HTTP/1.0 that says nothing of its connection."""
    request = task.folder / "request"
    request.write_text(f"GET {task.url} HTTP/1.0\r\nHost: {task.authority}"
                       "\r\n\r\n")

    def got(run_task, _stdout):
        head, _, body = from_file(run_task, b"").partition(b"\r\n\r\n")
        return body if b" 200" in head[:13] else b""
    return Run([PYTHON, str(COMMON / "raw.py"), str(task.out), task.proxy.url,
                str(request)], got=got)


def curl_old(task):
    return curl_with("--http1.0", "--proxy1.0", task.proxy.url)(task)


def old_ones():
    """(name, target, build)"""
    for target in ("http", "https"):
        yield "curl with HTTP/1.0", target, curl_old
    yield "a bare request of HTTP/1.0", "http", bare
    yield "wget that closes", "http", wget_closing
    yield "curl that closes", "http", curl_with(
        "-H", "Connection: close", "-H", "Proxy-Connection: close")
    for name, target in (("socat", "http"), ("ncat", "http"),
                         ("openssl", "https")):
        yield f"{name}, CONNECT with HTTP/1.0", target, BY_NAME[name].build


OLD = ("ntlm-samba", "ntlm-apache", "ntlm-closing", "negotiate-squid",
       "spnego-samba", "bearer-haproxy")


def not_kept(acceptor, way):
    for name, target, build in old_ones():
        yield f"{name}, {target}", several(acceptor, way, target, build, 1)


# ---- apt


def apt_files(pipelines):
    """Eight files by one apt-helper, which asks for all of them at once."""
    def build(task):
        _, env = apt_config(task, "root", pipelines)
        argv, sizes = ["/usr/lib/apt/apt-helper", "download-file"], range(
            4000, 4008)
        for size in sizes:
            argv += [task.origin.url(task.target, f"/bytes/{size}/x"),
                     f"{task.out}.{size}", ""]
        return Run(argv, env, want=b"".join(content(n) for n in sizes),
                   got=lambda t, _: b"".join(
                       from_path(f"{t.out}.{n}") for n in sizes))
    return build


def from_path(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


def in_vain(acceptor, way):
    """Where each request needs a token of its own, the second of two that are
    under way at once has none: apt fails, and the record says why. (It begins
    with pipelines when the first answers have come.)"""
    def run(bench):
        task = bench.task(acceptor)
        result = bench.launched(task, apt_update("root", True)(task),
                                way.login(task))
        causes = {(e["cause"], e.get("detail")) for e in result.events
                  if e["outcome"] != "resolved"}
        check(not result.good and
              causes == {("not_replayable", "pipelined requests")},
              f"{causes}\n{result.describe()}")
    return run


def of_apt(acceptor, way):
    for pipelines, name in ((True, "pipelines"), (False, "no pipelines")):
        if pipelines and not acceptor.bound:
            yield ("apt-get update, pipelines: refused, and the record says "
                   "why", in_vain(acceptor, way))
        else:
            yield f"apt-get update, {name}", several(
                acceptor, way, "http", apt_update("root", pipelines), None,
                False)
        for target in ("http", "https"):
            yield f"apt-helper, 8 files, {name}, {target}", several(
                acceptor, way, target, apt_files(pipelines), 8)


# ---- bodies


def posts(times):
    """1 MiB by requests, on a new connection each time."""
    def build(task):
        path, digest, run = bodies.upload(task, bodies.MIB, [
            PYTHON, str(PROGRAMS / "post_requests.py"), "URL", "OUT", "PROXY",
            "CA", "FILE"])
        run.argv.append(str(times))
        run.want *= times
        return path, digest, run
    return build


def body_once(acceptor, way, times=3):
    """The first request may be sent in vain, body and all: nobody could know.
    From the second connection on the body goes once, after the last leg."""
    def run(bench):
        task = bench.task(acceptor)
        path, digest, command = posts(times)(task)
        sizes = len(acceptor.sizes())

        def judge(result, seen):
            check_resolved(result, task, None, [way.scheme])
            check_cost(acceptor, way, seen)
            taken = bench.origin.taken(path)
            check(taken == [(bodies.MIB, digest)] * times, f"taken: {taken}")
            sent = acceptor.sizes()[sizes:]
            lanes = {}
            for connection, status, size in sent:
                lanes.setdefault(connection, []).append((status, size))
            for lane in list(lanes.values())[-(times - 1):]:
                check(all(size < 20000 for status, size in lane
                          if status == 407),
                      f"a body was sent before the last leg: {sent}")
            whole = [s for s in sent if s[2] > bodies.MIB // 2]
            check(len(whole) <= times + 1, f"the body was sent too often: "
                  f"{sent}")
        judged(bench, acceptor, way, task, command, judge)
    return run


# ---- event loops


def loops(acceptor, way, name, lanes, most, notes, env=None):
    """For how long node's event loop stands still, which has other things to
    do: `most` ms, whatever the login waits for."""
    def run(bench):
        task = bench.task(acceptor)
        result = bench.launched(task, node(lanes, 1)(task), {
            **proxy_at(task), **(env or way.env)(task)})
        check(result.good, "it does not work\n" + result.describe())
        stood = gap(result)
        notes.append(f"event loop held up, {acceptor.name}, {name}: {stood} ms"
                     f" of {json.loads(result.out)['total']}")
        check(stood <= most, f"the event loop stood still for {stood} ms, "
              f"expected at most {most}\n{result.describe()}")
    return f"{acceptor.name} event loop: {name}", run


def silent_kdc(acceptor):
    def env(task):
        task.port = SilentPort()
        config = acceptor.realm.krb5_conf(f"silent-{task.port.port}.conf",
                                          task.port.port)
        return {**acceptor.realm.env(NOWHERE, config), **password(),
                "AUTH407_HELPER_TIMEOUT": "3"}
    return env


def slow_helper(acceptor):
    def env(task):
        path = task.folder / "helper"
        token = secret_of(acceptor.issuer.token("alice"))
        path.write_text("#!/bin/sh\nsleep 2\nprintf 'authtype=Bearer\\n"
                        f"credential=%s\\n' {token}\n")
        path.chmod(0o700)
        return credentials(task, {"helper": path})
    return env


# A machine with other things to do stands still by itself; but it does so for
# seconds only where something waits.
BUSY = 1500


def event_loops(acceptor, way, notes):
    if acceptor.name in ("ntlm-samba", "negotiate-squid"):
        for lanes in (1, 20):
            yield loops(acceptor, way, f"{lanes} connections", lanes, BUSY,
                        notes)
    if acceptor.name == "bearer-haproxy":
        yield loops(acceptor, way, "a credential helper of 2 s", 1, BUSY,
                    notes, slow_helper(acceptor))
    if acceptor.name == "all-squid" and way.scheme == "negotiate":
        yield loops(acceptor, way, "a silent KDC, of which 3 s are allowed", 5,
                    BUSY, notes, silent_kdc(acceptor))


# ---- proofs


def proofs(acceptor, way):
    """squid hands no token on, and nobody has one in the answer to CONNECT."""
    by_apache = acceptor.package == "apache2-bin" or \
        acceptor.name == "spnego-apache"
    for target in ("http", "https"):
        wanted = "verified" if by_apache and target == "http" else "absent"

        def run(bench, target=target, wanted=wanted):
            task = bench.task(acceptor, target)
            result = bench.launched(task, BY_NAME["curl"].build(task),
                                    way.login(task))
            check(result.good, "it does not work\n" + result.describe())
            have = look(result.events[0], "mutual_authentication")
            check(have == wanted, f"mutual_authentication is {have}, not "
                  f"{wanted}\n{result.describe()}")
        yield f"the proxy's proof, {target}: {wanted}", run


def tests(acceptor, notes):
    for way in ways(acceptor):
        many = []
        if acceptor.name in OLD:
            many += not_kept(acceptor, way)
        if way.deep and acceptor.name in ("ntlm-samba", "negotiate-squid"):
            many += of_apt(acceptor, way)
        if acceptor.name == "negotiate-unbound":
            many += of_apt(acceptor, way)
        if hasattr(acceptor, "sizes") and way.deep:
            many.append(("POST of 1 MiB on 3 connections: the body once each",
                         body_once(acceptor, way)))
        if way.scheme == "negotiate" or acceptor.name.startswith("spnego-"):
            many += proofs(acceptor, way)
        for name, test in many:
            yield f"{acceptor.name} {way.name}: {name}", test
        yield from event_loops(acceptor, way, notes)
