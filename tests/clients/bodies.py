# SPDX-License-Identifier: MIT
"""Requests with a body: each arrives once and whole, whatever the proxy did
with the first sending of it."""

import hashlib

from clients import (PROGRAMS, PYTHON, Run, from_file, proxy_variables)
from origin import content
from running import check, check_resolved, explained

MIB = 1 << 20
SENDERS = {
    # name: (size, argv); FILE is the body
    "curl": (MIB, ["curl", "-sSf", "--cacert", "CA", "-o", "OUT", "-H",
                   "Expect:", "--data-binary", "@FILE", "URL"]),
    "curl Expect": (MIB, ["curl", "-sSf", "--cacert", "CA", "-o", "OUT", "-H",
                          "Expect: 100-continue", "--data-binary", "@FILE",
                          "URL"]),
    "curl 5 MiB": (5 * MIB, ["curl", "-sSf", "--cacert", "CA", "-o", "OUT",
                             "-H", "Expect:", "-T", "FILE", "URL"]),
    "curl chunked": (100000, ["curl", "-sSf", "--cacert", "CA", "-o", "OUT",
                              "-H", "Transfer-Encoding: chunked", "-H",
                              "Expect:", "--data-binary", "@FILE", "URL"]),
    "urllib": (MIB, [PYTHON, PROGRAMS / "fetch_urllib.py", "URL", "OUT",
                     "PROXY", "CA", "FILE"]),
    "wget": (MIB, ["wget", "-nv", "-t", "1", "--ca-certificate", "CA", "-O",
                   "OUT", "--post-file", "FILE", "URL"]),
}


def upload(task, size, argv):
    path = f"/sha/{task.folder.name}"
    body = task.folder / "body"
    body.write_bytes(content(size))
    words = {"URL": task.origin.url(task.target, path), "CA": task.lab.ca,
             "OUT": task.out, "FILE": body, "@FILE": f"@{body}",
             "PROXY": task.proxy.url}
    digest = hashlib.sha256(content(size)).hexdigest()
    return path, digest, Run([str(words.get(a, a)) for a in argv],
                             proxy_variables(task), got=from_file,
                             want=f"{digest}\n".encode())


def sending(proxy, target, size, argv):
    def run(bench):
        task = bench.task(proxy, target)
        path, digest, command = upload(task, size, argv)
        mark = proxy.mark()
        if proxy.scheme:
            result = bench.preloaded(task, command)
        else:
            result = bench.plain(task, command)
        taken = bench.origin.taken(path)
        with explained(result, proxy, mark, f"\nat the origin: {taken}"):
            check(result.good, "it does not work")
            check(taken == [(size, digest)],
                  f"at the origin arrived: {taken}, not {size} bytes, once")
            if proxy.scheme:
                check_resolved(result, task)
    return run


def tests(proxy):
    for name, (size, argv) in SENDERS.items():
        # squid 5.7 itself, with no login and no library, now and then drops so
        # long an upload before the origin has seen any of it ("empty reply").
        if size > MIB and "squid" in proxy.name:
            continue
        for target in ("http", "https"):
            yield (f"{proxy.name} POST by {name} {target}: arrives once, whole",
                   sending(proxy, target, size, argv))
