# SPDX-License-Identifier: MIT
"""Root's log, counts and marks, where another user has a hand in the path."""

import contextlib
import os
import subprocess

from client import drain, expect, lost, numbers, undisturbed
from pipes import reading
from place import PIDS, PYTHON, user
from tap import Skip

USER, OTHER, GROUP = 1234, 5678, 4321
TEXT = b"root's own\n"

# Two names change places, again and again, until this is ended.
EXCHANGE = """
import ctypes, sys
call = ctypes.CDLL(None, use_errno=True).renameat2
a, b = (name.encode() for name in sys.argv[1:3])
if call(-100, a, -100, b, 2):
    sys.exit(f"renameat2: error {ctypes.get_errno()}")
print("begun", flush=True)
while True:
    call(-100, a, -100, b, 2)
"""

# What root makes at the first name is moved away; before, and perhaps before
# root has given it to the user, the second is in its place for a moment.
SWAP = EXCHANGE.split("if call")[0] + """
import os
print("begun", flush=True)
own = os.stat(b).st_ino
n = 0
while True:
    if call(-100, a, -100, b, 2) == 0:
        call(-100, a, -100, b, 2)
        if os.stat(a).st_ino != own:
            os.rename(a, b"%s.%d" % (a, n))
            n += 1
"""


THE_USER = user(USER, GROUP)
NAMESPACE = (*THE_USER, "unshare", "--user", "--map-root-user")


def give(path, uid=USER):
    os.chown(path, uid, GROUP, follow_symlinks=False)
    return path


def link(path, target, uid=USER):
    path.symlink_to(target)
    return give(path, uid)


class Ground:
    """A user's folder, root's closed one beside it, and root's own state."""

    def __init__(self, lab):
        top = lab.place.folder()
        self.home, self.closed, self.state = (
            top / name for name in ("home", "closed", "state"))
        for path in (self.home, self.closed, self.state):
            path.mkdir()
        give(self.home)
        self.closed.chmod(0o700)
        self.file = self.closed / "file"
        self.file.write_bytes(TEXT)
        self.file.chmod(0o600)
        self.before = self.seen()

    def folder(self, name):
        path = self.home / name
        path.mkdir()
        return give(path)

    def seen(self):
        found = {}
        for path in [self.closed, *sorted(self.closed.rglob("*"))]:
            s = path.lstat()
            found[path.name] = (s.st_uid, s.st_gid, oct(s.st_mode),
                                path.is_file() and path.read_bytes())
        return found

    def untouched(self, what):
        return expect(f"root's folder, {what}", self.seen(), self.before)


@contextlib.contextmanager
def exchanging(a, b, script=EXCHANGE):
    """The user lets two of his names change places all the time."""
    child = subprocess.Popen([*THE_USER, PYTHON, "-c", script, str(a), str(b)],
                             stdout=subprocess.PIPE)
    try:
        if child.stdout.readline() != b"begun\n":
            raise Skip("two names can't change places here")
        yield
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def links(lab):
    """a user's symbolic links lead root nowhere: not as the file, nor as a
    folder on the way"""
    bad = []
    for name, target, log in (
            ("to a file", "file", "a/link"),
            ("to no file", "new", "a/link"),
            ("to a folder", "", "a/link/file"),
            ("to a folder, no file", "", "a/link/new"),
            ("to a folder, no folder", "", "a/link/new/new")):
        ground = Ground(lab)
        ground.folder("a")
        link(ground.home / "a/link", ground.closed / target)
        bad += lab.run(ground.home / log, ground.state, 2)
        bad += ground.untouched(name)
        bad += expect(f"lost, {name}", lost(ground.state), 2)
    return bad


def hard_links(lab):
    """a second name of root's file in a user's folder is not appended to"""
    ground = Ground(lab)
    log = ground.home / "log"
    os.link(ground.file, log)
    bad = lab.run(log, ground.state, 2) + ground.untouched("by hard link")
    return bad + expect("lost", lost(ground.state), 2)


def folders_of_root(lab):
    """root's folders that lie in a user's are not entered: the user may put
    one in the place of another"""
    ground = Ground(lab)
    ground.closed.rename(ground.home / "closed")
    ground.closed = ground.home / "closed"
    bad = lab.run(ground.closed / "new", ground.state, 2)
    bad += ground.untouched("in a user's")
    return bad + expect("lost", lost(ground.state), 2)


