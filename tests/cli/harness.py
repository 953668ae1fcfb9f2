# SPDX-License-Identifier: MIT
"""What the launcher's tests share: TAP, a scratch folder, running auth407."""

import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
NOBODY = 65534

_tests = []


class Skip(Exception):
    """The machine lacks something; the reason is printed."""


def test(function):
    """Registers a test; its docstring is its name."""
    _tests.append(function)
    return function


def need_root():
    if os.getuid() != 0:
        raise Skip("needs root")


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def equal(got, expected, what=""):
    check(got == expected, f"{what}: got {got!r}, expected {expected!r}")


def has(text, part):
    check(part in text, f"{part!r} is not in {text!r}")


def lacks(text, part):
    check(part not in text, f"{part!r} is in {text!r}")


def main():
    print(f"1..{len(_tests)}")
    failed = 0
    for number, function in enumerate(_tests, 1):
        name = " ".join(function.__doc__.split())
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except Exception as error:  # a test that breaks has failed
            failed += 1
            print(f"not ok {number} - {name}")
            for line in f"{type(error).__name__}: {error}".splitlines():
                print(f"# {line}")
            sys.stdout.flush()
    shutil.rmtree(SCRATCH, ignore_errors=True)
    sys.exit(1 if failed else 0)


SCRATCH = tempfile.mkdtemp(prefix="auth407-cli.")
os.chmod(SCRATCH, 0o755)  # tests run programs in it as another user
# ... the command too, who may not be able to reach the clone.
AUTH407 = shutil.copy(os.path.join(BUILD, "auth407"), SCRATCH)


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
        "HOME": path("home"),
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
