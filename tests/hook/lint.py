# SPDX-License-Identifier: MIT
"""Each rule of the lint before a proxy that refuses: the record says what looks
wrong in the credential, and never the credential."""

import dataclasses
import datetime
import json
import pathlib
import re
import time

import scripted
from harness import read_bytes
from tokens import jwt

BASIC = scripted.BASIC
UTF8 = 'Proxy-Authenticate: Basic realm="x", charset="UTF-8"\r\n'
DIGEST = 'Proxy-Authenticate: Digest realm="x", nonce="n", qop="auth"\r\n'
BEARER = "Proxy-Authenticate: Bearer\r\n"
NTLM = scripted.NTLM
SECRET = "Tuesday"

REJECTED, MALFORMED = "rejected", "malformed_credential"


@dataclasses.dataclass(frozen=True)
class Row:
    codes: str                 # in the record, separated by blanks
    detail: str                # how that begins; "-": there is none
    file: tuple = ()           # lines of a credential file
    env: tuple = ()            # pairs
    url: str = ""              # userinfo of http_proxy
    challenge: str = BASIC
    cause: str = REJECTED
    label: str = ""

    @property
    def name(self):
        return f"lint: {self.codes or 'nothing'}" + \
            (f", {self.label}" if self.label else "")


def word(password, codes, said, user="alice", **more):
    """A credential of the file, whose password it is about."""
    return Row(codes, f"the password {said}" if said else "-",
               (f"username = {user}", f"password = {password}"), **more)


def named(user, codes, said, password=SECRET, **more):
    """The same of the user name."""
    return Row(codes, f"the user name {said}" if said else "-",
               (f"username = {user}", f"password = {password}"), **more)


def day(days):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return f"expires = {today + datetime.timedelta(days=days)}"


def rows():
    now = int(time.time())
    ended, begins = "ends with a blank", "begins with a blank"
    good = ("username = alice", f"password = {SECRET}")
    coded = "looks percent-encoded"
    ascii_no = "is not ASCII and went as UTF-8"
    yield word(f'"{SECRET} "', "blank_last", ended)
    yield Row("blank_last", f"the password {ended}", label="of a variable",
              env=(("AUTH407_USERNAME", "alice"),
                   ("AUTH407_PASSWORD", f"{SECRET} ")))
    yield Row("blank_last", f"the password {ended}", label="of a URL",
              url=f"alice:{SECRET}%20")
    yield word(f'" {SECRET}"', "blank_first", begins)
    yield named('" alice"', "blank_first", begins)
    yield word(f"'{SECRET}'", "quoted", "has quotes around it")
    for how, text, said in (("last", f"{SECRET}\n", "ends"),
                            ("first", f"\n{SECRET}", "begins")):
        yield Row(f"line_end_{how}", "AUTH407_USERNAME: the password "
                  f"{said} with a line end", cause=MALFORMED,
                  env=(("AUTH407_USERNAME", "alice"),
                       ("AUTH407_PASSWORD", text)))
    yield Row("control_character", "http_proxy: the password holds a control "
              "character", url=f"alice:{SECRET}%07x", cause=MALFORMED)
    yield Row("percent_encoding_broken", "http_proxy: the password has a % "
              "that two", url=f"alice:{SECRET}%x", cause=MALFORMED)
    yield Row("url_cut_short", "http_proxy: the userinfo has a /, ? or # that",
              url=f"alice:{SECRET}/x", cause=MALFORMED)
    yield word(f"{SECRET}%40x", "percent_encoded", coded)
    yield word(f"{SECRET}%2540x", "percent_encoded_twice", f"{coded} twice")
    yield Row("percent_encoded_twice", f"the password {coded} twice",
              url=f"alice:{SECRET}%2540x")
    for code, char, said in (
            ("invisible_character", "\u200b", "holds an invisible"),
            ("no_break_space", "\u00a0", "holds a no-break space"),
            ("lookalike_dash", "\u2011", "holds a typographic dash"),
            ("lookalike_quote", "\u2019", "holds a typographic quote"),
            ("mixed_scripts", "\u0435", "mixes Cyrillic or Greek letters")):
        yield word(f"{SECRET}{char}x", f"{code} non_ascii", said)
        yield word(f"{SECRET}{char}x", code, said, challenge=NTLM,
                   label="NTLM")
    yield word(f"{SECRET}\xe9", "not_utf8", "is not UTF-8")
    yield word(f"{SECRET}ü", "non_ascii", f"{ascii_no}; the proxy names")
    yield word(f"{SECRET}ü", "non_ascii_as_asked", f"{ascii_no}, as the proxy",
               challenge=UTF8)
    yield named("user-country--session-", "username_part_missing",
                "lacks a part")
    yield named("al:ice", "colon_in_username", "holds a colon",
                cause=MALFORMED)
    yield named("CORP\\alice", "domain_in_username", "has a DOMAIN\\ in front")
    yield named("CORP\\alice", "domain_in_username", "has a DOMAIN\\ in front",
                challenge=DIGEST, label="Digest")
    yield word(SECRET, "secret_is_username", "is the same as", user=SECRET)
    for user in ("alice", "alice:"):
        yield Row("no_password", "the password is missing", url=user,
                  label=user)
    for password in ("PASSWORD", "$PASS", "${PROXY_PASS}", "<secret>"):
        yield word(password, "placeholder", "is a placeholder that",
                   label=password)
    yield word(f"{SECRET} # mine", "comment_in_value", "has a # between")
    yield Row("expired", "the credential is past its", (*good, day(-1)),
              cause="account_expired")
    yield Row("expires_soon", "the credential expires within",
              (*good, day(3)))
    yield word(jwt(exp=now - 60), "jwt_expired", "is a JWT that has expired",
               cause="token_expired")
    yield word(jwt(nbf=now + 900), "jwt_not_yet_valid",
               "is a JWT that is not valid yet", cause="token_expired")
    for code, token, said, cause in (
            ("jwt_expired", jwt(exp=now - 60), "is a JWT that has",
             "token_expired"),
            ("scheme_in_token", f"Bearer {SECRET}", "begins with the name",
             MALFORMED),
            ("scheme_in_token", f"Basic {SECRET}", "begins with the name",
             MALFORMED),
            ("character_not_for_token", f"{SECRET},x", "holds a character",
             MALFORMED)):
        yield Row(code, f"the token {said}", (f"token = {token}",),
                  challenge=BEARER, cause=cause, label=f"token {token[:5]}")
    # nothing to blame
    for password in ("horse #1 battery; 'staple'", "50% off, 100%deal", "a/b\\c",
                     "$Tuesday"):
        for challenge in (BASIC, DIGEST):
            yield word(password, "", "", challenge=challenge,
                       label=f"{password}, {challenge.split()[1]}")
    for user in ("jean-luc", "svc-proxy-01", "user-country-us-session-7f3a"):
        yield named(user, "", "", label=user)
    for user in ("Jürgen", "CORP\\alice"):
        yield named(user, "", "", challenge=NTLM, label=f"{user}, NTLM")


