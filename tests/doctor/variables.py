# SPDX-License-Identifier: MIT
"""The *_proxy variables. Nothing is sent: each case says what the first lines
are, or what is only a warning, for an environment and a target."""

import urllib.parse

from credentials import LOGIN, asks, header
from place import SECRET, UNKNOWN, WORKS, check, doctor, equal, finds, has, test

P = "http://proxy.test:3128"
CODED = urllib.parse.quote(SECRET, safe="")


def both(url, **more):
    return {"http_proxy": url, "https_proxy": url, **more}


# code, environment, what is said; more arguments
FAILURES = {
    "none at all": ("no_proxy_configured", {}, "export http_proxy="),
    "set but empty": ("no_proxy_configured", both(""), "https_proxy: empty"),
    "a line end behind it": (
        "proxy_url_stray_characters", both(P + "\n"),
        f"https_proxy: ends with a line end. do: export https_proxy={P}"),
    "a blank before it": (
        "proxy_url_stray_characters", both(" " + P),
        "https_proxy: begins with a blank."),
    "quotes around it": (
        "proxy_url_stray_characters", both(f'"{P}"'),
        f"https_proxy: has quotes around it. do: export https_proxy={P}"),
    "no host": (
        "proxy_url_malformed", both("http://:3128"),
        "do: export https_proxy=http://HOST:PORT"),
    "not even the login's host": (
        "proxy_url_malformed", both(f"http://alice:{CODED}@"),
        "do: export https_proxy=http://USER:PASSWORD@HOST:PORT"),
    "another scheme": (
        "proxy_url_malformed", both("htttp://proxy.test:3128"),
        "export https_proxy=http://proxy.test:3128"),
    "its scheme is no word with ://": (
        "proxy_url_malformed", both(f"http//alice:{CODED}@proxy.test:3128"),
        "do: export https_proxy=http://alice:PASSWORD@proxy.test:3128"),
    "one slash": (
        "proxy_url_malformed", both("http:/proxy.test:3128"),
        f"belongs ://. do: export https_proxy={P}"),
    "two colons": (
        "proxy_url_malformed", both("http:://proxy.test:3128"),
        f"belongs ://. do: export https_proxy={P}"),
    "typographic quotes": (
        "proxy_url_stray_characters", both(f"\u201c{P}\u201d"),
        f"has typographic quotes around it. do: export https_proxy={P}"),
    "a line of a program": (
        "proxy_url_stray_characters", both(P + ";"),
        f"has a ; or , behind it. do: export https_proxy={P}"),
    "a port too large": (
        "proxy_url_malformed", both("http://proxy.test:99999"),
        "https_proxy: behind its last colon is no port: 1 to 65535."),
    "a comma for the colon": (
        "proxy_url_malformed", both(f"http://alice:{CODED}@proxy.test,3128"),
        "https_proxy: it has a comma: write one proxy, HOST:PORT."),
    "two of them": (
        "proxy_url_malformed", both(P + ",http://other.test:3128"),
        "https_proxy: it has a comma: write one proxy, HOST:PORT."),
    "IPv6 without brackets": (
        "proxy_url_malformed", both("http://fd00::7:3128"),
        "an IPv6 address has brackets: [ADDRESS]:PORT."),
    "a port alone": (
        "proxy_url_malformed", both("3128"),
        "https_proxy: it is a port without a host."),
    "a PAC file's": (
        "proxy_url_is_pac", both("http://web.test/proxy.pac?x=" + CODED),
        "do: auth407 doctor --pac http://web.test/proxy.pac"),
    "SOCKS": (
        "proxy_url_socks", both("socks5h://proxy.test:1080"),
        "https_proxy: socks5h:// is SOCKS, which never says 407."),
    "@ : / in the password": (
        "url_cut_short", both(f"http://alice:{SECRET}@proxy.test:3128"),
        "export https_proxy=http://alice:PASSWORD@proxy.test:3128"),
    "@ in the password": (
        "proxy_url_unescaped", both("http://alice:a@b@proxy.test:3128"),
        "the login has a @ that must be written %40."),
    "@ in the password, in TLS": (
        "proxy_url_unescaped", both("https://alice:a@b@proxy.test:3128"),
        "export https_proxy=https://alice:PASSWORD@proxy.test:3128"),
    "# in the password": (
        "url_cut_short", both("http://alice:a#b@proxy.test:3128"),
        "the login has a # that must be written %23."),
    "? in the password": (
        "url_cut_short", both("http://alice:a?b@proxy.test:3128"),
        "the login has a ? that must be written %3F."),
    "% in the password": (
        "percent_encoding_broken", both("http://alice:a%b@proxy.test:3128"),
        "the login has a % that must be written %25."),
    "a blank in the password": (
        "proxy_url_unescaped", both("http://alice:a b@proxy.test:3128"),
        "the login has a blank that must be written %20."),
    "what is before a / is no host": (
        "url_cut_short",
        both("http://alice:s3@cret/x@proxy.test:3128"),
        "proxy.test:3128: https_proxy: the login has a @"),
    "two proxies": (
        "proxy_variables_disagree",
        both(P, HTTPS_PROXY="http://other.test:3128"),
        'https_proxy and HTTPS_PROXY disagree. do: export '
        'HTTPS_PROXY="$https_proxy"'),
    "two logins": (
        "proxy_variables_disagree",
        both(f"http://alice:{CODED}@proxy.test:3128",
             HTTPS_PROXY="http://alice:old@proxy.test:3128"),
        "with another login"),
    "one of two is empty": (
        "proxy_variables_disagree", {"https_proxy": "", "HTTPS_PROXY": P},
        'export https_proxy="$HTTPS_PROXY"'),
    "only for http": (
        "proxy_not_for_target", {"http_proxy": P},
        "http_proxy is set, but https_proxy is not: programs go to "
        'https://example.com/ directly. do: export '
        'https_proxy="$http_proxy"'),
    "only for https": (
        "proxy_not_for_target", {"HTTPS_PROXY": P},
        'do: export http_proxy="$HTTPS_PROXY"',
        "--target", "http://example.com/"),
    "a CGI program's": (
        "no_proxy_configured", {"HTTP_PROXY": P, "REQUEST_METHOD": "GET"},
        "HTTP_PROXY: REQUEST_METHOD is set", "--target", "http://h.test/"),
    "the target is the proxy": (
        "proxy_is_target", both(P), "it is proxy.test, as the proxy",
        "--target", P + "/"),
    "PROXY-URL is wrong": (
        "url_cut_short", {},
        "do: auth407 doctor http://alice:PASSWORD@proxy.test:3128",
        f"http://alice:{SECRET}@proxy.test:3128"),
}

