# SPDX-License-Identifier: MIT
"""A real systemd-journald, which runs without systemd."""

import contextlib
import json
import pathlib
import shutil
import subprocess

from client import LONG, expect, lost, read
from place import Daemon, mount, wait_for

BINARY = "/lib/systemd/systemd-journald"
CGROUPS = pathlib.Path("/sys/fs/cgroup")
SOCKET = pathlib.Path("/run/systemd/journal/socket")
ID = "0123456789abcdef0123456789abcdef"
FOLDER = pathlib.Path("/run/log/journal") / ID


@contextlib.contextmanager
def journald(lab):
    """A journald with a machine's id of its own; its log is in memory."""
    folder = lab.place.folder()
    shutil.rmtree(FOLDER, ignore_errors=True)
    (folder / "machine-id").write_text(ID + "\n")
    mount("--bind", folder / "machine-id", "/etc/machine-id")
    if not any(CGROUPS.iterdir()):  # a chroot's; journald looks there
        mount("-t", "cgroup2", "cgroup2", CGROUPS)
    try:
        with Daemon([BINARY], folder / "out") as daemon:
            daemon.wait_until(lambda: SOCKET.exists() and entries() is not None)
            yield
    finally:
        subprocess.run(["umount", "/etc/machine-id"], check=False)


def entries(*filters):
    """What journalctl reads back; None if there is no journal yet."""
    if not FOLDER.exists():
        return None
    done = subprocess.run(
        ["journalctl", "-D", FOLDER, "-o", "json", "--all", "--no-pager",
         "--quiet", *filters], capture_output=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def wait_entries(n, *filters):
    return wait_for(lambda: (found := entries(*filters)) and
                    len(found) >= n and found, 10,
                    f"there are not {n} entries in the journal")


def fields(lab):
    """journald: an entry for each record, with its fields, to be filtered by"""
    state = lab.place.folder()
    with journald(lab):
        bad = lab.run("journald", state, 20)
        bad += lab.run("journald", state, 1, tag="inject",
                       AUTH407_MODE="inject")
        bad += lab.run("journald", state, 1, AUTH407_TIMEOUT="nonsense")
        wait_entries(23, "SYSLOG_IDENTIFIER=auth407")
        observed = entries("AUTH407_OUTCOME=observed")
        failed = entries("AUTH407_OUTCOME=not_retried")
        problems = entries("PRIORITY=3", "SYSLOG_IDENTIFIER=auth407")
        proxied = entries(f"AUTH407_PROXY=127.0.0.1:{lab.proxy.port}")
    bad += expect("observed", len(observed), 21)
    bad += expect("of this proxy", len(proxied), 22)
    bad += expect("problems", len(problems), 1)
    bad += expect("priorities", [{e["PRIORITY"] for e in some} for some in
                                 (observed, failed)], [{"5"}, {"4"}])
    for e in observed:
        record = read(e["AUTH407_RECORD"])
        lab.lines.append(e["AUTH407_RECORD"].encode() + b"\n")
        bad += expect("cause", e["AUTH407_CAUSE"], record["cause"])
        bad += expect("status", e["AUTH407_STATUS"], "407")
        bad += expect("binary", e["AUTH407_EXECUTABLE"], str(lab.burst))
        bad += expect("pid", e["_PID"], str(record["process"]["pid"]))
        if record["url"]["target"] not in e["MESSAGE"]:
            bad.append(f"message: {e['MESSAGE']}")
    return bad + expect("lost", lost(state), 0)


def line_ends(lab):
    """journald: a value that holds a line end comes back as it was"""
    state = lab.place.folder()
    name = state / "with\nline end"
    name.write_bytes(lab.burst.read_bytes())
    name.chmod(0o755)
    with journald(lab):
        bad = lab.run("journald", state, 1, program=name)
        (found,) = wait_entries(1, "SYSLOG_IDENTIFIER=auth407")
    return bad + expect("binary", found["AUTH407_EXECUTABLE"], str(name))


def memory(lab):
    """journald: takes a record that is too large for a datagram"""
    state = lab.place.folder()
    shim = lab.programs / "small_buffer.so"
    with journald(lab):
        bad = lab.run("journald", state, 2, words=LONG, preload=[shim])
        found = wait_entries(2, "SYSLOG_IDENTIFIER=auth407")
    for e in found:
        record = read(e["AUTH407_RECORD"])
        bad += expect("words", len(record["process"]["command_args"]), 45)
    return bad + expect("lost", lost(state), 0)


TESTS = [fields, line_ends, memory]
