# SPDX-License-Identifier: MIT
"""Help and man pages: they agree with the table of options."""

import os
import re
import shutil
import subprocess

from harness import (ROOT, Skip, check, environment, equal, has, lacks, run,
                     test, write)

MAN1 = os.path.join(ROOT, "docs", "auth407.1")
MAN5 = os.path.join(ROOT, "docs", "auth407-credentials.5")


def read(file):
    with open(file, encoding="utf-8") as f:
        return f.read()


def table():
    """cli/options.def as a list of dictionaries."""
    text = read(os.path.join(ROOT, "cli", "options.def"))
    rows = re.findall(
        r'A407_OPTION\((\w+),\s*"([a-z-]+)",\s*(?:0|\'(\w)\'),\s*'
        r'(?:NULL|"([A-Z:|]+)"),\s*\w+,\s*(?:NULL|"(\w+)"),\s*([A-Z]+),',
        text)
    equal(len(rows), text.count("A407_OPTION("), "rows that were understood")
    return [dict(zip(("id", "name", "letter", "value", "variable", "in"), row))
            for row in rows]


def help_of(*words):
    done = run(*words)
    equal((done.status, done.err), (0, ""), words)
    return done.out


def options_in(text):
    """--name at the places where options are explained."""
    return re.findall(r"^(?:      |  -\w, )--([a-z-]+)", text, re.M)


@test
def version():
    """--version prints the version that the Makefile has"""
    number = re.search(r"^VERSION := (\S+)", read(os.path.join(
        ROOT, "Makefile")), re.M).group(1)
    for words in (("--version",), ("-V",), ("run", "--version"),
                  ("--mode", "off", "--version")):
        equal(help_of(*words), f"auth407 {number}\n", words)


STARTS = ("run", "observe", "shell")
SETS = (*STARTS, "env")
# The others, and parts of their help besides those that all have.
PARTS = {"report": ("\n  1  ", "\n  2  ", "407.jsonl"),
         "doctor": ("\n  1  ", "\n  2  "),
         "login": ("\n  4  ", "$XDG_CONFIG_HOME/auth407/credentials")}
COMMANDS = (*SETS, *PARTS)
TAKEN = {"ALL": COMMANDS, "SETS": SETS, "STARTS": STARTS, "ENV": ("env",),
         "CHOOSES": ("run", "shell", "env"),
         **{c.upper(): (c,) for c in PARTS}}


def taken(*commands):
    """The options that one of these commands takes."""
    return [row for row in table() if set(TAKEN[row["in"]]) & set(commands)]


@test
def help_options():
    """help explains every option, its value and its variable, and no other"""
    of_all = [row for part in (SETS, *((c,) for c in PARTS))
              for row in taken(*part)]
    equal({row["id"] for row in of_all}, {row["id"] for row in table()})
    for words, mine in ((("--help-all",), of_all),
                        *(((c, "--help"), taken(c)) for c in COMMANDS)):
        text = help_of(*words)
        equal(options_in(text), [row["name"] for row in mine], words)
        for row in mine:
            has(text, f"--{row['name']} {row['value']}" if row["value"]
                else f"--{row['name']}")
            if row["letter"]:
                has(text, f"-{row['letter']}, --{row['name']}")
            if row["variable"]:
                has(text, f"({row['variable']})")
    lacks(help_of("observe", "--help"), "AUTH407_MODE")


@test
def other_commands():
    """those that start nothing have their help and their part of the manual"""
    for command, parts in PARTS.items():
        text = help_of(command, "--help")
        equal(text, help_of(command, "x", "-h", "--nonsense"), command)
        for part in ("Usage:\n", "\nExamples:\n", "\nOptions:\n",
                     "\nExit status:\n  0  ", *parts):
            has(text, part)
        page = read(MAN1).split(".Sh " + command.upper())[1].split("\n.Sh ")[0]
        items = re.findall(r"^\.It Fl (?:(\w) , Fl )?\\?-([a-z-]+)"
                           r"(?: Ar (\S+))?$", page.replace("\\-", "-"), re.M)
        equal([(letter, name, value.upper()) for letter, name, value in items],
              [(r["letter"], r["name"], r["value"]) for r in taken(command)],
              f"{command} in the manual page")


@test
def same_mistakes():
    """every command says the same of the same mistake in its options"""
    for command in COMMANDS:
        valued = next(r for r in taken(command) if r["value"])
        name, value = valued["name"], valued["value"]
        foreign = next(r for r in table() if r["name"] not in
                       [mine["name"] for mine in taken(command)])
        letter = next(r["letter"] for r in table() if r["letter"] not in
                      ["", *(mine["letter"] for mine in taken(command))])
        for words, says in (
                (("--nonsense=secret",), "unknown option `--nonsense`"),
                (("--hepl",), "unknown option `--hepl`; did you mean `--help`?"),
                (("-Z",), "unknown option `-Z`"),
                ((f"--{foreign['name']}=secret",),
                 f"`--{foreign['name']}` is no option of `{command}`"),
                (("-" + letter,), f"`-{letter}` is no option of `{command}`"),
                (("--" + name,), f"`--{name}` needs a value: --{name} {value}"),
                (("--" + name, "--", "x"), f"`--{name}` needs a value"),
                (("--help=secret",), "`--help` takes no value")):
            done = run(command, *words, data=b"")
            equal((done.status, done.out), (2 if command in PARTS else 125, ""),
                  (command, words))
            check(done.err.startswith(f"auth407: {says}"), done.err)
            check(done.err.endswith(
                f"\nauth407: try `auth407 {command} --help`\n"), done.err)
            lacks(done.err, "secret")


