# SPDX-License-Identifier: MIT
"""Test suites of others. A suite is cut into units, which run one by one; a
unit's result is a table: name of the test -> what came of it."""

import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import xml.etree.ElementTree

NOBODY = 65534
WHOLE = "(the run itself)"  # the name under which a unit's own end is told


class Unavailable(Exception):
    """The suite can't be had here; the text says why."""


@dataclasses.dataclass
class Place:
    """Where a unit runs, and with what."""
    folder: pathlib.Path  # its own, empty
    env: dict
    timeout: int          # seconds


def as_ordinary_user(command):
    """Root may do things that tests expect to fail."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
            "--clear-groups", *command]


def give_away(path):
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)


def execute(command, place, cwd, output):
    """Runs a command in a session of its own, with all output into a file.

    Returns its exit status, or None if the time was over; what it has left
    running in its session is ended with it.
    """
    with open(output, "ab") as out:
        child = subprocess.Popen(
            as_ordinary_user([str(word) for word in command]), cwd=cwd,
            env=place.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True)
        try:
            return child.wait(place.timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()


def ending(status):
    if status is None:
        return "timeout"
    return "signal %d" % -status if status < 0 else "exit %d" % status


class CPython:
    """CPython's own tests, from Debian's libpython3.11-testsuite."""

    name, at_once = "cpython", True
    python = "/usr/bin/python3.11"
    modules = ("test_socket test_asyncio test_ssl test_selectors "
               "test_subprocess test_httplib test_urllib test_urllib2 "
               "test_urllib2_localnet test_socketserver test_ftplib "
               "test_poplib test_imaplib test_smtplib test_xmlrpc "
               "test_httpservers test_os test_posix test_epoll test_poll "
               "test_pty test_threading test_fork1 test_signal "
               "test_multiprocessing_fork test_ctypes").split()
    # Modules that want leave for what stays on this machine all the same.
    leave = {"test_socketserver": "network"}

    def __init__(self, modules=None):
        self.units = modules or self.modules

    def prepare(self, folder):
        """Looks whether it is there. The folder is for what must be built."""
        try:
            found = subprocess.run(
                [self.python, "-c", "import test.test_socket, test.libregrtest"],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        except FileNotFoundError:
            raise Unavailable(self.python + " is missing") from None
        if found.returncode:
            raise Unavailable("apt-get install libpython3.11-testsuite")

    def run(self, unit, only, place):
        """Runs a module, or those of its tests that `only` names."""
        report, output = place.folder / "junit.xml", place.folder / "output"
        command = [self.python, "-m", "test", "-v", "--timeout",
                   str(place.timeout), "--junit-xml", report]
        if only and all(name.startswith("test.") for name in only):
            # A name in the report may carry the text of a subtest.
            names = place.folder / "names"
            names.write_text("".join(n.split()[0] + "\n" for n in only))
            command += ["--matchfile", names]
        if unit in self.leave:
            command += ["-u", self.leave[unit]]
        status = execute([*command, unit], place, place.folder, output)
        results = {WHOLE: ending(status)}
        if report.exists():
            self._read(report, results)
        return results

    @staticmethod
    def _read(report, results):
        for case in xml.etree.ElementTree.parse(report).iter("testcase"):
            result = "passed"
            for kind in ("failure", "error", "skipped"):
                if case.find(kind) is not None:
                    result = kind
            if case.get("status") == "notrun":
                result = "skipped"
            name = case.get("name")
            # Subtests share their test's name: the worst of them counts.
            if results.get(name) not in ("failure", "error"):
                results[name] = result


class Built:
    """A suite that is built, once, from Debian's source package."""

    # A subclass has: name, package, targets (the first lists its tests), binary
    # (in which folder of the build they are), listing (the option for that).
    at_once = False  # may units run side by side?

    def __init__(self, only=None):
        self.only, self.units = only, []

    def prepare(self, folder):
        self.source = folder / "source"
        self.programs = folder / "build" / self.binary
        if not (self.programs / self.targets[0]).exists():
            self._build(folder)
        give_away(folder)
        listing = folder / "list"
        listing.unlink(missing_ok=True)
        execute([self.programs / self.targets[0], self.listing],
                Place(folder, dict(os.environ), 60), self.source, listing)
        names = [line.split()[0] for line in listing.read_text().splitlines()
                 if self.LISTED.match(line)]
        if len(names) < 100:
            raise Unavailable("%d tests are listed" % len(names))
        self.cut([*names, *self.targets[1:]])

    def _build(self, folder):
        for tool in ("apt-get", "cmake", "dpkg-source"):
            if not shutil.which(tool):
                raise Unavailable(tool + " is missing")
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "build.log", "wb") as log:
            done = subprocess.run(
                [pathlib.Path(__file__).with_name("source-build"), folder,
                 self.package, *self.targets], stdout=log, stderr=log)
        if done.returncode:
            raise Unavailable("the build failed: see %s/build.log" % folder)

    def run(self, unit, only, place):
        """Each test by itself: one that hangs is one that hangs."""
        results = {}
        place.env.update(self.environment(unit))
        for name in only or self.names(unit):
            output = place.folder / name.replace("/", "-")
            output.unlink(missing_ok=True)
            status = execute(self.command(name), place, self.source, output)
            results[name] = self.result(
                name, ending(status), output.read_text(errors="replace"))
        return results


