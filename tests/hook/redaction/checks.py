# SPDX-License-Identifier: MIT
"""That the search finds what there is to find: it must be able to fail."""
import base64
import subprocess

import sinks
from scene import Scene, URL
from secrets_of import Secret
from stage import Run, search


def every_form(_hall):
    """a planted secret is found in each of its forms, at each place"""
    secret = Secret("planted")
    for before in (b"", b"x", b'{"a":"', b"\0\xff"):
        for form, name in secret.forms.items():
            data = before + form + b"\n"
            if not list(search([("x", data)], [secret])):
                yield f"not found: {name} after {before!r}"


def inside_base64(_hall):
    """a secret is found in base64 and hex of texts that hold it, in all ways"""
    secret = Secret("planted")
    for before in range(7):
        for after in range(4):
            text = b"u" * before + secret.raw + b"z" * after
            wide = text.decode().encode("utf-16-le")
            for data in (text, wide):
                for made in (base64.b64encode(data),
                             base64.urlsafe_b64encode(data),
                             data.hex().encode(),
                             data.hex().upper().encode()):
                    if not secret.found_in(b"Basic " + made + b"\r\n"):
                        yield f"not found: {made!r}"


def nothing_else(_hall):
    """nothing is found where no secret is"""
    secret, other = Secret("planted"), Secret("another")
    data = b"".join(other.forms) + base64.b64encode(other.raw * 3)
    yield from search([("x", data)], [secret])


def a_leak(hall):
    """a run whose sink holds a secret fails"""
    scene = Scene("leak", ["curl", "-s", "-x", "{proxy}", "-U",
                           "alice:{s:own}", URL])
    folder = hall.root / "leak"
    for part in ("kept", "home/.config"):
        (folder / part).mkdir(parents=True)

    class Leaky(sinks.File):
        def __exit__(self, *_):
            super().__exit__()
            command = b"".join((folder / "kept").glob("wire.1.in").__next__()
                               .read_bytes().split(b"Proxy-Authorization: "))
            self.data += command

    if not any("the secret of own" in text for text in
               Run(hall, scene, folder, "inject").play(Leaky)):
        yield "it passed"


def an_unused_secret(hall):
    """a run whose client never sent its secret fails"""
    scene = Scene("unused", ["sh", "-c",
                             ": {s:own}; curl -s -x {proxy} " + URL])
    folder = hall.root / "unused"
    for part in ("kept", "home/.config"):
        (folder / part).mkdir(parents=True)
    if not any("did not send" in text for text in
               Run(hall, scene, folder, "inject").play(sinks.File)):
        yield "it passed"


def access_logs(hall):
    """auth407 report shows no secret of a proxy's own log"""
    query, user = Secret("a query in an access log"), Secret("userinfo there")
    log, ours = hall.root / "access.log", hall.root / "empty.jsonl"
    ours.write_text("")
    log.write_text(
        "1795295593.123     12 127.0.0.1 TCP_DENIED/407 4000 GET "
        f"http://u:{user.value}@origin.test/x?token={query.value} - "
        "HIER_NONE/- text/html\n")
    for form in ("text", "json", "csv", "html"):
        done = subprocess.run(
            [str(hall.launcher), "report", "--format", form, "--access-log",
             str(log), str(ours)], capture_output=True, check=False)
        shown = done.stdout + done.stderr
        if b"origin.test" not in shown:
            yield f"{form} does not show the request: {shown[:300]!r}"
        yield from search([(form, shown)], [query, user])


ALL = (every_form, inside_base64, nothing_else, a_leak, an_unused_secret,
       access_logs)
