# SPDX-License-Identifier: MIT
"""One line on the terminal for a 407 that stays, and none where none does."""
import os
import pty
import re

from lab import PASSWORD, URL

CURL = f"curl -s -o /dev/null {URL}"
ITSELF = f"curl -s -o /dev/null --proxy-anyauth -U alice:{PASSWORD} {URL}"
LOGIN = {"AUTH407_USERNAME": "alice", "AUTH407_PASSWORD": "wrong"}


def shown(lab, script, run="R1", **more):
    """What the terminal shows of a script, whose output goes nowhere."""
    log = lab.folder() / "log"
    env = {**lab.environment(log, "inject", None), "AUTH407_NOTIFY": "tty",
           "http_proxy": f"http://127.0.0.1:{lab.port}", "AUTH407_RUN": run,
           **more}
    pid, fd = pty.fork()
    if not pid:
        sink = os.open("/dev/null", os.O_RDWR)
        for number in (1, 2):  # the first keeps it open
            os.dup2(sink, number)
        os.execvpe("sh", ["sh", "-c", script],
                   {k: v for k, v in env.items() if v is not None})
    text = b""
    try:
        while part := os.read(fd, 4096):
            text += part
    except OSError:
        pass  # the terminal's end
    os.close(fd)
    os.waitpid(pid, 0)
    lab.read(log)
    return text.decode().replace(str(lab.port), "PORT").replace("\r", "")


def once(lab):
    """the first of a run tells, whatever comes later, and for each run"""
    line = ("auth407: curl: 127.0.0.1:PORT refused alice (AUTH407_USERNAME) "
            "(more: auth407 report)\n")
    text = shown(lab, f"{CURL}; {CURL}; wget -q -O /dev/null {URL}", **LOGIN)
    if text != line:
        yield text
    held = shown(lab, f"exec {CURL}\n", run="", **LOGIN)
    if not re.fullmatch("auth407: curl: .* refused alice .*: auth407 report\\)\n",
                        held):
        yield held


def words(lab):
    """each says what to do"""
    env = {"http_proxy": None, "AUTH407_PROXY": ""}
    at = f"-x http://127.0.0.1:{lab.port}"
    for script, more, part in (
            (CURL, {}, "wants a login: auth407 login 127.0.0.1:PORT (more"),
            (f"{CURL} {at}", env,
             "wants a login: auth407 --proxy 127.0.0.1:PORT -- COMMAND (more"),
            (f"{CURL} {at} -U bob:x", env, "refused bob (its own login) (more"),
            (f"{CURL} {at} -U bob:x", {}, "refused bob (its own login) (more"),
            (CURL, {"AUTH407_USERNAME": "a", "AUTH407_PASSWORD": "b",
                    "AUTH407_SCHEMES": "ntlm"}, "says 407. The proxy offers")):
        text = shown(lab, script, **more)
        if part not in text or text.count("\n") != 1:
            yield f"{part!r} is not in {text!r}"


def nothing(lab):
    """nothing where the program gets through, answers by itself, only looks
    on, or is not to be told"""
    good = {"AUTH407_USERNAME": "alice", "AUTH407_PASSWORD": PASSWORD}
    at = f"-x http://127.0.0.1:{lab.port}"
    for script, more in (
            (CURL, good), (ITSELF, {}),
            (f"{ITSELF} {at}", {"http_proxy": None, "AUTH407_PROXY": ""}),
            (CURL, {"AUTH407_MODE": "observe"}),
            (CURL, {"AUTH407_NOTIFY": "no"}),
            (CURL, {"AUTH407_NOTIFY": None}),
            (f"setsid {CURL}", {})):
        text = shown(lab, script, **more)
        if text:
            yield f"{script} {more}: {text!r}"


def plain(lab):
    """what a terminal would obey is not sent to it"""
    text = shown(lab, f"{CURL} -x http://127.0.0.1:{lab.port} "
                 "-U 'b\x1b[2Jo\x07b:x'")
    if "\x1b" in text or "\x07" in text or "refused" not in text:
        yield repr(text)


TESTS = [once, words, nothing, plain]
