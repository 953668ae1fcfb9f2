# SPDX-License-Identifier: MIT
"""Handshakes that succeed: where the ticket comes from, for which service, how
many legs, and what the proxy proves."""

import base64
import hashlib
import os
import shutil
import subprocess

from namespace import ANOTHER
from realm import PASSWORD, REALM
from tap import Skip, check


# Where the mechanism's own token begins (RFC 4121 section 4.1).
AP_REP = bytes.fromhex("06092a864886f7120102020200")


def whole(place, asker, user="alice", kind="plain"):
    """A handshake, with the proof at its end."""
    acceptor = place.acceptor()
    reply = acceptor.accept(asker.token(), user, kind)
    check(asker.proved(reply) == "ok ", "the proof is not taken")


def own_ticket(place):
    """the ticket of the default cache"""
    whole(place, place.asker(place.realm.ticket(place.folder / "cache")))


def named_ticket(place):
    """the ticket of the user who is named, among several caches"""
    folder = place.folder / "caches"
    folder.mkdir()
    for user in ("alice", "bob"):
        place.realm.ticket(f"DIR:{folder}", user)
    for user in ("alice", "bob"):
        whole(place, place.asker(f"DIR:{folder}", username=user), user)


def chosen_ticket(place):
    """the ticket of whom ~/.k5identity names, though another comes first"""
    folder = place.folder / "caches"
    folder.mkdir()
    for user in ("alice", "bob"):
        place.realm.ticket(f"DIR:{folder}", user)
    for user, asked in (("alice", "proxy"), ("late", "proxy"),
                        ("bob", "elsewhere")):
        (place.folder / ".k5identity").write_text(
            f"{user}@{REALM} host={asked}.test\n")
        asker = place.asker(f"DIR:{folder}", env={"HOME": str(place.folder)})
        if user == "late":
            cause, text = asker.trouble()
            check(cause == "no_ticket" and f"ticket of late@{REALM};" in text,
                  f"{cause} {text}")
        else:
            whole(place, asker, user)


def names_of_users(place):
    """user@REALM, user@realm, a domain with a dot, DOMAIN\\user"""
    cache = place.realm.ticket(place.folder / "cache")
    for name, domain in (("alice", None), (f"alice@{REALM}", None),
                         (f"alice@{REALM.lower()}", "OTHER.TEST"),
                         ("alice", REALM.lower()), ("alice", "CORP"),
                         ("CORP\\alice", None), (REALM.lower() + "\\alice",
                                                 None)):
        asker = place.asker(cache, username=name, domain=domain)
        acceptor = place.acceptor()
        acceptor.accept(asker.token(), "alice")


def service_ticket_is_kept(place):
    """the user's own cache gets the service's ticket, as with any program"""
    cache = place.realm.ticket(place.folder / "cache")
    place.asker(cache).token()
    asked = place.realm.logged("TGS_REQ")
    place.asker(cache).token()
    check(place.realm.logged("TGS_REQ") == asked, "the KDC was asked again")


def ticket_for_the_service(place):
    """a cache with the service's ticket alone is enough"""
    cache = place.realm.ticket(place.folder / "cache")
    place.asker(cache).token()
    down = place.realm.conf("down.conf",
                            [f"kdc = 127.0.0.1:{place.realm.dead_port}"])
    whole(place, place.asker(cache, down))


# ---- keytabs and passwords: the user's own cache stays as it is

def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def without_kinit(place, user, env=None, **settings):
    """By a keytab or a password, beside a cache of somebody else."""
    folder = place.folder / "own"
    folder.mkdir()
    cache = folder / "cache"
    place.realm.ticket(cache, "bob")
    before, when = digest(cache), cache.stat().st_mtime_ns
    whole(place, place.asker(cache, env=env, **settings), user)
    check(digest(cache) == before and cache.stat().st_mtime_ns == when,
          "the user's cache was written")
    check(os.listdir(folder) == ["cache"], f"left: {os.listdir(folder)}")


def keytab(place):
    """a keytab"""
    without_kinit(place, "robot", username="robot",
                  keytab=place.realm.robot_keytab)


