# SPDX-License-Identifier: MIT
"""The place of a run: a mount and a network namespace of its own, where
/dev/log, /run and all ports are free and nothing on the machine is touched."""

import array
import itertools
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from namespace import ANOTHER

PYTHON = "/usr/bin/python3"
# what a container is to its first process
PIDS = (*ANOTHER, "--pid", "--fork", "--mount-proc")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# what programs want of /dev; not kmsg, which journald would empty into its log
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def user(uid, gid):
    """In front of a command: who it is run as."""
    return ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups")


NOBODY = user(65534, 65534)


def mount(*words, **more):
    subprocess.run(["mount", *map(str, words)], check=True, **more)


def wait_for(what, seconds=10, why="it did not come"):
    """Calls until it gets something true, which it returns."""
    end = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > end:
            raise RuntimeError(why)
        time.sleep(0.02)


class Place:
    """Scratch folder, private /dev, /run/systemd, /run/log and /var/log."""

    def __init__(self, keep=False):
        self.keep = keep
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="auth407-sinks-"))
        self.root.chmod(0o755)
        self._numbers = itertools.count(1)
        # Settings are written there, which a container or a chroot may forbid
        # in its own. The first is systemd's on every machine.
        mount("-t", "proc", "proc", "/proc")
        pathlib.Path("/proc/sys/net/unix/max_dgram_qlen").write_text("512\n")
        self._own_dev()
        for folder in ("/run/systemd", "/run/log", "/var/log"):
            pathlib.Path(folder).mkdir(exist_ok=True)
            mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", folder)

    def _own_dev(self):
        dev = self.root / "dev"
        dev.mkdir()
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", dev)
        for name in DEVICES:
            (dev / name).touch()
            mount("--bind", f"/dev/{name}", dev / name)
        (dev / "shm").mkdir(mode=0o1777)
        (dev / "pts").mkdir()
        mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666", "devpts",
              dev / "pts")
        (dev / "ptmx").symlink_to("pts/ptmx")
        (dev / "fd").symlink_to("/proc/self/fd")
        mount("--move", dev, "/dev")

    def copy(self, source):
        """Of a file or a folder, where every user can read it."""
        path = self.folder() / source.name
        if source.is_dir():
            return shutil.copytree(source, path)
        return shutil.copy(source, path)

    def folder(self, mode=0o755):
        path = self.root / f"{next(self._numbers):03}"
        path.mkdir()
        path.chmod(mode)
        return path

    def tmpfs(self, size):
        """A folder on a file system of so many bytes."""
        path = self.folder()
        mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", path)
        return path

    def close(self):
        if self.keep:
            print(f"# kept: {self.root}")
            return
        mounts = pathlib.Path("/proc/mounts").read_text().splitlines()
        for path in reversed([line.split()[1] for line in mounts]):
            if path.startswith(f"{self.root}/"):
                subprocess.run(["umount", "--lazy", path], check=False)
        subprocess.run(["rm", "-rf", "--one-file-system", str(self.root)],
                       check=False)


class Daemon:
    """A child in a session of its own, which is stopped at the end."""

    def __init__(self, command, log, **more):
        self.log = pathlib.Path(log)
        with open(log, "ab") as out:
            self.child = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True, **more)

    def told(self):
        return self.log.read_text(errors="replace")[-3000:]

    def wait_until(self, ready, seconds=20):
        def look():
            if self.child.poll() is not None:
                raise RuntimeError(f"{self.child.args[0]} ended:\n"
                                   + self.told())
            return ready()
        wait_for(look, seconds, f"{self.child.args[0]} is not ready")

    def stop(self, sig=15):
        if self.child.poll() is None:
            self.child.send_signal(sig)
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def received_fds(control):
    """The file descriptors of a received message."""
    fds = array.array("i")
    for level, kind, data in control:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data[:len(data) - len(data) % fds.itemsize])
    return list(fds)
