# SPDX-License-Identifier: MIT
"""Tests of form: sizes, formatting, headers, manual pages."""
import collections
import json
import shutil
import subprocess

from common import attempt, rel, run, tracked

FILE_LINES = 600
FUNCTION_LINES = 60

INCLUDES = ["-I.", "-Itests/fixtures/proxy"]


def is_code(path):
    if path.suffix in (".c", ".h", ".py", ".mk", ".def", ".sh"):
        return True
    with open(path, "rb") as f:
        return f.read(2) == b"#!"


def file_sizes():
    """No file of code is longer than 600 lines."""
    for path in tracked():
        if path.is_file() and is_code(path):
            n = len(path.read_bytes().splitlines())
            if n > FILE_LINES:
                yield "%s: %d lines" % (rel(path), n)


def function_sizes():
    """No function is longer than 60 lines."""
    if not shutil.which("ctags"):
        yield "ctags (universal-ctags) is missing"
        return
    files = [rel(p) for p in tracked("*.c", "*.h")]
    seen = 0
    for line in run("ctags", "--output-format=json", "--fields=+ne",
                    "--kinds-C=f", "--languages=C", "--langmap=C:.c.h", "-f",
                    "-", *files).splitlines():
        tag = json.loads(line)
        if tag.get("kind") != "function" or "end" not in tag:
            continue
        seen += 1
        n = tag["end"] - tag["line"] + 1
        if n > FUNCTION_LINES:
            yield "%s:%d: %s: %d lines" % (tag["path"], tag["line"],
                                           tag["name"], n)
    if seen < 100:
        yield "ctags told of %d functions only" % seen


def licence_lines():
    """Every C file begins with its licence."""
    for path in tracked("*.c", "*.h", "*.def"):
        if not path.read_text().startswith(
                "/* SPDX-License-Identifier: MIT */\n"):
            yield rel(path)


def guards():
    """Every header is guarded by its own name."""
    seen = {}
    for path in tracked("*.h"):
        lines = [x for x in path.read_text().splitlines()
                 if x.startswith("#")]
        if len(lines) < 3 or not lines[0].startswith("#ifndef ") or \
                lines[1] != "#define " + lines[0].split()[1] or \
                lines[-1] != "#endif":
            yield rel(path) + ": no guard"
            continue
        name = lines[0].split()[1]
        if name in seen:
            yield "%s and %s share %s" % (rel(path), seen[name], name)
        seen[name] = rel(path)


def headers_alone():
    """Every header can be included alone."""
    for path in tracked("*.h"):
        done = attempt("gcc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall",
                       "-Wextra", "-Werror", *INCLUDES, "-fsyntax-only", "-x",
                       "c", "-", input='#include "%s"\n' % path)
        # cmocka wants its own headers first
        if done.returncode and "cmocka" not in path.read_text():
            yield "%s:\n%s" % (rel(path), done.stdout.strip())


def formatted():
    """clang-format would change nothing."""
    files = [rel(path) for path in tracked("*.c", "*.h")]
    places = collections.Counter(
        line.split(":")[0] for line in
        attempt("clang-format", "--dry-run", "-Werror", *files)
        .stdout.splitlines() if ": error: " in line)
    for name, n in places.items():
        yield "%s: %d places" % (name, n)


def manuals():
    """The manual pages are formatted without a warning."""
    pages = tracked("docs/*.[1-8]")
    if not pages:
        yield "no manual page"
    for path in pages:
        done = subprocess.run(
            ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env={"PATH": "/usr/bin:/bin", "MANWIDTH": "80",
                 "LC_ALL": "C.UTF-8", "MANROFFSEQ": ""})
        for line in done.stderr.splitlines():
            yield line.strip()
        if done.returncode:
            yield "%s: exit status %d" % (rel(path), done.returncode)


def scripts_run():
    """Every script is executable, and names its interpreter."""
    for path in tracked("scripts/*", "tests/*/run", "tests/tally"):
        if path.suffix in (".bash", ".fish", ".zsh", ".py", ".md"):
            continue
        if not path.stat().st_mode & 0o100:
            yield rel(path) + ": not executable"
        if not path.read_bytes().startswith(b"#!/"):
            yield rel(path) + ": no interpreter"


TESTS = [file_sizes, function_sizes, licence_lines, guards, headers_alone,
         formatted, manuals, scripts_run]
