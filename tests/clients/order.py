# SPDX-License-Identifier: MIT
"""What the runs of real clients at real proxies share."""

import os
import pathlib
import shutil
import subprocess

import proxies
import tap
from servers import misfits


def options(suite, doc):
    p = tap.parser(suite, doc)
    p.add_argument("--events", type=pathlib.Path, metavar="FILE",
                   help="add every log line that was written to FILE")
    p.add_argument("--shell", metavar="COMMAND", help="no tests: start the "
                   "proxies of --only and run COMMAND on the\nclient's side; "
                   "`set` shows what it is told (SQUID_BASIC, ORIGIN_HTTP, "
                   "...)")
    return tap.parsed(p)


class Nowhere:
    """In place of a lab, where only the tests' names are wanted."""

    @staticmethod
    def free_port():
        return 0


def missing_programs(things):
    missing = sorted({f"{t.program}: package {t.package} is missing; run "
                      "scripts/deps test" for t in things
                      if not os.path.exists(t.program)})
    if missing:
        raise tap.Trouble("\n".join(missing))


def usable_copy(lab, library):
    """Users other than root must reach the library too, and what lies beside
    it."""
    if not library.exists():
        return library
    folder = lab.root / "lib"
    folder.mkdir()
    folder.chmod(0o755)
    for path in (library, library.parent / "auth407-gss"):
        if path.exists():
            shutil.copy(path, folder)
            (folder / path.name).chmod(0o755)
    return folder / library.name


def run(given, bench, tests, leaks, table, notes=()):
    """All tests, (name, function(bench), proxy's name): the log of a proxy can
    be counted, for no two tests use it at a time. The last ones are about all
    that came of them. Returns the exit status."""
    def lines():
        return b"".join(log.read_bytes() for log in
                        sorted(bench.lab.root.glob("run/*/407.jsonl")))
    out = tap.run(
        given, [(name, lambda f=f: f(bench), key) for name, f, key in tests],
        [("no credential came to an origin", leaks),
         ("every log line fits docs/log-schema.json",
          lambda: misfits(lines()))],
        jobs=2 * (os.cpu_count() or 1), stop=bench.stop)
    if table.rows:
        out.note("OPEN: fails where no login is asked; PASSED407: no 407 "
                 "without the library; FAILS: with it")
        for line in table.table():
            out.note(line)
    for note in sorted(notes):
        out.note(note)
    if given.events:
        with open(given.events, "ab") as f:
            f.write(lines())
    return out.status()


def shell(given, lab, origin, used, **more):
    """For looking at a failure by hand."""
    told = {p.name.upper().replace("-", "_"): p.url for p in used}
    for scheme in ("http", "https"):
        told["ORIGIN_" + scheme.upper()] = origin.url(scheme, "")
    told.update(SCRATCH=str(lab.root), CA=str(lab.ca),
                AUTH407_USERNAME=proxies.USER,
                AUTH407_PASSWORD=proxies.PASSWORD,
                AUTH407_LOG=str(lab.root / "407.jsonl"),
                XDG_STATE_HOME=str(lab.root / "state"),
                LIB=str(usable_copy(lab, given.lib)),
                AUTH407_PROXY=",".join(f"proxy.test:{p.port}" for p in used),
                **more)
    return subprocess.run(["sh", "-c", given.shell],
                          env={**os.environ, **told}).returncode
