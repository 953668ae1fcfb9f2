# SPDX-License-Identifier: MIT
"""A terminal with a shell's job control, and auth407 in its foreground."""

import os
import pty
import re
import select
import signal
import sys
import termios
import time

from harness import AUTH407, check, environment

# In the place of a shell: starts the job in a group of its own, says where it
# is and, whenever it stops or ends, how; goes on with it when told so.
LEADER = r"""
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if not job:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    for number in (signal.SIGTTOU, signal.SIGTSTP, signal.SIGINT,
                   signal.SIGQUIT, signal.SIGHUP):  # one may be ignored here
        signal.signal(number, signal.SIG_DFL)
    print("JOB", os.getpid(), "ends", flush=True)
    os.execv(sys.argv[1], sys.argv[1:])
signal.signal(signal.SIGUSR1, lambda *_: (os.tcsetpgrp(0, job),
                                          os.kill(job, signal.SIGCONT)))
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        break
    os.tcsetpgrp(0, os.getpid())
    print("STOPPED", flush=True)
print("ENDED", os.waitstatus_to_exitcode(status), "ends", flush=True)
sys.stdin.read()
"""


class Terminal:
    """auth407 ARGS in a terminal. All that it shows is in `shown`."""

    def __init__(self, *args, env=None):
        self.shown = ""
        self.leader, self.fd = pty.fork()
        if not self.leader:
            os.execve(sys.executable,
                      ["python3", "-c", LEADER, AUTH407, *args],
                      environment(**(env or {})))
        self.job = int(self.until(r"JOB (\d+) ends"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.leader, signal.SIGKILL)
        os.waitpid(self.leader, 0)
        os.close(self.fd)

    def until(self, pattern, seconds=20):
        """Reads on until the pattern has shown; its first group, if any."""
        end = time.monotonic() + seconds
        at = getattr(self, "at", 0)
        while not (found := re.compile(pattern).search(self.shown, at)):
            left = end - time.monotonic()
            check(left > 0, f"{pattern!r} does not show: {self.shown!r}")
            if select.select([self.fd], [], [], left)[0]:
                self.shown += os.read(self.fd, 65536).decode(
                    "utf-8", "surrogateescape")
        self.at = found.end()
        return found.group(1) if found.re.groups else None

    def type(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.fd, data):]

    def answer(self, question, text):
        self.until(re.escape(question))
        self.type(text + "\n")

    def echoes(self):
        lflag = termios.tcgetattr(self.fd)[3]
        return bool(lflag & termios.ECHO), bool(lflag & termios.ICANON)

    def go_on(self):
        os.kill(self.leader, signal.SIGUSR1)

    def status(self):
        return int(self.until(r"ENDED (-?\d+) ends"))
