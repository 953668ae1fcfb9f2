# SPDX-License-Identifier: MIT
"""Many short programs in a row, and side by side: only the first one meets a
407; a login by NTLM takes two requests, as its first message goes unasked."""

from clients import Run, proxy_variables
from running import check, statuses
from ways import ways

IN_A_ROW, AT_ONCE = 20, 8
SHELL = ("seq $1 | xargs -P $2 -I{} curl -sS -o /dev/null"
         " -w '%{http_code}\\n' \"$3\"")


def curls(task, times, at_once=1):
    return Run(["sh", "-c", SHELL, "sh", str(times), str(at_once), task.url],
               proxy_variables(task), want=b"")


def seen_by(bench, acceptor, way, task, times, at_once=1):
    """The statuses in the proxy's log; all were served."""
    mark = acceptor.mark()
    result = bench.launched(task, curls(task, times, at_once), way.login(task))
    check(result.out.split() == [b"200"] * times, result.describe())
    return statuses(acceptor.since(mark))


def in_a_row(acceptor, way):
    def run(bench):
        task = bench.task(acceptor)
        later = [407] * (way.legs - 2) + [200]
        seen = seen_by(bench, acceptor, way, task, IN_A_ROW)
        check(seen == [407] + later * IN_A_ROW, f"the proxy saw {seen}")
    return run


def side_by_side(acceptor, way):
    def run(bench):
        task = bench.task(acceptor)
        times = 5 * AT_ONCE
        seen_by(bench, acceptor, way, task, 1)
        seen = seen_by(bench, acceptor, way, task, times, AT_ONCE)
        bare = len(seen) - times * (way.legs - 1)
        check(seen.count(200) == times and 0 <= bare <= AT_ONCE,
              f"{bare} requests more than needed: {seen}")
    return run


def tests(acceptor):
    for way in ways(acceptor):
        if not (way.deep and acceptor.bound):
            continue
        yield (f"{acceptor.name} {way.name}: {IN_A_ROW} runs of curl, one 407",
               in_a_row(acceptor, way))
        yield (f"{acceptor.name} {way.name}: {AT_ONCE} runs of curl at once",
               side_by_side(acceptor, way))
