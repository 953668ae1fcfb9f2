# SPDX-License-Identifier: MIT
"""The sources as a client under the library meets them: against proxy407,
whose password or token is read anew for each request."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time

import servers
from place import BUILD, HELPER_TIMEOUT, Skip, check, equal, test
from sources import USER, volume
from tap import how_busy
from tokens import jwt

PASSWORD = "correct horse #1"
TARGET = "http://auth407.test/"

# A request for each line of standard input, on connections of its own or on
# one that is kept; writes the status of each. The line may be a number: as that
# user from then on; or a folder: in that one.
CLIENT = """
import http.client, os, sys
kept = sys.argv[2] == "kept"
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=30)
for line in sys.stdin:
    if line.strip().isdigit():
        os.setgroups([])
        os.setresgid(*[int(line)] * 3)
        os.setresuid(*[int(line)] * 3)
    elif line.strip():
        os.chdir(line.strip())
    c.request("GET", "http://auth407.test/")
    answer = c.getresponse()
    answer.read()
    print(answer.status, flush=True)
    if not kept:
        c.close()
"""


class Lab:
    """proxy407 and a client of it that runs under the library."""

    def __init__(self, place, *lines, auth="basic", secret=PASSWORD,
                 how="kept", env=None):
        self.place, self.lines = place, lines
        self.accepts(secret)
        self.log = place.folder / "log.jsonl"
        self.auth, self.how, self.env = auth, how, env or {}

    def accepts(self, secret):
        self.place.write("accepted", secret + "\n")

    def __enter__(self):
        if not (BUILD / "libauth407.so").exists():
            raise Skip("no library")
        self.proxy = servers.Proxy(BUILD, self.place.folder, [
            "--auth", self.auth, "--user", "alice", "--demo",
            "--password-file", self.place.folder / "accepted"], capture=False)
        self.place.section(*self.lines,
                           proxy=f"127.0.0.1:{self.proxy.port}")
        self.environment = self.place.environment(
            LD_PRELOAD=str((BUILD / "libauth407.so").resolve()),
            AUTH407_LOG=str(self.log), **self.env)
        python = os.path.realpath(shutil.which("python3") or sys.executable)
        self.client = subprocess.Popen(
            [python, "-c", CLIENT, str(self.proxy.port), self.how],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=self.place.folder,
            env=self.environment)
        return self

    def __exit__(self, *_):
        with contextlib.suppress(BrokenPipeError):
            self.client.stdin.close()
        self.client.kill()
        self.client.wait()
        self.client.stdout.close()
        self.proxy.stop()
        for path in (self.log, self.proxy.log):  # another may follow
            path.unlink(missing_ok=True)

    def get(self, how=""):
        """One more request, as that user, or there: its status, and how long it
        took."""
        start = time.monotonic()
        self.client.stdin.write(f"{how}\n")
        self.client.stdin.flush()
        status = int(self.client.stdout.readline() or 0)
        return status, time.monotonic() - start

    def verdicts(self):
        return [(r.auth, r.verdict) for r in self.proxy.requests()]

    def records(self, count):
        """The exchanges of the log; a record may follow its answer."""
        until = time.monotonic() + 5
        while True:
            text = self.log.read_text() if self.log.exists() else ""
            found = [json.loads(line) for line in text.splitlines()]
            found = [r for r in found
                     if r["event"]["name"] == "proxy.authentication"]
            if len(found) >= count or time.monotonic() > until:
                check("s3cr3t" not in text and PASSWORD not in text, text)
                equal(len(found), count, text)
                return found
            time.sleep(0.02)


def resolved(lab, scheme):
    """One request that is answered at the first try."""
    equal(lab.get()[0], 200, lab.verdicts())
    equal(lab.verdicts(), [("none", "missing"), (scheme, "ok")])
    (record,) = lab.records(1)
    equal(record["outcome"], "resolved", record)


@test
def client_password_file(p):
    """a client gets through with a password-file"""
    file = p.write("pw", PASSWORD + "\nnot this\n")
    for auth in ("basic", "digest"):
        with Lab(p, "username = alice", f"password-file = {file}",
                 auth=auth) as lab:
            resolved(lab, auth)


@test
def client_netrc(p):
    """a client gets through with a .netrc"""
    p.write("home/.netrc", "machine 127.0.0.1 login alice "
            f"password \"{PASSWORD}\"\n")
    with Lab(p, "netrc = ~/.netrc") as lab:
        resolved(lab, "basic")


@test
def client_helper(p):
    """a client gets through with a helper, and never notices it"""
    tool = p.script("tool", "echo run >>\"$LOG\"\necho username=alice\n"
                    f"echo 'password={PASSWORD}'\n")
    with Lab(p, f"helper = {tool}", how="each",
             env={"LOG": str(p.folder / "ran")}) as lab:
        resolved(lab, "basic")
        equal([lab.get()[0] for _ in range(3)], [200] * 3)
        equal(lab.verdicts()[2:], [("basic", "ok")] * 3)
    equal((p.folder / "ran").read_text(), "run\n", "how often it ran")


def of_each_user(p):
    """A helper that says for a while what it said, and who has run it."""
    p.folder.chmod(0o711)
    ran, tool = p.write("ran", "", 0o666), p.write("tool", f"""#!/bin/sh
