# SPDX-License-Identifier: MIT
"""One run of curl with the library under given circumstances, and what must
come of it: for the user, at the proxy and in the log."""

import dataclasses
from typing import Callable

from clients import BY_NAME
from running import Failure, check, look, statuses

# how often the whole costs more than the limit of a helper: processes, legs
SLACK = 4.0


@dataclasses.dataclass
class Case:
    name: str
    env: Callable                  # (task) -> variables
    scheme: tuple = ()             # the one that gets in; (): none may
    cause: tuple = ()              # of the record; (): not looked at
    tried: tuple = ()              # (scheme, causes): an attempt that failed
    seen: Callable = None          # statuses at the proxy -> is that all right?
    user: str = None               # whom the proxy let in; None: as usual
    within: float = 0              # seconds
    least: float = 0
    target: str = "http"
    proxy: str = "proxy.test"      # its name for the client
    after: Callable = None         # (task, result): more to look at
    client: str = "curl"


def exactly(*wanted):
    return lambda seen: seen == list(wanted)


def both(*checks):
    def after(task, result):
        for one in checks:
            one(task, result)
    return after


def failed_attempt(scheme, *words):
    """The record says in words why that scheme came to nothing."""
    def after(_task, result):
        details = [a.get("detail") or "" for a in
                   result.events[0].get("attempts", [])
                   if a["scheme"] == scheme and a.get("cause")]
        check(any(all(w in text for w in words) and text for text in details),
              f"the details of {scheme} are {details}, expected {words}")
    return after


def nothing_sent(seen):
    return seen == [407]


def curl(case, task):
    run = BY_NAME[case.client].build(task)
    for name in run.env:
        run.env[name] = run.env[name].replace("proxy.test", case.proxy)
    return run


def is_that(scheme, named, user):
    """Does the record name the user that the proxy has let in? A principal has
    its realm; other names are as configured, with the domain or without."""
    if scheme == "bearer" or not named:
        return not named and scheme == "bearer"
    return (named.split("\\")[-1].split("@")[0] in user and
            ("@" in named or scheme != "negotiate"))


def judge(case, acceptor, task, result, seen):
    events = result.events
    check(len(events) == 1, f"{len(events)} lines in the log")
    event = events[0]
    if case.scheme:
        check(result.good, "it does not work")
        check(look(event, "outcome") == "resolved", "not resolved")
        used = event["attempts"][-1]["scheme"]
        check(used in case.scheme, f"by {used}, not {case.scheme}")
        users = {s.user for s in seen if s.status == 200}
        wanted = case.user or acceptor.known_as[used]
        check(users == {wanted}, f"let in as {users}, not {wanted}")
        named = event["attempts"][-1].get("username")
        check(is_that(used, named, wanted), f"the log says {named}")
    else:
        check(not result.good and result.says_407(), "it got in")
        check(look(event, "outcome") in ("unresolved", "not_retried"),
              f"outcome {look(event, 'outcome')}")
        check(set(statuses(seen)) == {407}, "the proxy let it in")
    if case.cause:
        check(event.get("cause") in case.cause, f"cause {event.get('cause')}, "
              f"expected {case.cause}")
    if case.tried:
        scheme, causes = case.tried
        found = [a.get("cause") for a in event.get("attempts", [])
                 if a.get("scheme") == scheme]
        check(set(found) & set(causes), f"the attempts by {scheme} have the "
              f"causes {found}, expected {causes}")
    if case.seen:
        check(case.seen(statuses(seen)), f"the proxy saw {statuses(seen)}")
    if case.within:
        check(result.seconds < case.within, f"it took {result.seconds:.1f} s, "
              f"more than {case.within}")
    check(result.seconds >= case.least, f"it took {result.seconds:.1f} s only")
    if case.after:
        case.after(task, result)


def test(acceptor, case):
    def run(bench):
        task = bench.task(acceptor, case.target)
        env = {"AUTH407_PROXY": f"{case.proxy}:{task.proxy.port}",
               **case.env(task)}
        command = curl(case, task)
        mark = acceptor.mark()
        result = bench.launched(task, command, env)
        seen = acceptor.since(mark)
        try:
            judge(case, acceptor, task, result, seen)
        except Failure as e:
            raise Failure(f"{e}\n{result.describe()}\nproxy: {seen}\n"
                          f"{acceptor.complaints[-600:]}") from e
    return run


def named(acceptor, cases):
    for case in cases:
        yield f"{acceptor.name} {case.name}", test(acceptor, case)
