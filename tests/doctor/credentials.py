# SPDX-License-Identifier: MIT
"""Where a credential comes from, what looks wrong in it, and what a login by
it comes to. Where a program would log a 407, its record says the same."""

import base64
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.parse

import scripted
from endpoints import HTML, folder, page, says
from place import (BUILD, SCRATCH, SECRET, doctor, environment, finds, works)
from tap import _registered, check, equal, has, test
from tokens import jwt

CURL = ["curl", "-s", "-o", "/dev/null"]


def header(user, password):
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return f"Basic {pair}".encode()


def asks(good, challenge=scripted.BASIC, after=None):
    """A proxy that lets these headers in, and then says `after`."""
    def serve(peer):
        while head := peer.head():
            peer.say((after or page(200, "", "Via: 1.1 p"))
                     if any(g in head for g in good)
                     else scripted.refusal(challenge))
    return scripted.Scripted(None, serve)


def write(text, mode=0o600):
    fd, name = tempfile.mkstemp(dir=folder())
    os.write(fd, text.encode() if isinstance(text, str) else text)
    os.fchmod(fd, mode)
    os.close(fd)
    return name


def section(port, *lines, host="127.0.0.1"):
    return write("\n".join((f"[{host}:{port}]", *lines, "")))


def logged(env, port, url="https://example.com/"):
    """The cause in the record of a program that does the same."""
    proxy = f"http://127.0.0.1:{port}"
    env = environment({**env, "https_proxy": proxy, "http_proxy": proxy})
    log = pathlib.Path(env["XDG_STATE_HOME"]) / "407.jsonl"
    subprocess.run([BUILD / "auth407", "-q", "--log", log, "--", *CURL, url],
                   env=env, check=False, capture_output=True, timeout=60)
    record = json.loads(log.read_text().splitlines()[-1])
    report = subprocess.run([BUILD / "auth407", "report", "--tables", log],
                            env=env, check=False, capture_output=True,
                            text=True)
    has(report.stdout, record["cause"])
    return record


def sent(proxy, what=b"Authorization:"):
    """How many requests had a login."""
    return sum(len(re.findall(what, p.got)) for p in proxy.peers)


# ---- the causes of the log ----

LOGIN = {"AUTH407_USERNAME": "alice", "AUTH407_PASSWORD": SECRET}
GSS = {"KRB5_CONFIG": "/dev/null", "KRB5CCNAME": "/nonexistent/cache"}


def offer(*challenges):
    return "".join(f"Proxy-Authenticate: {c}\r\n" for c in challenges)


@test
def own_words():
    """what the proxy says of a refusal is its cause, as in the log"""
    for words, code, more in (
            ("Your IP 10.1.2.3 is not whitelisted", "address_not_allowed",
             "127.0.0.1 here"),
            ("Your subscription has expired.", "account_expired", "Renew"),
            ("This account is locked.", "account_locked", "unlock"),
            ("Cannot contact LDAP server", "backend_down", "owner")):
        def serve(peer):
            while peer.head():
                peer.say(scripted.refusal(body=words.encode()))
        with scripted.Scripted(None, serve) as p:
            seen = finds(code, "--yes", f"http://127.0.0.1:{p.port}",
                         env=variables("alice", '"right1"'), says=[words, more])
            equal(seen.codes(), [code], seen.text)
            equal(logged(variables("alice", '"right1"'), p.port)["cause"],
                  code)
        with scripted.Scripted(None, says(page(403, words, "Via: 1.1 p",
                                               "Content-Type: text/plain"))
                               ) as p:
            finds(code, "--yes", f"http://127.0.0.1:{p.port}", says=[words])


