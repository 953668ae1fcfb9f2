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

    name = "cpython"
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


class Libuv:
    """libuv's own tests: a process for each, hundreds of sockets, pipes,
    signals and threads. Built from Debian's source package."""

    name = "libuv"
    # Tests of one unit; a unit is a slice of the list.
    SLICES = 8
    TAP = re.compile(r"^(not ok|ok) +\d+ - (\S+)(.*)$")

    def __init__(self, modules=None):
        self.units = []
        self.only_tests = modules
        self.names = {}

    def prepare(self, folder):
        if not (folder / "run-tests").exists():
            self._build(folder)
        for path in (folder, folder / "source"):
            give_away(path)
        place = Place(folder, dict(os.environ), 60)
        listing = folder / "list"
        listing.unlink(missing_ok=True)
        execute([folder / "run-tests", "--list"], place, folder / "source",
                listing)
        names = [line.split()[0] for line in listing.read_text().splitlines()
                 if line.strip() and not line.lstrip().startswith("(")]
        if len(names) < 100:
            raise Unavailable("run-tests lists %d tests" % len(names))
        self.folder = folder
        self._cut([n for n in names
                   if not self.only_tests or n in self.only_tests])

    def _cut(self, names):
        n = max(1, min(self.SLICES, len(names)))
        for i in range(n):
            unit = "tests %d of %d" % (i + 1, n)
            self.units.append(unit)
            self.names[unit] = names[i::n]

    @staticmethod
    def _build(folder):
        for tool in ("apt-get", "cmake", "dpkg-source"):
            if not shutil.which(tool):
                raise Unavailable(tool + " is missing")
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "build.log", "wb") as log:
            done = subprocess.run(
                [pathlib.Path(__file__).with_name("libuv-build"), folder],
                stdout=log, stderr=log)
        if done.returncode:
            raise Unavailable("the build failed: see %s/build.log" % folder)

    def run(self, unit, only, place):
        """Each test of the slice by itself: one that hangs is one that
        hangs. They use fixed ports, and so can't run side by side."""
        results = {}
        place.env["UV_TEST_TIMEOUT_MULTIPLIER"] = "4"
        for name in only or self.names[unit]:
            output = place.folder / name
            output.unlink(missing_ok=True)
            status = execute([self.folder / "run-tests", name], place,
                             self.folder / "source", output)
            results[name] = ending(status)
            for line in output.read_text(errors="replace").splitlines():
                found = self.TAP.match(line)
                if found and found[2] == name:
                    skipped = "# SKIP" in found[3]
                    results[name] = ("failure" if found[1] == "not ok" else
                                     "skipped" if skipped else "passed")
        return results


SUITES = {suite.name: suite for suite in (CPython, Libuv)}
