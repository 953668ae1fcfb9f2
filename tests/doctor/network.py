# SPDX-License-Identifier: MIT
"""What lies between: name servers, addresses, libraries that are not there."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import namespace
import places
import scripted
from place import BUILD, SCRATCH, UNKNOWN, doctor, environment, works
from tap import Skip, check, equal, has, test
from trials import LOGIN, proxy, refusing


def with_file(over, text, *args, env=None):
    """What the doctor says where this file has that text."""
    if not places.namespace_here:
        raise Skip("needs root, and a mount namespace")
    name = pathlib.Path(tempfile.mkdtemp(dir=SCRATCH)) / "file"
    name.write_text(text)
    done = subprocess.run(
        [*namespace.ANOTHER, "/bin/sh", "-c",
         'mount --bind "$0" "$1" && shift && exec "$@"', name, over,
         BUILD / "auth407", "doctor", *args], text=True,
        env=environment(env or {}), timeout=100, capture_output=True,
        check=False)
    equal(done.stderr, "")
    return " ".join(done.stdout.split())


def mute(address, held):
    """A server that takes no more connections, and refuses none."""
    server = socket.create_server((address, 0), backlog=0)
    held.append(server)
    for _ in range(4):
        held.append(socket.socket())
        held[-1].setblocking(False)
        held[-1].connect_ex(server.getsockname())
    return server.getsockname()[1]


@test
def dead_addresses():
    """a name of many dead addresses takes the time of one, and four rows"""
    held = []
    port = mute("0.0.0.0", held)
    began = time.monotonic()
    text = with_file("/etc/hosts", "".join(
        f"127.0.1.{n} dead.test\n" for n in range(12)),
        f"http://dead.test:{port}")
    for sock in held:
        sock.close()
    has(text, "Nothing answers at the proxy's address")
    has(text, "TCP: 8 addresses more take no connections")
    equal(text.count("Connection timed out"), 4)
    check(time.monotonic() - began < 20, text)


@test
def one_dead_address():
    """of two addresses one is dead: host and port are right"""
    with proxy("x") as p:
        text = with_file("/etc/hosts", "127.0.0.2 half.test\n"
                         "127.0.0.1 half.test\n", f"http://half.test:{p.port}")
    has(text, "half.test has this address, too")
    check("Correct host and port" not in text, text)


@test
def no_name_server():
    """no name server answers: the name may be right"""
    text = with_file("/etc/resolv.conf", "nameserver 127.0.0.8\n"
                     "options timeout:1 attempts:1\n", "http://proxy.test:3128")
    has(text, "proxy.test:3128: The proxy's name can't be looked up: no name "
        "server answers. do: Look at the name servers in /etc/resolv.conf")


def silent(*args, env=None, search=""):
    """... where the name servers say nothing, and how long that takes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        address = f"127.53.{os.getpid() % 250}.{len(args) + 1}"
        try:
            server.bind((address, 53))
        except PermissionError:
            raise Skip("needs root") from None
        began = time.monotonic()
        text = with_file("/etc/resolv.conf",
                         search + 3 * f"nameserver {address}\n", *args,
                         env=env)
        return text, time.monotonic() - began


@test
def silent_name_servers():
    """name servers that say nothing are not waited for in each domain"""
    text, took = silent("http://proxy:3128", search="search a.test b.test\n")
    has(text, "proxy's name can't be looked up: no name server answers.")
    check(took < 35, f"{took} s")


@test
def silent_for_pac():
    """a PAC that looks a name up where no name server answers is not blamed"""
    name = pathlib.Path(tempfile.mkdtemp(dir=SCRATCH)) / "x.pac"
    name.write_text("function FindProxyForURL(u, h) {"
                    "dnsResolve('far.test'); return 'DIRECT'; }")
    text, took = silent("--pac", name)
    has(text, "it looks up far.test, and no name server answers")
    has(text, "do: Look at the name servers in /etc/resolv.conf")
    check(took < 35, f"{took} s")


@test
def no_library():
    """without OpenSSL's library nothing is claimed of a proxy in TLS"""
    folder = pathlib.Path(tempfile.mkdtemp(dir=SCRATCH))
    (folder / "libssl.so.3").write_text("no library")
    with proxy("x") as p:
        seen = doctor(f"https://127.0.0.1:{p.port}",
                      env={"LD_LIBRARY_PATH": folder})
    equal((seen.status, seen.codes(), "tls_not_looked_at" in
           seen.codes(status="note")), (UNKNOWN, [], True), seen.text)


@test
def no_helper():
    """Kerberos without auth407-gss, and without a ticket"""
    folder = pathlib.Path(tempfile.mkdtemp(dir=SCRATCH))
    for name in ("auth407", "auth407-doctor"):
        shutil.copy(BUILD / name, folder)
    with refusing("Negotiate") as p:
        done = subprocess.run(
            [folder / "auth407", "doctor", f"http://127.0.0.1:{p.port}"],
            env=environment({}), capture_output=True, text=True, timeout=60,
            check=False)
        has(done.stdout, "warning Kerberos: auth407-gss does not run")
        seen = doctor(f"http://127.0.0.1:{p.port}",
                      env={"KRB5CCNAME": "FILE:/nonexistent/x"})
        check("no_valid_ticket" in seen.codes(status="note"), seen.text)


@test
def slow():
    """of a slow proxy only what is needed is asked"""
    def serve(peer):
        while head := peer.head():
            time.sleep(3)
            peer.say(scripted.OK if b"Basic" in head else scripted.refusal())
    with scripted.Scripted(None, serve) as p:
        began = time.monotonic()
        seen = works("--yes", f"http://{LOGIN}@127.0.0.1:{p.port}",
                     env={"AUTH407_TIMEOUT": "4"})
        took = (time.monotonic() - began) / 2  # as text and as JSON
    has(seen.text, "GET: not tried: the proxy has taken 9 s for its answers")
    check(took < 14, f"{took} s")


@test
def hanging():
    """a proxy that never answers a login"""
    def serve(peer):
        while head := peer.head():
            if b"Authorization" in head:
                peer.rest()
                return
            peer.say(scripted.refusal())
    with scripted.Scripted(None, serve) as p:
        at = f"http://{LOGIN}@127.0.0.1:{p.port}"
        seen = doctor("--yes", at, env={"AUTH407_TIMEOUT": "1"})
        equal((seen.status, seen.codes()), (1, ["no_answer"]), seen.text)
        has(seen.text, "The proxy never answers the request with a login.")
        has(seen.text, "no answer to the login in 1 s")
