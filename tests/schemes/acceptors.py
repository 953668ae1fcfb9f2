# SPDX-License-Identifier: MIT
"""The proxies that judge the schemes. None of them is ours: squid, Apache and
haproxy, with MIT's Kerberos, gss-ntlmssp, Samba and OpenSSL behind them."""

import shutil

from bearer import Issuer
from proxies import PASSWORD, REALM, USER, Apache, Proxy, Squid
from realm import clock

NTLM_DOMAIN = "CORP"
FAR = "192.0.2.7"          # where squid listens too: not a loopback address


class Acceptor:
    """What a proxy of this suite has besides being a proxy."""
    needs = ()             # "realm", "domain"
    offers = ()            # the schemes, as Proxy-Authenticate orders them
    bound = True           # a login holds for the rest of the connection
    helper_log = "cache.log"
    accepts = {}           # what login.py can do here: {mechanism: requests}
    ahead = None           # how much the proxy's clock is, as faketime says it
    refuses = ""           # nobody gets in; and this is what the proxy says
    realm = domain = None
    known_as = {"negotiate": f"{USER}@KRB.TEST", "ntlm": f"CORP\\{USER}",
                "digest": USER, "basic": USER, "bearer": USER}

    def prepare(self, surroundings):
        """Called before start() with the realm and the domain."""
        self.realm, self.domain = (surroundings.get(n) if n in self.needs
                                   else None for n in ("realm", "domain"))
        if "realm" in self.needs:
            self.environment = {
                "KRB5_CONFIG": str(self.realm.config),
                "KRB5_KTNAME": f"FILE:{self.realm.keytab}",
                "KRB5RCACHEDIR": str(self.lab.folder(f"{self.name}-replays"))}
        elif "domain" in self.needs:
            self.environment = self.domain.environment

    def entries(self):
        """Apache doubles a backslash that it writes."""
        seen = super().entries()
        for one in seen:
            one.user = one.user.replace("\\\\", "\\")
        return seen

    @property
    def kerberos(self):
        """What hands out tickets for this proxy, if anything does."""
        return self.realm or self.domain

    @property
    def complaints(self):
        """What the proxy itself wrote of its troubles."""
        path = self.lab.root / self.name / self.helper_log
        return path.read_text(errors="replace") if path.exists() else ""


class AuthSquid(Acceptor, Squid):
    """squid with the helpers that `helpers` lists: (scheme, command)."""

    def __init__(self, lab, name, offers, needs, extra=()):
        super().__init__(lab, name, offers[0].lower())
        self.offers, self.needs, self.extra = offers, needs, extra
        self.keytab = "keytab"

    def sizes(self):
        """(connection, status, bytes of the request) of each so far."""
        rows = [line.split() for line in self.size_log.read_text().splitlines()]
        return [(port, int(status), int(size)) for port, status, size in rows]

    def _command(self, scheme):
        helpers = "/usr/lib/squid"
        samba = "/usr/bin/ntlm_auth --configfile=" + str(
            self.domain.helper_conf if self.domain else "")
        users = self.lab.root / f"{scheme}.users"
        if scheme == "negotiate" and "realm" in self.needs:
            path = getattr(self.realm, self.keytab)
            ahead = "".join(f"{word} " for word in clock(self.ahead))
            return (f"{ahead}{helpers}/negotiate_kerberos_auth -d -k {path} -s"
                    " GSS_C_NO_NAME")
        return {"negotiate": f"{samba} --helper-protocol=gss-spnego",
                "ntlm": f"{samba} --helper-protocol=squid-2.5-ntlmssp",
                "basic": f"{helpers}/basic_ncsa_auth {users}",
                "digest": f"{helpers}/digest_file_auth -c {users}"}[scheme]

    def _auth(self):
        lines = []
        for scheme in (s.lower() for s in self.offers):
            lines += [f"{scheme} program {self._command(scheme)}",
                      f"{scheme} children 4 startup=1 idle=1"]
            if scheme in ("basic", "digest"):
                lines.append(f"{scheme} realm {REALM}")
        lines += self.extra
        # how many bytes of each request came; told when it is over
        self.size_log = self.lab.write(f"{self.name}/sizes.log", "",
                                       owner="proxy")
        lines_of_log = ("logformat sizes %>p %>Hs %>st\n"
                        f"access_log stdio:{self.size_log} sizes\n")
        return (lines_of_log +
                "".join(f"auth_param {line}\n" for line in lines) +
                f"http_port {FAR}:{self.port}\n"
                "acl known proxy_auth REQUIRED\n"
                "http_access allow known\nhttp_access deny all\n")


