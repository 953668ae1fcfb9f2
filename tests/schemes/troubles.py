# SPDX-License-Identifier: MIT
"""Logins of every form, and everything that goes wrong with tickets, tokens and
passwords: the cause in the log, the cost, and that nothing is tried twice."""

import hashlib

import domain
import realm
import running
from cases import SLACK, Case, exactly, failed_attempt, named, nothing_sent
from clients import (BY_NAME, PYTHON, SIZE, Run, from_file, proxy_variables)
from fetchers import PROGRAMS
from origin import content
from proxies import PASSWORD, USER
from running import check, check_resolved, look, statuses
from ways import NOWHERE, password, proxy_at, tickets

NO_TICKET = ("no_ticket",)


def credentials(task, lines):
    """A credential file for the proxy, and the variable that names it."""
    path = task.folder / "credentials"
    path.write_text(f"[proxy.test:{task.proxy.port}]\n"
                    + "".join(f"{k} = {v}\n" for k, v in lines.items()))
    path.chmod(0o600)
    return {"AUTH407_CREDENTIALS": str(path)}


# ---- Kerberos

def own_cache(acceptor, task):
    """A cache of the user, with an expired ticket of somebody else in it."""
    folder = task.folder / "own"
    folder.mkdir()
    return acceptor.realm.expired_ticket(folder, "bystander")


def untouched(cache_of, digest_of):
    def after(task, _result):
        path = cache_of(task)
        now = hashlib.sha256(path.read_bytes()).hexdigest()
        check(now == digest_of[task.folder], "the user's cache was changed")
        others = [p for p in path.parent.iterdir() if p != path]
        check(not others, f"beside the user's cache: {others}")
    return after


def without_kinit(acceptor, name, login, user):
    """A password or a keytab, and a cache of the user that must stay as it
    is."""
    digests = {}

    def env(task):
        cache = own_cache(acceptor, task)
        digests[task.folder] = hashlib.sha256(cache.read_bytes()).hexdigest()
        return {**acceptor.realm.env(cache), **login(task)}
    return Case(name, env, ("negotiate",), seen=exactly(407, 200), user=user,
                after=untouched(lambda t: t.folder / "own/ticket.bystander",
                                digests))


def unknown_kdc(acceptor, make, seconds, **more):
    def env(task):
        port = make()
        number = port if isinstance(port, int) else port.port
        task.port = port  # it lives as long as the task
        config = acceptor.realm.krb5_conf(f"kdc-{number}.conf", number)
        cache = acceptor.realm.ticket(task.folder)
        return {**acceptor.realm.env(cache, config),
                "AUTH407_HELPER_TIMEOUT": str(seconds)}
    return env


def mutual(wanted):
    def after(_task, result):
        have = look(result.events[0], "mutual_authentication")
        check(have == wanted, f"mutual_authentication is {have}, not {wanted}")
    return after


