# SPDX-License-Identifier: MIT
"""`auth407 report --follow`: lines as they come, files that move, the end."""

import json
import os
import select
import signal
import subprocess
import time

from common import (AUTH407, HOME, at, check, environment, equal, has, lacks,
                    log, record, test)

LIMIT = 20


class Follower:
    """auth407 report --follow; `lines` waits for what it prints."""

    def __init__(self, *args, stdin=subprocess.DEVNULL):
        self.child = subprocess.Popen(
            [AUTH407, "report", "--follow", *args], stdin=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment())
        self.text = b""

    def wait_for(self, part):
        end = time.monotonic() + LIMIT
        while part.encode() not in self.text:
            left = end - time.monotonic()
            check(left > 0, f"{part!r} never came: {self.text!r}")
            if select.select([self.child.stdout], [], [], left)[0]:
                got = os.read(self.child.stdout.fileno(), 65536)
                check(got, f"it ended before {part!r}: {self.text!r}")
                self.text += got

    def end(self, number=signal.SIGINT):
        """Status and everything that was printed."""
        if number:
            self.child.send_signal(number)
        out, err = self.child.communicate(timeout=LIMIT)
        return (self.child.returncode, (self.text + out).decode(),
                err.decode())


def add(file, *records):
    """As the library does: open, one write, close."""
    for r in records:
        fd = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(fd, json.dumps(r).encode() + b"\n")
        os.close(fd)


def started(file, **more):
    """A follower that is known to be reading."""
    f = Follower(*more.pop("args", ()), file, **more)
    for n in range(100):
        add(file, record(f"/bin/start{n}"))
        if select.select([f.child.stdout], [], [], 0.3)[0]:
            return f
    raise AssertionError("nothing came")


@test
def live():
    """--follow prints what is added, and nothing that was there before"""
    file = log("live.jsonl", record("/bin/old"))
    f = started(file)
    add(file, record("/bin/first", timestamp=at(14, 3)),
        record("/bin/second", outcome="resolved", final__status_code=200))
    f.wait_for("/bin/second")
    status, out, err = f.end()
    equal((status, err), (1, ""), "status")
    has(out, "2026-11-21 14:03:00 observed    dropped_by_client, /bin/first in "
             "libx.so.1 at proxy.test:3128: GET http://a.test/, 407\n")
    lacks(out, "/bin/old")
    check(out.splitlines()[-1].endswith("still failing"), out)


@test
def live_names():
    """--follow names programs and proxies as the report does, and leaves out
    what is not known"""
    file = log("names.jsonl", record(
        "/usr/bin/python3", ["python3", "-m", "pip"], proxy__address="::1"),
        record("", [""], caller__module="", http__request__method="",
               url__target="", final__status_code=None))
    f = Follower("--since", "2026-01-01", file)
    f.wait_for("(unknown)")
    _, out, _ = f.end()
    equal(out.splitlines()[:2], [
        "2026-11-21 12:00:00 observed    dropped_by_client, /usr/bin/python3 "
        "(pip) in libx.so.1 at [::1]:3128: GET http://a.test/, 407",
        "2026-11-21 12:00:00 observed    dropped_by_client, (unknown) at "
        "proxy.test:3128"], "lines")


@test
def ends():
    """Ctrl-C and SIGTERM end --follow with the status of the rule"""
    for number in (signal.SIGINT, signal.SIGTERM):
        file = log("ends.jsonl")
        f = Follower("--since", "2026-01-01", file)
        add(file, record(outcome="resolved", final__status_code=200))
        f.wait_for("resolved")
        status, out, err = f.end(number)
        equal((status, err), (0, ""), number)
        has(out, "1 exchange with a 407, 0 still failing\n")


@test
def since():
    """--follow --since reads what is there first; filters apply"""
    file = log("since.jsonl", record("/bin/early", timestamp=at(1)),
               record("/bin/late", timestamp=at(9)))
    f = Follower("--since", "2026-11-21 05:00", "--binary", "l*", file)
    f.wait_for("/bin/late")
    add(file, record("/bin/x"), record("/bin/later"))
    f.wait_for("/bin/later")
    _, out, _ = f.end()
    lacks(out, "/bin/early")
    lacks(out, "/bin/x ")


@test
def rotation():
    """--follow loses no line when files are renamed, removed or truncated"""
    file = str(HOME / "rotated.jsonl")
    f = Follower(file)
    time.sleep(0.5)  # it waits for a file that is not there yet
    for n in range(50):
        add(file, record(f"/bin/a{n}."))
        time.sleep(0.03)  # a file lives longer than a look takes
        if n % 10 == 9:
            os.rename(file, file + ".1")
            # a program that had it open writes its line now
            with open(file + ".1", "ab") as old:
                old.write(json.dumps(record(f"/bin/b{n}.")).encode() + b"\n")
            add(file, record(f"/bin/c{n}."))
            time.sleep(0.7)  # a new file stays for a while
    f.wait_for("/bin/a49.")
    f.wait_for("/bin/b49.")
    add(file, record("/bin/c."))
    f.wait_for("/bin/c.")
    os.truncate(file, 0)
    time.sleep(0.6)
    add(file, record("/bin/d."))
    f.wait_for("/bin/d.")
    os.unlink(file)
    time.sleep(0.6)
    add(file, record("/bin/e."))
    f.wait_for("/bin/e.")
    status, out, err = f.end()
    equal(status, 1, err)
    for name in [f"/bin/a{n}." for n in range(50)] + [
            f"/bin/{x}{n}." for x in "bc" for n in range(9, 50, 10)]:
        equal(out.count(name + " "), 1, name)