def keytab_prefixed(place):
    """a keytab with its kind, FILE:"""
    without_kinit(place, "robot", username="robot",
                  keytab=f"FILE:{place.realm.robot_keytab}")


def keytab_of_environment(place):
    """KRB5_CLIENT_KTNAME, for a user who is named"""
    without_kinit(place, "robot", username="robot", env={
        "KRB5_CLIENT_KTNAME": f"FILE:{place.realm.robot_keytab}"})


def keytab_without_user(place):
    """KRB5_CLIENT_KTNAME, for nobody in particular, without a cache"""
    asker = place.asker(env={
        "KRB5_CLIENT_KTNAME": f"FILE:{place.realm.robot_keytab}"})
    whole(place, asker, "robot")
    check(not os.path.exists("/nonexistent"), "a cache was made")


def password(place):
    """a password"""
    without_kinit(place, "alice", username="alice", password=PASSWORD)


def password_after_expiry(place):
    """a password, where the ticket has expired"""
    cache = place.folder / "cache"
    place.realm.expired(cache)
    before = digest(cache)
    whole(place, place.asker(cache, username="alice", password=PASSWORD))
    check(digest(cache) == before, "the user's cache was written")


def keytab_fails_password_works(place):
    """a password, where the keytab has not that user"""
    whole(place, place.asker(username="alice", password=PASSWORD,
                             keytab=place.realm.robot_keytab))


def password_without_cache_or_home(place):
    """a password, in an environment of one variable"""
    asker = place.asker(username="alice", password=PASSWORD)
    bare = type(asker)({"KRB5_CONFIG": str(place.realm.config)},
                       username="alice", password=PASSWORD)
    place.running.append(bare)
    place.acceptor().accept(bare.token(), "alice")


# ---- services

def services(place):
    """services by name: of the credential, of the settings, whole or not"""
    cache = place.realm.ticket(place.folder / "cache")
    place.realm.admin("addprinc -randkey other/elsewhere")
    for settings in ({"service": "squid"}, {"service": "squid@proxy.test"},
                     {"service": "squid/proxy.test"},
                     {"service": f"squid/proxy.test@{REALM}"},
                     {"shared": "squid@proxy.test"},
                     {"shared": "nobody@nowhere", "service": "squid"},
                     {"host": "elsewhere.test",
                      "service": "squid@proxy.test"}):
        token = place.asker(cache, **settings).token()
        place.acceptor().accept(token, "alice")
    listed = subprocess.run(["klist", "-c", cache], text=True,
                            env=place.env(cache), capture_output=True).stdout
    check("squid/proxy.test" in listed and "HTTP/" not in listed, listed)


def canonical(place):
    """the proxy's name as it is written, and through DNS if that is set"""
    hosts = place.folder / "hosts"
    hosts.write_text("127.0.0.1 proxy.test alias.test\n")
    if not place.apart:
        raise Skip("no mount namespace can be made here")
    before = [*ANOTHER, "sh", "-c",
              f"mount --bind {hosts} /etc/hosts && exec \"$0\""]
    other = place.folder / "krb5.conf"
    other.write_text(place.realm.config.read_text().replace(
        "dns_canonicalize_hostname = true",
        "dns_canonicalize_hostname = false"))
    for canonicalize, service, config in (
            (None, "alias", None), ("yes", "proxy", None),
            (None, "alias", other), ("yes", "proxy", other)):
        cache = place.realm.ticket(place.folder / "cache")
        asker = place.asker(cache, config, before=before, host="alias.test",
                            canonicalize=canonicalize)
        place.acceptor().accept(asker.token(), "alice")
        listed = subprocess.run(["klist", "-c", cache], text=True,
                                env=place.env(cache),
                                capture_output=True).stdout
        for name in ("alias", "proxy"):
            check((f"HTTP/{name}.test" in listed) == (name == service),
                  f"canonicalize={canonicalize}:\n{listed}")


# ---- legs and proofs