def of_kerberos(acceptor):
    r = lambda: acceptor.realm  # noqa: E731  it is not there yet

    def ticket(task, config=None, **more):
        return r().env(r().ticket(task.folder, **more), config)
    yield Case("no ticket, no password", lambda t: tickets(acceptor, NOWHERE),
               cause=NO_TICKET, seen=nothing_sent)
    yield Case("expired ticket", lambda t: r().env(r().expired_ticket(
        t.folder)), cause=NO_TICKET, seen=nothing_sent)
    yield Case("expired ticket of the proxy itself", lambda t: r().env(
        r().expired_ticket(t.folder, service=True)), cause=NO_TICKET,
        seen=nothing_sent)
    yield Case("ticket of the proxy itself, KDC down", lambda t: r().env(
        r().ticket(t.folder, service=True), r().krb5_conf("down.conf", 9)),
        ("negotiate",), seen=exactly(407, 200))
    for name, make in (("that never answers", realm.SilentPort),
                       ("behind a firewall that drops",
                        lambda: realm.SilentPort(False))):
        yield Case(f"KDC {name}", unknown_kdc(acceptor, make, 3),
                   cause=NO_TICKET, seen=nothing_sent, within=3 + SLACK,
                   least=2.5, after=failed_attempt(
                       "negotiate", "within 3 s"))
    yield Case("KDC down", unknown_kdc(acceptor, lambda: 9, 10),
               cause=NO_TICKET, seen=nothing_sent, within=SLACK)
    yield Case("KDC with another clock", lambda t: ticket(
        t, r().configs["ahead"]), cause=("clock_skew",), seen=nothing_sent)
    yield Case("a name of the proxy that the KDC does not know", lambda t:
               tickets(acceptor), proxy="other.test", seen=nothing_sent,
               cause=("no_ticket", "scheme_needs_more"))
    yield Case("that name, and AUTH407_SERVICE", lambda t: {
        **tickets(acceptor), "AUTH407_SERVICE": "HTTP@proxy.test"},
        ("negotiate",), proxy="other.test")
    yield Case("an alias, without canonicalisation", lambda t: tickets(
        acceptor), proxy="alias.test", seen=nothing_sent,
        cause=("no_ticket", "scheme_needs_more"))
    yield Case("an alias, AUTH407_CANONICALIZE=yes", lambda t: {
        **tickets(acceptor), "AUTH407_CANONICALIZE": "yes"}, ("negotiate",),
        proxy="alias.test")
    yield Case("`service` in the credential file", lambda t: {
        **tickets(acceptor), **credentials(
            t, {"service": "HTTP@proxy.test"})}, ("negotiate",))
    yield without_kinit(acceptor, "password alone, the user's cache untouched",
                        lambda t: password(domain_name=""), "alice@KRB.TEST")
    yield without_kinit(acceptor, "user@REALM and password", lambda t: password(
        f"{USER}@{realm.NAME}", domain_name=""), "alice@KRB.TEST")
    yield without_kinit(acceptor, "keytab alone, the user's cache untouched",
                        lambda t: credentials(t, {
                            "username": realm.ROBOT,
                            "keytab": r().robot_keytab}), "robot@KRB.TEST")
    yield Case("wrong password", lambda t: {
        **tickets(acceptor, NOWHERE), **password(secret="wrong",
                                                 domain_name="")},
        cause=("no_ticket", "rejected"), seen=nothing_sent)
    yield Case("password that has expired", lambda t: {
        **tickets(acceptor, NOWHERE), **password("expired", domain_name="")},
        cause=("no_ticket", "account_expired"), seen=nothing_sent)


# ---- NTLM

def ntlm(user=USER, secret=PASSWORD, name=domain.NAME, **more):
    def env(task):
        return {**tickets(task.proxy, NOWHERE), "AUTH407_SCHEMES": "ntlm",
                **password(user, secret, name), **more}
    return env


IN = {"scheme": ("ntlm",), "seen": exactly(407, 407, 200)}
OUT = {"cause": ("rejected",), "seen": exactly(407, 407, 407)}


def of_ntlm(acceptor):
    yield Case(r"DOMAIN\user", ntlm(rf"{domain.NAME}\{USER}", name=None), **IN)
    yield Case("domain in the file", lambda t: {
        **tickets(acceptor, NOWHERE), **credentials(t, {
            "username": USER, "password": PASSWORD, "domain": domain.NAME,
            "schemes": "ntlm"})}, **IN)
    yield Case("wrong password", ntlm(domain.CLUMSY if acceptor.needs
                                      else USER, "wrong"), **OUT)
    if "domain" not in acceptor.needs:
        yield Case("another domain", ntlm(name="OTHER"), **OUT)
        yield Case("NTLMv1, which is refused", ntlm(AUTH407_NTLM="v1"), **OUT)
        return
    yield Case("user@realm", ntlm(f"{USER}@corp.test", name=None), **IN)
    yield Case("no domain", ntlm(name=None), **IN)
    yield Case("password of odd characters", ntlm(
        domain.ODD, domain.ODD_PASSWORD), user=f"{domain.NAME}\\{domain.ODD}",
        **IN)
    for user, why in ((domain.DISABLED, "disabled"), (domain.LOCKED, "locked "
                      "out"), (domain.EXPIRED, "with an expired password")):
        yield Case(f"user {why}", ntlm(user), **OUT)
    yield Case("NTLMv1, which the domain refuses", ntlm(AUTH407_NTLM="v1"),
               **OUT)