@test
def help_rest():
    """help has usage, examples, exit statuses and files"""
    for words, examples in ((("--help-all",), 3), (("run", "--help"), 2),
                            (("observe", "--help"), 1)):
        text = help_of(*words)
        for part in ("Usage:\n", "Examples:\n", "Exit status:\n", "Files:\n",
                     "\n  125 ", "\n  126 ", "\n  127 ",
                     "$XDG_CONFIG_HOME/auth407/credentials",
                     "$XDG_STATE_HOME/auth407/407.jsonl", "AUTH407_LIBRARY"):
            has(text, part)
        part = text.split("Examples:\n")[1].split("\n\n")[0]
        equal(len(re.findall(r"^  auth407 .*-- ", part, re.M)), examples,
              "examples")
    has(" ".join(help_of("--help-all").split()),
        "Visible to other users in the process list for a moment: prefer "
        "--password-file, --password-fd or the credential file")


@test
def columns():
    """help, messages of use and sources of the man pages fit 80 columns"""
    texts = [help_of("--help"), help_of("--help-all"), run().err,
             *(help_of(c, "-h") for c in COMMANDS), read(MAN1), read(MAN5)]
    for text in texts:
        for line in text.splitlines():
            check(len(line) <= 80, line)


@test
def narrow():
    """on a narrower terminal no word of the help is broken, and none is lost"""
    for words in (["--help"], ["--help-all"], *([c, "-h"] for c in COMMANDS)):
        wide = run(*words).out
        for columns in (40, 55, 79):
            text = run(*words, env={"COLUMNS": str(columns)}).out
            equal(text.split(), wide.split(), f"{words} in {columns} columns")
            for line in text.splitlines():
                check(len(line) < columns or " " not in line.strip(), line)
        equal(run(*words, env={"COLUMNS": "200"}).out, wide, "wide")


def rendered(page):
    if not shutil.which("man") or not shutil.which("groff"):
        raise Skip("no man or groff")
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-P", "cat", "-l", page],
        env=environment(MANWIDTH="80", GROFF_NO_SGR="1"),
        capture_output=True, check=False)
    equal((done.returncode, done.stderr), (0, b""), "man")
    text = done.stdout.decode()
    return re.sub(".\x08", "", text)


@test
def man_lint():
    """the man pages render without a warning, in 80 columns"""
    for page, parts in ((MAN1, ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS",
                                "ENVIRONMENT", "FILES", "EXIT STATUS",
                                "EXAMPLES", "SEE ALSO")),
                        (MAN5, ("NAME", "DESCRIPTION", "FILES", "EXAMPLES",
                                "SEE ALSO"))):
        text = rendered(page)
        for part in parts:
            check(re.search(f"^{part}$", text, re.M), part)
        for line in text.splitlines():
            check(len(line) <= 80, line)
        if shutil.which("mandoc"):
            done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", page],
                                  capture_output=True, check=False)
            equal((done.returncode, done.stdout), (0, b""), "mandoc")


@test
def man_options():
    """the man page has every option, value and variable, and no other"""
    text = read(MAN1).split(".Sh REPORT")[0]
    items = re.findall(r"^\.It Fl (?:(\w) , Fl )?\\-([a-z-]+)"
                       r"(?: Ar (\w+))?(?: Pq Ev (\w+))?$", text, re.M)
    rows = taken(*SETS)
    equal([(i[0], i[1]) for i in items],
          [(r["letter"], r["name"]) for r in rows], "options")
    for item, row in zip(items, rows):
        equal(bool(item[2]), bool(row["value"]), f"value of {item[1]}")
        if item[3] or not item[1].endswith(("-file", "-fd")):
            equal(item[3], row["variable"], f"variable of {item[1]}")


@test
def man_keys():
    """the credential file's man page has every key of the parser"""
    keys = re.findall(r'^    \{"([a-z-]+)", [A-Z]', read(os.path.join(
        ROOT, "core/config/credfile.c")), re.M)
    check(len(keys) >= 10, "the parser's keys")
    text = read(MAN5)
    for key in keys:
        check(re.search(rf"^\.(It )?Cm .*{key}\b", text, re.M), key)


@test
def man_example():
    """the example in the credential file's man page is a good file"""
    text = read(MAN5).split(".Bd -literal\n")[1].split(".Ed\n")[0]
    file = write("man-example", text)
    done = run("-q", "-v", "--credentials", file, "true")
    equal(done.status, 0, done.err)
    has(done.err, "for proxy.corp.example:3128, user alice")
    has(done.err, "for *.lab.example, user alice")
