# SPDX-License-Identifier: MIT
"""The scenes: real clients with secrets in every place that there is."""
from scene import Scene, URL

CURL = ["curl", "-s", "-o", "/dev/null"]
WGET = ["wget", "-q", "-O", "/dev/null", "-t", "1", "-T", "10"]
PYTHON = ["/usr/bin/python3"]
THROUGH = {"http_proxy": "{proxy}"}
OURS = {**THROUGH, "AUTH407_USERNAME": "alice",
        "AUTH407_PASSWORD": "{s:password}"}
IN_URL = {"http_proxy": "http://alice:{s:password}@127.0.0.1:{port}"}
FILE = {**THROUGH, "AUTH407_CREDENTIALS": "{dir}/credentials"}
BOTH = ("inject", "direct")  # the launcher refuses, the library complains
SECTION = "[127.0.0.1:{port}]\nusername = alice\n"

URLLIB = """import sys, urllib.request
try:
    urllib.request.urlopen(sys.argv[1]).read()
except OSError:
    pass
"""
RAW = """use IO::Socket::INET;
my $s = IO::Socket::INET->new("127.0.0.1:" . shift) or die;
print $s "GET @{[shift]} HTTP/1.1\\r\\nHost: auth407.test\\r\\n"
    . join("", map { "$_\\r\\n" } @ARGV) . "Connection: close\\r\\n\\r\\n";
1 while <$s>;
"""
NODE = """const http = require("http");
http.get({host: "127.0.0.1", port: process.argv[2], path: process.argv[3],
          headers: {"Proxy-Authorization": process.argv[4]}},
         r => r.resume());
"""
PHP = """<?php
@file_get_contents($argv[2], false, stream_context_create(["http" => [
    "proxy" => "tcp://127.0.0.1:$argv[1]", "request_fulluri" => true,
    "header" => ["Proxy-Authorization: $argv[3]"]]]));
"""


JAVA = """import java.net.*;
public class Get {
    public static void main(String[] a) throws Exception {
        Authenticator.setDefault(new Authenticator() {
            protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication("alice",
                    System.getProperty("http.proxyPassword").toCharArray());
            }
        });
        var c = (HttpURLConnection) new URL(a[0]).openConnection();
        c.setRequestProperty("Cookie", a[1]);
        c.getResponseCode();
    }
}
"""


def ours():
    """auth407's own credential, from each place that it can stand in."""
    curl = [*CURL, URL]
    yield Scene("AUTH407_PASSWORD, accepted", curl, env=OURS,
                password="password", sent=())
    yield Scene("AUTH407_PASSWORD, special characters", curl,
                env={**OURS, "AUTH407_PASSWORD": "{x:password}"},
                password="password", sent=())
    yield Scene("AUTH407_PASSWORD, Digest", curl, env=OURS, proxy="digest",
                password="password", sent=())
    yield Scene("AUTH407_PASSWORD, refused, twice", curl, env=OURS, sent=(),
                times=2)
    yield Scene("AUTH407_PASSWORD, Digest refused", curl, env=OURS,
                proxy="digest", sent=())
    yield Scene("AUTH407_PASSWORD, NTLM", curl, env=OURS, proxy="ntlm",
                sent=())
    yield Scene("AUTH407_PASSWORD, NTLMv1 refused", curl, proxy="ntlm-no",
                env={**OURS, "AUTH407_NTLM": "v1"}, sent=(), times=2)
    yield Scene("AUTH407_PASSWORD, level request", curl, env=OURS,
                password="password", sent=(),
                options=["--log-level", "request"])
    yield Scene("AUTH407_TOKEN", curl, proxy="bearer", password="token",
                env={**THROUGH, "AUTH407_TOKEN": "{s:token}"}, sent=())
    yield Scene("AUTH407_TOKEN, refused", curl, proxy="bearer",
                env={**THROUGH, "AUTH407_TOKEN": "{s:token}"}, sent=())
    yield Scene("--password and --token", curl, sent=(), env=THROUGH,
                password="password", options=[
                    "--username", "alice", "--password", "{s:password}",
                    "--token", "{s:token}"])
    yield Scene("--password-file", curl, sent=(), env=THROUGH,
                password="password", files={"pw": "{s:password}\n"},
                options=["--username", "alice", "--password-file",
                         "{dir}/pw"])
    yield Scene("AUTH407_PROXY", curl, sent=(), password="password",
                env={**THROUGH, "AUTH407_PROXY":
                     "http://alice:{s:password}@127.0.0.1:{port}"})
    yield Scene("an echo of our credential", curl, env=OURS, proxy="echo",
                sent=())
    yield Scene("an echo of our token", curl, proxy="echo", sent=(),
                env={**THROUGH, "AUTH407_TOKEN": "{s:token}"})


