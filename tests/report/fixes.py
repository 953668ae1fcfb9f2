# SPDX-License-Identifier: MIT
"""The lines that the report gives: real clients, without a login first, then
with the line that the report printed for them. Then no 407 is left."""

import os
import pty
import re
import shutil
import subprocess
import time

from common import (AUTH407, HOME, ROOT, Skip, check, environment, equal,
                    findings, has, test)
from proxy import PASSWORD, USER, Proxy

URL = "http://auth407.test/a"
TUNNEL = "auth407.test:443"
CA = "/etc/ssl/certs/ca-certificates.crt"
LIMIT = 60


class Case:
    """One client: `argv` without a login, and how the line is applied."""

    def __init__(self, proxy, name, env=None):
        self.proxy, self.name = proxy, name
        self.home = HOME / f"fix-{name}"
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        self.env = environment(HOME=str(self.home), CI="1", **{
            "http_proxy": f"http://{proxy.at}",
            "https_proxy": f"http://{proxy.at}", **(env or {})})
        self.log = str(self.home / "log.jsonl")

    def write(self, name, text, mode=0o600):
        file = self.home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return str(file)

    def run(self, argv, **env):
        return subprocess.run(
            argv, env={**self.env, **env}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT,
            cwd=self.home, check=False)

    def advice(self, argv, binary):
        """Runs the client without a login; what the report says of it."""
        self.proxy.requests()
        done = self.run([AUTH407, "observe", "-q", "--log", self.log, "--",
                         *argv])
        seen = self.proxy.requests()
        check(seen and seen[-1][2] == "407",
              f"no 407 without a login: {seen}: {done.stdout!r}")
        found = {k: v for k, v in findings(self.log).items()
                 if re.search(binary + "$", k)}
        check(found, f"{binary}: {findings(self.log)}")
        advice = list(found.values())[0]["advice"]
        has(advice["line"], "")
        advice["line"] = advice["line"].replace("USER", USER).replace(
            "PASSWORD", PASSWORD)
        return advice

    def fixed(self, argv, **env):
        """Runs it again: the last word of the proxy is no 407."""
        done = self.run(argv, **env)
        self.check_fixed(done.stdout)

    def check_fixed(self, output):
        seen = self.proxy.requests()
        check(seen and seen[-1][1].startswith("ok") and seen[-1][2] != "407",
              f"with the line: {seen}: {output!r}")

    def shell(self, line, **env):
        done = self.run(["sh", "-c", line], **env)
        equal(done.returncode, 0, f"{line}: {done.stdout!r}")

    def exported(self, line):
        """The variables that a line would export."""
        text = subprocess.run(
            ["sh", "-c", line + "\nenv -0"], stdout=subprocess.PIPE,
            env={}, check=True).stdout.decode()
        return dict(v.split("=", 1) for v in text.split("\0") if v)


def need(*programs):
    for name in programs:
        if not shutil.which(name, path="/usr/local/bin:/usr/bin:/bin:/sbin"):
            raise Skip(f"no {name}")


def into_file(name, argv, binary, where, env=None):
    """A client with a file in its home folder."""
    with Proxy() as proxy:
        case = Case(proxy, name, env)
        argv = [a.replace("PROXY", proxy.at) for a in argv]
        advice = case.advice(argv, binary)
        equal(advice["where"], where, "where")
        case.write(where.replace("~/", ""), advice["line"] + "\n")
        case.fixed(argv)


def into_environment(name, argv, binary, prepare=None):
    with Proxy() as proxy:
        case = Case(proxy, name)
        if prepare:
            argv = argv + [prepare(case)]
        advice = case.advice(argv, binary)
        equal(advice["where"], "environment", "where")
        case.fixed(argv, **case.exported(advice["line"]))


@test
def curl():
    """fix: curl"""
    need("curl")
    into_file("curl", ["curl", "-s", "-o", "out", URL], "/curl", "~/.curlrc")


@test
def curl_digest():
    """fix: curl at a proxy without Basic"""
    need("curl")
    with Proxy("--auth", "digest") as proxy:
        case = Case(proxy, "curl-digest")
        argv = ["curl", "-s", "-o", "out", URL]
        advice = case.advice(argv, "/curl")
        case.write(".curlrc", advice["line"] + "\n")
        case.fixed(argv)


@test
def wget():
    """fix: wget"""
    need("wget")
    into_file("wget", ["wget", "-q", "-t", "1", "-O", "out", URL], "/wget",
              "~/.wgetrc")


@test
def aria2():
    """fix: aria2c"""
    need("aria2c")
    for name, env in (("aria2-env", {}), ("aria2", {"http_proxy": None})):
        into_file(name, ["aria2c", "-q", "-m", "1", "-d", ".",
                         "--all-proxy=http://PROXY", URL], "/aria2c",
                  "~/.aria2/aria2.conf", env)