DIGEST = 'Digest realm="r", nonce="n", qop="auth"'
# cause; challenges; settings; words of the text
CAUSES = (
    ("rejected", offer('Basic realm="r"'), LOGIN,
     ['in AUTH407_USERNAME; they must be those of "r".', "as alice"]),
    ("rejected", offer(DIGEST), LOGIN, ["407 to digest"]),
    ("rejected", offer(DIGEST, 'Basic realm="r"'), LOGIN, ["407 to digest"]),
    ("no_credential", offer('Basic realm="r"'), {},
     ["auth407 login 127.0.0.1:"]),
    ("scheme_unsupported", offer('Hawk realm="r"'), LOGIN,
     ["auth407 does not speak it"]),
    ("scheme_not_allowed", offer('Basic realm="r"'),
     {**LOGIN, "AUTH407_SCHEMES": "digest"},
     ["not allowed by AUTH407_SCHEMES"]),
    ("scheme_needs_more", offer('Bearer realm="r"'), LOGIN,
     ["Bearer needs a token, which is not in AUTH407_USERNAME. do: Provide"]),
    ("no_challenge", "", LOGIN,
     ["without Proxy-Authenticate", "127.0.0.1 (this machine's address)"]),
    ("no_challenge", 'WWW-Authenticate: Basic realm="r"\r\n', LOGIN,
     ["WWW-Authenticate, which is for servers"]),
    ("token_expired", offer("Bearer"),
     {"AUTH407_TOKEN": jwt(exp=1700000000)}, []),
    ("token_expired", offer("Bearer"),
     {"AUTH407_TOKEN": jwt(nbf=int(time.time()) + 9999)}, []),
    ("no_ticket", offer("Negotiate"), GSS, ["Kerberos ticket: none"]),
)


def cause_case(code, challenge, env, words):
    def run():
        with asks([b"nobody"], challenge) as p:
            seen = finds(code, "--yes", f"http://127.0.0.1:{p.port}",
                         says=words, env=env)
            # text and JSON are a run each, and a refusal is not repeated
            check(sent(p) <= 2, f"{sent(p)} logins: {seen.text}")
            equal(logged(env, p.port)["cause"], code, "in the log")
    run.__doc__ = f"{code}: {' '.join(challenge.split())[:60]}"
    return run


for row in CAUSES:
    _registered.append(cause_case(*row))


# ---- what looks wrong ----

def variables(user, password):
    return {"AUTH407_USERNAME": user, "AUTH407_PASSWORD": password}


PART = "corp-alice--zone"
# the lint's code, settings or lines of the file, user, password
LINT = (
    ("blank_last", variables("alice", "right ")),
    ("blank_first", variables("alice", " right")),
    ("quoted", variables("alice", '"right"')),
    ("invisible_character", variables("alice", "right\u200b")),
    ("no_break_space", variables("alice", "right\u00a0one")),
    ("lookalike_dash", variables("alice", "right\u2013one")),
    ("lookalike_quote", variables("alice", "\u201dright")),
    ("mixed_scripts", variables("alice", "r\u0456ght")),
    ("percent_encoded_twice", "http://alice:p%2540ss@"),
    ("percent_encoded", variables("alice", "p%40ss")),
    ("username_part_missing", variables(PART, "right1")),
    ("domain_in_username", variables("CORP\\alice", "right1")),
    ("no_password", "http://alice@"),
    ("placeholder", variables("USER", "PASSWORD")),
    ("comment_in_value", ["username = alice", "password = right1 # mine"]),
    ("secret_is_username", variables("alice", "alice")),
    ("non_ascii", variables("alice", "p\u00e4ss")),
)


def lint_case(code, how):
    def run():
        with asks([b"nobody"]) as p:
            at, env = f"http://127.0.0.1:{p.port}", {}
            if isinstance(how, list):
                env = {"AUTH407_CREDENTIALS": section(p.port, *how)}
            elif isinstance(how, dict):
                env = how
            else:
                at = f"{how}127.0.0.1:{p.port}"
            seen = finds(code, "--yes", at, env=env, says=["is refused"])
            has(seen.codes(), "rejected")
            if code == "no_password":
                has(seen.text, "user alice, without a password")
            if not isinstance(how, str):
                has(logged(env, p.port)["lint"], code)
    run.__doc__ = f"refused, and {code.replace('_', ' ')}"
    return run


for row in LINT:
    _registered.append(lint_case(*row))