def outside():
    """The same, out of files and commands."""
    curl = [*CURL, URL]
    for name, more, files in (
            ("credential file", "password = {s:password}\n", {}),
            ("credential file, special characters",
             'password = "{x:password}"\n', {}),
            ("password-file", "password-file = {dir}/pw\n",
             {"pw": "{s:password}\n"}),
            ("netrc", "netrc = {dir}/netrc\n",
             {"netrc": "machine 127.0.0.1 login alice password {s:password}"
                       "\n"}),
            # (what it writes down is searched as well)
            ("helper", "helper = {dir}/helper\n",
             {"helper": ("#!/bin/sh\ncat >asked.txt\nps -eo args >ps.txt\n"
                         "env >env.txt\necho username=alice\n"
                         "echo password={s:password}\n", 0o700)})):
        yield Scene(name, curl, env=FILE, password="password", sent=(),
                    files={"credentials": SECTION + more, **files})
        yield Scene(name + ", refused", curl, env=FILE, sent=(), times=2,
                    files={"credentials": SECTION + more, **files})
    yield Scene("token-file", curl, env=FILE, proxy="bearer",
                password="token", sent=(), files={
                    "credentials": "[127.0.0.1:{port}]\n"
                                   "token-file = {dir}/token\n",
                    "token": "{s:token}\n"})
    yield Scene("a helper that fails and talks", curl, env=FILE, sent=(),
                chatty=True, files={
                    "credentials": SECTION + "helper = {dir}/helper\n",
                    "helper": ("#!/bin/sh\necho password={s:password} >&2\n"
                               "echo {s:password}\nexit 3\n", 0o700)})
    yield Scene("a credential for another proxy", curl, env=FILE, sent=(),
                files={"credentials": "[127.0.0.1:9]\nusername = alice\n"
                                      "password = {s:password}\n"})


def broken():
    """Files and variables with mistakes: what is said of them."""
    curl = [*CURL, URL]
    files = {
        "an unknown key": SECTION + "pasword = {s:password}\n",
        "a line without a key": SECTION + "{s:password}\n",
        "a value before any section": "password = {s:password}\n",
        "a section that is a secret": "[alice:{s:password}@127.0.0.1]\n",
        "a key twice": SECTION + "password = {s:password}\n"
                                 "password = {s:second}\n",
        "a bad day": SECTION + "password = {s:password}\nexpires = {s:day}\n",
        "a bad list of schemes": SECTION + "schemes = {s:password}\n",
        "a control byte": SECTION + "password = {s:password}\a\n",
        "a relative path": SECTION + "password-file = {s:password}\n",
        "an open quote": SECTION + 'password = "{s:password}\n',
    }
    for name, text in files.items():
        yield Scene("credential file: " + name, curl, env=FILE, sent=(),
                    files={"credentials": text}, modes=BOTH)
    yield Scene("credential file: readable by all", curl, env=FILE, sent=(),
                files={"credentials": (SECTION + "password = {s:password}\n",
                                       0o644)}, modes=BOTH)
    yield Scene("password-file: missing", curl, env=FILE, sent=(), files={
        "credentials": SECTION + "password-file = {dir}/none\n"})
    yield Scene("a bad escape in a proxy's URL", curl, sent=(), env={
        "http_proxy": "http://alice:%zz{s:password}@127.0.0.1:{port}"})
    yield Scene("a line end in a password", curl, sent=(), modes=BOTH, env={
        **OURS, "AUTH407_PASSWORD": "{s:password}\r\nX-Evil: {s:second}"})
    yield Scene("a proxy's URL that is none", curl, sent=(), modes=BOTH, env={
        **THROUGH, "AUTH407_PROXY": "http://alice:{s:password}@:x/"})
    yield Scene("a user name with a colon", curl, sent=(), env={
        **OURS, "AUTH407_USERNAME": "alice:{s:second}"})


