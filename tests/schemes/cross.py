# SPDX-License-Identifier: MIT
"""Users of other realms than the proxy's, at squid: realms that trust each
other, by krb5.conf's [domain_realm] or by a referral, and everything that is
missing between them."""

import functools

import proxies
import realm
from cases import SLACK, Case, exactly, failed_attempt, named, nothing_sent
from clients import BY_NAME
from kdc import SERVICE, Database
from proxies import PASSWORD
from running import check, statuses
from tap import equal
from troubles import NO_TICKET
from ways import proxy_at

# AWAY's tickets are good for the proxy's realm; FAR's for AWAY alone, LONELY's
# nowhere else
AWAY, FAR, LONELY = "AWAY.TEST", "FAR.TEST", "LONELY.TEST"
USER = "carol"


class Neighbour(Database):
    def __init__(self, lab, name, near):
        """near: the proxy's realm."""
        home = lab.folder(name.lower(), 0o755)
        super().__init__(home, name)
        self.port, self.near = lab.free_port(), near
        # what the KDC knows too: whose the proxy is
        self.config = self.between("krb5.conf", self)
        self.create({"kdc": f"127.0.0.1:{self.port}"})
        self.admin(f"addprinc -pw {PASSWORD} {USER}")
        self.child = lab.start(name, ["krb5kdc", "-n"], self.port,
                               env=self.kdc_env("kdc"))

    def between(self, name, *others, mapped=True, kdc=None, paths=""):
        """A krb5.conf of this realm that knows others and the proxy's, whose
        KDC is said to be at another port, or nowhere (0); mapped: the proxy is
        known to be there."""
        text = self.near.config.read_text()
        first, last = text.split("[realms]\n")
        lines = [f"{o.realm} = {{\nkdc = 127.0.0.1:{o.port}\n}}"
                 for o in others]
        if kdc != 0:
            lines.append(last.replace(f":{self.near.ports['right']}",
                                      f":{kdc}") if kdc else last)
        if not mapped:
            first = first.replace(f".test = {realm.NAME}\n", "")
        path = self.home / name
        path.write_text(first.replace(
            f"default_realm = {realm.NAME}", f"default_realm = {self.realm}")
            + "[realms]\n" + "\n".join(lines) + paths)
        path.chmod(0o644)
        return path


def trust(of, to):
    """Who is known to one realm is let in by the other."""
    for database in (of, to):
        database.admin(f"addprinc -pw {PASSWORD} krbtgt/{to.realm}@{of.realm}")


@functools.cache
def neighbours(near):
    found = {name: Neighbour(near.lab, name, near)
             for name in (AWAY, FAR, LONELY)}
    trust(found[AWAY], near)
    trust(found[FAR], found[AWAY])
    for one in found.values():
        near.lab.wait_until_up(one.child)
    return found


PATHS = f"""\
[capaths]
{FAR} = {{
{realm.NAME} = {AWAY}
}}
"""


def user_of(acceptor, name, *also, **conf):
    """The variables of somebody with a ticket of that realm."""
    def env(task):
        known = neighbours(acceptor.realm)
        config = known[name].between(
            f"{task.folder.name}.conf", known[name], *(known[a] for a in also),
            **{k: v() if callable(v) else v for k, v in conf.items()})
        cache = known[name].kinit(task.folder / "cache", USER, PASSWORD, "10m",
                                  config=config)
        return known[name].env(cache, config)
    return env


def two_tickets(acceptor, of_near):
    """A collection with a ticket of no use put first, and one of the user's
    that the proxy's realm gave out."""
    def env(task):
        lonely = neighbours(acceptor.realm)[LONELY]
        config = lonely.between(f"{task.folder.name}.conf", lonely)
        for user in (of_near, USER):
            lonely.kinit(f"DIR:{task.folder}/caches", user, PASSWORD, "10m",
                         config=config)
        return lonely.env(f"DIR:{task.folder}/caches", config)
    return env


def recorded(user):
    """With the realm."""
    def after(_task, result):
        equal(result.events[0]["attempts"][-1]["username"], user)
    return after


def cases(acceptor):
    def goes(user=f"{USER}@{AWAY}"):
        return {"scheme": ("negotiate",), "seen": exactly(407, 200),
                "user": user, "after": recorded(user)}
    near = f"{proxies.USER}@{realm.NAME}"
    yield Case("by [domain_realm]", user_of(acceptor, AWAY), **goes())
    yield Case("by a referral of the KDC", user_of(
        acceptor, AWAY, mapped=False), **goes())

    yield Case("by a referral, for a principal without a realm", lambda t: {
        **user_of(acceptor, AWAY, mapped=False)(t),
        "AUTH407_SERVICE": SERVICE}, **goes())
    yield Case("a ticket of the proxy's, behind one of another", two_tickets(
        acceptor, near), **goes(near))

    def fails(name, env, *words, **more):
        return Case(name, env, cause=NO_TICKET, seen=nothing_sent,
                    after=failed_attempt("negotiate", *words), **more)
    way = f"the KDC of {LONELY} has no way to {realm.NAME}"
    yield fails("no trust", user_of(acceptor, LONELY), way,
                f"kinit USER@{realm.NAME}")
    yield fails("no trust, and nobody knows whose the proxy is", user_of(
        acceptor, LONELY, mapped=False), f"the KDC of {LONELY} does not know "
        f"{SERVICE}")
    yield fails("a path on which nobody is trusted", user_of(
        acceptor, FAR, AWAY, paths=PATHS), FAR, realm.NAME)
    yield fails("the proxy's KDC is down", user_of(acceptor, AWAY, kdc=9),
                f"no KDC of {realm.NAME} can be reached")
    yield fails("the proxy's KDC is down, by a referral", user_of(
        acceptor, AWAY, kdc=9, mapped=False),
        f"no KDC of {realm.NAME} can be reached")
    yield fails("the proxy's KDC is not named", user_of(acceptor, AWAY, kdc=0),
                f"neither krb5.conf nor DNS names a KDC of {realm.NAME}")
    yield fails("the proxy's KDC does not know it", user_of(acceptor, AWAY),
                f"the KDC of {realm.NAME} does not know HTTP/other.test",
                proxy="other.test")
    silent = functools.cache(realm.SilentPort)

    def limited(task):
        return {**user_of(acceptor, AWAY, kdc=lambda: silent().port)(task),
                "AUTH407_HELPER_TIMEOUT": "3"}
    yield fails("the proxy's KDC never answers", limited,
                f"no KDC of {realm.NAME} answered within 3 s", within=3 + SLACK)


def read_only(acceptor):
    """A cache that somebody else keeps up to date: what libkrb5 gets for it
    can't be put there."""
    def run(bench):
        task = bench.task(acceptor)
        env = user_of(acceptor, AWAY, mapped=False)(task)
        (task.folder / "cache").chmod(0o644)
        mark = acceptor.mark()
        result = bench.preloaded(task, BY_NAME["curl"].build(task), {
            **proxy_at(task), **env}, user="nobody")
        seen = acceptor.since(mark)
        check(statuses(seen) == [407, 200] and
              seen[-1].user == f"{USER}@{AWAY}",
              f"squid saw {seen}\n{result.describe()}")
    return f"{acceptor.name} other realm: by a referral, read-only cache", run


def tests(acceptor):
    if acceptor.name == "negotiate-squid":
        yield read_only(acceptor)
        for case in cases(acceptor):
            case.name = f"other realm: {case.name}"
            yield from named(acceptor, [case])