# what can't be sent, or only as a token
UNSENT = (
    ("line_end_last", variables("alice", "right1\n"), offer("Basic")),
    ("line_end_first", variables("alice", "\nright1"), offer("Basic")),
    ("control_character", variables("alice", "ri\x07ght1"), offer("Basic")),
    ("percent_encoding_broken", "http://alice:p%zzss@", offer("Basic")),
    ("url_cut_short", "http://alice:a/b@", offer("Basic")),
    ("colon_in_username", variables("alice:x", "right1"), offer("Basic")),
    ("scheme_in_token", {"AUTH407_TOKEN": "Bearer abcdefgh"}, offer("Bearer")),
    ("character_not_for_token", {"AUTH407_TOKEN": "abc\u00e4defgh"},
     offer("Bearer")),
    ("scheme_in_token", {"AUTH407_TOKEN": "Basic abcdefgh"}, offer("Bearer")),
)
# what auth407 starts with all the same; the others it names, and ends with 125
RECORDED = ("colon_in_username", "scheme_in_token", "character_not_for_token")


def unsent_case(code, how, challenge):
    def run():
        with asks([b"nobody"], challenge) as p:
            url = how if isinstance(how, str) else "http://"
            finds(code, "--yes", f"{url}127.0.0.1:{p.port}",
                  env=how if isinstance(how, dict) else {})
            equal(sent(p), 0, "logins")
            if code in RECORDED:
                record = logged(how, p.port)
                equal(record["cause"], "malformed_credential")
                has(record["lint"], code)
    run.__doc__ = f"not sent: {code.replace('_', ' ')}"
    return run


for row in UNSENT:
    _registered.append(unsent_case(*row))


@test
def lint_accepted():
    """what looks wrong and is right is no warning"""
    for password in ("right ", '"right"', "p%40ss"):
        with asks([header("alice", password)]) as p:
            works("--yes", f"http://127.0.0.1:{p.port}",
                  env=variables("alice", password))


# ---- sources ----

@test
def sources():
    """a source that gives nothing is told, and is the cause"""
    with asks([b"nobody"]) as p:
        for lines, words in (
                (["password-file = /nonexistent/file"],
                 ["/nonexistent/file is not there"]),
                ([f"password-file = {write('')}"], ["is empty"]),
                (["helper = nosuch-helper"],
                 ["helper: nosuch-helper: No such file"]),
                ([f"netrc = {write('machine x login y password z')}"],
                 ["has no password for alice"])):
            env = {"AUTH407_CREDENTIALS": section(
                p.port, "username = alice", *lines)}
            seen = finds("helper_failed", "--yes",
                         f"http://127.0.0.1:{p.port}", env=env, says=words)
            has(seen.codes(status="warning"), "credential_source")
            equal(logged(env, p.port)["cause"], "helper_failed")


@test
def permissions():
    """a credential file that others may read, with the command that mends it"""
    with asks([b"nobody"]) as p:
        name = section(p.port, "username = alice", f"password = {SECRET}")
        os.chmod(name, 0o644)
        finds("credential_file_refused", "--yes",
              f"http://127.0.0.1:{p.port}", says=[f"chmod 600 {name}"],
              env={"AUTH407_CREDENTIALS": name})


@test
def file_of_another_kind():
    """a file that a mode does not mend is not told to be chmod'ed"""
    with asks([]) as p:
        seen = finds("credential_file_refused", "--yes",
                     f"http://127.0.0.1:{p.port}", says=["bad section name"],
                     env={"AUTH407_CREDENTIALS": write("[*]\n")})
        check("chmod" not in seen.text, seen.text)


@test
def source_works():
    """passwords from a file, a helper and .netrc work without a warning"""
    with asks([header("alice", SECRET)]) as p:
        netrc = write(f"machine 127.0.0.1 login alice password {SECRET}\n")
        helper = write(f"#!/bin/sh\necho 'password={SECRET}'\n", 0o700)
        for line in (f"password-file = {write(SECRET)}", f"netrc = {netrc}",
                     f"helper = !{helper}"):
            works("--yes", f"http://127.0.0.1:{p.port}", env={
                "AUTH407_CREDENTIALS": section(p.port, "username = alice",
                                               line)})


