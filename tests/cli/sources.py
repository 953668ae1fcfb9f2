# SPDX-License-Identifier: MIT
"""Warnings about places that a credential's secret can't be taken from."""

import os
import time

from harness import check, clean, equal, has, lacks, path, run, test, write
from tokens import jwt

SECRET = "s3cr3t-W0rd"


def with_section(*lines, options=(), env=None, section="p.test:3128"):
    """The command under a credential file of one section."""
    file = write("cred-src", "\n".join((f"[{section}]", *lines, "")))
    done = run(*options, "--credentials", file, "--", "echo", "on", env=env)
    equal((done.status, done.out), (0, "on\n"), lines)
    lacks(done.err, SECRET)
    return done.err


def silent(*lines, **more):
    equal(with_section(*lines, **more), "", lines)


def warns(part, *lines, **more):
    said = with_section(*lines, **more)
    equal(len(said.splitlines()), 1, said)
    has(said, f"auth407: warning: {path('cred-src')}:1: ")
    has(said, part)
    silent(*lines, **{**more, "options": ("-q",)})


@test
def source_files():
    """a secret's file that is missing, open to others or empty is a warning"""
    good = write("src", SECRET + "\n")
    for key in ("password-file", "token-file"):
        silent("username = u", f"{key} = {good}")
        for file, part in (
                (path("no-such"), "no-such is not there"),
                (write("src-shown", SECRET, 0o444),
                 "can be read by other users (mode 0444)"),
                (write("src-open", SECRET, 0o664), "run: chmod go-w "),
                (write("src-empty", "\n"), "src-empty is empty"),
                (path(), "not a regular file")):
            warns(part, "username = u", f"{key} = {file}")
            warns(f"{key}: ", "username = u", f"{key} = {file}")
    write("home/src", SECRET)
    silent("username = u", "password-file = ~/src")
    warns(path("home/no") + " is not there", "username = u",
          "password-file = ~/no")


@test
def source_netrc():
    """a .netrc without the proxy's password is a warning"""
    file = write("netrc", f"machine p.test login u password {SECRET}\n")
    silent(f"netrc = {file}")
    silent("username = u", f"netrc = {file}")
    silent(f"netrc = {file}", section="*.test")
    warns("netrc has no password for v at p.test", "username = v",
          f"netrc = {file}")
    warns("netrc has no password for q.test", f"netrc = {file}",
          section="q.test:1")
    warns("chmod go-w", "netrc = %s" % write("netrc-open", "", 0o620))
    warns("netrc-bad:1: a double quote", "netrc = %s" % write(
        "netrc-bad", f"default login u password \"{SECRET}"))


@test
def source_helper():
    """a helper that can't be found is a warning, where that can be told"""
    tool = write("tool", "#!/bin/sh\n", 0o700)
    plain = write("plain", "#!/bin/sh\n")
    for value in ("git credential-store", tool, f"{tool} --x 'y z'", "!cat",
                  "exec cat", "f() { :; }; f", "$HOME/tool", "~/tool",
                  "V=1 tool", "'no such'"):
        silent(f"helper = {value}")
    for value, part in (("no-such-tool --x",
                         "helper: no-such-tool: No such file"),
                        (path("no-such") + " get", "no-such: No such file"),
                        (plain, "plain: Permission denied"),
                        ("!no-such-tool", "helper: no-such-tool: No such")):
        warns(part, f"helper = {value}")
    ran = path("helper-ran")
    write("tool", f"#!/bin/sh\ntouch {ran}\n", 0o700)
    silent(f"helper = {tool}")
    check(not os.path.exists(ran), "the helper was run")


@test
def source_keytab():
    """a keytab that can't be read is a warning"""
    silent("username = u", "keytab = %s" % write("keytab", "x"))
    warns("keytab: can't read /no/such: No such file", "username = u",
          "keytab = /no/such")


@test
def old_token():
    """a token that has expired is a warning"""
    now = int(time.time())
    old, good = jwt(exp=now - 10), jwt(exp=now + 1000)
    warns("the token is a JWT that has expired", f"token = {old}")
    silent(f"token = {good}")
    silent("token = opaque.to.us")
    warns("the token is a JWT that has expired",
          "token-file = %s" % write("token", old + "\n"))
    silent("token-file = %s" % write("token", good + "\r\n"))
    done = run("--", "echo", "on", env={"AUTH407_TOKEN": old})
    equal((done.status, done.out), (0, "on\n"))
    has(done.err, "warning: AUTH407_TOKEN: the token is a JWT that has expired")
    lacks(done.err, old)
    clean(run("--token", good, "echo", "on"), "on\n")


@test
def sources_unused():
    """where nothing is answered, no source is looked at"""
    file = write("cred-src", "[p.test]\ntoken-file = /no/such\n")
    for words in (("observe",), ("--mode=off",)):
        clean(run(*words, "--credentials", file, "--", "echo", "on"), "on\n")


@test
def sources_shown():
    """-v says where secrets will be taken from"""
    good = write("src", SECRET)
    tool = write("tool", "#!/bin/sh\n", 0o700)
    for lines, part in (
            (("username = alice", f"password-file = {good}"),
             f"user alice, password from {good}"),
            ((f"token-file = {good}",), f"token from {good}"),
            ((f"helper = {tool} --key {SECRET}",), "from a helper"),
            (("username = alice", f"keytab = {good}",
              "service = HTTP@alias.test"),
             f"user alice, keytab {good}, service HTTP@alias.test")):
        has(with_section(*lines, options=("-v",)), f":1, for p.test:3128, "
            f"{part}\n")
    said = run("-v", "--clear=no", "--ntlm=v1", "--service=HTTP@alias.test",
               "--canonicalize=yes", "--helper-timeout=3", "true").err
    for line in ("basic and bearer without encryption: only to this machine",
                 "ntlm: v1", "kerberos service: HTTP@alias.test, canonicalized",
                 "helper timeout: 3 s",
                 "schemes: negotiate, digest, ntlm, bearer, basic"):
        has(said, f"auth407: {line}\n")
