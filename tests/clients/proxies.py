# SPDX-License-Identifier: MIT
"""The real proxies. Each is configured in the scratch folder, listens on a
free port of the loopback interface and tells what requests it has seen."""

import dataclasses
import hashlib
import re
import shutil
import subprocess
import time

from lab import CLEAN_PATH

REALM = "test proxies"
USER, PASSWORD = "alice", "s3cret.pass-word"
# a login that breaks whoever forgets to encode something
ODD_USER, ODD_PASSWORD = "b@b", "p@ss w%rd/#é:1"


@dataclasses.dataclass
class Seen:
    status: int
    request: str
    user: str
    connection: str = ""   # the client's port, where the proxy writes it


class Proxy:
    scheme = None
    package = program = None
    counts_status = True
    environment = {}       # of the proxy itself, besides the usual

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.port = lab.free_port()
        self.url = f"http://proxy.test:{self.port}"
        self.access_log = None
        self.child = None

    def entries(self):
        """What the log holds: one Seen per finished request. (squid also has
        a line for a connection that ended without a request.)"""
        out = []
        for line in self.access_log.read_text(errors="replace").splitlines():
            parts = line.split("\t")
            if len(parts) == 4 and parts[0].isdigit() \
                    and "error:transaction-end" not in parts[1]:
                out.append(Seen(int(parts[0]), parts[1],
                                "" if parts[2] == "-" else parts[2],
                                parts[3]))
        return out

    def launch(self, *argv):
        self.child = self.lab.start(
            self.name, [self.program, *argv], self.port,
            env={"PATH": CLEAN_PATH, "LANG": "C.UTF-8", **self.environment})

    def mark(self):
        return len(self.entries())

    def since(self, mark, enough=None, quiet=0.25, limit=3.0):
        """The requests after `mark`. A tunnel is logged when it ends, so the
        log is watched until `enough` are there, or it rests."""
        end = time.monotonic() + limit
        seen, rest = self.entries()[mark:], time.monotonic()
        while time.monotonic() < end:
            if enough is not None and len(seen) >= enough:
                break
            if enough is None and time.monotonic() - rest > quiet:
                break
            time.sleep(0.03)
            now = self.entries()[mark:]
            if len(now) != len(seen):
                seen, rest = now, time.monotonic()
        return seen


def _digest_line(user, password):
    text = f"{user}:{REALM}:{password}"
    return f"{user}:{REALM}:{hashlib.md5(text.encode()).hexdigest()}\n"


def _basic_line(user, password):
    crypt = subprocess.run(["openssl", "passwd", "-apr1", "-stdin"],
                           input=password + "\n", capture_output=True,
                           text=True, check=True).stdout.strip()
    return f"{user}:{crypt}\n"


def password_files(lab):
    logins = ((USER, PASSWORD), (ODD_USER, ODD_PASSWORD))
    lab.write("digest.users", "".join(_digest_line(*x) for x in logins))
    lab.write("basic.users", "".join(_basic_line(*x) for x in logins))


class Squid(Proxy):
    package, program = "squid", "/usr/sbin/squid"

    def __init__(self, lab, name, scheme=None, nonce_uses=None):
        super().__init__(lab, name)
        self.scheme, self.nonce_uses = scheme, nonce_uses

    def _auth(self):
        users = self.lab.root / f"{self.scheme}.users"
        if self.scheme is None:
            return "http_access allow all\n"
        helper = {"basic": f"basic_ncsa_auth {users}",
                  "digest": f"digest_file_auth -c {users}"}[self.scheme]
        uses = (f"auth_param digest nonce_max_count {self.nonce_uses}\n"
                if self.nonce_uses else "")
        return (f"auth_param {self.scheme} program /usr/lib/squid/{helper}\n"
                f"auth_param {self.scheme} children 4 startup=1 idle=1\n"
                f"auth_param {self.scheme} realm {REALM}\n{uses}"
                "acl known proxy_auth REQUIRED\n"
                "http_access allow known\nhttp_access deny all\n")

    def start(self):
        home = self.lab.folder(self.name, 0o755)
        shutil.chown(home, "proxy", "proxy")
        self.access_log = home / "access.log"
        self.access_log.touch()
        shutil.chown(self.access_log, "proxy", "proxy")
        conf = self.lab.write(f"{self.name}/squid.conf", self._auth() + f"""\
http_port 127.0.0.1:{self.port}
visible_hostname proxy.test
hosts_file {self.lab.root}/hosts.proxy
dns_nameservers 127.0.0.1
pid_filename {home}/squid.pid
coredump_dir {home}
cache deny all
cache_mem 8 MB
cache_log {home}/cache.log
logformat short %>Hs\t%rm %ru HTTP/%rv\t%un\t%>p
access_log stdio:{self.access_log} short
pinger_enable off
email_err_data off
max_filedescriptors 4096
shutdown_lifetime 0 seconds
""")
        self.launch("-N", "-f", conf)


