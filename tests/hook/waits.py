# SPDX-License-Identifier: MIT
"""Hook tests of the places where the library waits: what goes on around such a
wait must be as if the program waited in a plain call of its own."""

import concurrent.futures
import dataclasses

from harness import difference, helper as helper_of
from scripted import NTLM, OK, Scripted, refusal

TIMEOUT_S = 2  # AUTH407_TIMEOUT; what is held up is so for that long
HELPER_S = 3
PROMPT_S = 0.3


# ---- proxies that stand still: each gets the connection of a request ----

def still(peer):
    """Reads on, and says nothing."""
    peer.proxy.log("waiting")
    peer.rest()


def served(wait):
    """Answers /other and /login at once; the rest is the wait's."""
    def serve(peer):
        while True:
            head = peer.head()
            if not head:
                return
            if b"/other" in head or \
                    (b"/login" in head and b"Basic" in head):
                peer.say(OK)
            elif b"/login" in head:
                peer.say(refusal())
            else:
                wait(peer, head)
                return
    return serve


def silence(peer, _):
    still(peer)


def unread(peer, _):
    peer.proxy.log("waiting")
    peer.stand_still()


def half_read(peer):
    """Stops reading in the middle of a long head."""
    if peer.fill(10240) and b"/wait" in peer.got:
        unread(peer, None)
    else:
        served(None)(peer)


def repeat(peer, _):
    """The repeat of a request on the kept connection gets no answer."""
    peer.say(refusal())
    peer.head()
    still(peer)


def leg(peer, head):
    """A Type 1 gets no answer, here or on another connection."""
    if b"NTLM" in head:
        still(peer)
        return
    peer.say(refusal(NTLM))
    peer.proxy.log("refused")
    if b"NTLM" in peer.head():
        still(peer)


def connecting(peer, _):
    """The repeat needs a new connection, and connect() hangs."""
    peer.proxy.hang_more()
    peer.say(refusal(end=True))
    peer.close()
    peer.proxy.log("refused")
    peer.proxy.log("waiting")


def flush(peer, head):
    """A whole request is repeated, and not read."""
    if b"Basic" in head:
        unread(peer, head)
        return
    peer.body(300000)
    peer.say(refusal(end=True))
    peer.rest()


def helper(peer, _):
    """The helper of the credential takes its time; it writes into the log."""
    peer.say(refusal())
    peer.proxy.log("refused")
    peer.rest()


def drain(peer, _):
    """Half of the 407's body."""
    peer.say(refusal(body=b"x" * 2000)[:-1000])
    still(peer)


@dataclasses.dataclass(frozen=True)
class Wait:
    name: str
    serve: object
    call: str
    ends: bool = True         # a closed connection ends the call, too
    limit: tuple = ("EAGAIN",)
    eintr: tuple = ("EINTR",)
    library: bool = True
    rcvbuf: int = 0
    backlog: int = 128
    helper: bool = False


PART = ("some bytes",)
BROKEN = ("EPIPE", "ETIMEDOUT", "ECONNRESET")
WAITS = (
    Wait("no library, silence", silence, "get", False, library=False),
    Wait("no library, nobody reads", unread, "full", False, PART, PART, False),
    Wait("silence", silence, "get", False),
    Wait("nobody reads", unread, "full", False, PART, PART),
    Wait("a repeat without an answer", repeat, "get", False),
    Wait("a leg without an answer", leg, "get"),
    Wait("a leg without an answer, in send", leg, "body"),
    Wait("a connect that hangs", connecting, "get", backlog=0),
    Wait("a connect that hangs, in send", connecting, "body", backlog=0),
    Wait("a repeat that nobody reads", flush, "post", rcvbuf=4096),
    Wait("a held head that nobody reads", half_read, "head", rcvbuf=4096,
         limit=(*PART, *BROKEN), eintr=(*PART, *BROKEN)),
    Wait("a slow helper", helper, "get", helper=True,
         limit=("EAGAIN", *PART)),
    Wait("a slow helper, in send", helper, "body", helper=True,
         limit=("EAGAIN", *PART)),
    Wait("half a 407", drain, "get", False),
)
SETTLE = Wait("a connection handed on", silence, "settle", False)


def helper_files(folder, port):
    """A credential whose secret comes from a command, late."""
    return helper_of(folder, f"echo waiting >>{folder}/proxy.log\n"
                     f"sleep {HELPER_S}", f"127.0.0.1:{port}")


def run(h, wait, action):
    """One victim; returns its output, without its end, and what is wrong."""
    folder = h.new_folder()
    serve = half_read if wait.call == "head" else served(wait.serve)
    env = {"WAITS_PROMPT": str(PROMPT_S * h.options.timeout_factor),
           "WAITS_END": str(TIMEOUT_S if wait.ends else "")}
    with Scripted(folder, serve, wait.rcvbuf, wait.backlog) as p:
        changes = helper_files(folder, p.port) if wait.helper else ()
        return h.launch(folder, p, "waits", f"{wait.call}:{action}",
                        (("AUTH407_TIMEOUT", str(TIMEOUT_S)),
                         ("AUTH407_SCHEMES", "ntlm,basic"), *changes),
                        library=wait.library, env=env)


def runs(h, wait, wants):
    """The actions at the same time: they sleep, mostly."""
    bad = []
    with concurrent.futures.ThreadPoolExecutor(len(wants)) as pool:
        going = [(action, want, pool.submit(run, h, wait, action))
                 for action, want in wants.items()]
        for action, wanted, future in going:
            out, wrong = future.result()
            bad += [f"{action}: {line}" for line in wrong]
            if out not in [one + "done\n" for one in wanted]:
                bad += [action, *difference(wanted[0] + "done\n", out)]
    return bad


def others(h, wait):
    """Nobody else is held up."""
    wants = {action: (f"{action}: at once\n",) for action in
             ("dup2", "shutdown", "fork", "other")}
    wants["close"] = ("close: at once\n" +
                      ("the call: over\n" if wait.ends else ""),)
    return runs(h, wait, wants)


def ends(h, wait):
    """The program's own time limit holds. A handler runs at once, and one
    without SA_RESTART ends the call."""
    wants = {"limit": tuple(f"limit: kept\nthe call: {result}\n"
                            for result in wait.limit)}
    if not h.options.wrap:  # ThreadSanitizer's handlers wait for a call's end
        wants["alarm"] = ("the handler: at once\n",)
    wants["eintr"] = tuple(f"interrupted: at once\nthe call: {result}\n"
                           for result in wait.eintr)
    return runs(h, wait, wants)


def afresh(peer, head):
    """A repeat is answered on another connection alone."""
    if b"Basic" in head:
        peer.say(OK)
    else:
        repeat(peer, head)


def jumps(h):
    """Who has left a call by siglongjmp() does not see to the connection any
    more; but a poll does."""
    out, bad = run(h, Wait("a repeat without an answer", afresh, "get"), "jump")
    return bad + difference("then: an answer\ndone\n", out)


def tests():
    """(name, function of the harness) of each."""
    for wait in (*WAITS, SETTLE):
        yield (f"waits, {wait.name}: nobody else is held up",
               lambda h, w=wait: others(h, w))
    for wait in WAITS:
        yield (f"waits, {wait.name}: the program's time limit, and signals",
               lambda h, w=wait: ends(h, w))
    yield ("waits, a repeat without an answer: a call that is left by "
           "siglongjmp()", jumps)
