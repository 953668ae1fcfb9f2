# SPDX-License-Identifier: MIT
"""What answers at the proxy's address, when it is no HTTP proxy, or one that
answers otherwise than by 407."""

import datetime
import email.utils
import ssl
import subprocess
import tempfile
import time

import scripted
from place import SCRATCH, UNKNOWN, Seen, doctor, finds, works
from servers import TlsPeer, make_certificate
from tap import _registered, check, equal, has, test

QUICK = {"AUTH407_TIMEOUT": "1"}


def page(status, body="", *fields, reason="what it says"):
    head = "".join(f"{x}\r\n" for x in fields)
    return (f"HTTP/1.1 {status} {reason}\r\n{head}Content-Length: {len(body)}"
            f"\r\n\r\n{body}").encode()


def says(answer, *, to_get=None, first=b""):
    """A server that says this to each request, or that to GET; `first` before
    anything is asked."""
    def serve(peer):
        peer.say(first)
        while head := peer.head():
            peer.say(to_get if to_get and head.startswith(b"GET") else answer)
    return serve


def closes(peer):
    peer.fill()
    peer.close()


def socks(peer):
    peer.fill()
    if peer.got[:1] == b"\5":
        peer.say(b"\5\0")
    peer.close()


def web_server(peer):
    """As nginx answers, for which each host is its own."""
    while head := peer.head():
        peer.say(page(405, "<html><title>405 Not Allowed</title>",
                      "Server: nginx/1.22.1", "Content-Type: text/html")
                 if head.startswith(b"CONNECT") else
                 page(200, "<html><title>Welcome to nginx!</title>",
                      "Server: nginx/1.22.1", "Content-Type: text/html"))


def strict_web_server(peer):
    while peer.head():
        peer.say(page(400, "Bad Request", "Server: IIS/10.0"))


def knows(*, get, connect=403, unknown=502):
    """A proxy that tells names that nobody has."""
    def serve(peer):
        while head := peer.head():
            peer.say(get if isinstance(get, bytes) and b".invalid" not in head
                     and head.startswith(b"GET") else
                     page(unknown if head.startswith(b"GET") else connect))
    return serve


def no_tunnel(to_get):
    """It closes where it is asked for one."""
    def serve(peer):
        while peer.head().startswith(b"GET"):
            peer.say(to_get)
        peer.close()
    return serve


HTML = "Content-Type: text/html"
FORM = "<html><form><input name=user><input type=password>"
SAML = ("<html><body onload=\"document.forms[0].submit()\"><form action=\""
        "https://idp.example/\"><input name=\"SAMLRequest\" value=\"x\">"
        "<input type=\"password\"></form>")
META = ("<html><meta http-equiv=\"refresh\" content=\"0; url=https://portal."
        "corp.example/login?token=abc\">")
TARGET = "http://site.example/path"