@test
def expiry():
    """a credential that ends soon is a warning, also where it works"""
    soon = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 3 * 86400))
    with asks([header("alice", SECRET)]) as p:
        name = section(p.port, "username = alice", f"password = {SECRET}",
                       f"expires = {soon}")
        seen = doctor("--yes", f"http://127.0.0.1:{p.port}",
                      env={"AUTH407_CREDENTIALS": name})
        equal((seen.status, seen.codes(status="warning")),
              (0, ["expires_soon"]), seen.text)


@test
def expired():
    """a credential past its last day"""
    with asks([b"nobody"]) as p:
        env = {"AUTH407_CREDENTIALS": section(
            p.port, "username = alice", f"password = {SECRET}",
            "expires = 2020-01-01")}
        seen = finds("account_expired", "--yes", f"http://127.0.0.1:{p.port}",
                     env=env)
        equal(seen.codes(status="warning"), ["expired"], seen.text)
        equal(logged(env, p.port)["cause"], "account_expired")


@test
def offline():
    """offline, what looks wrong is a warning, and nothing is sent"""
    with asks([b"nobody"]) as p:
        seen = doctor("--offline", f"http://127.0.0.1:{p.port}",
                      env=variables("alice", '"right"'), secret="right")
        equal((seen.status, seen.codes(status="warning"), len(p.peers)),
              (2, ["quoted"], 0), seen.text)


# ---- for another proxy ----

@test
def for_another():
    """a credential for another host or port that looks meant for this one"""
    with asks([b"nobody"]) as p:
        for host, port in (("localhost", p.port), ("[::1]", p.port),
                           ("127.0.0.1", 1)):
            name = section(port, "username = alice", f"password = {SECRET}",
                           host=host)
            env = {"AUTH407_CREDENTIALS": name}
            seen = finds("credential_for_other_endpoint", "--yes",
                         f"http://127.0.0.1:{p.port}", env=env,
                         says=[f"name the section [127.0.0.1:{p.port}]"])
            has(seen.codes(status="warning"), "credential_elsewhere")
            equal(logged(env, p.port)["cause"],
                  "credential_for_other_endpoint")


# ---- lock-out ----

@test
def held_back():
    """a credential that was refused is held back, until when; a corrected one
    is tried"""
    state = {"XDG_STATE_HOME": folder()}
    with asks([header("alice", SECRET)]) as p:
        at = f"http://127.0.0.1:{p.port}"
        wrong = {**state, **variables("alice", "wr0ng.one")}
        doctor("--yes", at, env=wrong, secret="wr0ng.one")
        first = sent(p)
        seen = finds("held_back_after_rejection", "--yes", at, env=wrong,
                     secret="wr0ng.one", says=["a changed one is tried"])
        has(seen.codes(status="warning"), "held_back")
        check(re.search(r"held back until \d\d:\d\d", seen.text), seen.text)
        equal((first, sent(p)), (1, 1), "logins")
        works("--yes", at, env={**state, **LOGIN})


@test
def several():
    """of two credentials the second works: the first is a warning, each is
    sent once"""
    with asks([header("alice", SECRET)]) as p:
        name = write(f"[127.0.0.1:{p.port}]\nusername = bob\n"
                     f"password = wr0ng.one\n[127.0.0.1:{p.port}]\n"
                     f"username = alice\npassword = {SECRET}\n")
        out, status = [], None
        done = subprocess.run(
            [BUILD / "auth407", "doctor", "--yes",
             f"http://127.0.0.1:{p.port}"], capture_output=True, text=True,
            env=environment({"AUTH407_CREDENTIALS": name}), check=False)
        out, status = done.stdout, done.returncode
        equal(status, 0, out)
        has(out, "warning")
        equal(sent(p, re.escape(header("bob", "wr0ng.one"))), 1, out)


@test
def few_of_one_user():
    """two wrong passwords of one user are sent, no third, nor when the doctor
    is run again; another's is"""
    for users in (["alice"] * 4,
                  ["alice", "ALICE", "CORP\\alice", "Alice@corp.test"]):
        few_of(users + ["bob"])


