# SPDX-License-Identifier: MIT
"""plain.py URL: the proxy is that of the environment."""
import sys
import urllib.request

urllib.request.urlopen(sys.argv[1], timeout=20).read()
