# SPDX-License-Identifier: MIT
"""The clients of home/fetch.sh, and what the report has to say of each."""

import dataclasses
import os

PYTHON = os.path.realpath("/usr/bin/python3")
NC = os.path.realpath("/usr/bin/nc")
JAVA = os.path.realpath("/usr/bin/java")
JAVA_MODULES = ("libnio.so", "libnet.so")  # by version

DROPPED, MISMATCH = "dropped_by_client", "client_scheme_mismatch"
NOBODY, ANSWERED = "no_credential", "answered_by_client"


@dataclasses.dataclass(frozen=True)
class Step:
    name: str
    binary: str
    modules: tuple
    requests: int          # of one run that squid answers with 200
    speaks: tuple          # to a proxy
    own: bool = True       # its proxy stands elsewhere than in a variable

    def cause(self, proxy, login):
        """Why it meets a 407; None: it meets none."""
        if not login:
            return NOBODY
        if self.own:
            return DROPPED
        if self.name == "asked":  # it answers Negotiate, or not at all
            return DROPPED if "Negotiate" in proxy.offers else ANSWERED
        return None if "Basic" in proxy.offers else MISMATCH

    def can(self, proxy):
        return bool(set(self.speaks) & set(proxy.offers))


def script(name):
    return f"{PYTHON} ({name})"


BASIC = ("Basic",)
ALL = ("Basic", "Digest", "NTLM", "Negotiate")
MINE = (os.path.basename(PYTHON),)
GIT = os.path.realpath("/usr/lib/git-core/git-remote-https")
STEPS = [
    Step("curl", "/usr/bin/curl", ("libcurl.so.4",), 2, ALL, False),
    Step("asked", "/usr/bin/curl", ("libcurl.so.4",), 1, ALL, False),
    Step("plain", script("plain.py"), MINE, 1, BASIC, False),
    Step("wget", "/usr/bin/wget", ("wget",), 2, BASIC),
    Step("git", GIT, ("libcurl-gnutls.so.4",), 1, ALL),
    Step("pip", script("pip"), MINE, 1, BASIC),
    Step("urllib", script("own_urllib.py"), MINE, 1, BASIC),
    Step("requests", script("own_requests.py"), MINE, 1, BASIC),
    Step("java", f"{JAVA} (Fetch)", JAVA_MODULES, 2, ALL),
    Step("nc", NC, (os.path.basename(NC),), 1, BASIC),
]
