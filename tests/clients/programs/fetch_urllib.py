# SPDX-License-Identifier: MIT
"""fetch_urllib.py URL OUT PROXY CA [FILE]: the standard library's client, with
the proxies of the environment; FILE is posted, whole and with its length."""
import ssl
import sys
import urllib.request

url, out, _, ca = sys.argv[1:5]
data = open(sys.argv[5], "rb").read() if len(sys.argv) > 5 else None
context = ssl.create_default_context(cafile=ca)
with urllib.request.urlopen(url, data, timeout=20, context=context) as r:
    with open(out, "wb") as f:
        f.write(r.read())