def exchanged(lab, real, trap, log, **more):
    """What is wrong after many records with a path that does not hold still;
    the user's log must have got some, and root's folder none."""
    ground = Ground(lab)
    os.link(ground.file, ground.closed / "log")
    big = ground.closed / "big"
    big.write_bytes(TEXT * 2000)
    ground.before = ground.seen()
    real, trap = real(ground), trap(ground)
    with exchanging(real, trap):
        child = lab.start(ground.home / log, ground.state, 2000, **more)
        bad = undisturbed(lab.finish(child), 2000)
    bad += ground.untouched("while names changed places")
    logs = [p for p in ground.home.rglob("log*") if p.is_file()
            and not p.is_symlink() and p.stat().st_nlink == 1]
    owners = {p.stat().st_uid for p in logs}
    bad += expect("owners of the logs", owners, {USER})
    if not any(p.stat().st_size for p in logs):
        bad.append("no record was written")
    if not more:
        records = [r for p in logs for r in lab.records(p.read_bytes())]
        told = sum(r.get("records_lost", 0) for r in records)
        bad += expect("written and lost",
                      len(records) + told + lost(ground.state), 2000)
        if told + lost(ground.state) < 10:
            bad.append("the names did not change places often enough")
    return bad


def exchanged_folder(lab):
    """a folder that changes places with a link all the time: no record, file
    or change of owner gets to root's"""
    return exchanged(lab, lambda g: g.folder("real"),
                     lambda g: link(g.home / "trap", g.closed), "real/log")


def exchanged_known(lab):
    """root's own folder, to which records have gone before, changes places with
    a link in a folder that all may write: no record follows the link"""
    ground = Ground(lab)
    shared = ground.state / "shared"
    (shared / "real/sub").mkdir(parents=True)
    shared.chmod(0o777)
    (ground.closed / "sub").mkdir()
    (ground.closed / "sub/log").write_bytes(TEXT)
    ground.before = ground.seen()
    trap = link(shared / "trap", ground.closed)
    with exchanging(shared / "real", trap):
        child = lab.start(shared / "real/sub/log", ground.state, 2000)
        bad = undisturbed(lab.finish(child), 2000)
    bad += ground.untouched("while names changed places")
    records = [r for p in shared.glob("*/sub/log") if not p.parents[1].is_symlink()
               for r in lab.records(p.read_bytes())]
    told = sum(r.get("records_lost", 0) for r in records)
    return bad + expect("written and lost",
                        len(records) + told + lost(ground.state), 2000)


def exchanged_new(lab):
    """the same, where the file is yet to be made"""
    return exchanged(lab, lambda g: g.folder("real"),
                     lambda g: link(g.home / "trap", g.closed), "real/log.new")


def exchanged_full(lab):
    """the same, with a log that is put aside all the time"""
    def trap(ground):
        (ground.closed / "big").rename(ground.closed / "log.big")
        ground.before = ground.seen()
        return link(ground.home / "trap", ground.closed)
    return exchanged(lab, lambda g: g.folder("real"), trap, "real/log.big",
                     AUTH407_LOG_MAX_SIZE="8K")


def exchanged_file(lab):
    """a file that changes places with a link, or with a second name of
    root's, all the time: root's file stays as it is"""
    def real(ground):
        path = ground.home / "log"
        path.touch(0o600)
        return give(path)

    def second_name(ground):
        os.link(ground.closed / "big", ground.home / "log.x")
        return ground.home / "log.x"
    return exchanged(lab, real, lambda g: link(g.home / "log.x", g.file),
                     "log") + exchanged(lab, real, second_name, "log")


def exchanged_made(lab):
    """a folder that root makes, with another of root's in its place before it
    is given to the user: only the new one is given"""
    ground = Ground(lab)
    ground.closed.rename(ground.home / "closed")
    ground.closed = ground.home / "closed"
    made = ground.home / "made"
    with exchanging(made, ground.closed, SWAP):
        bad = lab.run(made / "log", ground.state, 3000)
    # (it may be ended while they have changed places)
    if not (ground.closed / "file").exists():
        ground.closed = made
        ground.before["made"] = ground.before.pop("closed")
    bad += ground.untouched("in the place of a new one")
    new = [p for p in ground.home.glob("made.*") if p.is_dir()]
    owners = {p.stat().st_uid for p in new}
    if len(new) < 20 or USER not in owners:
        bad.append(f"{len(new)} new folders, of {owners}")
    return bad


