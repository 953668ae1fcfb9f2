# SPDX-License-Identifier: MIT
"""A login, and what comes of it."""

import base64
import subprocess
import tempfile
import urllib.parse

import scripted
from endpoints import page
from place import (BUILD, SCRATCH, SECRET, doctor, environment, finds,
                   works)
from tap import equal, has, lacks, test

LOGIN = f"alice:{urllib.parse.quote(SECRET, safe='')}"


def proxy(good, answer=page(200)):
    """A proxy that wants alice's password, and then says this."""
    header = b"Basic " + base64.b64encode(f"alice:{good}".encode())

    def serve(peer):
        while head := peer.head():
            peer.say(answer if header in head else scripted.refusal())
    return scripted.Scripted(None, serve)


@test
def right_password():
    """a right password works"""
    with proxy(SECRET) as p:
        works("--yes", f"http://{LOGIN}@127.0.0.1:{p.port}")


@test
def wrong_password():
    """a wrong password is refused"""
    with proxy("another") as p:
        finds("rejected", "--yes", f"http://{LOGIN}@127.0.0.1:{p.port}")


@test
def public_word():
    """a password that the proxy has said before any login came is no secret in
    what it says to one: stars would tell it, and make another realm of it"""
    challenge = 'Basic realm="Squid proxy-caching web server"'
    for body in (b"", b"<p>Ask the proxy team.</p>"):
        with refusing(challenge, body=body) as p:
            seen = finds("rejected", "--yes",
                         f"http://alice:proxy@127.0.0.1:{p.port}",
                         secret="alice:proxy")
        for words in ("another one asks", "***"):
            lacks(" ".join(seen.text.split()), words)


@test
def no_password():
    """no credential at all"""
    with proxy("another") as p:
        finds("no_credential", "--yes", f"http://127.0.0.1:{p.port}")


@test
def own_error():
    """a 500 to the login, and a 407 to none, is no success unless it is the
    target that it is about"""
    for words, is_own in (("", True), ("Internal error", True),
                          ("Unable to connect to the server", False)):
        with proxy(SECRET, page(500, words)) as p:
            args = "--yes", f"http://{LOGIN}@127.0.0.1:{p.port}"
            if is_own:
                finds("request_refused", *args, says=["500", "owner"])
            else:
                works(*args)


@test
def nobody_there():
    """nothing listens there, and no such name"""
    finds("proxy_unreachable", "http://127.0.0.1:1")
    finds("proxy_name_not_found", "http://nosuch.invalid:3128")


def refusing(*challenges, body=b"who are you?\n"):
    """A proxy that says this, whatever it is sent."""
    answer = scripted.refusal("".join(f"Proxy-Authenticate: {c}\r\n"
                                      for c in challenges), body)

    def serve(peer):
        while peer.head():
            peer.say(answer)
    return scripted.Scripted(None, serve)


@test
def handshake_dropped():
    """a bare NTLM in answer to NTLM's first message"""
    with refusing("NTLM") as p:
        finds("backend_down", "--yes", f"http://{LOGIN}@127.0.0.1:{p.port}",
              says=["drops the login's handshake", "keep the connection"])


@test
def no_kerberos():
    """no Kerberos here is no cause where another scheme has one"""
    nothing = {"KRB5_CONFIG": str(SCRATCH / "none"),
               "KRB5CCNAME": f"FILE:{SCRATCH}/none/x"}
    for more, code in ((["Basic realm=\"x\""], "rejected"),
                       ([], "backend_down")):
        with refusing("Negotiate", *more) as p:
            seen = finds(code, "--yes", f"http://{LOGIN}@127.0.0.1:{p.port}",
                         says=["there is no Kerberos here"], env=nothing)
        equal(seen.codes(), [code], seen.text)
    with refusing("Negotiate") as p:
        finds("no_ticket", f"http://127.0.0.1:{p.port}", env=nothing,
              says=["there is no Kerberos here"])


@test
def after_login():
    """the third login of one user: what stands before it is to go; and it is
    tried once a program was let in with it"""
    with proxy(SECRET) as p:
        at = f"127.0.0.1:{p.port}"
        env = {"https_proxy": f"http://alice:wr0ng1@{at}",
               "AUTH407_USERNAME": "alice", "AUTH407_PASSWORD": "wr0ng2",
               "AUTH407_MEMORY": "yes", "AUTH407_CREDENTIALS": SCRATCH / "third",
               "XDG_STATE_HOME": tempfile.mkdtemp(dir=SCRATCH)}
        env["AUTH407_CREDENTIALS"].touch(0o600)
        env["AUTH407_CREDENTIALS"].write_text(
            f"[{at}]\nusername=alice\npassword={SECRET}\n")
        for _ in range(2):
            seen = doctor("--yes", env=env)
            has(seen.json["verdict"]["remedy"],
                "take the login out of AUTH407_USERNAME and https_proxy: then "
                f"that of {env['AUTH407_CREDENTIALS']}:1 is tried.")
        done = subprocess.run(
            [BUILD / "auth407", "-q", "--", "curl", "-s", "-o", "/dev/null",
             "http://example.com/"], check=False,
            env=environment({**env, "http_proxy": env["https_proxy"]}))
        equal(done.returncode, 0)
        seen = doctor("--yes", env=env)
        equal((seen.status, seen.codes()), (0, []), seen.text)


@test
def dribbling_body():
    """the head of a 407 is enough: its body comes a byte a second"""
    def serve(peer):
        while head := peer.head():
            if b"Proxy-Authorization" in head:
                peer.say(scripted.OK)
                continue
            peer.say(scripted.refusal(body=99 * b"x")[:-99])
            while not peer.proxy.stopped.wait(1):
                peer.sock.sendall(b"x")
    with scripted.Scripted(None, serve) as p:
        works("--yes", f"http://{LOGIN}@127.0.0.1:{p.port}")
