# SPDX-License-Identifier: MIT
"""Sinks that keep what comes to them. Each is a context that has `target`, for
AUTH407_LOG, and after it `data`, all bytes that came."""
import contextlib
import os
import pathlib
import socket
import stat
import threading

JOURNAL = pathlib.Path("/run/systemd/journal/socket")


class File:
    name = "file"

    def __init__(self, folder):
        self.path = folder / "log.jsonl"
        self.target = str(self.path)
        self.data = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.path.exists():
            self.data = self.path.read_bytes()


class Stderr:
    """`data` stays empty: the run itself keeps standard error."""
    name = "stderr"
    target = "stderr"
    data = b""

    def __init__(self, folder):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Fifo(File):
    name = "pipe"

    def __enter__(self):
        os.mkfifo(self.path)
        self.fd = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)
        return self

    def __exit__(self, *_):
        try:
            while True:
                self.data += os.read(self.fd, 65536)
        except BlockingIOError:
            os.close(self.fd)


class Datagrams:
    """A socket that a thread empties."""

    def bind(self, family, address):
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(0.2)
        self.data, self.over = b"", False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _take(self):
        self.data += self.socket.recv(1 << 20) + b"\n"

    def _read(self):
        while not self.over:
            with contextlib.suppress(TimeoutError):
                self._take()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()
        self.socket.setblocking(False)
        with self.socket, contextlib.suppress(BlockingIOError):
            while True:  # what has come since
                self._take()


class Syslog(Datagrams):
    name = "syslog"

    def __init__(self, folder):
        path = folder / "devlog"
        self.target = f"syslog:{path}"
        self.bind(socket.AF_UNIX, str(path))


class Udp(Datagrams):
    name = "syslog over UDP"

    def __init__(self, folder):
        self.bind(socket.AF_INET, ("127.0.0.1", 0))
        self.target = "syslog://127.0.0.1:%d" % self.socket.getsockname()[1]


class Journal(Datagrams):
    """Only where /run/systemd is the test's own."""
    name = "journald"
    target = "journald"

    def __init__(self, folder):
        JOURNAL.parent.mkdir(parents=True, exist_ok=True)
        if JOURNAL.exists() and stat.S_ISSOCK(JOURNAL.stat().st_mode):
            JOURNAL.unlink()
        self.bind(socket.AF_UNIX, str(JOURNAL))


OTHERS = (Stderr, Fifo, Syslog, Udp, Journal)
