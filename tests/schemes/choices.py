# SPDX-License-Identifier: MIT
"""Proxies that offer several schemes: the strongest that works is used, the
next when it fails, each once, and none that is not allowed."""

import os
import select
import socket
import socketserver
import threading

import realm
from acceptors import FAR
from cases import (SLACK, Case, both, exactly, failed_attempt, named,
                   nothing_sent)
from clients import PROGRAMS as COMMON
from clients import PYTHON, Run
from domain import CLUMSY
from kept import python
from running import check
from ways import NOWHERE, password, proxy_at, tickets

NO_REALM = {"KRB5_CONFIG": os.devnull, "KRB5CCNAME": f"FILE:{NOWHERE}"}
NO_TICKET = ("no_ticket",)
NEXT = ("digest",)         # after Negotiate, if nothing else is said
WAIT = 3                   # seconds that a KDC may take here


def without_ticket(_task):
    return {**NO_REALM, **password()}


def unreachable(acceptor, accepts):
    """A KDC that never answers; the helper gets some seconds for it."""
    port = realm.SilentPort(accepts)
    config = acceptor.realm.krb5_conf(f"silent-{port.port}.conf", port.port)
    acceptor.silent = getattr(acceptor, "silent", []) + [port]
    return {**acceptor.realm.env(NOWHERE, config), **password(),
            "AUTH407_HELPER_TIMEOUT": str(WAIT)}


def down(acceptor):
    config = acceptor.realm.krb5_conf("down.conf", 9)
    return {**acceptor.realm.env(NOWHERE, config), **password()}


def only(schemes, **more):
    def env(_task):
        return {**NO_REALM, **password(), "AUTH407_SCHEMES": schemes, **more}
    return env


def once_each(task, result):
    """No scheme is tried a second time: each first leg stands there once."""
    tried = [a["scheme"] for a in result.events[0]["attempts"]
             if a.get("leg", 1) == 1 and not a.get("stale")]
    check(len(tried) == len(set(tried)), f"tried {tried}")


def clock_of_kdc(acceptor):
    return {**acceptor.realm.env(NOWHERE, acceptor.realm.configs["ahead"]),
            **password(domain_name="")}


def paid_once(acceptor):
    """Ten connections of one process wait for a silent KDC once."""
    def run(bench):
        task = bench.task(acceptor)
        mark = acceptor.mark()
        result = bench.launched(task, python(10, COMMON / "anew.py")(task), {
            **proxy_at(task), **unreachable(acceptor, True)})
        check(result.good, "it does not work\n" + result.describe())
        seen = [s.status for s in acceptor.since(mark)]
        check(seen == [407] + [200] * 10, f"the proxy saw {seen}")
        check(WAIT - 0.5 < result.seconds < WAIT + SLACK,
              f"it took {result.seconds:.1f} s")
    return f"{acceptor.name} KDC that never answers: waited for once", run


def silent(acceptor, accepts, **more):
    return {"env": lambda task: unreachable(acceptor, accepts),
            "scheme": NEXT, "tried": ("negotiate", NO_TICKET),
            "within": WAIT + SLACK, "least": WAIT - 0.5,
            "after": both(once_each, failed_attempt(
                "negotiate", f"answered within {WAIT} s")), **more}


def of_all(acceptor):
    yield Case("no ticket: Negotiate tried, then Digest, in one run",
               without_ticket, NEXT, tried=("negotiate", NO_TICKET),
               seen=exactly(407, 200), after=both(once_each, failed_attempt(
                   "negotiate", "no default realm", "alice")))
    yield Case("no ticket, NTLM next: Negotiate tried, then NTLM, in one run",
               only("negotiate,ntlm,basic"), ("ntlm",),
               tried=("negotiate", NO_TICKET), seen=exactly(407, 407, 200),
               after=both(once_each, failed_attempt("negotiate", "realm")))
    yield Case("an expired ticket, no password: Negotiate tried, and why not",
               lambda t: acceptor.realm.env(acceptor.realm.expired_ticket(
                   t.folder)), cause=NO_TICKET, seen=nothing_sent,
               tried=("negotiate", NO_TICKET),
               after=failed_attempt("negotiate", "expired", "kinit"))
    yield Case("an expired ticket and a password: Negotiate by that",
               lambda t: {**acceptor.realm.env(acceptor.realm.expired_ticket(
                   t.folder)), **password(domain_name="")}, ("negotiate",),
               seen=exactly(407, 200))
    yield Case("neither ticket nor password: no credential",
               lambda t: tickets(acceptor, NOWHERE), cause=("no_credential",),
               seen=nothing_sent)
    yield Case("KDC with another clock: Negotiate tried, then the next",
               lambda t: clock_of_kdc(acceptor), NEXT,
               tried=("negotiate", ("clock_skew",)), after=both(
                   once_each, failed_attempt("negotiate", "clock")))
    yield Case("no ticket, https: Negotiate tried, then the next",
               without_ticket, NEXT, tried=("negotiate", NO_TICKET),
               target="https")
    yield Case("no ticket, wget: Negotiate tried, then the next",
               without_ticket, NEXT, tried=("negotiate", NO_TICKET),
               client="wget")
    yield Case("KDC that never answers: the next after the timeout",
               **silent(acceptor, True))
    yield Case("KDC that never answers, https: the next after the timeout",
               **silent(acceptor, True, target="https"))
    yield Case("KDC behind a firewall that drops: the next after the timeout",
               **silent(acceptor, False))
    yield Case("KDC down: the next at once", lambda task: down(acceptor), NEXT,
               tried=("negotiate", NO_TICKET), within=SLACK)
    yield Case("ticket and password: Negotiate", lambda task: {
        **tickets(acceptor), **password()}, ("negotiate",),
        seen=exactly(407, 200))
    yield Case("password alone: Negotiate by it", lambda task: {
        **tickets(acceptor, NOWHERE), **password(domain_name="")},
        ("negotiate",), seen=exactly(407, 200))
    for schemes, used, seen in (
            ("ntlm", "ntlm", exactly(407, 407, 200)),
            ("digest", "digest", exactly(407, 200)),
            ("basic", "basic", exactly(407, 200)),
            ("basic,digest", "basic", exactly(407, 200)),
            ("digest,ntlm", "digest", exactly(407, 200))):
        yield Case(f"only {schemes} allowed", only(schemes), (used,),
                   seen=seen)
    yield Case("only Negotiate allowed, and no ticket: nothing weaker",
               only("negotiate"), cause=NO_TICKET, seen=nothing_sent)
    yield Case("only Bearer allowed: nothing is sent", only("bearer"),
               cause=("scheme_not_allowed",), seen=nothing_sent)
    yield Case("wrong password: each scheme once", lambda task: {
        **NO_REALM, **password(CLUMSY, "wrong")}, cause=("rejected",),
        seen=lambda seen: 2 <= len(seen) <= 5, after=once_each)
    far = {"proxy": "far.test"}
    yield Case("Basic over a clear connection to another machine, allowed",
               only("basic", AUTH407_CLEAR="yes"), ("basic",), **far)
    yield Case("Basic over a clear connection to another machine, forbidden",
               only("basic", AUTH407_CLEAR="no"), seen=nothing_sent,
               cause=("scheme_not_allowed",), **far)
    yield Case("Digest over a clear connection is not forbidden with Basic",
               only("basic,digest", AUTH407_CLEAR="no"), ("digest",), **far)


