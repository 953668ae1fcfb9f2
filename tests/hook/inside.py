# SPDX-License-Identifier: MIT
"""Hook tests of what happens inside a hooked call, or ends it otherwise than by
a return: signals at any instruction, fork and siglongjmp in a handler,
cancellation. Without the library each prints the same."""

from harness import difference
from scripted import BASIC_ONLY, OK, Scripted, refusal


def server(bare):
    """Nothing is said to /silent, nor is more than a head read of /unread;
    /retry is refused and then not answered."""
    def serve(peer):
        while True:
            head = peer.head()
            mine = bare or b"Basic" in head
            if b"/unread" in head:
                peer.proxy.stopped.wait(0.3)
                peer.close()
                return
            if not head or b"/silent" in head or (mine and b"/retry" in head):
                peer.rest()
                return
            peer.say(OK if mine else refusal())
    return serve


def same(h, victim, mode, changes=(), bare=True):
    """The output without the library, then mostly behind a proxy that asks for
    no login, and with it."""
    shown, bad = [], []
    for library in (False, True):
        folder = h.new_folder()
        with Scripted(folder, server(bare and not library),
                      backlog=1024) as proxy:
            out, wrong = h.launch(folder, proxy, victim, mode,
                                  (*BASIC_ONLY, *changes), library=library)
        shown.append(out)
        bad += wrong
    return bad + difference(*shown)


def fork_refused(h):
    """Credentials that were refused before are looked for, each with a slow
    hash, while another thread forks."""
    folder = h.new_folder()

    def serve(peer):
        while peer.head():
            peer.say(refusal())

    with Scripted(folder, serve) as proxy:
        file = folder / "credentials"
        file.write_text("".join(
            f"[127.0.0.1:{proxy.port}]\nusername = user{i}\n"
            f"password = wrong {i}\n" for i in range(CREDENTIALS)))
        file.chmod(0o600)
        changes = (*BASIC_ONLY, ("AUTH407_CREDENTIALS", str(file)),
                   ("AUTH407_USERNAME", None), ("AUTH407_PASSWORD", None))
        first, bad = h.launch(folder, proxy, "forks", "ask", changes)
        out, wrong = h.launch(folder, proxy, "forks", "refused", changes)
    if "answer 407" not in first:
        bad.append(first)
    if out != "fork: at once\ndone\n":
        bad.append(out)
    return bad + wrong


def fork_passed(h):
    """A connection to an endpoint that is not configured is passed on while
    another thread forks: the child can use it."""
    return same(h, "forks", "passed", (("AUTH407_PROXY", "127.0.0.1:9"),),
                bare=False)


def fork_polled(h, end):
    """Threads wait in poll and epoll, and their children as well, on what they
    have inherited: what comes of that is luck, but the children get an answer
    of their own."""
    def serve(peer):
        while head := peer.head():
            peer.say(OK if b"Basic" in head else refusal(end=end))
            if end and b"Basic" not in head:
                peer.close()
                return

    folder = h.new_folder()
    with Scripted(folder, serve, backlog=1024) as proxy:
        out, bad = h.launch(folder, proxy, "forks", "polled", BASIC_ONLY)
    return bad + difference("children that failed: 0\ndone\n", out)


# As many as the library tries for one proxy.
CREDENTIALS = 8

# Memory that a thousand rounds may take, in KiB; of /retry there are 250.
GROWTH = (("jump:/silent", "siglongjmp out of a sleep", 4096),
          ("jump:/retry", "siglongjmp while a repeat is not answered", 1024),
          ("cancel:/silent", "cancelled in recv", 4096),
          ("cancel:/retry", "cancelled while a repeat is not answered", 1024),
          ("cancel-send:/unread", "cancelled in send", 4096),
          ("follow", "threads that call execve, and end", 64))
SAME = (("inside", "state", "a signal anywhere, with calls in its handler"),
        ("inside", "fork", "fork in a handler, anywhere"),
        ("inside", "jump", "siglongjmp out of a handler, anywhere"))


def tests(alone):
    """(name, function of the harness) of each."""
    for victim, mode, label in SAME:
        yield (f"{victim} {mode}: {label}",
               lambda h, v=victim, m=mode: same(h, v, m))
    yield ("forks refused: while what was refused before is looked for",
           fork_refused)
    yield "forks passed: while a connection is passed on", fork_passed
    for end in (False, True):
        yield (f"forks polled: children of threads in poll"
               f"{', the 407 ends the connection' if end else ''}",
               lambda h, e=end: fork_polled(h, e))
    for mode, label, most in GROWTH:
        if alone:  # a sanitizer keeps what was freed
            yield (f"leaks {mode}: {label}",
                   lambda h, m=mode, k=most: same(
                       h, "leaks", m, (("AUTH407_FOLLOW", "1"),
                                       ("LEAKS_MAX", str(k)))))
