# SPDX-License-Identifier: MIT
"""own_urllib.py URL: the proxy stands here."""
import sys
import urllib.request

proxies = {"http": "http://@PROXY@", "https": "http://@PROXY@"}

opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))
opener.open(sys.argv[1], timeout=20).read()