@test
def git():
    """fix: git"""
    need("git")
    with Proxy() as proxy:
        case = Case(proxy, "git")
        argv = ["git", "ls-remote", "http://auth407.test/x.git"]
        advice = case.advice(argv, "/git-remote-https?")
        equal(advice["where"], "", "where")
        case.shell(advice["line"])
        ask = case.write("ask", f"#!/bin/sh\necho {PASSWORD}\n", 0o700)
        case.fixed(argv, GIT_ASKPASS=ask)


@test
def pip():
    """fix: pip"""
    python = "/usr/bin/python3"
    if subprocess.run([python, "-m", "pip", "--version"], check=False,
                      capture_output=True).returncode:
        raise Skip("no pip for " + python)
    with Proxy() as proxy:
        case = Case(proxy, "pip")
        case.write("bin/pip", f'#!/bin/sh\nexec {python} -m pip "$@"\n', 0o700)
        path = f"{case.home}/bin:" + case.env["PATH"]
        argv = [python, "-m", "pip", "--retries", "0", "download",
                "--index-url", "http://auth407.test/", "--trusted-host",
                "auth407.test", "--no-deps", "nothing-of-that-name"]
        advice = case.advice(argv, r"\(pip\)")
        case.shell(advice["line"], PATH=path)
        case.fixed(argv)


@test
def python():
    """fix: Python's urllib and requests"""
    for name in ("fetch_urllib.py", "fetch_requests.py"):
        program = str(ROOT / "tests/clients/programs" / name)
        with Proxy() as proxy:
            case = Case(proxy, name)
            argv = ["/usr/bin/python3", program, URL, f"{case.home}/out",
                    f"http://{proxy.at}", CA]
            advice = case.advice(argv, rf"\({name}\)")
            case.fixed(argv, **case.exported(advice["line"]))


@test
def apt():
    """fix: apt"""
    need("apt-get")
    with Proxy() as proxy:
        case = Case(proxy, "apt")
        argv = ["/usr/lib/apt/apt-helper", "-o", "APT::Sandbox::User=root",
                "-o", "Acquire::Retries=0", "download-file", URL,
                f"{case.home}/out"]
        advice = case.advice(argv, "/methods/http")
        equal(advice["where"], "/etc/apt/apt.conf.d/80proxy", "where")
        conf = case.write("apt.conf", advice["line"] + "\n")
        case.fixed(argv, APT_CONFIG=conf)


JAVA = """
import java.net.*;
public class Get {
    public static void main(String[] a) throws Exception {
        /* LOGIN */
        try {
            new URL("https://%s/").openConnection(new Proxy(Proxy.Type.HTTP,
                new InetSocketAddress("127.0.0.1", Integer.parseInt(a[0]))))
                .getInputStream();
        } catch (java.io.IOException e) {
            System.out.println(e);
        }
    }
}
""" % TUNNEL


@test
def java():
    """fix: Java, which needs an Authenticator, through a tunnel"""
    need("java", "javac")
    with Proxy() as proxy:
        case = Case(proxy, "java")
        case.write("Get.java", JAVA)
        case.shell("javac Get.java")
        argv = ["java", "-cp", ".", "Get", str(proxy.port)]
        advice = case.advice(argv, r"/java \(Get\)")
        equal(advice["where"], "program", "where")
        case.write("Get.java", JAVA.replace("/* LOGIN */", advice["line"]))
        case.shell("javac Get.java")
        case.fixed(argv)


@test
def npm():
    """fix: npm"""
    need("npm")
    with Proxy() as proxy:
        case = Case(proxy, "npm", {"npm_config_fetch_retries": "0",
                                   "npm_config_update_notifier": "false"})
        argv = ["npm", "view", "nothing", "--registry", "http://auth407.test/"]
        advice = case.advice(argv, r"/node \(npm\S*\)")
        case.shell(advice["line"])
        plain = {"http_proxy": "", "https_proxy": ""}
        case.fixed(argv, **plain)


@test
def ncat():
    """fix: ncat"""
    need("ncat")
    with Proxy() as proxy:
        case = Case(proxy, "ncat")
        target = ["auth407.test", "443"]
        advice = case.advice(["ncat", "--proxy", proxy.at, "--proxy-type",
                              "http", *target], "/ncat")
        equal(advice["where"], "command line", "where")
        case.fixed(["ncat", *advice["line"].split(), *target])


@test
def nc():
    """fix: OpenBSD's nc, which asks for the password"""
    need("nc")
    if "openbsd" not in os.path.realpath(shutil.which("nc")):
        raise Skip("nc is another one")
    with Proxy() as proxy:
        case = Case(proxy, "nc")
        target = ["auth407.test", "443"]
        advice = case.advice(["nc", "-X", "connect", "-x", proxy.at, *target],
                             r"/nc\S*")
        child, terminal = pty.fork()
        if child == 0:
            os.execvpe("nc", ["nc", *advice["line"].split(), *target],
                       case.env)
        out = b""
        while b"assword" not in out:
            out += os.read(terminal, 1000)
        os.write(terminal, PASSWORD.encode() + b"\n")
        end = time.monotonic() + LIMIT
        while "verdict=ok" not in proxy.log.read_text():
            check(time.monotonic() < end, "nothing came of it")
            time.sleep(0.05)
        os.close(terminal)
        os.kill(child, 9)
        os.waitpid(child, 0)
        case.check_fixed(out)


