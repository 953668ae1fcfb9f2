# SPDX-License-Identifier: MIT
"""What bash, zsh and fish offer: that which the help explains, and no more."""

import os
import pty
import re
import select
import shutil
import subprocess
import time

from harness import BUILD, ROOT, Skip, check, environment, equal, has, path, \
    test, write

COMMANDS = ("run", "observe", "report", "doctor", "login", "shell", "env")
MADE = os.path.join(BUILD, "completions")
# Placeholders of values that are one of a few words, which the help names.
CHOICES = ("CHOICE", "MODE", "LEVEL", "VERSION", "SHELL", "FORMAT", "WHEN",
           "DEST")


def explained(command):
    """The options in a command's help: {--name: (value, text)}."""
    text = subprocess.run([os.path.join(BUILD, "auth407"), command, "--help"],
                          env=environment(AUTH407_LIBRARY=None), check=True,
                          capture_output=True, text=True).stdout
    rows = re.findall(r"^(?:      |  -\w, )(--[a-z-]+)(?: (\S+))?((?:  +.*)?"
                      r"(?:\n {20,}\S.*)*)$", text, re.M)
    check(len(rows) > 4, command)
    return {name: (value, re.sub(r" \(AUTH407_\w+\)$", "",
                                 " ".join(words.split())))
            for name, value, words in rows}


def bash(*words):
    quoted = " ".join("'" + w + "'" for w in ("auth407", *words))
    script = f"""
        set -u
        . '{MADE}/auth407'
        COMP_WORDS=({quoted}); COMP_CWORD={len(words)}
        COMPREPLY=()
        _auth407 auth407 2>/dev/null
        printf '%s\\n' "${{COMPREPLY[@]-}}"
    """
    done = subprocess.run(["bash", "--norc", "-c", script], cwd=path("compl"),
                          env=environment(HOME=path("compl-home"),
                                          PATH=path("compl-bin") +
                                          ":/usr/bin:/bin"),
                          capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""), words)
    return {w: None for w in done.stdout.split("\n") if w}


def fish(*words):
    if not shutil.which("fish"):
        raise Skip("no fish")
    line = " ".join(("auth407", *words))
    done = subprocess.run(
        ["fish", "--no-config", "-c",
         f"source '{MADE}/auth407.fish'; complete -C '{line}'"],
        cwd=path("compl"), env=environment(HOME=path("compl-home"),
                                           PATH=path("compl-bin") +
                                           ":/usr/bin:/bin"),
        capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""), words)
    return dict((line + "\t").split("\t")[:2]
                for line in done.stdout.splitlines())


ZSHRC = """
F=/usr/share/zsh/functions
fpath=('%s' $F/Completion $F/Completion/{Base,Unix,Zsh} $F/{Misc,Zle} $fpath)
autoload -Uz compinit && compinit -u -D
unset zle_bracketed_paste
unsetopt beep
zstyle ':completion:*' list-grouped false
show() { zle list-choices; zle -R; zle -I; print E''ND }
zle -N show
bindkey '^X' show
LISTMAX=100000 LINES=900 COLUMNS=600 PS1='ready>'
"""


class Zsh:
    """One shell, which is asked line by line: to start it takes long."""
    fd = None

    def __init__(self):
        if not shutil.which("zsh"):
            raise Skip("no zsh")
        write("zsh/.zshrc", ZSHRC % MADE)
        pid, self.fd = pty.fork()
        if not pid:
            os.chdir(path("compl"))
            os.execvpe("zsh", ["zsh", "-di"], environment(
                ZDOTDIR=path("zsh"), TERM="dumb", HOME=path("compl-home"),
                PATH=path("compl-bin") + ":/usr/bin:/bin"))
        self.until("ready>")

    def until(self, end):
        out, late = b"", time.monotonic() + 60
        while not out.endswith(end.encode()):
            left = late - time.monotonic()
            check(left > 0, f"zsh shows no {end}: {out!r}")
            if select.select([self.fd], [], [], left)[0]:
                out += os.read(self.fd, 65536)
        return out.decode().replace("\r", "")

    def __call__(self, *words):
        line = " ".join(("auth407", *words))
        os.write(self.fd, line.encode() + b"\x18")
        shown = self.until("END\r\nready>" + line)
        os.write(self.fd, b"\x15")
        offered = {}
        for row in shown.split("\n")[1:-1]:
            if row == "END" or "ready>" in row:
                continue
            if " -- " in row:
                word, _, text = row.partition(" -- ")
                offered[word.strip()] = text.strip()
            else:
                offered.update((w, None) for w in re.split("  +", row) if w)
        return offered


def shells():
    """Each of them; zsh's is a session."""
    write("compl-bin/zz407", "#!/bin/sh\n", 0o755)
    write("compl/zz-file", "")
    return ("bash", bash), ("fish", fish), ("zsh", Zsh())


@test
def options():
    """each shell offers a command's options, with their help, and no other"""
    for shell, offered in shells():
        for command in COMMANDS:
            mine = explained(command)
            found = offered(command, "--")
            equal(sorted(found), sorted(mine), f"{shell}: {command}")
            for name, text in found.items():
                if text is not None:
                    equal(text, mine[name][1], f"{shell}: {name}")
        equal(sorted(offered("--")), sorted(explained("run")), shell)


@test
def values():
    """each shell offers a value's choices, which are those of the help"""
    for shell, offered in shells():
        for command in COMMANDS:
            for name, (value, text) in explained(command).items():
                if value not in CHOICES:
                    continue
                found = set(offered(command, name, "")) - {"zz-file"}
                check(found, f"{shell}: {command} {name}")
                for word in found:
                    has(text, word)
        with open(os.path.join(ROOT, "core/base/cause.def"),
                  encoding="utf-8") as f:
            causes = re.findall(r'^A407_CAUSE\(\w+, "(\w+)"', f.read(), re.M)
        equal(sorted(offered("report", "--cause", "")), sorted(causes), shell)
        has(" ".join(offered("--schemes", "digest,b")), "basic")
        equal(list(offered("--log", "std")), ["stderr"], shell)
    equal(bash("--schemes", "digest,b").keys(),
          {"digest,basic", "digest,bearer"})
    for words in (("--mode", "="), ("--mode", "=", "o")):  # bash's own words
        has(bash(*words), "off")


@test
def places():
    """each shell offers commands and files where there may be some"""
    for shell, offered in shells():
        equal(sorted(offered("help", "")), sorted(COMMANDS), shell)
        equal(list(offered("observ")), ["observe"], shell)
        for words in (("zz",), ("--", "zz"), ("run", "zz"), ("run", "--", "zz"),
                      ("observe", "-q", "zz"), ("--domain", "D", "zz"),
                      ("doctor", "--", "zz"),
                      ("doctor", "http://p:1", "-y", "--", "zz")):
            equal(list(offered(*words)), ["zz407"], f"{shell}: {words}")
        for words in (("--log", "zz"), ("--credentials", "zz"),
                      ("run", "--token-file", "zz"), ("report", "zz"),
                      ("login", "--credentials", "zz"),
                      ("report", "--access-log", "zz"),
                      ("doctor", "--pac", "zz"),
                      ("doctor", "--", "zz407", "zz"),
                      ("--", "zz407", "zz"), ("zz407", "--mode", "zz")):
            equal(list(offered(*words)), ["zz-file"], f"{shell}: {words}")
        for words in (("--password", "zz"), ("env", "zz"), ("login", "zz")):
            equal(list(offered(*words)), [], f"{shell}: {words}")
