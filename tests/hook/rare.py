# SPDX-License-Identifier: MIT
"""Hook tests of what few programs do: v_rare has a mode for most."""

from cases import ANY, BASIC, Case
from harness import difference, quiet
from scripted import BASIC_ONLY, OK, Scripted, refusal

CLOSING = ("close-after-407",)


def cases():
    yield Case("rare", "mmsg-empty", label="sendmmsg with an empty message")
    yield Case("rare", "epoll-mod", faults=CLOSING, extra=(1, 800),
               events=(1, 800), label="a thread that sets events all the time")
    yield Case("rare", "vfork", label="a vfork child uses the number anew")
    yield Case("forks", "crowd", extra=ANY, events=(1, 10**6),
               label="a child beside many threads has no private copies")
    yield Case("rare", "bad-pointer", label="EFAULT is the kernel's to say")


def no_fd(h):
    """A head is held back in part when the last descriptor is taken: the
    request goes out as it was written, and the 407 is shown."""
    run = h.run(Case("rare", "no-fd"), [*BASIC], ())
    bad = quiet(run)
    seen = [(r.auth, r.status) for r in run.requests]
    if seen != [("none", 407), ("basic", 200), ("none", 407)] or \
            not run.out.endswith("done\n"):
        bad.append(f"the proxy saw {seen}\n{run.shown}")
    return bad


def made(h):
    """The program closes a descriptor that it has not opened: the socket that
    is being connected to take the old one's place."""
    folder = h.new_folder()

    def serve(peer):
        if peer.head():
            peer.proxy.hang_more()
            peer.say(refusal(end=True))
        peer.close()

    with Scripted(folder, serve, backlog=0) as proxy:
        out, bad = h.launch(folder, proxy, "rare", "made", BASIC_ONLY,
                            ("nounspec",))
    want = "recv: -1 EINTR\nstrangers: 24 open, 24 bytes\ndone\n"
    if out != want:
        bad.append(f"{out}not\n{want}")
    return bad


def dribble(bare):
    """A proxy whose 407 has a byte of its body now and then."""
    def serve(peer):
        while head := peer.head():
            if bare or b"Basic" in head:
                peer.say(OK)
                continue
            peer.say(refusal(body=99 * b"x")[:-99])
            while not peer.proxy.stopped.wait(0.2):
                peer.sock.sendall(b"x")
    return serve


def no_end(h):
    """A 407 that does not end is not waited for, by whatever call."""
    bad = []
    for victim, mode in (("styles", "send+recv"), ("styles", "send+dontwait"),
                         ("loop", "eager-poll"), ("loop", "eager-edge"),
                         ("loop", "eager-naps")):
        shown = []
        for library in (False, True):
            with Scripted(None, dribble(not library)) as proxy:
                out, wrong = h.launch(
                    h.new_folder(), proxy, victim, mode,
                    (*BASIC_ONLY, ("AUTH407_TIMEOUT", "1")), library=library)
            shown.append(out)
            bad += wrong
        bad += difference(*shown)
    return bad


def tests():
    """(name, function of the harness) of each."""
    yield "rare no-fd: a head that is held back, and no descriptor", no_fd
    yield "rare no-end: a 407 whose body comes for ever", no_end
    yield "rare made: the number of a socket that is being connected", made
