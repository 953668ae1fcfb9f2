# SPDX-License-Identifier: MIT
"""A password changes while a program runs, at the proxy and where it stands, in
either order: a request fails only between the two."""

import itertools
import subprocess
import time

from clients import Lab
from place import BUILD, check, equal, test
from sources import volume
from tap import how_busy

NEW = [f"new #{n}" for n in range(4)]


def by_login(p, lab, secret):
    done = subprocess.run(
        [BUILD / "auth407", "login", "--stdin", "--credentials", p.credentials,
         f"127.0.0.1:{lab.proxy.port}"], env=p.environment(), text=True,
        input=f"username=alice\npassword={secret}\n", capture_output=True)
    equal(done.returncode, 0, done.stderr)


def by_rename(p, lab, secret):
    p.section("# mine", "username = alice", f"password = {secret}",
              proxy=f"127.0.0.1:{lab.proxy.port}")


def in_place(p, lab, secret):
    p.credentials.write_text(f"[127.0.0.1:{lab.proxy.port}]\nusername=alice\n"
                             f"password = {secret}\n")


def rewrites(name, text="%s\n"):
    return lambda p, lab, secret: p.write(name, text % secret)


def exchanges():
    number = itertools.count(2)
    return lambda p, lab, secret: volume(p.folder, secret, next(number))


def rotated(p, lab, change, pause=0):
    """Each order twice; no refused secret is sent again and again."""
    equal(lab.get()[0], 200, lab.verdicts())
    for n, secret in enumerate(NEW):
        file_first = n % 2
        if file_first:
            change(p, lab, secret)
            equal(lab.get()[0], 200, "the old one, which is good still")
            lab.accepts(secret)
        else:
            lab.accepts(secret)
            equal([lab.get()[0] for _ in range(3)], [407] * 3)
            change(p, lab, secret)
        until = time.monotonic() + pause * how_busy()
        while (status := lab.get()[0]) != 200 and time.monotonic() < until:
            time.sleep(0.1)
        equal(status, 200, f"{secret}: {lab.verdicts()}")
        equal(lab.get()[0], 200)
    wrong = [v for v in lab.verdicts() if v[1] == "wrong-credential"]
    # a Digest nonce may just have been forgotten: it is tried with a new one
    once = len(NEW) * (2 if lab.auth == "digest" else 1)
    # ... and what is refused within two seconds of its own change is tried once
    # more, a second later: of a helper, which is waited for, that may be so
    check(once <= len(wrong) <= once + (pause > 0) * len(NEW), wrong)


def in_the_file(p, how, change):
    for auth in ("basic", "digest"):
        with Lab(p, "username = alice", "password = old", secret="old",
                 auth=auth, how=how) as lab:
            rotated(p, lab, change)


@test
def login_changes_the_file(p):
    """a program that runs gets what auth407 login has written"""
    in_the_file(p, "kept", by_login)
    in_the_file(p, "each", by_login)


@test
def editors_change_the_file(p):
    """... and what an editor has, by a new file or in place"""
    in_the_file(p, "kept", by_rename)
    in_the_file(p, "each", in_place)


@test
def elsewhere(p):
    """... also where the program has gone to another folder"""
    with Lab(p, "username = alice", "password = old", secret="old",
             env={"AUTH407_CREDENTIALS": "credentials"}) as lab:
        equal(lab.get()[0], 200)
        lab.accepts("new")
        by_rename(p, lab, "new")
        equal(lab.get("/")[0], 200, lab.verdicts())


@test
def files_change(p):
    """... and what stands in a password-file, a .netrc, a Kubernetes volume"""
    netrc = "machine 127.0.0.1 login alice password \"%s\"\n"
    for line, change in (
            (f"password-file = {p.folder}/pw", rewrites("pw")),
            (f"netrc = {p.folder}/netrc", rewrites("netrc", netrc)),
            (f"password-file = {volume(p.folder, 'old', 1)}", exchanges())):
        p.write("pw", "old")
        p.write("netrc", netrc % "old")
        for how in ("kept", "each"):
            with Lab(p, "username = alice", line, secret="old", how=how) as lab:
                if how == "each":
                    change(p, lab, "old")
                rotated(p, lab, change)


