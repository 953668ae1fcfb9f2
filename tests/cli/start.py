# SPDX-License-Identifier: MIT
"""How commands are started, and how that ends."""

import os
import signal
import subprocess

from harness import (AUTH407, check, clean, environment, equal, has, lacks,
                     path, refused, run, test, write)

SHOW = ("/bin/sh", "-c", 'printf "%s|" "$@"', "sh")


@test
def own_status():
    """every exit status of the command is passed on"""
    for status in (0, 1, 2, 42, 124, 125, 126, 127, 128, 255):
        equal(run("run", "--", "sh", "-c", f"exit {status}").status, status)


@test
def own_signal():
    """a signal that ends the command is seen by the parent as that signal"""
    # a shell that started us in the background had it ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV,
                   signal.SIGINT, signal.SIGPIPE):
        done = run("--", "sh", "-c", f"ulimit -c 0; kill -{int(number)} $$")
        equal(done.status, -number, f"signal {number}")


@test
def own_process():
    """the command is the very process that was started as auth407"""
    with subprocess.Popen([AUTH407, "--", "sh", "-c", "echo $$"],
                          env=environment(), stdout=subprocess.PIPE) as child:
        equal(int(child.communicate()[0]), child.pid, "pid")


@test
def forms():
    """`run`, `observe` and `--` may each be there or not"""
    for head in ((), ("--",), ("run",), ("run", "--"), ("-q",), ("-q", "--"),
                 ("run", "-q"), ("run", "--domain", "D", "--"), ("observe",),
                 ("observe", "--"), ("observe", "-q", "--"),
                 ("--domain=D", "--"), ("--domain", "run", "--")):
        clean(run(*head, "echo", "here"), "here\n")


@test
def arguments():
    """the command's words arrive untouched, whatever they look like"""
    words = ["", " ", "--", "-v", "--help", "--password=x", "run", "a\nb", "*"]
    clean(run("--", *SHOW, *words), "|".join(words) + "|")
    clean(run(*SHOW, *words), "|".join(words) + "|")


@test
def name_kept():
    """the command sees the name that was written as its own"""
    clean(run("--", "sh", "-c", "echo $0"), "sh\n")
    clean(run("--", "/bin/sh", "-c", "echo $0"), "/bin/sh\n")


@test
def after_dashes():
    """after `--` every word is a program, also our own words"""
    for word in ("run", "observe", "report", "doctor", "login", "env",
                 "shell", "help", "-v"):
        write("bin/" + word, f"#!/bin/sh\necho program {word}\n", 0o755)
        clean(run("--", word, env={"PATH": path("bin") + ":/usr/bin:/bin"}),
              f"program {word}\n")


@test
def input_and_descriptors():
    """standard input goes on to the command, and no descriptor is added"""
    clean(run("--", "cat", data=b"data\0more"), "data\0more")
    plain = run("-c", "echo /proc/self/fd/*", program="/bin/sh")
    ours = run("--", "sh", "-c", "echo /proc/self/fd/*")
    equal(ours.out, plain.out, "descriptors")


@test
def not_found():
    """127: no such command"""
    for name in ("no-such-command-407", "./no-such-command-407", "/no/such",
                 ""):
        done = run("--", name)
        equal(done.status, 127, name)
        has(done.err, "command not found")
    done = run("--", "sh", env={"PATH": "/nowhere:"}, cwd=path())
    equal(done.status, 127, "PATH is searched")


@test
def not_executable():
    """126: there, but can't be executed"""
    plain = write("plain", "echo no\n", 0o644)
    lost = write("lost", "#!/no/such/interpreter\n", 0o755)
    os.makedirs(path("folder"), exist_ok=True)
    for name in (plain, path("folder"), plain + "/below"):
        done = run("--", name)
        equal(done.status, 126, name)
        has(done.err, "can't be executed")
    done = run("--", lost)
    equal(done.status, 126, "interpreter")
    has(done.err, "its interpreter /no/such/interpreter is not there")
    done = run("--", "plain", env={"PATH": path()})
    equal(done.status, 126, "found in PATH")


