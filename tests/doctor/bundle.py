# SPDX-License-Identifier: MIT
"""The file for the proxy's administrator."""

import os
import pathlib
import re
import shlex
import stat
import subprocess
import tempfile
import time

import scripted
from place import BUILD, SCRATCH, SECRET, environment, spellings
from tap import check, equal, has, lacks, test
from trials import LOGIN

COOKIE = "c00kie-of-the-session"
TOKEN = "T" * 200
# what a proxy may show of what it was sent
CORP = "Proxy-Authenticate: Basic realm=\"corp\"\r\n"
ECHO = (f"{CORP}X-Token: {TOKEN}\r\n"
        f"Set-Cookie: sid={COOKIE}\r\nX-Echo: alice {SECRET}\r\n"
        f"X-Coded: {' '.join(spellings(SECRET))}\r\n"
        f"X-Steer: \x1b[31mred\u009b2J\u202e\r\nVia: 1.1 squid.corp.example\r\n")


def write(args, env):
    """Runs the doctor; its status, and the text of the bundle."""
    path = pathlib.Path(tempfile.mkdtemp(dir=SCRATCH)) / "bundle.md"
    done = subprocess.run(
        [BUILD / "auth407", "doctor", "--bundle", path, *args],
        env=environment(env), capture_output=True, text=True, timeout=60,
        check=False)
    equal(done.stderr, "")
    equal(stat.S_IMODE(path.stat().st_mode), 0o600)
    return done, path.read_text()


@test
def whole():
    """all that an administrator looks for, and no secret in any spelling"""
    seen = []

    def serve(peer):
        seen.append(peer.sock.getpeername()[1])
        while head := peer.head():
            peer.say(scripted.refusal(
                ECHO if b"Authorization" in head else CORP))
    with scripted.Scripted(None, serve) as p:
        done, text = write(["--yes"], {
            "https_proxy": f"http://{LOGIN}@127.0.0.1:{p.port}"})
    equal(done.returncode, 1, done.stdout)
    check(text.startswith("# auth407 doctor: The "), text[:80])
    for words in (f"Proxy:    127.0.0.1:{p.port}, named by https_proxy",
                  "Target:   https://example.com/", "address 127.0.0.1",
                  "Versions: auth407 0.", "glibc ", "Linux ",
                  "CONNECT example.com:443\n    login: none; answer: 407",
                  "login: basic, alice; answer: 407",
                  "    Via: 1.1 squid.corp.example\n",
                  "    Set-Cookie: (left out)\n",
                  "    X-Token: (200 bytes)\n",
                  "?[31mred", "## Checks", "FAILED"):
        has(text, words)
    for bad in (COOKIE, TOKEN, "\x1b", "\x9b", "\u202e", *spellings(SECRET)):
        lacks(text, bad)
    for line in text.splitlines():
        check(len(line) <= 80 or "curl" in line or "Versions" in line, line)
    stamps = re.findall(r"^(2\S+ \S+)  127\.0\.0\.1:(\d+)$", text, re.M)
    check(len(stamps) >= 3, text)
    for when, port in stamps:
        check(int(port) in seen, f"port {port} of {seen}")
        stamp = time.strptime(when.split(".")[0], "%Y-%m-%d %H:%M:%S")
        check(abs(time.mktime(stamp) - time.timezone - time.time()) < 120, when)


@test
def own_words():
    """a password that stands in the doctor's own words is not starred there"""
    with scripted.Scripted(None, scripted.keeps) as p:
        for words in ("proxy", "login", "Checks"):
            _, text = write(["--yes"], {
                "https_proxy": f"http://alice:{words}@127.0.0.1:{p.port}"})
            lacks(text, "***")
            lacks(text, f"alice:{words}")


@test
def by_hand():
    """its curl command asks the same, with the password from elsewhere"""
    def serve(peer):
        while peer.head():
            peer.say(scripted.refusal())
    with scripted.Scripted(None, serve) as p:
        _, text = write(["--yes", "--target", "http://www.example/a'b?q=1"], {
            "http_proxy": f"http://{LOGIN}@127.0.0.1:{p.port}"})
        words = shlex.split(re.search(r"^    (curl .*)$", text, re.M).group(1))
        at = words.index("-U") + 1
        equal(words[at], "alice")
        words[at] = f"alice:{SECRET}"
        done = subprocess.run(words, capture_output=True, text=True,
                              env=environment({}), timeout=60, check=False)
    has(done.stderr, "407 Proxy Authentication Required")
    has(done.stderr, "Proxy-Authorization: Basic")


@test
def never_over():
    """a file that is there, or a link, is left alone, and nothing is sent"""
    there, link = SCRATCH / "there.md", SCRATCH / "link.md"
    there.write_text("mine")
    link.symlink_to(SCRATCH / "new.md")
    asked = []
    with scripted.Scripted(None, asked.append) as p:
        for path in (there, link, SCRATCH / "no/such/folder.md"):
            done = subprocess.run(
                [BUILD / "auth407", "doctor", "--yes", "--bundle", path,
                 f"http://127.0.0.1:{p.port}"], env=environment({}),
                capture_output=True, text=True, check=False)
            equal((done.returncode, done.stdout), (2, ""), path)
            has(done.stderr, str(path))
    equal((there.read_text(), os.path.exists(SCRATCH / "new.md"), asked),
          ("mine", False, []))


@test
def without_proxy():
    """where nothing was asked it says so; a command that is none leaves none"""
    done, text = write(["--offline"], {})
    equal(done.returncode, 1)
    has(text, "None was made.")
    lacks(text, "curl")
    path = SCRATCH / "none.md"
    done = subprocess.run(
        [BUILD / "auth407", "doctor", "--bundle", path, "--", "no-such"],
        env=environment({}), capture_output=True, check=False)
    equal((done.returncode, path.exists()), (2, False))
