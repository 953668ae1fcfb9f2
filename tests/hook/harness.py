# SPDX-License-Identifier: MIT
"""Runs one victim against one proxy and judges what it and the proxy saw."""

import base64
import contextlib
import dataclasses
import difflib
import itertools
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import threading

import cases
import servers
from ports import free_port
from tap import Skip

TIMEOUT = 15  # seconds that any victim may take
LINES_MAX = 30  # of a run, that are held against the schema
USER, PASSWORD = "alice", "open sesame: \"1\""
BASIC_WORD = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
ROOT = pathlib.Path(__file__).resolve().parents[2]
SAYS_407 = re.compile(r"\b(answer|status|connect) 407\b")
SAYS_REFUSED = re.compile(r"\b(answer|status|connect) 40[17]\b")


@dataclasses.dataclass
class Run:
    """What came of one victim."""
    out: str
    err: str
    code: object    # None: it had to be killed
    requests: list  # that the proxy logged
    sent: list      # bytes of each connection, from the client
    answered: list  # ... to the client
    raw: bytes      # what the victim itself read
    events: list    # the library's log
    log: bytes
    connections: int

    @property
    def shown(self):
        return f"{self.out}exit {self.code}\n"


class Harness:
    """Holds what all tests share: the origins, a folder, known references."""

    def __init__(self, options):
        self.options = options
        self.build = options.build.resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="auth407-hook-"))
        self._numbers = itertools.count(1)
        self._references = {}
        self._lock = threading.Lock()
        self._mine = threading.local()
        self.lines = []
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        enter = self._stack.enter_context
        self.origin = enter(servers.Origin(self.build,
                                           self.folder / "origin.log"))
        self.tls = enter(servers.TlsOrigin(self.folder))
        self.closed_port = free_port()
        return self

    def __exit__(self, *_):
        self._stack.close()
        if self.options.keep:
            print("# kept:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- one run ----

    def perform(self, test):
        """One test. Its folders go at once when it has passed: some hold
        hundreds of files, and to remove all of them at the end takes long."""
        self._mine.folders = []
        bad = list(test(self) or ())
        if not bad and not self.options.keep:
            for folder in self._mine.folders:
                shutil.rmtree(folder, ignore_errors=True)
        return bad

    def new_folder(self):
        with self._lock:
            folder = self.folder / str(next(self._numbers))
        folder.mkdir()
        # one that a further thread of a test asks for stays to the end
        getattr(self._mine, "folders", []).append(folder)
        return folder

    def proxy(self, folder, options):
        """A proxy407 that knows the user."""
        return servers.Proxy(self.build, folder,
                             ["--user", USER, "--password", PASSWORD,
                              *options])

    def authority(self, target):
        port = {cases.ORIGIN: self.origin.port,
                cases.ECHO: self.origin.ports["echo"],
                cases.TLS: self.tls.port,
                cases.NOWHERE: self.closed_port}[target]
        return f"{'localhost' if target == cases.TLS else '127.0.0.1'}:{port}"

    def library_env(self, folder, endpoint, changes=(), after=()):
        """The environment that preloads the library, and after it the named
        ones of lib_NAME.c. A change to None takes a variable away."""
        preload = [*self.options.preload, str(self.options.lib.resolve()),
                   *(str(self.build / f"tests/hook/lib_{name}.so")
                     for name in after)]
        env = {"LD_PRELOAD": " ".join(preload),
               "AUTH407_PROXY": endpoint,
               "AUTH407_USERNAME": USER,
               "AUTH407_PASSWORD": PASSWORD,
               "AUTH407_LOG": str(folder / "auth407.jsonl")}
        env.update(pair.split("=", 1) for pair in self.options.env)
        env.update(changes)
        return {k: v for k, v in env.items() if v is not None}

    def victim(self, folder, victim, mode, host, port, authority, extra,
               shell=False):
        """Starts a victim; returns its output, errors and exit status."""
        env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C",
               "XDG_STATE_HOME": str(folder / "state"),
               "VICTIM_CA": str(self.tls.authority),
               "VICTIM_RAW": str(folder / "raw"),
               "VICTIM_PROXY_LOG": str(folder / "proxy.log"),
               "VICTIM_BASIC": BASIC_WORD,
               "VICTIM_FACTOR": str(self.options.timeout_factor), **extra}
        wrap = shlex.split(self.options.wrap) if "LD_PRELOAD" in extra else []
        command = [*wrap, str(self.build / f"tests/hook/v_{victim}"), host,
                   str(port), authority, *([mode] if mode else [])]
        if shell:  # which is not to put the victim in its own place
            command = ["/bin/sh", "-c", '"$@"; exit $?', "sh", *command]
        if wrap:  # the library is for the victim, not for its wrapper
            command = ["env", f"LD_PRELOAD={env.pop('LD_PRELOAD')}", *command]
        with open(folder / "out", "wb") as out, \
                open(folder / "err", "wb") as err:
            child = subprocess.Popen(command, env=env, stdout=out, stderr=err,
                                     stdin=subprocess.DEVNULL, cwd=folder,
                                     start_new_session=True)
            try:
                code = child.wait(TIMEOUT * self.options.timeout_factor)
                note = ""
            except subprocess.TimeoutExpired:
                code, note = None, "timed out\n" + stacks(child.pid)
                os.killpg(child.pid, 9)
                child.wait()
        return (read_text(folder / "out"), read_text(folder / "err") + note,
                code)

    def run(self, case, options, library=None, folder=None):
        """One victim, one proxy. `library`: changes to the environment that
        preloads it, or None to run without."""
        folder = folder or self.new_folder()
        with self.proxy(folder, options) as proxy:
            host = case.named or \
                (f"[{case.host}]" if ":" in case.host else case.host)
            extra = {} if library is None else self.library_env(
                folder, f"{host}:{proxy.port}", library, case.after)
            out, err, code = self.victim(
                folder, case.victim, case.mode, case.host, proxy.port,
                self.authority(case.target), extra, case.shell)
        log = read_bytes(folder / "auth407.jsonl")
        with self._lock:
            self.lines += log.splitlines()[:LINES_MAX]
        return Run(out, err, code, proxy.requests(), proxy.copies("in"),
                   proxy.copies("out"), read_bytes(folder / "raw"),
                   [e for e in map(json.loads, log.splitlines())
                    if e["event"]["name"] != "process.not_covered"], log,
                   proxy.connections())

    def launch(self, folder, proxy, victim, mode, changes=(), after=(),
               library=True, env=()):
        """One victim behind a scripted proxy, whose end of a stream is all that
        it sees of an origin; (output, what is wrong with it)."""
        extra = self.library_env(folder, f"127.0.0.1:{proxy.port}", changes,
                                 after) if library else {}
        out, err, code = self.victim(folder, victim, mode, "127.0.0.1",
                                     proxy.port, "127.0.0.1:9",
                                     {**extra, **dict(env)})
        return out + (f"exit {code}\n" if code else ""), \
            quiet_output(out, err, code)

    def reference(self, case):
        """The victim without the library, behind a proxy without a login."""
        key = (case.victim, case.mode, case.faults, case.options, case.target,
               case.host)
        with self._lock:
            known = self._references.get(key)
        if not known:
            known = self.run(case, dataclasses.replace(
                case, auth=("--auth", "none")).login)
            with self._lock:
                self._references[key] = known
        return known

    # ---- judgement ----

    def shows_407(self, case):
        """Without the library: fine without a login, refused with one."""
        reference = self.reference(case)
        refused = self.run(case, [*case.auth, *case.options])
        bad = []
        if reference.code != 0 or SAYS_407.search(reference.out):
            bad.append("the reference run is not fine:\n" + reference.shown +
                       reference.err)
        if refused.code is None or not SAYS_407.search(refused.out):
            bad.append("no 407 was shown:\n" + refused.shown + refused.err)
        return bad

    def possible(self, case):
        """Raises Skip where a case can't be tried."""
        if not (self.build / f"tests/hook/v_{case.victim}").exists():
            raise Skip(f"v_{case.victim} is not built")

    def judge(self, case):
        """The case with the library, against what it must look like."""
        self.possible(case)
        reference = self.reference(case)
        if reference.code is None:
            return ["the reference run hangs:\n" + reference.err]
        run = self.run(case, case.login, case.env)
        bad = quiet(run)
        if case.expect == cases.AS_BARE:
            reference = self.run(case, case.login)
        differs = difference(comparable(case, reference),
                             comparable(case, run))
        if case.expect == cases.AS_BARE:
            bad += differs + judge_events(case, run, None)
        elif case.expect == cases.RESOLVED or \
                (case.expect == cases.EITHER and not differs):
            bad += differs + judge_events(case, run, "resolved")
        else:
            if case.expect == cases.REFUSED:
                bad += judge_refusal(case, run)
            elif run.code is None or not SAYS_REFUSED.search(run.out):
                bad.append("neither resolved nor refused:\n" + run.shown)
            bad += judge_events(case, run, None)
        bad += judge_requests(case, run, len(reference.requests))
        if bad:
            bad += context(case, run)
        return bad

    def leaks(self):
        """What reached an origin and must not have."""
        return self.origin.leaks() + self.tls.leaks


