# SPDX-License-Identifier: MIT
"""process.*: the program itself, and who started it."""
import os
import shutil
import socket
import time

from lab import namespace

CURL = ["curl", "-s", "-x", "127.0.0.1:{port}", "{url}"]


def one(records):
    if len(records) != 1:
        raise AssertionError(f"{len(records)} records")
    return records[0]["process"]


def base(path):
    return path.rsplit("/", 1)[-1]


def itself(lab):
    """the program's path, arguments, user and machine"""
    record = lab.run(CURL)[0]
    p = record["process"]
    if p["executable"]["path"] != os.path.realpath(shutil.which("curl")):
        yield p["executable"]
    if p["command_args"] != ["curl", "-s", "-x", f"127.0.0.1:{lab.port}",
                             "http://auth407.test/"]:
        yield p["command_args"]
    if p["user"]["id"] != os.geteuid():
        yield p["user"]
    if record["host"]["name"] != socket.gethostname():
        yield record["host"]


def chain(lab):
    """the chain of parents, nearest first, up to this test"""
    # (the command behind it keeps sh from becoming curl)
    p = one(lab.run(["sh", "-c", f"timeout 20 {' '.join(CURL)}; true"]))
    names = [base(x["executable"]) for x in p["parents"]]
    sh = base(os.path.realpath("/bin/sh"))
    if names[:2] != ["timeout", sh] or p["parents"][0]["pid"] != \
            p["parent_pid"]:
        yield names
    if p["parents"][2]["pid"] != os.getpid():
        yield p["parents"]
    if p["parents"][-1]["pid"] != 1:
        yield f"it ends at {p['parents'][-1]}"


def deep(lab):
    """a chain of more than 16 is cut"""
    script = lab.folder() / "deeper"
    script.write_text('#!/bin/sh\nn=$1; shift\n'
                      'if [ $n = 0 ]; then "$@"; else "$0" $((n - 1)) "$@"; '
                      'fi\ntrue\n')
    script.chmod(0o700)
    p = one(lab.run([script, "20", *CURL]))
    if len(p["parents"]) != 16:
        yield len(p["parents"])


def orphan(lab):
    """a parent that has gone: who has taken the process in comes instead"""
    words = " ".join(CURL)
    ready = lab.folder() / "ready"
    lab.run(["sh", "-c", f"(sh -c 'sleep 0.3; {words}; : >{ready}') & true"])
    for _ in range(100):
        if ready.exists():
            break
        time.sleep(0.1)
    logs = sorted(lab.root.glob("*/log"), key=lambda p: p.stat().st_mtime)
    p = one(lab.read(logs[-1]))
    if not p["parents"] or p["parents"][0]["pid"] != p["parent_pid"] or \
            any(not x["executable"] for x in p["parents"]):
        yield p


def replaced(lab):
    """a binary that was replaced while it runs keeps its name"""
    python = lab.folder() / "client"
    shutil.copy(os.path.realpath("/usr/bin/python3"), python)
    p = one(lab.run([python, "-c", f"""import os, urllib.request
os.unlink("{python}")
urllib.request.urlopen("http://auth407.test/").read()
"""], http_proxy=f"http://127.0.0.1:{lab.port}"))
    if p["executable"]["path"] != str(python):
        yield p["executable"]


def renamed(lab):
    """what a program calls itself does not hide its path"""
    p = one(lab.run(["bash", "-c", f"exec -a decoy {' '.join(CURL)}"]))
    if base(p["executable"]["path"]) != "curl" or \
            p["command_args"][0] != "decoy":
        yield p


def long_line(lab):
    """of a long command line the first words are shown"""
    names = [w for i in range(3000)
             for w in ("--resolve", f"{i}.test:80:127.0.0.1")]
    p = one(lab.run([*CURL, "-w", "y" * 100000, *names]))
    args = p["command_args"]
    if len(args) != 64 or args[6] != "y" * 255 or args[7] != "--resolve":
        yield args


def own_namespace(lab):
    """in a pid namespace the chain ends at its first process"""
    p = one(lab.run(["sh", "-c", " ".join(CURL) + "; true"], prefix=namespace(
        "--pid", "--fork", "--mount-proc", "--kill-child")))
    if p["parents"][-1]["pid"] != 1 or p["pid"] > 20:
        yield p
    if base(p["executable"]["path"]) != "curl":
        yield p["executable"]


def other_proc(lab):
    """where /proc is another namespace's, nobody is taken for somebody else"""
    p = one(lab.run(["sh", "-c", " ".join(CURL) + "; true"], prefix=namespace(
        "--pid", "--fork", "--kill-child")))
    if base(p["executable"]["path"]) != "curl" or \
            p["command_args"][0] != "curl":
        yield p
    names = [base(x["executable"]) for x in p["parents"]]
    if names[:2] != [base(os.path.realpath("/bin/sh")), "unshare"]:
        yield names


def no_proc(lab):
    """without /proc the program is known by the name that started it"""
    p = one(lab.run(CURL, prefix=[
        *namespace(), "sh", "-c",
        'mount -t tmpfs tmpfs /proc && exec "$@"', "sh"]))
    if base(p["executable"]["path"]) != "curl" or p["parents"] or \
            p["command_args"]:
        yield p


def hidden(lab):
    """processes that are hidden from the user are numbers without a name"""
    # the tree may lie where that user can't read, as in root's home
    library = shutil.copy(lab.build / "libauth407.so", lab.root)
    p = one(lab.run(CURL, LD_PRELOAD=str(library), prefix=[
        *namespace(), "sh", "-c",
        "mount -t proc -o hidepid=2 proc /proc && "
        f"chmod 777 {lab.root} {lab.root}/* && "
        'setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; true', "sh"]))
    if base(p["executable"]["path"]) != "curl" or p["user"]["id"] != 65534:
        yield p
    if [x["executable"] for x in p["parents"]] != [""]:
        yield p["parents"]


TESTS = [itself, chain, deep, orphan, replaced, renamed, long_line,
         own_namespace, other_proc, no_proc, hidden]
