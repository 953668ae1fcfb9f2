# SPDX-License-Identifier: MIT
"""anew.py URL OUT PROXY CA: the same URL ten times, on a new connection each
time."""
import ssl
import sys
import urllib.request

url, out, _, ca = sys.argv[1:5]
context = ssl.create_default_context(cafile=ca)
with open(out, "wb") as f:
    for _ in range(10):
        with urllib.request.urlopen(url, timeout=20, context=context) as r:
            f.write(r.read())
