# SPDX-License-Identifier: MIT
"""What a client did: dropped the header, sent it when asked, sent another
scheme; and both ends of its connections."""
import os
import shutil
import subprocess

from lab import PASSWORD, closing
from scripted import Scripted, refusal
from tap import Skip

CURL = ["curl", "-s", "-o", "/dev/null", "-x", "http://127.0.0.1:{port}"]


def causes(records):
    return [r["cause"] for r in records]


def sent(record):
    return record["http"]["request"]["proxy_authorization"]


def given(lab):
    return {"http_proxy": f"http://alice:{PASSWORD}@127.0.0.1:{lab.port}",
            "password": None}


def dropped(lab):
    """nc reads one line of the 407 and goes: it dropped what it was given, and
    its record has the challenges"""
    if not shutil.which("nc"):
        raise Skip("no nc here")
    records = lab.run(["nc", "-X", "connect", "-x", "127.0.0.1:{port}",
                       "-w1", "auth407.test", "80"], mode="observe",
                      **given(lab))
    if causes(records) != ["dropped_by_client"]:
        yield causes(records)
    for r in records:
        if [c["scheme"] for c in r["proxy"]["challenges"]] != [
                "Digest", "Basic"]:
            yield r["proxy"]["challenges"]


def answered(lab):
    """clients that wait to be asked dropped nothing: a second record says so"""
    for words, scheme in (
            (["git", "ls-remote", "{url}x"], "Digest"),
            (["curl", "-s", "--proxy-anyauth", "{url}"], "Digest"),
            (["ncat", "--proxy", "127.0.0.1:{port}", "--proxy-type", "http",
              "--proxy-auth", f"alice:{PASSWORD}", "auth407.test", "80"],
             "Digest")):
        if not shutil.which(words[0]):
            continue
        records = lab.run(words, mode="observe", **given(lab))
        if causes(records) != ["dropped_by_client", "answered_by_client"]:
            yield [words[0], causes(records)]
            continue
        second = records[1]
        if second["outcome"] != "resolved" or \
                second["http"]["request"]["resend_count"] != 1 or \
                sent(second)["scheme"] != scheme or \
                sent(second)["username"] != "alice":
            yield second


def answered_first(lab):
    """where auth407 answers, a client that waits to be asked dropped nothing,
    and the variable of the request's own scheme is named"""
    for scheme, url in (("http", "{url}x"), ("https", "https://auth407.test/x")):
        login = f"http://alice:{PASSWORD}@127.0.0.1:{lab.port}"
        records = lab.run(["timeout", "3", "git", "ls-remote", url],
                          http_proxy=login, https_proxy=login, password=None)
        if causes(records[:1]) != ["not_sent_first"] or \
                records[0]["detail"] != f"it is in {scheme}_proxy":
            yield records


def at_once(lab):
    """a client that sends the header unasked has no record"""
    records = lab.run([*CURL, "-U", f"alice:{PASSWORD}", "{url}"],
                      mode="observe", password=None)
    if records:
        yield causes(records)


def rejected(lab):
    """the client's own was wrong; its name is told, not its password"""
    records = lab.run([*CURL, "-U", "bob:wrong-one", "{url}"], mode="observe",
                      password=None)
    if causes(records) != ["client_rejected"] or \
            sent(records[0])["username"] != "bob":
        yield records


def observed_file(lab):
    """an observer knows what the credential file has, and sends none of it"""
    for section, cause in ((f"[127.0.0.1:{lab.port}]", "not_sent_by_client"),
                           ("[127.0.0.1:1]", "credential_for_other_endpoint")):
        file = lab.folder() / "credentials"
        file.write_text(f"{section}\nusername = alice\npassword = {PASSWORD}\n")
        file.chmod(0o600)
        records = lab.run([*CURL, "{url}"], mode="observe", password=None,
                          AUTH407_CREDENTIALS=str(file))
        if causes(records) != [cause] or records[0]["attempts"] or \
                records[0]["final"]["status_code"] != 407:
            yield records


def reused(lab):
    """a header that is sent first and missing later was dropped on reuse"""
    records = lab.run([*CURL, "-U", f"alice:{PASSWORD}", "{url}", "--next",
                       "-s", "-x", "http://127.0.0.1:{port}", "{url}2"],
                      mode="observe", password=None)
    if causes(records) != ["dropped_by_client"] or \
            sent(records[0])["sent_before"] == "never":
        yield records


