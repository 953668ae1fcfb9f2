# SPDX-License-Identifier: MIT
"""Where there is no token: the cause, the words, the time, and how often the
KDC was shown a password."""

import shutil
import subprocess

from kdc import SilentPort
from realm import PASSWORD, REALM
from tap import Skip, check

NO_TICKET = "no_ticket"
NO_CREDENTIAL = "no_credential"


def expect(asker, cause, *words, limit_ms=5000):
    found, text = asker.trouble()
    check(found == cause, f"{found}: {text}")
    for word in words:
        check(word in text, f"{word!r} is not in {text!r}")
    check(PASSWORD not in text and "wrong" not in text, text)
    check(asker.ms < limit_ms, f"{asker.ms:.0f} ms: {text}")
    return text


def nothing(place):
    """no cache at all"""
    expect(place.asker(), NO_CREDENTIAL, "no Kerberos ticket", "kinit")
    expect(place.asker(username="alice"), NO_TICKET,
           f"no Kerberos ticket of alice@{REALM}", "kinit")


def nothing_of_user(place):
    """no ticket of the user who is named"""
    cache = place.realm.ticket(place.folder / "cache", "bob")
    expect(place.asker(cache, username="alice"), NO_TICKET,
           f"no Kerberos ticket of alice@{REALM}", "kinit")


def not_a_cache(place):
    """a cache that is no cache"""
    (place.folder / "cache").write_text("nonsense")
    expect(place.asker(place.folder / "cache"), NO_TICKET, "of no use",
           "kinit")


def expired(place):
    """an expired ticket, of nobody in particular and of a named user"""
    cache = place.realm.expired(place.folder / "cache")
    for user in (None, "alice"):
        expect(place.asker(cache, username=user), NO_TICKET,
               f"ticket of alice@{REALM} expired at 2", "kinit")


def unknown_service(place):
    """a proxy that the KDC does not know"""
    cache = place.realm.ticket(place.folder / "cache")
    expect(place.asker(cache, host="nowhere.test"), NO_TICKET,
           "does not know HTTP/nowhere.test")
    expect(place.asker(cache, host="10.0.0.1"), NO_TICKET,
           "does not know HTTP/10.0.0.1")


def wrong_password(place):
    """a wrong password: shown once, though there is a second KDC"""
    config = place.realm.two_kdcs()
    before = place.realm.logged("PREAUTH_FAILED")
    subprocess.run(["kinit", "alice"], input="wrong\n", text=True,
                   env=place.env(place.folder / "cache", config),
                   capture_output=True)
    tries = place.realm.logged("PREAUTH_FAILED") - before
    check(tries == 2, f"kinit made {tries} tries: the KDCs are not set up so "
                      "that a second one could be asked")
    for user in ("alice", f"alice@{REALM}"):
        before = place.realm.logged("PREAUTH_FAILED")
        expect(place.asker(config=config, username=user, password="wrong"),
               "rejected", "refuses the password", f"alice@{REALM}")
        tries = place.realm.logged("PREAUTH_FAILED") - before
        check(tries == 1, f"{tries} tries")


def refused_accounts(place):
    """a locked account, an expired password"""
    expect(place.asker(username="locked", password=PASSWORD),
           "account_locked",
           "locked")
    expect(place.asker(username="late", password=PASSWORD), "account_expired",
           "expired")


def unknown_user(place):
    """a user that the KDC does not know: no password was refused"""
    expect(place.asker(username="nobody", password=PASSWORD), NO_TICKET,
           f"does not know nobody@{REALM}")


def bad_keytabs(place):
    """a keytab that is not there, has not that user, or has an old key"""
    expect(place.asker(username="robot", keytab="/nonexistent/keytab"),
           NO_TICKET, "robot@", "/nonexistent/keytab")
    expect(place.asker(username="alice", keytab=place.realm.robot_keytab),
           NO_TICKET, "alice@")
    expect(place.asker(username="robot", keytab=place.realm.old_keytab),
           NO_TICKET, "keytab", "robot@")