def first_together(lab):
    """programs of root that all come first make a user's folders together,
    and lose nothing"""
    bad = []
    for _ in range(20):
        ground = Ground(lab)
        log = ground.home / "a/b/c/log"
        children = [lab.start(log, ground.state) for _ in range(6)]
        bad += [b for c in children for b in undisturbed(lab.finish(c), 1)]
        bad += expect("records", len(lab.records(log.read_bytes())), 6)
        for path in (log, *list(log.parents)[:3]):
            bad += expect(path.name, path.stat().st_uid, USER)
    return bad


def refused(lab, log, state, **more):
    """A program whose credential is refused: that leaves a mark."""
    return lab.run(log, state, 1, AUTH407_MODE="inject",
                   AUTH407_USERNAME="alice", AUTH407_PASSWORD="wrong", **more)


def state_folder(lab):
    """a user's links and second names as state folder, as count, as folder of
    marks: root makes, changes and empties nothing there"""
    bad = []
    for name, path, target in (("the state folder", "auth407", ""),
                               ("the marks", "auth407/refused", ""),
                               ("the count", "auth407/lost", "file")):
        ground = Ground(lab)
        if "/" in path:
            ground.folder("auth407")
        link(ground.home / path, ground.closed / target)
        bad += refused(lab, "/dev/full", ground.home)
        bad += refused(lab, ground.state / "log", ground.home)
        bad += ground.untouched(name)
    ground = Ground(lab)
    ground.folder("auth407")
    os.link(ground.file, ground.home / "auth407/lost")
    bad += lab.run("/dev/full", ground.home, 1)
    bad += lab.run(ground.state / "log", ground.home, 1)
    return bad + ground.untouched("a second name as count")


def marks(lab):
    """a mark that root leaves in a user's folder is the user's"""
    ground = Ground(lab)
    bad = refused(lab, "none", ground.home)
    found = list((ground.home / "auth407/refused").iterdir())
    bad += expect("marks", len(found), 1)
    for path in (*found, ground.home / "auth407/refused"):
        bad += expect("owner", (path.stat().st_uid, path.stat().st_gid),
                      (USER, GROUP))
    return bad


def put_aside(lab):
    """names that a user has prepared for the log that is put aside"""
    bad = []
    for name in ("log.1", "log.new.1"):
        for how in ("link", "second name", "folder"):
            ground = Ground(lab)
            log = ground.home / "log"
            give_file(log)
            if how == "link":
                link(ground.home / name, ground.file)
            elif how == "folder":
                ground.folder(name)
            else:
                os.link(ground.file, ground.home / name)
            bad += lab.run(log, ground.state, 20, AUTH407_LOG_MAX_SIZE="4K",
                           wrap=PIDS)
            bad += ground.untouched(f"{name} a {how}")
            bad += expect(f"owner, {name} a {how}", log.stat().st_uid, USER)
            bad += expect(f"lost, {name} a {how}", lost(ground.state), 0)
    return bad


def give_file(path, mode=0o600, uid=USER):
    path.touch()
    path.chmod(mode)
    return give(path, uid)


def sticky(lab):
    """a folder like /tmp: no link and no file of another user, for root and
    for others; one's own link and file"""
    bad = []
    for who, wrap in ((0, ()), (OTHER, user(OTHER, OTHER))):
        for what in ("link", "file", "second name", "own link", "own file"):
            ground = Ground(lab)
            folder = ground.state
            folder.chmod(0o1777)
            mine = ground.closed
            os.chown(mine, who, who)
            os.chown(ground.file, who, who)
            ground.before = ground.seen()
            log = folder / "log"
            if what in ("link", "own link"):
                link(log, ground.closed / "new",
                     USER if what == "link" else who)
            elif what == "second name":
                os.link(ground.file, log)
            else:
                give_file(log, 0o666, USER if what == "file" else who)
            bad += lab.run(log, folder, 2, wrap=wrap)
            if what.startswith("own"):
                bad += expect(f"{what} of {who}", numbers(
                    lab.records(log.read_bytes()), "t"), [1, 2])
            else:
                bad += ground.untouched(f"{what} for {who}")
                bad += expect(f"lost, {what} for {who}", lost(folder), 2)
                bad += expect(f"{what} for {who}", what == "file" and
                              log.stat().st_size, 0)
    return bad


