# SPDX-License-Identifier: MIT
"""The real clients: how each fetches a URL through a proxy without being told
any login, and how to see whether it got the content."""

import dataclasses
import os
import pathlib
import shutil
from typing import Callable

from lab import CLEAN_PATH
from origin import content

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"
PYTHON = "/usr/bin/python3"
SIZE = 30000


@dataclasses.dataclass
class Task:
    """What a client is asked to do, and where."""
    lab: object
    origin: object
    proxy: object
    target: str          # "http" or "https": the origin's scheme
    folder: pathlib.Path

    @property
    def out(self):
        return self.folder / "out"

    @property
    def url(self):
        return self.origin.url(self.target, f"/bytes/{SIZE}/x")

    @property
    def authority(self):
        return f"origin.test:{self.origin.servers[self.target].port}"

    @property
    def proxy_at(self):
        return f"proxy.test:{self.proxy.port}"


@dataclasses.dataclass
class Run:
    """One command line. `env` comes on top of the bare environment; stdin, if
    there is one, stays open after its last byte, as a terminal does, unless
    the client waits for its end."""
    argv: list
    env: dict = dataclasses.field(default_factory=dict)
    stdin: bytes = None
    hold: bool = True
    got: Callable = None   # (task, stdout) -> the bytes that were fetched
    want: bytes = content(SIZE)


def from_file(task, _stdout):
    return task.out.read_bytes() if task.out.exists() else b""


def from_answer(_task, stdout):
    head, _, body = stdout.partition(b"\r\n\r\n")
    return body if b" 200" in head[:13] else b""


def bare_environment(task):
    home = task.folder / "home"
    home.mkdir(exist_ok=True)
    home.chmod(0o777)
    return {"PATH": CLEAN_PATH, "HOME": str(home), "LANG": "C.UTF-8",
            "TMPDIR": str(task.folder)}


def proxy_variables(task):
    return {"http_proxy": task.proxy.url, "https_proxy": task.proxy.url}


def simple(*argv):
    """A client that takes its proxy from the environment and writes a file."""
    def build(task):
        words = {"URL": task.url, "OUT": task.out, "CA": task.lab.ca,
                 "PROXY": task.proxy.url}
        return Run([str(words.get(a, a)) for a in argv], proxy_variables(task),
                   got=from_file)
    return build


def told(*argv):
    """The same, but the proxy is told on the command line alone."""
    def build(task):
        run = simple(*argv)(task)
        run.env = {}
        return run
    return build


def shows(*argv):
    """A browser that writes what it has got on its standard output."""
    def build(task):
        words = {"URL": task.url, "PROXYAT": task.proxy_at}
        return Run([words.get(a, a) for a in argv], proxy_variables(task),
                   got=lambda _task, stdout: stdout)
    return build


def git(task):
    clone = task.folder / "clone"
    return Run(["git", "clone", "-q",
                task.origin.url(task.target, "/git/repo.git"), str(clone)],
               {**proxy_variables(task), "GIT_TERMINAL_PROMPT": "0",
                "GIT_SSL_CAINFO": str(task.lab.ca),
                "GIT_CONFIG_NOSYSTEM": "1"},
               got=lambda t, _: ((clone / "file.bin").read_bytes()
                                 if (clone / "file.bin").exists() else b""),
               want=content(100000))


