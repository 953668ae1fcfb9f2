# SPDX-License-Identifier: MIT
"""Programs under the library, behind proxy407, whose records are looked for."""

import dataclasses
import json
import os
import pathlib
import subprocess
import time

import servers
from place import PATH

# What no line may be longer than, where only so much is taken at once.
PIPE_BUF = 4096
# A program that waits for a full sink would wait for ever.
PATIENCE = 20
# 40 words of 200 bytes: a record of some 9 KB
LONG = ["w" * 200] * 40


@dataclasses.dataclass
class Done:
    """What came of a program."""
    out: str
    err: bytes
    code: int


class Lab:
    """What all tests share."""

    def __init__(self, options, place):
        self.options, self.place = options, place
        self.build = options.build.resolve()
        # other users run them, who may not read where the tree lies
        self.programs = place.copy(self.build / "tests/hook/sinks")
        self.library = place.copy(options.lib.resolve())
        self.burst = self.programs / "burst"
        self.lines = []
        self.proxy = servers.Proxy(
            self.build, place.root, ["--auth", "basic", "--user", "alice",
                                     "--password", "secret"], capture=False)

    def close(self):
        self.proxy.stop()

    def environment(self, log, state, preload=(), **more):
        """For a program whose records are to go to `log`."""
        before = [str(p) for p in self.options.preload]
        env = {"PATH": PATH, "LC_ALL": "C", "HOME": str(state),
               "XDG_STATE_HOME": str(state), "AUTH407_MODE": "observe",
               "AUTH407_LOG": str(log),
               "AUTH407_PROXY": f"127.0.0.1:{self.proxy.port}",
               "LD_PRELOAD": " ".join([*before, str(self.library),
                                       *map(str, preload)])}
        env.update(pair.split("=", 1) for pair in self.options.env)
        env.update({k: str(v) for k, v in more.items()})
        return env

    def command(self, count, tag, words=(), program=None):
        return [str(program or self.burst), "127.0.0.1", str(self.proxy.port),
                str(count), tag, *words]

    def start(self, log, state, count=1, tag="t", words=(), program=None,
              wrap=(), preload=(), stderr=subprocess.PIPE,
              stdout=subprocess.PIPE, **more):
        """Starts a program that meets `count` 407s."""
        env = self.environment(log, state, preload, **more)
        command = self.command(count, tag, words, program)
        if wrap:  # the library is for the program, not for its wrapper
            loaded = env.pop("LD_PRELOAD")
            command = [*wrap, "env", f"LD_PRELOAD={loaded}", *command]
        return subprocess.Popen(
            command, env=env, cwd=state, stdin=subprocess.DEVNULL,
            stdout=stdout, stderr=stderr, start_new_session=True)

    def finish(self, child):
        """Waits; a program that hangs is a failure."""
        try:
            out, err = child.communicate(
                timeout=PATIENCE * self.options.timeout_factor)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)
            child.communicate()
            raise RuntimeError("the program hangs") from None
        return Done((out or b"").decode(), err or b"", child.returncode)

    def run(self, log, state, count=1, **more):
        """Runs it; returns what is wrong with it, as a list."""
        return undisturbed(self.finish(self.start(log, state, count, **more)),
                           count)

    def records(self, text):
        """The records of whole lines; they are kept for the schema's test."""
        lines = text.splitlines(keepends=True)
        found = []
        for line in lines:
            if not line.endswith(b"\n"):
                raise RuntimeError(f"no line end: {line[-200:]!r}")
            found.append(read(line))
        self.lines += lines[:50]
        return found


def undisturbed(done, count):
    """A program must tell what it tells without the library."""
    bad = []
    if done.out != f"{count} refused, 0 other\n" or done.code != 0:
        bad.append(f"the program was disturbed: {done.out!r}, "
                   f"status {done.code}")
    if done.err:
        bad.append(f"on standard error: {done.err[:300]!r}")
    return bad


def quick(lab, start, count, seconds):
    """What is wrong with the time that so many records have taken: to wait 4 ms
    for each would take longer. On a busy machine the requests alone may."""
    took, most = now() - start, seconds * lab.options.timeout_factor
    if took <= most:
        return []
    start = now()
    bad = lab.run("none", lab.place.folder(), count)
    alone = now() - start
    if took > most + alone:
        bad.append(f"it took {took:.3f} s, and {alone:.3f} s without a sink")
    return bad


def read(line):
    """One record, from bytes or text."""
    try:
        return json.loads(line)
    except ValueError as error:
        raise RuntimeError(f"no JSON: {error}: {line[:300]!r}") from None


def number(record, tag):
    """Which request of the program with that tag a record is about."""
    head, tail = record["url"]["target"].rsplit("/", 1)
    if head != f"http://origin.test/{tag}":
        raise RuntimeError(f"a record of another program: {head}")
    return int(tail)


def numbers(records, tag):
    return [number(record, tag) for record in records]


def lost_file(state):
    return pathlib.Path(state) / "auth407/lost"


def lost(state):
    """How many records are counted as lost."""
    path = lost_file(state)
    return path.stat().st_size if path.exists() else 0


def drain(fd):
    """What is in a pipe now."""
    os.set_blocking(fd, False)
    text = b""
    while True:
        try:
            part = os.read(fd, 1 << 16)
        except BlockingIOError:
            return text
        if not part:
            return text
        text += part


def expect(what, got, wanted):
    """Nothing, or what differs."""
    return [] if got == wanted else [f"{what}: {got!r}, not {wanted!r}"]


def now():
    return time.monotonic()
