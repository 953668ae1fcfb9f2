# SPDX-License-Identifier: MIT
"""The file sink: what it writes, what hinders it, and its size limit."""

import fcntl
import os
import stat
import time

from client import (LONG, drain, expect, lost, now, numbers, quick,
                    undisturbed)
from place import NOBODY, PIDS, mount, user, wait_for
from tap import Skip


def new_file(lab):
    """a file: made with its folders, for its owner alone; lines are added"""
    state = lab.place.folder()
    log = state / "a/b/c.jsonl"
    bad = lab.run(log, state, 3) + lab.run(log, state, 2)
    bad += expect("requests", numbers(lab.records(log.read_bytes()), "t"),
                  [1, 2, 3, 1, 2])
    bad += expect("mode", stat.S_IMODE(log.stat().st_mode), 0o600)
    bad += expect("folder's mode", stat.S_IMODE(log.parent.stat().st_mode),
                  0o700)
    return bad + expect("lost", lost(state), 0)


def relative(lab):
    """a relative path: the program's folder at first counts, not a later one"""
    state = lab.place.folder()
    elsewhere = lab.place.folder()
    bad = lab.run("log", state, 3, BURST_FOLDER=elsewhere)
    bad += expect("requests", numbers(lab.records(
        (state / "log").read_bytes()), "t"), [1, 2, 3])
    return bad + expect("elsewhere", os.listdir(elsewhere), [])


def root_in_a_users_folder(lab):
    """what root makes in a user's folder belongs to that user, and leads
    nowhere else"""
    state = lab.place.folder()
    os.chown(state, 1234, 4321)
    log = state / "auth407/407.jsonl"
    bad = lab.run(log, state, 1)
    bad += lab.run("/dev/full", state, 1)
    for path in (log.parent, log, log.parent / "lost"):
        seen = path.lstat()
        bad += expect(path.name, (seen.st_uid, seen.st_gid), (1234, 4321))
    bad += lab.run(log, state, 1, wrap=user(1234, 4321))
    bad += expect("requests", numbers(lab.records(log.read_bytes()), "t"),
                  [1, 1])
    target = lab.place.folder() / "target"
    target.touch()
    log.unlink()
    log.symlink_to(target)
    bad += lab.run(log, state, 1)
    return bad + expect("behind a link", target.read_bytes(), b"")


def nothing(lab):
    """none: no file is made"""
    state = lab.place.folder()
    bad = lab.run("none", state, 3)
    return bad + expect("files", os.listdir(state), [])


def cost(lab):
    """a record of a burst costs less than 20 system calls: of an event loop
    that meets many 407s at once, each would hold all others up"""
    def calls(log, count):
        state = lab.place.folder()
        strace = ("strace", "-f", "-c", "-U", "calls,name", "-o", state / "n")
        bad = lab.run(state / log if log != "none" else log, state, count,
                      wrap=strace)
        if bad:
            raise Skip(f"nothing can be traced here: {bad}")
        return int((state / "n").read_text().splitlines()[-1].split()[0])
    # what takes more than a burst's time is looked at anew: the least counts
    each = 20
    for _ in range(8):
        if each < 20:
            break
        each = (calls("log", 110) - calls("log", 10) -
                calls("none", 110) + calls("none", 10)) / 100
    return [] if 5 < each < 20 else [f"{each} system calls"]


def hindrances(lab):
    """what can't be written to: the program is as it was, records count"""
    state = lab.place.folder()
    folder = state / "folder"
    folder.mkdir()
    loop = state / "loop"
    loop.symlink_to(loop)
    (state / "file").touch()
    read_only = lab.place.tmpfs("64k")
    mount("-o", "remount,ro", read_only)
    paths = ["/dev/full", folder, loop, state / "file/log", read_only / "log",
             "/proc/no/such", state / ("x" * 300)]
    bad = []
    for path in paths:
        before = lost(state)
        bad += lab.run(path, state, 4)
        bad += expect(f"lost on {path}", lost(state) - before, 4)
    # the next that can be written tells, and the count begins anew
    log = state / "log"
    bad += lab.run(log, state, 2)
    told = [r.get("records_lost") for r in lab.records(log.read_bytes())]
    bad += expect("told", told, [4 * len(paths), None])
    return bad + expect("lost", lost(state), 0)


