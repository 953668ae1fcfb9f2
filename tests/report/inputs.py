# SPDX-License-Identifier: MIT
"""What the report reads: files, streams, the default log, torn lines, filters,
a log without end; and the exit status."""

import csv
import fcntl
import gzip
import io
import json
import os
import re
import select
import subprocess

from common import (AUTH407, BUILD, HOME, LINES, Skip, at, check, environment,
                    equal, has, lacks, log, record, report, test)

GOOD = {"outcome": "resolved", "final__status_code": 200}


def total(*args, **more):
    return report("--format", "json", *args, **more).json()["all"]["total"]


@test
def no_log_at_all():
    """a file that is no log of auth407 is said to be none; what can't be read
    gives no report"""
    junk = log("junk.jsonl", "one", '{"a":1}')
    good = log("good.jsonl", record())
    for args in ((junk,), ("--format", "json", junk)):
        done = report(*args)
        equal((done.status, done.out), (2, ""), args)
        has(done.err, f"no line of {junk} is auth407's: is it the right file?")
    done = report(data=b"one\n")
    equal((done.status, done.out), (2, ""), "standard input")
    has(done.err, "no line of standard input is auth407's")
    done = report(junk, good)
    equal(done.status, 2, "one of two")
    has(done.err, "is it the right file?")
    has(done.out, "1 exchange with a 407")
    packed = gzip.compress(json.dumps(record()).encode() + b"\n")
    (HOME / "packed.gz").write_bytes(packed)
    done = report(str(HOME / "packed.gz"))
    equal((done.status, done.out), (2, ""), "gzip")
    has(done.err, f"{HOME}/packed.gz is compressed: zcat {HOME}/packed.gz | "
        "auth407 report -\n")
    done = report("-", data=packed)
    equal(done.status, 2, "gzip on standard input")
    has(done.err, "is compressed: zcat FILE | auth407 report -\n")
    done = report(log("none.jsonl"), data=b"")
    equal((done.status, done.err), (0, ""), "an empty file")
    done = report("/nonexistent/log", "--format", "json")
    equal((done.status, done.out), (2, ""), "nothing to read")
    done = report()
    equal(done.status, 0, "no log yet")
    has(done.err, "try `auth407 observe -- COMMAND`")


@test
def newer_lines():
    """lines of a newer auth407, and of an unknown event, are said to be that"""
    def of(schema, name, **more):
        return record(schema=schema, event__name=name, **more)
    new = of(2, "proxy.authentication")
    event = of(1, "auth407.something")
    done = report(log("newer.jsonl", record(), new, new, event))
    equal(done.status, 1, "some are good")
    equal(done.err, "auth407: warning: 2 lines are of a newer version of "
          "auth407\nauth407: warning: 1 line is of a kind that this version "
          "does not know\n")
    has(done.out, "\n2 lines are of a newer version of auth407\n"
        "1 line is of a kind that this version does not know\n")
    file = log("newer.jsonl", new)
    done = report(file)
    equal((done.status, done.out, done.err),
          (2, "", f"auth407: {file} is of a newer version of auth407\n"))
    done = report(log("newer.jsonl", event))
    equal(done.status, 0, "of this schema, with nothing to count")
    has(done.err, "1 line is of a kind that this version does not know")


