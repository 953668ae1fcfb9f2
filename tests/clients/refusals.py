# SPDX-License-Identifier: MIT
"""A wrong password: one try, then the proxy's own answer, byte for byte; and
the guard against locking an account out."""

import hashlib
import re
import socket

from clients import PROGRAMS, PYTHON, Run, from_file, proxy_variables
from proxies import PASSWORD, REALM, USER
from running import check, check_event, explained, statuses

WRONG = "not-the-password"


def request_bytes(task, method, more=b""):
    line = (f"CONNECT {task.authority}" if method == "CONNECT"
            else f"GET {task.url}")
    return (f"{line} HTTP/1.1\r\nHost: {task.authority}\r\nUser-Agent: curl\r\n"
            "Accept: */*\r\nProxy-Connection: Keep-Alive\r\n").encode() \
        + more + b"\r\n"


def read_answer(sock):
    got = b""
    while b"\r\n\r\n" not in got and (part := sock.recv(4096)):
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"(?mi)^content-length: *(\d+)", head)
    while (length is None or len(body) < int(length[1])) \
            and (part := sock.recv(4096)):
        body += part
    return head + b"\r\n\r\n" + body


def digest_value(task, method, challenge):
    """A Digest answer made with the wrong password (RFC 7616, MD5)."""
    nonce = re.search(rb'nonce="([^"]*)"', challenge)[1].decode()
    uri = task.authority if method == "CONNECT" else task.url

    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()
    response = md5(":".join((md5(f"{USER}:{REALM}:{WRONG}"), nonce,
                             "00000001", "abcdefgh", "auth",
                             md5(f"{method}:{uri}"))))
    return (f'Digest username="{USER}", realm="{REALM}", nonce="{nonce}", '
            f'uri="{uri}", algorithm=MD5, response="{response}", qop=auth, '
            'nc=00000001, cnonce="abcdefgh"').encode()


def what_a_raw_client_gets(task, method):
    """The proxy's answer to a wrong login that a socket was written with."""
    def say(sock, more):
        sock.sendall(request_bytes(task, method, more))
        return read_answer(sock)

    def dial():
        return socket.create_connection(("127.0.0.1", task.proxy.port), 10)
    with dial() as sock:
        value = b"Basic YWxpY2U6bm90LXRoZS1wYXNzd29yZA=="
        if task.proxy.scheme == "digest":
            value = digest_value(task, method, say(sock, b""))
        else:
            sock = dial()
        with sock:
            return say(sock, b"Proxy-Authorization: " + value + b"\r\n")


def normal(answer):
    """Without what differs from one answer to the next."""
    answer = re.sub(rb'nonce="[^"]*"', b'nonce="*"', answer)
    return re.sub(rb"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", b"DATE",
                  answer)


def raw_program(task, method):
    (task.folder / "request").write_bytes(request_bytes(task, method))
    argv = [PYTHON, PROGRAMS / "raw.py", task.out, task.proxy.url,
            task.folder / "request"]
    return Run([str(a) for a in argv], proxy_variables(task), got=from_file)


def curl_program(task, _method):
    argv = ["curl", "-sS", "-i", "--raw", "-A", "curl", "-o", str(task.out),
            task.url]
    return Run(argv, proxy_variables(task), got=from_file)


def wrong_login(task):
    return {"AUTH407_USERNAME": USER, "AUTH407_PASSWORD": WRONG}


def one_try(proxy, target, method, build):
    def run(bench):
        task = bench.task(proxy, target)
        expected = normal(what_a_raw_client_gets(task, method))
        status = 407 if proxy.counts_status else 401  # tinyproxy's way
        check(b" %d " % status in expected[:13], f"raw client: {expected!r}")
        proxy.since(proxy.mark())
        mark = proxy.mark()
        result = bench.preloaded(task, build(task, method), wrong_login(task))
        seen = proxy.since(mark)
        with explained(result, proxy, mark):
            check(result.code == 0, "the client failed")
            check(normal(result.fetched) == expected,
                  "the answer differs from the proxy's own:\n"
                  f"{normal(result.fetched)!r}\n{expected!r}")
            check(len(seen) == 2, f"the proxy saw {len(seen)} requests")
            check(len(result.events) == 1, "the log should hold one line")
            if status == 407:
                check_event(result.events[0], {
                    "outcome": "unresolved", "cause": "rejected",
                    "final.status_code": 407})
    return run


def held_back(proxy):
    """What was refused is not sent again, by no process; a corrected password
    is sent at once."""
    def run(bench):
        task = bench.task(proxy)
        for password, expected, cause in (
                (WRONG, [407, 407], "rejected"),
                (WRONG, [407], "held_back_after_rejection"),
                (PASSWORD, [407, 200], "not_sent_first")):
            mark = proxy.mark()
            result = bench.preloaded(
                task, curl_program(task, "GET"),
                {"AUTH407_USERNAME": USER, "AUTH407_PASSWORD": password})
            seen = proxy.since(mark)
            check(statuses(seen) == expected, f"with {password!r} the proxy "
                  f"saw {seen}, expected {expected}\n" + result.describe())
            check(result.events[-1].get("cause") == cause, "log: cause "
                  f"{result.events[-1].get('cause')!r}, expected {cause!r}\n"
                  + result.describe())
    return run


def tests(proxy):
    if not proxy.scheme:
        return
    name = f"{proxy.name} wrong password:"
    own = "one try, then the proxy's own answer"
    yield (f"{name} raw GET, {own}",
           one_try(proxy, "http", "GET", raw_program))
    yield (f"{name} raw CONNECT, {own}",
           one_try(proxy, "https", "CONNECT", raw_program))
    yield (f"{name} curl GET, {own}",
           one_try(proxy, "http", "GET", curl_program))
    if proxy.counts_status:
        yield f"{name} not sent again until it changes", held_back(proxy)
