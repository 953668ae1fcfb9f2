# SPDX-License-Identifier: MIT
"""crowd.py URL OUT PROXY CA THREADS TIMES: each thread has a connection of its
own, by requests, and asks TIMES times on it; all begin at once."""
import multiprocessing.pool
import sys
import threading

import requests

url, out, _, ca, threads, times = sys.argv[1:7]
together = threading.Barrier(int(threads))


def ask(_):
    got = []
    with requests.Session() as session:
        session.verify = ca
        together.wait(20)
        for _ in range(int(times)):
            r = session.get(url, timeout=20)
            r.raise_for_status()
            got.append(r.content)
    return b"".join(got)


with multiprocessing.pool.ThreadPool(int(threads)) as pool, \
        open(out, "wb") as f:
    for got in pool.map(ask, range(int(threads)), 1):
        f.write(got)
