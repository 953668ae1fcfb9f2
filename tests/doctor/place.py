# SPDX-License-Identifier: MIT
"""What the doctor's tests share: a folder of their own, running the doctor,
and looking for secrets in all that it says."""

import base64
import json
import os
import pathlib
import subprocess
import tempfile
import urllib.parse

import jsonschema

from tap import check, equal, has, test  # noqa: F401

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("BUILD", "build")
SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="auth407-doctor."))
SECRET = "pa55-w0rd@:/x"
SHAPE = jsonschema.Draft202012Validator(
    json.loads((TOP / "docs/doctor-schema.json").read_text()))
WORKS, CAUSE, UNKNOWN = 0, 1, 2


def environment(more):
    """A small environment, in which nothing of the caller's matters; a value
    None takes a variable out."""
    home = SCRATCH / "home"
    home.mkdir(exist_ok=True)
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home),
           "LC_ALL": "C.UTF-8", "AUTH407_MEMORY": "no",
           "XDG_STATE_HOME": tempfile.mkdtemp(dir=SCRATCH), **more}
    return {k: str(v) for k, v in env.items() if v is not None}


def spellings(secret):
    raw = secret.encode()
    yield from (secret, raw.hex(), urllib.parse.quote(secret, safe=""))
    for user in (b"", b"alice:"):
        whole = base64.b64encode(user + raw).decode()
        yield whole.rstrip("=")


class Seen:
    """What the doctor said, as text and as JSON."""

    def __init__(self, args, env, secret):
        self.text, self.status = self.run(args, env, secret)
        out, status = self.run(["--format", "json", *args], env, secret)
        equal(status, self.status, "status with --format json")
        self.json = json.loads(out)
        equal([e.message for e in SHAPE.iter_errors(self.json)], [], out)
        self.code = self.json["verdict"].get("code")

    @staticmethod
    def run(args, env, secret):
        done = subprocess.run(
            [BUILD / "auth407", "doctor", *args], env=environment(env),
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, check=False, cwd=SCRATCH)
        equal(done.stderr, "", "standard error")
        for line in done.stdout.splitlines():
            check("--format" in str(args) or len(line) <= 80
                  or " " not in line.strip(), f"a long line: {line}")
        for spelling in spellings(secret):
            check(spelling not in done.stdout, f"{spelling} in {done.stdout}")
        return done.stdout, done.returncode

    def codes(self, *, status="failure"):
        """But for what this machine's own files say."""
        return [c.get("code") for c in self.json["checks"]
                if c["status"] == status and "(/etc/" not in c["what"]]


def doctor(*args, env=None, secret=SECRET):
    return Seen(args, env or {}, secret)


def finds(code, *args, says=(), env=None, secret=SECRET):
    """The verdict is this one, which the text begins with; the status is 1."""
    seen = doctor(*args, env=env, secret=secret)
    equal(seen.code, code, seen.text)
    equal(seen.status, CAUSE, seen.text)
    sentence = seen.json["verdict"]["sentence"]
    has(" ".join(seen.text.split()), sentence)
    for words in says:
        has(" ".join(seen.text.split()), words)
    return seen


def works(*args, env=None, secret=SECRET):
    """No word of a failure or a warning."""
    seen = doctor(*args, env=env, secret=secret)
    equal((seen.status, seen.json["verdict"]["status"]), (WORKS, "works"),
          seen.text)
    for status in ("failure", "warning"):
        equal(seen.codes(status=status), [], seen.text)
    return seen