def another_user(lab):
    """another user's file: no permission is no trouble"""
    state = lab.place.folder(0o777)
    log = state / "log"
    log.touch(0o600)
    bad = lab.run(log, state, 3, wrap=NOBODY)
    bad += expect("lost", lost(state), 3)
    return bad + expect("content", log.read_bytes(), b"")


def folder_of_root(lab):
    """a file in a folder where this user may make none: a moment without it
    is waited for, a file that stays away is not"""
    state = lab.place.folder()
    home = lab.place.folder(0o777)
    log = state / "log"
    log.touch()
    log.chmod(0o666)
    child = lab.start(log, home, 3000, wrap=NOBODY)
    gaps = 0
    while child.poll() is None:
        if log.stat().st_size:
            new = state / "new"
            new.touch()
            new.chmod(0o666)
            log.rename(state / f"log.{gaps:04}")
            time.sleep(0.001)
            new.rename(log)
            gaps += 1
    bad = undisturbed(lab.finish(child), 3000)
    records = [r for p in state.glob("log*")
               for r in lab.records(p.read_bytes())]
    told = sum(r.get("records_lost", 0) for r in records)
    bad += expect("written and lost", len(records) + told + lost(home), 3000)
    # without waiting it would be a dozen or more in each of them
    if gaps < 5 or told + lost(home) > 4 * gaps:
        bad.append(f"{told + lost(home)} lost in {gaps} moments")
    log.unlink()
    start = now()
    bad += lab.run(log, home, 1000, wrap=NOBODY)
    bad += quick(lab, start, 1000, 2)
    return bad + expect("lost", lost(home) > 999, True)


def no_state(lab):
    """no place for the count: the process keeps it, and tells later"""
    state = lab.place.folder()
    fifo = state / "fifo"
    os.mkfifo(fifo)
    (state / "file").touch()
    child = lab.start(fifo, state, 5000, "early",
                      XDG_STATE_HOME=state / "file")
    # some are lost before there is a reader
    wait_for(lambda: b"/early/100 " in lab.proxy.log.read_bytes())
    fd, text = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), b""
    while child.poll() is None:
        text += drain(fd)
    text += drain(fd)
    os.close(fd)
    bad = undisturbed(lab.finish(child), 5000)
    records = lab.records(text)
    told = [r.get("records_lost", 0) for r in records]
    if not records or told[0] < 20:
        return bad + [f"{len(records)} records, told: {told[:3]}"]
    return bad + expect("written and lost", len(records) + sum(told),
                        numbers(records, "early")[-1])


def full_disk(lab):
    """a full disk: no part of a line is left, and what is lost is told"""
    state = lab.place.folder()
    disk = lab.place.tmpfs("16k")
    log = disk / "log"
    bad = lab.run(log, state, 100)
    text = log.read_bytes()
    records = lab.records(text)
    bad += expect("written and lost", len(records) + lost(state), 100)
    if not 5 < len(records) < 17:
        bad.append(f"{len(records)} records on a disk of 16 KiB")
    ballast = disk / "log.old"
    log.rename(ballast)
    mount("-o", "remount,size=64k", disk)
    missing = lost(state)
    bad += lab.run(log, state, 1)
    told = [r.get("records_lost") for r in lab.records(log.read_bytes())]
    return bad + expect("told", told, [missing])


def full_disk_many(lab):
    """a disk that many processes fill at once holds whole lines only"""
    state = lab.place.folder()
    log = lab.place.tmpfs("64k") / "log"
    children = [lab.start(log, state, 40, tag=f"p{i}") for i in range(8)]
    bad = []
    for child in children:
        done = lab.finish(child)
        bad += expect("answers", done.out, "40 refused, 0 other\n")
    records = lab.records(log.read_bytes())
    told = sum(r.get("records_lost", 0) for r in records)
    # a count whose file others had locked ends with its process
    if len(records) + told + lost(state) > 320:
        bad.append(f"{len(records)} written, {told} told, {lost(state)} lost")
    if not 30 < len(records) < 70:
        bad.append(f"{len(records)} records on a disk of 64 KiB")
    return bad


