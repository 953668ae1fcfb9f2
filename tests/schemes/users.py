# SPDX-License-Identifier: MIT
"""Two users of one machine at squid, each with a ticket and a memory of their
own, and a process that becomes another user."""

import os

import realm
from caches import between, kinit, own_keyring, place
from clients import BY_NAME
from proxies import USER
from running import check, statuses
from ways import proxy_at

OTHER = "bystander"
# name of the ticket's user: a user of the machine that nobody is
IDS = {USER: 40701, OTHER: 40702}


def become(user):
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]


class Person:
    """Somebody's cache, memory and state."""

    def __init__(self, acceptor, task, name, kind):
        self.id, self.name = IDS[name], f"{name}@{realm.NAME}"
        self.home = task.folder / f"of-{name}"
        self.home.mkdir(mode=0o700)
        os.chown(self.home, self.id, self.id)
        self.cache = {"FILE": f"FILE:{self.home}/cache", "KCM": "KCM:",
                      "KEYRING": f"KEYRING:persistent:{self.id}"}[kind]
        self.memory = {"XDG_RUNTIME_DIR": str(self.home),
                       "XDG_STATE_HOME": str(self.home / "state")}
        self.ticket = acceptor.realm.env(self.cache)
        realm.run([*become(self.id), "sh", "-c",
                   f"kdestroy -A 2>/dev/null; {kinit(acceptor, name)}"],
                  self.ticket)

    def files(self):
        return {p: (p.stat().st_mtime_ns, p.is_file() and p.read_bytes())
                for p in self.home.rglob("*")}


def curl(acceptor, bench, person, **env):
    """What squid saw of one run, and the result."""
    task = bench.task(acceptor)
    mark = acceptor.mark()
    result = bench.preloaded(task, BY_NAME["curl"].build(task), {
        **proxy_at(task), **person.memory, **person.ticket, **env},
        user=person.id)
    seen = acceptor.since(mark)
    return statuses(seen), seen, f"squid saw {seen}\n{result.describe()}", \
        result


def apart(acceptor, kind):
    def run(bench):
        task = bench.task(acceptor)
        one, other = (Person(acceptor, task, name, kind) for name in IDS)
        for person in (one, other):
            # each has a first time of their own
            for wanted in ([407, 200], [200]):
                found, seen, text, _ = curl(acceptor, bench, person)
                check(found == wanted and seen[-1].user == person.name, text)
        before = one.files()
        # led to what the other one has: as if there was none
        found, seen, text, _ = curl(acceptor, bench, other, **one.memory)
        check(found == [407, 200] and seen[-1].user == other.name, text)
        if kind != "KCM":  # which knows of one's own alone
            found, _, text, result = curl(
                acceptor, bench, other, **one.memory, **one.ticket)
            check(found == [407], text)
            check([e["cause"] for e in result.events] == ["no_ticket"], text)
        check(one.files() == before, "the other's files were touched")
    return f"{acceptor.name} two users, {kind}", run


def changes(acceptor, kind):
    """After setuid() in a process that root's ticket has let in: it has the
    other user's where the cache is one's own by its user, else none."""
    def run(bench):
        task = bench.task(acceptor)
        env = acceptor.realm.env(place(task, kind))
        realm.run(["sh", "-c", f"kdestroy -A; {kinit(acceptor)}"], env)
        os.chmod(task.folder, 0o755)
        other = Person(acceptor, task, OTHER, kind)
        runtime = task.folder / "runtime"
        runtime.mkdir(mode=0o700)
        result, seen, text = between(
            acceptor, bench, task, {**env, "XDG_RUNTIME_DIR": str(runtime)},
            "true", str(other.id))
        check(seen[:2] == [(407, ""), (200, f"{USER}@{realm.NAME}")], text)
        check(seen[2:] == ([(407, "")] if kind == "FILE" else
                           [(407, ""), (200, other.name)]), text)
        check(result.out.split() == [b"200", b"407" if kind == "FILE"
                                     else b"200"], text)
    return f"{acceptor.name} a process that becomes another user, {kind}", run


def tests(acceptor):
    if acceptor.name == "negotiate-squid":
        for kind in ("FILE", "KCM"):
            yield apart(acceptor, kind)
            yield changes(acceptor, kind)
        if not own_keyring():
            yield apart(acceptor, "KEYRING")
