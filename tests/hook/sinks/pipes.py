# SPDX-License-Identifier: MIT
"""FIFOs and standard error: whatever is on the other side."""

import contextlib
import fcntl
import os
import socket
import termios
import tty

from client import (LONG, PIPE_BUF, drain, expect, lost, now, numbers,
                    undisturbed)
from place import NOBODY, PYTHON

F_SETPIPE_SZ = 1031


def fifo(lab):
    state = lab.place.folder()
    path = state / "fifo"
    os.mkfifo(path)
    return state, path


@contextlib.contextmanager
def reading(path):
    """A FIFO's reader, which does not read by itself."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def small_pipe():
    ends = os.pipe()
    try:
        fcntl.fcntl(ends[1], F_SETPIPE_SZ, 16384)
        yield ends
    finally:
        for fd in ends:
            os.close(fd)


def some_of_60(lab, state, fd):
    """What is wrong, after 60 records, where there is room for 16 KiB."""
    records = lab.records(drain(fd))
    bad = expect("lost", lost(state), 60 - len(records))
    if not 3 < len(records) < 20:
        bad.append(f"{len(records)} records in 16 KiB")
    return bad


def without_reader(lab):
    """a FIFO without a reader: nothing waits, records count as lost"""
    state, path = fifo(lab)
    return lab.run(path, state, 5) + expect("lost", lost(state), 5)


def with_reader(lab):
    """a FIFO with a reader: every record arrives"""
    state, path = fifo(lab)
    with reading(path) as fd:
        bad = lab.run(path, state, 10)
        bad += expect("requests", numbers(lab.records(drain(fd)), "t"),
                      list(range(1, 11)))
    return bad + expect("lost", lost(state), 0)


def full(lab):
    """a full FIFO: nothing waits, lines are whole, and the next one tells"""
    state, path = fifo(lab)
    with reading(path) as fd:
        fcntl.fcntl(fd, F_SETPIPE_SZ, 16384)
        bad = lab.run(path, state, 60) + some_of_60(lab, state, fd)
        missing = lost(state)
        bad += lab.run(path, state, 1)
        told = [r.get("records_lost") for r in lab.records(drain(fd))]
        bad += expect("told", told, [missing])
    return bad


def reader_gone(lab):
    """a reader that goes away in the middle: no SIGPIPE for the program"""
    state, path = fifo(lab)
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    child = lab.start(path, state, 2000)
    os.set_blocking(fd, True)
    os.read(fd, 1000)
    os.close(fd)
    bad = undisturbed(lab.finish(child), 2000)
    if lost(state) == 0:
        bad.append("it came too late: nothing was lost")
    return bad


def long_records(lab):
    """long records go into a FIFO at once, shortened, and do not mix"""
    state, path = fifo(lab)
    text = b""
    with reading(path) as fd:
        children = [lab.start(path, state, 50, tag=f"p{i}", words=LONG)
                    for i in range(4)]
        while any(c.poll() is None for c in children):
            text += drain(fd)
        text += drain(fd)
        bad = [b for c in children for b in undisturbed(lab.finish(c), 50)]
    for line in text.splitlines(keepends=True):
        if not PIPE_BUF - 300 < len(line) <= PIPE_BUF:
            bad.append(f"a line of {len(line)} bytes")
    records = lab.records(text)
    bad += expect("written and lost", len(records) + lost(state) +
                  sum(r.get("records_lost", 0) for r in records), 200)
    for record in records[:1] + records[-1:]:
        bad += expect("truncated", record.get("truncated"),
                      ["process.command_args"])
        bad += expect("its first word",
                      record["process"]["command_args"][:1],
                      [str(lab.burst)])
    return bad


# ---- standard error ----

def error_file(lab):
    """standard error in a file: the program's own lines stay where they are"""
    state = lab.place.folder()
    path = state / "both"
    with open(path, "wb") as both:
        done = lab.finish(lab.start("stderr", state, 5, stdout=both,
                                    stderr=both))
    text = path.read_bytes()
    bad = expect("status", done.code, 0)
    bad += expect("records", text.count(b'"event"'), 5)
    bad += expect("the last line", text.splitlines()[-1],
                  b"5 refused, 0 other")
    lab.records(b"".join(text.splitlines(keepends=True)[:-1]))
    return bad


def error_full_disk(lab):
    """standard error in a file on a full disk: what is written next follows
    the last whole line"""
    state = lab.place.folder()
    path = lab.place.tmpfs("16k") / "both"
    with open(path, "wb", buffering=0) as both:
        bad = undisturbed(lab.finish(lab.start("stderr", state, 60,
                                               stderr=both)), 60)
        bad += expect("the offset", both.tell(), path.stat().st_size)
    records = lab.records(path.read_bytes())
    return bad + expect("written and lost", len(records) + lost(state), 60)


def unread_pipe(lab, **more):
    state = lab.place.folder(0o777)
    with small_pipe() as (reader, writer):
        done = lab.finish(lab.start("stderr", state, 60, stderr=writer, **more))
        return undisturbed(done, 60) + some_of_60(lab, state, reader)


def error_pipe(lab):
    """standard error in a pipe that nobody reads: the program goes on"""
    return unread_pipe(lab)


