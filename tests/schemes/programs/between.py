# SPDX-License-Identifier: MIT
"""between.py URL OUT PROXY CA COMMAND: fetches, runs a command of the shell,
and fetches again on a new connection; prints both statuses."""
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

url, out, _, ca, command = sys.argv[1:6]
context = ssl.create_default_context(cafile=ca)


def fetch(f):
    try:
        with urllib.request.urlopen(url, timeout=20, context=context) as r:
            f.write(r.read())
            return r.status
    except urllib.error.HTTPError as e:
        return e.code


with open(out, "wb") as f:
    first = fetch(f)
    subprocess.run(command, shell=True, check=True)
    print(first, fetch(f))
