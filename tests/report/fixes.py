# SPDX-License-Identifier: MIT
"""The lines that the report gives: real clients, without a login first, then
with the line that the report printed for them. Then no 407 is left. Those of
dropped/, with squid as the judge, are not here. And when auth407 alone will
do."""

import os
import re
import shutil
import subprocess
import time

import tap
from common import (AUTH407, HOME, ROOT, Skip, check, environment, equal,
                    findings, log, record, test)
from proxy import PASSWORD, USER, Proxy

URL = "http://auth407.test/a"
TUNNEL = "auth407.test:443"
CA = "/etc/ssl/certs/ca-certificates.crt"
LIMIT = 60 * tap.how_busy()


class Case:
    """One client: `argv` without a login, and how the line is applied."""

    def __init__(self, proxy, env):
        self.proxy, self.home = proxy, HOME / "home"
        self.home.mkdir(exist_ok=True)
        self.env = environment(HOME=str(self.home), CI="1", **{
            "http_proxy": f"http://{proxy.at}",
            "https_proxy": f"http://{proxy.at}", **env})
        self.log = str(self.home / "log.jsonl")

    def filled(self, text):
        return text.replace("@PROXY", self.proxy.at).replace(
            "@PORT", str(self.proxy.port)).replace("@HOME", str(self.home))

    def write(self, name, text):
        file = self.home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.filled(text))
        return str(file)

    def run(self, argv, stays=False, **env):
        """What a client says; one that stays in its tunnel is ended there."""
        child = subprocess.Popen(
            argv, env={**self.env, **env}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.home)
        while stays and child.poll() is None:
            if "verdict=ok" in self.proxy.log.read_text():
                child.kill()
            time.sleep(0.02)
        return child.communicate(timeout=LIMIT)[0]

    def advice(self, argv, binary):
        """Runs the client without a login; what the report says of it."""
        self.proxy.requests()
        said = self.run([AUTH407, "observe", "-q", "--log", self.log, "--",
                         *argv])
        missing = re.search(b"Can.t locate|curl.h: No such", said)
        if missing:
            raise Skip(missing[0].decode())
        seen = self.proxy.requests()
        check(seen and seen[-1][2] == "407",
              f"no 407 without a login: {seen}: {said!r}")
        found = {k: v for k, v in findings(self.log).items()
                 if re.search(binary + "$", k)}
        check(found, f"{binary}: {findings(self.log)}")
        advice = list(found.values())[0]["advice"]
        return advice["where"], advice["line"].replace("USER", USER).replace(
            "PASSWORD", PASSWORD)

    def follow(self, where, line, argv, files):
        """Does what the report says and runs the client again."""
        env = {}
        if where == "environment":
            text = subprocess.run(
                ["sh", "-c", line + "\nenv -0"], stdout=subprocess.PIPE,
                env={}, check=True).stdout.decode()
            env = dict(v.split("=", 1) for v in text.split("\0") if v)
        elif where == "command line":
            argv = words(argv, line.replace("HOST:PORT", TUNNEL).split())
        elif where == "program":
            for name, text in files.items():
                self.write(name, text.replace("/* LOGIN */", line))
        elif where == "":
            self.run(["sh", "-c", line])
            # the proxy is in the client's own settings now
            env = {"http_proxy": "", "https_proxy": ""}
        elif where.startswith("/etc/apt/"):
            env = {"APT_CONFIG": self.write("apt.conf", line + "\n")}
        else:
            self.write(where.removeprefix("~/"), line + "\n")
        said = self.run([self.filled(a) for a in words(argv)],
                        argv[0] == "openssl", **env)
        seen = self.proxy.requests()
        check(seen and seen[-1][1].startswith("ok") and seen[-1][2] != "407",
              f"with the line: {seen}: {said!r}")


def words(argv, instead=None):
    """The tuple in a command is what the report's line takes the place of."""
    out = []
    for word in argv:
        out += [word] if isinstance(word, str) else instead or word
    return out


def fix(name, where, argv, binary, env=None, files=None):
    """Registers the test of a client. In texts, @PROXY is host:port, @PORT the
    port, @HOME the home folder, where `files` lie."""
    def run():
        program = argv[0]
        if not shutil.which(program, path="/usr/local/bin:/usr/bin:/bin:" +
                            os.environ["PATH"]):
            raise Skip(f"no {program}")
        with Proxy() as proxy:
            case = Case(proxy, env or {})
            for file, text in (files or {}).items():
                case.write(file, text)
            found, line = case.advice(
                [case.filled(a) for a in words(argv)], binary)
            equal(found, where, "where")
            case.follow(found, line, argv, files)
    run.__doc__ = f"fix: {name}"
    NAMES.append(name)
    test(run)


