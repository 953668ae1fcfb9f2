# SPDX-License-Identifier: MIT
"""The servers that requests are meant for. The origin answers 500 to any
login field, and remembers it: a credential that leaks fails the run."""

import gzip
import hashlib
import http.server
import re
import socketserver
import ssl
import subprocess
import threading


def content(size):
    """`size` bytes that look like noise and are the same each time."""
    out, block = bytearray(), b"auth407"
    while len(out) < size:
        block = hashlib.sha256(block).digest()
        out += block
    return bytes(out[:size])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "origin.test"
    disable_nagle_algorithm = True
    wbufsize = 65536
    timeout = 30

    def log_message(self, *args):
        pass

    def parse_request(self):
        if not super().parse_request():
            return False
        # RFC 9112 section 3.2.2: a server takes the absolute form as well
        self.path = re.sub(r"^https?://[^/]*", "", self.path)
        origin = self.server.origin
        secret = [name for name in self.headers
                  if name.lower() in ("proxy-authorization", "authorization")]
        with origin.lock:
            origin.requests.append((self.command, self.path))
            if secret:
                origin.leaks.append(f"{self.command} {self.path}: {secret}")
        if secret:
            self.answer(b"a credential came this far\n", 500)
            self.close_connection = True
            return False
        return True

    def handle_expect_100(self):
        super().handle_expect_100()
        self.wfile.flush()  # the client waits for it
        return True

    def answer(self, body, status=200, kind="application/octet-stream"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def body(self):
        """The request's content, chunked or counted."""
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        out = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            out += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return out

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.startswith("/bytes/"):
            self.answer(content(int(path.split("/")[2])))
        elif path.startswith("/git/"):
            self.git()
        elif path.startswith("/401/"):
            self.version_string = lambda: "tinyproxy/1.11"
            self.answer(b"mine\n", 401, "text/plain")
        elif (data := self.server.origin.files.get(path)) is not None:
            self.answer(data)
        else:
            self.answer(b"no such thing\n", 404, "text/plain")

    do_HEAD = do_GET

    def do_POST(self):
        if self.path.startswith("/git/"):
            return self.git()
        data = self.body()
        digest = hashlib.sha256(data).hexdigest()
        with self.server.origin.lock:
            self.server.origin.uploads.setdefault(self.path, []).append(
                (len(data), digest))
        return self.answer(f"{digest}\n".encode(), 200, "text/plain")

    do_PUT = do_POST

    def git(self):
        path, _, query = self.path.partition("?")
        data = self.body()
        if self.headers.get("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        done = subprocess.run(
            ["git", "http-backend"], input=data, capture_output=True,
            env={"PATH": "/usr/bin:/bin", "GIT_HTTP_EXPORT_ALL": "1",
                 "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
                 "GIT_CONFIG_VALUE_0": "*", "REMOTE_ADDR": "127.0.0.1",
                 "GIT_PROJECT_ROOT": str(self.server.origin.git_root),
                 "PATH_INFO": path[len("/git"):], "QUERY_STRING": query,
                 "REQUEST_METHOD": self.command,
                 "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                 "CONTENT_LENGTH": str(len(data)),
                 "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")})
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1)
                      for line in head.decode().split("\r\n") if line)
        status = int(fields.pop("Status", "200").split()[0])
        self.answer(body, status, fields.get("Content-Type", "text/plain"))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, handler, tls):
        self.tls = tls
        super().__init__(("127.0.0.1", 0), handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.1,),
                         daemon=True).start()

    def finish_request(self, request, client_address):
        # in the connection's own thread, so that no handshake blocks another
        if self.tls:
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)
        if self.tls:
            request.settimeout(0.2)
            try:
                request.unwrap()  # some take a bare end for an attack
            except OSError:
                pass
            request.close()

    def handle_error(self, request, client_address):
        pass  # clients hang up as they like


class Refuser(socketserver.StreamRequestHandler):
    """An origin that answers 407 itself, and keeps every byte it was sent."""

    timeout = 30

    def handle(self):
        head = bytearray()
        while line := self.rfile.readline():
            if not head:
                self.server.heads.append(head)
            head += line
            if line == b"\r\n":
                head = bytearray()
                self.wfile.write(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                    b'Proxy-Authenticate: Basic realm="origin"\r\n'
                    b"Content-Length: 4\r\n\r\nmine")


