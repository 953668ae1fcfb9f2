# SPDX-License-Identifier: MIT
"""A proxy, a client under the library, and the records that come of it."""
import json
import os
import pathlib
import subprocess
import tempfile

from namespace import ANOTHER
from scripted import OK, refusal
from servers import Proxy
from tap import Skip

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
        self.lines = []

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

    def read(self, log):
        text = log.read_bytes() if log.exists() else b""
        self.lines.append(text)
        return [json.loads(line) for line in text.splitlines()]


def closing(peer):
    """Wants Basic, and closes after each answer."""
    head = peer.head()
    peer.number = peer.sock.getpeername()[1]
    peer.say(refusal(end=True) if b"Basic" not in head else
             OK.replace(b"Content", b"Connection: close\r\nContent"))
    peer.close()


def namespace(*unshare):
    """The command that makes one, within the run's own; raises Skip unless it
    can."""
    command = [*ANOTHER, *unshare]
    if os.geteuid() != 0 or subprocess.run(
            [*command, "true"], capture_output=True,
            check=False).returncode:
        raise Skip("no namespace can be made here")
    return command
