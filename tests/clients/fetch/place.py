# SPDX-License-Identifier: MIT
"""What the tests of secrets' sources share: a folder, files, the probe."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from tap import Skip, check, equal, test  # noqa: F401

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = ROOT / os.environ.get("BUILD", "build")
PROXY = "proxy.test:3128"
# a helper that hangs in a test costs this much
HELPER_TIMEOUT = 2

class Place:
    """A scratch folder, one for each test; HOME is in it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="auth407-fetch-"))
        self.home = self.folder / "home"
        self.home.mkdir(mode=0o700)
        self.credentials = self.folder / "credentials"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name, text, mode=0o600):
        file = self.folder / name
        # a new file each time, as those who rotate secrets make it
        new = self.folder / (name + ".new")
        new.write_bytes(text if isinstance(text, bytes) else text.encode())
        new.chmod(mode)
        new.rename(file)
        return file

    def script(self, name, text):
        return self.write(name, "#!/bin/sh\n" + text, 0o700)

    def section(self, *lines, proxy=PROXY):
        """The credential file, of one section."""
        return self.write("credentials", "\n".join(
            (f"[{proxy}]", *map(str, lines), "")))

    def environment(self, **more):
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8",
                "HOME": str(self.home), "TMPDIR": str(self.folder),
                "AUTH407_CREDENTIALS": str(self.credentials),
                "AUTH407_HELPER_TIMEOUT": str(HELPER_TIMEOUT), **more}

    def probe(self, *lines, times=1, between=None, proxy=PROXY, env=None,
              user=None, groups=()):
        """What is fetched for a section of these lines: a list, one for each
        time; `between` is called after the first."""
        if lines:
            self.section(*lines)
        child = subprocess.Popen(
            [BUILD / "tests/clients/fetch/probe", proxy, str(times)],
            env=self.environment(**(env or {})), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, cwd="/", user=user,
            extra_groups=None if user is None else groups)
        found = []
        with child:
            for number in range(times):
                line = child.stdout.readline().rstrip("\n")
                found.append(dict(part.split("=", 1)
                                  for part in line.split("\t") if part))
                if number == 0 and between:
                    between()
                if number + 1 < times:
                    child.stdin.write("\n")
                    child.stdin.flush()
            child.stdin.close()
        equal(child.returncode, 0, "exit status of the probe")
        return found

    def got(self, *lines, **more):
        """Username, password and token of a section that must be good."""
        (one,) = self.probe(*lines, **more)
        equal(one["ok"], "1", one.get("detail"))
        equal(one["cause"], "none")
        return one.get("username"), one.get("password"), one.get("token")

    def refused(self, part, *lines, **more):
        """A section that must not be good; `part` is in what is said."""
        (one,) = self.probe(*lines, **more)
        equal((one["ok"], one["cause"]), ("0", "helper_failed"), lines)
        check(part in one["detail"], f"{part!r} is not in {one['detail']!r}")
        check("s3cr3t" not in one["detail"], one["detail"])
        return one