def comparable(case, run):
    """The output without what may differ between two runs of this case."""
    lines = run.shown.splitlines()
    if "interim" in case.faults:
        # they came before the 407, and are the program's to see or not
        lines = [line for line in lines if not line.startswith("interim ")]
    return "\n".join(sorted(lines) if case.unordered else lines)


def quiet(run):
    """What no run with the library may do, whatever it is about."""
    return quiet_output(run.out, run.err, run.code, run.log)


def quiet_output(out, err, code, log=b""):
    bad = []
    if err:
        bad.append("standard error:\n" + err[-8000:])
    if code is None:
        bad.append("it hung after:\n" + out[-1000:])
    if PASSWORD in out + err or PASSWORD.encode() in log or \
            json.dumps(PASSWORD)[1:-1].encode() in log:
        bad.append("the password was printed")
    return bad


def judge_events(case, run, outcome):
    least, most = case.events
    bad = []
    if not least <= len(run.events) <= most:
        bad.append(f"{len(run.events)} log lines, not {least}..{most}")
    for event in run.events:
        if outcome and event["outcome"] != outcome:
            bad.append(f"outcome {event['outcome']} ({event['cause']}), "
                       f"not {outcome}")
        elif case.expect == cases.REFUSED and event["outcome"] == "resolved":
            bad.append("outcome resolved, where nothing was")
    if case.cause and case.cause not in [e["cause"] for e in run.events]:
        bad.append(f"no log line with cause {case.cause}")
    return bad