id -u >>{p.folder}/ran
printf 'username=alice\\npassword=%s\\n' '{PASSWORD}'
echo password_expiry_utc=$(($(date +%s) + 600))
""", 0o755)
    (p.folder / "runtime").mkdir(mode=0o700)
    return ran, f"helper = {tool}", {"XDG_RUNTIME_DIR": str(p.folder
                                                            / "runtime")}


@test
def client_user_changed(p):
    """a process that becomes another user asks the helper as that one, and
    takes nothing that was said to the former"""
    if os.geteuid() != 0:
        raise Skip("not root")
    ran, line, env = of_each_user(p)
    with Lab(p, line, how="each", env=env) as lab:
        resolved(lab, "basic")
        equal(lab.get()[0], 200)
        equal(ran.read_text(), "0\n")
        equal(lab.get(USER)[0], 200, lab.verdicts())
        equal(ran.read_text(), f"0\n{USER}\n")
        equal(lab.get()[0], 200)
        equal(ran.read_text(), f"0\n{USER}\n")


@test
def two_users(p):
    """what a helper has said to one user is nothing to another, even in the
    same folder"""
    if os.geteuid() != 0:
        raise Skip("not root")
    ran, line, env = of_each_user(p)
    for user, runs in ((None, "0\n"), (None, "0\n"),
                       (USER, f"0\n{USER}\n")):
        os.chown(p.section(line), user or 0, user or 0)
        equal(p.got(env=env, user=user), ("alice", PASSWORD, None))
        equal(ran.read_text(), runs)
    # ... nor if somebody gives the folder away
    os.chown(p.folder / "runtime", USER, USER)
    equal(p.got(env=env, user=USER), ("alice", PASSWORD, None))
    equal(ran.read_text(), f"0\n{USER}\n{USER}\n")
    # ... nor is it root's then, as with sudo -E
    os.chown(p.section(line), 0, 0)
    equal(p.got(env=env), ("alice", PASSWORD, None))
    equal(ran.read_text(), f"0\n{USER}\n{USER}\n0\n")


@test
def client_git_store(p):
    """a client gets through with what git has stored"""
    if not shutil.which("git"):
        raise Skip("no git")
    command = f"git credential-store --file {p.folder / 'store'}"
    with Lab(p, f"helper = {command}") as lab:
        subprocess.run([*command.split(), "store"], check=True, text=True,
                       input=f"protocol=http\nhost=127.0.0.1:{lab.proxy.port}"
                       f"\nusername=alice\npassword={PASSWORD}\n")
        resolved(lab, "basic")


@test
def client_token_file(p):
    """a token that was changed is read again when the old one is refused"""
    file = p.write("token", "first.token=\n")
    for how in ("kept", "each"):
        with Lab(p, f"token-file = {file}", auth="bearer",
                 secret="first.token=", how=how) as lab:
            resolved(lab, "bearer")
            equal(lab.get()[0], 200)
            p.write("token", "second.token=\n")
            lab.accepts("second.token=")
            equal(lab.get()[0], 200, lab.verdicts())
            equal(lab.get()[0], 200)
            equal(lab.verdicts()[2:], [
                ("bearer", "ok"), ("bearer", "wrong-credential"),
                ("bearer", "ok"), ("bearer", "ok")])
            equal(lab.records(2)[1]["outcome"], "resolved")
        shutil.rmtree(p.home / ".local", ignore_errors=True)
        p.write("token", "first.token=\n")


@test
def client_password_changed(p):
    """a password that was changed is tried at once, an old one not again"""
    file = p.write("pw", "old\n")
    with Lab(p, "username = alice", f"password-file = {file}",
             secret="old") as lab:
        resolved(lab, "basic")
        lab.accepts("new")
        equal(lab.get()[0], 407)
        seen = len(lab.verdicts())
        equal(lab.get()[0], 407)
        equal([v for v in lab.verdicts()[seen:] if v[0] != "none"], [],
              "the refused one was sent again")
        p.write("pw", "new\n")
        # the source had nothing new a moment ago: it has a pause now
        until = time.monotonic() + 20
        status = 407
        while status != 200 and time.monotonic() < until:
            time.sleep(1)
            status = lab.get()[0]
        equal(status, 200, lab.verdicts())


@test
def client_kubernetes(p):
    """a secret that Kubernetes has exchanged is found after one refusal"""
    with Lab(p, "username = alice",
             f"password-file = {volume(p.folder, 'old', 1)}",
             secret="old") as lab:
        resolved(lab, "basic")
        lab.accepts("new")
        volume(p.folder, "new", 2)
        equal(lab.get()[0], 200, lab.verdicts())
        equal(lab.verdicts()[2:], [("basic", "wrong-credential"),
                                   ("basic", "ok")])
        equal(lab.records(2)[1]["outcome"], "resolved")


@test
def client_expired_token(p):
    """a JWT that has expired is not sent; its source is asked for another"""
    now, life = int(time.time()), round(2 * how_busy())
    old, good = jwt(exp=now + life, n=1), jwt(exp=now + 1000, n=2)
    file = p.write("token", old)
    with Lab(p, f"token-file = {file}", auth="bearer", secret=old) as lab:
        resolved(lab, "bearer")
        p.write("token", good)
        lab.accepts(good)
        time.sleep(max(0, now + life + 0.1 - time.time()))
        equal(lab.get()[0], 200, lab.verdicts())
        check(("bearer", "wrong-credential") not in lab.verdicts(),
              lab.verdicts())
    p.write("token", jwt(exp=now - 1))
    with Lab(p, f"token-file = {file}", auth="bearer", secret=good) as lab:
        equal(lab.get()[0], 407)
        equal(lab.verdicts(), [("none", "missing")])
        (record,) = lab.records(1)
        equal((record["outcome"], record["cause"]),
              ("not_retried", "token_expired"), record)


@test
def client_bad_source(p):
    """a source that gives nothing: the proxy's 407, and the cause in the log"""
    open_file = p.write("open", "s3cr3t", 0o666)
    for lines in (("helper = echo s3cr3t >&2; exit 3;",),
                  ("helper = no-such-command-here",),
                  ("username = alice", f"password-file = {open_file}"),
                  ("token-file = /no/such/file",)):
        with Lab(p, *lines, auth="bearer" if "token" in lines[0]
                 else "basic") as lab:
            equal(lab.get()[0], 407, lines)
            equal(lab.verdicts(), [("none", "missing")], lines)
            (record,) = lab.records(1)
            equal((record["outcome"], record["cause"]),
                  ("not_retried", "helper_failed"), lines)


@test
def client_helper_hangs(p):
    """a helper that hangs costs its time once, not at every request"""
    with Lab(p, "helper = sleep 60; :", how="each") as lab:
        status, took = lab.get()
        equal(status, 407)
        check(HELPER_TIMEOUT <= took < HELPER_TIMEOUT + 2, f"{took:.1f} s")
        for _ in range(3):
            status, took = lab.get()
            equal(status, 407)
            check(took < 1, f"{took:.1f} s")
        equal(lab.records(4)[0]["cause"], "helper_failed")


@test
def client_second_section(p):
    """where one source gives nothing, the next section is tried"""
    with Lab(p, "helper = exit 1;") as lab:
        with open(p.credentials, "a", encoding="utf-8") as f:
            f.write(f"[127.0.0.1:{lab.proxy.port}]\nusername = alice\n"
                    f"password = {PASSWORD}\n")
        resolved(lab, "basic")


@test
def client_observed(p):
    """an observer asks no helper and reads no file"""
    ran = p.folder / "ran"
    with Lab(p, f"helper = touch {ran}; :",
             env={"AUTH407_MODE": "observe"}) as lab:
        equal(lab.get()[0], 407)
    check(not ran.exists(), "the helper was run")