# name; server; options; the verdict's code; words of the text
CASES = (
    ("a web server", web_server, (), "proxy_is_web_server",
     ["Server: nginx/1.22.1", "CONNECT with 405", "is no proxy"]),
    ("a web server, for an http target", web_server, ("--target", TARGET),
     "proxy_is_web_server", []),
    ("a web server that says 400", strict_web_server, (),
     "proxy_is_web_server", ["IIS"]),
    ("a SOCKS proxy", socks, (), "proxy_is_socks",
     ["all_proxy=socks5h://127.0.0.1:"]),
    ("an SSH server", says(b"", first=b"SSH-2.0-OpenSSH_9.2p1\r\n"), (),
     "proxy_not_http", ["an SSH server: SSH-2.0-OpenSSH_9.2p1"]),
    ("a mail server", says(b"500 what?\r\n", first=b"220 mail ESMTP\r\n"), (),
     "proxy_not_http", ["a mail or FTP server: 220 mail ESMTP"]),
    ("noise", says(b"", first=b"\1\2\3\4 what\r\n"), (), "proxy_not_http",
     ["is no HTTP"]),
    ("one that says nothing", lambda peer: peer.rest(), (), "proxy_silent",
     []),
    ("one that closes at once", closes, (), "proxy_closes",
     ["closes it without an answer"]),
    ("401 in place of 407", says(page(401, "", "WWW-Authenticate: Basic")), (),
     "login_by_401", ["401 to a CONNECT"]),
    ("403 without a login", says(page(
        403, "<p>Not you</p>", HTML, "Via: 1.1 p")), (),
     "refused_without_login", ["Not you", "127.0.0.1 (this machine's"]),
    ("403 that says where to log in", says(page(
        403, "<p>Please authenticate at https://portal.corp</p>", HTML)), (),
     "refused_without_login",
     ["for a login: Please authenticate at https://portal.corp do:",
      "CONNECT example.com:443 are allowed"]),
    ("no CONNECT", no_tunnel(scripted.refusal()), (), "proxy_closes",
     ["answers GET, and closes the connection at each CONNECT",
      "--target http://example.com/"]),
    ("no CONNECT, and a page to log in at", no_tunnel(page(
        302, "", "Location: https://wlan.hotel.example/")), (), "login_page",
     ["wlan.hotel.example"]),
    ("502 for a target that was named", says(page(
        502, "", "X-Squid-Error: ERR_DNS_FAIL 0")),
     ("--target", "https://nosuch.example/"), "target_unreachable",
     ["nosuch.example", "ERR_DNS_FAIL"]),
    ("504 for a page that was named", knows(get=page(504)),
     ("--target", TARGET), "target_unreachable", ["site.example"]),
    ("400 to all", says(page(400, "", "Via: 1.1 p")), (), "request_refused",
     ["curl -v -x"]),
    ("the target's own 401", knows(get=page(
        401, "", "WWW-Authenticate: Basic", "Via: 1.1 p")),
     ("--target", TARGET), "target_asks_login", ["passed on by the proxy"]),
    # pages to log in at
    ("a page of Zscaler", says(page(
        307, "", "Location: https://gateway.zscaler.net:443/auD?origurl=x")),
     (), "login_page", ["login page of Zscaler", "gateway.zscaler.net",
                        "in a browser on this machine"]),
    ("a page of Blue Coat", says(page(200, "", "Via: 1.1 p"), to_get=page(
        302, "", "Location: http://auth.corp.example/?cfru=aHR0c")),
     ("--target", TARGET), "login_page", ["Blue Coat"]),
    ("a page of FortiGate", says(page(200, "", "Via: 1.1 p"), to_get=page(
        200, "<html><script>window.location=\"http://10.0.0.1:1000/fgtauth?"
        "0123\";</script>", HTML)), ("--target", TARGET), "login_page",
     ["FortiGate", "10.0.0.1:1000/fgtauth"]),
    ("a page of Netskope", says(page(
        302, "", "Location: https://nsauth-corp.goskope.com/x?y=z",
        "Set-Cookie: a=b")), (), "login_page", ["Netskope", "with a cookie"]),
    ("a page of Cisco WSA", says(page(200, "", "Via: 1.1 p"), to_get=page(
        307, "", "Location: http://wsa.corp.example/B0001D0000N0001N0000F000S"
        "0000R0004/http://site.example/path")), ("--target", TARGET),
     "login_page", ["Cisco WSA"]),
    ("a page of Forcepoint", says(page(
        302, "", "Location: https://proxy-login.blackspider.com/x")), (),
     "login_page", ["Forcepoint"]),
    ("single sign-on", says(page(200, SAML, HTML)), (), "login_page",
     ["single sign-on (SAML)"]),
    ("a page that moves on", says(page(200, "", "Via: 1.1 p"), to_get=page(
        200, META, HTML)), ("--target", TARGET), "login_page",
     ["https://portal.corp.example/login"]),
    ("511", says(page(511, "<html>", HTML)), (), "login_page", ["511"]),
)


def case(name, serve, args, code, words):
    def run():
        with scripted.Scripted(None, serve) as p:
            seen = finds(code, "--yes", f"http://127.0.0.1:{p.port}", *args,
                         says=words, env=QUICK)
            check("token=abc" not in seen.text, seen.text)
    run.__doc__ = name
    return run


for row in CASES:
    _registered.append(case(*row))