@test
def statuses():
    """exit status: 0 nothing unresolved, 1 something, 2 trouble"""
    cases = ((0, []), (0, [record(**GOOD)]),
             (1, [record(**GOOD), record()]),
             (1, [record(outcome="not_retried")]),
             (1, [record(outcome="unresolved")]),
             (0, [record(final__status_code=200)]),  # the client did it itself
             # broken off: no status, or none that there is
             (1, [record(cause="protocol_error", final__status_code=None,
                         http__response__status_code=None)]),
             (1, [record(cause="protocol_error", outcome="unresolved",
                         final__status_code=99999,
                         http__response__status_code=99999)]),
             (0, [record(outcome="observed", cause="none",
                         http__response__status_code=200,
                         final__status_code=200)]))
    for status, records in cases:
        for form in ("text", "json", "csv"):
            done = report("--format", form, log("status.jsonl", *records))
            equal((done.status, done.err), (status, ""), records)
    bad = log("bad.jsonl", record())
    equal(report("--outcome", "resolved", bad).status, 0, "filtered")
    done = report(bad, str(HOME / "missing"))
    equal(done.status, 2, "a file is missing")
    has(done.err, "can't read")
    has(done.out, "1 exchange with a 407")
    equal(report(str(HOME)).status, 2, "a folder")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([AUTH407, "report", bad], env=environment(),
                              stdout=full, stderr=subprocess.PIPE, check=False)
    equal(done.returncode, 2, "a full disk")
    has(done.stderr, b"can't write")


@test
def usage():
    """mistakes in the options are named, with status 2 and a suggestion"""
    for args, text in (
            (("--sinse", "1h"), "did you mean `--since`?"),
            (("--since",), "`--since` needs a value: --since TIME"),
            (("--since", "soon"), "`--since soon` is no time"),
            (("--until", "2h", "--since", "1h"), "before `--since`"),
            (("--format", "xml"), "`--format xml`"),
            (("--format", "jsn"), "write text, json, csv or html"),
            (("--color", "maybe"), "`--color maybe`"),
            (("--cause", "droped_by_client"), "`dropped_by_client`?"),
            (("--outcome", "fine"), "`--outcome fine`"),
            (("--top", "0"), "`--top 0`"), (("--top", "1x"), "`--top 1x`"),
            (("--top", "-1"), "`--top -1`"),
            (("--all=1",), "`--all` takes no value"),
            (("-x",), "unknown option `-x`"), (("-ax",), "`-x`"),
            (("--follow", "--format", "csv"), "--follow"),
            (("--binary", "x") * 65, "more than 64 patterns")):
        done = report(*args, data=b"")
        equal((done.status, done.out), (2, ""), args)
        has(done.err, text)
        has(done.err, "try `auth407 report --help`")
    done = report("--cause", "a_new_thing", "--format", "json", log(
        "new-cause.jsonl", record(cause="a_new_thing"), record()))
    equal((done.status, done.json()["all"]["total"], done.err), (
        1, 1, "auth407: warning: `--cause a_new_thing` is unknown to this "
        "version\n"), "a code of a later version")
    done = report("--cause", "future_*", data=b"")
    equal((done.status, done.err), (0, done.err), "a pattern may fit nothing")


@test
def sources():
    """several files, standard input by "-" or as a pipe or file, the default
    log with its kept generation, AUTH407_LOG"""
    one = log("one.jsonl", record())
    two = log("two.jsonl", record(), record())
    data = json.dumps(record()).encode() + b"\n"
    equal(total(one, two), 3, "two files")
    equal(total("-", one, data=data), 2, "stdin among files")
    equal(total(data=data), 1, "a pipe")
    with open(two, "rb") as f:
        done = subprocess.run(
            [AUTH407, "report", "--format", "json"], stdin=f, check=False,
            stdout=subprocess.PIPE, env=environment())
    equal(json.loads(done.stdout)["all"]["total"], 2, "a file as stdin")
    done = report()
    equal(done.status, 0, "no log yet")
    has(done.err, "state/auth407/407.jsonl is not there: no program has met")
    os.makedirs(HOME / "state/auth407")
    log("state/auth407/407.jsonl", record(timestamp=at(2)))
    equal(total(), 1, "the default log")
    done = report("--format", "json", data=b"")
    equal((done.status, done.json()["all"]["total"], done.err),
          (0, 0, "auth407: standard input is empty, and the log was not read; "
           "`auth407 report </dev/null` reads it\n"),
          "grep found nothing")
    with open(log("empty-stdin.jsonl"), "rb") as f:
        done = subprocess.run([AUTH407, "report"], stdin=f, check=False,
                              capture_output=True, env=environment())
    has(done.stdout, b"1 exchange with a 407")
    log("state/auth407/407.jsonl.1", record(timestamp=at(1)), record())
    data = report("--format", "json").json()
    equal((data["all"]["total"], data["input"]["files"]), (3, 2), "with .1")
    (HOME / "state/auth407/lost").write_bytes(b"xxxx")
    has(report().out, "4 lines could not be written by the programs")
    equal(total(env={"AUTH407_LOG": one}), 1, "AUTH407_LOG")
    done = report(env={"AUTH407_LOG": one + "/x"})
    equal((done.status, done.out, done.err),
          (2, "", f"auth407: can't read {one}/x: Not a directory\n"), "no way")
    has(report(env={"AUTH407_LOG": "none"}).err, "no log is kept (AUTH407_LOG ")
    for word in ("stderr", "syslog", "journald", "syslog://127.0.0.1"):
        done = report(env={"AUTH407_LOG": word})
        equal(done.status, 2, word)
        has(done.err, f"the log goes to {word}, not to a file: name a file")


