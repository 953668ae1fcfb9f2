# SPDX-License-Identifier: MIT
"""Running one client, with the library or without, and judging what it did."""

import contextlib
import dataclasses
import json
import os
import shlex
import signal
import subprocess
import time

from clients import Run, Task, bare_environment
from proxies import ODD_PASSWORD, PASSWORD, USER
from tap import check

LIMIT = 25  # seconds that any client may take
SECRETS = [PASSWORD, ODD_PASSWORD]  # what never stands in a log


Failure = AssertionError


def readable(data):
    """Text as it is; anything else with escapes."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1]
                   for c in data.decode(errors="backslashreplace"))


def look(event, path):
    """event["a"]["b"] for "a.b", or None."""
    for key in path.split("."):
        if not isinstance(event, dict) or key not in event:
            return None
        event = event[key]
    return event


@dataclasses.dataclass
class Result:
    run: Run
    env: dict
    code: int              # None: it had to be killed
    out: bytes
    err: bytes
    seconds: float
    log: object            # path of the events
    fetched: bytes = b""

    @property
    def events(self):
        """The lines about exchanges with a proxy."""
        return [e for e in self.lines
                if look(e, "event.name") == "proxy.authentication"]

    @property
    def problems(self):
        """What the library complained of."""
        return [e.get("message", "") for e in self.lines
                if look(e, "event.name") == "auth407.problem"]

    @property
    def lines(self):
        text = self.log.read_text() if self.log.exists() else ""
        for secret in SECRETS:
            check(secret not in text, "a secret stands in the log")
        try:
            return [json.loads(line) for line in text.splitlines()]
        except ValueError as e:
            raise Failure(f"a log line is not JSON: {e}\n{text}") from e

    @property
    def good(self):
        return self.code == 0 and self.fetched == self.run.want

    def says_407(self):
        return self.code != 0 or b"407" in self.out + self.err

    def describe(self):
        shown = {k: v for k, v in self.env.items()
                 if k not in ("PATH", "HOME", "TMPDIR", "LANG")}
        words = ["env"] + [f"{k}={v}" for k, v in shown.items()]
        words += [str(a) for a in self.run.argv]
        text = [f"command: {' '.join(shlex.quote(w) for w in words)}",
                f"exit: {self.code if self.code is not None else 'killed'}, "
                f"{self.seconds:.2f} s, {len(self.fetched)} bytes of"
                f" {len(self.run.want or b'')}"]
        for name, data in (("stdout", self.out), ("stderr", self.err)):
            if data.strip():
                text.append(f"{name}: {readable(data[-700:])}")
        if self.log.exists():
            text.append("log: " + self.log.read_text()[-2500:])
        return "\n".join(text)


class Bench:
    """Runs clients for the tests of one run of this program."""

    def __init__(self, lab, origin, library, launcher):
        self.lab, self.origin = lab, origin
        self.library, self.launcher = library, launcher
        self.stopped = False
        self._running = set()

    def stop(self):
        """Interrupted: no client goes on, none is started."""
        self.stopped = True
        for child in list(self._running):
            self._kill(child)

    @staticmethod
    def _kill(child):
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def task(self, proxy, target="http"):
        return Task(self.lab, self.origin, proxy, target, self.lab.folder())

    def login(self, task, user=USER, password=PASSWORD):
        """Settings for a client that keeps its proxy to itself; one that has
        it in the environment needs no AUTH407_PROXY."""
        return {"AUTH407_USERNAME": user, "AUTH407_PASSWORD": password,
                "AUTH407_PROXY": task.proxy_at}

    def settings(self, task):
        """Where the library keeps its things, apart for every run."""
        return {"AUTH407_LOG": str(task.folder / "407.jsonl"),
                "XDG_STATE_HOME": str(task.folder / "state"),
                "XDG_CONFIG_HOME": str(task.folder / "config")}

    def plain(self, task, run, user=None):
        return self._execute(task, run, {}, [], user)

    def preloaded(self, task, run, login=None, user=None):
        """With LD_PRELOAD; `login` replaces the usual variables."""
        check(self.library and self.library.exists(),
              f"there is no {self.library}: run make")
        env = self._with_login(task, run, login)
        env["LD_PRELOAD"] = str(self.library)
        return self._execute(task, run, env, [], user)

    def launched(self, task, run, login=None, options=("--",)):
        """By the auth407 command."""
        check(self.launcher and self.launcher.exists(),
              f"there is no {self.launcher}: run make")
        env = self._with_login(task, run, login)
        return self._execute(task, run, env, [str(self.launcher), *options])

    def _with_login(self, task, run, login):
        env = self.settings(task)
        env.update(self.login(task) if login is None else login)
        if login is None and "http_proxy" in run.env:
            del env["AUTH407_PROXY"]
        return env

    def _execute(self, task, run, extra, before, user=None):
        env = {**bare_environment(task), **run.env, **extra}
        argv = before + [str(a) for a in run.argv]
        if user:
            argv = ["setpriv", f"--reuid={user}", "--regid=nogroup",
                    "--clear-groups", "--"] + argv
            # setpriv would lose the preload no more than the client does, but
            # it is not the client: it must not meet it
            if "LD_PRELOAD" in env:
                preload = env.pop("LD_PRELOAD")
                at = argv.index("--") + 1
                argv[at:at] = ["env", f"LD_PRELOAD={preload}"]
        out, err = task.folder / "stdout", task.folder / "stderr"
        start = time.monotonic()
        code = self._wait(argv, env, run, out, err, task.folder)
        result = Result(run, {**run.env, **extra}, code, out.read_bytes(),
                        err.read_bytes(), time.monotonic() - start,
                        task.folder / "407.jsonl")
        if run.got:
            result.fetched = run.got(task, result.out)
        return result

    def _wait(self, argv, env, run, out, err, folder):
        """Runs to the end or the limit; the whole process group goes."""
        reader, writer = os.pipe()
        os.write(writer, run.stdin or b"")
        hold = bool(run.stdin) and run.hold
        if not hold:
            os.close(writer)
        with open(out, "wb") as o, open(err, "wb") as e:
            child = subprocess.Popen(argv, env=env, stdin=reader, stdout=o,
                                     stderr=e, cwd=folder,
                                     start_new_session=True)
        os.close(reader)
        self._running.add(child)
        try:
            return child.wait(LIMIT)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self._kill(child)
            child.wait()
            self._running.discard(child)
            if hold:
                os.close(writer)


@contextlib.contextmanager
def explained(result, proxy, mark, more=""):
    """A failure within also says what was run, and what the proxy saw."""
    try:
        yield
    except Failure as e:
        raise Failure(f"{e}\n{result.describe()}{more}\nproxy: "
                      f"{proxy.since(mark)}") from e


def check_event(event, expected):
    for path, want in expected.items():
        have = look(event, path)
        same = have in want if isinstance(want, (set, tuple)) else have == want
        check(same, f"log: {path} is {have!r}, expected {want!r}")


def check_resolved(result, task, executable=None, schemes=None):
    """The log has a line per 407 that was met, each resolved by one of the
    `schemes` (the proxy's), with the names that people look for."""
    events = result.events
    check(events, "the log has no line")
    for event in events:
        check_event(event, {
            "event.name": "proxy.authentication",
            "outcome": "resolved",
            "proxy.address": "proxy.test",
            "proxy.port": task.proxy.port,
            "proxy.peer": f"127.0.0.1:{task.proxy.port}",
            "http.response.status_code": 407,
            "final.status_code": tuple(range(200, 300)) + (304, 404, 416),
        })
        attempts = event.get("attempts") or [{}]
        check(attempts[-1].get("scheme") in (schemes or [task.proxy.scheme]),
              f"log: the last attempt is {attempts[-1]}")
        check(event.get("timestamp", "").endswith("Z"), "log: no timestamp")
        if executable:
            check_event(event, {"process.executable.path": executable})
    return events


def statuses(seen):
    return [s.status for s in seen]
