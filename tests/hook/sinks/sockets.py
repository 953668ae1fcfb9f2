# SPDX-License-Identifier: MIT
"""Syslog's and journald's sockets, with receivers that look closely."""

import contextlib
import fcntl
import os
import pathlib
import re
import socket
import struct

from client import (LONG, expect, lost, now, numbers, quick, read,
                    undisturbed)
from place import received_fds

SYSLOG_MAX = 8000
JOURNAL = pathlib.Path("/run/systemd/journal/socket")
QUEUE = pathlib.Path("/proc/sys/net/unix/max_dgram_qlen")
F_GET_SEALS = 1034
ALL_SEALS = 0xf

# RFC 5424 section 6
MESSAGE = re.compile(
    rb"<(?P<pri>\d{1,3})>1 "
    rb"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) "
    rb"(?P<host>[!-~]{1,255}) auth407 (?P<pid>\d+) (?P<id>\w+) - "
    rb"@cee:(?P<json>\{.*\})", re.S)


@contextlib.contextmanager
def listening(path, kind=socket.SOCK_DGRAM):
    """A socket at a path."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX, kind) as s:
        s.bind(str(path))
        path.chmod(0o666)
        s.setblocking(False)
        try:
            yield s
        finally:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def short_queue():
    """Sockets take five datagrams that nobody has read."""
    before = QUEUE.read_text()
    QUEUE.write_text("5\n")
    try:
        yield
    finally:
        QUEUE.write_text(before)


def datagrams(s):
    """What has come, without waiting."""
    found = []
    with contextlib.suppress(BlockingIOError):
        while True:
            found.append(s.recv(1 << 20))
    return found


def judge(lab, messages, pri, kind=b"exchange"):
    """The records in messages of RFC 5424, and what is wrong with them."""
    bad, records = [], []
    for message in messages:
        m = MESSAGE.fullmatch(message)
        if not m or len(message) > SYSLOG_MAX:
            bad.append(f"{len(message)} bytes: {message[:200]!r}")
            continue
        record = lab.records(m["json"] + b"\n")[0]
        records.append(record)
        bad += expect("priority", int(m["pri"]), pri)
        bad += expect("kind", m["id"], kind)
        bad += expect("time", m["time"].decode(), record["timestamp"])
        bad += expect("host", m["host"].decode(), os.uname().nodename)
        bad += expect("pid", int(m["pid"]), record["process"]["pid"])
    return records, bad


def local(lab):
    """syslog: a datagram of RFC 5424 for each record"""
    state = lab.place.folder()
    with listening("/dev/log") as s:
        bad = lab.run("syslog", state, 5)
        records, more = judge(lab, datagrams(s), 8 + 5)
    bad += expect("requests", numbers(records, "t"), [1, 2, 3, 4, 5])
    return bad + more


def severities(lab):
    """syslog: the severity is that of the outcome; problems have their own"""
    state = lab.place.folder()
    bad = []
    with listening("/dev/log") as s:
        bad += lab.run("syslog", state, 1, AUTH407_MODE="inject")
        records, more = judge(lab, datagrams(s), 8 + 4)
        bad += more + expect("not retried", len(records), 1)
        bad += lab.run("syslog", state, 1, AUTH407_TIMEOUT="nonsense")
        problem, exchange = datagrams(s)
        records, more = judge(lab, [problem], 8 + 3, b"problem")
        bad += more
        if "AUTH407_TIMEOUT" not in records[0]["message"]:
            bad.append(records[0]["message"])
        bad += judge(lab, [exchange], 8 + 5)[1]
    return bad


def long_records(lab):
    """syslog: records of any length come whole or shortened, never cut off"""
    state = lab.place.folder()
    bad, lengths = [], []
    with listening("/dev/log") as s:
        for n in (0, 10, 25, 31, 32, 33, 34, 35, 40, 60):
            bad += lab.run("syslog", state, 1, words=["w" * 190] * n)
            message = datagrams(s)
            lengths.append(len(message[0]))
            records, more = judge(lab, message, 8 + 5)
            bad += more
            kept = len(records[0]["process"]["command_args"])
            whole = kept == min(5 + n, 64)
            if whole == ("truncated" in records[0]):
                bad.append(f"{n} words: {kept} kept, truncated: "
                           f"{records[0].get('truncated')}")
    if not lengths[0] < 2048 < SYSLOG_MAX - 200 < lengths[-1]:
        bad.append(f"lengths: {lengths}")
    return bad


def full_socket(lab):
    """syslog: a daemon that does not read is not waited for"""
    state = lab.place.folder()
    with short_queue(), listening("/dev/log") as s:
        start = now()
        bad = lab.run("syslog", state, 500)
        bad += quick(lab, start, 500, 1.5)
        records, more = judge(lab, datagrams(s), 8 + 5)
        bad += more
        if not 0 < len(records) < 30:
            bad.append(f"{len(records)} were taken")
        bad += expect("lost", lost(state), 500 - len(records))
        bad += lab.run("syslog", state, 1)
        told = [r.get("records_lost")
                for r in judge(lab, datagrams(s), 8 + 5)[0]]
        bad += expect("told", told, [500 - len(records)])
    return bad


def one_busy_run(lab):
    """200 records to a daemon with a short queue: faults, and how many were
    lost."""
    state = lab.place.folder()
    messages = []
    with listening("/dev/log") as s:
        child = lab.start("syslog", state, 200)
        while child.poll() is None:
            messages += datagrams(s)
        messages += datagrams(s)
        bad = undisturbed(lab.finish(child), 200)
    records, more = judge(lab, messages, 8 + 5)
    missing = lost(state) + sum(r.get("records_lost", 0) for r in records)
    return bad + more + expect("came or counted", len(records) + missing,
                               200), missing


def busy_daemon(lab):
    """syslog: a daemon that is a little slow loses nothing"""
    with short_queue():
        # on a machine that is busy itself a few milliseconds may not do
        for _ in range(4):
            bad, missing = one_busy_run(lab)
            if bad or missing <= 50:
                return bad
    return [f"{missing} of 200 were lost, four times"]


def no_daemon(lab):
    """no daemon, or its socket is left over: nothing waits, records count"""
    state = lab.place.folder()
    bad = []
    for log in ("syslog", "journald", f"syslog:{state}/none",
                "syslog:/" + "x" * 200, f"syslog:{state}"):
        before = lost(state)
        bad += lab.run(log, state, 3)
        bad += expect(f"lost on {log}", lost(state) - before, 3)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind("/dev/log")
    bad += lab.run("syslog", state, 3)
    os.unlink("/dev/log")
    return bad + expect("lost", lost(state), 18)


def stream(lab):
    """syslog: a daemon that listens for streams gets lines"""
    state = lab.place.folder()
    with listening("/dev/log", socket.SOCK_STREAM) as s:
        s.listen(100)
        bad = lab.run("syslog", state, 5, words=LONG)
        text = b""
        for _ in range(5):
            with s.accept()[0] as one:
                while part := one.recv(1 << 16):
                    text += part
    bad += expect("the end", text[-1:], b"\n")
    records, more = judge(lab, text.split(b"\n")[:-1], 8 + 5)
    return bad + more + expect("requests", numbers(records, "t"),
                               [1, 2, 3, 4, 5])


def stream_full(lab):
    """syslog: a daemon that accepts no more connections is not waited for"""
    state = lab.place.folder()
    with listening("/dev/log", socket.SOCK_STREAM) as s:
        s.listen(3)
        start = now()
        bad = lab.run("syslog", state, 500) + quick(lab, start, 500, 1.5)
    if not 490 <= lost(state) < 500:
        bad.append(f"{lost(state)} of 500 lost")
    return bad


def udp(lab):
    """syslog://: a datagram to an address, IPv4 and IPv6"""
    state = lab.place.folder()
    bad = []
    for family, host, name in ((socket.AF_INET, "127.0.0.1", "127.0.0.1"),
                               (socket.AF_INET6, "::1", "[::1]")):
        for port, given in ((514, ""), (5140, ":5140")):
            with socket.socket(family, socket.SOCK_DGRAM) as s:
                s.bind((host, port))
                s.setblocking(False)
                bad += lab.run(f"syslog://{name}{given}", state, 3,
                               words=LONG)
                records, more = judge(lab, datagrams(s), 8 + 5)
                bad += more + expect("requests", numbers(records, "t"),
                                     [1, 2, 3])
    return bad


