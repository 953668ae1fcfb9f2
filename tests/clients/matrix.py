# SPDX-License-Identifier: MIT
"""Every client through every proxy: refused without the library, served with
it; and served by the same proxy when that asks for no login, which shows that
a refusal is the login's doing and not the harness's."""

from clients import CLIENTS
from proxies import USER
from running import Failure, check, check_resolved, explained, statuses

# here the auth407 command stands in for LD_PRELOAD
LAUNCHED = ("squid-digest",)


class Matrix:
    """Collects one mark per cell and prints the table."""

    def __init__(self, clients=CLIENTS):
        self.clients = clients
        self.rows, self.columns, self.marks = [], [], {}

    def cell(self, row, column, mark):
        for item, known in ((row, self.rows), (column, self.columns)):
            if item not in known:
                known.append(item)
        self.marks.setdefault((row, column), []).append(mark)

    def table(self):
        order = [f"{c.name} {t}" for c in self.clients for t in c.targets]
        rows = sorted(self.rows, key=order.index)
        columns = sorted(self.columns)
        width = max([len(r) for r in rows] + [8])
        lines = [" " * width + "  " + "  ".join(columns)]
        for row in rows:
            cells = []
            for column in columns:
                marks = self.marks.get((row, column), ["-"])
                text = "ok" if set(marks) == {"ok"} else ",".join(
                    m for m in marks if m != "ok")
                cells.append(text.ljust(len(column)))
            lines.append(row.ljust(width) + "  " + "  ".join(cells).rstrip())
        return lines


def present(client):
    check(not client.missing(), f"{client.name} needs package "
          f"{client.package}: run scripts/deps test")


def served(bench, client, proxy, target):
    """No login asked for: works."""
    present(client)
    task = bench.task(proxy, target)
    result = bench.plain(task, client.build(task))
    check(result.good, "it does not work\n" + result.describe())


def undisturbed(bench, client, proxy, target):
    """The same with the library, which then has nothing to say."""
    present(client)
    task = bench.task(proxy, target)
    result = bench.preloaded(task, client.build(task))
    check(result.good, "it does not work\n" + result.describe())
    check(not result.events, "a line was logged where no 407 was met\n"
          + result.describe())


def refused(bench, client, proxy, target):
    present(client)
    task = bench.task(proxy, target)
    mark = proxy.mark()
    result = bench.plain(task, client.build(task))
    check(not result.good, "it got through without a login\n"
          + result.describe())
    check(result.code is not None, "it hangs\n" + result.describe())
    check(client.browser or result.says_407(),
          "it neither failed nor spoke of 407\n" + result.describe())
    seen = proxy.since(mark, enough=1)
    check(seen, "the proxy saw no request\n" + result.describe())
    # w3m asks for a login itself, and sends one that is empty
    own = {400} if client.browser else set()
    check(set(statuses(seen)) - own == {407}, f"the proxy's log: {seen}\n"
          + result.describe())


def let_through(bench, client, proxy, target):
    present(client)
    task = bench.task(proxy, target)
    mark = proxy.mark()
    run = client.build(task)
    if proxy.name in LAUNCHED:
        result = bench.launched(task, run)
    else:
        result = bench.preloaded(task, run)
    with explained(result, proxy, mark):
        check(result.good, "it does not work")
        check_resolved(result, task, client.binaries(target))
        seen = proxy.since(mark, enough=2)
        good = [s for s in seen if s.status != 407]
        check(good, f"the proxy's log: {seen}")
        check({s.user for s in good} == {USER},
              f"the proxy's log names another user: {good}")


def tests(matrix):
    """(proxy, name, function(bench)) for every cell."""
    def marked(fn, mark, client, proxy, target):
        def run(bench):
            row = f"{client.name} {target}"
            try:
                fn(bench, client, proxy, target)
            except Failure:
                matrix.cell(row, proxy.name, mark)
                raise
            matrix.cell(row, proxy.name, "ok")
        return run

    def for_proxy(proxy):
        for client in CLIENTS:
            for target in client.targets:
                name = f"{proxy.name} {client.name} {target}"
                if proxy.scheme is None:
                    yield (f"{name}: works where no login is asked",
                           marked(served, "OPEN", client, proxy, target))
                    yield (f"{name}: works there with the library",
                           marked(undisturbed, "FAILS", client, proxy,
                                  target))
                    continue
                yield (f"{name}: 407 without the library",
                       marked(refused, "PASSED407", client, proxy, target))
                by = "auth407 --" if proxy.name in LAUNCHED else "the library"
                yield (f"{name}: works with {by}",
                       marked(let_through, "FAILS", client, proxy, target))
    return for_proxy