class GssApache(Acceptor, Apache):
    """Apache with mod_auth_gssapi: Kerberos, NTLM by gss-ntlmssp, or both.
    With `bound`, a login belongs to its connection; NTLM needs that."""
    modules = Apache.modules + ["auth_gssapi"]
    helper_log = "error.log"
    compatible = {}        # what gss-ntlmssp is told of old protocols
    # No member of a domain: one leaves it to its controller whether NTLMv1 is
    # good enough. Untold, gss-ntlmssp asks the winbindd of this machine.
    standalone = {"NETBIOS_COMPUTER_NAME": "PROXY",
                  "NETBIOS_DOMAIN_NAME": "WORKSTATION"}

    def __init__(self, lab, name, mechanisms, bound=True, basic=False):
        super().__init__(lab, name, "ntlm" if "ntlmssp" in mechanisms
                         else "negotiate")
        self.mechanisms, self.bound, self.basic = mechanisms, bound, basic
        self.needs = ("realm",) if "krb5" in mechanisms else ()
        self.offers = ["Negotiate"]
        if bound:  # offered even where only Kerberos is allowed
            self.offers.append("NTLM")
        if basic:
            self.offers.append("Basic")

    def prepare(self, surroundings):
        super().prepare(surroundings)
        if "ntlmssp" in self.mechanisms:
            users = self.lab.write(
                f"{self.name}.users", f"{NTLM_DOMAIN}:{USER}:{PASSWORD}\n")
            shutil.chown(users, "www-data")
            users.chmod(0o400)
            self.environment = {**self.environment, **self.standalone,
                                **self.compatible,
                                "NTLM_USER_FILE": str(users)}

    def _auth(self):
        lines = ["AuthType GSSAPI", f'AuthName "{REALM}"',
                 "Require valid-user",
                 f"GssapiConnectionBound {'On' if self.bound else 'Off'}",
                 *(f"GssapiAllowedMech {m}" for m in self.mechanisms)]
        if self.basic:
            lines += ["GssapiBasicAuth On", "GssapiBasicAuthMech krb5"]
        return "".join(f"{line}\n" for line in lines)


# one thread: with several, lines of the log went missing
HAPROXY = """\
global
 nbthread 1
 log stdout format raw local0
defaults
 mode http
 timeout connect 5s
 timeout client 60s
 timeout server 60s
 timeout tunnel 60s
"""

BEARER = HAPROXY + """\
frontend proxy
 log global
 log-format "%ST\\t%HM %HU %HV\\t%[var(txn.sub)]\\t%cp"
 bind 127.0.0.1:{port}
 http-request set-var(txn.token) http_auth_bearer(Proxy-Authorization)
 http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
 http-request set-var(txn.sub) var(txn.token),jwt_payload_query('$.sub')
 http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')
 http-request set-var(txn.now) date()
 acl told req.hdr(Proxy-Authorization) -m beg -i "bearer "
 acl rs256 var(txn.alg) -m str RS256
 acl signed var(txn.token),jwt_verify(txn.alg,"{public}") 1
 acl lasting var(txn.exp),sub(txn.now) gt 0
{refusals}
 http-request del-header Proxy-Authorization
 default_backend squid
backend squid
 server squid 127.0.0.1:{behind}
"""


def _refusal(condition, text, error=""):
    """A line of haproxy's: 407, and why (RFC 6750 section 3)."""
    challenge = f'Bearer realm="{REALM}"'
    if error:
        challenge += f', error="invalid_token", error_description="{error}"'
    return (f' http-request return status 407 content-type text/plain string'
            f' "{text}" hdr Proxy-Authenticate \'{challenge}\' {condition}')


REFUSALS = "\n".join([
    _refusal("unless told", "a token, please"),
    _refusal("unless rs256 signed", "not this token", "no good signature"),
    _refusal("unless lasting", "an old token", "The token expired")])


class BearerHaproxy(Acceptor, Proxy):
    """haproxy checks a JWT's signature and its end, and hands what is good on
    to a squid behind it."""
    package, program = "haproxy", "/usr/sbin/haproxy"
    scheme = "bearer"
    offers = ["Bearer"]

    def __init__(self, lab, name):
        super().__init__(lab, name)
        self.behind = Squid(lab, f"{name}-behind")

    def start(self):
        self.behind.start()
        self.lab.wait_until_up(self.behind.child)
        self.issuer = Issuer(self.lab)
        self.stranger = Issuer(self.lab, "stranger")
        conf = self.lab.write(f"{self.name}.cfg", BEARER.format(
            port=self.port, public=self.issuer.public, refusals=REFUSALS,
            behind=self.behind.port))
        self.access_log = self.lab.root / f"{self.name}.out"
        self.launch("-db", "-f", conf)


