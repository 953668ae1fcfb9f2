# SPDX-License-Identifier: MIT
"""How somebody may log in at each proxy, with our library: what it is told,
which scheme it should use and what that costs."""

import dataclasses
import os
from typing import Callable

import domain
import running
from proxies import PASSWORD, USER

NOWHERE = "/nonexistent/cache"
# with every client; and with bodies and many connections
FULL = ("negotiate-squid", "negotiate-apache", "ntlm-apache", "ntlm-samba",
        "bearer-haproxy")
DEEP = (*FULL, "ntlm-closing", "spnego-apache", "spnego-samba")
# one of each program, which every client is also shown without the library
BARE = ("negotiate-squid", "ntlm-apache", "bearer-haproxy")


def tickets(acceptor, cache=None):
    """The variables of Kerberos for a client of this proxy: with the ticket
    of all tests, if no other is named."""
    if acceptor.kerberos:
        return acceptor.kerberos.env(cache or acceptor.kerberos.shared)
    return {"KRB5_CONFIG": os.devnull, "KRB5CCNAME": f"FILE:{NOWHERE}"}


def password(user=USER, secret=PASSWORD, domain_name=domain.NAME):
    out = {"AUTH407_USERNAME": user, "AUTH407_PASSWORD": secret}
    if domain_name:
        out["AUTH407_DOMAIN"] = domain_name
    return out


def proxy_at(task):
    """For the clients that keep their proxy to themselves."""
    return {"AUTH407_PROXY": task.proxy_at}


@dataclasses.dataclass
class Way:
    name: str
    scheme: str
    legs: int              # requests until the first is answered
    env: Callable          # (task) -> variables
    full: bool = False     # with every client
    deep: bool = False     # with bodies, and many connections
    inside: bool = False   # NTLM, within Negotiate

    def login(self, task):
        return {**proxy_at(task), **self.env(task)}


def ticket(acceptor, name="ticket"):
    return Way(name, "negotiate", 2, lambda task: tickets(acceptor),
               acceptor.name in FULL, acceptor.name in DEEP)


def ntlm(acceptor, name="password, NTLM", **more):
    """Nothing but NTLM: elsewhere the library may choose for itself."""
    return Way(name, "ntlm", 3, lambda task: {
        **tickets(acceptor, NOWHERE), **password(),
        "AUTH407_SCHEMES": "ntlm", **more}, acceptor.name in FULL,
               acceptor.name in DEEP)


def inside(acceptor):
    """Where Negotiate is all that is offered, NTLM goes within it."""
    return Way("password, NTLM in Negotiate", "ntlm", 3, lambda task: {
        **tickets(acceptor, NOWHERE), **password(),
        "AUTH407_SCHEMES": "ntlm"}, deep=acceptor.name in DEEP, inside=True)


def plain(acceptor, scheme):
    """Basic or Digest, which this suite has for their price alone."""
    return Way(f"password, {scheme.title()}", scheme, 2, lambda task: {
        **tickets(acceptor, NOWHERE), **password(),
        "AUTH407_SCHEMES": scheme}, deep=True)


def bearer(acceptor):
    def env(_task):
        token = acceptor.issuer.token(USER)
        running.SECRETS.append(token.split(".")[2])
        return {"AUTH407_TOKEN": token}
    return Way("token", "bearer", 2, env, True, True)


def ways(acceptor):
    if acceptor.refuses:
        return []
    if acceptor.scheme == "bearer":
        return [bearer(acceptor)]
    out = []
    if "spnego" in acceptor.accepts:
        out.append(ticket(acceptor))
    if "samba-ntlm" in acceptor.accepts:
        out.append(ntlm(acceptor))
    elif "samba-spnego" in acceptor.accepts:
        out.append(inside(acceptor))
    if acceptor.name == "all-squid":
        out += [plain(acceptor, "digest"), plain(acceptor, "basic")]
    return out