def sticky_pipe(lab):
    """a FIFO in a folder like /tmp may be another user's"""
    ground = Ground(lab)
    ground.state.chmod(0o1777)
    path = ground.state / "fifo"
    os.mkfifo(path)
    path.chmod(0o622)
    give(path)
    with reading(path) as fd:
        bad = lab.run(path, ground.state, 2)
        return bad + expect("requests", numbers(lab.records(drain(fd)), "t"),
                            [1, 2])


# ---- what goes on as before ----

def own_links(lab):
    """a user's own links, as file and as folder, lead that user on; root's
    lead everybody, root too"""
    bad = []
    for who in (USER, 0):
        for wrap in (THE_USER, ()) if who == 0 else (THE_USER,):
            ground = Ground(lab)
            if not wrap:
                os.chown(ground.home, 0, 0)
            elif who == USER:
                # as of a system where every user has a group
                ground.home.chmod(0o775)
            data = ground.home / "data"
            data.mkdir()
            data.chmod(0o775)
            if wrap:
                give(data)
            for name, target in (("state", "data"), ("data/log", "../real"),
                                 ("round", "./state/../state/")):
                link(ground.home / name, target, who)
            bad += lab.run(ground.home / "round/log", ground.home, 2,
                           wrap=wrap)
            real = ground.home / "real"
            seen = numbers(lab.records(real.read_bytes()), "t") \
                if real.exists() else None
            bad += expect(f"links of {who}, {wrap[:2]}", seen, [1, 2])
    return bad


def group_folder(lab):
    """a folder that a group shares: its members and root add to one file"""
    ground = Ground(lab)
    folder = ground.closed
    os.chown(folder, 0, GROUP)
    folder.chmod(0o2775)
    log = folder / "log"
    bad = lab.run(log, ground.home, 1, wrap=THE_USER)
    log.chmod(0o660)
    bad += lab.run(log, ground.state, 1, wrap=user(OTHER, GROUP))
    bad += lab.run(log, ground.state, 1)
    bad += expect("owner", (log.stat().st_uid, log.stat().st_gid),
                  (USER, GROUP))
    return bad + expect("requests", numbers(lab.records(log.read_bytes()),
                                            "t"), [1, 1, 1])


def of_the_process(lab):
    """/dev/stderr, /proc/self/fd/N and a terminal's path are no links to be
    afraid of"""
    ground = Ground(lab)
    bad = []
    for path in ("/dev/fd/2", "/proc/self/fd/2", "/proc/thread-self/fd/2",
                 f"/proc/self/cwd/{ground.state.name}/../state/err"):
        with open(ground.state / "err", "wb") as err:
            lab.finish(lab.start(path, ground.state.parent, 2, stderr=err))
        text = (ground.state / "err").read_bytes()
        bad += expect(path, numbers(lab.records(text), "t"), [1, 2])
    reader, writer = os.pipe()
    lab.finish(lab.start("/dev/fd/2", ground.state, 2, stderr=writer))
    os.close(writer)
    bad += expect("pipe", numbers(lab.records(drain(reader)), "t"), [1, 2])
    os.close(reader)
    ours, theirs = os.openpty()
    child = lab.start(os.ttyname(theirs), ground.state, 1)
    text = b""
    while child.poll() is None:
        text += drain(ours)
    text += drain(ours)
    os.close(theirs)
    os.close(ours)
    bad += undisturbed(lab.finish(child), 1)
    return bad + expect("terminal", text.count(b'"event"'), 1)


def user_namespace(lab):
    """a container of a user's own, where root outside shows as nobody"""
    ground = Ground(lab)
    if subprocess.run([*NAMESPACE, "true"], capture_output=True,
                      check=False).returncode:
        raise Skip("no user namespace can be made here")
    log = ground.home / "a/log"
    bad = lab.run(log, ground.home, 2, wrap=NAMESPACE)
    return bad + expect("requests", numbers(lab.records(log.read_bytes()),
                                            "t"), [1, 2])


TESTS = [links, hard_links, folders_of_root, exchanged_folder, exchanged_known,
         exchanged_new, exchanged_full, exchanged_file, exchanged_made,
         first_together, state_folder, marks, put_aside, sticky, sticky_pipe,
         own_links, group_folder, of_the_process, user_namespace]
