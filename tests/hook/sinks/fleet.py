# SPDX-License-Identifier: MIT
"""docs/fleet.md: a real rsyslog, with the configuration that the page shows,
into a real PostgreSQL."""

import contextlib
import glob
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess

from client import PATIENCE, expect, lost, numbers, undisturbed
from place import NOBODY, PATH, Daemon, wait_for
from tap import TOP

DOCS = TOP / "docs"
CONFIG = DOCS / "fleet/rsyslog-postgresql.conf"
ROTATION = DOCS / "fleet/logrotate.conf"
TABLE = DOCS / "fleet/rsyslog-postgresql.sql"
# The line that the page wants in /etc/rsyslog.conf, and what the tests add:
# the files of a daemon that must not meet another one's, and streams.
MAIN = """
module(load="imuxsock" SysSock.UseSpecialParser="off")
module(load="imptcp")
global(workDirectory="{folder}")
input(type="imptcp" path="{folder}/stream" socketBacklog="100")
include(file="{config}")
action(type="omfile" file="{folder}/rest")
"""
RECORDS = pathlib.Path("/var/log/auth407.jsonl")
PASSWORD = "only for this run"


def newest(pattern):
    """The program of the newest version that is installed."""
    found = sorted(glob.glob(pattern), key=lambda p: [
        int(n) for n in re.findall(r"\d+", p)])
    if not found:
        raise RuntimeError(f"{pattern} is not there")
    return found[-1]


def as_postgres(*command):
    return ["setpriv", "--reuid=postgres", "--regid=postgres",
            "--init-groups", *map(str, command)]