@test
def helpers_change(p):
    """... and what a helper says, who is asked once a second"""
    p.write("pw", "old")
    tool = p.script("tool", "echo run >>\"$LOG\"\nprintf 'password=%s\\n' "
                    f"\"$(cat {p.folder}/pw)\"\n")
    with Lab(p, "username = alice", f"helper = {tool}", secret="old",
             env={"LOG": str(p.folder / "ran")}) as lab:
        rotated(p, lab, rewrites("pw"), pause=2.5)
        runs = len((p.folder / "ran").read_text().splitlines())
        check(runs <= 1 + 3 * len(NEW), f"it ran {runs} times")


@test
def sections_that_change(p):
    """what the section has become is what counts: another user, a token, a
    password-file; and what can't be read counts for nothing"""
    with Lab(p, "username = alex", "password = old") as lab:
        at = f"127.0.0.1:{lab.proxy.port}"
        equal(lab.get()[0], 407)
        for text in ("", "nonsense", f"[{at}]\n[{at}]\n", "[other:1]\n"):
            p.write("credentials", text)
            equal(lab.get()[0], 407, text)
        p.write("credentials", "x" * 5, 0o644)
        equal(lab.get()[0], 407)
        p.credentials.unlink()
        equal(lab.get()[0], 407)
        p.section("username = alice", "password = wrong", proxy=at)
        equal(lab.get()[0], 407)
        equal([v for v in lab.verdicts() if v[0] != "none"],
              [("basic", "wrong-credential")] * 2, "what was sent")
        causes = {r["cause"] for r in lab.records(8)}
        equal(causes, {"rejected", "held_back_after_rejection"})
        p.write("pw", "correct horse #1")
        p.section("username = alice", f"password-file = {p.folder}/pw",
                  proxy=at)
        equal(lab.get()[0], 200, lab.verdicts())


def once(lab):
    """A program that is started now, and asks once."""
    done = subprocess.run(
        lab.client.args[:-1] + ["each"], env=lab.environment, text=True,
        input="\n", capture_output=True, cwd=lab.place.folder)
    return int(done.stdout)


def sent(lab, mark):
    return [v for _, v in lab.verdicts()[mark:] if v != "missing"]


@test
def another_was_first(p):
    """a password that another program had refused before the proxy knew it is
    tried as soon as the old one is refused, and free for all"""
    with Lab(p, "username = alice", "password = old", secret="old") as lab:
        equal(lab.get()[0], 200)
        for new in ("new", "newer"):
            by_rename(p, lab, new)
            equal((once(lab), once(lab)), (407, 407))
            equal(lab.get()[0], 200, "the old one, which is good still")
            lab.accepts(new)
            mark = len(lab.verdicts())
            equal(lab.get()[0], 200, lab.verdicts())
            equal((once(lab), lab.get()[0]), (200, 200))
            equal(sent(lab, mark), ["wrong-credential"] + ["ok"] * 3)
            equal(once(lab), 200)
            equal(sent(lab, mark)[4:], ["ok"], "it is remembered")
        lab.accepts("the newest")
        mark = len(lab.verdicts())
        equal([once(lab), lab.get()[0], once(lab)], [407] * 3)
        # one that runs looks for a mark of others once a second
        check(sent(lab, mark) in (["wrong-credential"],
                                  ["wrong-credential"] * 2),
              "more than one in each that had it from before")


@test
def proxy_is_slow(p):
    """a new password that is refused right after the old one was is tried
    once or twice more, a second later each, and then not for long"""
    with Lab(p, "username = alice", "password = old", secret="old") as lab:
        equal(lab.get()[0], 200)
        by_rename(p, lab, "new")
        lab.accepts("neither")
        mark = len(lab.verdicts())
        began = time.monotonic()
        equal((lab.get()[0], once(lab)), (407, 407))
        lab.accepts("new")
        seen = sent(lab, mark)
        check(seen in (["wrong-credential"], ["wrong-credential"] * 2) or
              time.monotonic() > began + 0.9, seen)
        until = time.monotonic() + 2 * how_busy()
        while (status := once(lab)) != 200 and time.monotonic() < until:
            time.sleep(0.1)
        equal((status, lab.get()[0]), (200, 200), lab.verdicts())
        lab.accepts("neither")
        by_rename(p, lab, "newer")
        mark, until = len(lab.verdicts()), time.monotonic() + 5
        while time.monotonic() < until:
            equal((lab.get()[0], once(lab)), (407, 407))
            time.sleep(0.2)
        # the old one, by the program that has it, and the new one
        check(2 <= len(sent(lab, mark)) <= 4, sent(lab, mark))
