# SPDX-License-Identifier: MIT
"""Proxy auto-config: what a script says, what is wrong with one, and the process
that it runs in."""

import datetime
import http.server
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from place import (BUILD, SCRATCH, SECRET, doctor, environment as variables,
                   finds, works)
from tap import check, equal, has, lacks, test
from trials import LOGIN, proxy

NOW = datetime.datetime.now(datetime.timezone.utc)


def pac(body):
    """A file of its own: tests run side by side."""
    path = pathlib.Path(tempfile.mkdtemp(dir=SCRATCH)) / "proxy.pac"
    path.write_text(body)
    return path


def says(result):
    return f"function FindProxyForURL(url, host) {{ return {result}; }}"


def environment(value):
    return {"https_proxy": value, "http_proxy": value}


class Ask:
    """build/auth407-pac, spoken with by hand."""

    def __init__(self, script, answers=()):
        self.said = []
        self.child = subprocess.Popen(
            [BUILD / "auth407-pac"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        answers = dict(answers)
        self.child.stdin.write(b"http://www.corp.example/a\nwww.corp.example\n"
                               b"%d\n%s" % (len(script), script.encode()))
        self.child.stdin.flush()
        for line in self.child.stdout:
            self.said.append(line.decode().rstrip("\n"))
            word = self.said[-1].split(" ")[0]
            if word in ("result", "unparsed", "failed"):
                break
            self.child.stdin.write(
                answers.get(self.said[-1], "").encode() + b"\n")
            self.child.stdin.flush()

    def end(self):
        self.child.stdin.close()
        self.child.stdout.close()
        return self.child.wait()


DAY, MONTH = NOW.day, NOW.strftime("%b").upper()
WEEKDAY = NOW.strftime("%a").upper()
TRUE = f"""
isPlainHostName("www"); !isPlainHostName("www.corp.example")
dnsDomainIs("www.corp.example", ".corp.example"); !dnsDomainIs("a.b", ".c")
localHostOrDomainIs("www", "www.corp.example")
localHostOrDomainIs("www.corp.example", "www.corp.example")
!localHostOrDomainIs("www.other.example", "www.corp.example")
dnsDomainLevels("www") === 0; dnsDomainLevels("www.corp.example") === 2
dnsResolve("www.corp.example") === "10.1.2.3"; dnsResolve("nosuch") === null
isResolvable("www.corp.example"); !isResolvable("nosuch")
isInNet("www.corp.example", "10.0.0.0", "255.0.0.0")
!isInNet("10.1.2.3", "10.2.0.0", "255.255.0.0"); !isInNet("nosuch", "0.0.0.0", "0.0.0.0")
myIpAddress() === "10.9.9.9"; myIpAddressEx() === "fe80::9;10.9.9.9"
dnsResolveEx("www.corp.example") === "2001:db8::3;10.1.2.3"
isResolvableEx("www.corp.example"); !isResolvableEx("nosuch")
isInNetEx("www.corp.example", "2001:db8::/32"); isInNetEx("10.1.2.3", "10.1.0.0/16")
!isInNetEx("10.1.2.3", "2001:db8::/32"); !isInNetEx("10.1.2.3", "10.1.3.0/24")
sortIpAddressList("10.2.3.9;2001:db8::2;10.2.3.8") === "2001:db8::2;10.2.3.8;10.2.3.9"
convert_addr("104.16.41.2") === 1745889538; getClientVersion() === "1.0"
shExpMatch("http://a.example/x/y", "*/x/*"); !shExpMatch("axb", "a.b")
shExpMatch("abc", "a?c"); !shExpMatch("abc", "a?"); shExpMatch("", "*")
weekdayRange("{WEEKDAY}", "GMT"); weekdayRange("SUN", "SAT")
weekdayRange("{WEEKDAY}", "{WEEKDAY}", "GMT"); !weekdayRange("nonsense")
dateRange({DAY}, "GMT"); dateRange("{MONTH}", "GMT"); dateRange({NOW.year}, "GMT")
dateRange(1, 31); dateRange("JAN", "DEC"); dateRange(2020, 2999)
dateRange(1, "JAN", 31, "DEC"); !dateRange(2020, 2021)
dateRange({DAY}, "{MONTH}", {NOW.year}, "GMT")
dateRange("JAN", 2020, "DEC", 2999); dateRange(1, "JAN", 2020, 31, "DEC", 2999)
timeRange(0, 23); timeRange(0, 0, 23, 59); timeRange(0, 0, 0, 23, 59, 59)
timeRange({NOW.hour}, "GMT") || timeRange({(NOW.hour + 1) % 24}, "GMT")
!timeRange({(NOW.hour + 3) % 24}, {(NOW.hour + 5) % 24}, "GMT")
"""
WORLD = {"resolve www.corp.example": "2001:db8::3;10.1.2.3",
         "own ": "fe80::9;10.9.9.9"}


@test
def functions():
    """every function that a script may call says what it has to"""
    for case in TRUE.strip().replace("\n", "; ").split("; "):
        asked = Ask(says(f'({case}) === true ? "yes" : "no: " + ({case})'),
                    WORLD)
        equal(asked.said[-1], "result yes", case)
        equal(asked.end(), 0, case)


@test
def bad_scripts():
    """a script that can't be parsed, and what ends without an answer"""
    for script, last in (
            ("\nlet x = () => 1;", "unparsed 2 SyntaxError: "),
            (says("`${host}`"), "unparsed 1 SyntaxError: "),
            ("var a = 1;", "failed 0 there is no function FindProxyForURL"),
            (says("host.nosuch.x"), "failed 1 TypeError: "),
            (says("17"), "failed 0 FindProxyForURL returns no text"),
            (says('(function f() { return 1 + f(); })()'), "failed 1 RangeErr"),
            (says('(function () { var a = "xx"; for (;;) a += a; })()'),
             "failed 1 ")):
        asked = Ask(script)
        check(asked.said[-1].startswith(last), (script, asked.said))
        asked.end()
    for loop in ("var a = []; for (;;) a.push({});",
                 "return /^(([a-z])+.)+[A-Z]([a-z])+$/.test(\n"
                 "new Array(400).join('a'))"):
        asked = Ask("function FindProxyForURL() { %s }" % loop)
        status = asked.end()
        check(status in (-signal.SIGXCPU, -signal.SIGKILL, 0),
              (loop, status))
        check(not any(s.startswith("result") for s in asked.said), asked.said)


@test
def locked_in():
    """the helper has two descriptors, and few system calls and bytes"""
    asked = subprocess.Popen([BUILD / "auth407-pac"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
    where = pathlib.Path(f"/proc/{asked.pid}")
    until = time.monotonic() + 10
    while "Seccomp:\t2" not in (where / "status").read_text():
        check(time.monotonic() < until, "no filter")
        time.sleep(0.02)
    has((where / "status").read_text(), "NoNewPrivs:\t1")
    equal(sorted(os.listdir(where / "fd")), ["0", "1"])
    limits = " ".join((where / "limits").read_text().split())
    has(limits, "Max open files 0 0")
    has(limits, "Max cpu time 2 3")
    has(limits, "Max core file size 0 0")
    asked.stdin.close()
    asked.stdout.close()
    asked.wait()


@test
def alert_before_question():
    """what a script says has its own answer, and not that of the next question"""
    script = pac("""function FindProxyForURL() {
        alert("one"); alert("two");
        return dnsResolve("localhost") == "127.0.0.1" ? "PROXY 127.0.0.1:1"
                                                      : "PROXY wrong.test:1";
    }""")
    for _ in range(5):
        seen = doctor("--pac", script)
        has(seen.text, "TCP: 127.0.0.1 port 1: ")


@test
def verdicts():
    """what is wrong with an auto-config file is the verdict"""
    for code, words, script in (
            ("pac_not_parsed", ["no JavaScript up to ES5", "line 2"],
             "\nlet x = () => 1;"),
            ("pac_fails", ["it runs for ever"],
             "function FindProxyForURL() { for (;;); }"),
            ("pac_fails", ["returns \"nonsense\""], says('"nonsense"')),
            ("pac_fails", ["PROXY a$(b)"], says('"PROXY a$(b)"')),
            ("pac_is_web_page", [], "<!DOCTYPE html><title>Log in</title>"),
            ("pac_socks", ["SOCKS5 s:1080"], says('"SOCKS5 s:1080; DIRECT"')),
            ("pac_direct", ["no_proxy"], says('"DIRECT"')),
            ("pac_drift", ["export http_proxy=http://127.0.0.1:1 "
                           "https_proxy=http://127.0.0.1:1"],
             says('"PROXY 127.0.0.1:1; DIRECT"'))):
        finds(code, "--pac", pac(script), "--yes", says=words)
    finds("pac_drift", "--pac", pac(says('"PROXY 127.0.0.1:1"')), "--yes",
          env=environment("http://127.0.0.1:2"),
          says=["https_proxy: 127.0.0.1:2, but the PAC names 127.0.0.1:1"])
    finds("pac_unreachable", "--pac", SCRATCH / "nosuch.pac")
    finds("pac_unreachable", "--pac", "https://127.0.0.1/x.pac?token=" + SECRET,
          says=["curl -o proxy.pac 'https://127.0.0.1/x.pac"])
    finds("pac_unreachable", "--pac", "http://127.0.0.1:1/proxy.pac",
          says=["Connection refused"])


@test
def no_helper():
    """without the helper a script is not judged, and nothing is taken for it"""
    alone = SCRATCH / "alone"
    alone.mkdir()
    shutil.copy(BUILD / "auth407-doctor", alone)
    done = subprocess.run(
        [alone / "auth407-doctor", "--pac", pac(says('"DIRECT"'))],
        env=variables({}), capture_output=True, text=True, check=False)
    equal(done.returncode, 1, done.stdout)
    has(done.stdout, "The PAC can't be judged here.")
    has(" ".join(done.stdout.split()), "auth407-pac can't be started")


@test
def settings_that_agree():
    """the PAC's proxy is the environment's: by name, by address, by port"""
    with proxy(SECRET) as p:
        env = environment(f"http://{LOGIN}@127.0.0.1:{p.port}")
        for host in ("127.0.0.1", "localhost"):
            script = f"""function FindProxyForURL(url, host) {{
                return url === "https://www.corp.example/" &&
                    host === "www.corp.example" ?
                    "PROXY {host}:{p.port}; DIRECT" : "DIRECT"; }}"""
            seen = works("--yes", "--pac", pac(script), "--target",
                         "https://www.corp.example/path", env=env)
            has(" ".join(seen.text.split()), f"PROXY {host}:{p.port}; DIRECT")


@test
def lists():
    """behind a proxy that is dead the next one counts, as for a browser; the
    environment's is right wherever it stands; a login in a script is hidden"""
    with proxy(SECRET) as p:
        at = f"127.0.0.1:{p.port}"
        env = environment(f"http://{LOGIN}@{at}")
        dead = f"PROXY 127.0.0.1:1; PROXY {at}; DIRECT"
        works("--yes", "--pac", pac(says(f'"{dead}"')), env=env)
        finds("pac_drift", "--yes", "--pac", pac(says(f'"{dead}"')),
              says=[f"do: export http_proxy=http://{at} "])
        for entry, now in (("PROXY 127.0.0.1", "http://127.0.0.1:80 "),
                           (f"HTTPS {at}", f"https://{at} ")):
            finds("pac_drift", "--offline", "--pac", pac(says(f'"{entry}"')),
                  env=env, says=[f"do: export http_proxy={now}"])
        script = pac(f"alert('alice:{SECRET}@x'); "
                     + says(f"'PROXY alice:{SECRET}@{at}'"))
        finds("pac_fails", "--yes", "--pac", script, env=env,
              says=["[redacted]@"])
        for name in ("no_proxy", "NO_PROXY"):
            finds("no_proxy_covers_target", "--target", "http://a.example/",
                  env={**env, name: f"bob:{SECRET}@b.example,.example"})


@test
def wpad():
    """a name that says where an auto-config file is, which nobody asked for"""
    hosts = SCRATCH / "hosts"
    hosts.write_text("127.0.0.1 localhost wpad\n")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"mount --bind {hosts} /etc/hosts && "
         f"exec {BUILD}/auth407 doctor --format json"], env=variables({}),
        capture_output=True, text=True, check=False)
    if "ermitted" in done.stderr:
        return
    has(done.stdout, '"wpad_found"')
    finds("no_proxy_configured")


@test
def desktop():
    """the variable and the desktop's settings; drift is a warning there"""
    with proxy(SECRET) as p:
        env = environment(f"http://{LOGIN}@127.0.0.1:{p.port}")
        other = pac(says('"PROXY 127.0.0.1:1"'))
        folder = SCRATCH / "kde"
        folder.mkdir()
        (folder / "kioslaverc").write_text(
            f"[Proxy Settings]\nProxy Config Script=file://{other}\n"
            "ProxyType=2\n")
        # gsettings(1), and what it keeps in a file without a desktop
        keys = SCRATCH / "gnome/glib-2.0/settings"
        keys.mkdir(parents=True)
        (keys / "keyfile").write_text(
            f"[system/proxy]\nmode='auto'\nautoconfig-url='file://{other}'\n")
        for more in ({"auto_proxy": other}, {"XDG_CONFIG_HOME": folder},
                     {"XDG_CURRENT_DESKTOP": "GNOME",
                      "GSETTINGS_BACKEND": "keyfile",
                      "XDG_CONFIG_HOME": SCRATCH / "gnome"}):
            seen = doctor("--yes", env={**env, **more})
            equal((seen.status, seen.codes(status="warning")),
                  (0, ["pac_drift"]), seen.text)
        seen = finds("pac_drift", "--yes", env={"auto_proxy": other})
        lacks(seen.codes(), "no_proxy_configured")
        works("--yes", env={**env, "XDG_CONFIG_HOME": SCRATCH / "none"})


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, kind, body = self.server.pages[self.path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status == 302:
            self.send_header("Location", body)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.close_connection = False  # as some do to HTTP/1.0, too
        self.wfile.write(body.encode())
        self.server.asked.append(self.path)

    def log_message(self, *_):
        pass


@test
def served():
    """a script of a server; another type, another place, and --offline"""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at = f"http://127.0.0.1:{server.server_port}"
    server.asked = []
    right = "application/x-ns-proxy-autoconfig"
    with proxy(SECRET) as p:
        script = says(f'"PROXY 127.0.0.1:{p.port}"')
        server.pages = {"/a.pac": (200, right, script),
                        "/t.pac": (200, "text/plain", script),
                        "/m.pac": (302, right, at + "/a.pac"),
                        "/n.pac": (404, "text/html", "no")}
        env = environment(f"http://{LOGIN}@127.0.0.1:{p.port}")
        for name in ("a", "t"):
            seen = works("--yes", "--pac", f"{at}/{name}.pac", env=env)
            equal("pac_type" in seen.codes(status="note"), name == "t")
        finds("pac_unreachable", "--pac", at + "/n.pac", says=["status 404"])
        finds("pac_unreachable", "--pac", at + "/m.pac",
              says=[f"it has moved to {at}/a.pac"])
        server.asked.clear()
        doctor("--offline", "--pac", at + "/a.pac", env=env)
        equal(server.asked, [], "fetched by --offline")
    server.shutdown()
    server.server_close()


@test
def empty():
    """a script without a byte, or a FIFO that nobody fills"""
    fifo = str(SCRATCH / "fifo.pac")
    os.mkfifo(fifo)
    for name in (pac(""), fifo, "/dev/null"):
        finds("pac_unreachable", "--offline", "--pac", name,
              says=["it is empty"])


@test
def offline():
    """a script that looks names up is not judged where nothing is sent"""
    env = environment("http://127.0.0.1:2")
    seen = doctor("--offline", "--pac", pac(says(
        'dnsResolve("www.corp.example") ? "DIRECT" : "PROXY 127.0.0.1:1"')),
        env=env)
    has(" ".join(seen.text.split()), "looks names up")
    equal(seen.codes(), [], seen.text)