@contextlib.contextmanager
def postgresql(lab):
    """A cluster of its own on 127.0.0.1:5432, with the page's table."""
    folder = lab.place.folder(0o777)
    data = folder / "data"
    programs = pathlib.Path(newest("/usr/lib/postgresql/*/bin/postgres")).parent
    done = subprocess.run(
        as_postgres(programs / "initdb", "--pgdata", data, "--no-sync",
                    "--encoding=UTF8", "--locale=C", "--auth-local=trust",
                    "--auth-host=scram-sha-256"),
        capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode:
        raise RuntimeError("initdb: " + done.stderr)
    command = as_postgres(
        programs / "postgres", "-D", data, "-k", folder, "-c", "fsync=off",
        "-c", "listen_addresses=127.0.0.1", "-c", "port=5432")

    def sql(*words, database="auth407"):
        done = subprocess.run(
            as_postgres(programs / "psql", "--host", folder, "--no-psqlrc",
                        "--quiet", "--tuples-only", "--no-align",
                        "--set=ON_ERROR_STOP=1", "--dbname", database, *words),
            capture_output=True, text=True, check=False, cwd=folder)
        if done.returncode:
            raise RuntimeError("psql: " + done.stderr)
        return done.stdout.splitlines()

    with Daemon(command, folder / "out", cwd=folder) as daemon:
        daemon.wait_until(lambda: (folder / ".s.PGSQL.5432").exists() and
                          "ready to accept" in daemon.told())
        sql("--command", "CREATE DATABASE auth407", database="postgres")
        shutil.copy(TABLE, folder / "table.sql")  # readable for postgres
        sql("--file", folder / "table.sql")
        sql("--command", f"ALTER ROLE auth407_writer PASSWORD '{PASSWORD}'")
        yield sql
        daemon.stop(2)  # fast: does not wait for rsyslog to go


@contextlib.contextmanager
def rsyslog(lab):
    """rsyslogd with the page's configuration; its folder."""
    folder = lab.place.folder()
    passwords = folder / "pgpass"
    passwords.write_text(f"127.0.0.1:5432:auth407:auth407_writer:{PASSWORD}\n")
    passwords.chmod(0o600)
    main = folder / "rsyslog.conf"
    main.write_text(MAIN.format(folder=folder, config=CONFIG))
    RECORDS.unlink(missing_ok=True)
    check = subprocess.run(["rsyslogd", "-N1", "-f", str(main)],
                           capture_output=True, text=True, check=False)
    if check.returncode or "error" in check.stderr:
        raise RuntimeError("rsyslogd -N1: " + check.stderr)
    with Daemon(["rsyslogd", "-n", "-f", main, "-i", folder / "pid"],
                folder / "out",
                env={"PATH": PATH, "PGPASSFILE": str(passwords)}) as daemon:
        daemon.wait_until(lambda: os.path.exists("/dev/log") and
                          (folder / "stream").exists())
        yield folder


def page_queries():
    """The queries that the page shows."""
    text = (DOCS / "fleet.md").read_text()
    found = re.findall(r"^    (SELECT .*?;)$", text, re.M | re.S)
    if len(found) < 2:
        raise RuntimeError(f"the page shows {len(found)} queries")
    return found


def wait_records(lab, n):
    """The records that rsyslog has put into its file."""
    wait_for(lambda: RECORDS.exists() and
             RECORDS.read_bytes().count(b"\n") >= n, 10,
             f"there are not {n} records in the file")
    return lab.records(RECORDS.read_bytes())


def ways(lab):
    """rsyslog: records come by /dev/log, by UDP and by a stream"""
    state = lab.place.folder()
    with rsyslog(lab) as folder:
        bad = []
        for tag, log in (("local", "syslog"),
                         ("udp", "syslog://127.0.0.1:5140"),
                         ("stream", f"syslog:{folder}/stream")):
            bad += lab.run(log, state, 50, tag=tag)
        try:
            records = wait_records(lab, 150)
        except RuntimeError:
            records = lab.records(RECORDS.read_bytes())
        rest = (folder / "rest").read_text()
    for tag in ("local", "udp", "stream"):
        some = [r for r in records if f"/{tag}/" in r["url"]["target"]]
        bad += expect(tag, sorted(numbers(some, tag)), list(range(1, 51)))
    bad += expect("not taken for records", "cee" in rest, False)
    return bad + expect("lost", lost(state), 0)


def large(lab):
    """rsyslog: a message as long as may be arrives whole"""
    state = lab.place.folder()
    bad = []
    with rsyslog(lab) as folder:
        # of several lengths, so that some come close to the longest
        for n in range(190, 200):
            for log in ("syslog", "syslog://127.0.0.1:5140",
                        f"syslog:{folder}/stream"):
                bad += lab.run(log, state, 1, words=["w" * n] * 40)
        records = wait_records(lab, 30)
    for record in records:
        bad += expect("truncated", record.get("truncated"),
                      ["process.command_args"])
        if len(record["process"]["command_args"]) < 30:
            bad.append("more was cut off than had to be")
    return bad


def same(lab):
    """rsyslog: what comes out is the record that a file would hold"""
    state = lab.place.folder()
    with rsyslog(lab):
        bad = lab.run("syslog", state, 1, words=["it's", 'a "word"', "\\n",
                                                 "\u00e4\u20ac", "100%"])
        (record,) = wait_records(lab, 1)
    words = record["process"]["command_args"][-5:]
    return bad + expect("words", words, ["it's", 'a "word"', "\\n",
                                         "\u00e4\u20ac", "100%"])


def problems(lab):
    """rsyslog: a problem of ours is a record too"""
    state = lab.place.folder()
    with rsyslog(lab):
        bad = lab.run("syslog", state, 1, AUTH407_TIMEOUT="nonsense")
        names = [r["event"]["name"] for r in wait_records(lab, 2)]
    return bad + expect("records", names, ["auth407.problem",
                                           "proxy.authentication"])


def wait_rows(sql, n):
    """Until the table has n rows."""
    count = ("--command", "SELECT count(*) FROM auth407_records")
    try:
        wait_for(lambda: sql(*count) == [str(n)], 30)
    except RuntimeError:
        raise RuntimeError(f"{sql(*count)} rows, not {n}") from None


def feed(lab, state):
    """Programs of several fates; how many records they make."""
    good = {"http_proxy": f"http://alice:secret@127.0.0.1:{lab.proxy.port}"}
    bad = lab.run("syslog", state, 30, **good)
    bad += lab.run("syslog://127.0.0.1:5140", state, 3, tag="it's", **good)
    bad += lab.run("syslog", state, 2, tag="none")
    bad += lab.run("syslog", state, 1, AUTH407_MODE="inject",
                   AUTH407_USERNAME="mallory", AUTH407_PASSWORD="wrong")
    if lab.options.preload:  # curl hangs under a sanitizer, with us or without
        return 36, bad
    curl = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
         "http://127.0.0.1:9/"], capture_output=True, text=True, check=False,
        env=lab.environment("syslog", state, AUTH407_LOG_LEVEL="request",
                            **good), timeout=PATIENCE)
    return 37, bad + expect("curl's answer", curl.stdout, "502")