def unusable_names(place):
    """names that are no principals"""
    for name in ("alice@", "@", "a/b/c@x@"):
        cause, text = place.asker(username=name,
                                  password=PASSWORD).trouble()
        check(cause == NO_TICKET, f"{name}: {cause} {text}")
    cache = place.realm.ticket(place.folder / "cache")
    expect(place.asker(cache, service="HTTP/"), NO_TICKET)


# ---- the KDC

def kdc_down(place):
    """no KDC runs"""
    down = place.realm.conf("down.conf",
                            [f"kdc = 127.0.0.1:{place.realm.dead_port}"])
    cache = place.realm.ticket(place.folder / "cache")
    for settings in ({}, {"username": "bob", "password": PASSWORD}):
        expect(place.asker(cache, down, **settings), NO_TICKET,
               f"no KDC of {REALM} can be reached", limit_ms=3000)


def kdc_silent(place):
    """a KDC that says nothing costs the limit and no more"""
    silent = SilentPort()
    config = place.realm.conf("silent.conf",
                              [f"kdc = 127.0.0.1:{silent.port}"])
    cache = place.realm.ticket(place.folder / "cache")
    for settings in ({}, {"username": "bob", "password": PASSWORD}):
        asker = place.asker(cache, config, ms="1500", **settings)
        expect(asker, NO_TICKET, f"no KDC of {REALM} answered within",
               limit_ms=1650)
        check(asker.ms > 1000, f"only {asker.ms:.0f} ms")


def no_kdc_named(place):
    """a realm of which nobody knows a KDC"""
    expect(place.asker(username="alice@OTHER.TEST", password=PASSWORD),
           NO_TICKET, "names a KDC of OTHER.TEST")


def no_realm(place):
    """a machine without a krb5.conf, and one with nothing in it"""
    empty = place.folder / "krb5.conf"
    empty.write_text("")
    for config in ("/nonexistent/krb5.conf", empty):
        expect(place.asker(config=config, username="alice",
                           password=PASSWORD), NO_TICKET, "alice")
        expect(place.asker(config=config), NO_CREDENTIAL)


def broken_conf(place):
    """a krb5.conf that can't be read"""
    broken = place.folder / "krb5.conf"
    broken.write_text("[realms\n")
    expect(place.asker(config=broken), NO_TICKET, "krb5.conf")


def clock_skew(place):
    """a clock that is wrong, by password"""
    if not shutil.which("faketime"):
        raise Skip("faketime is missing")
    expect(place.asker(before=("faketime", "-f", "+20m"), username="alice",
                       password=PASSWORD), "clock_skew", "clock", REALM)


def clock_skew_ticket(place):
    """a clock that is wrong, with a ticket"""
    if not shutil.which("faketime"):
        raise Skip("faketime is missing")
    cache = place.realm.ticket(place.folder / "cache", life="1h")
    expect(place.asker(cache, before=("faketime", "-f", "+20m")), "clock_skew",
           "clock")


def more_than_there_is(place):
    """a proxy that asks for more than there is to say"""
    asker = place.asker(place.realm.ticket(place.folder / "cache"))
    reply = place.acceptor().accept(asker.token(), "alice")
    cause, text = asker.trouble(reply)
    check(cause == "protocol_error" and "more" in text, f"{cause} {text}")
    cause, text = asker.trouble(reply)
    check(cause == "protocol_error" and "over" in text, f"{cause} {text}")


TESTS = [nothing, nothing_of_user, not_a_cache, expired, unknown_service,
         wrong_password, refused_accounts, unknown_user, bad_keytabs,
         unusable_names, kdc_down, kdc_silent, no_kdc_named, no_realm,
         broken_conf, clock_skew, clock_skew_ticket, more_than_there_is]
