# SPDX-License-Identifier: MIT
"""What the tests of `auth407 report` share: scratch folders, records made for
the purpose, running the command, a terminal."""

import copy
import fcntl
import functools
import json
import os
import pathlib
import pty
import select
import struct
import subprocess
import tempfile
import termios
import threading
import time

import tap
from tap import Skip, check, equal, has, lacks  # noqa: F401

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
AUTH407 = BUILD / "auth407"
LINES = BUILD / "tests/bench/report_lines"
PROXY407 = BUILD / "tests/fixtures/proxy/proxy407"
TIMEOUT = 120


class Home(threading.local):
    """The scratch folder of the test that runs in this thread."""
    path = None

    def __truediv__(self, name):
        return self.path / name

    def __fspath__(self):
        return str(self.path)
    __str__ = __fspath__


HOME = Home()


def test(function):
    """Registers a test, which gets a folder of its own each time."""
    @functools.wraps(function)
    def run():
        with tempfile.TemporaryDirectory(prefix="auth407-report.") as folder:
            HOME.path = pathlib.Path(folder)
            function()
    return tap.test(run)


RECORD = {
    "timestamp": "2026-11-21T12:00:00.000000Z", "schema": 1,
    "event": {"name": "proxy.authentication"},
    "outcome": "observed", "cause": "dropped_by_client", "remedy": "r",
    "proxy": {"address": "proxy.test", "port": 3128,
              "peer": "10.0.0.1:3128",
              "challenges": [{"scheme": "Basic", "realm": "x"}]},
    "http": {"request": {"method": "GET", "proxy_authorization": {
        "present": False, "scheme": None, "username": None}},
        "response": {"status_code": 407}},
    "url": {"target": "http://a.test/"}, "final": {"status_code": 407},
    "attempts": [],
    "process": {"pid": 42, "parent_pid": 1,
                "executable": {"path": "/usr/bin/wget"},
                "command_args": ["wget", "http://a.test/"], "parents": []},
    "caller": {"module": "libx.so.1"},
}


def record(path="/usr/bin/wget", args=None, **more):
    """A record like RECORD; names of keys may have "__" for their dots."""
    out = copy.deepcopy(RECORD)
    out["process"]["executable"]["path"] = path
    out["process"]["command_args"] = args or [os.path.basename(path)]
    for name, value in more.items():
        at = out
        *outer, last = name.split("__")
        for key in outer:
            at = at[key]
        at[last] = value
    return out


def at(hour, minute=0, day=21):
    return f"2026-11-{day:02}T{hour:02}:{minute:02}:00.000000Z"


def not_covered(path, reason="static"):
    return {"timestamp": at(1), "schema": 1, "reason": reason,
            "event": {"name": "process.not_covered"},
            "process": {"executable": {"path": path}}}


def log(name, *records):
    """A file of records; bytes and texts go in as they are."""
    file = HOME / name
    with open(file, "wb") as f:
        for r in records:
            if isinstance(r, dict):
                r = json.dumps(r, ensure_ascii=False, separators=(",", ":"))
            f.write((r if isinstance(r, bytes) else r.encode()) + b"\n")
    return str(file)


def environment(**more):
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(HOME),
           "XDG_STATE_HOME": str(HOME / "state"), "LC_ALL": "C.UTF-8",
           "TZ": "UTC"}
    env.update({k: v for k, v in more.items() if v is not None})
    return env


class Result:
    def __init__(self, status, out, err):
        self.status, self.raw = status, out
        self.out = out.decode("utf-8", "surrogateescape")
        self.err = err.decode("utf-8", "surrogateescape")

    def json(self):
        return json.loads(self.out)


def in_full(args, brief):
    """The text with all its tables, where text is asked for."""
    other = {"--format", "--follow", "-f", "--help", "-h"} & {
        str(a).split("=")[0] for a in args}
    return args if brief or other else ("--tables", *args)


def report(*args, data=None, env=None, brief=False, **more):
    """auth407 report ARGS. Without data standard input is /dev/null."""
    args = in_full(args, brief)
    given = {"input": data} if data is not None else {
        "stdin": subprocess.DEVNULL}
    done = subprocess.run(
        [AUTH407, "report", *args], env=environment(**(env or {})),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT,
        check=False, **given, **more)
    return Result(done.returncode, done.stdout, done.stderr)


def findings(*args, **more):
    """The findings of a log as a dictionary by binary."""
    return {f["binary"]: f for f in report(
        "--format", "json", *args, **more).json()["findings"]}


def on_terminal(*args, columns=80, env=None, brief=False):
    """What the command writes on a terminal of that width."""
    args = in_full(args, brief)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ,
                struct.pack("HHHH", 50, columns, 0, 0))
    child = subprocess.Popen(
        [AUTH407, "report", *args], stdin=slave, stdout=slave, stderr=slave,
        env=environment(**({"TERM": "xterm"} | (env or {}))),
        start_new_session=True)
    os.close(slave)
    out, end = b"", time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        if not select.select([master], [], [], 0.2)[0]:
            if child.poll() is not None:
                break
            continue
        try:
            piece = os.read(master, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        out += piece
    os.close(master)
    return Result(child.wait(TIMEOUT), out.replace(b"\r\n", b"\n"), b"")