@test
def pieces():
    """--follow waits for the end of a line, and reads several files"""
    one, two = log("piece1.jsonl"), log("piece2.jsonl")
    f = Follower("--since", "2026-01-01", one, two)
    text = json.dumps(record("/bin/whole")).encode() + b"\n"
    with open(one, "ab", buffering=0) as out:
        for n in range(0, len(text), 100):
            out.write(text[n:n + 100])
            time.sleep(0.03)
    add(two, record("/bin/other"))
    f.wait_for("/bin/whole")
    f.wait_for("/bin/other")
    _, out, _ = f.end()
    equal(out.count("/bin/"), 2, out)


@test
def rewritten():
    """--follow notices a file that was truncated and has grown again between
    two looks"""
    file = log("rewritten.jsonl")
    f = started(file)
    for n in range(5):
        lines = [record(f"/bin/{n}-{k}.", timestamp=at(n, k))
                 for k in range(8 + 2 * n)]
        with open(file, "r+b") as out:  # as copytruncate and a busy program
            out.truncate(0)
            out.write(b"".join(json.dumps(r).encode() + b"\n"
                               for r in lines))
        f.wait_for(f"/bin/{n}-{len(lines) - 1}.")
        time.sleep(0.5)
    _, out, _ = f.end()
    for n in range(5):
        for k in range(8 + 2 * n):
            equal(out.count(f"/bin/{n}-{k}. "), 1, f"{n}-{k}")


@test
def fifo():
    """--follow does not wait for the writer of a FIFO, and reads what comes"""
    pipe, file = str(HOME / "follow.fifo"), log("beside.jsonl", record())
    os.mkfifo(pipe)
    f = Follower("--since", "2026-01-01", pipe, file)
    f.wait_for("/usr/bin/wget")
    for r in (record("/bin/one"), record("/bin/two")):
        with open(pipe, "wb", buffering=0) as out:
            out.write(json.dumps(r).encode() + b"\n")
        f.wait_for(r["process"]["executable"]["path"])
        time.sleep(0.5)  # nobody has it open
    status, _, err = f.end()
    equal((status, err), (1, ""))
    # a pipe of the shell's has one end
    done = subprocess.run(
        ["bash", "-c", '"$0" report --follow <(cat "$1")', AUTH407, file],
        stdin=subprocess.DEVNULL, capture_output=True, env=environment(),
        timeout=LIMIT, check=False)
    equal((done.returncode, done.stderr), (1, b""), "<(cat)")
    has(done.stdout, b"/usr/bin/wget")


@test
def newer():
    """--follow says at its end that lines were of a newer auth407"""
    file = log("follow-newer.jsonl", record(schema=2), record("/bin/old"))
    f = Follower("--since", "2026-01-01", file)
    f.wait_for("/bin/old")
    status, out, err = f.end()
    equal((status, err), (1, "auth407: warning: 1 line is of a newer version "
                             "of auth407\n"))
    lacks(out, "wget")
    f = Follower("--since", "2026-01-01", "-", stdin=subprocess.PIPE)
    f.child.stdin.write(json.dumps(record(schema=2)).encode() + b"\n")
    status, _, err = f.end(None)
    equal((status, err), (0, "auth407: warning: 1 line is of a newer version "
                             "of auth407\n"))


@test
def piped():
    """--follow without a file reads a pipe, if that is standard input"""
    done = subprocess.run(
        [AUTH407, "report", "--follow"], capture_output=True,
        input=json.dumps(record("/bin/piped")).encode() + b"\n",
        env=environment(), timeout=LIMIT, check=False)
    equal((done.returncode, done.stderr),
          (1, b"auth407: reading standard input\n"))
    has(done.stdout, b"/bin/piped in ")


@test
def unwritable():
    """--follow ends with status 2 when it can't write"""
    file = log("unwritable.jsonl", record())
    reader, writer = os.pipe()
    os.close(reader)  # Python has SIGPIPE ignored; a child keeps that
    with open("/dev/full", "wb") as full:
        for out in (full, writer):
            done = subprocess.run(
                [AUTH407, "report", "--follow", "--since", "2026-01-01", file],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE,
                env=environment(), timeout=LIMIT, check=False,
                restore_signals=False)
            equal((done.returncode, done.stderr),
                  (2, b"auth407: can't write to standard output\n"), out)
    os.close(writer)


@test
def stream():
    """--follow - ends with its input, and prints records as JSON"""
    f = Follower("--format", "json", "-", stdin=subprocess.PIPE)
    lines = [record(f"/bin/n{n}\x7f") for n in range(3)]
    for r in lines:
        f.child.stdin.write(b"host auth407: " + json.dumps(
            r, ensure_ascii=False).encode() + b"\n")
        f.child.stdin.flush()
        f.wait_for(r["process"]["executable"]["path"][:7])
    f.child.stdin.close()
    f.child.stdin = None
    status, out, _ = f.end(None)
    equal(status, 1)
    equal([json.loads(x) for x in out.splitlines()], lines, "records")
    lacks(out, "\x7f")
