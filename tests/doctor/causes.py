# SPDX-License-Identifier: MIT
"""What only shows over time or in the middle of an exchange: the doctor says the
cause that the record of a program has, or that nothing is wrong."""

import re

import scripted
from command import logged as observed
from credentials import (CURL, DIGEST, LOGIN, asks, folder, header, logged, offer,
                         sent, write)
from endpoints import page
from place import SECRET, TOP, doctor, finds, works
from tap import _registered, check, equal, has, test


HTTP = "http://example.com/"


@test
def rejected_after_success():
    """a login that has worked and is refused now"""
    good = []
    with asks(good) as p:
        for ours in (False, True):
            good[:] = [header("alice", SECRET)]
            env = {"AUTH407_MEMORY": "yes", "XDG_STATE_HOME": folder(), **LOGIN}
            equal(logged(env, p.port, HTTP)["cause"], "not_sent_first")
            good[:] = [b"nobody"]
            if ours:
                # it is held back in the run for JSON
                seen = doctor("--yes", f"http://127.0.0.1:{p.port}", env=env)
                has(seen.text, "worked before")
                has(seen.text, "in AUTH407_USERNAME")
            else:
                equal(logged(env, p.port, HTTP)["cause"],
                      "rejected_after_success")


# what follows the login; what is said of it
BROKEN = (
    (b"", "no answer to the repeated request"),
    (b"\0\1\2garbage\r\n\r\n", ""),
    (b"HTTP/1.1 20", "closed before the final answer"),
    (b"HTTP/1.1 407 x\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nabcde",
     "can't be read"),
)


def broken_case(answer, words):
    def run():
        def serve(peer):
            while head := peer.head():
                if b"Authorization" in head:
                    peer.say(answer)
                    peer.sock.shutdown(2)
                    return
                peer.say(scripted.refusal())
        with scripted.Scripted(None, serve) as p:
            finds("protocol_error", "--yes", f"http://127.0.0.1:{p.port}",
                  env=LOGIN, says=[words, "curl -v -x http://127.0.0.1:"])
            equal(logged(LOGIN, p.port)["cause"], "protocol_error")
    run.__doc__ = f"behind the login {answer[:20]!r}"
    return run


for row in BROKEN:
    _registered.append(broken_case(*row))


@test
def stale_nonce():
    """a nonce that has expired once is no fault"""
    def serve(peer):
        while head := peer.head():
            if b'nonce="n2"' in head:
                peer.say(page(200))
            elif b"Digest" in head:
                peer.say(scripted.refusal(offer(
                    'Digest realm="r", nonce="n2", qop="auth", stale=true')))
            else:
                peer.say(scripted.refusal(offer(DIGEST)))
    with scripted.Scripted(None, serve) as p:
        works("--yes", f"http://127.0.0.1:{p.port}", env=LOGIN)
        equal(logged(LOGIN, p.port, HTTP)["cause"], "stale_nonce")


@test
def always_stale():
    """each nonce is called an old one"""
    def serve(peer):
        while head := peer.head():
            stale = b"Digest" in head
            peer.say(scripted.refusal(offer(
                f'Digest realm="r", nonce="{peer.number}.{len(peer.got)}", '
                f'qop="auth"{", stale=true" if stale else ""}')))
    with scripted.Scripted(None, serve) as p:
        finds("stale_nonce", "--yes", f"http://127.0.0.1:{p.port}", env=LOGIN,
              says=["takes each Digest nonce of its own for an old one"])


@test
def slow_to_refuse():
    """a login that a slow proxy thinks about is sent once"""
    def serve(peer):
        while head := peer.head():
            if b"Authorization" in head:
                peer.proxy.stopped.wait(4)
            peer.say(scripted.refusal())
    with scripted.Scripted(None, serve) as p:
        seen = doctor("--yes", f"http://127.0.0.1:{p.port}",
                      env={**LOGIN, "XDG_STATE_HOME": folder()})
        # text and JSON are a run each, of which the second holds it back
        equal((seen.status, sent(p)), (1, 1), seen.text)


@test
def not_named():
    """a login for the environment's proxies, of which the command's is none"""
    with asks([header("alice", SECRET)]) as p:
        command = [*CURL, "-x", f"http://127.0.0.1:{p.port}", HTTP]
        finds("endpoint_not_configured", "--yes", "--", *command, env=LOGIN,
              says=[f"export http_proxy=http://127.0.0.1:{p.port}"])
        equal(observed(LOGIN, command), {"endpoint_not_configured"})


# of the environment or the credential file; sentence and remedy
SETTINGS = (
    ({"AUTH407_SCHEMES": "basik"},
     "AUTH407_SCHEMES can't be used as it is written. do: write a comma list"),
    ({"AUTH407_PASSWORD": SECRET},
     "AUTH407_PASSWORD is set, but AUTH407_USERNAME is not. do: export"),
    ("[http://127.0.0.1:1]\n",
     ":1: the section's name is a URL. do: write [HOST:PORT]"),
    ("[127.0.0.1:1]\nuser = alice\n",
     ":2: unknown key. do: known are username, password"),
)


@test
def bad_setting():
    """a setting or a line of the file that can't be used is named, with what
    to write"""
    for env, says in SETTINGS:
        code = "bad_setting"
        if isinstance(env, str):
            code = "credential_file_refused"
            env = {"AUTH407_CREDENTIALS": write(env)}
        finds(code, "--offline", "http://127.0.0.1:1", says=[says], env=env)


@test
def handshake():
    """TLS that ends with an alert"""
    def serve(peer):
        peer.fill()
        peer.say(b"\x15\x03\x03\0\2\2\x28")
        peer.close()
    with scripted.Scripted(None, serve) as p:
        finds("tls_handshake_failed", f"https://127.0.0.1:{p.port}",
              says=["openssl s_client -connect"])


@test
def all_are_tested():
    """each cause and each failure of the tables is a verdict of these tests"""
    text = "".join(f.read_text() for f in (TOP / "tests/doctor").glob("*")
                   if f.is_file())
    # these end well, where the doctor says "works"; and it sends no body
    well = {"none", "not_sent_first", "answered_by_client", "not_replayable"}
    for table, rows in (
            ("core/base/cause.def", r'^A407_CAUSE\(\w+, "(\w+)"'),
            ("cli/doctor/findings.def",
             r'^A407_DOCTOR_FINDING\(\w+, \w+, FAILURE,\s*"(\w+)"')):
        codes = re.findall(rows, (TOP / table).read_text(), re.M)
        check(len(codes) > 25, table)
        for code in codes:
            check(code in well or f'"{code}"' in text, f"{code} of {table}")
