# SPDX-License-Identifier: MIT
"""The two sides of a handshake, and the place of one test."""

import os
import pathlib
import subprocess
import tempfile
import threading
import time

import realm
from tap import check

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[2]
BUILD = TOP / os.environ.get("BUILD", "build")
ASK = BUILD / "tests/schemes/gss/ask"
HELPER = BUILD / "auth407-gss"


Failed = AssertionError


class Lines:
    """A child that answers each line with one."""
    def __init__(self, argv, env):
        self.child = subprocess.Popen(
            [str(a) for a in argv], env=env, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def say(self, line):
        # a child that hangs is a failed test, not a hanging one
        timer = threading.Timer(30, self.child.kill)
        timer.start()
        try:
            self.child.stdin.write(line + "\n")
            answer = self.child.stdout.readline()
        except BrokenPipeError:
            answer = ""
        timer.cancel()
        check(answer, f"no answer to {line.split()[0]!r}: exit status "
                      f"{self.child.poll()}")
        return answer.rstrip("\n")

    def close(self):
        self.child.stdin.close()
        status = self.child.wait(30)
        self.child.stdout.close()
        return status


class Asker(Lines):
    """The library's side. ms: how long the last answer took."""
    def __init__(self, env, before=(), program=ASK, **settings):
        super().__init__([*before, program], env)
        self.ms = 0
        for name, value in settings.items():
            self.set(name, value)

    def set(self, name, value=None):
        self.say(f"set {name} {value}" if value else f"set {name}")

    def _ask(self, line):
        start = time.monotonic()
        answer = self.say(line)
        self.ms = (time.monotonic() - start) * 1000
        return answer

    def token(self, text="", slot=0):
        """A token for the proxy."""
        answer = self._ask(f"token {slot} {text}").split(" ", 1)
        check(answer[0] == "ok", f"no token: {answer[1]}")
        check(answer[1], "an empty token")
        return answer[1]

    def trouble(self, text="", slot=0):
        """The cause and the words, where no token is to be had."""
        answer = self._ask(f"token {slot} {text}").split(" ", 2)
        check(answer[0] == "fail", f"a token, but trouble was expected")
        check(self.say(f"pid {slot}") == "0", "the helper was not ended")
        return answer[1], answer[2]

    def proved(self, text, slot=0):
        answer = self._ask(f"verify {slot} {text}")
        check(self.say(f"pid {slot}") == "0", "the helper was not ended")
        return answer


class Acceptor(Lines):
    """The proxy's side."""
    def __init__(self, env, before=()):
        super().__init__([*before, "/usr/bin/python3", HERE / "acceptor.py"],
                         env)

    def start(self, kind="plain"):
        check(self.say(f"new {kind}") == "ok", "the acceptor does not start")

    def step(self, token):
        """state, token, name or reason."""
        return (self.say(f"token {token}").split(" ", 2) + ["", ""])[:3]

    def accept(self, token, user, kind="plain"):
        """The whole of a one-leg handshake: the proxy's token."""
        self.start(kind)
        state, reply, name = self.step(token)
        check(state == "complete", f"{state} {reply} {name}")
        check(name == f"{user}@{realm.REALM}", f"accepted as {name}")
        return reply


class Place:
    """One test's folder and processes."""
    def __init__(self, home, realm, apart):
        self.realm, self.apart = realm, apart
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=home))
        self.running = []

    def env(self, cache=None, config=None, **more):
        return realm.environment(config or self.realm.config, cache, **more)

    def asker(self, cache=None, config=None, env=None, **settings):
        env = {**self.env(cache, config), **(env or {})}
        self.running.append(Asker(env, **settings))
        return self.running[-1]

    def acceptor(self, before=()):
        env = self.env(KRB5_KTNAME=self.realm.keytab,
                       # a replay cache of its own
                       KRB5RCACHENAME=f"dfl:", KRB5RCACHEDIR=self.folder)
        self.running.append(Acceptor(env, before))
        return self.running[-1]

    def close(self):
        """What is wrong at the end of the processes."""
        problems = []
        for party in self.running:
            name = type(party).__name__
            try:
                if isinstance(party, Asker):
                    seen = party.say("seen")
                    if seen != "sigchld 0 wait ECHILD":
                        problems.append(f"the program notices: {seen}")
                status = party.close()
                if status != 0:
                    problems.append(f"{name}: exit status {status}")
            except (Failed, OSError) as e:
                party.child.kill()
                problems.append(f"{name}: {e}")
        return problems
