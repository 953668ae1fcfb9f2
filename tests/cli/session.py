# SPDX-License-Identifier: MIT
"""auth407 env, shell and help."""

import os
import re
import shlex
import subprocess
import time

from harness import (AUTH407, LIBRARY, check, environment, equal, has, lacks,
                     path, run, test, write)
from terminal import Terminal
from words import help_of

SHOW = "env | grep -E '^(AUTH407_|LD_PRELOAD)' | sort"
SHELLS = {"sh": ["dash", "bash"], "fish": ["fish"]}


def in_shell(shell, *lines, env=None):
    """The lines in that shell; what they print."""
    done = subprocess.run([shell, "-c", "\n".join(lines)], check=False,
                          env=environment(**{"HOME": path("session"),
                                             "SHELL": f"/usr/bin/{shell}",
                                             **(env or {})}),
                          capture_output=True, text=True)
    equal((done.returncode, done.stderr), (0, ""), lines)
    return done.stdout


def lines(shell, *options):
    words = shlex.join([AUTH407, "env", *options])
    return f"{words} | source" if shell == "fish" else f'eval "$({words})"'


@test
def for_eval():
    """env's lines set what run would, in each shell, and --undo takes it out"""
    for shells in SHELLS.values():
        for shell in shells:
            before = in_shell(shell, SHOW, env={"LD_PRELOAD": "libm.so.6"})
            options = ["--log", "/x y/$HOME.log", "--mode", "observe",
                       "--domain", "it's"]
            shown = in_shell(shell, lines(shell, *options), SHOW,
                             env={"LD_PRELOAD": "libm.so.6"})
            for part in ("AUTH407_LOG=/x y/$HOME.log\n", "AUTH407_DOMAIN=it's\n",
                         "AUTH407_MODE=observe\n",
                         f"LD_PRELOAD={LIBRARY}:libm.so.6\n"):
                has(shown, part)
            twice = in_shell(shell, lines(shell), lines(shell), SHOW)
            equal(twice.count(LIBRARY), 2, twice)  # and AUTH407_LIBRARY
            after = in_shell(shell, lines(shell, *options),
                             lines(shell, "--undo"), SHOW,
                             env={"LD_PRELOAD": "libm.so.6"})
            equal(after, before, shell)
    for shell in ("dash", "fish"):
        odd = "a\\b'c $HOME \"`"
        shown = run("env", "--domain", odd, "--shell",
                    shell.replace("dash", "sh")).out
        equal(in_shell(shell, shown, "printf %s \"$AUTH407_DOMAIN\""), odd)


@test
def for_others():
    """env --shell plain is for files of NAME=VALUE lines"""
    done = run("env", "--shell", "plain", "--log", "/a b.log")
    equal((done.status, done.err), (0, ""), "result")
    equal(re.sub("[0-9]", "9", done.out.split("\n", 1)[0]),
          "AUTH999_RUN=99999999T999999Z-" + "9" * len(
              done.out.split("\n")[0].split("-")[1]))
    equal(done.out.split("\n", 1)[1], "AUTH407_LOG=/a b.log\n"
          f"AUTH407_ENV=AUTH407_RUN AUTH407_LOG\nLD_PRELOAD={LIBRARY}\n")
    done = run("env", "--undo", "--shell", "plain",
               env={"AUTH407_ENV": "AUTH407_LOG PATH AUTH407_X;y"})
    equal(done.out, "AUTH407_LOG=\nAUTH407_ENV=\nLD_PRELOAD=\n")


@test
def env_notifies():
    """at a terminal env has a 407 that stays told there, as run does"""
    with Terminal("env", "--shell", "sh") as t:
        t.until(r"export (AUTH407_NOTIFY='tty');")
        t.until(r"export AUTH407_ENV=('AUTH407_RUN AUTH407_NOTIFY');")
    for args in (("--notify", "no"), ("--shell", "plain")):
        with Terminal("env", "--shell", "sh", *args) as t:
            t.until(r"(LD_PRELOAD)=")
            lacks(t.shown, "'tty'")


@test
def env_refuses():
    """env prints nothing where something is wrong, and takes no secret"""
    for words, says in ((("--password", "x"), "`--password` is no option"),
                        (("--token-file", "x"), "is no option of `env`"),
                        (("--shell", "csh"), "write sh"),
                        (("--mode", "x"), "--mode"),
                        (("FOO=1", "true"), "auth407 -- env")):
        done = run("env", *words)
        equal((done.status, done.out), (125, ""), words)
        has(done.err, says)
    equal(run("--", "env", "X407=1", "sh", "-c", "echo $X407").out, "1\n")


@test
def marks_prompts():
    """an interactive shell's prompt is marked once, and no longer after
    --undo"""
    for shell in (["bash", "--norc"], ["dash"]):
        shown = subprocess.run(
            [*shell, "-i"], env=environment(PS1="here$ "), check=False,
            input=f"{lines('sh')}\n{lines('sh')}\necho \"<$PS1>\"\n"
            f"{lines('sh', '--undo')}\necho \"<$PS1>\"\n",
            capture_output=True, text=True).stdout
        equal(re.findall("<.*>", shown)[:2],
              ["<(auth407) here$ >", "<here$ >"], shown)


