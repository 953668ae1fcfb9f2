# SPDX-License-Identifier: MIT
"""Help, manual page and completion: they agree with the table of options, and
docs/doctor.md with that of findings."""

import re
import subprocess

import jsonschema

from place import BUILD, SHAPE, TOP, environment
from tap import check, equal, has, test


def table():
    text = (TOP / "cli/doctor/options.def").read_text()
    rows = re.findall(r'A407_DOCTOR_OPTION\(\w+,\s*"([a-z-]+)",\s*'
                      r"(?:0|'(\w)'),\s*(?:NULL|\"([A-Z|]+)\"),", text)
    equal(len(rows), text.count("A407_DOCTOR_OPTION("), "rows understood")
    return rows


@test
def help_text():
    """help has every option and no other, examples, statuses, 80 columns"""
    text = subprocess.run([BUILD / "auth407", "doctor", "--help"],
                          env=environment({}), capture_output=True, text=True,
                          check=True).stdout
    names = re.findall(r"^(?:      |  -(\w), )--([a-z-]+)(?: ([A-Z|]+))?",
                       text, re.M)
    equal([(n, letter, value) for letter, n, value in names], table())
    for line in text.splitlines():
        check(len(line) <= 80, line)
    for part in ("Usage:\n", "Examples:\n", "Exit status:\n  0  ", "\n  1  ",
                 "\n  2  "):
        has(text, part)


@test
def manual():
    """the manual page has every option of doctor and no other"""
    text = (TOP / "docs/auth407.1").read_text()
    text = text.split(".Sh DOCTOR")[1].split("\n.Sh ")[0]
    items = re.findall(r"^\.It Fl (?:(\w) , Fl )?-([a-z-]+)(?: Ar (\S+))?$",
                       text.replace("\\-", "-"), re.M)
    equal([(n, letter, value.upper()) for letter, n, value in items], table())


@test
def findings():
    """docs/doctor.md has the table of findings; no code stands there twice"""
    done = subprocess.run([TOP / "scripts/doctor-findings", "--check"],
                          capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""))
    codes = re.findall(r"^\| `(\w+)`", (TOP / "docs/doctor.md").read_text(),
                       re.M)
    equal(sorted(set(codes)), sorted(codes))


@test
def schema():
    """docs/doctor-schema.json is a schema, and refuses what is no such object"""
    jsonschema.Draft202012Validator.check_schema(SHAPE.schema)
    good = {"schema": 1, "verdict": {"status": "works"}, "checks": [],
            "target": "https://example.com/"}
    check(SHAPE.is_valid(good), good)
    for bad in ({"schema": 2}, {"verdict": {"status": "cause"}},
                {"target": "x"}, {"checks": [{"what": "x"}]}, {"more": 1}):
        check(not SHAPE.is_valid({**good, **bad}), bad)
