# SPDX-License-Identifier: MIT
"""What a core dump of a client would show of the secrets that the library has
for it: its memory but for the ranges that are left out of dumps, and the
kernel's own dump."""

import base64
import hashlib
import os
import re
import resource
import signal

from clients import PASSWORD, Lab
from place import check, equal, test
from tokens import jwt

USER = "alice"


def forms(secret, token):
    """A secret as it may stand in memory."""
    pair = f"{USER}:{secret}".encode()
    return {"itself": secret.encode(),
            "as UTF-16": secret.encode("utf-16-le"),
            "in base64": base64.b64encode(pair)} if not token else {
                "itself": secret.encode()}


def dumped(pid):
    """The memory that a dump of all would hold; how much is left out."""
    hidden = 0
    with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as f, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for found in re.finditer(
                r"^([0-9a-f]+)-([0-9a-f]+) (r.*?)\n.*?^VmFlags:(.*?)$",
                f.read(), re.M | re.S):
            start, end = (int(found[n], 16) for n in (1, 2))
            if " dd" in found[4]:
                hidden += end - start if "[v" not in found[3] else 0
                continue
            try:
                mem.seek(start)
                yield found[3], mem.read(end - start)
            except (OSError, ValueError):  # [vsyscall]
                pass
    check(hidden, "nothing is left out")


def shown(memory, secret, token=False):
    for where, text in memory:
        for name, form in forms(secret, token).items():
            check(form not in text, f"the secret {name} is in {where}")


def client_of(p, auth):
    secret = jwt(n="a token to be found") if auth == "bearer" else PASSWORD
    line = "token = " if auth == "bearer" else "username = alice\npassword = "
    return secret, Lab(p, line + secret, auth=auth, secret=secret)


@test
def not_dumped(p):
    """no dump of a client shows the secret, in whatever form it was sent"""
    for auth in ("basic", "digest", "ntlm", "bearer"):
        secret, made = client_of(p, auth)
        with made as lab:
            equal([lab.get()[0] for _ in range(3)], [200] * 3, auth)
            memory = list(dumped(lab.client.pid))
            check(len(memory) > 20, "hardly any memory")
            check(any(b"auth407.test" in text for _, text in memory),
                  "not the client's memory")
            shown(memory, secret, auth == "bearer")
            realm = [text for _, text in memory if hashlib.new(
                "md5", f"{USER}:proxy407:{PASSWORD}".encode()).digest() in text]
            equal(realm, [], "HA1")


@test
def dumped_by_the_kernel(p):
    """nor does the core file that the kernel writes"""
    with open("/proc/sys/kernel/core_pattern", encoding="ascii") as f:
        if f.read().strip() != "core":
            return
    secret, made = client_of(p, "basic")
    with made as lab:
        equal(lab.get()[0], 200)
        resource.prlimit(lab.client.pid, resource.RLIMIT_CORE,
                         (resource.RLIM_INFINITY,) * 2)
        cwd = os.readlink(f"/proc/{lab.client.pid}/cwd")
        lab.client.send_signal(signal.SIGABRT)
        lab.client.wait()
        cores = [os.path.join(cwd, name) for name in os.listdir(cwd)
                 if name in ("core", f"core.{lab.client.pid}")]
        check(cores, f"no core in {cwd}")
        with open(cores[0], "rb") as f:
            text = f.read()
        os.unlink(cores[0])
        check(b"auth407.test" in text, "not the client's memory")
        shown([("core", text)], secret)
