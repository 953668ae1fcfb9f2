# SPDX-License-Identifier: MIT
"""auth407 login tells a right password from a wrong one at these proxies, even
where the user has a ticket."""

import time

import domain
import realm
from clients import Run
from proxies import PASSWORD, USER
from running import check
from ways import tickets

# name, and the scheme by which it lets in
PROXIES = {"negotiate-squid": "negotiate", "negotiate-apache": "negotiate",
           "ntlm-apache": "ntlm", "ntlm-samba": "ntlm"}


def said(acceptor, bench, password):
    """The exit status and the messages of one login."""
    kerberos = PROXIES[acceptor.name] == "negotiate"
    user = f"{USER}@{realm.NAME}" if kerberos else USER
    domain_line = "" if kerberos else f"domain={domain.NAME}\n"
    task = bench.task(acceptor, "https")
    file = task.folder / "written"
    lines = f"username={user}\npassword={password}\n{domain_line}\n"
    result = bench.plain(task, Run(
        [str(bench.launcher), "login", "--stdin", "--verify", "--credentials",
         str(file), "--target", task.url.split("/")[2], task.proxy_at],
        tickets(acceptor), stdin=lines.encode(), want=b""))
    check(file.exists() == (result.code == 0), result.describe())
    return result


def tells(acceptor):
    def run(bench):
        mark = acceptor.mark()
        result = said(acceptor, bench, PASSWORD)
        check(result.code == 0 and f"accepts it ({PROXIES[acceptor.name]})" in
              result.describe(), result.describe())
        # a tunnel is logged when it is over
        end = time.monotonic() + 10
        while (not any(s.status == 200 for s in acceptor.since(mark))
               and time.monotonic() < end):
            time.sleep(0.05)
        mark = acceptor.mark()
        result = said(acceptor, bench, "wrong")
        seen = acceptor.since(mark)
        check(result.code == 1 and "refused our credential" in
              result.describe(), result.describe())
        check(all(s.status == 407 for s in seen), f"{seen}")
    return run


def tests(acceptor):
    if acceptor.name in PROXIES:
        yield (f"{acceptor.name}: auth407 login tells a right password from a "
               "wrong one", tells(acceptor))
