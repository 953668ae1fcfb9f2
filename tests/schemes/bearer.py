# SPDX-License-Identifier: MIT
"""Bearer tokens as an identity provider issues them: JWTs (RFC 7519) signed
with RS256 by openssl. The proxy has the public key alone."""

import json
import subprocess
import time

from tap import Trouble
from tokens import plain


class Issuer:
    def __init__(self, lab, name="issuer"):
        self.key = lab.root / f"{name}.key"
        self.public = lab.root / f"{name}.pub"
        for argv in (["genpkey", "-algorithm", "RSA", "-pkeyopt",
                      "rsa_keygen_bits:2048", "-out", self.key],
                     ["pkey", "-in", self.key, "-pubout", "-out",
                      self.public]):
            done = subprocess.run(["openssl", *map(str, argv)],
                                  capture_output=True, text=True)
            if done.returncode != 0:
                raise Trouble("openssl failed: " + done.stderr[-600:])

    def token(self, user, lives=600, **more):
        """A token of `user` that ends in `lives` seconds (maybe in the
        past); `more` are further claims."""
        head = {"typ": "JWT", "alg": "RS256"}
        now = int(time.time())
        claims = {"sub": user, "iat": now - 3600, "exp": now + lives, **more}
        text = ".".join(plain(json.dumps(x).encode()) for x in (head, claims))
        signature = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(self.key)],
            input=text.encode(), capture_output=True, check=True).stdout
        return text + "." + plain(signature)
