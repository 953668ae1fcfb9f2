# SPDX-License-Identifier: MIT
"""auth407 login tries a credential at a proxy."""

import base64
import os
import pathlib

import scripted
from harness import BUILD, check, equal, has, lacks, path, test
from login_help import SECRET, ended, login, place
from servers import Proxy, TlsPeer, make_certificate

CLOSED = "127.0.0.1:1"     # nobody listens there


def let_in(*, end=False):
    good = base64.b64encode(f"alice:{SECRET}".encode())

    def serve(peer):
        while head := peer.head():
            peer.say(b"HTTP/1.1 200 fine\r\n\r\n" if good in head
                     else scripted.refusal(end=end))
            if end and good not in head:
                peer.close()
                return
    return serve


def once(answer):
    def serve(peer):
        peer.head()
        if answer:
            peer.say(answer)
        peer.close()
    return serve


def tried(name, serve, *args, password=SECRET, env=None):
    """Tries alice's password at such a proxy; the result, and what came."""
    file = place(name)
    with scripted.Scripted(None, serve) as proxy:
        done = login(file, f"127.0.0.1:{proxy.port}", "--verify", *args,
                     keys={"username": "alice", "password": password},
                     env={"XDG_STATE_HOME": path("login", name), **(env or {})})
        return done, os.path.exists(file), b"".join(p.got for p in proxy.peers)


@test
def verifies():
    """what the proxy accepts is written, and what it refuses is not"""
    for end in (False, True):
        done, written, got = tried("good", let_in(end=end))
        ended(done, 0, "accepts it (basic)", "written to")
        check(written, "not written")
        equal(got.count(b"CONNECT example.com:443 HTTP/1.1\r\n"), 2)
    done, written, got = tried("bad", let_in(), password="other ")
    ended(done, 1, "answers 407", "refused our credential",
          "nothing was written", "--force")
    # when it is entered, and of the refusal, as the log would
    equal(done.err.count("the password ends with a blank"), 2, done.err)
    check(not written, "written")
    equal(got.count(b"Proxy-Authorization"), 1, "logins")
    done, written, got = tried("forced", let_in(), "--force", "--target",
                               "[::1]:7", password="other")
    ended(done, 0, "refused our credential", "written to")
    has(got, b"CONNECT [::1]:7 HTTP/1.1\r\nHost: [::1]:7\r\n")
    check(written, "not written")
    for target, want in (("http://a.test/b", b"GET http://a.test/b HTTP/1.1"),
                         ("https://a.test/b", b"CONNECT a.test:443 HTTP/1.1")):
        done, written, got = tried("url", let_in(), "--target", target)
        ended(done, 0, "accepts it (basic)")
        has(got, want + b"\r\n")


@test
def verifies_in_tls():
    """a proxy that is spoken to in TLS is tried, where its certificate is good,
    and that no program's login goes there is said"""
    folder = path("login", "authority")
    os.makedirs(folder, exist_ok=True)
    authority, certificate = make_certificate(folder)
    sends_none = "sends no program's login to a proxy that speaks TLS"
    for name, password, serve, env, status, part in (
            ("tls", SECRET, TlsPeer(certificate, let_in()),
             {"SSL_CERT_FILE": authority}, 0, "accepts it (basic)"),
            ("tls-bad", "other", TlsPeer(certificate, let_in()),
             {"SSL_CERT_FILE": authority}, 1, "refused our credential"),
            ("tls-own", SECRET, TlsPeer(certificate, let_in()), {}, 3,
             "certificate"),
            ("tls-none", SECRET, let_in(), {"AUTH407_TIMEOUT": "1"}, 3,
             "takes too long")):
        file = place(name)
        with scripted.Scripted(None, serve) as proxy:
            done = login(file, f"https://localhost:{proxy.port}", "--verify",
                         keys={"username": "alice", "password": password},
                         env={"XDG_STATE_HOME": path("login", name)} | env)
            ended(done, status, part, sends_none)
            equal(os.path.exists(file), status == 0, done.err)
    done = login(place("tls-unasked"), "https://h:1", keys={"token": "x"})
    ended(done, 0, sends_none)
    lacks(done.err, "uses it")


@test
def verifies_otherwise():
    """other answers of a proxy, and none, are told apart"""
    for name, serve, status, part in (
            ("open", once(b"HTTP/1.1 200 fine\r\n\r\n"), 0, "without a login"),
            ("no", once(b"HTTP/1.1 403 no\r\n\r\n"), 0, "without a login"),
            ("mute", once(b""), 3, "no HTTP answer"),
            ("ssh", once(b"SSH-2.0-x\r\n"), 3, "no HTTP answer"),
            ("hoba", once(scripted.refusal("Proxy-Authenticate: Hoba a=1\r\n")),
             3, "offered: Hoba"),
            ("still", scripted.Peer.stand_still, 3, "no HTTP answer")):
        done, written, _ = tried(name, serve, env={"AUTH407_TIMEOUT": "1"})
        ended(done, status, part)
        equal(written, status == 0, name)
    file = place("closed")
    who = {"username": "u", "password": SECRET}
    ended(login(file, CLOSED, "--verify", keys=who), 3, "Connection refused")
    ended(login(file, "no.such.invalid:1", "--verify", keys=who), 3,
          "no.such.invalid:1: ")
    check(not os.path.exists(file), "written")
    ended(login(file, CLOSED, "--verify", "--force", keys=who), 0)


@test
def refused_before():
    """a password that was refused a short while ago is not sent again"""
    file, folder = place("locked"), path("login", "locked")
    with scripted.Scripted(None, let_in()) as proxy:
        def attempt(password, **env):
            return login(file, f"127.0.0.1:{proxy.port}", "--verify",
                         keys={"username": "alice", "password": password},
                         env={"XDG_STATE_HOME": folder, **env})
        ended(attempt("wrong"), 1)
        ended(attempt("wrong"), 1, "AUTH407_RETRY_AFTER=0")
        sent = b"".join(p.got for p in proxy.peers)
        equal(sent.count(b"Proxy-Authorization"), 1, "logins")
        ended(attempt("wrong", AUTH407_RETRY_AFTER="0"), 1, "refused")
        sent = b"".join(p.got for p in proxy.peers)
        equal(sent.count(b"Proxy-Authorization"), 2, "logins")
        ended(attempt(SECRET), 0, "accepts it")


@test
def verifies_schemes():
    """Digest, NTLM and Bearer are tried as well, also where the proxy closes"""
    build = pathlib.Path(BUILD)
    folder = pathlib.Path(place("schemes")).parent
    for scheme, options, keys in (
            ("digest", (), {"username": "u", "password": SECRET}),
            ("digest", ("--fault", "close-after-407"),
             {"username": "u", "password": SECRET}),
            ("ntlm", ("--domain", "CORP"),
             {"username": "u", "password": SECRET, "domain": "CORP"}),
            ("bearer", (), {"token": SECRET})):
        with Proxy(build, folder, ("--auth", scheme, "--user", "u",
                                   "--password", SECRET, *options)) as proxy:
            for wrong in ("", "x"):
                given = dict(keys)
                given["token" if "token" in keys else "password"] += wrong
                done = login(str(folder / "cred"), f"127.0.0.1:{proxy.port}",
                             "--verify", keys=given, env={
                                 "XDG_STATE_HOME": str(folder)})
                ended(done, 1 if wrong else 0, "refused our credential"
                      if wrong else f"accepts it ({scheme})")