def columns(lab, sql):
    """What is wrong with the columns of one row."""
    (row,) = sql(
        "--command", "SELECT jsonb_build_array(host, event, outcome, cause, "
        "proxy, executable, target, status, final, module = record #>> "
        "'{caller,module}', (record #>> '{process,pid}')::integer > 1, "
        "received > now() - interval '1 minute') FROM auth407_records "
        "WHERE target LIKE '%/it''s/3'")
    return expect("row", json.loads(row), [
        os.uname().nodename, "proxy.authentication", "observed",
        "dropped_by_client", f"127.0.0.1:{lab.proxy.port}", str(lab.burst),
        "http://origin.test/it's/3", 407, 407, True, True, True])


def database(lab):
    """PostgreSQL: columns and jsonb of each record; a query tells which
    binaries dropped the header"""
    state = lab.place.folder()
    with postgresql(lab) as sql, rsyslog(lab):
        rows, bad = feed(lab, state)
        wait_rows(sql, rows)
        dropped = sql("--field-separator= ", "--command",
                      "SELECT executable, records, hosts FROM auth407_dropped")
        bad += columns(lab, sql)
        for query in page_queries():
            answer = sql("--command", query)
            if str(lab.burst) not in " ".join(answer):
                bad.append(f"{query}\nsays {answer}")
    bad += expect("dropped", dropped, [f"{lab.burst} 33 1"])
    return bad + expect("lost", lost(state), 0)


def database_away(lab):
    """PostgreSQL is away: programs do not notice, and records come later"""
    state = lab.place.folder()
    with rsyslog(lab):
        bad = lab.run("syslog", state, 40)
        wait_records(lab, 40)
        with postgresql(lab) as sql:
            wait_rows(sql, 40)
    return bad + expect("lost", lost(state), 0)


def restarted(lab):
    """rsyslog is away for a while: programs do not notice, records count"""
    state = lab.place.folder()
    with rsyslog(lab):
        child = lab.start("syslog", state, 3000)
        wait_records(lab, 20)
    bad = undisturbed(lab.finish(child), 3000)
    kept = len(lab.records(RECORDS.read_bytes()))
    missing = lost(state)
    if not missing:
        bad.append("rsyslog was not away early enough")
    # what rsyslog had taken, but not yet written, when it ended
    if kept + missing > 3000:
        bad.append(f"{kept} written, {missing} lost")
    with rsyslog(lab):
        bad += lab.run("syslog", state, 1)
        told = wait_records(lab, 1)[0].get("records_lost")
    return bad + expect("told", told, missing)


def rotated(lab):
    """logrotate, with the page's configuration: ten programs of users who
    may make no file there lose nothing, or it is counted"""
    state = lab.place.folder()
    folder = pathlib.Path("/var/log/auth407")
    folder.mkdir()
    log = folder / "407.jsonl"
    log.touch()
    shutil.chown(log, "root", "adm")
    log.chmod(0o622)
    shutil.copy(ROTATION, state / "logrotate.conf")
    (state / "logrotate.conf").chmod(0o644)
    children = [lab.start(log, state, 300, tag=f"p{i}", wrap=NOBODY)
                for i in range(10)]
    bad, turns = [], 0
    while any(c.poll() is None for c in children) and turns < 10:
        done = subprocess.run(
            ["logrotate", "--force", "--state", state / "status",
             state / "logrotate.conf"], capture_output=True, text=True,
            check=False)
        turns += 1
        bad += [done.stderr] if done.returncode or done.stderr else []
    bad += [b for c in children for b in undisturbed(lab.finish(c), 300)]
    text = b"".join(gzip.open(p).read() if p.suffix == ".gz" else
                    p.read_bytes() for p in sorted(folder.iterdir()))
    records = lab.records(text)
    seen = {r["url"]["target"] for r in records}
    bad += expect("different", len(seen), len(records))
    # logrotate may be held up between the old file and the new one
    away = lost(state) + sum(r.get("records_lost", 0) for r in records)
    bad += expect("written and lost", len(records) + away, 3000)
    if away > 100:
        bad.append(f"{away} were lost")
    if turns < 3 or not list(folder.glob("*.gz")):
        bad.append(f"it was rotated {turns} times only")
    return bad


TESTS = [rotated, ways, large, same, problems, database, database_away,
         restarted]