def udp_closed(lab):
    """syslog://: nobody listens on this machine: records count as lost"""
    state = lab.place.folder()
    bad = lab.run("syslog://127.0.0.1:5141", state, 5)
    bad += expect("lost", lost(state), 5)
    bad += lab.run("syslog://192.0.2.1:514", state, 5)  # no route
    return bad + expect("lost", lost(state), 10)


def bad_target(lab):
    """syslog:// with a name: the default file tells of it"""
    state = lab.place.folder()
    bad = lab.run("syslog://loghost.example", state, 1)
    log = state / "auth407/407.jsonl"
    first = lab.records(log.read_bytes())[0]
    bad += expect("kind", first["event"]["name"], "auth407.problem")
    if "AUTH407_LOG" not in first["message"]:
        bad.append(first["message"])
    return bad


# ---- journald ----

def entry(text):
    """The fields of the journal's native protocol."""
    fields, at = {}, 0
    while at < len(text):
        end = text.index(b"\n", at)
        name, equals, value = text[at:end].partition(b"=")
        at = end + 1
        if not equals:
            (n,) = struct.unpack_from("<Q", text, at)
            value = text[at + 8:at + 8 + n]
            at += 8 + n + 1
            if text[at - 1:at] != b"\n" or b"\n" not in value:
                raise RuntimeError(f"field {name} is not well formed")
        fields[name.decode()] = value
    return fields


