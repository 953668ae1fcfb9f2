# SPDX-License-Identifier: MIT
"""Programs that the library can't work in, started deep in a script: one line
for each in a run, and for the programs nothing changes."""
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile
import time

import tap

NOBODY = 65534
# exit status: how many fds it has besides the first three
SOURCE = """#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
    int n = 0;
    for (int fd = 3; fd < 200; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return puts("ran") < 0 ? 100 : n;
}
"""
GO = """__asm__(".pushsection .note.go.buildid,\\"a\\",@note\\n"
    ".balign 4\\n.long 4,4,4\\n.asciz \\"Go\\\\0\\"\\n.long 0\\n.popsection");
"""
# A list of its own for the variables, before the library has seen them.
MOVES = """#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>
__attribute__((constructor)) static void move(void)
{
    char **p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 511 && environ[i]; i++)
        p[i] = environ[i];
    environ = p;
}
"""


class Place:
    """A folder that all may use, with programs in it."""

    def __init__(self, options):
        self.folder = tempfile.mkdtemp(prefix="beyond.")
        os.chmod(self.folder, 0o777)
        self.launcher = options.launcher
        self.lib = shutil.copy(options.lib, self.folder)
        self.before = shutil.copy(
            f"{options.build}/tests/hook/exec/before", self.folder)
        self.compile("plain")
        self.compile("static", "-static")
        self.compile("gopher", source=SOURCE + GO)
        shutil.copy(self.path("plain"), self.path("gains"))
        os.chmod(self.path("gains"), 0o4755)
        with open(self.path("plain"), "rb") as f:
            text = bytearray(f.read())
        text[18:20] = struct.pack("<H", 0x7777)
        with open(self.path("foreign"), "wb") as f:
            f.write(text)
        os.chmod(self.path("foreign"), 0o755)
        if shutil.which("musl-gcc"):
            self.compile("musl", cc="musl-gcc")

    def path(self, name):
        return os.path.join(self.folder, name)

    def compile(self, name, *flags, cc="cc", source=SOURCE):
        subprocess.run([cc, "-x", "c", "-", "-o", self.path(name), *flags],
                       input=source, text=True, check=True)

    def script(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), 0o755)

    def run(self, *command, user=None, **more):
        """What a command says, and its records."""
        log = tempfile.mkdtemp(dir=self.folder)
        os.chmod(log, 0o777)
        env = {"PATH": os.environ["PATH"], "LD_PRELOAD": self.lib,
               "http_proxy": "http://127.0.0.1:9", "AUTH407_RUN": "R",
               "AUTH407_LOG": f"{log}/log", "XDG_STATE_HOME": log,
               "XDG_CONFIG_HOME": log, **more}
        done = subprocess.run(
            command, text=True, cwd=self.folder, timeout=30, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, user=user,
            extra_groups=user and [], stdin=subprocess.DEVNULL,
            env={k: v for k, v in env.items() if v is not None})
        says = done.stdout + (f"exit {done.returncode}\n" if done.returncode
                              else "")
        if not os.path.exists(f"{log}/log"):
            return says, []
        with open(f"{log}/log", encoding="utf-8") as f:
            return says, [json.loads(line) for line in f]

    def told(self, *command, **more):
        """What it says, and (reason, file's name) of each record."""
        says, records = self.run(*command, **more)
        return says, [
            (r["reason"], os.path.basename(r["process"]["executable"]["path"]))
            for r in records]


# each starts an inner script, which starts the program, twice
OUTER = {
    "bash": "#!/bin/bash\n./inner; ./inner\n",
    "dash": "#!/bin/sh\n./inner; ./inner\n",
    "make": "#!/usr/bin/make -sf\nall:\n\t@./inner\n\t@./inner; true\n",
    "python": "#!/usr/bin/python3\nimport subprocess\n"
              "for _ in range(2):\n    subprocess.run(['./inner'])\n",
}
INNER = {
    "bash": "#!/bin/bash\n%s; %s\n",
    "dash": "#!/bin/sh\n%s; %s\n",
    "make": "#!/usr/bin/make -sf\nall:\n\t@%s\n\t@%s\n",
    "python": "#!/usr/bin/python3\nimport subprocess\n"
              "for name in ('%s', '%s'):\n    subprocess.run([name])\n",
}


