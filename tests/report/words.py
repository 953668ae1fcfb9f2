# SPDX-License-Identifier: MIT
"""Help and manual page: they agree with the table of options."""

import re

from common import ROOT, check, equal, has, report, test


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
