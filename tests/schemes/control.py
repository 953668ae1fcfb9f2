# SPDX-License-Identifier: MIT
"""The proxies themselves, proved by clients that log in of their own: curl, and
login.py with GSSAPI or Samba's ntlm_auth. No library of ours takes part."""

import json
import os
import subprocess

import bodies
import domain
import fetchers
import matrix
import realm
from clients import PYTHON, Run, proxy_variables
from proxies import PASSWORD, USER
from running import Failure, check, statuses
from ways import tickets

LOGIN = os.path.join(os.path.dirname(os.path.realpath(__file__)),
                     "programs", "login.py")


def login_run(task, mechanism, times=1, user=USER, password=PASSWORD,
              cache=None):
    argv = [PYTHON, LOGIN, mechanism, task.url, task.proxy.url,
            str(task.lab.ca), str(times)]
    return Run(argv, {**tickets(task.proxy, cache), "CONTROL_USER": user,
                      "CONTROL_PASSWORD": password,
                      "CONTROL_DOMAIN": domain.NAME}, want=b"")


def told(result):
    try:
        return json.loads(result.out)
    except ValueError as e:
        raise Failure(f"it says nothing\n{result.describe()}") from e


def curl(task, *options, times=1, env=()):
    """Prints a status for each of `times` requests on one connection."""
    argv = ["curl", "-sS", "--cacert", str(task.lab.ca), "-w",
            "%{http_code} %{http_connect} %{num_connects}\\n", *options]
    for _ in range(times):
        argv += ["-o", str(task.out), task.url]
    return Run(argv, {**proxy_variables(task), **dict(env)}, want=b"")


def offers(acceptor):
    def run(bench):
        for target in ("http", "https"):
            task = bench.task(acceptor, target)
            mark = acceptor.mark()
            head = task.folder / "head"
            result = bench.plain(task, curl(task, "-D", head))
            found = [line.split()[1] for line in head.read_text().splitlines()
                     if line.lower().startswith("proxy-authenticate:")]
            check(found == list(acceptor.offers),
                  f"offered: {found}\n{result.describe()}")
            check(statuses(acceptor.since(mark, 1)) == [407], "no 407 logged")
    return run


def accepted(acceptor, mechanism, target):
    """In after so many requests; on the kept connection, one each from then
    on, if the login holds for the connection."""
    legs = acceptor.accepts[mechanism]
    scheme = "ntlm" if mechanism in ("ntlmssp", "samba-ntlm") else "negotiate"

    def run(bench):
        task = bench.task(acceptor, target)
        mark = acceptor.mark()
        result = bench.plain(task, login_run(task, mechanism, 3))
        wanted = [407] * (legs - 1) + [200]
        told_by_proxy = wanted + ([200, 200] if acceptor.bound else [407, 407]
                                  ) * (target == "http")
        seen = acceptor.since(mark, len(told_by_proxy))
        said = told(result)
        note = f"{said}\n{seen}\n{acceptor.complaints[-1000:]}"
        check(said["statuses"] == wanted, note)
        check(statuses(seen) == told_by_proxy, note)
        check({s.user for s in seen if s.status == 200} ==
              {acceptor.known_as[scheme]}, note)
        closing = said.get("closed", 0)
        check(len({s.connection for s in seen}) == 1 + closing, note)
        check(closing == (acceptor.name == "ntlm-closing"), note)
        # Apache proves itself to a client with Kerberos; squid hands no token
        # on, and nobody puts one into the answer to a CONNECT
        if legs == 2:
            check(said["mutual"] == (acceptor.package == "apache2-bin"
                                     and target == "http"), note)
    return run


def refused(acceptor, mechanism, user, password, reason):
    def run(bench):
        task = bench.task(acceptor)
        mark = acceptor.mark()
        result = bench.plain(task, login_run(task, mechanism, 1, user,
                                             password))
        seen = acceptor.since(mark)
        check(seen and set(statuses(seen)) == {407},
              f"{reason}: {seen}\n{result.describe()}")
    return run


def curl_with(acceptor, option, login, target, expected, env=dict):
    """curl's own login; what the proxy saw of two requests, or of the tunnel
    that both went through."""
    def run(bench):
        task = bench.task(acceptor, target)
        mark = acceptor.mark()
        result = bench.plain(task, curl(task, option, "-U", login, times=2,
                                        env=env()))
        wanted = expected[:expected.index(200) + 1] if target == "https" \
            else expected
        seen = acceptor.since(mark, len(wanted))
        check(result.code == 0 and statuses(seen) == wanted,
              f"{statuses(seen)}, expected {wanted}\n{result.describe()}")
        scheme = option.removeprefix("--proxy-")
        check({s.user for s in seen if s.status == 200} ==
              {acceptor.known_as[scheme]}, f"{seen}")
    return run


