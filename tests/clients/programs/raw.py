# SPDX-License-Identifier: MIT
"""raw.py OUT PROXY FILE: sends the bytes of FILE to the proxy, and keeps every
byte of the answer, which ends where its Content-Length says."""
import socket
import sys
import urllib.parse

out, proxy, request = sys.argv[1:4]
via = urllib.parse.urlsplit(proxy)
with socket.create_connection((via.hostname, via.port), 20) as s:
    s.sendall(open(request, "rb").read())
    got = b""
    while b"\r\n\r\n" not in got and (part := s.recv(4096)):
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    length = [line.split(b":")[1] for line in head.lower().split(b"\r\n")
              if line.startswith(b"content-length:")]
    left = int(length[0]) - len(body) if length else 1 << 30
    while left > 0 and (part := s.recv(4096)):
        got += part
        left -= len(part)
with open(out, "wb") as f:
    f.write(got)