class Between(socketserver.ThreadingTCPServer):
    """Stands before a proxy at an address that is not the loopback's: hands
    everything on until somebody was let in, and then asks for Basic."""
    daemon_threads = True

    def __init__(self, behind):
        self.behind, self.let_in, self.heads = behind, False, []
        super().__init__((FAR, 0), None)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.1,),
                         daemon=True).start()

    def finish_request(self, client, _address):
        client.settimeout(20)
        if not self.let_in:
            return self._hand_on(client)
        self.heads.append(client.recv(65536))
        return client.sendall(
            b"HTTP/1.1 407 Proxy Authentication Required\r\n"
            b'Proxy-Authenticate: Basic realm="corp"\r\n'
            b"Connection: close\r\nContent-Length: 0\r\n\r\n")

    def _hand_on(self, client):
        with socket.create_connection(("127.0.0.1", self.behind)) as proxy:
            ends = {client: proxy, proxy: client}
            while ready := select.select(list(ends), [], [], 20)[0]:
                for end in ready:
                    data = end.recv(65536)
                    if not data:
                        return
                    self.let_in |= data.startswith(b"HTTP/1.1 200")
                    ends[end].sendall(data)


def weaker(acceptor, clear, sent):
    """After a login by Digest somebody in between asks for Basic."""
    def run(bench):
        task = bench.task(acceptor)
        between = Between(task.proxy.port)
        argv = [PYTHON, COMMON / "anew.py", task.url, task.out,
                f"http://far.test:{between.port}", task.lab.ca]
        with between:
            result = bench.launched(
                task, Run([str(a) for a in argv],
                          {"http_proxy": f"http://far.test:{between.port}"}),
                {**only("digest,basic")(task), **clear})
            between.shutdown()
        said = [h for h in between.heads
                if b"proxy-authorization: basic" in h.lower()]
        causes = [e["cause"] for e in result.events]
        check(causes[:1] == ["not_sent_first"] and between.heads,
              f"Digest did not work first: {causes}\n" + result.describe())
        check(bool(said) == sent, f"who stands between was told {said}\n"
              + result.describe())
        check(sent or causes[1:2] == ["weaker_scheme_offered"],
              f"causes {causes}")
    setting = "".join(clear.values()) or "by default"
    return (f"{acceptor.name} Basic is asked for after Digest has worked, "
            f"AUTH407_CLEAR {setting}", run)


def tests(acceptor):
    if acceptor.name == "all-squid":
        yield from named(acceptor, of_all(acceptor))
        yield paid_once(acceptor)
        yield weaker(acceptor, {}, False)
        yield weaker(acceptor, {"AUTH407_CLEAR": "yes"}, True)
    if acceptor.name == "mixed-apache":
        yield from named(acceptor, [
            Case("no ticket: NTLM, by its own name or within Negotiate",
                 without_ticket, ("negotiate", "ntlm"),
                 user=acceptor.known_as["ntlm"], after=once_each),
            Case("Basic alone", only("basic"), ("basic",)),
        ])
    if acceptor.name == "negotiate-apache":
        yield from named(acceptor, [
            Case("offers NTLM and takes none: refused, each once",
                 without_ticket, seen=lambda seen: len(seen) <= 4,
                 after=once_each),
            Case("neither ticket nor password: no credential",
                 lambda task: tickets(acceptor, NOWHERE),
                 cause=("no_credential",), seen=nothing_sent)])
    if acceptor.name == "ntlm-apache":
        yield from named(acceptor, [
            Case("password, any scheme", without_ticket,
                 ("negotiate", "ntlm"), after=once_each)])