# no failure and no warning in these
FINE = (
    ("no login is asked for", says(page(200, "", "Via: 1.1 p")), ()),
    ("a tunnel, and 405 to GET", says(page(200), to_get=page(405)), ()),
    ("the target redirects to https", says(page(200), to_get=page(
        301, "", "Location: https://www.site.example/path")),
     ("--target", TARGET)),
    ("the target redirects elsewhere", says(page(200), to_get=page(
        302, "", "Location: https://other.example/")), ("--target", TARGET)),
    ("the target has a form of its own", says(page(200), to_get=page(
        200, "<html><input type=\"password\">", HTML)), ("--target", TARGET)),
    ("the target is not found", says(page(200), to_get=page(
        404, "", "Via: 1.1 p")), ("--target", TARGET)),
    ("tunnels are forbidden, pages are not", knows(get=page(200)),
     ("--target", TARGET)),
    ("nobody can be reached, but the target was not named", says(page(
        503, "", "X-Squid-Error: ERR_CONNECT_FAIL 110")), ()),
)


def fine(name, serve, args):
    def run():
        with scripted.Scripted(None, serve) as p:
            works("--yes", f"http://127.0.0.1:{p.port}", *args, env=QUICK)
    run.__doc__ = f"fine: {name}"
    return run


for row in FINE:
    _registered.append(fine(*row))


@test
def page_behind_tunnels():
    """tunnels are let through, and pages are pages to log in at: a warning"""
    for answer in (page(302, "", "Location: https://login.zscaler.net/x"),
                   page(302, "", "Location: http://10.0.0.1/"),
                   page(200, FORM, HTML)):
        with scripted.Scripted(None, says(page(200), to_get=answer)) as p:
            seen = doctor(f"http://127.0.0.1:{p.port}")
            equal((seen.status, seen.codes(status="warning")),
                  (0, ["login_page"]), seen.text)


# ---- TLS ----

def folder():
    return tempfile.mkdtemp(dir=SCRATCH)


def tls(serve=says(page(200)), name="localhost"):
    ca, certificate = make_certificate(folder(), name)
    return ca, scripted.Scripted(None, TlsPeer(certificate, serve))