def curls():
    """curl's own places, for the proxy and for the origin."""
    own = ["-x", "{proxy}"]
    for name, words in {
            "-U": ["-U", "alice:{s:own}"],
            "-U in one word": ["-Ualice:{s:own}"],
            "--proxy-user": ["--proxy-user", "alice:{s:own}"],
            "--proxy-user=": ["--proxy-user", "alice:{s:own}",
                              "--proxy-basic"],
            "--proxy-digest": ["--proxy-digest", "-U", "alice:{s:own}"],
            "--proxy-anyauth": ["--proxy-anyauth", "-U", "alice:{s:own}"],
            "--proxy-ntlm": ["--proxy-ntlm", "-U", "CORP\\alice:{s:own}"],
            "-H Proxy-Authorization": [
                "-H", "Proxy-Authorization: Basic {b:alice:own}"],
            "--proxy-header": [
                "--proxy-header", "Proxy-Authorization: Basic {b:alice:own}"],
            "a bare header": ["-H", "Proxy-Authorization: {s:own}"],
            "a key for a name": ["-U", "{s:own}:"],
            "Bearer": ["-H", "Proxy-Authorization: Bearer {s:own}"],
    }.items():
        hashed = "digest" in name or "ntlm" in name or "anyauth" in name
        yield Scene("curl " + name + ", refused", [*CURL, *own, *words, URL],
                    sent=() if hashed else None,
                    proxy="ntlm-no" if "ntlm" in name else "list")
    yield Scene("curl -U, accepted", [*CURL, *own, "-U", "alice:{s:own}", URL],
                password="own", options=["--log-level", "request"])
    yield Scene("curl -x with userinfo", [
        *CURL, "-x", "http://alice:{s:own}@127.0.0.1:{port}", URL])
    yield Scene("curl -x with special userinfo", [
        *CURL, "-x", "http://alice:{q:own}@127.0.0.1:{port}", URL])
    yield Scene("curl -x with bare userinfo", [
        *CURL, "-x", "alice:{s:own}@127.0.0.1:{port}", URL])
    origin = ["-u", "bob:{s:u}", "-b", "session={s:cookie}", "-H",
              "X-Api-Key: {s:key}", "-d", "pin={s:body}"]
    yield Scene("curl: secrets for the origin", [
        *CURL, *own, *origin, URL + "x?token={s:query}#{s:fragment}"],
        sent=("u", "cookie", "key", "body", "query"))
    yield Scene("curl: secrets for the origin, with ours", [
        *CURL, *origin, URL + "x?token={s:query}"], env=OURS,
        password="password", options=["--log-level", "request"],
        sent=("u", "cookie", "key", "body", "query"))
    yield Scene("curl: options in one word, or not written out", [
        *CURL, *own, "-sbsid={s:cookie}", "--data-r", "<pin>{s:body}</pin>",
        "-uJohn Smith:{s:u}", "-H", "Ocp-Apim-Subscription-Key: {s:key}",
        "auth407.test/p;v={s:parameter}?{s:query}"],
        sent=("u", "cookie", "key", "body", "query", "parameter"))
    yield Scene("curl: fields of any name, options not written out", [
        *CURL, *own, "-H", "X-Api: {s:header}", "--proxy-head",
        "X-Api: {s:proxy}", "-sHX-Glued:{s:glued}", URL])
    yield Scene("curl: more for the origin", [
        *CURL, *own, "-H", "Authorization: Bearer {s:bearer}",
        "--cookie", "a={s:cookie}", "--data-raw", "{s:data}",
        "http://auth407.test/y?{s:query}"])
    yield Scene("curl --oauth2-bearer and userinfo in the target", [
        *CURL, *own, "--oauth2-bearer", "{s:bearer}",
        "http://auth407.test/z"])
    yield Scene("curl: userinfo in the target", [
        *CURL, *own, "http://bob:{s:u}@auth407.test/z"])
    yield Scene("curl --netrc-file", [
        *CURL, *own, "--netrc-file", "{dir}/netrc", URL],
        files={"netrc": "machine auth407.test login bob password {s:net}\n"})
    yield Scene("curl -K", [*CURL, *own, "-K", "{dir}/curlrc", URL], files={
        "curlrc": 'proxy-user = "alice:{s:own}"\n'})
    yield Scene("curl: CONNECT", [
        *CURL, "-p", *own, "-U", "alice:{s:own}",
        "http://auth407.test/?k={s:query}"], sent=("own",))
    yield Scene("curl: an echo", [
        *CURL, *own, "-U", "alice:{s:own}", "-u", "bob:{s:u}",
        URL + "?q={s:query}"], proxy="echo")
    yield Scene("curl: an echo of an observed header", [
        *CURL, *own, "-H", "Proxy-Authorization: Bearer {s:own}", URL],
        proxy="echo")


    yield Scene("an echo of userinfo with an @", [
        "perl", "-e", RAW, "{port}", "http://bob:a@{s:u}@auth407.test/"],
        proxy="echo")
    yield Scene("an echo of special characters", [*CURL, URL], proxy="echo",
                env={**OURS, "AUTH407_PASSWORD": "{x:password}"}, sent=())