@test
def idle():
    """who waits for an idle pipe is told what for"""
    child = subprocess.Popen(
        [AUTH407, "report", "--format", "json"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    check(select.select([child.stderr], [], [], 20)[0], "it says nothing")
    out, err = child.communicate(json.dumps(record()).encode() + b"\n", 20)
    equal((json.loads(out)["all"]["total"], err),
          (1, b"auth407: reading standard input\n"))
    # nobody need be waited for where there is a log
    (HOME / "state/auth407").mkdir(parents=True)
    log("state/auth407/407.jsonl", record(), record())
    child = subprocess.Popen(
        [AUTH407, "report", "--format", "json"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    out = child.stdout.read()
    equal((json.loads(out)["all"]["total"], child.stderr.read()),
          (2, b"auth407: nothing comes on standard input; this is on the "
              b"log\n"))
    child.communicate(timeout=20)


@test
def torn():
    """torn lines, other JSON and problems are counted; a record behind the
    torn one in the same line is read"""
    text = json.dumps(record(), separators=(",", ":"))
    file = log("torn.jsonl", text, text[:300], text[300:], "", "\r",
               text[:500] + text, "Nov 21 12:00:00 host auth407: " + text,
               b"\xff\xfe\x00", b"x" * (2 << 20), text, "[1,2]", "17",
               '{"message":"no event"}', '{"schema":1}',
               text.replace('"schema":1', '"schema":2'))
    with open(file, "ab") as f:
        f.write(text[:100].encode())  # without a line end
    got = report("--format", "json", file).json()
    equal(got["all"]["total"], 4, "records")
    equal({k: got["input"][k] for k in ("lines", "torn", "foreign")},
          {"lines": 14, "torn": 8, "foreign": 3}, "input")
    text = report(file).out
    has(text, "8 lines are torn, or no JSON\n")
    has(text, "2 lines are JSON, but none of auth407's\n")
    has(text, "1 line is of a newer version of auth407\n")


@test
def tolerance():
    """keys that are not known are passed over, whatever is in them"""
    more = record()
    more["new"] = {"deep": [[{"timestamp": "x", "cause": "y"}]], "n": 1e99}
    more["proxy"]["status"] = [{"name": "p", "error": None}]
    more["process"]["executable"]["hash"] = "ab" * 5000
    more["attempts"] = [{"detail": [1]}] * 40
    done = report("--format", "json", log("new.jsonl", more))
    data = done.json()
    equal((data["all"]["total"], data["input"]["foreign"]), (1, 0))
    equal(data["findings"][0]["cause"], "dropped_by_client")


@test
def library_lines():
    """lines as the library's own code writes them are all understood"""
    data = subprocess.run([LINES, "500"], stdout=subprocess.PIPE,
                          check=True).stdout
    got = report("--format", "json", data=data).json()
    equal({k: got["input"][k] for k in ("lines", "torn", "foreign")},
          {"lines": 500, "torn": 0, "foreign": 0})
    equal(got["all"]["total"], 500)
    lines = [json.loads(x) for x in data.splitlines()]
    for outcome, n in got["all"]["outcomes"].items():
        equal(n, sum(x["outcome"] == outcome for x in lines), outcome)
    for row in got["tables"]["cause"]["rows"]:
        mine = [x for x in lines if x["cause"] == row["key"]]
        equal((row["total"], row["first_seen"], row["last_seen"]),
              (len(mine), mine[0]["timestamp"][:19] + "Z",
               mine[-1]["timestamp"][:19] + "Z"), row["key"])


@test
def filters():
    """--since, --until, --binary, --proxy, --cause, --outcome, together and
    repeated"""
    file = log("filters.jsonl",
               *[record(timestamp=at(h), **GOOD) for h in range(24)],
               record("/usr/bin/python3", ["python3", "-m", "pip", "list"],
                      timestamp=at(1, day=20)),
               record("/usr/bin/curl", proxy__address="::1",
                      cause="rejected", timestamp=at(23, 30, 19)),
               record("/opt/app[1]/tool", timestamp=at(1, day=18)),
               record("/usr/bin/python3", ["python3", "/x/tool[1].sh"],
                      timestamp=at(1, day=18)))
    for args, n in (
            ((), 28), (("--since", "2026-11-21"), 24),
            (("--until", "2026-11-20"), 4), (("--until", "2026-11-19"), 3),
            (("--since", "2026-11-20", "--until", "2026-11-20"), 1),
            (("--since", "2026-11-21T10:00:00Z"), 14),
            (("--since", "2026-11-21 10:00", "--until", "2026-11-21 12:00"),
             3),
            (("--until=2026-11-20T00:59:59Z",), 3),
            (("--binary", "wget"), 24), (("--binary", "pip"), 1),
            (("--binary", "/usr/bin/*"), 27),
            (("--binary", "curl", "--binary", "*(pip)"), 2),
            (("--proxy", "[[]::1]:3128"), 1), (("--proxy", "[::1]:3128"), 1),
            (("--proxy", "::1"), 1), (("--binary", "/opt/app[1]/tool"), 1),
            (("--binary", "tool[1].sh"), 1),
            (("--binary", "/usr/bin/python3 (tool[1].sh)"), 1), (("--proxy", "*.test"), 27),
            (("--cause", "rejected"), 1), (("--cause", "*e*"), 28),
            (("--outcome", "resolved"), 24),
            (("--outcome", "res*", "--cause", "rejected"), 0),
            (("--outcome", "resolved", "--since", "2026-11-21 20:00",
              "--binary", "wget", "--proxy", "proxy.test:3128"), 4)):
        data = report("--format", "json", *args, file).json()
        equal((data["all"]["total"], data["input"]["filtered"]), (n, 28 - n),
              args)
    lost = log("lost.jsonl", record(records_lost=3, timestamp=at(1)),
               record(records_lost=4, timestamp=at(3)))
    for args, n in (((), 7), (("--since", "2026-11-21 02:00"), 4),
                    (("--until", "2026-11-21 02:00", "--cause", "x*"), 3)):
        equal(report("--format", "json", *args, lost).json()["input"]["lost"],
              n, args)
    has(report("--since", "2026-11-21", "--cause", "rejected", file).out,
        "shown: since 2026-11-21 00:00:00, cause rejected")
    has(report("--cause", "rejected", file).out,
        "27 407s are left out by these filters")
    done = report("--binary", "curl", "--cause", "none", file)
    equal((done.status, done.err), (
        0, "auth407: the filters left out all 407s (28)\n"), "nothing left")
    equal(report("--binary", "curl", file).err, "", "something left")
    zone = {"TZ": "America/New_York" if os.path.exists(
        "/usr/share/zoneinfo/America/New_York") else "EST5EDT"}
    equal(total("--since", "2026-11-21", file, env=zone), 19, "local time")
    has(report(file, env=zone).out, "to 2026-11-21 18:00:00, local time")


def own_memory(path, *options):
    """The most KiB that a report is seen to have of its own (of its files and
    libraries it has as much as the kernel has room for), until its output
    waits to go; and that output."""
    child = subprocess.Popen(
        [AUTH407, "report", "--format", "json", *options, path],
        stdout=subprocess.PIPE, env=environment())
    fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, 4096)
    most, waits = 0, False
    while not waits:
        waits = select.select([child.stdout], [], [], 0.002)[0]
        with open(f"/proc/{child.pid}/status", encoding="ascii") as f:
            size = re.search(r"RssAnon:\s+(\d+) kB", f.read())
        most = max(most, int(size.group(1)) if size else 0)
    out = child.stdout.read()
    child.wait()
    return most, json.loads(out)


@test
def memory():
    """memory does not grow with the lines, nor with what is new in each"""
    if any(x in BUILD.name for x in ("asan", "tsan", "valgrind")):
        raise Skip("an instrumented build has a memory of its own")
    for kind in ([], ["distinct"]):
        sizes = []
        for lines in (15000, 50000):
            file = HOME / "generated.jsonl"
            with open(file, "wb") as f:
                subprocess.run([LINES, str(lines), *kind], stdout=f,
                               check=True)
            size, data = own_memory(file)
            sizes.append(size)
            equal(data["all"]["total"], lines, "lines")
            file.unlink()
        print(f"# {kind}: {sizes} KiB")
        check(sizes[1] < sizes[0] * 1.05 + 64, f"{kind}: {sizes} KiB")
    for name in ("binary", "module", "proxy", "user"):
        table = data["tables"][name]
        equal(len(table["rows"]), 2000, name)
        equal(table["others"]["total"], 48000, name)
    equal((len(data["findings"]), data["findings_beyond_limit"]),
          (4000, 46000))


@test
def limits_said():
    """what the limits leave out is said in the text"""
    data = subprocess.run([LINES, "4500", "distinct"], stdout=subprocess.PIPE,
                          check=True).stdout
    text = report(data=data).out
    has(" ".join(text.split()), "500 more 407s are not in these lists, which "
        "keep 4000 combinations, dropped headers before others")
    check(re.search(r"^  \(others, beyond.* 2500 ", text, re.M), "others")


@test
def dropped_has_room():
    """who dropped the header is told, whatever filled the lists before; what
    is beyond them is said and adds up"""
    file = log("full.jsonl", *[
        record(f"/bin/n{n}", cause="no_credential", timestamp=at(n % 24))
        for n in range(4000) for _ in range(1 + (n < 10))], *[
            record(f"/bin/d{n}") for n in range(500)],
        record("/bin/n4001", cause="no_credential"))
    data = report("--format", "json", file).json()
    found = data["findings"]
    equal([len([f for f in found if f["group"] == g])
           for g in ("dropped", "never_sent", "other")], [500, 3500, 0])
    equal(data["findings_beyond_limit"], 501)
    check({f"/bin/n{n}" for n in range(10)} <= {f["binary"] for f in found},
          "the most frequent stay")
    text = report(file).out
    check(re.search(r"\nDropped the header\n\n.*\n  /bin/d", text), text)
    rows = [r for r in csv.DictReader(io.StringIO(
        report("--format", "csv", file).out)) if r["table"] == "finding"]
    equal(sum(int(r["total"]) for r in rows), data["all"]["total"], "CSV")
    equal((rows[-1]["key"], rows[-1]["total"]), ("(others)", "501"))