@test
def a_shell():
    """shell starts SHELL with the library, its own start file and a mark"""
    home = path("shell")
    os.makedirs(home, exist_ok=True)
    with open(os.path.join(home, ".bashrc"), "w", encoding="utf-8") as f:
        f.write("PS1='mine> '\nowned=yes\n")
    for shell, prompt in (("/bin/bash", r"\(auth407\) mine> "),
                          ("/bin/dash", r"\(auth407\) "),
                          ("/usr/bin/fish", r"\(auth407\) ")):
        env = {"SHELL": shell, "HOME": home, "TERM": "dumb"}
        with Terminal("shell", "--mode", "observe", env=env) as t:
            t.until(f"({prompt})")
            t.type("echo \"$AUTH407_MODE$owned $LD_PRELOAD:\"\n")
            t.until(f"(observe{'yes' if 'bash' in shell else ''} "
                    f"{LIBRARY}:)")
            t.type("exit 7\n")
            t.until(r"ENDED (7) ends")
            lacks(t.shown, "already")
    env = {"SHELL": "/bin/true", "AUTH407_RUN": "x"}
    equal(run("shell", env=env).err, "auth407: programs are run so in this "
          "shell already; `exit` leads back to it\n")
    equal(run("shell", "-q", env=env).err, "")


@test
def last_run():
    """each start has an id, and leaves it in last-run with its command"""
    env = {"XDG_STATE_HOME": path("last")}
    file = path("last/auth407/last-run")
    run("--", "true", env=env)
    check(not os.path.exists(path("last")), "a folder was made")
    os.makedirs(os.path.dirname(file), 0o700)

    def lines():
        with open(file, encoding="utf-8") as f:
            return f.read().split("\n")
    ids = [run(*words, "sh", "-c", "echo $AUTH407_RUN", env=env).out.strip()
           for words in (("--",), ("observe", "--"))]
    check(ids[0] != ids[1] and all(re.fullmatch(r"\d{8}T\d{6}Z-\d+", i)
                                   for i in ids), ids)
    equal(lines()[0], ids[1])
    began, session = lines()[1].split(" ")
    check(abs(int(began) / 1e6 - time.time()) < 60, lines()[1])
    equal(int(session), os.getsid(0))
    equal(os.stat(file).st_mode & 0o777, 0o600, "mode")
    run("--", "true", "--password", "s3cret", "a\nb\x1b", "x" * 5000, env=env)
    equal(lines()[2].split(" x")[0], "true --password [redacted] a?b?")
    check(len(lines()) == 4 and len(lines()[2]) < 2000, lines())
    run("--mode", "off", "--", "true", "2", env=env)
    equal(lines()[2].split(" ")[:2], ["true", "--password"], "mode off")
    run("shell", env=env | {"SHELL": "/bin/true"})
    equal(lines()[2], "auth407 shell")
    run("env", env=env)
    equal(lines()[2], "auth407 env")
    # where it can't be written the command runs all the same
    os.remove(file)
    os.mkdir(file)
    done = run("--", "echo", "ran", env=env)
    equal((done.status, done.out, done.err), (0, "ran\n", ""))


@test
def terminals():
    """what was run last is that of the own terminal, where it had one"""
    write("terminals/auth407/last-run", "A\n1 x\n")
    os.chmod(path("terminals/auth407"), 0o700)
    env = environment(XDG_STATE_HOME=path("terminals"), AUTH407=AUTH407,
                      AUTH407_LOG=write("terminals/log", ""))
    done = subprocess.run(
        ["setsid", "-w", "sh", "-c", """
        "$AUTH407" -- true mine
        for i in 1 2 3 4 5 6; do setsid -w "$AUTH407" -- true other; done
        "$AUTH407" report --last
        setsid -w "$AUTH407" report --last
        for i in 1 2; do setsid -w "$AUTH407" -- true third; done
        "$AUTH407" report --last
        "$AUTH407" -- false
        "$AUTH407" report --last"""], env=env, capture_output=True, text=True,
        check=False)
    equal(re.findall("^Last run: (.*)$", done.stdout, re.M),
          ["true mine", "true other", "true third", "false"], done.stderr)
    with open(path("terminals/auth407/last-run"), encoding="utf-8") as f:
        text = f.read().split("\n")
    equal((len(text), text[2::3]), (25, ["false"] + ["true third"] * 2 +
                                    ["true other"] * 5))


@test
def help_words():
    """help says what --help of the command says"""
    equal(help_of("help"), help_of("--help"))
    for word in ("run", "observe", "shell", "env", "login", "report", "doctor"):
        equal(help_of("help", word), help_of(word, "--help"))
    done = run("help", "reprot", "--", "true")
    equal((done.status, done.out), (125, ""), "unknown")
    has(done.err, "did you mean `report`?\n")
    equal(run("help", "xyzzy").err,
          "auth407: there is no command `xyzzy`: see `auth407 help`\n")
    equal(help_of("help", "help"), help_of("--help"))
    text = help_of("--help")
    check(text.count("\n") <= 24, text)
    for word in ("run", "observe", "report", "doctor", "login", "shell", "env",
                 "help"):
        has(text, f"\n  {word} ")
