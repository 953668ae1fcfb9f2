# SPDX-License-Identifier: MIT
"""Starting the fixtures: the proxy, the origin, and an origin with TLS."""

import collections
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent

# A request that proxy407 logged.
Request = collections.namedtuple(
    "Request", "conn req method target auth user verdict body sha256 status")


class Server:
    """A child that prints "NAME NUMBER" lines, one for each port it has.

    Its standard input is a pipe from us, and its end is the child's end: no
    fixture outlives a test that dies.
    """

    def __init__(self, command, ports, **more):
        self.child = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, **more)
        self.ports = {}
        for _ in range(ports):
            line = self.child.stdout.readline().decode().split()
            if len(line) != 2:
                self.stop()
                raise RuntimeError(f"{command[0]} did not start")
            self.ports[line[0]] = int(line[1])
        self.port = self.ports["port"]

    def stop(self):
        self.child.stdin.close()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Origin(Server):
    def __init__(self, build, log):
        self.log = pathlib.Path(log)
        super().__init__([build / "tests/origin/origin", "--stdin",
                          "--log", log], 2)

    def leaks(self):
        """The lines about a Proxy-Authorization that came this far."""
        if not self.log.exists():
            return []
        return [line for line in self.log.read_text().splitlines()
                if line.startswith("LEAK")]


class Proxy(Server):
    """proxy407 with a log and, unless told otherwise, copies of all bytes."""

    def __init__(self, build, folder, options=(), capture=True):
        self.log = pathlib.Path(folder) / "proxy.log"
        self.prefix = pathlib.Path(folder) / "wire"
        command = [build / "tests/proxy/proxy407", "--stdin", "--log",
                   self.log, *options]
        if capture:
            command += ["--capture", self.prefix]
        super().__init__(command, 1)

    def _lines(self, start):
        if not self.log.exists():
            return []
        return [line for line in self.log.read_text().splitlines()
                if line.startswith(start)]

    def requests(self):
        """What came, in order."""
        found = []
        for line in self._lines("conn="):
            pair = dict(word.split("=", 1) for word in line.split(" "))
            pair["status"] = int(pair["status"])
            found.append(Request(**pair))
        return found

    def connections(self):
        return len(self._lines("open "))

    def copies(self, side):
        """All bytes of each connection; side is "in" (from the client) or
        "out"."""
        return [path.read_bytes() for path in
                sorted(self.prefix.parent.glob(f"{self.prefix.name}.*.{side}"),
                       key=lambda p: int(p.name.split(".")[-2]))]


class TlsOrigin(Server):
    """https://localhost/, with a certificate of an authority made for it."""

    def __init__(self, folder, log):
        self.authority, certificate = make_certificate(folder)
        self.log = pathlib.Path(log)
        super().__init__([sys.executable, HERE / "tls_origin.py", certificate,
                          log], 1)

    leaks = Origin.leaks


def make_certificate(folder, name="localhost"):
    """Makes an authority and a key with certificate for `name`.

    Returns the authority's certificate and a file with key and certificate.
    The subject holds the time: two authorities of one subject confuse OpenSSL.
    """
    folder = pathlib.Path(folder)
    authority, key = folder / "ca.pem", folder / "ca.key"
    server = folder / "server.pem"

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN=test authority {time.time_ns()}",
            "-keyout", key, "-out", authority)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-addext",
            f"subjectAltName=DNS:{name},IP:127.0.0.1",
            "-addext", "basicConstraints=critical,CA:FALSE",
            "-CA", authority, "-CAkey", key,
            "-keyout", folder / "server.key", "-out", folder / "server.crt")
    server.write_bytes((folder / "server.key").read_bytes() +
                       (folder / "server.crt").read_bytes())
    return authority, server


def pattern(n):
    """The origin's /bytes/N."""
    return bytes((i * 167 + (i >> 8) * 13 + (i >> 16) * 7) & 255
                 for i in range(n))
