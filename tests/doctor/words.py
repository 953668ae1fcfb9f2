# SPDX-License-Identifier: MIT
"""docs/doctor.md agrees with the table of findings, and with its schema."""

import re
import subprocess

import jsonschema

from place import SHAPE, TOP
from tap import check, equal, test


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