# a connection of the client's is one to Apache
FIRST_OFFER = HAPROXY + """\
frontend proxy
 bind 127.0.0.1:{port}
 default_backend apache
backend apache
 http-reuse never
 http-response set-header Proxy-Authenticate %[res.fhdr(Proxy-Authenticate,1)]\
 if {{ status 407 }}
 server apache 127.0.0.1:{behind}
"""


class FirstOffer(Acceptor, Proxy):
    """Of what an Apache offers haproxy lets the first pass. (mod_auth_gssapi
    always has NTLM by its name beside Negotiate.)"""
    package, program = "haproxy", "/usr/sbin/haproxy"
    scheme = "negotiate"

    def __init__(self, lab, name, mechanisms):
        super().__init__(lab, name)
        self.behind = GssApache(lab, f"{name}-behind", mechanisms)
        self.offers = self.behind.offers[:1]

    def prepare(self, surroundings):
        self.behind.prepare(surroundings)

    def start(self):
        self.behind.start()
        self.lab.wait_until_up(self.behind.child)
        conf = self.lab.write(f"{self.name}.cfg", FIRST_OFFER.format(
            port=self.port, behind=self.behind.port))
        self.launch("-db", "-f", conf)

    def allow(self, *ports):
        self.behind.allow(*ports)

    def entries(self):
        return self.behind.entries()

    @property
    def complaints(self):
        return self.behind.complaints


# what login.py can do, and after how many requests it is in
KERBEROS = {"krb5": 2, "spnego": 2}
NTLM = {"ntlmssp": 3, "samba-ntlm": 3}
NTLM_INSIDE = {"spnego-ntlm": 3, "samba-spnego": 3}


def _with(acceptor, accepts, **more):
    acceptor.accepts = accepts
    for name, value in more.items():
        setattr(acceptor, name, value)
    return acceptor


def all_acceptors(lab):
    mit, windows = ("realm",), ("domain",)
    corp = {"negotiate": f"{NTLM_DOMAIN}\\{USER}"}
    return [
        _with(AuthSquid(lab, "negotiate-squid", ["Negotiate"], mit), KERBEROS),
        _with(GssApache(lab, "negotiate-apache", ["krb5"]), KERBEROS),
        _with(GssApache(lab, "negotiate-unbound", ["krb5"], bound=False),
              KERBEROS),
        _with(AuthSquid(lab, "negotiate-wrongkey", ["Negotiate"], mit), {},
              keytab="wrong_keytab", refuses="cannot decrypt"),
        _with(AuthSquid(lab, "negotiate-ahead", ["Negotiate"], mit), {},
              ahead="+7m", refuses="Clock skew too great"),
        _with(GssApache(lab, "ntlm-apache", ["ntlmssp"]),
              {**NTLM, **NTLM_INSIDE}, known_as={
                  **Acceptor.known_as, **corp}),
        _with(FirstOffer(lab, "spnego-apache", ["ntlmssp"]),
              NTLM_INSIDE, known_as={**Acceptor.known_as, **corp}),
        _with(GssApache(lab, "mixed-apache", ["krb5", "ntlmssp"], basic=True),
              {**KERBEROS, **NTLM}, compatible={"LM_COMPAT_LEVEL": "0"},
              known_as={**Acceptor.known_as, "basic": f"{USER}@KRB.TEST"}),
        _with(AuthSquid(lab, "ntlm-samba", ["NTLM"], windows), NTLM),
        _with(AuthSquid(lab, "ntlm-closing", ["NTLM"], windows,
                        ["ntlm keep_alive off"]), NTLM),
        _with(AuthSquid(lab, "spnego-samba", ["Negotiate"], windows),
              {**KERBEROS, **NTLM_INSIDE}, known_as={
                  **Acceptor.known_as, **corp}),
        _with(AuthSquid(lab, "all-squid", ["Negotiate", "NTLM", "Digest",
                                           "Basic"], mit + windows,
                        ["digest check_nonce_count on",
                         "digest nonce_strictness on"]),
              {**KERBEROS, **NTLM}),
        BearerHaproxy(lab, "bearer-haproxy"),
    ]
