# SPDX-License-Identifier: MIT
"""What the report prints, done as it is printed: by somebody with a login, in a
home folder of their own. Then the client is run without auth407."""

import os
import pty
import select
import subprocess
import time

from place import PASSWORD, USER
from realm import NAME as REALM
from tap import check

LIMIT = 60
JAVA_PLACE = "/* the program's own settings */"
KINIT = "kinit USER@REALM"


def filled(text):
    """With what stands for the reader's own replaced."""
    return text.replace("USER", USER).replace("PASSWORD", PASSWORD).replace(
        "REALM", REALM)


class Person:
    """Somebody whose programs know the proxy, and where the login belongs only
    if `login`, and then in its variables."""

    def __init__(self, place, proxy, login=False):
        self.place, self.proxy = place, proxy
        self.home = place.home(proxy)
        self.env = place.environment(proxy, self.home, login)

    # ---- following the report

    def follow(self, advice):
        line, text = filled(advice["line"]), advice["text"]
        if KINIT in text:
            self.type(filled(KINIT))
        if "Leave out --proxy-anyauth" in text:
            self.edit("fetch.sh", " --proxy-anyauth", "")
        if "git then asks for the password" in text:
            self.env["GIT_ASKPASS"] = str(self.place.ask)
        where = advice["where"]
        if where == "":
            self.type(line)
        elif where == "environment":
            self.export(line)
        elif where == "command line":
            self.edit("fetch.sh", '-X connect -x "$PROXY"', line)
        elif where == "program":
            self.write_in_program(line)
        else:
            check(where.startswith("~/"), f"where is {where}?")
            self.add(where[2:], line)

    def type(self, line):
        """Into a shell, and the password if one is asked for."""
        if line.startswith("kinit "):
            self.env["KRB5CCNAME"] = f"FILE:{self.home}/ticket"
        done = subprocess.run(
            ["sh", "-e", "-c", line], env=self.env, cwd=self.home,
            input=PASSWORD + "\n", capture_output=True, text=True,
            timeout=LIMIT)
        check(done.returncode == 0, f"{line}: {done.stdout}{done.stderr}")

    def export(self, line):
        text = subprocess.run(["sh", "-e", "-c", line + "\nenv -0"], env={},
                              capture_output=True, text=True, check=True)
        self.env.update(v.split("=", 1) for v in text.stdout.split("\0")
                        if v and not v.startswith(("PWD=", "_=", "SHLVL=")))

    def add(self, name, line):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a") as f:
            f.write(line + "\n")

    def edit(self, name, old, new):
        text = (self.home / name).read_text()
        check(old in text, f"{old} is not in {name}")
        (self.home / name).write_text(text.replace(old, new))

    def write_in_program(self, line):
        if line.startswith("proxies = "):
            for name in ("own_urllib.py", "own_requests.py"):
                old = next(x for x in (self.home / name).read_text()
                           .splitlines() if x.startswith("proxies = "))
                self.edit(name, old, line)
        else:
            self.edit("Fetch.java", JAVA_PLACE, line)
            self.place.compile(self.home / "Fetch.java", self.home)

    # ---- running a step

    def run(self, step, *before):
        """fetch.sh, alone or behind the words `before`. nc asks for its
        password on the terminal. What it says, and its status."""
        argv = [*before, str(self.home / "fetch.sh"), step.name]
        if step.name == "nc":
            return self.on_terminal(argv)
        done = subprocess.run(argv, env=self.env, cwd=self.home,
                              stdin=subprocess.DEVNULL, timeout=LIMIT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.decode(errors="replace")

    def on_terminal(self, argv):
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.home)
            os.execvpe(argv[0], argv, self.env)
        out, asked, end = b"", False, time.monotonic() + LIMIT
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 0.5)[0]:
                continue
            try:
                out += os.read(terminal, 4096)
            except OSError:  # the other side is closed
                break
            if not asked and b"assword" in out:
                asked = True
                os.write(terminal, PASSWORD.encode() + b"\n")
        else:
            os.kill(child, 9)
        os.close(terminal)
        status = os.waitpid(child, 0)[1]
        return os.waitstatus_to_exitcode(status), out.decode(errors="replace")

    def is_let_in(self, step, *before):
        """Runs the step. None, if squid let it in; else what went wrong."""
        mark = self.proxy.mark()
        status, said = self.run(step, *before)
        end = time.monotonic() + 3  # a tunnel's line comes behind its end
        while True:
            seen = self.proxy.entries()[mark:]
            good = [s for s in seen if s.status == 200
                    and self.proxy.known_as(s.user)]
            if status == 0 and len(good) == step.requests:
                return None
            if status != 0 or time.monotonic() > end:
                return f"status {status}; squid: {seen}\n{said}"
            time.sleep(0.02)
