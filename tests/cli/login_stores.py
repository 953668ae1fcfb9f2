# SPDX-License-Identifier: MIT
"""auth407 login --store: secrets in the stores of others."""

import os
import shutil
import subprocess

from harness import (AUTH407, ROOT, Skip, check, environment, equal, has, lacks,
                     path, test, write)
from login_help import P, SECRET, ended, login, place, text


def kept_by(name, helper, **keys):
    """Hands it to the helper; the section that is written, and whether a
    program gets the secret."""
    file = place(name)
    done = login(file, P, "--store", helper, keys=keys,
                 env={"HOME": os.path.dirname(file)})
    return file, done


@test
def stores():
    """--store hands the secret to git's own helper, and the file has none"""
    if not shutil.which("git"):
        raise Skip("no git")
    file, done = kept_by("git", "git credential-store", username="alice",
                         password=SECRET, domain="CORP")
    ended(done, 0)
    equal(text(file), f"[{P}]\nusername = alice\ndomain = CORP\n"
          "helper = git credential-store\n")
    home = os.path.dirname(file)
    has(text(os.path.join(home, ".git-credentials")),
        f"http://alice:{SECRET}@p.test%3a3128")
    # the same once more, by the section's own helper
    ended(login(file, P, "--store", "helper", env={"HOME": home},
                keys={"username": "alice", "password": SECRET + "2"}), 0)
    has(text(os.path.join(home, ".git-credentials")), SECRET + "2@")
    lacks(text(file), SECRET)


@test
def stores_nowhere():
    """a helper that fails, loses or changes the secret is not written down"""
    who = {"username": "alice", "password": SECRET}
    for helper, part in (
            ("exit 3; :", "status 3"), ("kill -9 $$; :", "signal 9"),
            ("/no/such", "status 127"), ("cat >/dev/null; :", "can't be read"),
            ("printf 'username=alice\\npassword=x\\n'; :",
             "does not give back")):
        file, done = kept_by("lost", helper, **who)
        equal(done.status, 4, done.err)
        has(done.err, part)
        check(not os.path.exists(file), helper)
    keeps = ("f() { if [ $1 = store ]; then cat >$HOME/kept; else "
             "cat $HOME/kept; fi; }; f")
    file, done = kept_by("token", keeps, token=SECRET)
    ended(done, 0)
    equal(text(file), f"[{P}]\nhelper = {keeps}\n")


def recipe(word):
    """The helper's line in docs/credentials.md that has this word."""
    with open(os.path.join(ROOT, "docs/credentials.md"), encoding="utf-8") as f:
        found = [line.strip().removeprefix("helper = ") for line in f
                 if line.startswith("    helper = ") and word in line]
    equal(len(found), 1, f"lines with {word}")
    return found[0]


def kept_in(name, word, prepare, env=None, session=()):
    """A password goes by that recipe into a store that `prepare` makes, a new
    one follows it, and a program gets that."""
    file, helper = place(name), recipe(word)
    for program in (word.split()[0], *session[:1]):
        if not shutil.which(program) and not env:
            raise Skip("no " + program)
    home = os.path.dirname(file)
    script = write(f"login/{name}/script", f"""
        set -e
        {prepare}
        for secret in 'x; #\"y' '{SECRET}'; do
            printf 'username=alice\\npassword=%s\\n' "$secret" |
                "$LOGIN" login --stdin --store "$HELPER" "$PROXY"
        done
        printf 'host=%s\\n\\n' "$PROXY" | sh -c "$HELPER \\"\\$@\\"" h get""")
    done = subprocess.run(
        [*session, "sh", script], capture_output=True, text=True,
        env=environment(HOME=home, LOGIN=AUTH407, HELPER=helper, PROXY=P,
                        AUTH407_CREDENTIALS=file, **(env or {})), check=False)
    equal(done.returncode, 0, done.stderr)
    has(done.stdout, f"password={SECRET}\n")
    equal(text(file), f"[{P}]\nusername = alice\nhelper = {helper}\n")


@test
def stores_in_pass():
    """the recipe for pass keeps a password there"""
    kept_in("pass", "pass insert", """
        mkdir -m 700 ~/.gnupg
        printf '%s\n' %no-protection 'Key-Type: RSA' 'Key-Length: 2048' \
            'Name-Email: a@test' %commit | gpg --batch -q --gen-key
        trap 'gpgconf --kill all' EXIT
        pass init a@test""")


@test
def stores_in_key_ring():
    """the recipe for the desktop's key ring keeps a password there"""
    kept_in("ring", "secret-tool lookup", """
        echo unlock | gnome-keyring-daemon --unlock --components=secrets
        """, session=("dbus-run-session", "--"))


@test
def stores_in_keepassxc():
    """the recipe for KeePassXC keeps a password there"""
    kept_in("kdbx", "keepassxc-cli", """
        export QT_QPA_PLATFORM=offscreen
        head -c 32 /dev/urandom >~/proxy.key
        keepassxc-cli db-create -q -k ~/proxy.key ~/proxy.kdbx
        keepassxc-cli add -q --no-password -k ~/proxy.key -u alice \
            ~/proxy.kdbx proxy""")


@test
def stores_in_vault():
    """the recipe for Vault says what Vault's manual has (to a stand-in)"""
    write("login/vault-bin/vault", """#!/bin/sh
        case "$*" in
        'kv put secret/proxy password=-') exec cat >"$HOME/kept" ;;
        'kv get -field=password secret/proxy') exec cat "$HOME/kept" ;;
        *) exit 2 ;;
        esac""", 0o755)
    kept_in("vault", "vault kv get", "", env={
        "PATH": path("login/vault-bin") + ":/usr/bin:/bin"})
