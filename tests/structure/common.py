# SPDX-License-Identifier: MIT
"""What the structural tests share."""
import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("BUILD", "build")
LIBRARY = BUILD / "libauth407.so"


def run(*argv, **more):
    """A command's output; stderr is in it. Fails on a bad exit status."""
    done = attempt(*argv, **more)
    if done.returncode != 0:
        raise RuntimeError("%s: exit status %d\n%s" % (
            " ".join(map(str, argv)), done.returncode, done.stdout))
    return done.stdout


def attempt(*argv, **more):
    more.setdefault("cwd", TOP)
    return subprocess.run([str(a) for a in argv], text=True,
                          errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=600, **more)


def tracked(*patterns):
    """Paths that git knows and that are there."""
    names = run("git", "ls-files", *patterns).splitlines()
    return [TOP / n for n in names if (TOP / n).exists()]


def layer(name):
    """Sources of core, host, preload or cli, tracked or not."""
    return sorted(p for p in (TOP / name).rglob("*")
                  if p.suffix in (".c", ".h", ".def"))


def hooked_names():
    text = (TOP / "preload/hooks.def").read_text()
    return re.findall(r"^A407_(?:HOOK|SAME)\((\w+)", text, re.M)


def rel(path):
    return str(pathlib.Path(path).relative_to(TOP))


def without_comments(text):
    """C code with comments and the insides of strings blanked out."""
    def blank(match):
        s = match.group(0)
        if s[0] == "/":
            return re.sub(r"[^\n]", " ", s)
        return s[0] + " " * (len(s) - 2) + s[-1]
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'
                  r"'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)
