#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An origin over TLS. Usage: tls_origin.py KEY-AND-CERTIFICATE [LOG]

Prints "port N" and serves /bytes/N, /sha (POST), /407 and /leak as the plain
origin does, on 127.0.0.1, until its standard input ends. A request with a
Proxy-Authorization is answered 500 and logged as a LEAK.
"""
import hashlib
import http.server
import os
import ssl
import sys
import threading

from servers import pattern

LOG = sys.argv[2] if len(sys.argv) > 2 else os.devnull


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        leak = "Proxy-Authorization" in self.headers
        status, out = (500, b"leak\n") if leak else self.page(body)
        with open(LOG, "a", encoding="ascii") as log:
            log.write(f"{'LEAK' if leak else 'request'} tls "
                      f"method={self.command} path={self.path} "
                      f"status={status}\n")
        self.send_response(status)
        if status == 407:
            self.send_header("Proxy-Authenticate", 'Basic realm="origin"')
        self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(out)

    do_GET = do_HEAD = do_POST = answer

    def page(self, body):
        if self.path.startswith("/bytes/"):
            return 200, pattern(int(self.path[7:]))
        if self.path == "/sha":
            return 200, hashlib.sha256(body).hexdigest().encode() + b"\n"
        if self.path == "/407":
            return 407, b"this is the origin, not a proxy\n"
        if self.path in ("/", "/leak"):
            return 200, b"nothing leaked\n"
        return 404, b""

    def log_message(self, *_):
        pass


class Listener(http.server.ThreadingHTTPServer):
    request_queue_size = 200

    def handle_error(self, *_):
        """A client that goes away in the middle is no news here."""


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    server = Listener(("127.0.0.1", 0), Handler)
    # The handshake belongs into the connection's own thread, not to accept().
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("port", server.server_address[1], flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
