# SPDX-License-Identifier: MIT
"""`auth407 report --access-log` with logs made for the purpose: what it says,
and where it reads. tests/report/access-log has real proxies."""

from common import at, check, equal, has, log, record, report, test


@test
def access_width():
    """the comparison with a proxy's log fits the terminal, too"""
    target = "http://" + "long-name." * 9 + "test/" + "way/" * 20
    file = log("wide-access.jsonl", *[
        record(url__target=target + str(n), timestamp=at(12, n))
        for n in range(50)])
    lines = log("wide-access.log", *[
        f"{1795262400 + 60 * n}.000 0 {client} TCP_DENIED/407 10 GET "
        f"{target}{n} {user} HIER_NONE/- text/html"
        for n in range(25) for client, user in (
            ("192.0.2.7", "-"), (f"2001:db8:1234:5678:9abc:def0:1:{n}",
                                 "user-of-a-long-name-" * 5))])
    for wide in (40, 60, 80, 132):
        text = report("--access-log", lines, file,
                      env={"COLUMNS": str(wide)}).out
        text = text[text.index("\nThe proxy's own log\n"):]
        for line in text.splitlines():
            check(len(line) <= wide, f"{wide}: {len(line)}: {line}")
        words = " ".join(text.split())
        has(words, "... and 5 more: --format json has all")
        has(words, "... and 5 more clients: --format json has them")


@test
def access_words():
    """the comparison with a proxy's log counts in plain sentences"""
    def words(lines, *times):
        text = report("--access-log", log("words.log", *(
            f"{1795262400 + t}.000 0 192.0.2.7 TCP_DENIED/407 10 GET "
            "http://a.test/ - HIER_NONE/- text/html" for t in lines)),
            log("words.jsonl", *(record(timestamp=at(12, m)) for m in times)))
        return " ".join(text.out.split())
    one = words([0], 0)
    has(one, " 1 of 1 record with a 407 is in the proxy's log: 1 found by")
    has(words([0, 60], 0, 1, 2),
        " 2 of 3 records with a 407 are in the proxy's log: 2 found by")
    has(words([0, 600], 0),
        " 1 line of the proxy's log with a 407 has no record: ")
    has(words([0, 600, 601], 0),
        " 2 lines of the proxy's log with a 407 have no record: ")


@test
def access_stdin():
    """--access-log - is standard input, which is then no log of records"""
    file = log("access-stdin.jsonl", record())
    line = (b"1795262400.000 0 192.0.2.7 TCP_DENIED/407 10 GET http://a.test/ "
            b"- HIER_NONE/- text/html\n")
    for more in ((file,), ()):
        done = report("--access-log", "-", *more, data=line,
                      env={"AUTH407_LOG": file})
        equal((done.status, done.err), (1, ""), more)
        has(" ".join(done.out.split()), "1 of 1 record with a 407 is in")
    for args in (("--access-log", "-", "-"),
                 ("--access-log", "-", "--access-log", "-", file)):
        done = report(*args, data=line)
        equal(done.status, 2, args)
        has(done.err, "standard input can be read only once")