def old_certificate():
    """Of yesterday, and signed by itself."""
    place = folder()
    day = datetime.datetime.now(datetime.timezone.utc)
    days = [(day - datetime.timedelta(days=n)).strftime("%Y%m%d%H%M%SZ")
            for n in (3, 1)]
    subprocess.run(
        ["openssl", "req", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
         "-keyout", f"{place}/key", "-out", f"{place}/csr"],
        check=True, capture_output=True)
    with open(f"{place}/conf", "w", encoding="ascii") as f:
        f.write(f"[ca]\ndefault_ca=x\n[x]\ndatabase={place}/index\n"
                f"serial={place}/serial\nnew_certs_dir={place}\n"
                "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
    for name, text in (("index", ""), ("serial", "01\n")):
        with open(f"{place}/{name}", "w", encoding="ascii") as f:
            f.write(text)
    subprocess.run(
        ["openssl", "ca", "-batch", "-selfsign", "-config", f"{place}/conf",
         "-in", f"{place}/csr", "-keyfile", f"{place}/key", "-out",
         f"{place}/crt", "-startdate", days[0], "-enddate", days[1]],
        check=True, capture_output=True)
    with open(f"{place}/both", "wb") as out:
        for name in ("key", "crt"):
            with open(f"{place}/{name}", "rb") as part:
                out.write(part.read())
    return f"{place}/both"


@test
def tls_on_a_plain_port():
    """TLS where the URL says http://"""
    _, server = tls()
    with server as p:
        finds("proxy_wants_tls", f"http://127.0.0.1:{p.port}",
              says=["https_proxy=https://127.0.0.1:"], env=QUICK)
        finds("proxy_wants_tls", "--target", "http://h.test/", env={
            "http_proxy": f"http://alice:x@127.0.0.1:{p.port}", **QUICK},
              says=['to a proxy: export http_proxy="https://${http_proxy#*://}"'])


@test
def no_tls():
    """no TLS where the URL says https://"""
    with scripted.Scripted(None, says(scripted.refusal())) as p:
        finds("proxy_speaks_no_tls", f"https://127.0.0.1:{p.port}",
              says=["https_proxy=http://127.0.0.1:"], env=QUICK)
        finds("proxy_speaks_no_tls", env={
            "https_proxy": f"https://alice:x@127.0.0.1:{p.port}", **QUICK},
              says=['do: export https_proxy="http://${https_proxy#*://}"'])


@test
def silent_in_tls():
    """one that says nothing at all, where the URL says https://"""
    with scripted.Scripted(None, lambda peer: peer.sock.recv(9999)
                           and time.sleep(9)) as p:
        finds("proxy_silent", f"https://127.0.0.1:{p.port}", env=QUICK)


@test
def certificates():
    """a proxy's certificate: good, of nobody we know, for another name, old"""
    ca, server = tls()
    with server as p:
        works(f"https://127.0.0.1:{p.port}", env={"SSL_CERT_FILE": ca})
        finds("certificate_not_trusted", f"https://127.0.0.1:{p.port}")
    ca, server = tls(name="proxy.example")
    with server as p:
        finds("certificate_for_other_name", f"https://localhost:{p.port}",
              env={"SSL_CERT_FILE": ca}, says=["not one for localhost"])
    with scripted.Scripted(None, TlsPeer(old_certificate(),
                                         says(page(200)))) as p:
        finds("certificate_expired", f"https://127.0.0.1:{p.port}",
              says=["expired on 20"])


@test
def several_addresses():
    """a name of which only one address answers, on this machine: no warning"""
    with scripted.Scripted(None, says(page(200))) as p:
        works(f"http://localhost:{p.port}")


@test
def tls_server():
    """in TLS: a web server; one that wants a certificate of the client"""
    ca, server = tls(web_server)
    with server as p:
        finds("proxy_is_web_server", f"https://127.0.0.1:{p.port}",
              says=["Server: nginx/1.22.1"])
    ca, certificate = make_certificate(folder(), "localhost")
    asks = TlsPeer(certificate, says(page(200)))
    asks.context.load_verify_locations(ca)
    asks.context.verify_mode = ssl.CERT_REQUIRED
    with scripted.Scripted(None, asks) as p:
        finds("tls_handshake_failed", f"https://127.0.0.1:{p.port}",
              env={"SSL_CERT_FILE": ca},
              says=["The proxy wants a certificate of the client.",
                    f"--proxy-cert FILE -x https://127.0.0.1:{p.port}"])


@test
def tls_gone():
    """a proxy that closes in the middle of TLS"""
    def serve(peer):
        peer.sock.close()
    ca, server = tls(serve)
    with server as p:
        finds("proxy_closes", f"https://127.0.0.1:{p.port}",
              env={"SSL_CERT_FILE": ca, **QUICK})


def slowly(peer):
    """One byte now and then, of a head that never ends."""
    peer.fill()
    peer.sock.sendall(b"HTTP/1.1 407 who are you?\r\n")
    for byte in 300 * b"X: y\r\n":
        peer.sock.sendall(bytes([byte]))
        time.sleep(.2)


@test
def endless_head():
    """a head that comes for ever is waited for as long as set, in TLS, too"""
    ca, server = tls(slowly)
    plain = scripted.Scripted(None, slowly)
    with server as p, plain as q:
        for at in (f"https://127.0.0.1:{p.port}", f"http://127.0.0.1:{q.port}"):
            began = time.monotonic()
            finds("proxy_silent", at, says=["end of its head"],
                  env={"SSL_CERT_FILE": ca, **QUICK})
            check(time.monotonic() - began < 25, at)


def seen_in_tls(serve, *args, good=True, env=None, code=None, name="localhost",
                says=(), login="alice:secret@"):
    """The requests that a proxy in TLS has read, and what is said."""
    heads = []

    def note(peer):
        ask, peer.head = peer.head, lambda: heads.append(ask()) or heads[-1]
        serve(peer)
    ca, server = tls(note, name)
    env = {**QUICK, **({"SSL_CERT_FILE": ca} if good else {}), **(env or {})}
    with server as p:
        url = f"https://{login}localhost:{p.port}"
        seen = finds(code, "--yes", url, *args, env=env, secret="secret",
                     says=[x.replace("PORT", str(p.port)) for x in says])
    return b"".join(heads), seen


@test
def tls_login():
    """a login in TLS: it works, and auth407 can't send it; what is refused"""
    heads, seen = seen_in_tls(scripted.keeps, code="tls_not_supported", says=[
        "logged in by basic with", 
        'curl --proxy-cacert "$SSL_CERT_FILE" -x https://localhost:PORT '
        "--proxy-basic -U 'alice' 'https://example.com/'"])
    check(b"Basic" in heads and b"GET" in heads, heads)
    equal(seen.codes(), ["tls_not_supported"], seen.text)
    seen_in_tls(says(scripted.refusal()), login="", code="no_credential", says=[
        "do: auth407 sends no login in TLS:",
        'curl --proxy-anyauth -U USER --proxy-cacert "$SSL_CERT_FILE" -x '
        "https://localhost:PORT 'https://example.com/'"])
    seen_in_tls(says(scripted.refusal()), code="rejected", says=["407 to basic"])
    seen_in_tls(says(scripted.refusal("", end=True)), code="no_challenge")


@test
def tls_secret():
    """no login where the certificate is not good, nor where it was"""
    for kind in ({"good": False, "code": "certificate_not_trusted"},
                 {"name": "proxy.example", "code": "certificate_for_other_name"}):
        heads, seen = seen_in_tls(scripted.keeps, says=[
            "not tried: whoever has that certificate"], **kind)
        check(heads and b"Authorization" not in heads, heads)
        equal("no_credential" in seen.codes(), False, seen.text)
    # the first connections have it, then somebody else answers
    (ca, mine), (_, other) = (make_certificate(folder(), "localhost")
                              for _ in range(2))
    heads = []

    def serve(peer):
        def note(peer):
            while head := peer.head():
                heads.append(head)
                peer.say(scripted.refusal())
        # to connect, for the certificate, CONNECT, GET: then comes the login
        TlsPeer(mine if peer.number < 5 else other, note)(peer)
    with scripted.Scripted(None, serve) as p:
        text, status = Seen.run(
            ["--yes", f"https://alice:secret@localhost:{p.port}"],
            {"SSL_CERT_FILE": ca, **QUICK}, "secret")
        equal(status, UNKNOWN, text)
        has(text, "Protocol error")
        check(len(heads) == 2 and b"Authorization" not in b"".join(heads),
              heads)


@test
def tls_command():
    """a program that speaks TLS to the proxy gets through, or does not"""
    for login, code in ((["-U", "alice:secret"], None),
                        ([], "tls_not_supported")):
        ca, server = tls(scripted.keeps)
        with server as p:
            at = f"https://localhost:{p.port}"
            seen = Seen(["--yes", at.replace("//", "//alice:secret@"), "--",
                         "curl", "-sf", "-o", "/dev/null", "--proxy-cacert",
                         ca, *login, "-x", at, "http://site.example/"],
                        {"SSL_CERT_FILE": ca, **QUICK}, "secret")
        equal((seen.status, seen.code), (1 if code else 0, code), seen.text)
        has(seen.text, "curl: what it says in TLS can't be seen")
    ca, server = tls(scripted.keeps)
    with server as p:
        seen = finds("tls_not_supported", "--yes",
                     f"https://alice:secret@localhost:{p.port}", "--", "curl",
                     "-s", "http://site.example/", secret="secret", says=[
                         "curl: status 60: at or behind the proxy",
                         'do: Give it the proxy\'s: --proxy-cacert "$SSL_'],
                     env={"SSL_CERT_FILE": ca, "http_proxy":
                          f"https://localhost:{p.port}", **QUICK})
    equal(seen.codes(status="warning"), ["command_certificate"], seen.text)


# ---- the clock ----

def dated(seconds, challenge=scripted.BASIC):
    date = email.utils.formatdate(
        datetime.datetime.now().timestamp() + seconds, usegmt=True)
    return says(scripted.refusal(challenge + f"Date: {date}\r\n"))


@test
def clocks():
    """a clock that differs is told, and is the cause where the login needs the
    time"""
    negotiate = "Proxy-Authenticate: Negotiate\r\n"
    for by, challenge, code, warned in (
            (20, negotiate, "no_ticket", False),
            (-100, negotiate, "no_ticket", True),
            (1200, negotiate, "clock_skew", False),
            (-1200, negotiate, "clock_skew", False),
            (1200, scripted.BASIC, "no_credential", True),
            (-7 * 86400, scripted.BASIC, "no_credential", True)):
        with scripted.Scripted(None, dated(by, challenge)) as p:
            seen = finds(code, f"http://127.0.0.1:{p.port}", env={
                **QUICK, "KRB5_CONFIG": "/dev/null",
                "KRB5CCNAME": "/nonexistent/cache"})
            equal("clock_differs" in seen.codes(status="warning"), warned,
                  seen.text)
            equal("is 7 days behind ours" in seen.text, by < -86400, seen.text)
