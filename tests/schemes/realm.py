# SPDX-License-Identifier: MIT
"""A Kerberos realm: MIT's KDC in the scratch folder, the principals of the
tests, and everything that goes wrong with tickets."""

import contextlib
import glob
import os
import shutil
import socket
import subprocess
import threading

from lab import CLEAN_PATH, Trouble
from proxies import PASSWORD, USER

NAME = "KRB.TEST"
SERVICE = "HTTP/proxy.test"
ROBOT = "robot"            # has a keytab and no password that anyone knows

# the KDCs' clocks, as faketime takes them; Kerberos lets a clock be 5 minutes
# off
CLOCKS = {"right": None, "ahead": "+7m", "late": "-2h"}

LIBDEFAULTS = """\
[libdefaults]
default_realm = {realm}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = {canonicalize}
rdns = false
udp_preference_limit = 1
kdc_timesync = 0
noaddresses = true
[domain_realm]
.test = {realm}
[realms]
{realm} = {{
kdc = 127.0.0.1:{port}
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
kdc_tcp_listen = 127.0.0.1:{port}
max_life = 1h
supported_enctypes = aes256-cts:normal
}}
"""


def run(argv, env, **more):
    """What a command says; Trouble if it fails."""
    done = subprocess.run([str(a) for a in argv], text=True, env={
        "PATH": CLEAN_PATH, "LANG": "C.UTF-8", **env}, capture_output=True,
        **more)
    if done.returncode != 0:
        raise Trouble(f"{' '.join(map(str, argv))}: exit status "
                      f"{done.returncode}\n{done.stdout}{done.stderr}"[-1500:])
    return done.stdout


def clock(shift):
    """Words that come before a command whose clock is to be wrong. (Not the
    program faketime: killed, it leaves shared memory behind.)"""
    return ["/usr/bin/env", *(f"{name}={value}" for name, value in
                              clock_variables(shift).items())] if shift else []


def clock_variables(shift):
    if not shift:
        return {}
    library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not library:
        raise Trouble("package faketime is missing; run scripts/deps test")
    return {"LD_PRELOAD": library[0], "FAKETIME": shift,
            "FAKETIME_DISABLE_SHM": "1"}


class Realm:
    """One KDC, and two on the same database whose clocks are wrong."""
    package, program = "krb5-kdc", "/usr/sbin/krb5kdc"
    realm = NAME

    def __init__(self, lab):
        self.lab = lab
        self.ports = {clock: lab.free_port() for clock in CLOCKS}

    def start(self):
        self.home = self.lab.folder("realm", 0o755)
        self.configs = {}
        for name, port in self.ports.items():
            self.configs[name] = self.krb5_conf(f"krb5-{name}.conf", port)
            self.lab.write(f"realm/kdc-{name}.conf", KDC_CONF.format(
                realm=NAME, home=self.home, port=port))
        self.config = self.configs["right"]
        env = self.kdc_env("right")
        run(["/usr/sbin/kdb5_util", "create", "-s", "-r", NAME, "-P",
             "master-key"], env)
        self.keytab = self.home / "http.keytab"
        self.robot_keytab = self.home / "robot.keytab"
        self.wrong_keytab = self.home / "wrong.keytab"
        self.admin(f"addprinc -pw {PASSWORD} {USER}",
                   f"addprinc -pw {PASSWORD} bystander",
                   f"addprinc -randkey {ROBOT}", f"addprinc -randkey {SERVICE}",
                   f"ktadd -q -k {self.wrong_keytab} {SERVICE}",
                   # from here on the key is another one, the number the same
                   f"delprinc {SERVICE}", f"addprinc -randkey {SERVICE}",
                   f"ktadd -q -k {self.keytab} {SERVICE}",
                   f"ktadd -q -k {self.robot_keytab} {ROBOT}",
                   f"addprinc -pw {PASSWORD} expired",
                   "modprinc -pwexpire 2001-01-01 expired")
        for path in (self.keytab, self.wrong_keytab):
            shutil.chown(path, "proxy", "www-data")
            path.chmod(0o640)
        self.robot_keytab.chmod(0o600)
        self.children = []
        for name, shift in CLOCKS.items():
            self.children.append(self.lab.start(
                f"kdc-{name}", [*clock(shift), self.program, "-n"],
                self.ports[name],
                env={"PATH": CLEAN_PATH, **self.kdc_env(name)}))

    def wait(self):
        for child in self.children:
            self.lab.wait_until_up(child)
        # for the tests that need a good ticket and leave it alone
        self.shared = self.ticket(self.home, life="50m")

    def kdc_env(self, name):
        return {"KRB5_CONFIG": str(self.config),
                "KRB5_KDC_PROFILE": str(self.home / f"kdc-{name}.conf")}

    def admin(self, *commands):
        env = self.kdc_env("right")
        done = subprocess.run(
            ["/usr/sbin/kadmin.local", "-r", NAME], text=True,
            input="\n".join(commands).replace("delprinc", "delprinc -force")
            + "\n", capture_output=True, env={"PATH": CLEAN_PATH, **env})
        bad = [line for line in done.stderr.splitlines()
               if "No policy specified" not in line]
        if done.returncode or bad:
            raise Trouble("kadmin.local: " + "\n".join(bad))

    def krb5_conf(self, name, port, canonicalize="false"):
        """A krb5.conf for programs: the KDC is where `port` says."""
        return self.lab.write(f"realm/{name}", LIBDEFAULTS.format(
            realm=NAME, port=port, canonicalize=canonicalize))

    def env(self, cache=None, config=None):
        """What a program needs to know; no cache: one that is not there."""
        return {"KRB5_CONFIG": str(config or self.config),
                "KRB5CCNAME": f"FILE:{cache or '/nonexistent/cache'}",
                "KRB5_CLIENT_KTNAME": "FILE:/nonexistent/keytab"}

    def ticket(self, folder, user=USER, life="10m", name="right",
               service=False):
        """A ticket cache of `user`, as kinit leaves it, from the KDC whose
        clock has that name; with `service`, the proxy's ticket is in it too,
        so that no KDC is asked any more."""
        cache = folder / f"ticket.{user}"
        env = self.env(cache, self.configs[name])
        shift = clock(CLOCKS[name])
        if user == ROBOT:
            run([*shift, "kinit", "-l", life, "-k", "-t", self.robot_keytab,
                 user], env)
        else:
            run([*shift, "kinit", "-l", life, user], env,
                input=PASSWORD + "\n")
        if service:
            run([*shift, "kvno", SERVICE], env)
        return cache

    def expired_ticket(self, folder, user=USER, service=False):
        """One that ended long ago: the KDC's clock and kinit's are two hours
        late."""
        return self.ticket(folder, user, name="late", service=service)

    @staticmethod
    def destroy(cache):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(cache)


class SilentPort:
    """A port where nobody answers. `accepts`: connections are made, and then
    nothing comes; otherwise even the connection hangs, as behind a firewall
    that drops."""

    def __init__(self, accepts=True):
        self.held = []
        self.asked = 0
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        if accepts:
            threading.Thread(target=self._accept, daemon=True).start()
        else:  # the queue holds one more than it is told: fill it
            for _ in range(2):
                s = socket.socket()
                s.setblocking(False)
                s.connect_ex(("127.0.0.1", self.port))
                self.held.append(s)

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.asked += 1
            self.held.append(connection)

    def close(self):
        for s in [self.listener, *self.held]:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            s.close()
