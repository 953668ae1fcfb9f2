# SPDX-License-Identifier: MIT
"""Where the clients are: an origin, a squid for each way of asking for a login,
and home folders."""

import io
import itertools
import pathlib
import shutil
import subprocess
import zipfile

from lab import CLEAN_PATH
from origin import Origin
from proxies import PASSWORD, REALM, USER, Squid, password_files
from realm import NAME as KERBEROS_REALM
from realm import Realm
from tap import Trouble

HERE = pathlib.Path(__file__).resolve().parent
HELPERS = "/usr/lib/squid"
DOMAIN = "CORP"
NOWHERE = "FILE:/nonexistent/cache"
# what each squid offers, as Proxy-Authenticate orders it
OFFERS = {
    "basic": ("Basic",),
    "digest": ("Digest",),
    "ntlm": ("NTLM",),
    "negotiate": ("Negotiate",),
    "several": ("Negotiate", "NTLM", "Basic"),
}
# where the files of home/ go
FILES = {"fetch.sh": "fetch.sh", "plain.py": "plain.py",
         "own_urllib.py": "own_urllib.py",
         "own_requests.py": "own_requests.py", "Fetch.java": "Fetch.java",
         "java.options": "java.options", "wgetrc": ".wgetrc",
         "gitconfig": ".gitconfig", "pip.conf": ".config/pip/pip.conf"}


class Asking(Squid):
    """A squid that offers several schemes, and logs in the format that the
    manual page recommends."""

    def __init__(self, lab, name, realm):
        super().__init__(lab, name)
        self.offers, self.realm = OFFERS[name], realm
        self.at = f"proxy.test:{self.port}"
        self.environment = {
            "NTLM_USER_FILE": str(lab.root / "ntlm.users"),
            "KRB5_CONFIG": str(realm.config),
            "KRB5RCACHEDIR": str(lab.folder(f"{name}-replays"))}

    def _helper(self, scheme):
        users = self.lab.root / f"{scheme}.users"
        return {
            "basic": f"{HELPERS}/basic_ncsa_auth {users}",
            "digest": f"{HELPERS}/digest_file_auth -c {users}",
            "ntlm": f"{self.lab.root}/helper.py",
            "negotiate": f"{HELPERS}/negotiate_kerberos_auth -k "
                         f"{self.realm.keytab} -s GSS_C_NO_NAME"}[scheme]

    def _auth(self):
        self.ports_log = self.lab.root / self.name / "ports.log"
        lines = []
        for scheme in (s.lower() for s in self.offers):
            lines += [f"{scheme} program {self._helper(scheme)}",
                      f"{scheme} children 4 startup=1 idle=1"]
            if scheme in ("basic", "digest"):
                lines.append(f"{scheme} realm {REALM}")
        return ("".join(f"auth_param {line}\n" for line in lines) +
                "acl known proxy_auth REQUIRED\n"
                "http_access allow known\nhttp_access deny all\n" +
                recommended_format() + "\n"
                f"access_log stdio:{self.ports_log} auth407\n")

    def known_as(self, user):
        """Whether squid's word for somebody is our user."""
        return user in (USER, f"{DOMAIN}\\\\{USER}",
                        f"{USER}@{KERBEROS_REALM}")


def recommended_format():
    """squid's format in the manual page: what people will copy."""
    page = (HERE.parents[2] / "docs/auth407.1").read_text()
    at = page.index("logformat auth407 ")
    text = page[at:page.index("\naccess_log", at)]
    return text.replace("\\e", "\\").replace("\n", "\n  ")


def wheel():
    """The smallest package that pip takes for one."""
    out = io.BytesIO()
    info = "thing-1.dist-info/"
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("thing.py", "")
        z.writestr(info + "METADATA",
                   "Metadata-Version: 2.1\nName: thing\nVersion: 1\n")
        z.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: by hand\n"
                   "Root-Is-Purelib: true\nTag: py3-none-any\n")
        z.writestr(info + "RECORD", "")
    return out.getvalue()


class Place:
    def __init__(self, lab, names):
        self.lab = lab
        self.homes = itertools.count(1)
        self.realm = Realm(lab)
        self.realm.start()
        self.origin = Origin(lab)
        self.origin.files["/wheels/thing-1-py3-none-any.whl"] = wheel()
        self._secrets()
        self.proxies = [Asking(lab, name, self.realm) for name in names]
        for proxy in self.proxies:
            proxy.start()
        self._trust()
        self.realm.wait()
        for proxy in self.proxies:
            lab.wait_until_up(proxy.child)

    def _secrets(self):
        password_files(self.lab)
        users = self.lab.write("ntlm.users", f"{DOMAIN}:{USER}:{PASSWORD}\n",
                               0o400)
        shutil.chown(users, "proxy")
        # where squid's user can read it, wherever the tree is
        shutil.copy(HERE / "helper.py", self.lab.root)
        self.ask = self.lab.write("ask", f"#!/bin/sh\necho '{PASSWORD}'\n",
                                  0o755)

    def _trust(self):
        self.trust = self.lab.root / "trust"
        self.command("keytool", "-importcert", "-noprompt", "-storepass",
                     "changeit", "-keystore", self.trust, "-file",
                     self.lab.ca, "-alias", "tests")
        self.classes = self.lab.folder("classes", 0o755)
        self.compile(HERE / "home/Fetch.java", self.classes)

    def command(self, *argv):
        done = subprocess.run([str(a) for a in argv], capture_output=True,
                              text=True, env={"PATH": CLEAN_PATH})
        if done.returncode:
            raise Trouble(f"{argv[0]}: {done.stdout}{done.stderr}")

    def compile(self, source, folder):
        self.command("javac", "-nowarn", "-d", folder, source)

    def home(self, proxy):
        """A new home folder of somebody whose programs know that proxy, and no
        login."""
        folder = self.lab.folder(f"home/{next(self.homes):03}", 0o700)
        host, _, port = proxy.at.partition(":")
        words = {"@PROXY@": proxy.at, "@HOST@": host, "@PORT@": port,
                 "@CA@": self.lab.ca, "@TRUST@": self.trust,
                 "@KRB5@": self.realm.config}
        for name, to in FILES.items():
            text = (HERE / "home" / name).read_text()
            for word, value in words.items():
                text = text.replace(word, str(value))
            (folder / to).parent.mkdir(parents=True, exist_ok=True)
            (folder / to).write_text(text)
        shutil.copytree(self.classes, folder, dirs_exist_ok=True)
        (folder / "fetch.sh").chmod(0o755)
        return folder

    def environment(self, proxy, home, login=False, ticket=False):
        """That of a shell there; `login`: the proxy's variables hold one."""
        userinfo = f"{USER}:{PASSWORD}@" if login else ""
        url = f"http://{userinfo}{proxy.at}"
        cache = f"FILE:{self.realm.shared}" if ticket else NOWHERE
        return {
            "PATH": CLEAN_PATH, "HOME": str(home), "LANG": "C.UTF-8",
            "http_proxy": url, "https_proxy": url, "PROXY": proxy.at,
            "HTTP": self.origin.url("http", ""),
            "HTTPS": self.origin.url("https", ""),
            "CURL_CA_BUNDLE": str(self.lab.ca),
            "SSL_CERT_FILE": str(self.lab.ca),
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
            "KRB5_CONFIG": str(self.realm.config), "KRB5CCNAME": cache,
            "KRB5_CLIENT_KTNAME": "FILE:/nonexistent/keytab"}
