# SPDX-License-Identifier: MIT
"""A password that changes at the proxy and where it stands, in either order,
while programs fetch every 100 ms: a fetch fails only if it was under way while
the two sides differed."""

import os
import subprocess
import time

import proxies
from clients import BY_NAME, PROGRAMS, PYTHON, bare_environment
from running import check

CHANGES, GAP = 2, 0.3    # seconds between the two sides
# squid asks its helper again once a second. While it does so for one program it
# may take the right password of another one for wrong: for a second more.
CACHE = 2.5
USER = "carol"
LOOPS = ("requests", "urllib", "session")


class Loop:
    """A program that fetches all the time, under the library."""

    def __init__(self, bench, task, how, login):
        self.out = task.folder / f"loop.{how}.{time.monotonic_ns()}"
        env = {**bare_environment(task), **bench.settings(task), **login,
               "LD_PRELOAD": str(bench.library)}
        with open(self.out, "wb") as out:
            self.child = subprocess.Popen(
                [PYTHON, PROGRAMS / "loop.py", task.url, task.proxy.url, how],
                env=env, stdin=subprocess.PIPE, stdout=out,
                stderr=subprocess.STDOUT, cwd=task.folder)

    def fetches(self):
        """(began, ended, good) of each."""
        return [(float(a), float(b), c == "1") for a, b, c in
                (line.split() for line in self.out.read_text().splitlines(True)
                 if line.endswith("\n"))]

    def end(self):
        self.child.stdin.close()
        try:
            return self.child.wait(25)
        finally:
            self.child.kill()
            self.child.wait()


def replace(path, text, mode=0o600):
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.chmod(mode)
    new.rename(path)


class Source:
    """Where the password stands."""

    def __init__(self, bench, task):
        self.bench, self.task = bench, task
        self.file = task.folder / "credentials"
        self.password = task.folder / "password"
        self.volume = task.folder / "volume"
        self.number = 0

    def section(self, *lines):
        replace(self.file, "\n".join((f"[{self.task.proxy_at}]",
                                      f"username = {USER}", *lines, "")))


class Login(Source):
    def put(self, secret):
        done = subprocess.run(
            [self.bench.launcher, "login", "--stdin", "--credentials",
             self.file, self.task.proxy_at], text=True, capture_output=True,
            env=bare_environment(self.task),
            input=f"username={USER}\npassword={secret}\n")
        check(done.returncode == 0, done.stderr)


class Editor(Source):
    def put(self, secret):
        self.section("# by hand", f"password = {secret}")


class PasswordFile(Source):
    def put(self, secret):
        replace(self.password, secret + "\n")
        if not self.file.exists():
            self.section(f"password-file = {self.password}")


class Kubernetes(Source):
    def put(self, secret):
        self.number += 1
        data = self.volume / f"..{self.number}"
        data.mkdir(parents=True)
        replace(data / "password", secret, 0o644)
        (self.volume / "..new").symlink_to(data.name)
        os.rename(self.volume / "..new", self.volume / "..data")
        if self.number == 1:
            (self.volume / "password").symlink_to("..data/password")
            self.section(f"password-file = {self.volume}/password")


class Helper(Source):
    def put(self, secret):
        replace(self.password, secret + "\n")
        if not self.file.exists():
            self.section("helper = printf 'password=%s\\n' "
                         f"\"$(cat {self.password})\"; :")


# (the others are in fetch/rotation.py, before a proxy of our own)
KINDS = (Kubernetes, Helper)


def at_proxy(proxy, secret):
    """Its users, of which the others stay as they are."""
    line = getattr(proxies, f"_{proxy.scheme}_line")
    users = proxy.lab.root / f"{proxy.scheme}.users"
    kept = [x for x in users.read_text().splitlines(True)
            if not x.startswith(USER + ":")]
    replace(users, "".join(kept) + line(USER, secret), 0o644)


def change(proxy, source, n):
    """Both sides; when the first one was about to change, and the second had.
    """
    secret = f"secret number {n}"
    steps = [lambda: at_proxy(proxy, secret), lambda: source.put(secret)]
    if n % 2:
        steps.reverse()
    began = time.monotonic()
    steps[0]()
    time.sleep(GAP)
    steps[1]()
    return began, time.monotonic()


def overlaps(fetch, window, more):
    return fetch[0] <= window[1] + more and fetch[1] >= window[0]


def under_way(loops, limit=20):
    """Each has fetched; squid's helper tells the times of its file apart."""
    time.sleep(1.2)
    end = time.monotonic() + limit
    while not all(any(f[2] for f in loop.fetches()) for loop in loops):
        check(time.monotonic() < end, "the loops do not come to fetch")
        time.sleep(0.1)


def judge(loops, windows, more):
    for loop in loops:
        said = loop.fetches()
        check(len(said) > 5 * CHANGES, f"only {len(said)} fetches")
        bad = [f for f in said if not f[2]]
        late = [f for f in bad if not any(overlaps(f, w, more)
                                          for w in windows)]
        check(not late, f"{len(late)} of {len(said)} fetches failed besides "
              f"{len(bad) - len(late)} at the changes: {late[:3]} {windows}")


def start_anew(bench, task, login, until):
    """A program that is started behind the change."""
    while True:
        done = bench.preloaded(task, BY_NAME["curl"].build(task), login)
        if done.good:
            return
        check(time.monotonic() < until, "a program started behind the change "
              "fails\n" + done.describe())


def rotating(proxy, kind, hows):
    more = CACHE + (2 if kind is Helper else 0)

    def run(bench):
        task = bench.task(proxy)
        source = kind(bench, task)
        login = {"AUTH407_CREDENTIALS": str(source.file),
                 "AUTH407_PROXY": task.proxy_at}
        at_proxy(proxy, "secret number 0")
        source.put("secret number 0")
        loops = [Loop(bench, task, how, login) for how in hows]
        windows = []
        try:
            under_way(loops)
            for n in range(1, CHANGES + 1):
                windows.append(change(proxy, source, n))
                start_anew(bench, task, login, windows[-1][1] + more)
                time.sleep(max(0, windows[-1][1] + more - time.monotonic()))
        finally:
            ends = [loop.end() for loop in loops]
        check(ends == [0] * len(loops), f"the loops ended with {ends}")
        judge(loops, windows, more)
    return run


def tests(proxy):
    if proxy.name not in ("squid-basic", "squid-digest"):
        return
    if proxy.scheme == "basic":
        for kind in KINDS:
            yield (f"{proxy.name} rotation: {kind.__name__}, three loops",
                   rotating(proxy, kind, LOOPS))
    yield (f"{proxy.name} rotation: Login, 8 loops",
           rotating(proxy, Login, LOOPS[::2] * 4))
