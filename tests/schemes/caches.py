# SPDX-License-Identifier: MIT
"""Where a ticket may lie, at squid: in a cache of each kind that libkrb5 has, in
one that is made later, in a collection in which another user comes first, or
nowhere, with a keytab for clients in its place."""

import ctypes
import functools
import os
import shlex
import socket

import realm
from cases import SLACK, Case, exactly, failed_attempt, named, nothing_sent
from clients import BY_NAME, PYTHON, SIZE, Run, from_file, proxy_variables
from fetchers import PROGRAMS
from origin import content
from proxies import USER
from running import check, statuses
from ways import NOWHERE, proxy_at

OTHER = "bystander"
COLLECTIONS = ("DIR", "KCM", "KEYRING")


@functools.cache
def own_keyring():
    """Gives this thread, and what it starts, a session keyring that ends with
    them: "", or why there is none."""
    keys = ctypes.CDLL("libkeyutils.so.1", use_errno=True)
    if keys.keyctl_join_session_keyring(None) == -1:
        return os.strerror(ctypes.get_errno())
    return ""


def place(task, kind):
    """A cache that nobody else uses; sssd has but one collection for root."""
    return {"FILE": f"FILE:{task.folder}/cache",
            "DIR": f"DIR:{task.folder}/caches", "KCM": "KCM:",
            "KEYRING": f"KEYRING:session:{task.folder.name}"}[kind]


def empty(acceptor, task, kind):
    """Its variables, with nothing in it."""
    env = acceptor.realm.env(place(task, kind))
    if kind == "KCM":
        realm.run(["kdestroy", "-A"], env)
    return env


def kinit(acceptor, user=USER):
    """As it is said in another window."""
    typed = shlex.quote(str(acceptor.realm.typed))
    return f"kinit -l 10m {user} <{typed} >/dev/null"


def with_ticket(acceptor, task, kind, *users):
    env = empty(acceptor, task, kind)
    for user in users:
        realm.run(["sh", "-c", kinit(acceptor, user)], env)
    return env


def between(acceptor, bench, task, env, *what):
    """What a program reads before a command and after it, and what squid saw
    of it: (status, user)."""
    argv = [PYTHON, str(PROGRAMS / "between.py"), task.url, str(task.out),
            task.proxy.url, str(task.lab.ca), *what]
    mark = acceptor.mark()
    result = bench.launched(task, Run(
        argv, proxy_variables(task), got=from_file, want=content(SIZE)),
        {**proxy_at(task), **env})
    seen = [(s.status, s.user) for s in acceptor.since(mark)]
    return result, seen, f"squid saw {seen}\n{result.describe()}"


def let_in(user):
    return (200, f"{user}@{realm.NAME}")


def comes_later(acceptor, name, env, command):
    """The program has met a 407 by then; a second later it is noticed."""
    def run(bench):
        task = bench.task(acceptor)
        result, seen, text = between(
            acceptor, bench, task, env(task),
            f"sleep 1.1; {command(task)}")
        check(result.good and result.out.split() == [b"407", b"200"], text)
        check([s for s, _ in seen] == [407, 407, 200] and
              seen[-1] == let_in(USER), text)
        check([e["cause"] for e in result.events][:1] == ["no_ticket"], text)
    return f"{acceptor.name} {name}", run


def another_first(acceptor, kind):
    """A program that runs on, and the next one, which remembers what worked."""
    def run(bench):
        task = bench.task(acceptor)
        env = with_ticket(acceptor, task, kind, USER, OTHER)
        result, seen, text = between(acceptor, bench, task, env,
                                     f"kswitch -p {USER}")
        check([s for s in seen if s[0] != 407] == [let_in(OTHER),
                                                   let_in(USER)], text)
        realm.run(["kswitch", "-p", OTHER], env)
        mark = acceptor.mark()
        result = bench.launched(task, BY_NAME["curl"].build(task),
                                {**proxy_at(task), **env})
        seen = acceptor.since(mark)
        check(statuses(seen) == [200] and
              seen[0].user == f"{OTHER}@{realm.NAME}",
              f"squid saw {seen}\n{result.describe()}")
    return f"{acceptor.name} {kind}, and another user is put first", run


def configured(acceptor, task, line):
    """A krb5.conf of the task's own, with a line more; KRB5CCNAME is not
    set."""
    path = task.folder / "krb5.conf"
    text = acceptor.realm.config.read_text()
    path.write_text(text.replace("[libdefaults]", f"[libdefaults]\n{line}"))
    return {"KRB5_CONFIG": str(path)}


def silent_manager(acceptor):
    """KCM, where nobody answers."""
    held = []

    def env(task):
        held.append(socket.socket(socket.AF_UNIX))
        held[-1].bind(f"{task.folder}/kcm")
        held[-1].listen()
        path = task.folder / "krb5.conf"
        path.write_text(acceptor.realm.config.read_text().replace(
            str(acceptor.realm.manager.socket), f"{task.folder}/kcm"))
        return {**acceptor.realm.env("KCM:", path),
                "AUTH407_HELPER_TIMEOUT": "3"}
    return Case("KCM that never answers", env, cause=("no_ticket",),
                seen=nothing_sent, within=3 + SLACK, after=failed_attempt(
                    "negotiate", "within 3 s", "ticket cache"))


def of_keytabs(acceptor):
    def keytab():
        return f"FILE:{acceptor.realm.robot_keytab}"
    told = {"scheme": ("negotiate",), "seen": exactly(407, 200),
            "user": f"{realm.ROBOT}@{realm.NAME}"}
    yield Case("no cache, KRB5_CLIENT_KTNAME", lambda t: {
        **acceptor.realm.env(NOWHERE), "KRB5_CLIENT_KTNAME": keytab()}, **told)
    yield Case("no cache, default_client_keytab_name", lambda t: {
        **configured(acceptor, t, f"default_client_keytab_name = {keytab()}"),
        "KRB5CCNAME": f"FILE:{NOWHERE}"}, **told)


def tests(acceptor, notes):
    if acceptor.name != "negotiate-squid":
        return
    kinds = ["FILE", "DIR", "KCM"]
    why_not = own_keyring()
    if why_not:
        notes.append(f"no tests of KEYRING, since there is none here: {why_not}")
    else:
        kinds.append("KEYRING")
    yield from named(acceptor, [
        *(Case(f"ticket in {kind}", lambda t, kind=kind: with_ticket(
            acceptor, t, kind, USER), ("negotiate",), seen=exactly(407, 200))
          for kind in kinds), silent_manager(acceptor),
        *of_keytabs(acceptor)])
    for kind in kinds:
        yield comes_later(
            acceptor, f"ticket that comes later, {kind}",
            lambda t, kind=kind: empty(acceptor, t, kind),
            lambda t: kinit(acceptor))
        if kind in COLLECTIONS:
            yield another_first(acceptor, kind)
    yield comes_later(
        acceptor, "ticket that comes later, in a cache of another kind",
        lambda t: configured(acceptor, t, "default_ccache_name = FILE:"
                             f"{t.folder}/cache"),
        lambda t: f"sed -i 's,FILE:.*/cache,DIR:{t.folder}/caches,' "
        f"$KRB5_CONFIG; {kinit(acceptor)}")