def judge_requests(case, run, normally):
    least, most = (normally + extra for extra in case.extra)
    bad = []
    if not least <= len(run.requests) <= most:
        bad.append(f"the proxy saw {len(run.requests)} requests, not "
                   f"{least}..{most}")
    wrong_answer = [r for r in run.requests if r.verdict not in
                    ("ok", "open", "missing", "stale", "unknown-nonce",
                     "unread", "cut-short", "wrong-credential",
                     *(("type1", "bound") if "ntlm" in case.auth else ()))]
    if wrong_answer:
        bad.append(f"the proxy found fault: {wrong_answer[0]}")
    return bad


def judge_refusal(case, run):
    """What the victim read must be the proxy's refusal, byte for byte."""
    bad = []
    refusals = [piece for copy in run.answered for piece in refusals_of(copy)]
    if not refusals:
        return ["the proxy refused nothing"]
    wanted = refusals[0] if case.once else refusals[-1]
    libcurl = case.victim.startswith("curl")  # reads on its own, keeps nothing
    if not libcurl and not run.raw.endswith(wanted):
        bad.append(f"read {run.raw[:2000]!r}\nwhere the proxy sent "
                   f"{wanted[:2000]!r}")
    wrong = [r for r in run.requests if r.verdict == "wrong-credential"]
    if len(wrong) > 1:
        bad.append(f"a wrong credential was sent {len(wrong)} times")
    return bad


def refusals_of(copy):
    """Cuts what a proxy sent into the answers that are refusals."""
    starts = [m.start() for m in re.finditer(rb"HTTP/1\.[01] [0-9]{3}", copy)]
    for start, end in zip(starts, starts[1:] + [len(copy)]):
        if copy[start + 9:start + 12] in (b"407", b"401"):
            yield copy[start:end]


def difference(wanted, got):
    """What is wrong with an output that is to be as wanted: nothing, or that it
    differs."""
    return [] if wanted == got else [
        "output differs from the reference:\n" + "\n".join(itertools.islice(
            difflib.unified_diff(wanted.splitlines(), got.splitlines(),
                                 "reference", "got", lineterm=""), 40))]


def alike(wanted, run):
    """The same of a run."""
    return quiet(run) + difference(wanted, run.shown)


def context(case, run):
    """What helps to find out why."""
    again = " ".join(["proxy407", *case.login])
    lines = [f"proxy: {again}", f"{run.connections} connections"]
    lines += [f"conn={r.conn} req={r.req} {r.method} auth={r.auth} "
              f"{r.verdict} body={r.body} {r.status}"
              for r in run.requests[:12]]
    lines += [json.dumps({k: e.get(k) for k in
                          ("outcome", "cause", "detail", "attempts")})
              for e in run.events[:3]]
    return ["\n".join(lines)]


def stacks(pid):
    """Where every thread of a process is, if a debugger is there."""
    if not shutil.which("gdb"):
        return "(no gdb)\n"
    try:
        told = subprocess.run(
            ["gdb", "-p", str(pid), "-batch", "-nx", "-iex",
             "set debuginfod enabled off", "-ex", "thread apply all bt 24"],
            capture_output=True, timeout=60, check=False,
            stdin=subprocess.DEVNULL).stdout.decode(errors="replace")
    except subprocess.TimeoutExpired:
        return "(gdb hung)\n"
    return "".join(line + "\n" for line in told.splitlines()
                   if re.match(r"#|Thread ", line))


def helper(folder, script, proxy="127.0.0.1"):
    """Settings whose credential comes from a helper that runs this script."""
    (folder / "helper").write_text(
        f"{script}\necho username={USER}\necho 'password={PASSWORD}'\n")
    file = folder / "credentials"
    file.write_text(f"[{proxy}]\nhelper = sh {folder}/helper\n")
    file.chmod(0o600)
    return (("AUTH407_CREDENTIALS", str(file)), ("AUTH407_USERNAME", None),
            ("AUTH407_PASSWORD", None))


def read_bytes(path):
    return path.read_bytes() if path.exists() else b""


def read_text(path):
    return read_bytes(path).decode(errors="backslashreplace")
