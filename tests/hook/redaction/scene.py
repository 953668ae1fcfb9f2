# SPDX-License-Identifier: MIT
"""A scene: a client with secrets in some places, and a proxy. Its words hold
{marks}, which are filled in:

    {s:NAME}       the secret NAME, made at first use
    {x:NAME}       one with characters that URLs and shells care for
    {q:NAME}       the same secret, percent-encoded
    {b:USER:NAME}  base64 of USER:secret
    {proxy} {port} {url} {dir}
"""
import base64
import random
import re
import string
import urllib.parse

from secrets_of import Secret

URL = "http://auth407.test/"
SPECIAL = "@:/?#%&=+ ;\u00fc'"


class Scene:
    """What there is to run; see the keywords of __init__."""

    def __init__(self, name, words, *, proxy="basic", password=None, env=(),
                 files=(), modes=("inject", "observe"), options=(), records=1,
                 sent=None, chatty=False, times=1):
        self.name = name
        self.words = words      # the client's command line
        self.proxy = proxy      # proxy407's --auth, or "echo", "ntlm", "ntlm-no"
        self.password = password  # the secret that the proxy wants, by name
        self.env = dict(env)
        self.files = dict(files)  # name: text, or (text, mode)
        self.modes = modes      # also "direct": the library, no launcher
        self.options = options  # more options of auth407
        self.records = records  # at least so many lines
        self.sent = sent        # secrets that must be on the wire; None: all
        self.chatty = chatty    # the client itself prints secrets
        self.times = times      # how often it runs, one after the other


class Cast:
    """The secrets of one run, and its marks filled in."""

    def __init__(self, **marks):
        self.secrets = {}
        self.marks = marks

    def secret(self, name, special=False):
        if name not in self.secrets:
            value = None
            if special:
                pick = random.SystemRandom()
                letters = pick.choices(string.ascii_letters + string.digits,
                                       k=18)
                value = "".join(letters[:6]) + SPECIAL + "".join(letters[6:])
            self.secrets[name] = Secret(name, value)
        return self.secrets[name]

    def _mark(self, match):
        kind, _, rest = match.group(1).partition(":")
        if kind == "s":
            return self.secret(rest).value
        if kind == "x":
            return self.secret(rest, special=True).value
        if kind == "q":
            return urllib.parse.quote(self.secret(rest, special=True).value,
                                      safe="")
        if kind == "b":
            user, _, name = rest.partition(":")
            return base64.b64encode(
                f"{user}:{self.secret(name).value}".encode()).decode()
        return str(self.marks[kind])

    def fill(self, text):
        return re.sub(r"\{((?:[sxq]|b:\w+):[\w-]+|proxy|port|url|dir)\}",
                      self._mark, text)