def ports(lab):
    """the ports are those that the proxy sees, before and after reconnecting"""
    with Scripted(None, closing) as proxy:
        records = lab.run([*CURL[:-1], f"http://127.0.0.1:{proxy.port}",
                           "{url}"],
                          AUTH407_PROXY=f"127.0.0.1:{proxy.port}")
        ports = [peer.number for peer in proxy.peers]
    r = records[0]
    seen = [r["source"]["port"],
            *(a["source_port"] for a in r["attempts"])]
    if seen != ports or not r["attempts"][0]["reconnected"]:
        yield f"{seen}, and the proxy saw {ports}"


def watched(lab):
    """a proxy that nobody has named has its port in the record, too"""
    records = lab.run([*CURL, "{url}"], AUTH407_PROXY="127.0.0.1:9")
    if causes(records) != ["endpoint_not_configured"] or \
            not records[0].get("source"):
        yield records


def heeded(lab):
    """clients that send what the variable has at once have no record of a
    dropped header"""
    for words in (
            ["wget", "-q", "-O", "/dev/null", "{url}"],
            ["curl", "-s", "{url}"],
            ["/usr/bin/python3", "-c",
             "import urllib.request as r; r.urlopen('{url}')"],
            ["/usr/bin/python3", "-c", "import requests as r; r.get('{url}')"],
            ["npm", "view", "--registry={url}", "--fetch-retries=0", "x"],
            ["/usr/lib/apt/apt-helper", "download-file", "{url}", "f"]):
        if not shutil.which(words[0]):
            continue
        records = lab.run(words, mode="observe", AUTH407_LOG_LEVEL="request",
                          **given(lab))
        if not records or set(causes(records)) != {"none"}:
            yield [words, causes(records)]


PAGE = (b"<html><head><title>Error</title></head><body><h1>Sorry</h1>\n"
        b"<p>Your account&nbsp;has been <b>locked</b>. Ask the help desk."
        b"</body></html>")


def locked_out(peer):
    """Says so, to whatever login."""
    while peer.head():
        peer.say(refusal(body=PAGE))


def said(lab):
    """the proxy's page is on record, and its cause: of a login of ours, of the
    client's own, and for a client that reads a head byte by byte"""
    login = ["-U", "bob:wrong-one"]
    for mode, tunnel, own in (("inject", [], []), ("observe", [], login),
                              ("observe", ["-p"], login)):
        with Scripted(None, locked_out) as proxy:
            at = f"http://127.0.0.1:{proxy.port}"
            records = lab.run(["curl", "-s", "-x", at, *tunnel, *own, "{url}"],
                              mode=mode, AUTH407_PROXY=at)
        if causes(records) != ["account_locked"] or \
                records[0]["proxy"]["message"] != "Sorry Your account has " \
                "been locked . Ask the help desk." or not records[0][
                    "detail"].startswith("the proxy says: Your account"):
            yield [mode, tunnel, records]


def script(lab):
    """a part of Python's library that makes the call is no module that anybody
    looks for: the interpreter is"""
    found = subprocess.run(
        ["/usr/bin/env", "python3", "-c", "import _socket, os, sys; print(os."
         "path.realpath(sys.executable), getattr(_socket, '__file__', ''))"],
        capture_output=True, text=True, check=False).stdout.split()
    if len(found) != 2 or ".cpython-" not in found[1]:
        raise Skip("no Python here has its sockets in a file")
    records = lab.run([found[0], "-c", "import urllib.request as r; "
                       "r.urlopen('{url}')"], mode="observe",
                      http_proxy="http://127.0.0.1:{port}".replace(
                          "{port}", str(lab.port)), password=None)
    if [r["caller"]["module"] for r in records] != [
            os.path.basename(found[0])]:
        yield records


EXTENSION = """#include <arpa/inet.h>
#include <unistd.h>
int get(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char answer[4096];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return connect(fd, (struct sockaddr *)&to, sizeof to) ||
           write(fd, "GET http://a.test/ HTTP/1.0\\r\\n\\r\\n", 31) < 0 ||
           read(fd, answer, sizeof answer) < 0 || close(fd);
}
"""


def extension(lab):
    """the same of one that is built for any Python 3, and not of a library that
    a script loads"""
    for name, module in (("x.abi3.so", "python3"), ("x.so", "x.so")):
        path = lab.folder() / name
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", path],
                       input=EXTENSION, text=True, check=True)
        records = lab.run(["/usr/bin/python3", "-c", "import ctypes; ctypes."
                           f"CDLL('{path}').get({lab.port})"])
        modules = [r["caller"]["module"] for r in records]
        if len(modules) != 1 or not modules[0].startswith(module):
            yield modules


TESTS = [script, extension, dropped, answered, answered_first, heeded, said, at_once,
         rejected, observed_file, reused, ports, watched]
