# SPDX-License-Identifier: MIT
"""The clients of this suite: those of the integration tests that differ in how
they speak to a proxy, and Java's two."""

import os
import pathlib
import subprocess

import bodies
from acceptors import FAR
from clients import BY_NAME, PYTHON, Client, Run, from_file
from lab import CLEAN_PATH
from tap import Trouble

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"
# a JVM that starts soon is enough
JAVA = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]


def compile_java(lab):
    done = subprocess.run(
        ["javac", "-d", str(lab.folder("java", 0o755)),
         str(PROGRAMS / "Fetch.java")], capture_output=True, text=True,
        env={"PATH": CLEAN_PATH, "LANG": "C.UTF-8"})
    if done.returncode != 0:
        raise Trouble("javac failed: " + done.stderr[-1500:])


def java_words(task, api, url, *more):
    return [*JAVA, "-cp", str(task.lab.root / "java"), "Fetch", api, url,
            str(task.out), task.proxy_at, str(task.lab.ca), *more]


def java(api):
    def build(task):
        return Run(java_words(task, api, task.url), got=from_file)
    return Client(f"java-{api}", "openjdk-17-jdk-headless", "java", "java",
                  build)


CLIENTS = [BY_NAME[name] for name in ("curl", "wget", "git", "requests", "node",
                                      "apt-get", "php")]
CLIENTS += [java("url"), java("http")]
FEW = [c for c in CLIENTS if c.name in ("curl", "requests", "java-http")]
# they ask more than once in a run
SEVERAL = ("git", "apt-get")


def java_upload(api):
    def build(task):
        path, digest, run = bodies.upload(task, bodies.MIB, ["URL", "FILE"])
        url, body = run.argv
        run.argv = java_words(task, api, url, "post", body)
        run.env = {}
        return path, digest, run
    return build


UPLOADS = {
    "requests": [PYTHON, PROGRAMS / "post_requests.py", "URL", "OUT", "PROXY",
                 "CA", "FILE"],
    "node": ["node", PROGRAMS / "post.js", "URL", "OUT", "PROXY", "CA", "FILE"],
    "node chunked": ["node", PROGRAMS / "post.js", "URL", "OUT", "PROXY", "CA",
                     "FILE", "chunked"],
}


def uploads():
    """{name: function(task) -> (path at the origin, sha256, Run)}"""
    senders = {name: argv for name, (size, argv) in bodies.SENDERS.items()
               if size == bodies.MIB}
    out = {name: lambda task, argv=argv: bodies.upload(task, bodies.MIB, argv)
           for name, argv in {**senders, **UPLOADS}.items()}
    return {**out, "java-url": java_upload("url"),
            "java-http": java_upload("http")}


def name_the_proxies(lab):
    """More names of the proxy on the client's side: one that the realm does
    not know, one whose canonical name is that of the proxy, and one at an
    address that is not the loopback's."""
    hosts = lab.root / "hosts.client"
    # in place: the file lies over /etc/hosts
    hosts.write_text("127.0.0.1 proxy.test alias.test\n127.0.0.1 other.test\n"
                     f"{FAR} far.test\n")
    assert os.path.samefile(hosts, "/etc/hosts")