def counted_once(acceptor, user, login):
    """The domain sees a wrong password once, however often the user runs his
    programs: then it is held back."""
    def run(bench):
        counts, seen, folder = [acceptor.domain.bad_passwords(user)], [], None
        for _ in range(3):
            task = bench.task(acceptor)
            folder = folder or task.folder
            mark = acceptor.mark()
            result = bench.launched(
                task, BY_NAME["curl"].build(task), {
                    **proxy_at(task), **login(user, "wrong")(task),
                    "XDG_STATE_HOME": str(folder / "state")})
            check(not result.good, result.describe())
            seen.append(statuses(acceptor.since(mark)))
            counts.append(acceptor.domain.bad_passwords(user))
        check(counts == [0, 1, 1, 1], f"badPwdCount: {counts}; {seen}\n"
              + result.describe())
        check(seen[1:] == [[407], [407]], f"the proxy saw {seen}")
        cause = result.events[-1].get("cause")
        check(cause == "held_back_after_rejection", f"cause {cause}")
    return f"{acceptor.name} wrong password: the domain counts one", run


def kinit(user, secret=PASSWORD):
    """A password for the domain's KDC, and NTLM if that can't be used."""
    return lambda task: {**tickets(task.proxy, NOWHERE),
                         **password(user, secret, None)}


def of_windows_kdc(acceptor):
    """What the domain's KDC refuses is refused: no NTLM tries it again."""
    yield Case("password alone", kinit(USER), ("negotiate",),
               seen=exactly(407, 200))
    for user, why, word in ((domain.DISABLED, "disabled", "disabled"),
                            (domain.LOCKED, "locked out", "locked"),
                            (domain.EXPIRED, "with an expired password",
                             "expired")):
        cause = ("account_expired" if word == "expired" else
                 "account_locked",)
        yield Case(f"user {why}", kinit(user), cause=cause,
                   seen=nothing_sent, tried=("negotiate", cause),
                   after=failed_attempt("negotiate", word))
    yield Case("a user that the KDC does not know: NTLM has its try",
               kinit("nobody", "none"), cause=("rejected",),
               seen=exactly(407, 407, 407), tried=("negotiate", NO_TICKET))


# ---- Bearer

def secret_of(token):
    running.SECRETS.append(token.split(".")[2])
    return token


def rotated(acceptor, name, source, clock=None, seconds=4):
    """The token ends between two requests of one process, and what it came
    from has another one by then: neither the program nor, unless by its `clock`
    the old token is good, the proxy sees a 407."""
    def run(bench):
        task = bench.task(acceptor)
        first, second = (secret_of(acceptor.issuer.token(USER, lives))
                         for lives in (seconds, 600))
        env, change = source(task, first, second)
        argv = [PYTHON, str(PROGRAMS / "between.py"), task.url, str(task.out),
                task.proxy.url, str(task.lab.ca),
                f"sleep {seconds + 0.1}; {change}"]
        command = Run(argv, {**proxy_variables(task), **realm.clock_variables(
            clock)}, got=from_file, want=content(SIZE) * 2)
        mark = acceptor.mark()
        result = bench.launched(task, command, {**proxy_at(task), **env})
        seen = statuses(acceptor.since(mark))
        check(result.good and result.out.split() == [b"200", b"200"] and
              seen == [407, 200] + [407] * bool(clock) + [200],
              f"the proxy saw {seen}\n{result.describe()}")
        check_resolved(result, task, None, ["bearer"])
    return f"{acceptor.name} {name}", run


def token_file(task, first, second):
    path = task.folder / "token"
    for name, token in (("token", first), ("token.new", second)):
        (task.folder / name).write_text(token + "\n")
        (task.folder / name).chmod(0o600)
    return credentials(task, {"token-file": path}), f"mv {path}.new {path}"


def token_helper(task, first, second):
    """Has the first token once."""
    path, said = task.folder / "helper", task.folder / "said"
    path.write_text(f"""#!/bin/sh
token={first}
[ -e {said} ] && token={second}
: >{said}
printf 'authtype=Bearer\\ncredential=%s\\n' "$token"
""")
    path.chmod(0o700)
    return credentials(task, {"helper": path}), ":"