def deep(p, outer, inner):
    folder, static = tempfile.mkdtemp(dir=p.folder), p.path("static")
    p.script(f"{folder}/outer", OUTER[outer])
    p.script(f"{folder}/inner", INNER[inner] % (static, static))
    says, records = p.run("sh", "-c", f"cd {folder}; ./outer; true")
    tap.equal(says, "ran\n" * 4)
    tap.equal(len(records), 1, records)
    r = records[0]
    tap.equal((r["event"]["name"], r["reason"], r["run"]["id"]),
              ("process.not_covered", "static", "R"))
    process = r["process"]
    tap.equal(process["executable"]["path"], static)
    tap.equal(process["command_args"], [static])
    tap.equal(process["parent_pid"], process["parents"][0]["pid"])
    tap.check(outer in json.dumps(process["parents"]), process["parents"])


def reasons(p):
    """each reason is told, and each program runs"""
    for name, reason in (("plain", None), ("static", "static"),
                         ("gopher", "go"), ("musl", "libc")):
        if os.path.exists(p.path(name)):
            tap.equal(p.told("sh", "-c", f"./{name}; true"),
                      ("ran\n", [(reason, name)] if reason else []))
    says, told = p.told("bash", "-c", "./foreign")
    tap.check("ormat error" in says and told == [("machine", "foreign")],
              f"{says} {told}")
    tap.equal(p.told("sh", "-c", "./gains; true"), ("ran\n", []), "for root")
    if os.geteuid() == 0:
        tap.equal(p.told("sh", "-c", "./gains; true", user=NOBODY),
                  ("ran\n", [("secure", "gains")]))


def command(p):
    """the command itself is told of, too, once with what it is started from"""
    for words in (["./static"], ["sh", "-c", "./static; true"]):
        tap.equal(p.told(p.launcher, "-q", "--", *words, LD_PRELOAD=None,
                         AUTH407_LIBRARY=p.lib), ("ran\n",
                                                  [("static", "static")]))


def scripts(p):
    """of a script its interpreter is told; a command is looked up in PATH"""
    p.script("one", f"#!{p.path('static')} -x\n")
    p.script("two", "#! ./one\n")
    tap.equal(p.told("sh", "-c", "./two; true"), ("ran\n",
                                                  [("static", "static")]))
    for how in ("os.execvp('static', ['static'])",
                "os.posix_spawnp('static', ['static'], os.environ); os.wait()",
                "os.execve(os.open('static', os.O_RDONLY), ['x'], os.environ)"):
        tap.equal(p.told("/usr/bin/python3", "-c", "import os; " + how,
                         PATH=f"/nonexistent:{p.folder}:/usr/bin"),
                  ("ran\n", [("static", "static")]), how)


def nameless(p):
    """a program that is at no path any more, or never was, is told by what the
    kernel calls it"""
    for make in ("os.memfd_create('tool')",
                 "os.open('gone', os.O_RDONLY); os.unlink('gone')"):
        shutil.copy(p.path("static"), p.path("gone"))
        says, records = p.run(
            "/usr/bin/python3", "-c", f"import os\nfd = {make}\n"
            "if 'memfd' in os.readlink(f'/proc/self/fd/{fd}'):\n"
            "    os.write(fd, open('static', 'rb').read())\n"
            "os.execve(fd, ['tool'], os.environ)")
        tap.equal((says, [(r["reason"], r["process"]["command_args"])
                          for r in records]), ("ran\n", [("static", ["tool"])]))
        tap.check(records[0]["process"]["executable"]["path"].endswith(
            "/memfd:tool (deleted)" if "memfd" in make else
            p.path("gone") + " (deleted)"), records)


def cleaned(p):
    """an environment that was cleaned, unless it is followed"""
    for script in ("env -i ./plain", "unset LD_PRELOAD; ./plain",
                   "env -u LD_PRELOAD ./plain"):
        for sh in ("bash", "dash"):
            tap.equal(p.told(sh, "-c", script + "; true"),
                      ("ran\n", [("environment", "plain")]), f"{sh} {script}")
    tap.equal(p.told("sh", "-c", "env -i ./static; true"),
              ("ran\n", [("static", "static")]))
    tap.equal(p.told("sh", "-c", "env -i ./plain; true", AUTH407_FOLLOW="1"),
              ("ran\n", []))