def apt_config(task, user, pipelines=True):
    root = task.folder / "apt"
    for name in ("state/lists/partial", "cache/archives/partial", "etc"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in ("state/lists", "cache/archives"):
        shutil.chown(root / name / "partial", user)
    sources = root / "etc/sources.list"
    sources.write_text("".join(
        f"deb [trusted=yes] {task.origin.url(task.target, '/apt')} "
        f"{suite} main extra\n" for suite in ("one", "two")))
    (root / "status").touch()
    depth = 10 if pipelines else 0
    conf = root / "apt.conf"
    conf.write_text(f"""\
Dir::State "{root}/state";
Dir::State::status "{root}/status";
Dir::Cache "{root}/cache";
Dir::Etc "{root}/etc";
Dir::Etc::main "none";
Dir::Etc::parts "none.d";
Dir::Log "{root}";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; }};
APT::Sandbox::User "{user}";
Acquire::Languages "none";
Acquire::Retries "0";
Acquire::http::Pipeline-Depth "{depth}";
Acquire::http::Proxy "{task.proxy.url}";
Acquire::https::Proxy "{task.proxy.url}";
Acquire::https::CAInfo "{task.lab.ca}";
""")
    return root, {"APT_CONFIG": str(conf)}


def apt_update(user, pipelines=None):
    """Where a nonce is soon used up, requests that are under way together
    can't all be sent again: there, the cells of the matrix show apt without
    them; settings.py shows apt with them."""
    def build(task):
        root, env = apt_config(
            task, user, task.proxy.name != "squid-digest2"
            if pipelines is None else pipelines)
        lists = root / "state/lists"
        names = [f"{suite}_{component}_binary-all_Packages"
                 for suite in ("one", "two")
                 for component in ("main", "extra")]

        def got(_task, _stdout):
            found = {n: p.read_bytes() for n in names
                     for p in lists.glob("*" + n)}
            return b"".join(found.get(n, b"") for n in names)

        want = b"".join(
            task.origin.files["/apt/dists/" + n.replace("_", "/")]
            for n in names)
        return Run(["apt-get", "-q", "update", "--error-on=any"], env,
                   got=got, want=want)
    return build


def apt_helper(task):
    _, env = apt_config(task, "root")
    return Run(["/usr/lib/apt/apt-helper", "download-file", task.url,
                str(task.out)], env, got=from_file)


def by_hand(*argv, hold=True):
    """A client that carries bytes: the request is typed into it."""
    def build(task):
        request = (f"GET /bytes/{SIZE}/x HTTP/1.1\r\nHost: {task.authority}"
                   "\r\nConnection: close\r\n\r\n")
        words = {"AUTHORITY": task.authority, "PROXYAT": task.proxy_at,
                 "HOST": "origin.test", "CA": str(task.lab.ca),
                 "PORT": task.authority.split(":")[1],
                 "PROXYADDRESS": f"PROXY:proxy.test:{task.authority},"
                                 f"proxyport={task.proxy.port}"}
        return Run([words.get(a, a) for a in argv], stdin=request.encode(),
                   hold=hold, got=from_answer)
    return build


@dataclasses.dataclass
class Client:
    name: str
    package: str
    program: str           # looked for; its absence is a failure
    executable: str        # what the log must name (resolved)
    build: Callable
    targets: tuple = ("http", "https")
    tunnels: bool = False  # CONNECT even for http
    needs: str = ""        # a file the package brings, if not the program
    browser: bool = False  # shows the page that comes with a 407

    def missing(self):
        if not shutil.which(self.program, path=CLEAN_PATH):
            return True
        return bool(self.needs) and not os.path.exists(self.needs)

    def binaries(self, target):
        path = self.executable.replace("TARGET", target)
        found = shutil.which(path, path=CLEAN_PATH) or path
        return os.path.realpath(found)


PERL = "/usr/share/perl5"
CLIENTS = [
    Client("curl", "curl", "curl", "curl",
           simple("curl", "-sSf", "--cacert", "CA", "-o", "OUT", "URL")),
    Client("wget", "wget", "wget", "wget",
           simple("wget", "-nv", "-t", "1", "--ca-certificate", "CA", "-O",
                  "OUT", "URL")),
    Client("git", "git", "git", "/usr/lib/git-core/git-remote-TARGET", git),
    Client("urllib", "python3", PYTHON, PYTHON,
           simple(PYTHON, PROGRAMS / "fetch_urllib.py", "URL", "OUT", "PROXY",
                  "CA")),
    Client("requests", "python3-requests", PYTHON, PYTHON,
           simple(PYTHON, PROGRAMS / "fetch_requests.py", "URL", "OUT",
                  "PROXY", "CA"),
           needs="/usr/lib/python3/dist-packages/requests"),
    Client("node", "nodejs", "node", "node",
           told("node", PROGRAMS / "fetch.js", "URL", "OUT", "PROXY", "CA")),
    Client("HTTP::Tiny", "libio-socket-ssl-perl", "perl", "perl",
           simple("perl", PROGRAMS / "fetch_tiny.pl", "URL", "OUT", "PROXY",
                  "CA"),
           needs=f"{PERL}/IO/Socket/SSL.pm"),
    Client("LWP", "liblwp-protocol-https-perl", "perl", "perl",
           simple("perl", PROGRAMS / "fetch_lwp.pl", "URL", "OUT", "PROXY",
                  "CA"),
           needs=f"{PERL}/LWP/Protocol/https.pm"),
    Client("apt-get", "apt", "apt-get", "/usr/lib/apt/methods/TARGET",
           apt_update("root")),
    Client("apt-get(_apt)", "apt", "apt-get", "/usr/lib/apt/methods/TARGET",
           apt_update("_apt")),
    Client("apt-helper", "apt", "/usr/lib/apt/apt-helper",
           "/usr/lib/apt/methods/TARGET", apt_helper),
    Client("aria2c", "aria2", "aria2c", "aria2c", lambda task: Run(
        ["aria2c", "-q", "--no-conf", "--max-tries=1", "--console-log-level="
         "error", f"--ca-certificate={task.lab.ca}", "-d", str(task.folder),
         "-o", "out", task.url], proxy_variables(task), got=from_file)),
    Client("php", "php-cli", "php", "php",
           told("php", "-n", PROGRAMS / "fetch.php", "URL", "OUT", "PROXY",
                "CA")),
    Client("elinks", "elinks", "elinks", "elinks",
           shows("elinks", "-no-home", "1", "-source", "1", "URL"),
           targets=("http",), browser=True),
    Client("links", "links", "links", "links",
           shows("links", "-http-proxy", "PROXYAT", "-source", "URL"),
           targets=("http",), browser=True),
    Client("lynx", "lynx", "lynx", "lynx", shows("lynx", "-source", "URL"),
           targets=("http",), browser=True),
    Client("w3m", "w3m", "w3m", "w3m", shows("w3m", "-dump_source", "URL"),
           targets=("http",), browser=True),
    Client("socat", "socat", "socat", "socat",
           by_hand("socat", "-t", "1", "-", "PROXYADDRESS"),
           targets=("http",), tunnels=True),
    Client("ncat", "ncat", "ncat", "ncat",
           by_hand("ncat", "--proxy", "PROXYAT", "--proxy-type", "http",
                   "--no-shutdown", "HOST", "PORT", hold=False),
           targets=("http",), tunnels=True),
    Client("openssl", "openssl", "openssl", "openssl",
           by_hand("openssl", "s_client", "-quiet", "-CAfile", "CA",
                   "-servername", "HOST", "-proxy", "PROXYAT", "-connect",
                   "AUTHORITY"), targets=("https",), tunnels=True),
]
BY_NAME = {c.name: c for c in CLIENTS}
