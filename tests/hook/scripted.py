# SPDX-License-Identifier: MIT
"""A proxy whose connections are served by a function of the test: for what is
about one moment of an exchange, at which the proxy stands still."""

import re
import socket
import threading
import time

BASIC = "Proxy-Authenticate: Basic realm=\"scripted\"\r\n"
BASIC_ONLY = (("AUTH407_SCHEMES", "basic"),)
NTLM = "Proxy-Authenticate: NTLM\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
OURS = re.compile(rb"Proxy-Authorization: [^\r\n]*\r\n", re.IGNORECASE)


def refusal(challenge=BASIC, body=b"who are you?\n", end=False):
    """A 407, its body counted."""
    return (f"HTTP/1.1 407 Proxy Authentication Required\r\n{challenge}"
            f"Content-Length: {len(body)}\r\n"
            f"{'Connection: close' + chr(13) + chr(10) if end else ''}"
            "\r\n").encode() + body


def keeps(peer):
    """Keeps the connection, and lets nobody in without a login."""
    while True:
        head = peer.head()
        if not head:
            return
        peer.say(OK if b"Basic" in head else refusal())


class Peer:
    """One connection, as its server sees it."""

    def __init__(self, proxy, sock, number):
        self.proxy, self.sock, self.number = proxy, sock, number
        self.got = b""    # all that came
        self.taken = 0    # of that, bytes that head() and body() returned
        self.end = ""     # "eof", "reset": how the client ended it

    def fill(self, most=65536):
        """Reads once. False at the end."""
        try:
            part = self.sock.recv(most)
        except TimeoutError:
            raise
        except OSError:
            self.end = self.end or "reset"
            return False
        self.got += part
        self.end = self.end or ("" if part else "eof")
        return bool(part)

    def head(self):
        """The next request's head; b"" at the end."""
        while True:
            end = self.got.find(b"\r\n\r\n", self.taken)
            if end >= 0:
                head = self.got[self.taken:end + 4]
                self.taken = end + 4
                return head
            if not self.fill():
                return b""

    def body(self, n):
        while len(self.got) < self.taken + n and self.fill():
            pass
        self.taken += n

    def rest(self):
        """Reads to the end of the connection."""
        while self.fill():
            pass

    def stand_still(self):
        """Neither reads nor answers, nor closes."""
        self.proxy.stopped.wait(30)

    def say(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            pass

    def close(self):
        self.sock.close()


class Scripted:
    """Listens on 127.0.0.1 and calls serve(peer) for each connection, in a
    thread. What log() is told stands in the victim's VICTIM_PROXY_LOG."""

    def __init__(self, folder, serve, rcvbuf=0, backlog=128):
        self.serve, self.path = serve, folder / "proxy.log"
        self.stopped = threading.Event()
        self.peers, self.threads, self.fillers = [], [], []
        self.accepting = True
        self.lock = threading.Lock()
        self.sock = socket.socket()
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.listen(backlog)
        self.port = self.sock.getsockname()[1]

    def __enter__(self):
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.accepting = False
        for sock in (self.sock, *self.fillers, *(p.sock for p in self.peers)):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
        for thread in (self.acceptor, *self.threads):
            thread.join(5)

    def _accept(self):
        while self.accepting:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            if not self.accepting:
                sock.close()
                return
            peer = Peer(self, sock, len(self.peers) + 1)
            self.peers.append(peer)
            thread = threading.Thread(target=self._run, args=(peer,),
                                      daemon=True)
            self.threads.append(thread)
            thread.start()

    def _run(self, peer):
        try:
            self.serve(peer)
        except OSError:
            pass
        if peer.end:
            peer.close()

    def log(self, text):
        with self.lock, open(self.path, "a", encoding="ascii") as out:
            out.write(text + "\n")

    def refuse_more(self):
        """From now on nobody listens."""
        self.accepting = False
        self.sock.shutdown(socket.SHUT_RDWR)
        self.acceptor.join(5)
        self.sock.close()

    def hang_more(self):
        """From now on the queue of the listener (of backlog 0) is full: a
        connect() of others hangs."""
        self.accepting = False
        socket.create_connection(("127.0.0.1", self.port)).close()
        self.acceptor.join(5)
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", self.port))
            self.fillers.append(sock)
        time.sleep(0.02)