def size_limit_of_shell(lab):
    """a limit on file sizes (ulimit -f) does not end the program"""
    state = lab.place.folder()
    log = state / "log"
    bad = lab.run(log, state, 30, wrap=("prlimit", "--fsize=10000"))
    records = lab.records(log.read_bytes())
    bad += expect("written and lost", len(records) + lost(state), 30)
    if not 4 < len(records) < 11:
        bad.append(f"{len(records)} records in 10000 bytes")
    return bad


def long_records(lab):
    """a long record goes into a file whole"""
    state = lab.place.folder()
    log = state / "log"
    bad = lab.run(log, state, 2, words=LONG)
    for record in lab.records(log.read_bytes()):
        bad += expect("words", len(record["process"]["command_args"]), 45)
        bad += expect("truncated", record.get("truncated"), None)
    return bad


def renamed(lab):
    """a file that is renamed: the next record makes a new one"""
    state = lab.place.folder()
    log = state / "log"
    bad = lab.run(log, state, 1)
    log.rename(state / "log.old")
    bad += lab.run(log, state, 2)
    return bad + expect("new", numbers(lab.records(log.read_bytes()), "t"),
                        [1, 2])


# ---- the size limit ----

def generations(lab, state, log, count, limit, **more):
    bad = lab.run(log, state, count, AUTH407_LOG_MAX_SIZE=limit, **more)
    old = log.with_name(log.name + ".1")
    return bad, (old.read_bytes() if old.exists() else b""), log.read_bytes()


def two_generations(lab, state, least, **more):
    """What is wrong after a hundred records where 8 KiB may be in a file: the
    last ones are there, and nothing else is left behind."""
    log = state / "log"
    left = sorted({"log", "log.1", *os.listdir(state)} - {"log.new.1"})
    bad, old, new = generations(lab, state, log, 100, "8K", **more)
    kept = numbers(lab.records(old) + lab.records(new), "t")
    bad += expect("kept", kept, list(range(101 - len(kept), 101)))
    for text in (old, new):
        if len(text) > 8192:
            bad.append(f"{len(text)} bytes are over the limit")
    if len(old) < least:
        bad.append(f"the old generation has {len(old)} bytes only")
    return bad + expect("files", sorted(os.listdir(state)), left)


def limit(lab):
    """a size limit: one generation is kept, nothing else is left behind"""
    state = lab.place.folder()
    return two_generations(lab, state, 6000) + expect("lost", lost(state), 0)


def limit_smaller_than_a_line(lab):
    """a limit that is smaller than a line: each line has a file to itself"""
    state = lab.place.folder()
    log = state / "log"
    bad, old, new = generations(lab, state, log, 5, "100")
    return bad + expect("kept", numbers(lab.records(old + new), "t"), [4, 5])


def limit_keeps_mode(lab):
    """a new file has the group and mode of the one that was put aside"""
    state = lab.place.folder(0o777)
    log = state / "log"
    log.touch()
    os.chown(log, 1234, 4321)
    log.chmod(0o620)
    bad = generations(lab, state, log, 20, "4K")[0]
    seen = log.stat()
    bad += expect("mode", oct(stat.S_IMODE(seen.st_mode)), oct(0o620))
    bad += expect("owner", (seen.st_uid, seen.st_gid), (1234, 4321))
    return bad


def limit_of_a_stranger(lab):
    """who can't give the new file the old one's group lets it grow"""
    state = lab.place.folder(0o777)
    log = state / "log"
    log.touch()
    log.chmod(0o662)
    os.chown(log, 0, 4321)
    bad, old, new = generations(
        lab, state, log, 20, "4K", wrap=NOBODY)
    bad += expect("kept", numbers(lab.records(new), "t"), list(range(1, 21)))
    bad += expect("put aside", old, b"")
    names = [n for n in os.listdir(state) if n.startswith("log")]
    return bad + expect("files", names, ["log"])