@test
def socat():
    """fix: socat"""
    need("socat")
    with Proxy() as proxy:
        case = Case(proxy, "socat")
        advice = case.advice(
            ["socat", "-", f"PROXY:127.0.0.1:{TUNNEL},proxyport="
             f"{proxy.port}"], r"/socat\S*")
        case.fixed(["socat", "-", advice["line"].replace("HOST:PORT",
                                                         TUNNEL)])


@test
def openssl():
    """fix: openssl s_client"""
    need("openssl")
    with Proxy() as proxy:
        case = Case(proxy, "openssl")
        argv = ["openssl", "s_client", "-connect", TUNNEL]
        advice = case.advice([*argv, "-proxy", proxy.at], "/openssl")
        case.fixed([*argv, *advice["line"].split()])


@test
def cargo():
    """fix: cargo"""
    program = shutil.which("cargo")
    if not program:
        raise Skip("no cargo")
    home = os.environ.get("HOME", "/root")
    rustup = {"RUSTUP_HOME": os.environ.get("RUSTUP_HOME", home + "/.rustup")}
    with Proxy() as proxy:
        case = Case(proxy, "cargo", rustup)
        case.write("Cargo.toml", '[package]\nname = "x"\nversion = "0.1.0"\n'
                   '[dependencies]\nnothing-of-that-name = "1"\n')
        case.write("src/lib.rs", "")
        case.env["CARGO_NET_RETRY"] = "0"
        argv = [program, "fetch"]
        advice = case.advice(argv, "/cargo")
        case.write(".cargo/config.toml", advice["line"] + "\n")
        case.fixed(argv)


PHP = """<?php
$c = stream_context_create(['http' => ['timeout' => 10, %s]]);
@file_get_contents('http://auth407.test/a', false, $c);
"""


@test
def php():
    """fix: PHP's streams"""
    need("php")
    with Proxy() as proxy:
        case = Case(proxy, "php")
        program = case.write("get.php", PHP % (
            f"'proxy' => 'tcp://{proxy.at}', 'request_fulluri' => true"))
        advice = case.advice(["php", program], r"/php\S* \(get.php\)")
        equal(advice["where"], "program", "where")
        case.write("get.php", PHP % advice["line"])
        case.fixed(["php", program])


@test
def perl():
    """fix: Perl's LWP"""
    need("perl")
    program = str(ROOT / "tests/clients/programs/fetch_lwp.pl")
    with Proxy() as proxy:
        case = Case(proxy, "perl")
        argv = ["perl", program, URL, f"{case.home}/out", "-", CA]
        if b"locate LWP" in case.run(argv).stdout:
            raise Skip("no LWP")
        advice = case.advice(argv, r"/perl \(fetch_lwp.pl\)")
        case.fixed(argv, **case.exported(advice["line"]))


@test
def busybox():
    """fix: busybox wget"""
    need("busybox")
    into_environment("busybox", ["busybox", "wget", "-q", "-O", "/dev/null",
                                 URL], r"/busybox \(wget\)")


LIBCURL = """
#include <curl/curl.h>
int main(void)
{
    CURL *c = curl_easy_init();
    curl_easy_setopt(c, CURLOPT_URL, "http://auth407.test/a");
    return curl_easy_perform(c);
}
"""


@test
def libcurl():
    """fix: a program with libcurl"""
    with Proxy() as proxy:
        case = Case(proxy, "libcurl")
        done = subprocess.run(
            ["gcc", "-x", "c", "-", "-o", case.home / "fetcher", "-lcurl"],
            input=LIBCURL.encode(), capture_output=True, check=False)
        if done.returncode:
            raise Skip("no libcurl to build with")
        argv = [str(case.home / "fetcher")]
        advice = case.advice(argv, "/fetcher")
        case.fixed(argv, **case.exported(advice["line"]))


@test
def every_row():
    """each row that says it is tested has its test here"""
    text = (ROOT / "cli/report/model/fixes.def").read_text()
    here = (ROOT / "tests/report/fixes.py").read_text()
    names = set(re.findall(r'"""fix: (.*?)"""', here))
    rows = re.findall(r"/\* TESTED.*?\*/\nA407_FIX\(\"([^\"]+)\", \"([^\"]+)\"",
                      text, re.S)
    check(len(rows) >= 15, rows)
    for binary, script in rows:
        word = {"python*": "urllib", "*/apt/methods/http?(s)": "apt", "node*": "npm",
                "java": "Java", "nc?(.openbsd)": "OpenBSD", "php*": "PHP",
                "perl*": "Perl", "git?(-remote-http*)": "git",
                "*": "libcurl"}.get(binary, binary.rstrip("*"))
        word = "pip" if script.startswith("pip") else word
        check(any(word in n for n in names), f"{binary} {script}")