def nothing(p):
    """nothing without a proxy, in mode off, without a log, or without a start"""
    for more in ({"http_proxy": None}, {"AUTH407_MODE": "off"},
                 {"AUTH407_LOG": "none"}):
        tap.equal(p.told("sh", "-c", "./static; true", **more), ("ran\n", []))
    tap.equal(p.told("sh", "-c", "export AUTH407_MODE=off; ./static; true"),
              ("ran\n", []))
    p.script("shut", "")
    shutil.copy(p.path("static"), p.path("shut"))
    os.chmod(p.path("shut"), 0o644)
    tap.equal(p.told("/usr/bin/python3", "-c", "import os\ntry:\n"
                     " os.execv('./shut', ['x'])\nexcept OSError as e:\n"
                     " print(e.errno)"), ("13\n", []))


def where(p):
    """where a proxy is: what a script exports, the credential file; an observer
    is told, too"""
    script = "export http_proxy=http://h:1; ./static; true"
    told = ("ran\n", [("static", "static")])
    tap.equal(p.told("dash", "-c", script, http_proxy=None), told)
    p.script("file", "[proxy.test:3128]\nusername = a\npassword = b\n")
    os.chmod(p.path("file"), 0o600)
    tap.equal(p.told("dash", "-c", "./static; true", http_proxy=None,
                     AUTH407_CREDENTIALS=p.path("file")), told)
    tap.equal(p.told("bash", "-c", "./static; ./static; (./static); true",
                     AUTH407_MODE="observe"), ("ran\n" * 3, told[1]))


def secrets(p):
    """arguments are redacted"""
    _, records = p.run("sh", "-c", "./static -u bob:hunter2 "
                       "--proxy=http://bob:hunter2@h/; true")
    text = json.dumps(records)
    tap.check("[redacted]" in text and "hunter2" not in text, text)


def harmless(p):
    """where little works the program starts all the same, with no fd more"""
    static = p.path("static")
    for way, n in (("plain", 1), ("vfork", 1), ("spawn", 1), ("handler", 1),
                   ("openat", 0), ("clone", 0), ("wait4", 1)):
        says, told = p.told(p.before, way, static)
        if way != "wait4":  # the record may come later
            tap.equal(len(told), n, way)
        tap.equal(says, "ran\n", way)
    begun = time.monotonic()
    tap.equal(p.told(p.before, "stuck", static), ("ran\n", []))
    tap.check(time.monotonic() - begun < 8, "it has waited")
    tap.equal(p.told(p.before, "plain", p.path("foreign"))[0], "exit 8\n")


def moved(p):
    """a library that starts first may have moved the environment, and what it
    made is gone by the exec"""
    p.compile("moves.so", "-shared", "-fPIC", source=MOVES)
    tap.equal(p.told(p.before, "moved", p.path("plain"),
                     LD_PRELOAD=f"{p.lib}:{p.path('moves.so')}"),
              ("ran\n", [("environment", "plain")]))


def cost(p):
    """a program that is covered costs six system calls"""
    if not shutil.which("strace"):
        raise tap.Skip("no strace")
    says, _ = p.run("strace", "-o", "/dev/stdout", "-e",
                    "signal=none", p.before, "plain", p.path("plain"))
    found = re.search(r"exit_group|(?s:.*)execve\(\"[^\"]*plain\"", says)
    if not found or "execve" not in found[0]:
        raise tap.Skip("strace can't trace")
    calls = re.findall(r"^(\w+)\(", found[0], re.M)[-7:]
    tap.equal(calls, ["mmap", "openat", "pread64", "statx", "close", "munmap",
                      "execve"])
    # ... and none where no variable names a proxy, nor is one of ours
    bare = subprocess.run(
        ["strace", "-o", "/dev/stdout", "-e", "signal=none", "-E",
         f"LD_PRELOAD={p.lib}", p.before,
         "plain", p.path("plain")],
        env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
        check=False).stdout
    found = re.search(r"(?s:.*)execve\(\"[^\"]*plain\"", bare)
    calls = re.findall(r"^(\w+)\(", found[0], re.M)
    tap.check(not {"statx", "openat", "mmap"} & set(calls[-3:]),
              calls[-5:])


def tests(options):
    """Returns the tests, and what is to be called behind them."""
    p = Place(options)

    def named():
        for outer in OUTER:
            for inner in INNER:
                yield (f"deep in a script: {outer}, {inner}",
                       lambda o=outer, i=inner: deep(p, o, i))
        yield from tap.named((reasons, command, scripts, nameless, cleaned,
                              nothing, where, secrets, harmless, moved,
                              cost), p)
    return named(), lambda: shutil.rmtree(p.folder, ignore_errors=True)