class Stayer(socketserver.StreamRequestHandler):
    """An origin that stays on the connection, whatever it was told, behind an
    answer whose end only its reader can see: what comes next on the way of
    tinyproxy 1.11 goes past the proxy. Then it asks for the login itself;
    "interim" in the path: at once, behind a 100, which tinyproxy takes for
    the answer."""

    timeout = 5

    def handle(self):
        said = 0
        while line := self.rfile.readline():
            head = bytearray(line)
            while line not in (b"\r\n", b""):
                line = self.rfile.readline()
                head += line
            self.server.heads.append(head)
            early = not said and b"interim" in head
            if early:
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            said += 1
            if said == 1 and not early:
                self.wfile.write(
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"4\r\nmine\r\n0\r\n\r\n")
                continue
            self.wfile.write(
                b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                b'Proxy-Authenticate: Basic realm="Tinyproxy"\r\n'
                b"Content-Length: 4\r\n\r\nmine")


class RefusingServer(Server):
    def __init__(self, tls, handler=Refuser):
        self.heads = []  # of requests; a proxy may send several on one
        super().__init__(handler, tls)

    def told(self, path):
        """The heads that asked for `path`."""
        return [bytes(h) for h in self.heads if f"{path} ".encode() in h]


class Origin:
    """http and https origin, and the same pair that answers 407."""

    def __init__(self, lab):
        self.lab = lab
        self.lock = threading.Lock()
        self.requests, self.leaks, self.uploads = [], [], {}
        self.files = {}
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*lab.origin_certificate)
        self.git_root = lab.folder("git", 0o755)
        self._make_git()
        self._make_apt()
        self.servers = {}
        for scheme, context in (("http", None), ("https", tls)):
            self.servers[scheme] = Server(Handler, context)
            self.servers[scheme].origin = self
        self.tls = tls

    def url(self, scheme, path):
        return f"{scheme}://origin.test:{self.servers[scheme].port}{path}"

    def refusing(self, scheme):
        return RefusingServer(self.tls if scheme == "https" else None)

    @staticmethod
    def staying():
        return RefusingServer(None, Stayer)

    def taken(self, path):
        with self.lock:
            return list(self.uploads.get(path, []))

    def _make_git(self):
        work = self.lab.folder("git-work", 0o755)
        (work / "file.bin").write_bytes(content(100000))
        env = {"PATH": "/usr/bin:/bin", "HOME": str(work),
               "GIT_CONFIG_NOSYSTEM": "1"}
        name = ["-c", "user.name=t", "-c", "user.email=t@origin.test"]
        for args in (["init", "-q", "."], ["add", "file.bin"],
                     [*name, "commit", "-q", "-m", "one"],
                     ["clone", "-q", "--bare", ".",
                      str(self.git_root / "repo.git")]):
            subprocess.run(["git"] + args, cwd=work, env=env, check=True)

    def _make_apt(self):
        """An unsigned archive of two suites, so that apt has several files to
        ask for on one connection."""
        for suite in ("one", "two"):
            hashes = []
            for component in ("main", "extra"):
                text = (f"Package: {suite}-{component}\nVersion: 1\n"
                        "Architecture: all\nMaintainer: T <t@origin.test>\n"
                        f"Filename: pool/{component}.deb\nSize: 1\n"
                        f"SHA256: {'0' * 64}\nDescription: nothing\n").encode()
                name = f"{component}/binary-all/Packages"
                self.files[f"/apt/dists/{suite}/{name}"] = text
                hashes.append(f" {hashlib.sha256(text).hexdigest()}"
                              f" {len(text)} {name}\n")
            self.files[f"/apt/dists/{suite}/Release"] = (
                f"Origin: tests\nSuite: {suite}\nCodename: {suite}\n"
                "Architectures: all\nComponents: main extra\n"
                "Date: Sat, 01 Jan 2022 00:00:00 UTC\n"
                "SHA256:\n" + "".join(hashes)).encode()