def few_of(users):
    with asks([header("zoe", SECRET)]) as p:
        name = write("".join(f"[127.0.0.1:{p.port}]\nusername = {user}\n"
                             f"password = wr0ng{n}\n"
                             for n, user in enumerate(users)))
        env = {"AUTH407_CREDENTIALS": name,
               "XDG_STATE_HOME": tempfile.mkdtemp(dir=SCRATCH),
               "https_proxy": f"http://127.0.0.1:{p.port}"}
        doctor("--yes", env=env)
        seen = doctor("--yes", env=env)
        for n, user in enumerate(users):
            equal(sent(p, re.escape(header(user, f"wr0ng{n}"))),
                  int(n not in (2, 3)), seen.text)
        equal((seen.status, seen.code), (1, "held_back_after_rejection"))
        has(" ".join(seen.text.split()),
            f"not tried: more failures could lock the account of {users[2]}")


@test
def not_asked():
    """without leave no login is sent, and nothing is claimed"""
    with asks([header("alice", SECRET)]) as p:
        seen = doctor(f"http://127.0.0.1:{p.port}", env=LOGIN)
        equal((seen.status, sent(p)), (2, 0), seen.text)
        has(seen.text, "--yes")
        check("not_tried" in seen.codes(status="note"), seen.text)


@test
def entered_again():
    """what is to be typed has no stop behind it"""
    with asks([b"nobody"]) as p:
        seen = finds("rejected", "--yes", f"http://127.0.0.1:{p.port}", env={
            "AUTH407_CREDENTIALS": section(p.port, "username = alice",
                                           "password = wr0ng.one")},
            secret="wr0ng.one")
        check(seen.json["verdict"]["remedy"].endswith(
            f" auth407 login 127.0.0.1:{p.port}"), seen.json["verdict"])


# the realm of the first 407s; of the one to the login; is it another's?
REALMS = (("a", "a", False), ("a", "b", True), ("", "b", False))


@test
def realms():
    """whose 407 it is that a login meets"""
    for first, then, others in REALMS:
        challenge = offer(f'Basic realm="{first}"' if first else "Basic")
        after = page(407, "", f'Proxy-Authenticate: Basic realm="{then}"')
        with asks([header("alice", SECRET)], challenge, after) as p:
            seen = finds("rejected", "--yes", f"http://127.0.0.1:{p.port}",
                         env=LOGIN)
            equal("another one asks" in " ".join(seen.text.split()), others,
                  seen.text)


# where the secret stands, as lines of a section
READ = ("password-file = {}/secret", "helper = printf 'username=alice\\n"
        "password=%s\\n' \"$(cat {}/secret)\"")


@test
def read_elsewhere():
    """an echo of a secret that a file or a helper has, not the settings; in a
    page, and as a realm"""
    where = folder()
    pathlib.Path(where, "secret").write_text(SECRET)
    os.chmod(f"{where}/secret", 0o600)
    for line in READ:
        for answer in (page(403, f"<p>{SECRET} may not</p>", HTML),
                       page(407, "", f'Proxy-Authenticate: Basic realm="{SECRET}"')):
            with asks([header("alice", SECRET)], after=answer) as p:
                lines = [line.format(where)]
                if "password-file" in line:
                    lines.insert(0, "username = alice")
                env = {"AUTH407_CREDENTIALS": section(p.port, *lines)}
                seen = doctor("--yes", f"http://127.0.0.1:{p.port}", env=env)
                equal((seen.status, sent(p) > 0), (1, True), seen.text)


# ---- let in, and then ----

