# SPDX-License-Identifier: MIT
"""A proxy for clients: tests/fixtures/proxy/proxy407, and what it has seen."""

import re
import subprocess
import time

from common import HOME, PROXY407

USER, PASSWORD = "alice", "pw"


class Proxy:
    """Asks for Basic; is http://auth407.test/ itself; lets tunnels through."""

    def __init__(self, *options):
        self.log = HOME / "proxy.log"
        self.log.write_text("")
        self.options = options or ("--auth", "basic")

    def __enter__(self):
        self.child = subprocess.Popen(
            [PROXY407, "--user", USER, "--password", PASSWORD, "--demo",
             "--stdin", "--log", self.log, *self.options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline().split()[1])
        self.at = f"127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait(20)

    def requests(self):
        """(method, verdict, status) of the requests since the last call."""
        time.sleep(0.05)
        text = self.log.read_text()
        self.log.write_text("")
        return re.findall(r"req=\d+ method=(\S+) .* verdict=(\S+) .*"
                          r"status=(\d+)", text)