# list, target, who goes there directly, what remains of the list
NO_PROXY = [
    ("example.com", "h.example.com", "all", None),
    ("*", "example.com", "all", None),
    ("h.example.com,a.test", "H.Example.com", "all", "a.test"),
    (".example.com", "h.example.com", "all", None),
    (".example.com", "example.com",
     "curl and Python, not for wget and Go", None),
    ("a.test,*", "example.com", "Go, not for curl, wget and Python",
     "a.test"),
    ("*.example.com", "h.example.com",
     "Go, not for curl, wget and Python", None),
    ("*.example.com", "example.com", "", None),
    ("example.com:443", "example.com",
     "Python and Go, not for curl and wget", None),
    ("example.com:8443", "example.com", "", None),
    ("10.1.2.3", "10.1.2.3", "all", None),
    ("10.0.0.0/8,b.test", "10.1.2.3",
     "curl and Go, not for wget and Python", "b.test"),
    ("10.1.2.0/25", "10.1.2.200", "", None),
    ("fd00::/8", "[fd00::7]", "curl and Go, not for wget and Python", None),
    ("fd00::7", "[fd00::7]", "all", None),
    ("a.test example.com", "example.com",
     "curl, not for wget, Python and Go", "a.test"),
    ("a.test, example.com", "example.com", "all", "a.test"),
    ("ample.com", "example.com", "", None),
    ("2.3", "10.1.2.3", "", None),
    (",,", "example.com", "", None),
]

# code, environment, what is said, target
WARNINGS = {
    "no scheme": (
        "proxy_url_without_scheme", both("proxy.test:3128"),
        f"do: export https_proxy={P}"),
    "no port": (
        "proxy_url_without_port", both("http://proxy.test"),
        "do: export https_proxy=http://proxy.test:PORT"),
    "DOMAIN\\user": (
        "proxy_url_unescaped", both(f"http://CO\\al:{CODED}@proxy.test:3128"),
        "export https_proxy=http://CO%5Cal:PASSWORD@proxy.test:3128"),
    "only in upper case": (
        "upper_case_only", {"HTTP_PROXY": P, "HTTPS_PROXY": P},
        'do: export http_proxy="$HTTP_PROXY"',
        "--target", "http://example.com/"),
    "what is wrong is not for this target": (
        "proxy_url_unescaped", both(P, all_proxy="http://a:b@c@proxy.test:1"),
        "do: export all_proxy=http://a:PASSWORD@proxy.test:1"),
    "a CGI program's, and no matter": (
        "cgi_http_proxy",
        {"https_proxy": P, "HTTP_PROXY": P, "REQUEST_METHOD": "GET"},
        "do: unset REQUEST_METHOD"),
    "all_proxy alone": (
        "proxy_not_for_target", {"all_proxy": P},
        'wget and Go do not read it do: export https_proxy="$all_proxy"'),
    "Go's own list": (
        "proxy_variables_disagree",
        both(P, no_proxy="a.test", NO_PROXY="a.test,example.com"),
        "covers example.com for Go, not for curl"),
    "a mode that sends no login": (
        "mode_sends_nothing", both(P, AUTH407_MODE="off"),
        "do: unset AUTH407_MODE"),
    "two lists": (
        "proxy_variables_disagree",
        both(P, no_proxy="a.test", NO_PROXY="b.test"),
        'do: export NO_PROXY="$no_proxy"'),
}

