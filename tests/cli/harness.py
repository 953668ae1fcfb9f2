# SPDX-License-Identifier: MIT
"""What the launcher's tests share: a scratch folder, running auth407."""

import os
import shutil
import subprocess
import tempfile

from tap import Skip, check, equal, has, lacks, test  # noqa: F401

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
NOBODY = 65534

def need_root():
    if os.getuid() != 0:
        raise Skip("needs root")


SCRATCH = tempfile.mkdtemp(prefix="auth407-cli.")
os.chmod(SCRATCH, 0o755)  # tests run programs in it as another user
# ... the command too, who may not be able to reach the clone.
AUTH407, *_ = [shutil.copy(os.path.join(BUILD, name), SCRATCH) for name in
               ("auth407", "auth407-report", "auth407-doctor")]


def path(*names):
    return os.path.join(SCRATCH, *names)


def write(name, text, mode=0o600):
    """Makes a file in the scratch folder and returns its path."""
    file = path(name)
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(file, mode)
    return file


def compile_c(name, source, *flags):
    """Compiles C in the scratch folder; returns the path of the result."""
    out = path(name)
    os.makedirs(os.path.dirname(out), exist_ok=True)
    done = subprocess.run(
        [os.environ.get("CC", "gcc"), "-x", "c", "-", "-o", out, *flags],
        input=source, capture_output=True, text=True, check=False)
    check(done.returncode == 0, done.stderr)
    os.chmod(out, 0o755)
    return out


def environment(**more):
    """A small environment, so that nothing of the caller's matters."""
    env = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": path("home"), "AUTH407_MEMORY": "no",
        "LC_ALL": "C.UTF-8",
        "AUTH407_LIBRARY": LIBRARY,
        # auth407 under auth407, where it is built with ASan
        "ASAN_OPTIONS": "verify_asan_link_order=0",
    }
    env.update({k: v for k, v in more.items() if v is not None})
    for name in [k for k, v in more.items() if v is None]:
        env.pop(name, None)
    return env


class Result:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout.decode("utf-8", "surrogateescape")
        self.err = done.stderr.decode("utf-8", "surrogateescape")


def run(*args, program=AUTH407, env=None, data=b"", **more):
    """auth407 ARGS; `env` holds additions to the small environment."""
    return Result(subprocess.run(
        [program, *args], env=environment(**(env or {})), input=data,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
        check=False, **more))


def refused(result, *parts):
    """auth407 itself failed, with 125 and these words."""
    equal(result.status, 125, f"exit status ({result.err.strip()})")
    equal(result.out, "", "standard output")
    for part in parts:
        has(result.err, part)
    for line in result.err.splitlines():
        check(line.startswith("auth407: "), f"line without name: {line!r}")


def clean(result, out):
    """The command ran, and auth407 said nothing."""
    equal((result.status, result.out, result.err), (0, out, ""), "result")


os.makedirs(path("home"))
LIBRARY = path("libauth407.so")
compile_c("libauth407.so", "int a407_test_library;", "-shared", "-fPIC")
