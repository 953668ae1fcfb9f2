# SPDX-License-Identifier: MIT
"""loop.py URL PROXY HOW: the URL every 100 ms until standard input ends: by
requests on a connection for each or on a kept one (session), or by urllib.
Writes when each fetch began and ended, and whether it was good."""
import os
import select
import sys
import time
import urllib.request

url, proxy, how = sys.argv[1:4]
if how != "urllib":
    import requests
    session = requests.Session()


def fetch():
    if how == "urllib":
        handler = urllib.request.ProxyHandler({"http": proxy})
        with urllib.request.build_opener(handler).open(url, timeout=20) as r:
            return r.status == 200 and r.read()
    proxies = {"http": proxy}
    r = (session if how == "session" else requests).get(
        url, proxies=proxies, timeout=20)
    return r.status_code == 200 and r.content


while not select.select([0], [], [], 0.1)[0]:
    began = time.monotonic()
    try:
        good = bool(fetch())
    except OSError:
        good = False
    os.write(1, f"{began} {time.monotonic()} {int(good)}\n".encode())