def two_legs(place):
    """a proxy that goes on: two tokens from us, and a proof"""
    asker = place.asker(place.realm.ticket(place.folder / "cache"))
    acceptor = place.acceptor()
    acceptor.start("legs")
    state, reply, _ = acceptor.step(asker.token())
    check(state == "continue", f"{state} {reply}")
    first = asker.say("pid 0")
    state, reply, name = acceptor.step(asker.token(reply))
    check(state == "complete", f"{state} {reply}")
    check(name == f"alice@{REALM}", name)
    check(asker.say("pid 0") == first != "0", "not the same helper")
    check(asker.proved(reply) == "ok ", "the proof is not taken")


def two_at_once(place):
    """two handshakes at once, each with its own context"""
    asker = place.asker(place.realm.ticket(place.folder / "cache"))
    tokens = [asker.token(slot=i) for i in (0, 1)]
    replies = [place.acceptor().accept(t, "alice") for t in tokens]
    for i in (1, 0):
        check(asker.proved(replies[i], i) == "ok ", f"slot {i}")


def swapped_proofs(place):
    """the proof of another handshake is none"""
    asker = place.asker(place.realm.ticket(place.folder / "cache"))
    tokens = [asker.token(slot=i) for i in (0, 1)]
    replies = [place.acceptor().accept(t, "alice") for t in tokens]
    for i in (1, 0):
        answer = asker.proved(replies[1 - i], i)
        check(answer.startswith("fail protocol_error"), answer)


def forged_proofs(place):
    """a proof with any byte changed, a cut one and an empty one are none"""
    cache = place.realm.ticket(place.folder / "cache")
    asker, acceptor = place.asker(cache), place.acceptor()

    def judged(change):
        good = base64.b64decode(acceptor.accept(asker.token(), "alice"))
        bad = base64.b64encode(change(good)).decode()
        return asker.proved(bad)

    def flip(at):
        def change(good):
            start = good.index(AP_REP)
            check(start + at < len(good), "a shorter proof")
            return good[:start + at] + bytes([good[start + at] ^ 0x55]) + \
                good[start + at + 1:]
        return change

    size = len(AP_REP) + 110
    for at in [*range(0, size, 9), size - 1]:
        answer = judged(flip(at))
        check(answer.startswith("fail protocol_error"),
              f"byte {at} of {size}: {answer}")
    for change in (lambda g: g[:-9], lambda g: b"\0", lambda g: b"x" * 5000,
                   lambda g: g[:20]):
        answer = judged(change)
        check(answer.startswith("fail protocol_error"), answer)


def no_proof(place):
    """an acceptance without a proof is none"""
    asker = place.asker(place.realm.ticket(place.folder / "cache"))
    reply = place.acceptor().accept(asker.token(), "alice", "unproved")
    answer = asker.proved(reply)
    check(answer.startswith("fail protocol_error"), answer)


def kerberos_alone(place):
    """NTLM is not in the token, and not there instead of it, though
    gss-ntlmssp has a password for it"""
    users = place.folder / "users"
    users.write_text("CORP:alice:secret\n")
    more = {"NTLM_USER_FILE": str(users)}
    cache = place.realm.ticket(place.folder / "cache")
    token = base64.b64decode(place.asker(cache, env=more).token())
    check(bytes.fromhex("2b06010401823702020a") not in token, "NTLM offered")
    check(b"NTLMSSP" not in token, "NTLM inside")
    cause, text = place.asker(env=more, username="CORP\\alice").trouble()
    check(cause == "no_ticket", f"{cause} {text}")


def under_faketime(place):
    """libraries that others preload are the helper's too"""
    if not shutil.which("faketime"):
        raise Skip("faketime is missing")
    cache = place.realm.ticket(place.folder / "cache")
    asker = place.asker(cache, before=("faketime", "-f", "+3h"))
    cause, text = asker.trouble()
    check("expired" in text, f"{cause} {text}")


TESTS = [own_ticket, named_ticket, chosen_ticket, names_of_users, service_ticket_is_kept,
         ticket_for_the_service, keytab, keytab_prefixed,
         keytab_of_environment, keytab_without_user, password,
         password_after_expiry, keytab_fails_password_works,
         password_without_cache_or_home, services, canonical, two_legs,
         two_at_once, swapped_proofs, forged_proofs, no_proof, kerberos_alone,
         under_faketime]
