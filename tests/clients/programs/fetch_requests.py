# SPDX-License-Identifier: MIT
"""fetch_requests.py URL OUT PROXY CA: requests, with the proxies of the
environment."""
import sys

import requests

url, out, _, ca = sys.argv[1:5]
r = requests.get(url, verify=ca, timeout=20)
r.raise_for_status()
with open(out, "wb") as f:
    f.write(r.content)
