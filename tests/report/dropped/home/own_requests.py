# SPDX-License-Identifier: MIT
"""own_requests.py URL: the proxy stands here."""
import sys

import requests

proxies = {"http": "http://@PROXY@", "https": "http://@PROXY@"}

requests.get(sys.argv[1], proxies=proxies, timeout=20).raise_for_status()
