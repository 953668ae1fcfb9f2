# SPDX-License-Identifier: MIT
"""A proxy, a client under the library, and the records that come of it."""
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading

from namespace import ANOTHER
from servers import Proxy, misfits
from tap import Skip, check

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
URL = "http://auth407.test/"
PASSWORD = "open-sesame"


class Lab:
    def __init__(self, build, root, more):
        self.build, self.root, self.more = build, pathlib.Path(root), more
        self.proxy = Proxy(build, root, [
            "--auth", "list", "--user", "alice", "--password", PASSWORD,
            "--realm", "corp", "--demo"], capture=False)
        self.port = self.proxy.port

    def close(self):
        self.proxy.stop()

    def folder(self):
        return pathlib.Path(tempfile.mkdtemp(dir=self.root))

    def environment(self, log, mode, password, **more):
        home = log.parent
        env = {"PATH": PATH, "HOME": str(home), "LC_ALL": "C.UTF-8",
               "XDG_STATE_HOME": str(home / "state"), "AUTH407_MODE": mode,
               "AUTH407_PROXY": f"127.0.0.1:{self.port}",
               "AUTH407_LOG": str(log), "GIT_TERMINAL_PROMPT": "0",
               "LD_PRELOAD": str(self.build / "libauth407.so"), **self.more}
        if password:
            env.update(AUTH407_USERNAME="alice", AUTH407_PASSWORD=password)
        env.update(more)
        return env

    def run(self, words, mode="inject", password=PASSWORD, cwd=None, prefix=(),
            **more):
        """The client's records, which are valid; {port} and {url} in its words
        are filled in. `prefix` is run without the library."""
        log = self.folder() / "log"
        words = [str(w).replace("{port}", str(self.port)).replace("{url}", URL)
                 for w in words]
        env = self.environment(log, mode, password, **more)
        if prefix:
            settings = [f"{k}={v}" for k, v in env.items()]
            words, env = [*prefix, "env", *settings, *words], {"PATH": PATH}
        subprocess.run(words, env=env, cwd=cwd or log.parent, timeout=60,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        return self.read(log)

    @staticmethod
    def read(log):
        text = log.read_bytes() if log.exists() else b""
        wrong = misfits(text)
        check(not wrong, wrong)
        return [json.loads(line) for line in text.splitlines()]


class Closing:
    """A proxy that closes after each answer, wants Basic, and knows from which
    port each request came."""

    def __init__(self):
        self.ports = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, address = self.server.accept()
            except OSError:
                return
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    part = connection.recv(65536)
                    if not part:
                        break
                    head += part
                self.ports.append(address[1])
                if b"Proxy-Authorization: Basic" in head:
                    answer = b"HTTP/1.1 200 OK\r\n"
                else:
                    answer = (b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic "
                              b'realm="r"\r\n')
                connection.sendall(answer + b"Content-Length: 3\r\n"
                                   b"Connection: close\r\n\r\nok\n")

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()


def namespace(*unshare):
    """The command that makes one, within the run's own; raises Skip unless it
    can."""
    command = [*ANOTHER, *unshare]
    if os.geteuid() != 0 or subprocess.run(
            [*command, "true"], capture_output=True,
            check=False).returncode:
        raise Skip("no namespace can be made here")
    return command