def upload(acceptor, option, login, target, env=dict):
    """1 MiB by curl's own login arrives once, and whole."""
    def run(bench):
        task = bench.task(acceptor, target)
        path, digest, command = bodies.upload(task, bodies.MIB, [
            "curl", "-sSf", "--cacert", "CA", "-o", "OUT", option, "-U", login,
            "-H", "Expect:", "--data-binary", "@FILE", "URL"])
        command.env.update(env())
        result = bench.plain(task, command)
        taken = bench.origin.taken(path)
        check(result.good and taken == [(bodies.MIB, digest)],
              f"at the origin: {taken}\n{result.describe()}")
    return run


def bearer(acceptor, make, expected, says=""):
    def run(bench):
        for target in ("http", "https"):
            task = bench.task(acceptor, target)
            mark = acceptor.mark()
            field = f"Proxy-Authorization: Bearer {make(acceptor)}"
            head = task.folder / "head"
            result = bench.plain(task, curl(task, "--proxy-header", field, "-D",
                                            head))
            seen = acceptor.since(mark, 1)
            check(statuses(seen) == [expected], f"{seen}\n{result.describe()}")
            check(says in head.read_text(), result.describe())
            if expected == 200:
                check(seen[0].user == USER, f"{seen}")
    return run


def never(acceptor):
    """A ticket that is good, and a proxy that can't take it."""
    def run(bench):
        task = bench.task(acceptor)
        mark = acceptor.mark()
        before = len(acceptor.complaints)
        result = bench.plain(task, login_run(task, "spnego"))
        check(told(result)["statuses"] == [407, 407], result.describe())
        check(statuses(acceptor.since(mark, 2)) == [407, 407], "another count")
        said = acceptor.complaints[before:]
        check(acceptor.refuses in said, f"the proxy says: {said[-1500:]}")
    return run


def of_ntlm(acceptor):
    login = f"{domain.NAME}\\{USER}:{PASSWORD}"
    mechanism = next(m for m in ("samba-ntlm", "samba-spnego")
                     if m in acceptor.accepts)
    yield "wrong password", refused(
        acceptor, mechanism, domain.CLUMSY if "domain" in acceptor.needs
        else USER, "wrong", "wrong password")
    if "domain" in acceptor.needs:
        for user, why in ((domain.DISABLED, "disabled"),
                          (domain.EXPIRED, "password expired"),
                          (domain.LOCKED, "locked out")):
            yield f"user {why}", refused(acceptor, mechanism, user, PASSWORD,
                                         why)
    if "domain" in acceptor.needs and "NTLM" in acceptor.offers:
        for target in ("http", "https"):
            yield (f"curl --proxy-ntlm {target}",
                   curl_with(acceptor, "--proxy-ntlm", login, target,
                             [407, 200, 200]))
        yield "POST of 1 MiB by curl, NTLM", upload(
            acceptor, "--proxy-ntlm", login, "http")


def of_kerberos(acceptor):
    def env():
        return tickets(acceptor)

    def without():
        return tickets(acceptor, "/nonexistent/cache")
    if acceptor.bound:
        for target in ("http", "https"):
            yield (f"curl --proxy-negotiate {target}",
                   curl_with(acceptor, "--proxy-negotiate", ":", target,
                             [200, 200], env))
    yield "POST of 1 MiB by curl, Negotiate", upload(
        acceptor, "--proxy-negotiate", ":", "http", env)

    def refuses(name, make):
        def run(bench):
            task = bench.task(acceptor)
            mark = acceptor.mark()
            result = bench.plain(task, curl(
                task, "--proxy-negotiate", "-U", ":", env=make(task)))
            seen = acceptor.since(mark)
            check(result.out.startswith(b"407") and
                  set(statuses(seen)) == {407},
                  f"{seen}\n{result.describe()}")
        return name, run
    yield refuses("no ticket", lambda task: without())
    if "realm" in acceptor.needs:
        yield refuses("expired ticket", lambda task: tickets(
            acceptor, acceptor.realm.expired_ticket(task.folder)))


