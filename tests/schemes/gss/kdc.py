# SPDX-License-Identifier: MIT
"""A realm of MIT Kerberos in a scratch folder, and tickets of its users."""

import os
import pathlib
import socket
import subprocess
import threading
import time

from ports import free_port

REALM = "CORP.TEST"
PASSWORD = "correct horse #1"
SERVICE = "HTTP/proxy.test"
CLEAN_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

KRB5_CONF = """\
[libdefaults]
default_realm = {realm}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = true
rdns = false
udp_preference_limit = 1
kdc_timesync = 0
[domain_realm]
.test = {realm}
[realms]
{realm} = {{
{kdcs}
}}
"""

KDC_CONF = """\
[kdcdefaults]
kdc_ports = ""
kdc_tcp_ports = ""
[realms]
{realm} = {{
database_name = {home}/principal
key_stash_file = {home}/stash
acl_file = {home}/acl
kdc_listen = ""
kdc_tcp_listen = {address}
max_life = 1h
supported_enctypes = aes256-cts:normal
}}
[logging]
kdc = FILE:{home}/{log}
"""


# Two hosts: libkrb5 tells its primary KDC by the address, without the port.
HOSTS = "127.0.0.1", "127.0.0.2"


def answers(address):
    host, port = address.split(":")
    with socket.socket() as s:
        return s.connect_ex((host, int(port))) == 0


class Realm:
    """Two KDCs on one database: the second is the first's primary."""
    def __init__(self, home):
        self.home = pathlib.Path(home)
        self.addresses = [f"{h}:{free_port(h)}" for h in HOSTS]
        self.dead_port = free_port()
        self.kdcs = []
        self.config = self.conf("krb5.conf", [f"kdc = {self.addresses[0]}"])
        self._create()
        for i, address in enumerate(self.addresses):
            self._start(i, address)

    def conf(self, name, kdcs, realm=REALM):
        path = self.home / name
        path.write_text(KRB5_CONF.format(realm=realm, kdcs="\n".join(kdcs)))
        return path

    def two_kdcs(self):
        """The first asks; the second is the one that a client of libkrb5 turns
        to when the first has refused."""
        return self.conf("two.conf", [
            f"kdc = {self.addresses[0]}", f"kdc = {self.addresses[1]}",
            f"primary_kdc = {self.addresses[1]}"])

    def _env(self, i=0):
        return {"PATH": CLEAN_PATH, "KRB5_CONFIG": str(self.config),
                "KRB5_KDC_PROFILE": str(self.home / f"kdc{i}.conf")}

    def _create(self):
        for i, address in enumerate(self.addresses):
            (self.home / f"kdc{i}.conf").write_text(KDC_CONF.format(
                realm=REALM, home=self.home, address=address,
                log=f"kdc{i}.log"))
        self.keytab = self.home / "http.keytab"
        self.robot_keytab = self.home / "robot.keytab"
        self.old_keytab = self.home / "old.keytab"
        subprocess.run(["kdb5_util", "create", "-s", "-r", REALM, "-P", "m"],
                       env=self._env(), check=True, capture_output=True)
        self.admin(f'addprinc -pw "{PASSWORD}" +requires_preauth alice',
                   f'addprinc -pw "{PASSWORD}" +requires_preauth bob',
                   f'addprinc -pw "{PASSWORD}" -pwexpire yesterday late',
                   f'addprinc -pw "{PASSWORD}" -allow_tix locked',
                   "addprinc -randkey +requires_preauth robot",
                   f"ktadd -q -k {self.old_keytab} robot",
                   f"ktadd -q -k {self.robot_keytab} robot",
                   *(f"addprinc -randkey {s}" for s in
                     (SERVICE, "HTTP/alias.test", "squid/proxy.test")),
                   *(f"ktadd -q -k {self.keytab} {s}" for s in
                     (SERVICE, "HTTP/alias.test", "squid/proxy.test")))

    def admin(self, *commands):
        subprocess.run(["kadmin.local", "-r", REALM], env=self._env(),
                       input="\n".join(commands) + "\n", text=True, check=True,
                       capture_output=True)

    def _start(self, i, address):
        self.kdcs.append(subprocess.Popen(
            ["krb5kdc", "-n"], env=self._env(i), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        end = time.monotonic() + 10
        while not answers(address):
            if time.monotonic() > end:
                raise RuntimeError("the KDC does not start")
            time.sleep(0.05)

    def stop(self):
        for kdc in self.kdcs:
            kdc.terminate()
            kdc.wait()

    def logged(self, text):
        """How many lines of both KDCs' logs hold it."""
        return sum(text in line for i in (0, 1) for line in
                   (self.home / f"kdc{i}.log").read_text().splitlines())

    def ticket(self, cache, user="alice", life="10m", password=PASSWORD):
        """As kinit leaves it in a cache."""
        subprocess.run(["kinit", "-l", life, user],
                       env={**self._env(), "KRB5CCNAME": str(cache)},
                       input=password + "\n", text=True, check=True, capture_output=True)
        return str(cache)

    def expired(self, cache, user="alice"):
        self.ticket(cache, user, "1s")
        end = time.monotonic() + 10
        while subprocess.run(["klist", "-s", "-c", cache],
                             env=self._env()).returncode == 0:
            if time.monotonic() > end:
                raise RuntimeError("a ticket for one second does not end")
            time.sleep(0.1)
        return str(cache)


class SilentPort:
    """Takes connections, and says nothing."""
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.held = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                self.held.append(self.listener.accept()[0])
            except OSError:
                return


def environment(config, cache=None, **more):
    """What a program on this machine has; no cache: none is there."""
    env = {"PATH": CLEAN_PATH, "KRB5_CONFIG": str(config),
           "KRB5CCNAME": str(cache or "FILE:/nonexistent/cache"),
           "KRB5_CLIENT_KTNAME": "FILE:/nonexistent/keytab", "LANG": "C"}
    env.update({k: str(v) for k, v in more.items()})
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return env
