# SPDX-License-Identifier: MIT
"""Secrets that the launcher hands over, through programs that close what they
have not opened."""

import json
import os
import shutil
import subprocess
import sys

import servers
from dumps import dumped, shown
from place import BUILD, Skip, check, equal, test

PASSWORD = "correct horse #1"
TARGET = "http://auth407.test/"
PYTHON = os.path.realpath(shutil.which("python3") or sys.executable)


class Tree:
    """proxy407, and commands under the launcher, which has the password."""

    def __init__(self, place):
        if not (BUILD / "libauth407.so").exists() or not shutil.which("curl"):
            raise Skip("no library, or no curl")
        self.place = place
        self.log = place.folder / "log.jsonl"
        place.write("accepted", PASSWORD + "\n")
        self.proxy = servers.Proxy(BUILD, place.folder, [
            "--auth", "basic", "--user", "alice", "--demo", "--password-file",
            place.folder / "accepted"], capture=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proxy.stop()
        self.log.unlink(missing_ok=True)

    def curl(self):
        return ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}\n", "-x",
                f"http://127.0.0.1:{self.proxy.port}", TARGET]

    def start(self, *command, options=()):
        return subprocess.Popen(
            [BUILD / "auth407", "run", "--username", "alice",
             "--password-file", self.place.folder / "accepted", "--log",
             self.log, f"--proxy=127.0.0.1:{self.proxy.port}", *options, "--",
             *command], env=self.place.environment(AUTH407_CREDENTIALS=""),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")

    def run(self, *command, **more):
        """What the command writes."""
        said = self.start(*command, **more).communicate()[0]
        check(PASSWORD not in said, said)
        return said

    def records(self):
        text = self.log.read_text()
        check(PASSWORD not in text, text)
        return [r for r in map(json.loads, text.splitlines())
                if r["event"]["name"] == "proxy.authentication"]


@test
def handed_to_all(p):
    """a client has the secret, whatever closes it on the way; no environment
    has it"""
    by_python = ("import subprocess, sys; subprocess.run(sys.argv[1:], "
                 "close_fds=%s, **{%s})")
    with Tree(p) as tree:
        curl = tree.curl()
        for command in (
                curl, ["sh", "-c", '"$@"; cat /proc/self/environ', "-", *curl],
                [PYTHON, "-c", by_python % (True, ""), *curl],
                [PYTHON, "-c", by_python % (False, ""), *curl],
                [PYTHON, "-c", by_python % (True, "'preexec_fn': print"),
                 *curl],
                ["bash", "-c", 'exec 500>&-; "$@"', "-", *curl],
                [PYTHON, "-c", "import fcntl, os, sys; "
                 "fcntl.fcntl(500, fcntl.F_SETFD, fcntl.FD_CLOEXEC); "
                 "os.execvp(sys.argv[1], sys.argv[1:])", *curl],
                ["perl", "-e", "POSIX::close($_) for 3..600; exec @ARGV",
                 "-MPOSIX", *curl]):
            check("200\n" in tree.run(*command), command)
        # where a child of vfork has it made anew, its parent's connection is
        equal(tree.run(PYTHON, "-c", "import http.client, subprocess, sys\n"
                       f"c = http.client.HTTPConnection('127.0.0.1', "
                       f"{tree.proxy.port})\n"
                       "for i in range(2):\n"
                       f"    c.request('GET', '{TARGET}')\n"
                       "    answer = c.getresponse()\n"
                       "    answer.read()\n"
                       "    print(answer.status, c.sock.fileno(), flush=True)\n"
                       "    subprocess.run(sys.argv[1:])\n", *curl),
              "200 3\n200\n" * 2)
        equal(tree.run("env", "-i", *curl, options=["--follow"]), "200\n")
        shown = "import os; print(os.path.exists('/proc/self/fd/500'))"
        equal(tree.run("env", "-i", PYTHON, "-c", shown), "False\n",
              "what has not the variable has not the secret")
        equal(tree.run(PYTHON, "-c", shown), "True\n")


@test
def handed_not_dumped(p):
    """no dump of a program shows what was handed over to it"""
    with Tree(p) as tree:
        with tree.start(PYTHON, "-c", "print(flush=True); input()") as child:
            child.stdout.readline()
            shown(dumped(child.pid), PASSWORD)
            child.communicate("\n")


def closes(more=""):
    """A program without the library that closes everything."""
    return ["env", "-u", "LD_PRELOAD", PYTHON, "-c",
            f"import os, sys\nos.closerange(3, 1024)\n{more}\n"
            f"os.environ['LD_PRELOAD'] = '{(BUILD / 'libauth407.so').resolve()}"
            "'\nos.execvp(sys.argv[1], sys.argv[1:])"]


@test
def handed_and_lost(p):
    """if the secret is gone all the same, the log says so; what else is there
    has its turn"""
    with Tree(p) as tree:
        for what in ("", "os.dup2(0, 500)",
                     "os.dup2(os.memfd_create('x', 2), 500)"):
            tree.log.unlink(missing_ok=True)
            equal(tree.run(*closes(what), *tree.curl()), "407\n", what)
            (record,) = tree.records()
            equal((record["outcome"], record["cause"]),
                  ("not_retried", "helper_failed"), record)
            check("the secret handed over by auth407 is gone" in
                  record["detail"], record["detail"])
        check("alice" not in str([r.auth for r in tree.proxy.requests()]),
              "a user name without a password was sent")
        p.section("username = alice", f"password = {PASSWORD}",
                  proxy=f"127.0.0.1:{tree.proxy.port}")
        equal(tree.run(*closes(), *tree.curl(), options=[
            "--credentials", p.credentials]), "200\n")


@test
def handed_by_another(p):
    """a file of another user is not taken"""
    if os.geteuid() != 0:
        raise Skip("not root")
    swap = ("import fcntl\nos.seteuid(65534)\nfd = os.memfd_create('x', 2)\n"
            f"os.write(fd, b'AUTH407_PASSWORD={PASSWORD}\\0')\n"
            "fcntl.fcntl(fd, 1033, 15)\nos.dup2(fd, 500)\nos.seteuid(0)")
    with Tree(p) as tree:
        equal(tree.run(*closes(swap), *tree.curl()), "407\n")
        equal(tree.run(*closes(swap.replace("65534", "0")), *tree.curl()),
              "200\n")