def limit_of_a_link(lab):
    """a symbolic link stays, and what it points to is put aside"""
    state = lab.place.folder()
    (state / "elsewhere").mkdir()
    log = state / "log"
    log.symlink_to("elsewhere/real")
    bad = generations(lab, state, log, 20, "4K")[0]
    bad += expect("link", log.is_symlink(), True)
    return bad + expect("files", sorted(os.listdir(state / "elsewhere")),
                        ["real", "real.1"])


def limit_in_the_way(lab):
    """what can't be put aside grows: no record is lost by the limit"""
    bad = []
    state = lab.place.folder()
    log = state / "log"
    (state / "log.1").mkdir()
    bad += lab.run(log, state, 20, AUTH407_LOG_MAX_SIZE="4K")
    bad += expect("behind a folder",
                  numbers(lab.records(log.read_bytes()), "t"),
                  list(range(1, 21)))
    bad += expect("files", sorted(os.listdir(state)), ["log", "log.1"])
    # a folder in which this user may make nothing
    state = lab.place.folder()
    log = state / "log"
    log.touch()
    log.chmod(0o666)
    bad += lab.run(log, state, 20, AUTH407_LOG_MAX_SIZE="4K",
                   wrap=NOBODY)
    return bad + expect("in a closed folder",
                        numbers(lab.records(log.read_bytes()), "t"),
                        list(range(1, 21)))


def limit_overtaken(lab):
    """a file put aside twice between open and write: the record is written
    again, where it stays"""
    state = lab.place.folder()
    log = state / "log"
    shim = lab.programs / "put_aside.so"
    bad = lab.run(log, state, 3, preload=[shim], AUTH407_LOG_MAX_SIZE="1M",
                  SINKS_ASIDE="twice")
    return bad + expect("kept", numbers(lab.records(log.read_bytes()), "t"),
                        [1, 2, 3])


def limit_outrun(lab):
    """a file that another process has put aside is not put aside again"""
    state = lab.place.folder()
    log = state / "log"
    shim = lab.programs / "put_aside.so"
    bad = lab.run(log, state, 10, tag="before")
    text = log.read_bytes()
    bad += lab.run(log, state, 1, preload=[shim], AUTH407_LOG_MAX_SIZE="4K",
                   SINKS_ASIDE="once")
    bad += expect("old", (state / "log.1").read_bytes() == text, True)
    return bad + expect("new", numbers(lab.records(log.read_bytes()), "t"),
                        [1])


def limit_locked(lab):
    """a file that another process holds locked is not waited for"""
    state = lab.place.folder()
    log = state / "log"
    log.touch()
    with open(log, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        bad = lab.run(log, state, 20, AUTH407_LOG_MAX_SIZE="4K")
    bad += expect("kept", numbers(lab.records(log.read_bytes()), "t"),
                  list(range(1, 21)))
    return bad + expect("files", sorted(os.listdir(state)), ["log"])


def count_locked(lab):
    """a count that another process holds locked is not waited for"""
    state = lab.place.folder()
    bad = lab.run("/dev/full", state, 1)
    with open(state / "auth407/lost", "r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        bad += lab.run("/dev/full", state, 5)
        bad += lab.run(state / "log", state, 1)
    return bad + expect("lost", lost(state), 1)


def limit_without_exchange(lab):
    """where two names can't change places the limit holds as well"""
    shim = lab.programs / "no_exchange.so"
    return two_generations(lab, lab.place.folder(), 0, preload=[shim])


def limit_of_process_1(lab):
    """process 1 of a container puts a file aside, whatever was left there"""
    state = lab.place.folder()
    for left in ("log.1", "log.new.1", "log.1.1"):
        (state / left).write_text("{}\n")
    return two_generations(lab, state, 100, wrap=PIDS)


TESTS = [new_file, relative, root_in_a_users_folder, nothing, cost,
         hindrances, another_user, folder_of_root, no_state, full_disk,
         full_disk_many, size_limit_of_shell,
         long_records, renamed, limit, limit_smaller_than_a_line,
         limit_keeps_mode, limit_of_a_stranger, limit_of_a_link,
         limit_in_the_way, limit_of_process_1, limit_without_exchange,
         limit_overtaken, limit_outrun, limit_locked, count_locked]