def others():
    """What other clients have for it."""
    yield Scene("wget: userinfo in the variable", [*WGET, URL], env=IN_URL,
                proxy="digest", sent=("password",))
    yield Scene("wget --proxy-password", [
        *WGET, "--proxy-user=alice", "--proxy-password={s:own}", URL],
        env=THROUGH)
    yield Scene("wget: for the origin", [
        *WGET, "--http-user=bob", "--http-password={s:u}",
        "--auth-no-challenge", "--header=Cookie: a={s:cookie}",
        "--post-data=pin={s:body}", URL + "?t={s:query}"], env=THROUGH)
    yield Scene("wget: options that are not written out", [
        *WGET, "--post-da={s:body}", URL + "p;jsession={s:parameter}"],
        env=THROUGH)
    yield Scene("busybox wget", [
        "busybox", "wget", "-q", "-O", "/dev/null", "--header",
        "Authorization: Bearer {s:bearer}", URL], env=IN_URL, proxy="digest",
        chatty=True)
    yield Scene("python: userinfo in the variable", [
        *PYTHON, "-c", URLLIB, URL + "?t={s:query}"], env=IN_URL,
        proxy="digest")
    yield Scene("python: arguments", [
        *PYTHON, "-c", URLLIB, URL, "--password", "{s:a}", "--api-key={s:b}",
        "DB_PASSWORD={s:c}", "http://u:{s:d}@h/"], env=THROUGH, sent=())
    yield Scene("git: userinfo in http.proxy", [
        "git", "-c", "http.proxy=http://alice:{s:own}@127.0.0.1:{port}", "-c",
        "http.extraHeader=Authorization: Basic {b:bob:u}", "ls-remote",
        URL + "r.git"], chatty=True)
    yield Scene("git: userinfo in the variable", [
        "git", "ls-remote", "http://bob:{s:u}@auth407.test/r.git"],
        env=IN_URL, chatty=True, sent=("password",))
    yield Scene("ncat --proxy-auth", [
        "ncat", "--proxy", "127.0.0.1:{port}", "--proxy-type", "http",
        "--proxy-auth", "alice:{s:own}", "auth407.test", "80"],
        chatty=True)
    yield Scene("socat proxyauth", [
        "socat", "-", "PROXY:127.0.0.1:auth407.test:80,proxyport={port},"
        "proxyauth=alice:{s:own}"], chatty=True)
    yield Scene("nc -P", [
        "nc", "-X", "connect", "-x", "127.0.0.1:{port}", "-w", "3",
        "auth407.test", "80"], env=IN_URL, chatty=True, sent=())
    yield Scene("perl: its own socket", [
        "perl", "-e", RAW, "{port}", URL + "?t={s:query}",
        "Proxy-Authorization: Basic {b:alice:own}",
        "Authorization: Basic {b:bob:u}", "Cookie: {s:cookie}"])
    yield Scene("perl: Digest in the clear", [
        "perl", "-e", RAW, "{port}", URL,
        'Proxy-Authorization: Digest username="{s:own}", realm="r", '
        'nonce="n", userhash=true, response="{s:response}"'])
    yield Scene("node", ["node", "{dir}/x.js", "{port}", URL + "?t={s:query}",
                         "Basic {b:alice:own}"], files={"x.js": NODE},
                sent=("query", "own"))
    yield Scene("php", ["php", "{dir}/x.php", "{port}", URL + "?t={s:query}",
                        "Basic {b:alice:own}"], files={"x.php": PHP})
    yield Scene("aria2c", [
        "aria2c", "-q", "-d", "{dir}", "-o", "x", "--allow-overwrite=true",
        "--http-proxy=http://127.0.0.1:{port}", "--http-proxy-user=alice",
        "--http-proxy-passwd={s:own}", "--http-user=bob",
        "--http-passwd={s:u}", "--header=Authorization: Bearer {s:bearer}",
        URL + "x?t={s:query}"], sent=("own", "query"), chatty=True)
    yield Scene("java -Dhttp.proxyPassword", [
        "java", "-Xshare:auto", "-Dhttp.proxyHost=127.0.0.1",
        "-Dhttp.proxyPort={port}", "-Dhttp.proxyUser=alice",
        "-Dhttp.proxyPassword={s:own}", "{dir}/Get.java",
        URL + "?t={s:query}", "session={s:cookie}"],
        files={"Get.java": JAVA}, modes=("observe",), chatty=True)
    yield Scene("pip --proxy", [
        *PYTHON, "-m", "pip", "download", "-q", "--retries", "0",
        "--proxy", "http://alice:{s:own}@127.0.0.1:{port}", "--trusted-host",
        "auth407.test", "--index-url", "http://bob:{s:u}@auth407.test/simple",
        "nothing"], chatty=True, sent=("own", "u"))
    yield Scene("npm --_authToken", [
        "npm", "view", "nothing", "--proxy",
        "http://alice:{s:own}@127.0.0.1:{port}", "--registry", URL,
        "--//auth407.test/:_authToken={s:token}", "--fetch-retries", "0",
        "--cache", "{dir}/npm"], chatty=True, modes=("observe",),
        sent=("own",))
    yield Scene("python: commands in one word", [
        *PYTHON, "-c", URLLIB, URL, "sh -c 'mysql -p{s:a} x'",
        "https_proxy=http://u:{s:b}@h curl -u bob:{s:c} http://h/?q={s:d}",
        "ssh -o 'ProxyCommand=ncat --proxy-auth u:{s:e} %h %p' h",
        "echo {s:f} | sudo -S ls", "cat <<.\n{s:g}\n."],
        env=THROUGH, sent=())


def scripts():
    """Secrets in the text of a script."""
    yield Scene("python -c", [
        *PYTHON, "-c", URLLIB + "def add_header(*_): pass\n"
        "add_header('Authorization', 'Token {s:a}')\n", URL], env=THROUGH,
        sent=())
    yield Scene("python -c: a literal in any call", [
        *PYTHON, "-c", URLLIB + "def login(*_): pass\n"
        "x = '{s:a}'  # don't\nlogin('u', \"{s:b}\")\n", URL], env=THROUGH,
        sent=())
    yield Scene("perl -e", [
        "perl", "-e", RAW + "sub credentials {{}} "
        "credentials('h:1','r','alice','{s:a}');", "{port}", URL], sent=())
    yield Scene("a list of words", [
        *PYTHON, "-c", URLLIB + "x = ['mysql', '-p{s:a}']", URL],
        env=THROUGH, sent=())


def all_scenes():
    """Every scene once."""
    for group in (ours, outside, broken, curls, others, scripts):
        yield from group()
