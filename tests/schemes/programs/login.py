# SPDX-License-Identifier: MIT
"""login.py MECHANISM URL PROXY CA [COUNT]: a client that logs in by itself, to
prove what a proxy accepts. It asks without a login first, then step by step;
after that it asks COUNT - 1 times more on the same connection, with no field.

MECHANISM: krb5, spnego (Kerberos in it), ntlmssp and spnego-ntlm by GSSAPI;
samba-ntlm and samba-spnego by Samba's ntlm_auth. CONTROL_USER, CONTROL_PASSWORD
and CONTROL_DOMAIN hold the login. Prints what happened as JSON."""

import base64
import json
import os
import socket
import ssl
import subprocess
import sys
import urllib.parse

import gssapi

OIDS = {"krb5": "1.2.840.113554.1.2.2", "spnego": "1.3.6.1.5.5.2",
        "ntlmssp": "1.3.6.1.4.1.311.2.2.10"}
MECHS = {name: gssapi.OID.from_int_seq(oid) for name, oid in OIDS.items()}


class Gss:
    """Steps by GSSAPI; `done` and `mutual` tell how it stands."""

    def __init__(self, mechanism, host):
        name = gssapi.Name(f"HTTP@{host}", gssapi.NameType.hostbased_service)
        creds = None
        outer = "spnego" if mechanism.startswith("spnego") else mechanism
        if "ntlm" in mechanism:
            user = gssapi.Name(
                f"{os.environ['CONTROL_DOMAIN']}\\{os.environ['CONTROL_USER']}",
                gssapi.NameType.user)
            creds = gssapi.raw.acquire_cred_with_password(
                user, os.environ["CONTROL_PASSWORD"].encode(),
                mechs=[MECHS[outer]], usage="initiate").creds
            if outer == "spnego":
                gssapi.raw.set_neg_mechs(creds, [MECHS["ntlmssp"]])
            creds = gssapi.Credentials(creds)
        self.context = gssapi.SecurityContext(
            name=name, mech=MECHS[outer], creds=creds, usage="initiate",
            flags=gssapi.RequirementFlag.mutual_authentication
            if "ntlm" not in mechanism else 0)

    def step(self, token):
        return self.context.step(token or None)

    @property
    def mutual(self):
        return bool(self.context.complete and self.context.actual_flags
                    & gssapi.RequirementFlag.mutual_authentication)


class Samba:
    """Steps by `ntlm_auth`: YR asks for a first token, TT gives an answer."""
    mutual = False

    def __init__(self, mechanism, _host):
        self.spnego = mechanism == "samba-spnego"
        self.child = subprocess.Popen(
            ["ntlm_auth", "--helper-protocol="
             + ("gss-spnego-client" if self.spnego else "ntlmssp-client-1"),
             "--username", os.environ["CONTROL_USER"],
             "--domain", os.environ["CONTROL_DOMAIN"],
             "--password", os.environ["CONTROL_PASSWORD"]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def step(self, token):
        line = "TT " + base64.b64encode(token).decode() if token else "YR"
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        word, _, answer = self.child.stdout.readline().strip().partition(" ")
        if word in ("BH", "NA", ""):
            raise RuntimeError(f"ntlm_auth: {word} {answer}")
        return base64.b64decode(answer.split()[-1]) if answer else None


class Connection:
    def __init__(self, proxy):
        at = urllib.parse.urlsplit(proxy)
        self.socket = socket.create_connection((at.hostname, at.port), 15)
        self.file = self.socket.makefile("rb")

    def ask(self, line, host, field=None, method="GET"):
        head = f"{line} HTTP/1.1\r\nHost: {host}\r\n"
        if field:
            head += f"Proxy-Authorization: {field}\r\n"
        self.socket.sendall((head + "\r\n").encode())
        status = int(self.file.readline().split()[1])
        fields = {}
        while (text := self.file.readline().decode().strip()):
            name, _, value = text.partition(":")
            fields.setdefault(name.lower(), []).append(value.strip())
        if method == "CONNECT" and status == 200:
            return status, fields, b""
        return status, fields, self.body(fields)

    def body(self, fields):
        if fields.get("transfer-encoding"):
            out = b""
            while size := int(self.file.readline().split(b";")[0], 16):
                out += self.file.read(size)
                self.file.readline()
            self.file.readline()
            return out
        if "content-length" in fields:
            return self.file.read(int(fields["content-length"][0]))
        return self.file.read()


def answer_of(fields, scheme):
    """The token that the proxy sent with its answer, if any."""
    for name in ("proxy-authenticate", "proxy-authentication-info"):
        for value in fields.get(name, []):
            word, _, token = value.partition(" ")
            if word.lower() == scheme.lower() and token:
                return base64.b64decode(token)
    return None


def main():
    mechanism, url, proxy, ca, count = (sys.argv[1:] + ["1"])[:5]
    at = urllib.parse.urlsplit(url)
    secure = at.scheme == "https"
    scheme = "NTLM" if mechanism in ("ntlmssp", "samba-ntlm") else "Negotiate"
    maker = Samba if mechanism.startswith("samba") else Gss
    step = maker(mechanism, urllib.parse.urlsplit(proxy).hostname)
    method = "CONNECT" if secure else "GET"
    line = f"CONNECT {at.netloc}" if secure else f"GET {url}"
    connection = Connection(proxy)
    status, fields, body = connection.ask(line, at.netloc, None, method)
    told = {"statuses": [status], "offered": [
        v.split()[0] for v in fields.get("proxy-authenticate", [])]}
    token = None
    while status == 407 and len(told["statuses"]) < 5:
        if fields.get("connection", [""])[0].lower() == "close":
            connection = Connection(proxy)
            told["closed"] = told.get("closed", 0) + 1
        out = step.step(token)
        if out is None:
            break
        status, fields, body = connection.ask(
            line, at.netloc, f"{scheme} {base64.b64encode(out).decode()}",
            method)
        told["statuses"].append(status)
        token = answer_of(fields, scheme)
        if status == 407 and not token:
            break
    if status == 200 and token:
        told["final_token"] = len(token)
        if maker is Gss:
            step.step(token)
    told["mutual"] = step.mutual
    if status == 200 and secure:
        context = ssl.create_default_context(cafile=ca)
        connection.socket = context.wrap_socket(connection.socket,
                                                server_hostname=at.hostname)
        connection.file = connection.socket.makefile("rb")
        line = f"GET {at.path}"
        inner, fields, body = connection.ask(line, at.netloc)
        told["inner"] = inner
    for _ in range(int(count) - 1):
        again, fields, body = connection.ask(line, at.netloc)
        told.setdefault("again", []).append(again)
    told["bytes"] = len(body)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
