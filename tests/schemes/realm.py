# SPDX-License-Identifier: MIT
"""The realm of the schemes' tests, and everything that goes wrong with
tickets."""

import contextlib
import glob
import os
import shutil
import time

from kdc import CLEAN_PATH, SERVICE, Database, SilentPort, run  # noqa: F401
from proxies import PASSWORD, USER
from tap import Trouble

NAME = "KRB.TEST"
ROBOT = "robot"            # has a keytab and no password that anyone knows

# the KDCs' clocks, as faketime takes them; Kerberos lets a clock be 5 minutes
# off
CLOCKS = {"right": None, "ahead": "+7m", "late": "-2h"}


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


SSSD_CONF = """\
[sssd]
services =
[kcm]
socket_path = {home}/kcm.socket
"""


class CacheManager:
    """The KCM caches of sssd, without the rest of it: on the socket that our
    krb5.conf names, and in folders of its own."""
    program = "/usr/libexec/sssd/sssd_kcm"
    script = """\
mount --bind "$0/sssd" /etc/sssd && mount --bind "$0/sss" /var/lib/sss &&
sssd --genconf-section=kcm && exec "$1" --uid 0 --gid 0 --logger=stderr"""

    def __init__(self, lab, home):
        if not os.path.exists(self.program):
            raise Trouble("package sssd-kcm is missing; run scripts/deps test")
        self.socket = home / "kcm.socket"
        lab.write(f"{home.name}/sssd/sssd.conf", SSSD_CONF.format(home=home),
                  0o600)
        for name in ("db", "secrets", "mc", "pipes/private"):
            (home / "sss" / name).mkdir(parents=True)
        self.child = lab.start("kcm", ["sh", "-c", self.script, home,
                                       self.program], None)

    def wait(self):
        end = time.monotonic() + 20
        while not self.socket.exists():
            if time.monotonic() > end or self.child.process.poll() is not None:
                raise Trouble("sssd_kcm does not start:\n"
                              + self.child.log.read_text()[-1500:])
            time.sleep(0.05)


class Realm(Database):
    """One KDC, and two on the same database whose clocks are wrong."""
    package, program = "krb5-kdc", "/usr/sbin/krb5kdc"

    def __init__(self, lab):
        self.lab = lab
        self.ports = {clock: lab.free_port() for clock in CLOCKS}

    def start(self):
        super().__init__(self.lab.folder("realm", 0o755), NAME)
        self.configs = {name: self.krb5_conf(f"krb5-{name}.conf", port)
                        for name, port in self.ports.items()}
        self.config = self.configs["right"]
        self.create({f"kdc-{name}": f"127.0.0.1:{port}"
                     for name, port in self.ports.items()})
        self.keytab = self.home / "http.keytab"
        self.robot_keytab = self.home / "robot.keytab"
        self.wrong_keytab = self.home / "wrong.keytab"
        self.admin(f"addprinc -pw {PASSWORD} {USER}",
                   f"addprinc -pw {PASSWORD} bystander",
                   f"addprinc -randkey {ROBOT}", f"addprinc -randkey {SERVICE}",
                   f"ktadd -q -k {self.wrong_keytab} {SERVICE}",
                   # from here on the key is another one, the number the same
                   f"delprinc -force {SERVICE}",
                   f"addprinc -randkey {SERVICE}",
                   f"ktadd -q -k {self.keytab} {SERVICE}",
                   f"ktadd -q -k {self.robot_keytab} {ROBOT}",
                   f"addprinc -pw {PASSWORD} expired",
                   "modprinc -pwexpire 2001-01-01 expired")
        for path in (self.keytab, self.wrong_keytab):
            shutil.chown(path, "proxy", "www-data")
            path.chmod(0o640)
        self.robot_keytab.chmod(0o600)
        self.typed = self.lab.write("realm/typed", PASSWORD + "\n")
        self.children = [
            self.lab.start(f"kdc-{name}", [*clock(shift), self.program, "-n"],
                           self.ports[name], env=self.kdc_env(f"kdc-{name}"))
            for name, shift in CLOCKS.items()]
        self.manager = CacheManager(self.lab, self.home)

    def wait(self):
        for child in self.children:
            self.lab.wait_until_up(child)
        self.manager.wait()
        # for the tests that need a good ticket and leave it alone
        self.shared = self.ticket(self.home, life="50m")

    def krb5_conf(self, name, port, canonicalize="false"):
        """A krb5.conf for programs: the KDC is where `port` says."""
        return self.conf(name, [f"kdc = 127.0.0.1:{port}"],
                         canonicalize=canonicalize)

    def ticket(self, folder, user=USER, life="10m", name="right",
               service=False):
        """A ticket cache of `user`, as kinit leaves it, from the KDC whose
        clock has that name; with `service`, the proxy's ticket is in it too,
        so that no KDC is asked any more."""
        shift, config = clock(CLOCKS[name]), self.configs[name]
        cache = self.kinit(folder / f"ticket.{user}", user,
                           self.robot_keytab if user == ROBOT else PASSWORD,
                           life, shift, config)
        if service:
            run([*shift, "kvno", SERVICE], self.env(cache, config))
        return cache

    def expired_ticket(self, folder, user=USER, service=False):
        """One that ended long ago: the KDC's clock and kinit's are two hours
        late."""
        return self.ticket(folder, user, name="late", service=service)

    @staticmethod
    def destroy(cache):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(cache)
