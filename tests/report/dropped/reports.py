# SPDX-License-Identifier: MIT
"""`auth407 report` in its four formats, brought to one shape."""

import csv
import io
import json
import re
import subprocess

from lab import CLEAN_PATH

TABLES = ("binary", "module", "proxy", "cause", "user")


def report(launcher, *args, form="json", status=1):
    done = subprocess.run(
        [launcher, "report", "--all", "--tables", "--format", form, *map(str, args)],
        env={"PATH": CLEAN_PATH, "TZ": "UTC", "LANG": "C.UTF-8",
             "COLUMNS": "300"},
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    if done.returncode != status:
        raise AssertionError(f"report: exit status {done.returncode}, not "
                             f"{status}: {done.stderr}")
    return json.loads(done.stdout) if form == "json" else done.stdout


# Each of these gives {"all": (total, still failing), "binary": {key: (total,
# still failing)}, ..., "findings": {(binary, cause): [total, lines]}}

def of_json(data):
    out = {"all": (data["all"]["total"], data["all"]["still_failing"])}
    for name in TABLES:
        out[name] = {r["key"]: (r["total"], r["still_failing"])
                     for r in data["tables"][name]["rows"]}
    out["findings"] = {}
    for f in data["findings"]:
        key = f["binary"], f["cause"]
        check_single(out, key)
        out["findings"][key] = [f["total"], f["advice"]["line"].split("\n")]
    return out


def check_single(out, key):
    if key in out["findings"]:
        raise AssertionError(f"{key} twice")


def of_csv(text):
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    out = {"findings": {}}
    for name in TABLES:
        out[name] = {r["key"]: (int(r["total"]), int(r["still_failing"]))
                     for r in rows if r["table"] == name}
    for r in rows:
        if r["table"] == "finding":
            key = r["binary"], r["cause"]
            check_single(out, key)
            line = re.sub("^'(?=[-=+@])", "", r["line"])  # no formula
            out["findings"][key] = [int(r["total"]), line.split("\n")]
    out["all"] = tuple(map(sum, zip(*out["cause"].values())))
    return out


def of_text(text):
    found = re.match(r"(\d+) exchanges? with a 407, (\d+) still failing", text)
    out = {"all": (int(found[1]), int(found[2])), "findings": {}}
    for name in TABLES:
        block = re.search(rf"^By {name}\n.*\n((?:  .*\n)*)", text, re.M)[1]
        rows = re.findall(r"^  (\S.*?) +(\d+) +(\d+)  \d{4}-", block, re.M)
        out[name] = {key: (int(a), int(b)) for key, a, b in rows}
    cause = binary = None
    for line in text.split("\nBy binary\n")[0].split("\n"):
        if m := re.match(r"(\w+): ", line):
            cause = m[1]
        elif m := re.match(r"  (\S.*?) +(\d+), \d+ still failing$", line):
            binary = m[1]
            check_single(out, (binary, cause))
            out["findings"][binary, cause] = [int(m[2]), []]
        elif m := re.match(r"        (.*)", line):
            out["findings"][binary, cause][1].append(m[1])
    return out


def of_html(text):
    """The data that the page draws; tests/report-html has what it draws."""
    data = re.search('<script type="application/json" id="data">(.*?)</script>',
                     text, re.S)
    return of_json(json.loads(data[1])["report"])


READ = {"text": of_text, "csv": of_csv, "html": of_html}


def disagreements(launcher, *logs):
    """In what the other formats differ from JSON. Their lists of lines also
    hold the command line of auth407."""
    want = of_json(report(launcher, *logs))
    for form, read in READ.items():
        have = read(report(launcher, *logs, form=form))
        for name in ("all", *TABLES):
            if have[name] != want[name]:
                yield f"{form}, {name}: {have[name]}, JSON: {want[name]}"
        if have["findings"].keys() != want["findings"].keys():
            yield (f"{form}: findings {sorted(have['findings'])}, JSON: "
                   f"{sorted(want['findings'])}")
            continue
        for key, (total, lines) in want["findings"].items():
            mine = have["findings"][key]
            if mine[0] != total or (lines != [""] and
                                    mine[1][:len(lines)] != lines):
                yield f"{form}, {key}: {mine}, JSON: {[total, lines]}"
