# SPDX-License-Identifier: MIT
"""between.py URL OUT PROXY CA COMMAND [USER]: fetches, runs a command of the
shell, becomes USER (a number), and fetches again on a new connection; prints
both statuses."""
import os
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
    if sys.argv[6:]:
        user = int(sys.argv[6])
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    print(first, fetch(f))
