# SPDX-License-Identifier: MIT
"""auth407 login asks on the terminal."""

import os
import signal

import scripted
from harness import check, equal, has, lacks, test, write
from login_help import P, SECRET, ended, login, place, text
from login_trial import let_in
from terminal import Terminal

TRY = "Try it now, with one request for example.com:443? [Y/n] "


def in_terminal(name, *args, proxy=P, env=None):
    file = place(name)
    return file, Terminal("login", "--credentials", file, proxy, *args, env=env)


def over(terminal, status, *parts):
    equal(terminal.status(), status, terminal.shown)
    for part in parts:
        has(terminal.shown, part)
    lacks(terminal.shown, SECRET)
    equal(terminal.echoes(), (True, True), "the terminal")


@test
def asks():
    """on a terminal it asks, and what is secret shows nowhere"""
    file, terminal = in_terminal("asks", "--no-verify")
    with terminal:
        terminal.answer("User name (empty: a token instead): ", "alice")
        terminal.until("Password: ")
        equal(terminal.echoes(), (False, False), "the terminal")
        for name in ("cmdline", "environ"):
            with open(f"/proc/{terminal.job}/{name}", "rb") as f:
                lacks(f.read(), SECRET.encode())
        terminal.type(SECRET + "\n")
        terminal.answer("Domain, for NTLM (empty: none): ", "")
        over(terminal, 0, "written to")
        lacks(terminal.shown, "uses it")  # a file of its own
    equal(text(file), f"[{P}]\nusername = alice\npassword = {SECRET}\n")
    long = SECRET * 600  # more than a line of the terminal has
    with Terminal("login", "--credentials", file, P, "--username", "") as t:
        t.answer("Token: ", long)
        t.answer(TRY, "n")
        over(t, 0)
    equal(text(file), f"[{P}]\ntoken = {long}\n")


@test
def proposes():
    """without PROXY it offers the environment's, and shows no login of it"""
    one = {"https_proxy": f"http://u:{SECRET}@{P}"}
    two = one | {"http_proxy": "https://tls.test:8443"}
    file = place("proposes")
    words = ("login", "--credentials", file, "--username", "")
    both = f"Proxy ({P} or https://tls.test:8443): "
    for env, question, typed, section in (
            (one, f"Proxy [{P}]: ", "", P), (one, "Proxy [", "b.test:1", "b.test:1"),
            (two, both, " https://tls.test:8443", "tls.test:8443")):
        with Terminal(*words, "--no-verify", env=env) as t:
            t.answer(question, typed)
            t.answer("Token: ", "x")
            over(t, 0)
        has(text(file), f"[{section}]\ntoken = x\n")
    for env, typed, part in (
            (one, "u:pw@h:1\n", "no place for a user name"), (one, "\x04", P),
            (two, "\n", "names p.test:3128 or https://tls.test:8443")):
        with Terminal(*words, env=env) as t:
            t.until("Proxy ")
            t.type(typed)
            over(t, 2, part)
    for args, env, part in (
            (("--stdin",), one, f"the environment names {P}"),
            (("--delete",), one, f"the environment names {P}"),
            ((), {"http_proxy": "http://a\x9b:1"}, "no PROXY: write HOST:PORT")):
        with Terminal(*words, *args, env=env) as t:
            over(t, 2, part)
            lacks(t.shown, "Proxy ")
            lacks(t.shown, "a\x9b")
    with Terminal("login", "--list", "--credentials", file, env=one) as t:
        over(t, 0, "b.test:1, with a token")


@test
def offers():
    """user name and domain of the file are offered, and its password is not"""
    file = place("offers")
    write("login/offers/cred",
          f"[{P}]\nusername = alice\npassword = {SECRET}\ndomain = CORP\n")
    with Terminal("login", "--credentials", file, P, "--no-verify") as t:
        t.answer("User name [alice]: ", "")
        t.answer("Password: ", "new")
        t.answer("Domain, for NTLM [CORP]: ", "")
        over(t, 0)
    equal(text(file),
          f"[{P}]\nusername = alice\npassword = new\ndomain = CORP\n")
    with Terminal("login", "--credentials", file, P, "--no-verify") as t:
        t.answer("User name [alice]: ", "bob@REALM")
        t.answer("Password: ", "newer")
        over(t, 0)
    equal(text(file), f"[{P}]\nusername = bob@REALM\npassword = newer\n")


