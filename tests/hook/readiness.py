# SPDX-License-Identifier: MIT
"""Hook tests of poll, select and epoll_wait: what they say is so, no other call
of a program that does not block sleeps, and they are as exact as without the
library."""

import shutil
import subprocess

import waits
from cases import ANY, BASIC, DIGEST, NTLM, NTLM_TOO, Case
from harness import difference
from scripted import OK, Scripted, keeps, refusal

LOOPS = ("poll", "select", "epoll", "edge", "oneshot", "blocking", "idle")
FAULTS = ("close-after-407", "close-silently", "trickle", "http10", "big-407",
          "rst", "split-status", "half-close", "interim")


def of(loop, auth, *faults, **more):
    """v_handshake.c is about what the proxy sees."""
    return Case("loop", loop, auth, faults, env=NTLM_TOO, extra=ANY, **more)


def cases():
    for loop in LOOPS:
        for auth in (BASIC, DIGEST, NTLM):
            yield of(loop, auth)
            yield of(loop, auth, "close-after-407=1",
                     label=f"{auth[1]} close-after-407")
        for fault in FAULTS:
            yield of(loop, BASIC, fault)
        yield of(loop, NTLM, "ntlm-close=1", label="ntlm-close")
    for loop in LOOPS[:5]:
        yield of(f"{loop}*100", BASIC, events=(1, 100), unordered=True)
        yield of(f"{loop}*100", NTLM, "close-after-407=1", events=(1, 100),
                 unordered=True, label="ntlm close-after-407")


def answered(h, loop, serve, helper=False, changes=()):
    """One loop before a scripted proxy."""
    folder = h.new_folder()
    with Scripted(folder, serve) as p:
        more = waits.helper_files(folder, p.port) if helper else ()
        out, bad = h.launch(folder, p, "loop", loop, (*more, *changes))
    if not out.endswith("all done\n") or "answer 200" not in out or \
            "asleep for" in out:
        bad.append("not what was wanted:\n" + out)
    started = (folder / "proxy.log").read_text().count("waiting") if helper \
        else 0
    if started != helper:
        bad.append(f"the helper was started {started} times")
    return bad


# Two requests at once. The first connection, for which the helper was started,
# is closed while that takes its time; the second must get its answer.
TWO = """
import select, socket, sys, time
two = [socket.create_connection(("127.0.0.1", int(sys.argv[1])))
       for _ in range(2)]
for s in two:
    s.setblocking(False)
    s.sendall(b"GET http://origin.test/ HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    select.select(two, [], [], 0.1)
two[0].close()
end = time.monotonic() + 30
while not select.select(two[1:], [], [], 1)[0] and time.monotonic() < end:
    pass
print(two[1].recv(12))
"""


def taken_over(h):
    """A helper goes on for those that are left."""
    folder = h.new_folder()
    with Scripted(folder, keeps) as p:
        done = subprocess.run(
            ["/usr/bin/python3", "-c", TWO, str(p.port)], capture_output=True,
            env=h.library_env(folder, f"127.0.0.1:{p.port}",
                              waits.helper_files(folder, p.port)), check=False)
    started = (folder / "proxy.log").read_text().count("waiting")
    if done.stdout != b"b'HTTP/1.1 200'\n" or done.stderr or started != 1:
        return [f"{done.stdout} {done.stderr}, started {started} times"]
    return []


# Many connections whose 407 is there; then one poll that does not wait.
MANY = """
import select, socket, sys, time
many = [socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        for _ in range(24)]
for s in many:
    s.setblocking(False)
    s.sendall(b"GET http://origin.test/ HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
time.sleep(1)
if sys.argv[2] == "epoll":
    loop = select.epoll()
    mask = select.EPOLLIN | select.EPOLLET
else:
    loop, mask = select.poll(), select.POLLIN
for s in many:
    loop.register(s, mask)
loop.poll(0)
time.sleep(1)
open(sys.argv[3], "w").write("polled")
left, end = {s.fileno(): s for s in many}, time.monotonic() + 30
while left and time.monotonic() < end:
    for fd, _ in loop.poll(100):
        print(left.pop(fd).recv(12).decode())
        loop.unregister(fd)
"""
# Counts its starts up to the end of that poll, and makes tokens of a kind.
TOKENS = """#!/bin/sh
test -e {0}/polled || echo $$ >>{0}/started
while read -r line; do test "$line" || break; done
sleep 0.1
printf 'state=complete\\ntoken=YWJj\\n\\n'
"""


