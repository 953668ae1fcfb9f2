# SPDX-License-Identifier: MIT
"""Numbers of descriptors that are swapped at random while requests through
login proxies are under way on them: tests/stress/swap does it. SWAP_SECONDS in
the environment makes it longer, SWAP_SEED brings a run back as far as
scheduling allows."""

import contextlib
import os
import shlex
import subprocess
import time

import cases
import servers
from harness import PASSWORD, USER

SECONDS = 6
PATIENCE = 90  # seconds beyond these
SCHEMES = ("basic", "digest", "ntlm")
# Half of the proxies keep their connections, half close them after a 407.
KEEPING = ("--fault", "slow-407", "--slow-ms", "4")
CLOSING = KEEPING + ("--fault", "close-after-407")


def section(folder, port, with_helper):
    """A proxy's lines in the credential file."""
    if not with_helper:
        return f"[127.0.0.1:{port}]\nusername = {USER}\n" \
               f"password = {PASSWORD}\n"
    return f"[127.0.0.1:{port}]\nhelper = sh {folder}/helper\n"


def settings(folder, ports):
    """Credentials in a file, and every second one from a helper that takes
    20 to 200 ms."""
    helper = folder / "helper"
    helper.write_text("sleep $(printf 0.%03d $(($$ % 19 * 10 + 20)))\n"
                      f"cat {folder}/answer\n")
    (folder / "answer").write_text(f"username={USER}\npassword={PASSWORD}\n")
    file = folder / "credentials"
    file.write_text("".join(section(folder, port, i % 2)
                            for i, port in enumerate(ports)))
    file.chmod(0o600)
    return (("AUTH407_USERNAME", None), ("AUTH407_PASSWORD", None),
            ("AUTH407_CREDENTIALS", str(file)))


def command_of(h, env):
    """How it is started, and with what environment."""
    wrap = shlex.split(h.options.wrap)
    preload = env.pop("LD_PRELOAD", None)
    if preload:
        wrap += ["env", f"LD_PRELOAD={preload}"]
    return [*wrap, str(h.build / "tests/stress/swap")], \
        {"PATH": "/usr/bin:/bin", "LC_ALL": "C", **env}


def run(h, seconds, seed, library):
    """Its exit status, and all that it said."""
    folder = h.new_folder()
    with contextlib.ExitStack() as stack:
        proxies = [stack.enter_context(servers.Proxy(
            h.build, folder,
            ["--user", USER, "--password", PASSWORD, "--auth",
             scheme if library else "none", *faults], capture=False))
            for scheme in SCHEMES for faults in (KEEPING, CLOSING)
            for _ in range(2)]
        ports = [proxy.port for proxy in proxies]
        # a sanitizer's options are for both
        env = dict(pair.split("=", 1) for pair in h.options.env)
        if library:
            env = h.library_env(
                folder, ",".join(f"127.0.0.1:{p}" for p in ports),
                settings(folder, ports))
        command, env = command_of(h, {"HOME": str(folder), **env})
        done = subprocess.run(
            [*command, str(seconds), str(seed), h.authority(cases.ORIGIN),
             *map(str, ports)], env=env, cwd=folder, text=True, check=False,
            errors="replace", stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=seconds + PATIENCE)
    return done.returncode, done.stdout


def counts(said):
    words = (said.splitlines() or [""])[-1].split()
    return dict(zip(words[0::2], map(int, words[1::2]))) \
        if words[:1] == ["rounds"] else {}


def swaps(h):
    """No stranger may get anything but what the program writes to it."""
    seed = int(os.environ.get("SWAP_SEED", time.time_ns() // 1000 % 10**9))
    bad = []
    for library in (False, True):
        seconds = float(os.environ.get("SWAP_SECONDS", SECONDS)) \
            if library else 1
        code, said = run(h, seconds, seed, library)
        seen = counts(said)
        who = "" if library else "without the library: "
        if library:
            print("# " + (said.splitlines() or [""])[-1], flush=True)
        if code != 0:
            bad.append(f"{who}exit {code}, seed {seed}\n{said[-6000:]}")
        bad += [f"{who}no {what} in {said[-300:]}"
                for what in ("answered", "swaps", "strangers")
                if not seen.get(what)]
    return bad
