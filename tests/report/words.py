# SPDX-License-Identifier: MIT
"""Help, manual page and completion: they agree with the table of options."""

import re
import subprocess

from common import ROOT, check, environment, equal, has, report, test

COMPLETION = ROOT / "scripts/completion.bash"


def table():
    text = (ROOT / "cli/report/options.def").read_text()
    rows = re.findall(r'A407_REPORT_OPTION\(\w+,\s*"([a-z-]+)",\s*'
                      r"(?:0|'(\w)'),\s*(?:NULL|\"(\w+)\"),", text)
    equal(len(rows), text.count("A407_REPORT_OPTION("), "rows understood")
    return rows


@test
def help_text():
    """help has every option and no other, examples, statuses, 80 columns"""
    for args in (("--help",), ("-h",), ("x", "--help")):
        done = report(*args)
        equal((done.status, done.err), (0, ""), args)
    names = re.findall(r"^(?:      |  -(\w), )--([a-z-]+)(?: (\w+))?",
                       done.out, re.M)
    equal([(n, letter, value) for letter, n, value in names], table())
    for line in done.out.splitlines():
        check(len(line) <= 80, line)
    for part in ("Usage:\n", "Examples:\n", "Exit status:\n  0  ", "\n  1  ",
                 "\n  2  ", "407.jsonl"):
        has(done.out, part)


@test
def manual():
    """the manual page has every option of report and no other"""
    text = (ROOT / "docs/auth407.1").read_text()
    text = text.split(".Sh REPORT")[1].split("\n.Sh ")[0]
    items = re.findall(r"^\.It Fl (?:(\w) , Fl )?-([a-z-]+)(?: Ar (\w+))?$",
                       text.replace("\\-", "-"), re.M)
    equal([(n, letter, value.upper()) for letter, n, value in items],
          [(n, letter, value) for n, letter, value in table()])


def complete(*words):
    quoted = " ".join("'" + w + "'" for w in ("auth407", *words))
    script = f"""
        set -u
        . '{COMPLETION}'
        COMP_WORDS=({quoted}); COMP_CWORD={len(words)}
        COMPREPLY=()
        _auth407 auth407 2>/dev/null
        printf '%s\\n' "${{COMPREPLY[@]-}}"
    """
    done = subprocess.run(["bash", "--norc", "-c", script], cwd=ROOT / "docs",
                          env=environment(), capture_output=True, text=True,
                          check=False)
    equal((done.returncode, done.stderr), (0, ""), words)
    return sorted(w for w in done.stdout.split("\n") if w)


@test
def completion():
    """completion offers the options, their values, every cause, and files"""
    equal(complete("report", "-"), sorted("--" + r[0] for r in table()))
    causes = re.findall(r'^A407_CAUSE\(\w+, "(\w+)"',
                        (ROOT / "core/base/cause.def").read_text(), re.M)
    equal(complete("report", "--cause", ""), sorted(causes), "causes")
    equal(complete("report", "--outcome", "re"), ["resolved"])
    has(complete("report", "--format", "="), "json")
    equal(complete("report", "--color", "al"), ["always"])
    equal(complete("report", "log-sch"), ["log-schema.json"])
    equal(complete("report", "--all", "report-s"), ["report-schema.json"])
    has(complete("rep"), "report")
    for name, _, value in table():
        if value in ("GLOB", "N"):
            equal(complete("report", "--" + name, "log-sch"),
                  complete("report", "--" + name, "zz"), name)