@test
def path_search():
    """PATH is searched as execvp does it"""
    write("one/tool", "echo one\n", 0o644)
    write("two/tool", "#!/bin/sh\necho two\n", 0o755)
    os.makedirs(path("three/tool"), exist_ok=True)
    both = ":".join((path("three"), path("one"), path("two"), "/usr/bin"))
    clean(run("--", "tool", env={"PATH": both}), "two\n")
    clean(run("--", "tool", env={"PATH": ""}, cwd=path("two")), "two\n")
    clean(run("--", "sh", "-c", "echo std", env={"PATH": None}), "std\n")
    done = run("--", "tool", env={"PATH": "/usr/bin"}, cwd=path("two"))
    equal(done.status, 127, "not in the folder")
    has(done.err, "./tool")


@test
def usage_errors():
    """125: wrong use, with a hint at the help"""
    for args, part in (
            (("--nonsense", "--", "true"), "unknown option `--nonsense`"),
            (("run", "-x", "true"), "unknown option `-x`"),
            (("--mode",), "`--mode` needs a value: --mode MODE"),
            (("--mode", "--", "true"), "`--mode` needs a value"),
            (("--quiet=yes", "true"), "`--quiet` takes no value"),
            (("--",), "no command to run"),
            (("run",), "no command to run"),
            (("-v",), "no command to run"),
            (("observe", "--mode", "off", "true"), "no option of `observe`"),
            (("--password", "a", "--password-fd", "0", "true"),
             "`--password` and `--password-fd` set the same thing"),
            (("--token-file=a", "--token=b", "true"),
             "`--token` and `--token-file` set the same thing")):
        refused(run(*args), part, "try `auth407 ", "--help`")
    refused(run("observe", "--bad"), "try `auth407 observe --help`")


@test
def no_argument():
    """auth407 alone prints its usage on standard error, 125"""
    done = run()
    equal((done.status, done.out), (125, ""), "result")
    has(done.err, "auth407 [run] [OPTION...] [--] COMMAND")


@test
def suggestions():
    """misspelt commands and options get the nearest right one"""
    for word, right in (("obsrve", "observe"), ("rnu", "run"),
                        ("reprot", "report"), ("logn", "login"),
                        ("docter", "doctor"),
                        ("hlep", "help"), ("version", "--version")):
        done = run(word, "--", "true")
        equal(done.status, 127, word)
        has(done.err, f"did you mean `auth407 {right}`?")
    done = run("-q", "observe", "--", "true")
    equal(done.status, 127, "misplaced")
    has(done.err, "`observe` stands before the options")
    for word, right in (("--pasword=x", "password"), ("--schema=x", "schemes"),
                        ("--verbos", "verbose"), ("--log_level=x", "log-level"),
                        ("--cred=x", "credentials"), ("-username", "username"),
                        ("--passwordfile=x", "password-file")):
        refused(run(word, "true"), f"did you mean `--{right}`?")
    lacks(run("--xyzzy", "true").err, "did you mean")
    lacks(run("observe", "--mod=x", "true").err, "did you mean `--mode`")
    lacks(run("no-such-command-407").err, "did you mean")


@test
def terminal_bytes():
    """control bytes of a name do not reach the terminal"""
    for name, shown in (("x\x1b[2J\r\ny", "x?[2J??y"), ("\x9b2Jé", "?2Jé"),
                        ("\u202exe\udcff", "?xe?")):
        equal(run("--", name).err, f"auth407: {shown}: command not found\n")


@test
def full_disk():
    """help that can't be written is an error"""
    for word in ("--help", "--version"):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([AUTH407, word], stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        equal(done.returncode, 125, word)
        check(b"can't write" in done.stderr, done.stderr)