class Apache(Proxy):
    package, program = "apache2-bin", "/usr/sbin/apache2"
    modules = ("mpm_event authn_core authn_file authz_core authz_user "
               "auth_digest proxy proxy_http proxy_connect").split()

    def __init__(self, lab, name, scheme=None):
        super().__init__(lab, name)
        self.scheme = scheme

    def allow(self, *ports):
        """Apache opens tunnels only to the ports that it is told."""
        self.ports = " ".join(str(p) for p in ports)

    def _auth(self):
        if self.scheme is None:
            return "Require all granted\n"
        return (f'AuthType Digest\nAuthName "{REALM}"\n'
                f"AuthUserFile {self.lab.root}/digest.users\n"
                "Require valid-user\n")

    def start(self):
        home = self.lab.folder(self.name, 0o755)
        self.access_log = home / "access.log"
        self.access_log.touch()
        load = "".join(
            f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so\n"
            for m in self.modules)
        conf = self.lab.write(f"{self.name}/apache.conf", load + f"""\
ServerRoot {home}
ServerName proxy.test
Listen 127.0.0.1:{self.port}
PidFile {home}/pid
DefaultRuntimeDir {home}
User www-data
Group www-data
ErrorLog {home}/error.log
LogFormat "%>s\\t%r\\t%u\\t%{{remote}}p" short
CustomLog {self.access_log} short
StartServers 1
ThreadsPerChild 64
MaxRequestWorkers 256
KeepAliveTimeout 15
MaxKeepAliveRequests 0
ProxyRequests On
ProxyVia Off
AllowCONNECT {self.ports}
<Proxy *>
{self._auth()}</Proxy>
""")
        self.launch("-DFOREGROUND", "-f", conf)


class Tinyproxy(Proxy):
    package, program = "tinyproxy-bin", "/usr/bin/tinyproxy"
    counts_status = False

    def __init__(self, lab, name, scheme=None):
        super().__init__(lab, name)
        self.scheme = scheme

    def start(self):
        home = self.lab.folder(self.name, 0o755)
        self.access_log = home / "log"
        self.access_log.touch()
        login = f"BasicAuth {USER} {PASSWORD}\n" if self.scheme else ""
        conf = self.lab.write(f"{self.name}/tinyproxy.conf", login + f"""\
Port {self.port}
Listen 127.0.0.1
Timeout 30
MaxClients 300
LogLevel Connect
LogFile "{self.access_log}"
Allow 127.0.0.1
""")
        self.launch("-d", "-c", conf)

    def entries(self):
        """Its log tells a request from an answer: a request that was let
        through is followed by a connection to the origin."""
        out = []
        text = self.access_log.read_text(errors="replace")
        for line in text.splitlines():
            if m := re.search(r"Request \(file descriptor \d+\): (.*)", line):
                out.append(Seen(407 if self.scheme else 200, m[1], ""))
            elif "Established connection to host" in line:
                waiting = [s for s in out if s.status == 407]
                if waiting:
                    waiting[-1].status = 200
                    waiting[-1].user = USER
        return out


def all_proxies(lab):
    return [
        Squid(lab, "squid-basic", "basic"),
        Squid(lab, "squid-digest", "digest"),
        Squid(lab, "squid-digest2", "digest", nonce_uses=2),
        Tinyproxy(lab, "tinyproxy", "basic"),
        Apache(lab, "apache-digest", "digest"),
        Squid(lab, "squid-open"),
        Tinyproxy(lab, "tinyproxy-open"),
        Apache(lab, "apache-open"),
    ]