@test
def edits_unseen():
    """Backspace, ^U and ^W work where nothing shows; ^D and an empty line give
    up"""
    for typed, kept in (("x\x7f" + SECRET, SECRET), ("zzz\x15ab", "ab"),
                        ("a b\u00e9 \x17c\x17\x17d", "d"), ("a bc\x17d", "a d"),
                        ("aé\x7fb\x08c", "ac"), ("\x7fa\x04b", "ab")):
        file, terminal = in_terminal("edits", "--no-verify", "--username", "u",
                                     "--domain", "")
        with terminal:
            terminal.answer("Password: ", typed)
            over(terminal, 0)
        equal(text(file), f"[{P}]\nusername = u\npassword = {kept}\n", typed)
    for typed, part in (("\x04", "nothing was entered"), ("\n", "no")):
        file, terminal = in_terminal("ends", "--username", "u")
        with terminal:
            terminal.until("Password: ")
            terminal.type(typed)
            over(terminal, 2, "nothing was written")
        check(not os.path.exists(file), "written")


@test
def restores_the_terminal():
    """a signal that ends it finds the terminal as it was"""
    for typed, number in (("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT),
                          (None, signal.SIGTERM), (None, signal.SIGHUP)):
        file, terminal = in_terminal("signals", "--username", "u")
        with terminal:
            terminal.until("Password: ")
            terminal.type(SECRET[:4])
            if typed:
                terminal.type(typed)
            else:
                os.kill(terminal.job, number)
            over(terminal, -number)
        check(not os.path.exists(file), "written")


@test
def stops_and_goes_on():
    """^Z gives the terminal back; what was typed before counts no more"""
    file, terminal = in_terminal("stops", "--username", "u", "--domain", "",
                                 "--no-verify")
    with terminal:
        terminal.until("Password: ")
        terminal.type("half\x1a")
        terminal.until("STOPPED")
        equal(terminal.echoes(), (True, True), "the terminal")
        terminal.go_on()
        terminal.until("Password: ")
        equal(terminal.echoes(), (False, False), "the terminal")
        os.kill(terminal.job, signal.SIGSTOP)  # one that nobody can catch
        terminal.until("STOPPED")
        terminal.go_on()
        terminal.answer("Password: ", SECRET)
        over(terminal, 0)
    equal(text(file), f"[{P}]\nusername = u\npassword = {SECRET}\n")


@test
def asks_again_after_a_stop():
    """a question that shows is asked once more when it goes on after ^Z"""
    file, terminal = in_terminal("again", "--no-verify")
    with terminal:
        terminal.until(r"User name \(empty: a token instead\): ")
        terminal.type("\x1a")
        terminal.until("STOPPED")
        terminal.go_on()
        terminal.answer("User name (empty: a token instead): ", "al\u00efce")
        # as it is pasted from where lines end with CR LF
        terminal.until("Password: ")
        terminal.type(SECRET + "\r\n")
        terminal.answer("Domain, for NTLM (empty: none): ", "")
        over(terminal, 0)
    equal(text(file), f"[{P}]\nusername = al\u00efce\npassword = {SECRET}\n")


@test
def asks_for_leave():
    """on a terminal the proxy is tried only with leave"""
    with scripted.Scripted(None, let_in()) as proxy:
        for answer, came in (("n", 0), ("", 1), ("y", 2)):
            _, terminal = in_terminal(
                "leave", "--username", "alice", "--domain", "",
                proxy=f"127.0.0.1:{proxy.port}")
            with terminal:
                terminal.answer("Password: ", SECRET)
                terminal.answer(TRY, answer)
                over(terminal, 0, "accepts it" if came else "written to")
            equal(sum(b"Authorization:" in p.got for p in proxy.peers), came,
                  answer)


@test
def no_terminal():
    """without a terminal it says what to do; --stdin does not take one"""
    file = place("none")
    ended(login(file, P, start_new_session=True), 2, "no terminal", "--stdin")
    _, terminal = in_terminal("tty", "--stdin")
    with terminal:
        over(terminal, 2, "reads a file or a pipe, not a terminal")