class Libuv(Built):
    """libuv's own tests: a process for each, hundreds of sockets, pipes,
    signals and threads. They use fixed ports, and so can't run side by side.
    A unit is a slice of the list."""

    name, package, binary = "libuv", "libuv1", "."
    targets, listing = ["uv_run_tests_a"], "--list"
    LISTED = re.compile(r"^[^\s(]")
    SLICES = 8
    TAP = re.compile(r"^(not ok|ok) +\d+ - (\S+)(.*)$", re.M)

    def cut(self, names):
        names = [n for n in names if not self.only or n in self.only]
        n = max(1, min(self.SLICES, len(names)))
        self.slices = {"tests %d of %d" % (i + 1, n): names[i::n]
                       for i in range(n)}
        self.units = [*self.slices]

    def names(self, unit):
        return self.slices[unit]

    @staticmethod
    def environment(_unit):
        return {"UV_TEST_TIMEOUT_MULTIPLIER": "4"}

    def command(self, name):
        return [self.programs / self.targets[0], name]

    def result(self, name, end, output):
        for found in self.TAP.finditer(output):
            if found[2] == name:
                end = ("failure" if found[1] == "not ok" else
                       "skipped" if "# SKIP" in found[3] else "passed")
        return end


class Libevent(Built):
    """libevent's own tests, a unit for each way in which it waits."""

    name, package, binary, at_once = "libevent", "libevent", "bin", True
    targets = ["regress", "test-eof", "test-closed", "test-weof", "test-time",
               "test-changelist", "test-fdleak", "test-dumpevents"]
    listing = "--list-tests"
    LISTED = re.compile(r"^ {4}\S")
    WAYS = {"epoll": {"EVENT_NOPOLL": "1", "EVENT_NOSELECT": "1"},
            "epoll with a changelist": {"EVENT_EPOLL_USE_CHANGELIST": "1"},
            "poll": {"EVENT_NOEPOLL": "1", "EVENT_NOSELECT": "1"},
            "select": {"EVENT_NOEPOLL": "1", "EVENT_NOPOLL": "1"}}

    def cut(self, names):
        self.units = [*self.WAYS]
        self.chosen = [n for n in names if not self.only or n in self.only]

    def names(self, _unit):
        return self.chosen

    def environment(self, unit):
        return self.WAYS[unit]

    def command(self, name):
        if name in self.targets:
            return [self.programs / name]
        return [self.programs / self.targets[0], name]

    @staticmethod
    def result(_name, end, output):
        return "skipped" if "(1 skipped)" in output else end


SUITES = {suite.name: suite for suite in (CPython, Libuv, Libevent)}