# name; the answer to a login; the target; the verdict; words
THEN = (
    ("403", page(403, "", "X-Squid-Error: ERR_ACCESS_DENIED 0"), None,
     "forbidden_by_policy", ["example.com", "ERR_ACCESS_DENIED"]),
    ("502 for a target that was named", page(502), "https://no.example/",
     "target_unreachable", ["The login works, but", "no.example"]),
    ("400", page(400), None, "request_refused", []),
    ("401, as tinyproxy does", page(401), None, "rejected", ["401 to basic"]),
    ("the target's 401", page(401, "", "WWW-Authenticate: Basic",
                              "Via: 1.1 p"), "http://site.example/",
     "target_asks_login", []),
    ("the target's 407", page(407, "", "Via: 1.1 p", 'Proxy-Authenticate: '
                              'Basic realm="another"'), "http://site.example/",
     "target_asks_login", ["407 with another realm"]),
    ("another proxy's 407", page(407, "", 'Proxy-Authenticate: Basic '
                                 'realm="another"'), None, "rejected",
     ['Behind the proxy another one asks for a login: "another".']),
    ("words that no table knows", page(407, "Ihr Kennwort ist abgelaufen.",
                                       "Proxy-Authenticate: Basic"), None,
     "rejected", ["its words: Ihr Kennwort ist abgelaufen."]),
    ("500, with a cause in it", page(500, "LDAP backend unreachable"), None,
     "backend_down", ["500: LDAP backend unreachable"]),
    ("a page to log in at", page(
        302, "", "Location: https://gateway.zscaler.net/x"), None,
     "login_page", ["Zscaler"]),
    ("an echo of the login", page(
        403, f"<p>alice:{SECRET} may not</p>", HTML), None,
     "forbidden_by_policy", ["may not"]),
    ("an echo of the password in digits", page(
        403, f"<p>{SECRET.encode().hex(':')} may not</p>", HTML), None,
     "forbidden_by_policy", ["*** may not"]),
)


def then_case(name, answer, target, code, words):
    def run():
        with asks([header("alice", SECRET)], after=answer) as p:
            finds(code, "--yes", f"http://127.0.0.1:{p.port}",
                  *(("--target", target) if target else ()), env=LOGIN,
                  says=words)
    run.__doc__ = f"logged in, then {name}"
    return run


for row in THEN:
    _registered.append(then_case(*row))


@test
def out_of_reach():
    """a login that works on a network without a way out: works"""
    with asks([header("alice", SECRET)], after=page(503)) as p:
        works("--yes", f"http://127.0.0.1:{p.port}", env=LOGIN)


@test
def also_by():
    """other schemes are told, but none shows the secret to tell so"""
    with asks([b"Digest "], offer(DIGEST, 'Basic realm="r"')) as p:
        seen = works("--yes", f"http://127.0.0.1:{p.port}", env=LOGIN)
        has(seen.text, "Basic: not tried: it would show the secret")
        equal(sent(p, b"Authorization: Basic"), 0)
    with asks([b"Digest ", b"Basic "], offer(DIGEST, 'Basic realm="r"')) as p:
        seen = works("--yes", f"http://127.0.0.1:{p.port}",
                     env={**LOGIN, "AUTH407_CLEAR": "yes"})
        has(seen.text, "Basic: works, too")


@test
def one_method():
    """a login that is good for tunnels and not for pages is a warning"""
    def serve(peer):
        while head := peer.head():
            peer.say(page(200) if head.startswith(b"CONNECT") and
                     header("alice", SECRET) in head else scripted.refusal())
    state = {"XDG_STATE_HOME": folder()}
    with scripted.Scripted(None, serve) as p:
        for _ in range(2):  # it leaves no mark
            seen = doctor("--yes", f"http://127.0.0.1:{p.port}",
                          env={**LOGIN, **state})
            equal((seen.status, seen.codes(status="warning")),
                  (0, ["other_method_refused"]), seen.text)


@test
def excused():
    """a password that the weaker scheme refuses is wrong, whatever keeps the
    better one away"""
    challenges = offer("Negotiate", DIGEST)
    with asks([b"nobody"], challenges) as p:
        env = {**GSS, **variables("alice@REALM.TEST", "wr0ng.one")}
        seen = finds("rejected", "--yes", f"http://127.0.0.1:{p.port}",
                     env=env, secret="wr0ng.one")
        equal(seen.codes(), ["rejected"], seen.text)


@test
def memory():
    """what has worked is remembered, and told"""
    more = {"AUTH407_MEMORY": "yes", "XDG_STATE_HOME": folder(), **LOGIN}
    with asks([header("alice", SECRET)]) as p:
        logged(more, p.port, "http://example.com/")
        seen = works("--yes", f"http://127.0.0.1:{p.port}", env=more)
        has(seen.text, "memory: Basic has worked here with AUTH407_USERNAME")