def journal_fields(lab):
    """journald: fields of the native protocol, with the record in one"""
    state = lab.place.folder()
    name = state / "with\nline end"
    name.write_bytes(lab.burst.read_bytes())
    name.chmod(0o755)
    with listening(JOURNAL) as s:
        bad = lab.run("journald", state, 1, program=name)
        (text,) = datagrams(s)
    fields = entry(text)
    record = read(fields.pop("AUTH407_RECORD"))
    message = fields.pop("MESSAGE").decode()
    proxy = f"127.0.0.1:{lab.proxy.port}"
    module = record["caller"]["module"]
    if not lab.options.preload:  # a sanitizer's functions come in between
        bad += expect("module", module, "with\nline end")
    bad += expect("fields", fields, {
        "SYSLOG_IDENTIFIER": b"auth407", "PRIORITY": b"5",
        "AUTH407_OUTCOME": b"observed",
        "AUTH407_CAUSE": record["cause"].encode(),
        "AUTH407_PROXY": proxy.encode(), "AUTH407_STATUS": b"407",
        "AUTH407_FINAL_STATUS": b"407",
        "AUTH407_EXECUTABLE": str(name).encode(),
        "AUTH407_MODULE": module.encode(),
        "AUTH407_TARGET": b"http://origin.test/t/1"})
    wanted = (f"with?line end: 407 from {proxy} to GET "
              "http://origin.test/t/1: observed")
    if not message.startswith(wanted):
        bad.append(f"message: {message!r}, not {wanted!r}")
    return bad + expect("target", record["url"]["target"],
                        "http://origin.test/t/1")


def journal_problem(lab):
    """journald: a problem of ours is an entry as well"""
    state = lab.place.folder()
    with listening(JOURNAL) as s:
        bad = lab.run("journald", state, 1, AUTH407_TIMEOUT="nonsense")
        problem = entry(datagrams(s)[0])
    record = read(problem["AUTH407_RECORD"])
    bad += expect("message", problem["MESSAGE"].decode(), record["message"])
    return bad + expect("priority", problem["PRIORITY"], b"3")


def journal_memory(lab):
    """journald: what is too large for a datagram goes in a sealed file"""
    state = lab.place.folder()
    shim = lab.programs / "small_buffer.so"
    with listening(JOURNAL) as s:
        done = lab.finish(lab.start("journald", state, 1, words=LONG,
                                    preload=[shim]))
        bad = undisturbed(done, 1)
        text, control, flags, _ = s.recvmsg(1 << 20, 1024)
    fds = received_fds(control)
    bad += expect("datagram", (text, flags & socket.MSG_CTRUNC, len(fds)),
                  (b"", 0, 1))
    for fd in fds:
        bad += expect("seals", fcntl.fcntl(fd, F_GET_SEALS), ALL_SEALS)
        with open(fd, "rb") as file:
            file.seek(0)
            fields = entry(file.read())
        record = read(fields["AUTH407_RECORD"])
        bad += expect("words", len(record["process"]["command_args"]), 45)
    return bad + expect("lost", lost(state), 0)


def journal_full(lab):
    """journald: a full socket is not waited for"""
    state = lab.place.folder()
    with short_queue(), listening(JOURNAL) as s:
        start = now()
        bad = lab.run("journald", state, 500) + quick(lab, start, 500, 1.5)
        taken = len(datagrams(s))
    return bad + expect("taken and lost", taken + lost(state), 500)


TESTS = [local, severities, long_records, full_socket, busy_daemon, no_daemon,
         stream, stream_full, udp, udp_closed, bad_target, journal_fields,
         journal_problem, journal_memory, journal_full]
