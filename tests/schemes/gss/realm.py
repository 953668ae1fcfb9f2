# SPDX-License-Identifier: MIT
"""The realm of these tests: two KDCs on one database."""

import os
import socket
import subprocess
import time

from kdc import CLEAN_PATH, NOWHERE, SERVICE, Database
from ports import free_port

REALM = "CORP.TEST"
PASSWORD = "correct horse #1"
# Two hosts: libkrb5 tells its primary KDC by the address, without the port.
HOSTS = "127.0.0.1", "127.0.0.2"


def answers(address):
    host, port = address.split(":")
    with socket.socket() as s:
        return s.connect_ex((host, int(port))) == 0


class Realm(Database):
    """The second KDC is the first's primary."""

    def __init__(self, home):
        super().__init__(home, REALM)
        self.addresses = {f"kdc{i}": f"{h}:{free_port(h)}"
                          for i, h in enumerate(HOSTS)}
        self.dead_port = free_port()
        self.config = self.conf("krb5.conf", [
            f"kdc = {self.addresses['kdc0']}"])
        self.create(self.addresses)
        self._principals()
        self.kdcs = [subprocess.Popen(
            ["krb5kdc", "-n"], env=self.kdc_env(name),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL) for name in self.addresses]
        end = time.monotonic() + 10
        while not all(map(answers, self.addresses.values())):
            if time.monotonic() > end:
                raise RuntimeError("the KDC does not start")
            time.sleep(0.05)

    def _principals(self):
        self.keytab = self.home / "http.keytab"
        self.robot_keytab = self.home / "robot.keytab"
        self.old_keytab = self.home / "old.keytab"
        services = (SERVICE, "HTTP/alias.test", "squid/proxy.test")
        self.admin(f'addprinc -pw "{PASSWORD}" +requires_preauth alice',
                   f'addprinc -pw "{PASSWORD}" +requires_preauth bob',
                   f'addprinc -pw "{PASSWORD}" -pwexpire yesterday late',
                   f'addprinc -pw "{PASSWORD}" -allow_tix locked',
                   "addprinc -randkey +requires_preauth robot",
                   f"ktadd -q -k {self.old_keytab} robot",
                   f"ktadd -q -k {self.robot_keytab} robot",
                   *(f"addprinc -randkey {s}" for s in services),
                   *(f"ktadd -q -k {self.keytab} {s}" for s in services))

    def two_kdcs(self):
        """The first asks; the second is the one that a client of libkrb5 turns
        to when the first has refused."""
        first, second = self.addresses.values()
        return self.conf("two.conf", [f"kdc = {first}", f"kdc = {second}",
                                      f"primary_kdc = {second}"])

    def stop(self):
        for kdc in self.kdcs:
            kdc.terminate()
            kdc.wait()

    def logged(self, text):
        """How many lines of both KDCs' logs hold it."""
        return sum(text in line for name in self.addresses for line in
                   (self.home / f"{name}.log").read_text().splitlines())

    def ticket(self, cache, user="alice", life="10m", password=PASSWORD):
        return str(self.kinit(cache, user, password, life))

    def expired(self, cache, user="alice"):
        self.ticket(cache, user, "1s")
        end = time.monotonic() + 10
        while subprocess.run(["klist", "-s", "-c", cache], check=False, env={
                "PATH": CLEAN_PATH, **self.env(cache)}).returncode == 0:
            if time.monotonic() > end:
                raise RuntimeError("a ticket for one second does not end")
            time.sleep(0.1)
        return str(cache)


def environment(config, cache=None, **more):
    """What a program on this machine has; no cache: none is there."""
    env = {"PATH": CLEAN_PATH, "KRB5_CONFIG": str(config),
           "KRB5CCNAME": str(cache or NOWHERE),
           "KRB5_CLIENT_KTNAME": "FILE:/nonexistent/keytab", "LANG": "C"}
    env.update({k: str(v) for k, v in more.items()})
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return env
