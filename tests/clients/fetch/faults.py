# SPDX-License-Identifier: MIT
"""Where nothing can be remembered, marked or logged, or what is there is of no
use, a program gets what it gets without a memory: the same answer, no word on
its standard error, no wait, and at most one request more."""

import os
import shutil
import subprocess
import time

from clients import Lab
from place import Skip, check, equal, test
from sources import USER
from tap import how_busy

# where the library keeps its things, in a session or without
FOLDERS = "run home/.local/state/auth407"
PYTHON = "/usr/bin/python3"  # any user can run it


def need_root():
    if os.geteuid() != 0:
        raise Skip("not root")


class Once:
    """Programs that ask once each, in a folder that each can spoil."""

    def __init__(self, p, lab):
        self.p, self.lab = p, lab
        self.run = p.folder / "run"
        self.run.mkdir(mode=0o700, exist_ok=True)
        self.script = p.folder / "client.py"
        self.script.write_text(lab.client.args[2])

    def command(self, before=()):
        return [*before, "env",
                f"LD_PRELOAD={self.lab.environment['LD_PRELOAD']}",
                PYTHON, str(self.script),
                str(self.lab.proxy.port), "each"]

    def get(self, *before, **more):
        """Its answer; what the proxy saw of it."""
        env = {**self.lab.environment, "XDG_RUNTIME_DIR": str(self.run),
               "AUTH407_LOG": str(self.p.folder / "home/log"), **more}
        env.pop("LD_PRELOAD")
        mark, began = len(self.lab.verdicts()), time.monotonic()
        done = subprocess.run(self.command(before), env=env, text=True,
                              input="\n", capture_output=True, timeout=60)
        took = time.monotonic() - began
        seen = [v for _, v in self.lab.verdicts()[mark:]]
        what = f"{before} {more}: {seen}, {took:.1f} s"
        equal((done.stdout, done.stderr, done.returncode), ("200\n", "", 0),
              what)
        check(took < 2 * how_busy(), what)
        check(seen in (["ok"], ["missing", "ok"], ["wrong-credential", "ok"],
                       ["wrong-credential", "missing", "ok"]), what)
        return seen

    def forget(self):
        for name in FOLDERS.split():
            shutil.rmtree(self.p.folder / name, ignore_errors=True)
        self.run.mkdir(mode=0o700)


def each(p):
    """With Basic, and Digest, which leaves a nonce."""
    for auth in ("basic", "digest"):
        with Lab(p, "username = alice", "password = correct horse #1",
                 auth=auth) as lab:
            once = Once(p, lab)
            equal(once.get(), ["missing", "ok"])
            equal(once.get(), ["ok"], "it is remembered")
            yield once
            once.forget()


def inside(command):
    """In a mount namespace of its own, after what the shell does there."""
    return ["unshare", "--mount", "sh", "-c",
            f"{{ {command}; }} >/dev/null 2>&1 || :; exec \"$@\"", "sh"]


@test
def fault_disks(p):
    """a disk that is full, of bytes or of files, or that can't be written"""
    need_root()
    for once in each(p):
        fresh = "; ".join(f"mkdir -p {f}; mount -t tmpfs -o %s none {f}"
                          for f in (p.folder / x for x in FOLDERS.split()))
        for option, fill in (
                ("size=64k,mode=700", "cat /dev/zero >%s/x"),
                ("nr_inodes=2,mode=700", "echo >%s/x; mkdir %s/y"),
                ("ro,mode=700", ":")):
            fills = "; ".join(fill.replace("%s", str(p.folder / x))
                              for x in FOLDERS.split())
            equal(once.get(*inside(fresh.replace("%s", option) + "; " + fills)),
                  ["missing", "ok"], option)
            # what is there from before, and can't be written anew
            equal(once.get(), ["ok"])
        top = p.folder
        seen = once.get(*inside(f"mount --bind {top} {top}; "
                                f"mount -o remount,bind,ro {top}"))
        check(len(seen) <= 2, seen)


@test
def fault_limits(p):
    """a limit of the size of files, of descriptors, and a log that is full"""
    for once in each(p):
        once.forget()
        for limit in ("ulimit -f 0", "ulimit -n 8"):
            equal(once.get("sh", "-c", f"{limit}; exec \"$@\"", "sh"),
                  ["missing", "ok"], limit)
        once.get(AUTH407_LOG="/dev/full")
        once.get(AUTH407_LOG=str(p.folder))


@test
def fault_rights(p):
    """folders that their user can't write, or that all can"""
    need_root()
    for once in each(p):
        user = ("setpriv", f"--reuid={USER}", "--regid=nogroup",
                "--clear-groups")
        p.folder.chmod(0o711)
        once.script.chmod(0o644)
        for name in ("credentials", "run", "home"):
            subprocess.run(["chown", "-R", str(USER), p.folder / name],
                           check=True)
        for name in ("run/auth407", "run", "home"):
            folder = p.folder / name
            folder.chmod(0o500)
            once.get(*user)
            folder.chmod(0o777)
            once.get(*user)
            folder.chmod(0o700)
        once.get(*user)
        equal(once.get(*user), ["ok"])
        # sudo -E: another user's session and home, of which root takes nothing
        # and where it leaves nothing of its own
        left = set(p.folder.glob("run/**/*"))
        equal(once.get(AUTH407_CREDENTIALS=str(
            p.write("of-root", p.credentials.read_bytes()))), ["missing", "ok"])
        equal(set(p.folder.glob("run/**/*")), left)
        check(not [f for x in ("run", "home") for f in
                   [p.folder / x, *(p.folder / x).rglob("*")]
                   if f.stat().st_uid == 0], "something of root's")
        equal(once.get(*user), ["ok"])
        for name in ("credentials", "run", "home"):
            subprocess.run(["chown", "-R", "0", p.folder / name], check=True)


@test
def fault_clocks(p):
    """a clock that is set back and forth"""
    if not shutil.which("faketime"):
        raise Skip("no faketime")
    for once in each(p):
        for when in ("-3d", "+0", "+3d", "+0", "-30min", "+30min", "-10y",
                     "+0"):
            once.get("faketime", "-f", when)
        equal(once.get(), ["ok"])


@test
def fault_session_ends(p):
    """the session's folder goes, and comes again, while a program runs"""
    run = p.folder / "run"
    run.mkdir(mode=0o700)
    for auth in ("basic", "digest"):
        with Lab(p, "username = alice", "password = correct horse #1",
                 auth=auth, env={"XDG_RUNTIME_DIR": str(run)}) as lab:
            for step in (lambda: None, lambda: shutil.rmtree(run),
                         lambda: run.write_text(""), run.unlink,
                         lambda: run.mkdir(mode=0o700)):
                step()
                equal([lab.get()[0] for _ in range(2)], [200] * 2)
            lab.accepts("other")
            equal(lab.get()[0], 407)
        shutil.rmtree(p.home / ".local", ignore_errors=True)