def of_rotation(acceptor):
    late = "-10m"
    yield rotated(acceptor, "a token-file that is rotated before the end",
                  token_file)
    yield rotated(acceptor, "a helper that has another token then",
                  token_helper)
    yield rotated(acceptor, "a token-file that is rotated, and a late clock",
                  token_file, late)
    yield rotated(acceptor, "a helper that has another, and a late clock",
                  token_helper, late)


def of_bearer(acceptor):
    def token(lives=600):
        return secret_of(acceptor.issuer.token(USER, lives))

    def file(task, text):
        path = task.folder / "token"
        path.write_text(text + "\n")
        path.chmod(0o600)
        return path
    def helper(task, command):
        path = task.folder / "helper"
        path.write_text(f"#!/bin/sh\n{command}\n")
        path.chmod(0o700)
        return path
    good = {"scheme": ("bearer",), "seen": exactly(407, 200)}
    yield Case("token in the file", lambda t: credentials(
        t, {"token": token()}), **good)
    yield Case("token-file", lambda t: credentials(
        t, {"token-file": file(t, token())}), target="https", **good)
    yield Case("helper that prints a token", lambda t: credentials(t, {
        "helper": helper(t, "printf 'authtype=Bearer\\ncredential=%s\\n' "
                         + token())}), **good)
    yield Case("helper that hangs", lambda t: {
        **credentials(t, {"helper": helper(t, "exec sleep 60")}),
        "AUTH407_HELPER_TIMEOUT": "1"}, cause=("helper_failed",),
        seen=nothing_sent, within=1 + SLACK)
    yield Case("helper that fails", lambda t: credentials(t, {
        "helper": helper(t, "echo broken >&2; exit 3")}),
        cause=("helper_failed",), seen=nothing_sent)
    yield Case("expired token: noticed before it is sent", lambda t: {
        "AUTH407_TOKEN": token(-60)}, cause=("token_expired",),
        seen=nothing_sent)
    yield Case("expired token in a file", lambda t: credentials(
        t, {"token-file": file(t, token(-60))}), cause=("token_expired",),
        seen=nothing_sent)
    yield Case("token of a stranger: refused, once", lambda t: {
        "AUTH407_TOKEN": secret_of(acceptor.stranger.token(USER))},
        cause=("rejected",), seen=exactly(407, 407))
    yield Case("a token-file that is not there", lambda t: credentials(
        t, {"token-file": "/nonexistent/token"}), cause=("helper_failed",),
        seen=nothing_sent)
    yield Case("a password and no token", lambda t: password(),
               cause=("scheme_needs_more", "scheme_unsupported"),
               seen=nothing_sent)


def tests(acceptor):
    if acceptor.name == "negotiate-squid":
        yield from named(acceptor, of_kerberos(acceptor))
    if acceptor.name == "negotiate-apache":
        yield from named(acceptor, [
            Case("the proxy proves itself too", lambda t: tickets(acceptor),
                 ("negotiate",), after=mutual("verified")),
            Case("a tunnel, where the proxy has no way to prove itself",
                 lambda t: tickets(acceptor), ("negotiate",), target="https",
                 after=mutual("absent"))])
    if acceptor.refuses:
        causes = ("clock_skew", "rejected") if acceptor.ahead else (
            "rejected",)
        yield from named(acceptor, [
            Case("a good ticket is refused: once", lambda t: tickets(acceptor),
                 cause=causes, seen=exactly(407, 407))])
    if acceptor.name == "mixed-apache":
        yield from named(acceptor, [Case(
            "NTLMv1, which is taken", ntlm(AUTH407_NTLM="v1"), **IN)])
    if acceptor.name in ("ntlm-apache", "ntlm-samba"):
        yield from named(acceptor, of_ntlm(acceptor))
    if acceptor.name == "ntlm-samba":
        yield counted_once(acceptor, domain.FORGETFUL, ntlm)
    if acceptor.name == "spnego-samba":
        yield from named(acceptor, of_windows_kdc(acceptor))
        yield counted_once(acceptor, domain.HASTY, kinit)
    if acceptor.scheme == "bearer":
        yield from named(acceptor, of_bearer(acceptor))
        yield from of_rotation(acceptor)
