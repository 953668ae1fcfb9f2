# SPDX-License-Identifier: MIT
"""The doctor on a terminal: what it says while it works, ^C, and 40 columns."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

import scripted
from pac import pac, says
from place import BUILD, SECRET, environment, spellings
from tap import check, equal, has, lacks, test
from trials import LOGIN, proxy

CLEAR = "\r\x1b[K"


class Terminal:
    """The doctor on a terminal of so many columns."""

    def __init__(self, args, env, columns=80):
        self.said = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ,
                        struct.pack("HHHH", 24, columns, 0, 0))
            os.execve(BUILD / "auth407", ["auth407", "doctor", *map(str, args)],
                      environment(env))

    def read(self, until=None):
        """Up to these words, or to the end."""
        end = time.monotonic() + 60
        while until is None or until not in self.said:
            check(time.monotonic() < end, self.said)
            if not select.select([self.fd], [], [], 1)[0]:
                continue
            try:
                self.said += os.read(self.fd, 4096).decode()
            except OSError:
                break
        return self.said

    def write(self, keys):
        os.write(self.fd, keys)

    def end(self):
        self.read()
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def shown(text):
    """What is left on the screen."""
    return [line.split(CLEAR)[-1].rstrip("\r")
            for line in text.split("\n")]


@test
def progress():
    """it says what it does, asks before it logs in, and leaves no trace of it"""
    with proxy(SECRET) as p:
        t = Terminal([], {"https_proxy": f"http://{LOGIN}@127.0.0.1:{p.port}"})
        t.read("[Y/n] ")
        t.write(b"\n")
        equal(t.end(), 0, t.said)
        has(t.said, f"connecting to 127.0.0.1:{p.port} ...")
        has(t.said, "works: logged in by basic")
        for line in shown(t.said):
            lacks(line, " ...")
        t = Terminal([], {"https_proxy": f"http://{LOGIN}@127.0.0.1:{p.port}"})
        t.read("[Y/n] ")
        t.write(b"n\n")
        equal(t.end(), 2, t.said)


@test
def interrupted():
    """^C in the midst of it leaves a clean line, and no file"""
    def serve(peer):
        peer.head()
        peer.stand_still()
    with scripted.Scripted(None, serve) as p:
        path = pac("").parent / "never.md"
        t = Terminal(["--yes", "--bundle", path, f"http://127.0.0.1:{p.port}"],
                     {})
        t.read("without a login ...")
        t.write(b"\x03")
        equal(t.end(), -signal.SIGINT, t.said)
        check(t.said.endswith(CLEAR), repr(t.said))
        check(not path.exists(), path)


@test
def command_interrupted():
    """^C ends the command, and the doctor tells what was seen"""
    t = Terminal(["--yes", "--", "sh", "-c", "echo begun; exec sleep 60"],
                 {"http_proxy": "http://127.0.0.1:1"})
    t.read("begun\r\n")
    t.write(b"\x03")
    equal(t.end(), 1, t.said)
    has(t.said, "running sh ...")
    check(t.said.rstrip().endswith("sh: ended by signal 2"), t.said)


@test
def narrow():
    """at 40 columns no line is longer, but for a word that may be copied"""
    with proxy(SECRET) as p:
        env = {"https_proxy": f"http://{LOGIN}@127.0.0.1:{p.port}",
               "http_proxy": f"http://127.0.0.1:{p.port}"}
        for args in (["--pac", pac(says('"PROXY 127.0.0.1:1"'))],
                     ["--pac", pac("let x")],
                     ["--", "curl", "-s", "-o", "/dev/null", "http://a/"],
                     ["--", "/sbin/ldconfig", "-NX"], ["--", "false"]):
            t = Terminal(["--yes", *args], env, columns=40)
            t.end()
            for line in shown(t.said):
                check(len(line) <= 40 or " " not in line.strip(), repr(line))
            for spelling in spellings(SECRET):
                lacks(t.said, spelling)