def kdc_troubles(acceptor):
    """What the realm's helpers promise holds, seen by Kerberos' own tools."""
    def kvno(task, config, service=realm.SERVICE, limit=None):
        cache = acceptor.realm.ticket(task.folder)
        env = {**os.environ, **acceptor.realm.env(cache, config)}
        try:
            done = subprocess.run(["kvno", service], env=env, text=True,
                                  capture_output=True, timeout=limit)
            return done.stdout + done.stderr
        except subprocess.TimeoutExpired:
            return "hangs"

    def case(name, expected, config, **more):
        def run(bench):
            task = bench.task(acceptor)
            said = kvno(task, config(acceptor.realm), **more)
            check(expected in said, f"kvno says: {said}")
        return name, run

    def silent(accepts):
        def run(bench):
            port = realm.SilentPort(accepts)
            task = bench.task(acceptor)
            try:
                said = kvno(task, acceptor.realm.krb5_conf(
                    f"silent-{port.port}.conf", port.port), limit=4)
            finally:
                port.close()
            check(said == "hangs", f"kvno says: {said}")
            check(bool(port.asked) == accepts, f"asked {port.asked} times")
        return run
    yield case("the KDC hands out tickets", "kvno = ", lambda r: r.config)
    yield case("KDC down", "Cannot contact any KDC",
               lambda r: r.krb5_conf("down.conf", 9))
    yield case("KDC with another clock", "Clock skew too great",
               lambda r: r.configs["ahead"])
    yield case("a proxy that the KDC does not know", "not found in Kerberos",
               lambda r: r.config, service="HTTP/other.test")
    yield "KDC that never answers", silent(True)
    yield "KDC behind a firewall that drops", silent(False)


def of_all(acceptor):
    """Digest and Basic, where they are offered too."""
    for scheme, expected in (("digest", [407, 200, 407, 200]),
                             ("basic", [200, 200])):
        if scheme.title() in acceptor.offers:
            for target in ("http", "https"):
                yield f"curl --proxy-{scheme} {target}", curl_with(
                    acceptor, f"--proxy-{scheme}", f"{USER}:{PASSWORD}",
                    target, expected)


def counted_attempts(acceptor):
    """The domain counts wrong passwords, and a good one is none."""
    def run(bench):
        user = domain.GUESSED
        counts = [acceptor.domain.bad_passwords(user)]
        for password in ("wrong", "wrong again", PASSWORD):
            task = bench.task(acceptor)
            bench.plain(task, login_run(task, "samba-ntlm", 1, user, password))
            counts.append(acceptor.domain.bad_passwords(user))
        check(counts == [0, 1, 2, 0], f"badPwdCount: {counts}")
    return run


def without_login(acceptor):
    """Java, which no other suite has, works where nobody asks for a login: so
    a 407 that it meets is the login's doing."""
    for client in fetchers.CLIENTS:
        if client.name.startswith("java"):
            for target in client.targets:
                yield (f"{client.name} {target} works where no login is asked",
                       lambda bench, c=client, t=target: matrix.served(
                           bench, c, acceptor.behind, t))


def tests(acceptor):
    def named(name):
        return f"{acceptor.name} control: {name}"
    yield named("offers its schemes"), offers(acceptor)
    if acceptor.refuses:
        yield named("a good ticket is refused"), never(acceptor)
        return
    for mechanism in acceptor.accepts:
        for target in ("http", "https"):
            yield (named(f"{mechanism} {target}"),
                   accepted(acceptor, mechanism, target))
    if "samba-ntlm" in acceptor.accepts or "samba-spnego" in acceptor.accepts:
        for name, test in of_ntlm(acceptor):
            yield named(name), test
    if "spnego" in acceptor.accepts:
        for name, test in of_kerberos(acceptor):
            yield named(name), test
    for name, test in of_all(acceptor):
        yield named(name), test
    if acceptor.name == "negotiate-squid":
        for name, test in kdc_troubles(acceptor):
            yield named(name), test
    if acceptor.name == "ntlm-samba":
        yield named("wrong passwords are counted"), counted_attempts(acceptor)
    if acceptor.scheme == "bearer":
        yield named("a good token"), bearer(
            acceptor, lambda a: a.issuer.token(USER), 200)
        yield named("a token that ended"), bearer(
            acceptor, lambda a: a.issuer.token(USER, -5), 407, "expired")
        yield named("a stranger's token"), bearer(
            acceptor, lambda a: a.stranger.token(USER), 407, "signature")
        yield named("an unsigned token"), bearer(
            acceptor, lambda a: a.issuer.token(USER).rsplit(".", 1)[0] + ".",
            407, "signature")
        for name, test in without_login(acceptor):
            yield named(name), test
