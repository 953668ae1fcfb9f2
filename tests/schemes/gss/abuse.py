# SPDX-License-Identifier: MIT
"""The helper by hand, and helpers that are none."""

import os
import resource
import shutil
import subprocess
import time

from realm import PASSWORD
from parties import ASK, HELPER
from tap import Skip, check


def raw(place, text, cache=None, **more):
    return subprocess.run([HELPER], input=text, text=True, timeout=30,
                          env=place.env(cache), capture_output=True, **more)


def other_helper(place, script):
    """The library's side, with something else in the helper's place."""
    folder = place.folder / f"bin{len(os.listdir(place.folder))}"
    folder.mkdir()
    shutil.copy(ASK, folder / "ask")
    if script is not None:
        helper = folder / "auth407-gss"
        helper.write_text(script)
        helper.chmod(0o755)
    return place.asker(program=folder / "ask", ms="1000")


def helper_missing(place):
    """a helper that is not installed"""
    cause, text = other_helper(place, None).trouble()
    check(cause == "helper_failed" and "No such file" in text, text)


def helper_broken(place):
    """helpers that end, are killed, talk nonsense, or say too much"""
    for script, word in (
            ("#!/bin/sh\nexit 127\n", "does not run"),
            ("#!/bin/sh\nexit 3\n", "exit status 3"),
            ("#!/bin/sh\nkill -SEGV $$\n", "exit status 139"),
            ("#!/bin/sh\nread x\necho; echo\nsleep 5\n", ""),
            ("#!/bin/sh\nread x\necho state=continue; echo token=:::; echo\n"
             "cat\n", "over"),
            ("#!/bin/sh\nread x\necho state=failed; echo cause=magic; echo\n",
             ""),
            ("#!/bin/sh\nexec yes\n", "")):
        asker = other_helper(place, script)
        cause, text = asker.trouble()
        check(cause in ("helper_failed", "protocol_error"), f"{cause} {text}")
        check(word in text, f"{script}: {text}")
        check(asker.ms < 1500, f"{script}: {asker.ms:.0f} ms")


def helper_silent(place):
    """a helper that says nothing costs the limit"""
    asker = other_helper(place, "#!/bin/sh\ntrap '' TERM\nsleep 60\n")
    cause, text = asker.trouble()
    check(cause == "helper_failed" and "said nothing for 1 s" in text, text)
    check(900 < asker.ms < 1500, f"{asker.ms:.0f} ms")


def helper_hidden(place):
    """what the helper is given: three fds, free signals, no arguments, and the
    library off"""
    asker = other_helper(place, (
        "#!/usr/bin/python3\nimport os, signal, sys\n"
        "sys.stdin.readline()\nprint('state=failed\\ntext=',\n"
        "  sorted(map(int, os.listdir('/proc/self/fd')))[:-1],\n"
        "  signal.pthread_sigmask(signal.SIG_BLOCK, []),\n"
        "  sys.argv[1:], os.environ['AUTH407_MODE'], '\\n', sep='')\n"))
    asker.set("password", "SECRET")
    cause, text = asker.trouble()
    check(text == "[0, 1, 2]set()[]off", text)


def environment_is_clean(place):
    """variables with secrets do not reach the helper"""
    env = {"AUTH407_PASSWORD": "SECRET", "AUTH407_TOKEN": "SECRET"}
    folder = place.folder / "bin"
    folder.mkdir()
    shutil.copy(ASK, folder / "ask")
    (folder / "auth407-gss").write_text(
        "#!/bin/sh\nread x\necho state=failed\n"
        "echo \"text=$(env | grep -c SECRET)\"\necho\n")
    (folder / "auth407-gss").chmod(0o755)
    _, text = place.asker(program=folder / "ask", env=env).trouble()
    check(text == "0", text)


def by_relative_path(place):
    """found beside the library after the program has gone elsewhere"""
    cache = place.realm.ticket(place.folder / "cache")
    folder = place.folder / "bin"
    folder.mkdir()
    for path in (ASK, HELPER):
        shutil.copy(path, folder)
    code = ("import os, sys; os.chdir(sys.argv[1]); "
            "os.execv('bin/ask', ['ask'])")
    asker = place.asker(cache, before=(
        "/usr/bin/python3", "-c", code, place.folder), program="")
    asker.token()


