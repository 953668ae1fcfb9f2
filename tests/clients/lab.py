# SPDX-License-Identifier: MIT
"""The place a run happens in: scratch folder, names, ports, certificates and
child processes. Everything started here is stopped here."""

import atexit
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "fixtures"))

from ports import free_port  # noqa: E402

INSIDE = "A407_INTEGRATION_INSIDE"
CLEAN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Trouble(Exception):
    """The run can't be set up; the text says what is missing."""


def enter_mount_namespace(*more):
    """Starts this program again in a mount namespace of its own, where a file
    can be laid over /etc/hosts without the machine noticing; `more` are
    unshare's options for other namespaces. Returns inside it."""
    if os.environ.get(INSIDE):
        return
    if os.geteuid() != 0:
        if shutil.which("sudo") and subprocess.run(
                ["sudo", "-n", "true"], capture_output=True).returncode == 0:
            told = [f"{name}={os.environ[name]}" for name in
                    ("A407_LIB", "A407_LAUNCHER", "ONLY") if
                    name in os.environ]
            os.execvp("sudo", ["sudo", "-n", "env", *told, "/usr/bin/python3"]
                      + sys.argv)
        raise Trouble("these tests need root: they give the client and the "
                      "proxy an /etc/hosts each (run them with sudo)")
    unshare = ["unshare", "-m", *more]
    probe = subprocess.run([*unshare, "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        raise Trouble(f"no namespace can be made here ({' '.join(unshare)}: "
                      + probe.stderr.strip() + ")")
    os.environ[INSIDE] = "1"
    sys.stdout.flush()
    os.execvp(unshare[0], [*unshare, "/usr/bin/python3"] + sys.argv)


class Child:
    """A program in a process group of its own."""

    def __init__(self, name, argv, log, **kw):
        self.name = name
        self.log = log
        with open(log, "ab") as out:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True, **kw)

    def signal_group(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def stop(self):
        """After a SIGTERM; whatever is left then is killed."""
        try:
            self.process.wait(1)
        except subprocess.TimeoutExpired:
            pass
        self.signal_group(signal.SIGKILL)
        self.process.wait()


class Lab:
    def __init__(self, keep=False):
        self.keep = keep
        self.children = []
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="auth407-int."))
        self.root.chmod(0o755)
        atexit.register(self.close)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stopped)
        self._lock = threading.Lock()
        self._dirs = 0
        self._ports = set()
        self._name_the_names()
        self._make_certificates()

    @staticmethod
    def _stopped(number, _frame):
        raise SystemExit(128 + number)

    def close(self):
        for child in self.children:
            child.signal_group(signal.SIGTERM)
        for child in self.children:
            child.stop()
        self.children.clear()
        if self.keep:
            print(f"# kept: {self.root}")
        else:
            # the binds lie over /etc, never over the scratch folder
            shutil.rmtree(self.root, ignore_errors=True)

    def write(self, name, text, mode=0o644, owner=None):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        if owner:
            shutil.chown(path, owner)
        return path

    def folder(self, name=None, mode=0o777):
        """A new folder that any user may write to."""
        with self._lock:
            self._dirs += 1
            path = self.root / (name or f"run/{self._dirs:04}")
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        return path

    def free_port(self):
        with self._lock:
            while True:
                port = free_port()
                if port not in self._ports:
                    self._ports.add(port)
                    return port

    def _name_the_names(self):
        """The client knows only proxy.test; the proxies know only
        origin.test: what arrives at the origin went through a proxy."""
        client = self.write("hosts.client", "127.0.0.1 proxy.test\n")
        self.write("hosts.proxy", "127.0.0.1 origin.test\n"
                   f"127.0.0.1 {socket.gethostname()}\n")
        switch = self.write("nsswitch.conf", "passwd: files\ngroup: files\n"
                            "shadow: files\nhosts: files\n")
        self._bind(client, "/etc/hosts")
        if os.path.exists("/etc/nsswitch.conf"):
            self._bind(switch, "/etc/nsswitch.conf")

    @staticmethod
    def _bind(source, target):
        subprocess.run(["mount", "--bind", str(source), target], check=True)

    def on_proxy_side(self, argv):
        return ["unshare", "-m", "sh", "-c",
                'mount --bind "$0" /etc/hosts && exec "$@"',
                str(self.root / "hosts.proxy")] + [str(a) for a in argv]

    def start(self, name, argv, port, env=None):
        """Starts a server on the proxy side and waits until it listens."""
        child = Child(name, self.on_proxy_side(argv),
                      self.root / f"{name}.out",
                      env=env or {"PATH": CLEAN_PATH, "LANG": "C.UTF-8"})
        self.children.append(child)
        child.port = port
        return child

    def wait_until_up(self, child, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if child.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", child.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        tail = child.log.read_text(errors="replace")[-1500:]
        raise Trouble(f"{child.name} did not come up on port {child.port}:\n"
                      + tail)

    def _make_certificates(self):
        # a subject per run: OpenSSL mixes up two authorities of one name
        subject = f"/O=auth407 tests/CN=run {os.getpid()} {time.time_ns()}"
        self.ca = self.root / "ca.pem"
        key, crt, csr = (self.root / f"origin.{x}" for x in
                         ("key", "pem", "csr"))
        extensions = self.write("origin.ext", "subjectAltName=DNS:origin.test\n"
                                "extendedKeyUsage=serverAuth\n")
        ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
              "-nodes"]
        self._openssl("req", "-x509", *ec, "-keyout", self.root / "ca.key",
                      "-out", self.ca, "-days", "3", "-subj", subject,
                      "-addext", "keyUsage=critical,keyCertSign")
        self._openssl("req", *ec, "-keyout", key, "-out", csr,
                      "-subj", "/CN=origin.test")
        self._openssl("x509", "-req", "-in", csr, "-CA", self.ca, "-CAkey",
                      self.root / "ca.key", "-CAcreateserial", "-days", "2",
                      "-extfile", extensions, "-out", crt)
        self.ca.chmod(0o644)
        self.origin_certificate = (str(crt), str(key))

    @staticmethod
    def _openssl(*args):
        done = subprocess.run(["openssl"] + [str(a) for a in args],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise Trouble("openssl failed: " + done.stderr[-600:])
