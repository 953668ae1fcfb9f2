# SPDX-License-Identifier: MIT
"""What the tests of auth407 login share."""

import os
import shutil

from harness import check, equal, has, lacks, path, run

SECRET = "s3cr3t-W0rd"
P = "p.test:3128"


def place(name):
    """A credential file of the test's own, not there yet; and options."""
    folder = path("login", name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, 0o700)
    return os.path.join(folder, "cred")


def text(file):
    with open(file, encoding="utf-8", newline="") as f:
        return f.read()


def lines(**keys):
    return "".join(f"{k}={v}\n" for k, v in keys.items())


def login(file, *args, keys=None, data=None, env=None, **more):
    """From standard input, where keys or data are given."""
    given = data if data is not None else lines(**keys) if keys else None
    words = ["login", "--credentials", file, *args]
    if given is not None:
        words.append("--stdin")
    done = run(*words, env=env, data=(given or "").encode(), **more)
    lacks(done.out + done.err, SECRET)
    return done


def ended(done, status, *parts):
    equal(done.status, status, done.err)
    for part in parts:
        has(done.err, part)
    for line in done.err.splitlines():
        check(line.startswith("auth407: "), f"line without name: {line!r}")


def only(file, *names):
    """Nothing is left beside it."""
    equal(sorted(os.listdir(os.path.dirname(file))),
          sorted(names or (os.path.basename(file),)), "the folder")
