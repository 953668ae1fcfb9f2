# SPDX-License-Identifier: MIT
"""What strace saw: system calls on connections to the proxy, and through whom
they were made."""

import collections
import dataclasses
import pathlib
import re
import subprocess

# All that can move bytes, make copies of descriptors, or end them. poll, select
# and epoll_wait need no hook; socket options say nothing to the proxy.
CALLS = ("connect shutdown close dup dup2 dup3 fcntl epoll_ctl "
         "read readv pread64 preadv preadv2 recvfrom recvmsg recvmmsg "
         "write writev pwrite64 pwritev pwritev2 sendto sendmsg sendmmsg "
         "sendfile splice tee vmsplice copy_file_range "
         "io_uring_setup io_uring_enter pidfd_getfd").split()

CALL = re.compile(r"^(\w+)\((.*)$")
FRAME = re.compile(r"^ > (.*?)\((.*)\) \[0x[0-9a-f]+\]$")


@dataclasses.dataclass
class Call:
    name: str
    text: str
    frames: list  # (module, function), innermost first


def run(command, folder, env, timeout):
    """Runs a command under strace, with the stack of every call.

    Returns (exit status or None, its output, the calls of all its processes).
    """
    prefix = pathlib.Path(folder) / "trace"
    # strace itself gets the environment of the tests: -E is for the program.
    words = ["strace", "-f", "-ff", "-qq", "-k", "-yy", "-s", "0",
             "-e", "signal=none", "-e", "trace=" + ",".join(CALLS),
             "-o", str(prefix)]
    for name, value in env.items():
        words += ["-E", f"{name}={value}"]
    try:
        done = subprocess.run([*words, *map(str, command)], timeout=timeout,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        status, out = done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        status, out = None, late.stdout or b""
    calls = []
    for path in sorted(prefix.parent.glob("trace.*")):
        calls += read(path)
        path.unlink()
    return status, out, calls


def read(path):
    calls = []
    with open(path, errors="replace") as lines:
        for line in lines:
            frame = FRAME.match(line)
            if frame and calls:
                calls[-1].frames.append((frame[1], frame[2]))
                continue
            call = CALL.match(line)
            if call:
                calls.append(Call(call[1], line.rstrip(), []))
    return calls


def on_proxy(calls, port):
    """The calls that have a descriptor of a connection to the proxy."""
    decoded = re.compile(r"<TCP(v6)?:\[\S+->(127\.0\.0\.1|\[::1\]|"
                         r"\[?::ffff:127\.0\.0\.1\]?):%d\]>" % port)
    to = re.compile(r"htons\(%d\)" % port)
    for call in calls:
        if decoded.search(call.text) or (call.name == "connect" and
                                         to.search(call.text)):
            yield call


def unseen(calls):
    """Those that were made without a hook on the stack."""
    return [call for call in calls
            if not any(module.endswith("/libauth407.so")
                       for module, _ in call.frames)]


def describe(call):
    """The call, and the nearest frames that are not libc's."""
    way = [f"{pathlib.Path(module).name}({function})"
           for module, function in call.frames[:6]]
    return call.text[:160] + " by " + " < ".join(way)


def names(calls):
    counted = collections.Counter(call.name for call in calls)
    return " ".join(f"{name}:{n}" for name, n in sorted(counted.items()))


def count(command, folder, env):
    """How often a command makes each system call, all its threads together. Its
    addresses are always the same."""
    path = pathlib.Path(folder) / "counts"
    words = ["setarch", "-R", "strace", "-f", "-qq", "-e", "signal=none", "-o", str(path)]
    for name, value in env.items():
        words += ["-E", f"{name}={value}"]
    subprocess.run([*words, *map(str, command)], check=True, timeout=120,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    found = collections.Counter()
    for line in path.read_text(errors="replace").splitlines():
        # "PID call(...": not "PID <... call resumed>", which is the same one
        call = re.match(r"^\d+ +(\w+)\(", line)
        if call:
            found[call[1]] += 1
    return found
