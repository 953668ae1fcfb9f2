# SPDX-License-Identifier: MIT
"""More ways to lead a program to another's file: mounts, access lists, user
namespaces, sockets, counts."""

import contextlib
import os
import struct
import subprocess

from client import drain, expect, lost, lost_file, numbers
from others import (NAMESPACE, OTHER, TEXT, THE_USER, USER, Ground, give, give_file,
                    link, refused)
from place import PIDS, mount
from sockets import listening
from tap import Skip


def access_list(path, uid):
    """setfacl -m u:UID:rwx, of a folder with mode 0755."""
    entries = ((1, 7, -1), (2, 7, uid), (4, 5, -1), (16, 7, -1), (32, 5, -1))
    value = struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, perm, who & 0xffffffff)
        for tag, perm, who in entries)
    try:
        os.setxattr(path, "system.posix_acl_access", value)
    except OSError:
        raise Skip("no access lists here") from None


def mounted(lab):
    """an empty folder of root's that is mounted in a user's stays root's"""
    ground = Ground(lab)
    ground.file.unlink()
    ground.before = ground.seen()
    mount("--bind", ground.closed, ground.folder("mounted"))
    bad = lab.run(ground.home / "mounted/log", ground.state, 2)
    return bad + ground.untouched("mounted")


def by_access_list(lab):
    """a folder of root's that an access list lets a user write: no second
    name, of a file or of a link, leads root on"""
    bad = []
    for what in ("file", "link"):
        ground = Ground(lab)
        shared = ground.state / "shared"
        shared.mkdir()
        access_list(shared, USER)
        source = ground.file
        if what == "link":
            source = ground.state / "link"
            source.symlink_to(ground.closed / "new")
        os.link(source, shared / "log", follow_symlinks=False)
        ground.before = ground.seen()
        bad += lab.run(shared / "log", ground.state, 2)
        bad += ground.untouched(f"second name of a {what}")
        bad += expect(f"lost, {what}", lost(ground.state), 2)
    return bad


def in_namespace(lab):
    """in a user namespace all others look alike: none of them leads a program
    on in a folder like /tmp"""
    if subprocess.run([*NAMESPACE, "true"], capture_output=True,
                      check=False).returncode:
        raise Skip("no user namespace can be made here")
    bad = []
    for what in ("link", "file"):
        ground = Ground(lab)
        ground.state.chmod(0o1777)
        log = ground.state / "log"
        if what == "link":
            link(log, ground.home / "new", OTHER)
        else:
            give_file(log, 0o666, OTHER)
        bad += lab.run(log, ground.home, 2, wrap=NAMESPACE)
        bad += expect(f"{what} led to", (ground.home / "new").exists() or
                      log.exists() and log.stat().st_size, False
                      if what == "link" else 0)
        bad += expect(f"lost, {what}", lost(ground.home), 2)
    return bad


def of_another_process(lab):
    """/proc/PID of a user's process leads root neither to its folders nor to
    what it has open"""
    ground = Ground(lab)
    ground.file.chmod(0o644)
    ground.closed.chmod(0o755)
    ground.before = ground.seen()
    child = subprocess.Popen([*THE_USER, "sh", "-c", 'echo; read wait', "sh"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=ground.file.open(), cwd=ground.closed)
    child.stdout.readline()
    bad = []
    for n, name in enumerate(("fd/2", "cwd/new", f"root{ground.closed}/new"),
                             1):
        bad += lab.run(f"/proc/{child.pid}/{name}", ground.state, 2)
        bad += ground.untouched(name)
        bad += expect(f"lost, {name}", lost(ground.state), 2 * n)
    child.communicate()
    return bad


def sockets(lab):
    """syslog: a user's symbolic links and second names lead to no socket of
    root's; a socket of the user's own gets the records"""
    bad = []
    for what in ("link", "folder", "second name", "own", "sticky"):
        ground = Ground(lab)
        with listening(ground.closed / "socket") as s:
            log = ground.home / "socket"
            if what == "sticky":
                os.chown(ground.home, 0, 0)
                ground.home.chmod(0o1777)
            if what == "link":
                link(log, ground.closed / "socket")
            elif what == "folder":
                link(ground.home / "way", ground.closed)
                log = ground.home / "way/socket"
            else:
                os.link(ground.closed / "socket", log)
            if what in ("own", "sticky"):
                (ground.closed / "socket").unlink()
                give(log)
            bad += lab.run(f"syslog:{log}", ground.state, 2)
            got = drain(s.fileno()).count(b'"event"')
            wanted = 2 if what in ("own", "sticky") else 0
            bad += expect(what, (got, lost(ground.state)),
                          (wanted, 2 - wanted))
    return bad


def huge_count(lab):
    """a count of lost records that a user has made as large as may be"""
    bad = []
    for size in (10 ** 15, 2 ** 63 - 1):
        ground = Ground(lab)
        state = lab.place.tmpfs("1m")
        give(state)
        lost_file(state).parent.mkdir()
        give(lost_file(state).parent)
        give_file(lost_file(state))
        os.truncate(lost_file(state), size)
        bad += lab.run("/dev/full", state, 2)
        log = ground.home / "log"
        bad += lab.run(log, state, 2)
        records = lab.records(log.read_bytes())
        bad += expect("requests", numbers(records, "t"), [1, 2])
        bad += expect("told", records[0].get("records_lost"),
                      min(size + 2, 2 ** 53 - 1))
    return bad


@contextlib.contextmanager
def automounter(path):
    """autofs, whose daemon never says that it has mounted something."""
    hears, tells = os.pipe()
    try:
        mount("-t", "autofs", "-o", f"fd={tells},pgrp={os.getpgrp()},"
              "minproto=5,maxproto=5,indirect", "automounter", path,
              pass_fds=[tells])
    except subprocess.CalledProcessError:
        os.close(hears)
        raise Skip("no autofs here") from None
    finally:
        os.close(tells)
    try:
        yield
    finally:
        os.close(hears)
        subprocess.run(["umount", "-l", path], check=True)


def dead_mount(lab):
    """a user's links to a mount that does not answer hold root up nowhere"""
    bad = []
    for name in ("auth407", "auth407/refused", "auth407/lost", "log"):
        ground = Ground(lab)
        if "/" in name:
            ground.folder("auth407")
        net = lab.place.folder()
        with automounter(net):
            link(ground.home / name, net / "x")
            bad += refused(lab, ground.home / "log", ground.home)
    return bad


def new_name(lab):
    """in a folder like /tmp a log is not put aside over another user's file"""
    bad = []
    for name in ("log.1", "log.new.1"):
        ground = Ground(lab)
        ground.state.chmod(0o1777)
        other = ground.state / name
        give_file(other)
        other.write_bytes(TEXT)
        bad += lab.run(ground.state / "log", ground.state, 20,
                       AUTH407_LOG_MAX_SIZE="4K",
                       wrap=PIDS)
        bad += expect(name, other.exists() and other.read_bytes(), TEXT)
        bad += expect(f"lost, {name}", lost(ground.state), 0)
    return bad


TESTS = [mounted, by_access_list, in_namespace, of_another_process, sockets,
         huge_count, dead_mount, new_name]