NAMES = []
ARIA2 = ("~/.aria2/aria2.conf", [
    "aria2c", "-q", "-m", "1", "-d", ".", "--all-proxy=http://@PROXY", URL],
    "/aria2c")
fix("aria2c", *ARIA2)
fix("aria2c, the proxy in no variable", *ARIA2, {"http_proxy": None})
fix("apt", "/etc/apt/apt.conf.d/80proxy", [
    "/usr/lib/apt/apt-helper", "-o", "APT::Sandbox::User=root", "-o",
    "Acquire::Retries=0", "download-file", URL, "@HOME/out"], "/methods/http")
fix("npm", "", ["npm", "view", "nothing", "--registry", "http://auth407.test/"],
    r"/node \(npm\S*\)", {"npm_config_fetch_retries": "0",
                          "npm_config_update_notifier": "false"})
fix("ncat", "command line", [
    "ncat", ("--proxy", "@PROXY", "--proxy-type", "http"), "auth407.test",
    "443"], "/ncat")
fix("socat", "command line", [
    "socat", "-", (f"PROXY:127.0.0.1:{TUNNEL},proxyport=@PORT",)], r"/socat\S*")
fix("openssl s_client", "command line", [
    "openssl", "s_client", "-connect", TUNNEL, ("-proxy", "@PROXY")],
    "/openssl")
fix("cargo", "~/.cargo/config.toml", ["cargo", "fetch"], "/cargo", {
    "CARGO_NET_RETRY": "0", "RUSTUP_HOME": os.environ.get(
        "RUSTUP_HOME", os.environ.get("HOME", "/root") + "/.rustup"),
    "PATH": os.environ["PATH"]}, {
    "src/lib.rs": "", "Cargo.toml": '[package]\nname = "x"\n'
    'version = "0.1.0"\n[dependencies]\nnothing-of-that-name = "1"\n'})
fix("PHP's streams", "program", ["php", "@HOME/get.php"],
    r"/php\S* \(get.php\)", {}, {"get.php": """<?php
$c = stream_context_create(['http' => ['timeout' => 10,
    /* PROXY */ 'proxy' => 'tcp://@PROXY', 'request_fulluri' => true,
    /* LOGIN */]]);
@file_get_contents('http://auth407.test/a', false, $c);
"""})
fix("Perl's LWP", "environment", [
    "perl", str(ROOT / "tests/clients/programs/fetch_lwp.pl"), URL, "@HOME/out",
    "-", CA], r"/perl \(fetch_lwp.pl\)")
fix("busybox wget", "environment", [
    "busybox", "wget", "-q", "-O", "/dev/null", URL], r"/busybox \(wget\)")
fix("a program with libcurl", "environment", [
    "sh", "-c", "[ -x fetcher ] || gcc -o fetcher fetcher.c -lcurl; ./fetcher"],
    "/fetcher", {}, {"fetcher.c": """#include <curl/curl.h>
int main(void)
{
    CURL *c = curl_easy_init();
    curl_easy_setopt(c, CURLOPT_URL, "http://auth407.test/a");
    return curl_easy_perform(c);
}
"""})


@test
def dropped_without_ours():
    """under auth407 without a credential, a client that dropped its own needs
    one more than auth407"""
    for outcome, words in (("observed", "-- COMMAND"),
                           ("not_retried", "login proxy.test:3128")):
        got = findings(log("own.jsonl", record(
            cause="dropped_by_client", outcome=outcome)))
        equal(got["/usr/bin/wget"]["advice"]["auth407_command"],
              "auth407 " + words)


@test
def every_row():
    """each row that says it is tested has its test, here or in dropped/"""
    text = (ROOT / "cli/report/model/fixes.def").read_text()
    steps = (ROOT / "tests/report/dropped/steps.py").read_text()
    names = NAMES + re.findall(r'^    Step\("(\w+)"', steps, re.M)
    rows = re.findall(r"/\* TESTED.*?\*/\nA407_FIX\(\"([^\"]+)\", \"([^\"]+)\"",
                      text, re.S)
    check(len(rows) >= 15, rows)
    for binary, script in rows:
        word = {"python*": "urllib", "*/apt/methods/http?(s)": "apt",
                "node*": "npm", "nc?(.openbsd)": "nc", "php*": "PHP",
                "perl*": "Perl", "git?(-remote-http*)": "git",
                "*": "libcurl"}.get(binary, binary.rstrip("*"))
        word = "pip" if script.startswith("pip") else word
        check(any(word in n for n in names), f"{binary} {script}")
