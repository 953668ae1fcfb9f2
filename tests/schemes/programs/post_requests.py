# SPDX-License-Identifier: MIT
"""post_requests.py URL OUT PROXY CA FILE [TIMES]: requests posts FILE, on a new
connection each time, with the proxies of the environment."""
import sys

import requests

url, out, _, ca, body = sys.argv[1:6]
with open(out, "wb") as f:
    for _ in range(int(sys.argv[6]) if len(sys.argv) > 6 else 1):
        with open(body, "rb") as data:
            r = requests.post(url, data=data, verify=ca, timeout=20)
        r.raise_for_status()
        f.write(r.content)
