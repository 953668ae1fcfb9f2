# SPDX-License-Identifier: MIT
"""A Windows domain: Samba as its controller, the judge of NTLM and a KDC of
its own. Its users show every reason for which a login can be refused."""

import grp
import os
import shutil
import subprocess
import time

from kdc import SERVICE, Database, run
from lab import CLEAN_PATH
from namespace import bind
from proxies import PASSWORD, USER
from tap import Trouble

NAME, REALM = "CORP", "CORP.TEST"
DISABLED, EXPIRED, LOCKED, ODD = "bob", "carol", "dave", "erin"
ODD_PASSWORD = "pässwörd:§1 €uro"
# whose wrong logins are counted; and who logs in wrongly all the time
GUESSED, FORGETFUL, CLUMSY, HASTY = "frank", "heidi", "gina", "ivan"

SMB_CONF = """\
[global]
workgroup = {name}
realm = {realm}
netbios name = DC
server role = active directory domain controller
server services = rpc, winbindd, kdc
interfaces = lo
bind interfaces only = yes
rpc server dynamic port range = 20000-20100
private dir = {home}/private
lock directory = {home}/lock
state directory = {home}/state
cache directory = {home}/cache
pid directory = {home}/pid
ncalrpc dir = {home}/ncalrpc
log file = {home}/samba.log
logging = file
[sysvol]
path = {home}/sysvol
[netlogon]
path = {home}/sysvol/corp.test/scripts
"""


class Domain:
    package, program = "samba", "/usr/sbin/samba"
    realm = REALM

    def __init__(self, lab):
        self.lab = lab

    def start(self):
        self.home = self.lab.folder("domain", 0o755)
        for name in ("private", "lock", "state", "cache", "pid", "ncalrpc",
                     "run", "sysvol/corp.test/scripts"):
            (self.home / name).mkdir(parents=True)
        # winbindd's socket lies in a place that was fixed when Samba was made
        os.makedirs("/run/samba", exist_ok=True)
        bind(self.home / "run", "/run/samba")
        with open(self.lab.root / "hosts.proxy", "a") as hosts:
            hosts.write("127.0.0.1 dc.corp.test dc\n")
        self.smb_conf = self.lab.write("domain/smb.conf", SMB_CONF.format(
            name=NAME, realm=REALM, home=self.home))
        self.config = Database(self.home, REALM).conf(
            "krb5.conf", ["kdc = 127.0.0.1:88"], canonicalize="false")
        self.environment = {"KRB5_CONFIG": str(self.config)}
        run(self.lab.on_proxy_side([
            "samba-tool", "domain", "provision", "-s", self.smb_conf,
            "--realm", REALM, "--domain", NAME, "--server-role=dc",
            "--dns-backend=NONE", "--host-name=dc", "--host-ip=127.0.0.1",
            "--adminpass", "Adm1n." + os.urandom(9).hex()]),
            self.environment)
        self._make_users()
        self.child = self.lab.start(
            "samba", [self.program, "-s", self.smb_conf, "-i", "-M", "single"],
            88, env={"PATH": CLEAN_PATH, **self.environment})

    def wait(self):
        self.lab.wait_until_up(self.child, 40)
        end = time.monotonic() + 30
        while subprocess.run(["wbinfo", "-t"], capture_output=True
                             ).returncode != 0:
            if time.monotonic() > end or self.child.process.poll() is not None:
                raise Trouble("winbindd does not answer:\n" +
                              self.child.log.read_text()[-1500:])
            time.sleep(0.2)
        # ntlm_auth runs as squid's user, and checks whose folder it is
        folder = self.home / "state/winbindd_privileged"
        os.chown(folder, 0, grp.getgrnam("proxy").gr_gid)
        self._lock_out()
        self.shared = self.ticket(self.home)

    def tool(self, *argv):
        return run(["samba-tool", *argv, "-s", self.smb_conf],
                   self.environment)

    def _make_users(self):
        self.tool("domain", "passwordsettings", "set", "--complexity=off",
                  "--account-lockout-threshold=5", "--min-pwd-length=4")
        for user in (USER, DISABLED, EXPIRED, LOCKED, GUESSED, FORGETFUL,
                     CLUMSY, HASTY):
            self.tool("user", "create", user, PASSWORD)
        self.tool("user", "create", ODD, ODD_PASSWORD)
        self.tool("user", "disable", DISABLED)
        self.tool("user", "setpassword", EXPIRED, f"--newpassword={PASSWORD}",
                  "--must-change-at-next-login")
        self.tool("spn", "add", SERVICE, "DC$")
        # ntlm_auth runs as squid's user: it may not read Samba's own secrets
        keytab = self.home / "http.keytab"
        self.tool("domain", "exportkeytab", str(keytab),
                  f"--principal={SERVICE}")
        shutil.chown(keytab, "proxy")
        self.helper_conf = self.lab.write(
            "domain/helper.conf", self.smb_conf.read_text().replace(
                "[sysvol]", "kerberos method = dedicated keytab\n"
                f"dedicated keytab file = FILE:{keytab}\n[sysvol]"))

    def _lock_out(self):
        for _ in range(6):
            subprocess.run(["wbinfo", "-a", f"{NAME}\\{LOCKED}%wrong"],
                           capture_output=True)

    def bad_passwords(self, user):
        """How often the domain was told a wrong password of `user`."""
        said = self.tool("user", "show", user, "--attributes=badPwdCount")
        for line in said.splitlines():
            if line.startswith("badPwdCount: "):
                return int(line.split()[1])
        raise Trouble(f"samba-tool says nothing of {user}: {said}")

    def env(self, cache=None):
        return {"KRB5_CONFIG": str(self.config),
                "KRB5CCNAME": f"FILE:{cache or '/nonexistent/cache'}",
                "KRB5_CLIENT_KTNAME": "FILE:/nonexistent/keytab"}

    def ticket(self, folder, user=USER):
        cache = folder / f"ticket.{user}"
        run(["kinit", "-l", "10m", user], self.env(cache),
            input=PASSWORD + "\n")
        return cache