def messages(place):
    """messages that are none: an answer or an end, and never a crash"""
    cache = place.realm.ticket(place.folder / "cache")
    for text, expected in (
            ("", None), ("\n", None), ("service=HTTP@proxy.test\n", None),
            ("\n\n", "no service"), ("nonsense\n\n", "no service"),
            ("service=\n\n", "no service"), ("=\n\n", "no service"),
            ("service=HTTP@\n\n", ""), ("service=@\n\n", ""),
            ("service=@host\n\n", ""), ("service=/\n\n", ""),
            ("service=HTTP@x\nlimit-ms=-5\nusername=\\\n\n", ""),
            ("service=" + "x" * 200000 + "\n\n", None),
            ("service=" + "x" * 100000 + "\n\n", "")):
        done = raw(place, text, cache)
        check(done.returncode >= 0, f"{text[:40]!r}: {done.returncode}")
        check(not done.stderr, done.stderr)
        if expected is None:
            check(not done.stdout, f"{text[:40]!r}: {done.stdout}")
        else:
            check(done.stdout.startswith("state=failed\ncause=")
                  and done.stdout.endswith("\n\n")
                  and expected in done.stdout,
                  f"{text[:40]!r}: {done.stdout}")


def later_messages(place):
    """a later message without a token, or with one that is no base64"""
    cache = place.realm.ticket(place.folder / "cache")
    for text in ("x=\n\n", "token=\n\n", "token=%%%%\n\n"):
        child = subprocess.Popen([HELPER], text=True, env=place.env(cache),
                                 stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE)
        child.stdin.write("service=HTTP@proxy.test\n\n")
        child.stdin.flush()
        check(child.stdout.readline() == "state=continue\n", "no token")
        child.stdout.readline()
        child.stdout.readline()
        rest, _ = child.communicate(text, 30)
        check(rest.startswith("state=failed\ncause=protocol_error"), rest)


def not_dumped(place):
    """other processes of the user can't read the helper's memory, and no core
    is written"""
    cache = place.realm.ticket(place.folder / "cache")
    child = subprocess.Popen(
        [HELPER], text=True, env=place.env(cache), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_CORE, (1000, 1000)))
    child.stdin.write("service=HTTP@proxy.test\n\n")
    child.stdin.flush()
    child.stdout.readline()
    limits = open(f"/proc/{child.pid}/limits").read()
    owner = os.stat(f"/proc/{child.pid}/mem").st_uid
    core = [x.split()[4:6] for x in limits.splitlines() if "core file" in x]
    child.kill()
    child.communicate()
    check(core == [["0", "0"]], core)
    # not dumpable: such files are root's, whoever runs it
    if os.geteuid():
        check(owner == 0, f"mem is of {owner}")


def not_for_setuid(place):
    """nothing is done with more rights than the caller's"""
    copy = place.folder / "auth407-gss"
    shutil.copy(HELPER, copy)
    if os.geteuid():
        raise Skip("only root can make such a file")
    place.folder.parent.chmod(0o755)
    place.folder.chmod(0o755)
    os.chown(copy, 65534, 65534)
    copy.chmod(0o4755)
    cache = place.realm.ticket(place.folder / "cache")
    done = subprocess.run([copy], text=True, env=place.env(cache),
                          input="service=HTTP@proxy.test\n\n",
                          capture_output=True)
    check(done.returncode == 2 and not done.stdout, done)


def by_hand(place):
    """a person who starts it is told what it is"""
    done = subprocess.run([HELPER, "--help"], text=True, capture_output=True)
    check(done.returncode == 2 and "libauth407" in done.stderr, done)


def leaves_nobody(place):
    """no process is left by a program that is killed in the middle"""
    cache = place.realm.ticket(place.folder / "cache")
    asker = place.asker(cache)
    asker.token()
    keeper = int(asker.say("pid 0"))
    children = open(f"/proc/{keeper}/task/{keeper}/children").read().split()
    check(len(children) == 1, f"children of the keeper: {children}")
    asker.child.kill()
    asker.child.wait()
    place.running.remove(asker)
    asker.child.stdin.close()
    asker.child.stdout.close()
    end = time.monotonic() + 5
    while any(runs(p) for p in [keeper, *children]):
        check(time.monotonic() < end, "the helper runs on")
        time.sleep(0.05)


def runs(pid):
    """Is it there, and no zombie that waits for init?"""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def secret_stays(place):
    """no password in an argument list or a message"""
    config = place.realm.conf("down.conf",
                              [f"kdc = 127.0.0.1:{place.realm.dead_port}"])
    done = subprocess.run(
        [HELPER], text=True, capture_output=True, env=place.env(config=config),
        input=f"service=HTTP@proxy.test\nusername=alice\n"
              f"password={PASSWORD}\n\n")
    check(done.stdout and PASSWORD not in done.stdout + done.stderr, done)


TESTS = [helper_missing, helper_broken, helper_silent, helper_hidden,
         environment_is_clean, by_relative_path, messages, later_messages,
         not_dumped, not_for_setuid, by_hand, leaves_nobody, secret_stays]
