# SPDX-License-Identifier: MIT
"""A script of well-known clients through squid, observed: the report names the
ones that dropped the header, the library in them that did, and the fix."""

import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time

from common import (AUTH407, HOME, Skip, check, environment, equal, has,
                    lacks, report, test)

USER, PASSWORD = "alice", "pw407pw"
SQUID = "/usr/sbin/squid"
HELPER = "/usr/lib/squid/basic_ncsa_auth"

JAVA = """
import java.net.*;
public class Fetch {
    public static void main(String[] a) throws Exception {
        int status = ((HttpURLConnection) new URL(a[0]).openConnection())
            .getResponseCode();
        System.out.println("status " + status);
    }
}
"""

PYTHON = """
import sys, urllib.request
proxy = urllib.request.ProxyHandler({"http": sys.argv[2]})
urllib.request.build_opener(proxy).open(sys.argv[1], timeout=20)
"""

SCRIPT = """
curl -s -o /dev/null $URL/curl
curl -s -o /dev/null --proxy-anyauth $URL/curl-anyauth
wget -q -t 1 -O /dev/null -e http_proxy=$PROXY $URL/wget
git -c http.proxy=http://$PROXY ls-remote $URL/x.git
git ls-remote $URL/y.git
/usr/bin/python3 pip-like.py $URL/python http://$PROXY
java -Dhttp.proxyHost=${PROXY%:*} -Dhttp.proxyPort=${PROXY#*:} \\
    -Dhttp.nonProxyHosts= -cp . Fetch $URL/java
at=${URL#http://}
nc -w 5 -X connect -x $PROXY ${at%:*} ${at#*:} </dev/null
true
"""

# binary, module, a part of the line
DROPPED = [
    ("/usr/bin/wget", "wget", "proxy_user = USER"),
    ("/git-remote-http", "libcurl-gnutls.so.4", "git config --global"),
    ("(pip-like.py)", "python3.11", "proxies = {"),
    ("(Fetch)", ("libnet.so", "libnio.so"), "Authenticator.setDefault("),
    ("/nc.openbsd", "nc.openbsd", "-X connect -x "),
]


class Origin(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Squid:
    def __init__(self):
        self.home = pathlib.Path(HOME / "squid")
        self.home.mkdir()
        os.chmod(HOME, 0o755)
        if os.geteuid() == 0:
            shutil.chown(self.home, "proxy", "proxy")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        crypt = subprocess.run(
            ["openssl", "passwd", "-apr1", "-stdin"], check=True,
            input=PASSWORD + "\n", capture_output=True, text=True).stdout
        users = self.home / "users"
        users.write_text(f"{USER}:{crypt.strip()}\n")
        (self.home / "squid.conf").write_text(f"""\
auth_param basic program {HELPER} {users}
auth_param basic realm corporate
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
http_port 127.0.0.1:{self.port}
visible_hostname squid.test
pid_filename {self.home}/pid
coredump_dir {self.home}
cache deny all
cache_log {self.home}/cache.log
access_log none
pinger_enable off
shutdown_lifetime 0 seconds
max_filedescriptors 1024
""")

    def __enter__(self):
        self.child = subprocess.Popen(
            [SQUID, "-N", "-f", self.home / "squid.conf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError:
                check(time.monotonic() < end and self.child.poll() is None,
                      "squid does not start")
                time.sleep(0.1)

    def __exit__(self, *_):
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def observed():
    """Runs the script under `auth407 observe`; the log's path."""
    for path in (SQUID, HELPER):
        if not os.path.exists(path):
            raise Skip(f"no {path}")
    for name in ("curl", "wget", "git", "java", "javac", "nc"):
        if not shutil.which(name):
            raise Skip(f"no {name}")
    folder = HOME / "shown"
    folder.mkdir()
    (folder / "Fetch.java").write_text(JAVA)
    (folder / "pip-like.py").write_text(PYTHON)
    subprocess.run(["javac", "Fetch.java"], cwd=folder, check=True,
                   capture_output=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    log = str(folder / "log.jsonl")
    with Squid() as squid:
        proxy = f"http://{USER}:{PASSWORD}@127.0.0.1:{squid.port}"
        subprocess.run(
            [AUTH407, "observe", "-q", "--log", log, "--", "sh", "-c",
             SCRIPT], cwd=folder, timeout=120, check=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=environment(
                http_proxy=proxy, https_proxy=proxy, no_proxy="",
                PROXY=f"127.0.0.1:{squid.port}", GIT_TERMINAL_PROMPT="0",
                URL=f"http://127.0.0.1:{server.server_port}"))
    server.shutdown()
    return log, squid.port


@test
def script_through_squid():
    """curl, wget, git, Python, Java and nc through squid: exactly those that
    dropped the header are named, with the library and the line"""
    log, port = observed()
    done = report("--format", "json", log)
    equal(done.status, 1, "status")
    found = done.json()["findings"]
    dropped = [f for f in found if f["group"] == "dropped"]
    shown = json.dumps([(f["binary"], f["module"], f["cause"], f["total"])
                        for f in found])
    equal(len(dropped), len(DROPPED), shown)
    for binary, module, line in DROPPED:
        mine = [f for f in dropped if f["binary"].endswith(binary)]
        equal(len(mine), 1, f"{binary} in {shown}")
        check(mine[0]["module"] in module, mine[0]["module"])
        equal(mine[0]["proxy"], f"127.0.0.1:{port}")
        check(mine[0]["advice"]["auth407_would_do"], binary)
        has(mine[0]["advice"]["line"], line)
    text = report(log).out
    rest = [f["cause"] for f in found if f["group"] != "dropped"]
    check(set(rest) <= {"answered_by_client"}, shown)
    head = text.split("\nBy binary\n")[0].split("\nOther causes\n")[0]
    lacks(head, "/usr/bin/curl ")
    for binary, _, _ in DROPPED:
        has(head, binary)
    for secret in (PASSWORD, "YWxpY2U6cHc0MDdwdw"):
        lacks(text + done.out, secret)