def error_broken(lab):
    """standard error in a broken pipe, closed, or read-only: nothing happens"""
    state = lab.place.folder()
    reader, writer = os.pipe()
    os.close(reader)
    bad = undisturbed(lab.finish(lab.start("stderr", state, 3,
                                           stderr=writer)), 3)
    os.close(writer)
    bad += expect("lost in the pipe", lost(state), 3)
    for how in ("2>&-", "2</dev/null", "2>/dev/full"):
        before = lost(state)
        bad += lab.run("stderr", state, 3,
                       wrap=("sh", "-c", f'exec "$@" {how}', "sh"))
        bad += expect(f"lost with {how}", lost(state) - before, 3)
    return bad


def error_socket(lab):
    """standard error is a socket, as of a service: full, it does not block"""
    state = lab.place.folder()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        done = lab.finish(lab.start("stderr", state, 60, words=LONG,
                                    stderr=theirs))
        bad = undisturbed(done, 60)
        records = lab.records(drain(ours.fileno()))
    if not records:
        bad.append("nothing came")
    return bad + expect("written and lost", len(records) + lost(state), 60)


def error_terminal(lab):
    """standard error is a terminal: a record stands there whole; nobody waits
    for one that is stopped, or that nobody looks at"""
    state = lab.place.folder()
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    try:
        child = lab.start("stderr", state, 1, words=LONG, stderr=theirs)
        text = b""
        while child.poll() is None:
            text += drain(ours)
        text += drain(ours)
        bad = undisturbed(lab.finish(child), 1)
        bad += expect("records", numbers(lab.records(text), "t"), [1])
        termios.tcflow(theirs, termios.TCOOFF)
        bad += undisturbed(lab.finish(lab.start("stderr", state, 3,
                                                stderr=theirs)), 3)
        bad += expect("lost", lost(state), 3)
        termios.tcflow(theirs, termios.TCOON)
        bad += undisturbed(lab.finish(lab.start("stderr", state, 60,
                                                stderr=theirs)), 60)
        if lost(state) < 20:
            bad.append(f"only {lost(state)} lost")
    finally:
        os.close(ours)
        os.close(theirs)
    return bad


def error_in_background(lab):
    """standard error is a terminal that stops jobs in the background which
    write to it: the program is not stopped"""
    state = lab.place.folder()
    ours, theirs = os.openpty()
    job = ("import fcntl, os, sys, termios, time\n"
           "fcntl.ioctl(2, termios.TIOCSCTTY, 0)\n"
           "mode = termios.tcgetattr(2)\n"
           "mode[3] |= termios.TOSTOP\n"
           "termios.tcsetattr(2, termios.TCSANOW, mode)\n"
           "child = os.fork()\n"
           "if child == 0:\n"
           "    os.setpgid(0, 0)\n"
           "    os.execvp(sys.argv[1], sys.argv[1:])\n"
           "status = os.waitpid(child, os.WUNTRACED)[1]\n"
           "if os.WIFSTOPPED(status):\n"
           "    os.kill(child, 9)\n"
           "    print('stopped')\n")
    try:
        child = lab.start("stderr", state, 1, stderr=theirs,
                          wrap=(PYTHON, "-c", job))
        done = lab.finish(child)
        bad = undisturbed(done, 1)
        bad += expect("records", drain(ours).count(b'"event"'), 1)
    finally:
        os.close(ours)
        os.close(theirs)
    return bad


def error_of_another(lab):
    """standard error is another user's pipe: nothing waits there either"""
    return unread_pipe(lab, wrap=NOBODY)


def connection_as_error(lab):
    """the connection to the proxy is no place for a record"""
    state = lab.place.folder()
    start = now()
    # the program's first socket becomes descriptor 2
    bad = lab.run("stderr", state, 3,
                  wrap=("sh", "-c", 'exec "$@" 2>&-', "sh"))
    bad += expect("lost", lost(state), 3)
    seen = [r for r in lab.proxy.requests() if r.method not in ("GET",)]
    if now() - start > 10:
        bad.append("it took too long")
    return bad + expect("what the proxy saw", seen, [])


def another_file_as_error(lab):
    """a file that the program has opened at 2 is no place for a record; what
    was there at its start is, when it is back"""
    state = lab.place.folder()
    data = state / "data"
    both = state / "both"
    with open(both, "wb") as err:
        bad = expect("answers", lab.finish(lab.start(
            "stderr", state, 4, stderr=err, BURST_ERROR=data)).out,
                     "4 refused, 0 other\n")
    bad += expect("its file", data.read_bytes(), b"")
    bad += expect("its standard error",
                  numbers(lab.records(both.read_bytes()), "t"), [2, 4])
    # the last one that was lost has been told of
    bad += expect("lost", lost(state), 0)
    for how in ("2>&-", "2>/dev/null"):
        before = lost(state)
        bad += lab.run("stderr", state, 1, BURST_ERROR=data,
                       wrap=("sh", "-c", f'exec "$@" {how}', "sh"))
        bad += expect(f"its file, with {how}", data.read_bytes(), b"")
        bad += expect(f"lost with {how}", lost(state) - before, 1)
    return bad


TESTS = [without_reader, with_reader, full, reader_gone, long_records,
         error_file, error_full_disk, error_pipe, error_broken, error_socket,
         error_terminal, error_in_background, error_of_another,
         connection_as_error, another_file_as_error]