# The second message of NTLM's example (MS-NLMP section 4.2.4.3).
TYPE2 = ("TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBw"
         "FwAAAA9TAGUAcgB2AGUAcgACAAwARABvAG0AYQBpAG4AAQAMAFMAZQByAHYAZQByAAAA"
         "AAA=")
TYPE1 = b"NTLM TlRMTVNTUAAB"


def refuses(challenge):
    """Whatever is sent."""
    def serve(peer):
        while head := peer.head():
            peer.say(scripted.refusal(
                f"{NTLM[:-2]} {TYPE2}\r\n" if TYPE1 in head else challenge))
    return serve


def encoded(line):
    """UTF-8; the one row that is about Latin-1 is that."""
    return line.encode("latin-1" if line.endswith("\xe9") else "utf-8")


def refused(h, row):
    folder = h.new_folder()
    with scripted.Scripted(folder, refuses(row.challenge)) as proxy:
        changes = {"AUTH407_USERNAME": None, "AUTH407_PASSWORD": None,
                   "AUTH407_SCHEMES": "digest,ntlm,bearer,basic",
                   **dict(row.env)}
        if row.file:
            file = folder / "credentials"
            file.write_bytes(b"\n".join(map(encoded, (
                f"[127.0.0.1:{proxy.port}]", *row.file))) + b"\n")
            file.chmod(0o600)
            changes["AUTH407_CREDENTIALS"] = str(file)
        if row.url:
            changes["http_proxy"] = f"http://{row.url}@127.0.0.1:{proxy.port}"
        _, bad = h.launch(folder, proxy, "styles", "send+recv",
                          tuple(changes.items()))
    log = read_bytes(folder / "auth407.jsonl")
    h.lines += log.splitlines()
    event = json.loads(log.splitlines()[-1]) if log else {}
    have = event.get("cause"), " ".join(event.get("lint", ()))
    if have != (row.cause, row.codes):
        bad.append(f"the record has {have}")
    detail = event.get("detail", "-")
    where = f"{folder}/credentials:1: "
    if row.cause == MALFORMED and detail.startswith(where):
        detail = detail[len(where):]
    if not detail.startswith(row.detail):
        bad.append(f"detail: {detail}")
    if SECRET.encode() in log and f"username = {SECRET}" not in row.file:
        bad.append("the secret is in the log")
    return bad


def complete():
    """Every code of the table is in some row."""
    table = (pathlib.Path(__file__).parents[2] /
             "core/config/lint.def").read_text()
    codes = set(re.findall(r'^A407_LINT\(\w+, "(\w+)"', table, re.M))
    left = codes - {c for row in rows() for c in row.codes.split()}
    return [f"no row has {' '.join(sorted(left))}"] if left or not codes else []


def tests():
    """(name, function of the harness) of each."""
    yield "lint: every code has a row", lambda h: complete()
    for row in rows():
        yield row.name, lambda h, r=row: refused(h, r)