SILENT = {
    "the same in both cases": both(P, HTTP_PROXY=P, HTTPS_PROXY=P,
                                   no_proxy="a.test", NO_PROXY="a.test"),
    "this machine by two names": both(
        "http://localhost:3128", HTTPS_PROXY="http://127.0.0.1:3128"),
    "but for a slash": both(P, HTTPS_PROXY=P + "/"),
    "a login, percent-encoded": both(
        f"http://alice:{CODED}@proxy.test:3128"),
    "TLS without a port": both("https://proxy.test"),
    "SOCKS for others": both(P, all_proxy="socks://proxy.test:1080",
                             ALL_PROXY="socks://proxy.test:1080"),
    "a key": both("http://Ab3dE5gh1JkLmn:@proxy.test:3128"),
    "an IPv6 address": both("http://[::1]:3128/"),
}

# of two values; the verdict, and what is to be done. OLD is refused
GOOD, OLD, DEAD = (f"http://{x}127.0.0.1:" for x in (
    f"alice:{CODED}@", "alice:old@", ""))
KEPT = (
    (OLD, GOOD, "proxy_variables_disagree",
     'export https_proxy="$HTTPS_PROXY"'),
    (GOOD, OLD, "proxy_variables_disagree",
     'export HTTPS_PROXY="$https_proxy"'),
    (DEAD, GOOD, "proxy_variables_disagree",
     'export https_proxy="$HTTPS_PROXY"'),
    (OLD, OLD.replace("old", "older"), "rejected", "Check user name"),
    (DEAD, OLD, "proxy_variables_disagree",
     'export https_proxy="$HTTPS_PROXY"'),
)

# a PROXY-URL as it may be written
GIVEN = "proxy.test:3128", "127.0.0.1:3128", "alice:x@proxy.test:3128"


def words(seen):
    return " ".join(seen.text.split())


@test
def failures():
    """what is wrong with a variable is named, with the corrected line"""
    for name, (code, env, says, *more) in FAILURES.items():
        finds(code, "--offline", *more, env=env, says=[says])


@test
def warnings():
    """what may trouble some programs is a warning"""
    for name, (code, env, says, *more) in WARNINGS.items():
        seen = doctor("--offline", *more, env=env)
        equal((seen.codes(status="warning")[:1], seen.status),
              ([code], UNKNOWN), name + seen.text)
        has(words(seen), says)


@test
def no_proxy():
    """no_proxy, by the rules of curl, wget, Python and Go"""
    for value, host, by, rest in NO_PROXY:
        env = both(P, no_proxy=value)
        args = "--offline", "--target", f"https://{host}/"
        name = f"{value} {host}: "
        if by == "all":
            seen = finds("no_proxy_covers_target", *args, env=env)
        else:
            seen = doctor(*args, env=env)
            equal(seen.codes(status="warning"),
                  ["no_proxy_differs"] if by else [], name + seen.text)
            has(words(seen), f"for {by}" if by else "does not cover")
        if by:
            has(seen.text, f"export no_proxy={rest}\n" if rest
                else "unset no_proxy\n")


@test
def kept():
    """of two values that disagree the one that works is kept"""
    for lower, upper, code, says in KEPT:
        with asks([header("alice", SECRET)]) as p:
            lower, upper = (f"{u}{1 if u == DEAD else p.port}"
                            for u in (lower, upper))
            finds(code, "--yes", says=[says], env={
                "https_proxy": lower, "HTTPS_PROXY": upper})


@test
def trials():
    """a proxy of the other variable that is dead; a mode that sends no login"""
    with asks([header("alice", SECRET)]) as p:
        at = f"127.0.0.1:{p.port}"
        seen = doctor("--yes", env={"http_proxy": "http://127.0.0.1:1",
                                    "https_proxy": GOOD + str(p.port)})
        equal((seen.codes(status="warning"), seen.status),
              (["other_proxy_unreachable"], WORKS), seen.text)
        has(words(seen), 'do: export http_proxy="$https_proxy"')
        for mode in "off", "observe":
            finds("mode_sends_nothing", "--yes", at, says=["unset AUTH407_MODE"],
                  env={**LOGIN, "AUTH407_MODE": mode})
            equal(doctor("--yes", GOOD + str(p.port),
                         env={"AUTH407_MODE": mode}).status, WORKS)


@test
def silent():
    """nothing is said of what is right"""
    for name, env, *args in (*SILENT.items(), *((g, {}, g) for g in GIVEN)):
        seen = doctor("--offline", *args, env=env)
        equal((seen.status, seen.codes(), seen.codes(status="warning")),
              (UNKNOWN, [], []), name + seen.text)
        check("Ab3d" not in seen.text, seen.text)
