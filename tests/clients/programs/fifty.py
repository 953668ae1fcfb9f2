# SPDX-License-Identifier: MIT
"""fifty.py URL OUT PROXY CA: the same URL 50 times on one kept connection;
prints how many answers were good."""
import http.client
import sys
import urllib.parse

url, out, proxy, _ = sys.argv[1:5]
via = urllib.parse.urlsplit(proxy)
connection = http.client.HTTPConnection(via.hostname, via.port, timeout=20)
connection.connect()
first = connection.sock
good = 0
with open(out, "wb") as f:
    for _ in range(50):
        connection.request("GET", url)
        answer = connection.getresponse()
        body = answer.read()
        if connection.sock is not first:
            raise SystemExit(f"not kept: status {answer.status}")
        good += answer.status == 200
        f.write(body)
print(good)