def negotiates(peer):
    while peer.head():
        peer.say(OK if b"Negotiate " in peer.got else
                 refusal("Proxy-Authenticate: Negotiate\r\n"))


def one_start(h, loop):
    """A pass over many connections starts one process, and none is lost. It is
    found beside the link that names the library, or what that leads to."""
    folder = h.new_folder()
    library = folder / "libauth407.so"
    if loop == "poll":
        library.symlink_to(h.options.lib.resolve())
    else:
        shutil.copy(h.options.lib, library)
        library = h.new_folder() / "link.so"
        library.symlink_to(folder / "libauth407.so")
    (folder / "auth407-gss").write_text(TOKENS.format(folder))
    (folder / "auth407-gss").chmod(0o755)
    with Scripted(folder, negotiates) as p:
        env = h.library_env(folder, f"127.0.0.1:{p.port}", (
            ("AUTH407_SCHEMES", "negotiate"),))
        env["LD_PRELOAD"] = env["LD_PRELOAD"].replace(
            str(h.options.lib.resolve()), str(library))
        done = subprocess.run(
            ["/usr/bin/python3", "-c", MANY, str(p.port), loop,
             folder / "polled"], capture_output=True, env=env, check=False,
            text=True)
    started = len((folder / "started").read_text().split())
    bad = []
    if done.stdout != 24 * "HTTP/1.1 200\n" or done.stderr:
        bad.append(f"not all were answered: {done.stdout}{done.stderr}")
    # a machine so busy that milliseconds pass may have one more
    if not 1 <= started <= 2:
        bad.append(f"{started} processes were started in one pass")
    return bad


# A loop in which something else is ready all the time.
BUSY = """
import os, select, socket, sys, time
pipe = os.pipe()
os.write(pipe[1], b"x")
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.setblocking(False)
s.sendall(b"GET http://origin.test/ HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
loop = getattr(select, sys.argv[2])()
loop.register(pipe[0], 1)
loop.register(s, 1)
end = time.monotonic() + 20
while time.monotonic() < end:
    if s.fileno() in dict(loop.poll(1000)):
        print(s.recv(12).decode())
        break
"""


def busy(h, loop):
    folder = h.new_folder()
    with Scripted(folder, keeps) as p:
        done = subprocess.run(
            ["/usr/bin/python3", "-c", BUSY, str(p.port), loop],
            capture_output=True, check=False, env=h.library_env(
                folder, f"127.0.0.1:{p.port}",
                waits.helper_files(folder, p.port)))
    return [] if done.stdout == b"HTTP/1.1 200\n" and not done.stderr else [
        f"{done.stdout} {done.stderr}"]


def never_again(peer):
    """A second request on a connection gets no answer."""
    head = peer.head()
    peer.say(OK if b"Basic" in head else refusal())
    waits.still(peer)


def exact(h):
    """The same output with something under way for all of the time, with and
    without the library."""
    outs, bad = [], []
    for library in (False, True):
        folder = h.new_folder()
        with Scripted(folder, waits.still) as p:
            out, wrong = h.launch(
                folder, p, "ready", "", library=library,
                env={"READY_SLACK": str(h.options.timeout_factor)})
        outs.append(out)
        bad += wrong
    return bad + difference(*outs)


def tests():
    """(name, function of the harness) of each."""
    for case in cases():
        yield case.name, lambda h, c=case: h.judge(c)
    yield "readiness: as exact as without the library", exact
    for loop in (*LOOPS, "epoll*50", "poll*50"):
        yield (f"readiness, {loop}: a slow helper",
               lambda h, m=loop: answered(h, m, keeps, helper=True))
    yield ("readiness: a helper's connection is closed before another that "
           "waits for it, too", taken_over)
    for loop in ("poll", "epoll"):
        yield (f"readiness, {loop}: many connections need a token each",
               lambda h, m=loop: one_start(h, m))
        yield (f"readiness, {loop}: something else is ready all the time",
               lambda h, m=loop: busy(h, m))
    for loop in ("poll", "epoll", "edge"):
        yield (f"readiness, {loop}: a repeat that is never answered",
               lambda h, m=loop: answered(
                   h, m, never_again, changes=(("AUTH407_TIMEOUT", "1"),)))
